#include <CLI/CLI.hpp>
#include <iostream>

#include "engine/base/error.h"
#include "engine/base/mapping_faults.h"
#include "engine/cli/commands.h"

namespace {

constexpr int failed = 1, wrong_call = 2;

void add_commands(CLI::App& program, cloze::ExitCode& exit_code) {
  cloze::add_sample_command(program, exit_code);
  cloze::add_vocab_command(program, exit_code);
  cloze::add_tokenize_command(program, exit_code);
  cloze::add_prepare_command(program, exit_code);
  cloze::add_pretrain_command(program, exit_code);
  cloze::add_launch_command(program, exit_code);
  cloze::add_finetune_command(program, exit_code);
  cloze::add_evaluate_command(program, exit_code);
  cloze::add_predict_command(program, exit_code);
  cloze::add_features_command(program, exit_code);
  cloze::add_fill_command(program, exit_code);
  cloze::add_doctor_command(program, exit_code);
  cloze::add_plan_command(program, exit_code);
  cloze::add_graph_command(program, exit_code);
  cloze::add_profile_command(program, exit_code);
  cloze::add_bench_command(program, exit_code);
  cloze::add_report_command(program, exit_code);
  cloze::add_score_command(program, exit_code);
  cloze::add_dataset_command(program, exit_code);
  cloze::add_convert_command(program, exit_code);
  cloze::add_info_command(program, exit_code);
  cloze::add_reference_command(program, exit_code);
}

}  // namespace

int main(int count, char** arguments) {
  cloze::report_mapping_faults();
  CLI::App program("Cloze trains BERT: pretraining from YAML on a CPU, one program, no Python.", "cloze");
  program.set_version_flag("--version", "cloze " CLOZE_VERSION);
  program.require_subcommand(1);
  program.footer("A first run: launch/quickstart.sh. Help on a command: cloze COMMAND --help");
  cloze::ExitCode exit_code;
  add_commands(program, exit_code);
  try {
    program.parse(count, arguments);
    std::cout.flush();
    if (!std::cout) throw cloze::Error({.what = "cannot write to standard output"});
    return exit_code.value;
  } catch (const CLI::ParseError& error) {
    return program.exit(error) == 0 ? 0 : wrong_call;
  } catch (const cloze::UsageError& error) {
    std::cerr << "cloze: " << error.what() << '\n';
    return wrong_call;
  } catch (const std::exception& error) {
    std::cerr << "cloze: " << error.what() << '\n';
    return failed;
  }
}
