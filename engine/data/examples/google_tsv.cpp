#include "engine/data/examples/google_tsv.h"

#include <stdexcept>
#include <system_error>
#include <utility>

#include "engine/base/error.h"
#include "engine/base/file.h"
#include "engine/base/log.h"
#include "engine/data/examples/example_reader.h"
#include "engine/data/examples/split_examples.h"

namespace cloze {
namespace {

namespace fs = std::filesystem;

std::string cell(std::string text) {
  for (char& c : text) c = c == '\t' || c == '\n' || c == '\r' ? ' ' : c;
  return text;
}

const TextPair& text_of(const Example& example) {
  const auto* pair = std::get_if<TextPair>(&example.content);
  if (pair == nullptr) throw std::logic_error("only classification has the form of Google's TSV");
  return *pair;
}

void require_single_texts(const ExampleSet& set) {
  for (const Example& example : set.examples) {
    if (text_of(example).b.empty()) continue;
    throw Error({.what = "this example has two texts",
                 .where = to_string(set.place(example)),
                 .why = "Google's four-column form has one text a row"});
  }
}

void write_rows(const fs::path& path, const ExampleSet& set, bool for_prediction) {
  AtomicFile file(path);
  if (for_prediction) file.write(google_test_tsv_header());
  for (const Example& example : set.examples) {
    file.write(for_prediction ? google_test_tsv_line(example) : google_tsv_line(example));
  }
  file.commit();
  log::info("{}: {} rows", path.string(), set.examples.size());
}

fs::path output_of(const GoogleTsvCall& call, const std::string& name) {
  const fs::path path = call.to / (name + ".tsv");
  std::error_code ignored;
  if (fs::equivalent(path, call.from, ignored)) {
    throw UsageError({.what = "this would overwrite the file that is read",
                      .where = path.string(),
                      .remedy = "name another folder"});
  }
  return path;
}

}  // namespace

std::string google_tsv_line(const Example& example) {
  const TextPair& pair = text_of(example);
  if (!pair.label) throw std::logic_error("a row of training data has a label");
  return cell(example.id) + '\t' + cell(*pair.label) + "\ta\t" + cell(pair.a) + '\n';
}

std::string google_test_tsv_header() {
  return "id\ttext\n";
}

std::string google_test_tsv_line(const Example& example) {
  return cell(example.id) + '\t' + cell(text_of(example).a) + '\n';
}

void write_google_tsv(const GoogleTsvCall& call) {
  if (call.task.kind != TaskKind::classification) {
    throw UsageError(
        {.what = "only classification has the form of Google's TSV", .where = call.from.string()});
  }
  if (call.validation && call.for_prediction) {
    throw UsageError({.what = "a test file is not split", .where = call.from.string()});
  }
  const auto use = call.for_prediction ? ExampleUse::prediction : ExampleUse::training;
  const fs::path output = output_of(call, without_packing(call.from).stem().string()),
                 dev = output_of(call, "dev");
  if (call.validation && output == dev) {
    throw UsageError(
        {.what = "both parts would be dev.tsv", .where = dev.string(), .remedy = "rename the input"});
  }
  ExampleSet set = read_examples(call.from, call.task, use);
  require_single_texts(set);
  std::error_code problem;
  fs::create_directories(call.to, problem);
  if (problem) {
    throw Error({.what = "cannot make the folder", .where = call.to.string(), .why = problem.message()});
  }
  if (!call.validation) {
    write_rows(output, set, call.for_prediction);
    return;
  }
  const SplitExamples split = split_examples(std::move(set), *call.validation, call.seed);
  write_rows(output, split.training, false);
  write_rows(dev, split.validation, false);
}

}  // namespace cloze
