// Tokenises files line by line, for profiling/compare/tokenizer_comparison.py.
//
//   cloze_tokenizer_bench VOCABULARY uncased|cased google|huggingface REPEATS FILE... [--ids FILE] [--threads
//   N]
//
// Prints one JSON line: bytes and lines of the input, the number of ids, for every repeat processor seconds
// and, by the clock, seconds over all threads, each of which takes its share of the lines. With --ids, writes
// the ids of every line as text, a line of ids per line of input (not timed).
#include <atomic>
#include <chrono>
#include <cstdio>
#include <ctime>
#include <filesystem>
#include <nlohmann/json.hpp>
#include <span>
#include <string>
#include <thread>
#include <vector>

#include "engine/base/error.h"
#include "engine/base/file.h"
#include "engine/text/tokenizer.h"

namespace {

using namespace cloze;

struct Arguments {
  std::filesystem::path vocabulary, ids;
  TokenizerOptions options;
  int repeats = 1;
  size_t threads = 1;
  std::vector<std::filesystem::path> files;
};

Arguments parse(const std::vector<std::string>& words) {
  if (words.size() < 5) {
    throw UsageError({.what = "too few arguments",
                      .remedy = "cloze_tokenizer_bench VOCABULARY uncased|cased google|huggingface REPEATS "
                                "FILE... [--threads N]"});
  }
  Arguments arguments{.vocabulary = words[0]};
  arguments.options.lowercase = words[1] == "uncased";
  arguments.options.rules = words[2] == "google" ? TokenizerRules::google : TokenizerRules::huggingface;
  arguments.repeats = std::stoi(words[3]);
  for (size_t i = 4; i < words.size(); ++i) {
    if (words[i] == "--ids") {
      arguments.ids = words.at(++i);
    } else if (words[i] == "--threads") {
      arguments.threads = std::stoul(words.at(++i));
    } else {
      arguments.files.emplace_back(words[i]);
    }
  }
  return arguments;
}

std::vector<std::string_view> lines_of(std::string_view text) {
  std::vector<std::string_view> lines;
  while (!text.empty()) {
    const size_t end = std::min(text.find('\n'), text.size());
    lines.push_back(text.substr(0, end));
    text.remove_prefix(std::min(end + 1, text.size()));
  }
  return lines;
}

void write_ids(const Tokenizer& tokenizer, const std::vector<std::string_view>& lines,
               const std::filesystem::path& path) {
  std::string out;
  for (const std::string_view line : lines) {
    for (const int32_t id : tokenizer.encode(line)) out += std::to_string(id) + ' ';
    out += '\n';
  }
  write_file(path, out);
}

// Processor time of all threads: what other programs on the machine take is not counted.
double seconds() {
  return static_cast<double>(std::clock()) / CLOCKS_PER_SEC;
}
double clock_seconds() {
  return std::chrono::duration<double>(std::chrono::steady_clock::now().time_since_epoch()).count();
}

// How many ids the lines have, those of a share of them counted by each thread.
size_t tokenize(const Tokenizer& tokenizer, std::span<const std::string_view> lines, size_t threads) {
  std::atomic<size_t> count = 0;
  const auto share = [&](size_t thread) {
    const size_t begin = lines.size() * thread / threads, end = lines.size() * (thread + 1) / threads;
    size_t here = 0;
    std::vector<int32_t> ids;
    for (const std::string_view line : lines.subspan(begin, end - begin)) {
      ids.clear();
      tokenizer.encode(line, ids);
      here += ids.size();
    }
    count += here;
  };
  std::vector<std::jthread> others;
  for (size_t thread = 1; thread < threads; ++thread) others.emplace_back(share, thread);
  share(0);
  others.clear();
  return count;
}

int run(const Arguments& arguments) {
  const double before = seconds();
  const Tokenizer tokenizer(std::make_shared<Vocabulary>(Vocabulary::load(arguments.vocabulary)),
                            arguments.options);
  const double start_up = seconds() - before;
  std::string text;
  for (const auto& file : arguments.files) {
    text += read_file(file);
    if (!text.ends_with('\n')) text += '\n';
  }
  const std::vector<std::string_view> lines = lines_of(text);

  nlohmann::json report = {{"bytes", text.size()}, {"lines", lines.size()}, {"start_up_seconds", start_up}};
  for (int repeat = 0; repeat < arguments.repeats; ++repeat) {
    const double begin = seconds(), clock_begin = clock_seconds();
    report["ids"] = tokenize(tokenizer, lines, arguments.threads);
    report["seconds"].push_back(seconds() - begin);
    report["clock_seconds"].push_back(clock_seconds() - clock_begin);
  }
  if (!arguments.ids.empty()) write_ids(tokenizer, lines, arguments.ids);
  std::puts(report.dump().c_str());
  return 0;
}

}  // namespace

int main(int argc, char** argv) {
  try {
    return run(parse({argv + 1, argv + argc}));
  } catch (const std::exception& error) {
    std::fprintf(stderr, "cloze_tokenizer_bench: %s\n", error.what());
    return 1;
  }
}
