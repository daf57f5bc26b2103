#include "engine/train/metric_sink_json.h"

#include <nlohmann/json.hpp>
#include <optional>
#include <string_view>

#include "engine/base/file.h"
#include "engine/base/log.h"

namespace cloze {
namespace {

std::optional<int64_t> step_of(std::string_view line) {
  const auto record = nlohmann::json::parse(line, nullptr, /*allow_exceptions=*/false);
  const bool has_step = record.is_object() && record.contains("step") && record["step"].is_number_integer();
  return has_step ? std::optional(record["step"].get<int64_t>()) : std::nullopt;
}

}  // namespace

void JsonMetricSink::write(const MetricRecord& record) {
  nlohmann::ordered_json line = {{"step", record.step}, {"split", record.split}, {"time", record.wall_time}};
  for (const auto& [name, value] : record.values) line[name] = value;
  file_.append(line.dump() + "\n");
}

void cut_metrics_after(const std::filesystem::path& metrics_jsonl, int64_t step) {
  if (!std::filesystem::exists(metrics_jsonl)) return;
  const MappedFile file(metrics_jsonl);
  std::string_view rest = file.text();
  AtomicFile kept(metrics_jsonl);
  size_t later = 0, broken = 0;
  while (!rest.empty()) {
    const size_t end = rest.find('\n');
    const std::string_view line = rest.substr(0, end);
    rest.remove_prefix(end == std::string_view::npos ? rest.size() : end + 1);
    const auto line_step = step_of(line);
    if (!line_step || end == std::string_view::npos) {
      ++broken;
    } else if (*line_step > step) {
      ++later;
    } else {
      kept.write(line);
      kept.write("\n");
    }
  }
  if (later + broken == 0) return;  // untouched: the destructor drops the copy
  kept.commit();
  log::info("{}: {} records after step {} and {} incomplete lines taken out", metrics_jsonl.string(), later,
            step, broken);
}

}  // namespace cloze
