#include "engine/train/cluster_links.h"

#include <array>
#include <charconv>
#include <string_view>

#include "engine/base/error.h"

namespace cloze {
namespace {

struct KnownLink {
  std::string_view name;
  double gigabytes_per_second;  // nominal, one direction
  double latency;
};
// Bandwidths as the makers state them; latencies of a step of a ring are assumptions.
constexpr std::array<KnownLink, 11> links{{{"nvlink3", 300, 3e-6},  // A100
                                           {"nvlink4", 450, 3e-6},  // H100, H200
                                           {"pcie4", 32, 5e-6},
                                           {"pcie5", 64, 5e-6},
                                           {"ib-100", 12.5, 8e-6},
                                           {"ib-200", 25, 8e-6},
                                           {"ib-400", 50, 8e-6},
                                           {"ethernet-10", 1.25, 30e-6},
                                           {"ethernet-25", 3.125, 30e-6},
                                           {"ethernet-100", 12.5, 20e-6},
                                           {"ethernet-400", 50, 20e-6}}};
constexpr double stated_link_latency = 10e-6;  // of a bandwidth given by number

// One way round a ring of `count`: each sends `bytes` but for its own share.
double ring_seconds(const Link& link, int count, double bytes) {
  if (count == 1 || bytes == 0) return 0;
  const double steps = count - 1;
  return steps / count * bytes / link.bytes_per_second + steps * link.latency;
}

}  // namespace

std::string known_links() {
  std::string names;
  for (const KnownLink& link : links) names += (names.empty() ? "" : ", ") + std::string(link.name);
  return names;
}

Link parse_link(const std::string& text, const std::string& flag) {
  for (const KnownLink& link : links) {
    if (text == link.name) {
      return {.bytes_per_second = link.gigabytes_per_second * 1e9 * reached_share, .latency = link.latency};
    }
  }
  double number = 0;
  const auto [end, fault] = std::from_chars(text.data(), text.data() + text.size(), number);
  const std::string_view unit = std::string_view(text).substr(static_cast<size_t>(end - text.data()));
  if (fault == std::errc() && number > 0) {
    if (unit == "GB/s") return {.bytes_per_second = number * 1e9, .latency = stated_link_latency};
    if (unit == "MB/s") return {.bytes_per_second = number * 1e6, .latency = stated_link_latency};
  }
  throw UsageError({.what = "`" + text + "` is no link that Cloze knows",
                    .where = flag,
                    .remedy = "one of " + known_links() + ", or a bandwidth such as 12.5GB/s"});
}

double reduce_scatter_seconds(const ClusterShape& cluster, double bytes) {
  return ring_seconds(cluster.inside, cluster.devices, bytes) +
         ring_seconds(cluster.between, cluster.nodes, bytes / cluster.devices);
}

double all_reduce_seconds(const ClusterShape& cluster, double bytes) {
  return 2 * reduce_scatter_seconds(cluster, bytes);
}

}  // namespace cloze
