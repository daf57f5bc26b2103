#include <CLI/CLI.hpp>
#include <iostream>
#include <string>
#include <vector>

#include "engine/cli/commands.h"
#include "engine/observe/bench.h"

namespace cloze {
namespace {

struct BenchCall {
  std::vector<std::string> names;
  double seconds = 0.5;
  bool as_json = false;
};

}  // namespace

void add_bench_command(CLI::App& program, ExitCode&) {
  auto call = std::make_shared<BenchCall>();
  CLI::App* command = program.add_subcommand(
      "bench", "Kernels as shares of what this machine can do, measured in the same run");
  command->add_option("names", call->names,
                      "matmul, attention, layer_norm, gelu, cross_entropy, embedding, optimizer, or a kernel "
                      "such as adamw; none: all");
  command->add_option("--seconds", call->seconds, "For each kernel")
      ->check(CLI::Range(0.0, 3600.0))
      ->capture_default_str();
  command->add_flag("--json", call->as_json, "As JSON, for programs");
  command->callback([call] {
    const BenchReport report = run_bench(call->names, call->seconds);
    std::cout << (call->as_json ? bench_json(report) : bench_text(report));
  });
}

}  // namespace cloze
