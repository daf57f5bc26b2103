// Tokenises files line by line on one thread, for profiling/compare/tokenizers.py.
//
//   cloze_tokenizer_bench VOCABULARY uncased|cased google|huggingface REPEATS FILE... [--ids FILE]
//
// Prints one JSON line: bytes and lines of the input, the processor seconds of every repeat, the number of
// ids. With
// --ids, writes the ids of every line as text, a line of ids per line of input (not timed).
#include <cstdio>
#include <ctime>
#include <filesystem>
#include <nlohmann/json.hpp>
#include <string>
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
  std::vector<std::filesystem::path> files;
};

Arguments parse(const std::vector<std::string>& words) {
  if (words.size() < 5) {
    throw UsageError(
        {.what = "too few arguments",
         .remedy = "cloze_tokenizer_bench VOCABULARY uncased|cased google|huggingface REPEATS FILE..."});
  }
  Arguments arguments{.vocabulary = words[0]};
  arguments.options.lowercase = words[1] == "uncased";
  arguments.options.rules = words[2] == "google" ? TokenizerRules::google : TokenizerRules::huggingface;
  arguments.repeats = std::stoi(words[3]);
  for (size_t i = 4; i < words.size(); ++i) {
    if (words[i] == "--ids") {
      arguments.ids = words.at(++i);
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

// Processor time of this one thread: what other programs on the machine take is not counted.
double seconds() {
  return static_cast<double>(std::clock()) / CLOCKS_PER_SEC;
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
  std::vector<int32_t> ids;
  for (int repeat = 0; repeat < arguments.repeats; ++repeat) {
    size_t count = 0;
    const double begin = seconds();
    for (const std::string_view line : lines) {
      ids.clear();
      tokenizer.encode(line, ids);
      count += ids.size();
    }
    report["seconds"].push_back(seconds() - begin);
    report["ids"] = count;
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
