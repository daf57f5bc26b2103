#include "engine/observe/doctor.h"

#include <fmt/core.h>
#include <fmt/format.h>

#include <cstdlib>
#include <nlohmann/json.hpp>

#include "engine/base/format.h"
#include "kernels/common/parallel.h"

namespace cloze {
namespace {

std::string line(std::string_view name, std::string_view value) {
  return fmt::format("  {:<18}{}\n", name, value);
}

std::string or_none(const std::string& text, const char* none) {
  return text.empty() ? none : text;
}

std::string processors_text(const MachineFacts& facts) {
  const std::string cores = facts.cores > 0 ? fmt::format("{} cores, ", facts.cores) : "";
  return fmt::format("{}{} hardware threads; this process may use {}", cores, facts.processors,
                     facts.cpu.processors);
}

std::string processor_section(const MachineFacts& facts) {
  return "Processor\n" + line("model", facts.cpu.model) + line("processors", processors_text(facts)) +
         line("features", fmt::format("{}", fmt::join(facts.cpu.features, " "))) +
         line("vector code",
              fmt::format("{} (kernels), {} (oneDNN)", facts.kernel_target, facts.matmul_library_target)) +
         line("bf16 products", facts.multiplies_bf16 ? "yes: `precision: bf16` trains faster than f32"
                                                     : "no: AVX512-BF16 or AMX would be needed") +
         line("busy", fmt::format("{:.1f} programs at a time during the last minute", facts.load));
}

std::string memory_section(const MachineFacts& facts) {
  const std::string disk =
      facts.disk_bytes == 0
          ? "not known"
          : fmt::format("{} free of {}", human_bytes(facts.disk_available), human_bytes(facts.disk_bytes));
  return "\nMemory\n" +
         line("main memory", fmt::format("{} available of {}", human_bytes(facts.memory.available),
                                         human_bytes(facts.memory.total))) +
         line("huge pages", or_none(facts.huge_pages, "not known")) +
         line("disk here", fmt::format("{} ({})", disk, facts.folder.string()));
}

std::string gpu_section(const MachineFacts& facts) {
  const GpuFacts& gpu = facts.gpu;
  const std::string models =
      gpu.models.empty() ? (gpu.devices == 0 ? "none found" : fmt::format("{} on the bus", gpu.devices))
                         : fmt::format("{}", fmt::join(gpu.models, ", "));
  std::string text =
      "\nGPU\n" + line("NVIDIA GPU", models) + line("driver", or_none(gpu.driver, "not loaded"));
  text += line("nvcc", or_none(gpu.compiler, "not found"));
  for (const auto& [name, found] : facts.build.nvidia) text += line(name, found);
  return text + line("usable", gpu.refusal.empty() ? "yes, with device: cuda" : "no: " + gpu.refusal);
}

std::string build_section(const MachineFacts& facts) {
  const BuildFacts& build = facts.build;
  std::string text = "\nThis program\n";
  text += line("version", fmt::format("Cloze {}, {}, {}{}", build.version,
                                      or_none(build.kind, "no build type"), build.compiler,
                                      build.sanitizers.empty() ? "" : ", -fsanitize=" + build.sanitizers));
  for (const auto& [name, version] : build.libraries) text += line(name, version);
  return text;
}

std::string findings_section(const std::vector<Finding>& findings) {
  if (findings.empty()) return "\nNothing is missing.\n";
  std::string text = "\nWhat could be better\n";
  for (const Finding& finding : findings) {
    text += fmt::format("  * {}\n", finding.what);
    if (!finding.remedy.empty()) text += fmt::format("      {}\n", finding.remedy);
  }
  return text;
}

std::string self_test_section(const SelfTest& test) {
  std::string text = fmt::format("\nSelf-test ({})\n", human_duration(test.seconds));
  for (const SelfTestPart& part : test.parts)
    text += fmt::format("  {:<6}  {:<10}  {}\n", part.passed ? "ok" : "FAILED", part.name, part.detail);
  return text + (test.passed() ? "\nReady to train.\n" : "\nNOT ready to train: the self-test failed.\n");
}

nlohmann::ordered_json object_of(const std::vector<std::pair<std::string, std::string>>& pairs) {
  nlohmann::ordered_json object = nlohmann::ordered_json::object();
  for (const auto& [name, value] : pairs) object[name] = value;
  return object;
}

nlohmann::ordered_json json_of(const SelfTest& test) {
  nlohmann::ordered_json parts = nlohmann::ordered_json::array();
  for (const SelfTestPart& part : test.parts)
    parts.push_back({{"name", part.name}, {"passed", part.passed}, {"detail", part.detail}});
  nlohmann::ordered_json object{{"passed", test.passed()}, {"seconds", test.seconds}, {"parts", parts}};
  if (test.ceilings) {
    object["matmul_flops_per_second"] = test.ceilings->matmul_flops;
    object["copy_bytes_per_second"] = test.ceilings->copy_bytes;
  }
  return object;
}

nlohmann::ordered_json json_of(const MachineFacts& facts) {
  return {{"system", facts.system},
          {"cpu",
           {{"model", facts.cpu.model},
            {"features", facts.cpu.features},
            {"cores", facts.cores},
            {"hardware_threads", facts.processors},
            {"usable_processors", facts.cpu.processors},
            {"kernel_target", facts.kernel_target},
            {"matmul_library_target", facts.matmul_library_target},
            {"multiplies_bf16", facts.multiplies_bf16},
            {"load", facts.load}}},
          {"memory",
           {{"total_bytes", facts.memory.total},
            {"available_bytes", facts.memory.available},
            {"huge_pages", facts.huge_pages}}},
          {"disk",
           {{"folder", facts.folder.string()},
            {"total_bytes", facts.disk_bytes},
            {"available_bytes", facts.disk_available}}},
          {"gpu",
           {{"devices", facts.gpu.devices},
            {"models", facts.gpu.models},
            {"driver", facts.gpu.driver},
            {"nvcc", facts.gpu.compiler},
            {"usable", facts.gpu.refusal.empty()},
            {"refusal", facts.gpu.refusal}}},
          {"build",
           {{"version", facts.build.version},
            {"kind", facts.build.kind},
            {"compiler", facts.build.compiler},
            {"sanitizers", facts.build.sanitizers},
            {"cuda", facts.build.cuda},
            {"nvidia", object_of(facts.build.nvidia)},
            {"libraries", object_of(facts.build.libraries)}}},
          {"used", {{"device", facts.automatic_device}, {"threads", facts.threads}}}};
}

// Also where TMPDIR names what is no folder: then the self-test says so.
std::filesystem::path temporary_folder() {
  std::error_code trouble;
  const std::filesystem::path folder = std::filesystem::temp_directory_path(trouble);
  const char* named = std::getenv("TMPDIR");
  return trouble && named != nullptr ? std::filesystem::path(named) : folder;
}

}  // namespace

Diagnosis diagnose() {
  Diagnosis diagnosis{.facts = machine_facts()};
  diagnosis.findings = findings(diagnosis.facts);
  set_thread_count(diagnosis.facts.threads);
  diagnosis.self_test = run_self_test(temporary_folder());
  return diagnosis;
}

std::string diagnosis_text(const Diagnosis& diagnosis) {
  const MachineFacts& facts = diagnosis.facts;
  return facts.system + "\n\n" + processor_section(facts) + memory_section(facts) + gpu_section(facts) +
         build_section(facts) + "\nWhat a run would use\n" + line("device: auto", facts.automatic_device) +
         line("threads: 0", std::to_string(facts.threads)) + findings_section(diagnosis.findings) +
         self_test_section(diagnosis.self_test);
}

std::string diagnosis_json(const Diagnosis& diagnosis) {
  nlohmann::ordered_json document = json_of(diagnosis.facts);
  document["findings"] = nlohmann::ordered_json::array();
  for (const Finding& finding : diagnosis.findings)
    document["findings"].push_back({{"what", finding.what}, {"remedy", finding.remedy}});
  document["self_test"] = json_of(diagnosis.self_test);
  return document.dump(2, ' ', false, nlohmann::ordered_json::error_handler_t::replace) + "\n";
}

}  // namespace cloze
