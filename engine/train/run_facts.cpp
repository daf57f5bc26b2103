#include "engine/train/run_facts.h"

#include <nlohmann/json.hpp>

#include "engine/base/cpu_info.h"
#include "engine/base/error.h"
#include "engine/base/file.h"
#include "engine/base/json.h"
#include "engine/base/memory.h"
#include "engine/runtime/engine.h"

namespace cloze {

NLOHMANN_DEFINE_TYPE_NON_INTRUSIVE(RunFacts, kind, cpu, device, threads, processes, parameters,
                                   parameter_bytes, gradient_bytes, moment_bytes, activation_bytes,
                                   peak_bytes, machine_bytes)

RunFacts run_facts(std::string kind, const Engine& engine, int64_t parameters, int64_t elements, int threads,
                   int processes) {
  const int64_t flat = elements * static_cast<int64_t>(size_of(engine.real()));
  return {.kind = std::move(kind),
          .cpu = cpu_info().text(),
          .device = engine.device_name(),
          .threads = threads,
          .processes = processes,
          .parameters = parameters,
          .parameter_bytes = flat,
          .gradient_bytes = flat,
          .moment_bytes = 2 * flat,
          .activation_bytes = engine.arena_bytes(),
          .peak_bytes = process_memory().peak_resident,
          .machine_bytes = machine_memory().total};
}

void write_run_facts(const std::filesystem::path& run, const RunFacts& facts) {
  write_file(run / run_facts_file, json_text(nlohmann::json(facts)));
}

std::optional<RunFacts> read_run_facts(const std::filesystem::path& run) {
  const std::filesystem::path file = run / run_facts_file;
  if (!std::filesystem::exists(file)) return std::nullopt;
  const auto document = nlohmann::json::parse(read_file(file), nullptr, /*allow_exceptions=*/false);
  try {
    return document.get<RunFacts>();
  } catch (const nlohmann::json::exception&) {
    return std::nullopt;
  }
}

}  // namespace cloze
