#include <fmt/core.h>

#include <algorithm>
#include <nlohmann/json.hpp>

#include "engine/base/format.h"
#include "engine/observe/bench.h"

namespace cloze {
namespace {

const char* unit_of(const BenchResult& result) {
  return result.bench->ceiling == BenchCeiling::copy ? "B/s" : "FLOP/s";
}

}  // namespace

std::string bench_text(const BenchReport& report) {
  std::string text = fmt::format(
      "{}\nceilings: matrix products {}FLOP/s, copying memory {}B/s (read and written); of dense layers: the "
      "matmul library called directly, turn about\n\n",
      report.machine, human_count(report.ceilings.matmul_flops), human_count(report.ceilings.copy_bytes));
  constexpr const char* columns = "{:<24} {:<46} {:>10} {:>16} {:>16}  {:<12} {:>6}\n";
  const std::string head = fmt::format(columns, "kernel", "shape", "time", "rate", "ceiling", "of", "ratio");
  text += head + std::string(head.size() - 1, '-') + "\n";
  for (const BenchResult& result : report.results) {
    text += fmt::format(columns, result.bench->name, result.bench->shape, human_duration(result.seconds),
                        human_count(result.work / result.seconds) + unit_of(result),
                        human_count(result.work / result.ceiling_seconds) + unit_of(result),
                        name_of(result.bench->ceiling), fmt::format("{:.2f}", result.ratio()));
  }
  return text;
}

std::string bench_json(const BenchReport& report) {
  using Json = nlohmann::ordered_json;
  Json results = Json::array();
  for (const BenchResult& result : report.results) {
    results.push_back({{"group", result.bench->group},
                       {"kernel", result.bench->name},
                       {"shape", result.bench->shape},
                       {"seconds", result.seconds},
                       {"rate", result.work / result.seconds},
                       {"unit", unit_of(result)},
                       {"ceiling", name_of(result.bench->ceiling)},
                       {"ceiling_rate", result.work / result.ceiling_seconds},
                       {"ratio", result.ratio()}});
  }
  const Json document{{"format", "cloze bench 1"},
                      {"machine", report.machine},
                      {"ceilings",
                       {{"matmul_flops_per_second", report.ceilings.matmul_flops},
                        {"copy_bytes_per_second", report.ceilings.copy_bytes}}},
                      {"results", results}};
  return document.dump(2, ' ', false, Json::error_handler_t::replace) + "\n";
}

}  // namespace cloze
