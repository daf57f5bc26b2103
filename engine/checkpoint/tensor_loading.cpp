#include "engine/checkpoint/tensor_loading.h"

#include <fmt/format.h>

#include <string_view>
#include <unordered_map>
#include <unordered_set>

#include "engine/base/error.h"

namespace cloze {
namespace {

constexpr size_t names_shown = 8;

std::string list(const std::vector<std::string>& names) {
  std::string text;
  for (size_t i = 0; i < names.size() && i < names_shown; ++i) text += (i == 0 ? "" : ", ") + names[i];
  if (names.size() > names_shown) text += fmt::format(", and {} more", names.size() - names_shown);
  return text;
}

std::vector<std::string> describe(const std::vector<LoadReport::Mismatch>& mismatches) {
  std::vector<std::string> lines;
  for (const auto& [name, wanted, found] : mismatches) {
    lines.push_back(
        fmt::format("{} (wanted {}, found {})", name, describe_shape(wanted), describe_shape(found)));
  }
  return lines;
}

std::string troubles(const LoadReport& report, const char* separator) {
  std::string text;
  const auto add = [&](const char* kind, const std::vector<std::string>& names) {
    if (!names.empty())
      text += fmt::format("{}{} {}: {}", text.empty() ? "" : separator, names.size(), kind, list(names));
  };
  add("missing", report.missing);
  add("of another shape", describe(report.mismatched));
  return text;
}

}  // namespace

LoadReport load_tensors(const TensorSource& source, std::span<const TensorTarget> targets) {
  LoadReport report{.origin = source.origin()};
  const std::vector<TensorInfo>& held = source.tensors();
  std::unordered_map<std::string_view, size_t> index_of;
  for (size_t i = 0; i < held.size(); ++i) index_of.emplace(held[i].name, i);

  std::unordered_set<std::string_view> wanted;
  for (const TensorTarget& target : targets) {
    wanted.insert(target.name);
    const auto found = index_of.find(target.name);
    if (found == index_of.end()) {
      report.missing.push_back(target.name);
    } else if (const TensorInfo& info = held[found->second]; info.shape != target.shape) {
      report.mismatched.push_back({target.name, target.shape, info.shape});
    } else {
      if (!target.values.empty()) source.read(found->second, target.values);
      report.loaded.push_back(target.name);
    }
  }
  for (const TensorInfo& info : held) {
    if (!wanted.contains(info.name)) report.unexpected.push_back(info.name);
  }
  return report;
}

std::string to_string(const LoadReport& report) {
  const size_t wanted = report.loaded.size() + report.missing.size() + report.mismatched.size();
  std::string text =
      fmt::format("loaded {} of {} tensors from {}", report.loaded.size(), wanted, report.origin);
  const std::string trouble = troubles(report, "\n  ");
  if (!trouble.empty()) text += "\n  " + trouble;
  if (!report.unexpected.empty()) {
    text += fmt::format("\n  {} not used: {}", report.unexpected.size(), list(report.unexpected));
  }
  return text;
}

void require_complete(const LoadReport& report) {
  if (report.complete()) return;
  throw Error({.what = "the model's tensors are not all there",
               .where = report.origin,
               .why = troubles(report, "; "),
               .remedy = "check that the configuration describes the model that was saved"});
}

}  // namespace cloze
