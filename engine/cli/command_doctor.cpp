#include <CLI/CLI.hpp>
#include <iostream>

#include "engine/cli/commands.h"
#include "engine/observe/doctor.h"

namespace cloze {

void add_doctor_command(CLI::App& program, ExitCode& exit_code) {
  auto as_json = std::make_shared<bool>(false);
  CLI::App* command = program.add_subcommand(
      "doctor", "What this machine has, what a run would use, what is missing, and a self-test");
  command->add_flag("--json", *as_json, "As JSON, for programs");
  command->callback([as_json, &exit_code] {
    const Diagnosis diagnosis = diagnose();
    std::cout << (*as_json ? diagnosis_json(diagnosis) : diagnosis_text(diagnosis));
    exit_code.value = diagnosis.self_test.passed() ? 0 : 1;
  });
}

}  // namespace cloze
