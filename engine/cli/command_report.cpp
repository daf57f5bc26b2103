#include <CLI/CLI.hpp>
#include <filesystem>
#include <vector>

#include "engine/base/file.h"
#include "engine/base/log.h"
#include "engine/cli/commands.h"
#include "engine/observe/report.h"

namespace cloze {
namespace {

struct ReportCall {
  std::vector<std::filesystem::path> runs;
  std::filesystem::path output = "report.html";
  ReportOptions options;
};

}  // namespace

void add_report_command(CLI::App& program, ExitCode&) {
  auto call = std::make_shared<ReportCall>();
  CLI::App* command =
      program.add_subcommand("report", "One HTML page of a run, or of several beside each other");
  command->add_option("runs", call->runs, "Folders of cloze pretrain or cloze finetune")->required();
  command->add_option("--output", call->output, "The page to write")->capture_default_str();
  command
      ->add_option("--examples", call->options.examples, "Blanks of held-out text to fill per run; 0: none")
      ->check(CLI::Range(0, 1000))
      ->capture_default_str();
  command->callback([call] {
    write_file(call->output, report_page(read_runs(call->runs, call->options)));
    log::info("written: {}", call->output.string());
  });
}

}  // namespace cloze
