#pragma once

#include <string>

namespace cloze {

// How long collectives take: rings over links of a latency and a bandwidth, which is a lower bound that
// libraries come near to with large messages (Patarasuk and Yuan 2009, "Bandwidth optimal all-reduce
// algorithms").

// A link as one device has it, in each direction.
struct Link {
  double bytes_per_second = 0;  // that large messages reach
  double latency = 0;           // seconds that a message takes at least
};

// One of known_links(), or a bandwidth such as `12.5GB/s`, which is taken as reached. Of a known link the
// bandwidth is its nominal one times reached_share. Throws UsageError for anything else; `flag` is where it
// stands.
Link parse_link(const std::string& text, const std::string& flag);
std::string known_links();
// Of its nominal bandwidth, what collectives reach over a link: an assumption.
constexpr double reached_share = 0.8;

// `nodes` machines of `devices` each. Between nodes every device has a link of its own.
struct ClusterShape {
  int nodes = 1;
  int devices = 1;  // of each node
  Link inside, between;
  int size() const { return nodes * devices; }
};

// The sum of `bytes` over all devices, on all of them: a reduce-scatter within the nodes, an all-reduce of
// each share between them, an all-gather within.
double all_reduce_seconds(const ClusterShape& cluster, double bytes);
// Half of it: every device ends with its share, or begins with it.
double reduce_scatter_seconds(const ClusterShape& cluster, double bytes);

}  // namespace cloze
