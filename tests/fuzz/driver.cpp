// Runs a fuzz target where libFuzzer is not to be had: the seeds as they are, then changes of them.
//   TARGET [-runs=N] [--seconds S] [-seed=N] [FILE-OR-FOLDER...]
// A finding ends the program with exit code 1 or a signal and leaves the input in crash-TARGET, which the
// same program runs again when given as a FILE with -runs=0.
#include <fcntl.h>
#include <fmt/core.h>
#include <unistd.h>

#include <algorithm>
#include <charconv>
#include <chrono>
#include <csignal>
#include <cstdlib>
#include <exception>
#include <filesystem>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "engine/base/error.h"
#include "engine/base/file.h"
#include "engine/base/log.h"
#include "tests/fuzz/fuzz_target.h"
#include "tests/fuzz/mutation.h"

// Defined by the sanitizers' run-time library where there is one.
extern "C" __attribute__((weak)) void __sanitizer_set_death_callback(void (*callback)());

namespace cloze::fuzz {
namespace {

constexpr uint64_t default_runs = 10'000;
constexpr size_t longest_input = 1 << 16;

struct Arguments {
  std::optional<uint64_t> runs;
  std::optional<uint64_t> seconds;
  uint64_t seed = 1;
  std::vector<std::filesystem::path> seeds;
};

uint64_t whole_number(std::string_view text, const std::string& option) {
  uint64_t value = 0;
  const auto [end, fault] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (fault != std::errc() || end != text.data() + text.size() || text.empty()) {
    throw UsageError({.what = fmt::format("{} takes a whole number, not `{}`", option, text)});
  }
  return value;
}

Arguments parse_arguments(int count, char** values) {
  Arguments arguments;
  for (int i = 1; i < count; ++i) {
    const std::string_view value = values[i];
    if (value.starts_with("-runs=")) {
      arguments.runs = whole_number(value.substr(6), "-runs");
    } else if (value.starts_with("-seed=")) {
      arguments.seed = whole_number(value.substr(6), "-seed");
    } else if (value == "--seconds") {
      arguments.seconds = whole_number(++i < count ? values[i] : "", "--seconds");
    } else if (value.starts_with('-')) {
      throw UsageError({.what = fmt::format("unknown option `{}`", value)});
    } else {
      arguments.seeds.emplace_back(value);
    }
  }
  if (!arguments.runs && !arguments.seconds) arguments.runs = default_runs;
  return arguments;
}

std::vector<std::string> read_seeds(const std::vector<std::filesystem::path>& paths) {
  std::vector<std::filesystem::path> files;
  for (const auto& path : paths) {
    if (!std::filesystem::is_directory(path)) {
      files.push_back(path);
      continue;
    }
    for (const auto& entry : std::filesystem::directory_iterator(path)) files.push_back(entry.path());
  }
  std::sort(files.begin(), files.end());  // a folder has no order of its own
  std::vector<std::string> seeds;
  for (const auto& file : files) seeds.push_back(read_file(file));
  if (seeds.empty()) seeds.emplace_back();
  return seeds;
}

// For the handlers below, which may allocate nothing: where to leave the input, and the input.
std::string crash_file;
std::string_view current_input;

void keep_input() {
  const int file = open(crash_file.c_str(), O_WRONLY | O_CREAT | O_TRUNC, 0644);
  if (file < 0) return;
  for (std::string_view rest = current_input; !rest.empty();) {
    const ssize_t written = write(file, rest.data(), rest.size());
    if (written <= 0) break;
    rest.remove_prefix(static_cast<size_t>(written));
  }
  close(file);
}

void on_signal(int number) {
  keep_input();
  std::signal(number, SIG_DFL);
  std::raise(number);
}

// A sanitizer reports signals itself and calls back before it ends the program.
void keep_inputs_that_crash(const std::string& program) {
  crash_file = "crash-" + std::filesystem::path(program).filename().string();
  if (__sanitizer_set_death_callback) {
    __sanitizer_set_death_callback(keep_input);
    return;
  }
  for (const int number : {SIGSEGV, SIGBUS, SIGFPE, SIGILL, SIGABRT}) std::signal(number, on_signal);
}

void run_one(const std::string& input, const std::string& name) {
  current_input = input;
  try {
    LLVMFuzzerTestOneInput(reinterpret_cast<const uint8_t*>(input.data()), input.size());
  } catch (const std::exception& problem) {
    keep_input();
    throw Error({.what = "the target failed",
                 .where = fmt::format("{}, kept in {}", name, crash_file),
                 .why = problem.what(),
                 .remedy = "run it again alone: -runs=0 " + crash_file});
  }
}

void run(const Arguments& arguments) {
  using Clock = std::chrono::steady_clock;
  const std::vector<std::string> seeds = read_seeds(arguments.seeds);
  for (size_t i = 0; i < seeds.size(); ++i) run_one(seeds[i], fmt::format("seed input {}", i));
  const auto start = Clock::now();
  uint64_t runs = 0;
  while (!(arguments.runs && runs >= *arguments.runs) &&
         !(arguments.seconds && Clock::now() - start >= std::chrono::seconds(*arguments.seconds))) {
    run_one(mutated_input(seeds, arguments.seed, runs, longest_input),
            fmt::format("run {} of seed {}", runs, arguments.seed));
    ++runs;
  }
  fmt::print("{} seed inputs, {} changed ones in {:.1f} s: nothing found\n", seeds.size(), runs,
             std::chrono::duration<double>(Clock::now() - start).count());
}

}  // namespace
}  // namespace cloze::fuzz

int main(int count, char** values) {
  try {
    cloze::log::set_level(cloze::log::Level::error);  // most inputs deserve a warning
    cloze::fuzz::keep_inputs_that_crash(values[0]);
    cloze::fuzz::run(cloze::fuzz::parse_arguments(count, values));
    return 0;
  } catch (const cloze::Error& error) {
    fmt::print(stderr, "{}\n", cloze::to_string(error.problem()));
    return dynamic_cast<const cloze::UsageError*>(&error) ? 2 : 1;
  } catch (const std::exception& problem) {
    fmt::print(stderr, "{}\n", problem.what());
    return 1;
  }
}
