#pragma once

namespace CLI {
class App;
}

// One file per command. Each adds itself to the program; its callback does the work, prints results on
// standard output and throws Error (exit code 1) or UsageError (2). A callback may set another exit code.
namespace cloze {

struct ExitCode {
  int value = 0;
};

void add_dataset_command(CLI::App& program, ExitCode& exit_code);
void add_bench_command(CLI::App& program, ExitCode& exit_code);
void add_convert_command(CLI::App& program, ExitCode& exit_code);
void add_doctor_command(CLI::App& program, ExitCode& exit_code);
void add_evaluate_command(CLI::App& program, ExitCode& exit_code);
void add_features_command(CLI::App& program, ExitCode& exit_code);
void add_finetune_command(CLI::App& program, ExitCode& exit_code);
void add_predict_command(CLI::App& program, ExitCode& exit_code);
void add_fill_command(CLI::App& program, ExitCode& exit_code);
void add_graph_command(CLI::App& program, ExitCode& exit_code);
void add_info_command(CLI::App& program, ExitCode& exit_code);
void add_launch_command(CLI::App& program, ExitCode& exit_code);
void add_plan_command(CLI::App& program, ExitCode& exit_code);
void add_prepare_command(CLI::App& program, ExitCode& exit_code);
void add_pretrain_command(CLI::App& program, ExitCode& exit_code);
void add_profile_command(CLI::App& program, ExitCode& exit_code);
void add_reference_command(CLI::App& program, ExitCode& exit_code);
void add_report_command(CLI::App& program, ExitCode& exit_code);
void add_sample_command(CLI::App& program, ExitCode& exit_code);
void add_score_command(CLI::App& program, ExitCode& exit_code);
void add_tokenize_command(CLI::App& program, ExitCode& exit_code);
void add_vocab_command(CLI::App& program, ExitCode& exit_code);

}  // namespace cloze
