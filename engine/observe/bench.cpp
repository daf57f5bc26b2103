#include "engine/observe/bench.h"

#include <fmt/core.h>
#include <fmt/format.h>

#include <algorithm>
#include <limits>
#include <set>

#include "engine/base/clock.h"
#include "engine/base/cpu_info.h"
#include "engine/base/error.h"
#include "engine/base/log.h"
#include "engine/train/run_setup.h"
#include "kernels/common/parallel.h"

namespace cloze {
namespace {

bool asked_for(const BenchCase& bench, const std::vector<std::string>& names) {
  return names.empty() || std::any_of(names.begin(), names.end(), [&](const std::string& name) {
           return name == bench.group || name == bench.name;
         });
}

void require_known(const std::vector<std::string>& names) {
  std::set<std::string> groups;
  for (const BenchCase& bench : bench_cases()) groups.insert(bench.group);
  for (const std::string& name : names) {
    const bool known = std::any_of(bench_cases().begin(), bench_cases().end(),
                                   [&](const BenchCase& bench) { return asked_for(bench, {name}); });
    if (!known)
      throw UsageError(
          {.what = fmt::format("`{}` is no benchmark", name),
           .where = "NAME",
           .remedy = fmt::format("one of {}, or the name of a single kernel", fmt::join(groups, ", "))});
  }
}

double seconds_of(const BenchRun& run) {
  const double began = seconds_now();
  run.run();
  return seconds_now() - began;
}

// The best of the runs; kernel and library take turns, so that what disturbs one disturbs the other.
BenchResult measure(const BenchCase& bench, double seconds) {
  constexpr int fewest = 3;
  const BenchRun kernel = bench.make();
  const BenchRun library = bench.make_library ? bench.make_library() : BenchRun{};
  constexpr double never = std::numeric_limits<double>::infinity();
  BenchResult result{.bench = &bench, .work = kernel.work, .seconds = never, .ceiling_seconds = never};
  kernel.run();
  const double began = seconds_now();
  for (int runs = 0; runs < fewest || seconds_now() - began < seconds; ++runs) {
    result.seconds = std::min(result.seconds, seconds_of(kernel));
    if (library.run) result.ceiling_seconds = std::min(result.ceiling_seconds, seconds_of(library));
  }
  return result;
}

}  // namespace

const char* name_of(BenchCeiling ceiling) {
  switch (ceiling) {
    case BenchCeiling::library:
      return "library";
    case BenchCeiling::matmul:
      return "matmul peak";
    case BenchCeiling::copy:
      return "copy";
  }
  return "?";
}

BenchReport run_bench(const std::vector<std::string>& names, double seconds) {
  require_known(names);
  set_thread_count(thread_number(0));
  BenchReport report{.machine = fmt::format("{}; {} threads", cpu_info().text(), thread_count()),
                     .ceilings = measured_ceilings()};
  for (const BenchCase& bench : bench_cases()) {
    if (!asked_for(bench, names)) continue;
    log::info("{}, {}", bench.name, bench.shape);
    report.results.push_back(measure(bench, seconds));
  }
  report.ceilings = better_of(report.ceilings, measured_ceilings());
  for (BenchResult& result : report.results) {
    if (result.bench->ceiling == BenchCeiling::matmul)
      result.ceiling_seconds = result.work / report.ceilings.matmul_flops;
    if (result.bench->ceiling == BenchCeiling::copy)
      result.ceiling_seconds = result.work / report.ceilings.copy_bytes;
  }
  return report;
}

}  // namespace cloze
