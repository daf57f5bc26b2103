// Words and tags line by line: the same sentences in blocks of any size, and after being written out.
#include <optional>
#include <vector>

#include "engine/data/examples/conll_reader.h"
#include "engine/data/examples/task_options.h"
#include "tests/fuzz/example_blocks.h"

using namespace cloze;

namespace {

using Sentences = std::vector<std::vector<std::vector<std::string>>>;

std::optional<Sentences> sentences_of(std::string_view text, size_t block_bytes) {
  try {
    ConllReader reader(fuzz::blocks_of(text, block_bytes), "input.conll");
    Sentences sentences;
    for (ConllSentence sentence; reader.next(sentence);) {
      fuzz::require(!sentence.words.empty() && sentence.lines.size() == sentence.words.size(),
                    "a sentence has words, each on a line");
      sentences.push_back(sentence.words);
    }
    return sentences;
  } catch (const Error&) {
    return std::nullopt;
  }
}

std::string written(const Sentences& sentences) {
  std::string text = "\n";  // so that a byte-order mark is a word's, not the file's
  for (const auto& words : sentences) {
    for (const auto& columns : words) {
      for (size_t i = 0; i < columns.size(); ++i) text += (i > 0 ? "\t" : "") + columns[i];
      text += "\r\n";
    }
    text += '\n';
  }
  return text;
}

// Spans of IOB1 become spans of IOB2, which stay as they are.
void check_tags(const Sentences& sentences) {
  for (const auto& words : sentences) {
    std::vector<std::string> tags;
    for (const auto& columns : words) tags.push_back(columns.back());
    to_iob2(tags);
    std::vector<std::string> again = tags;
    to_iob2(again);
    fuzz::require(again == tags, "IOB2 stays IOB2");
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  static const TaskDescription task = describe_task(TaskPreset::conll);
  const std::string_view text = fuzz::as_text(data, size);
  const auto sentences = sentences_of(text, size + 1);
  fuzz::require(sentences_of(text, 3) == sentences, "blocks change nothing");
  if (sentences) {
    fuzz::require(sentences_of(written(*sentences), 1000) == sentences,
                  "sentences written out read as the same sentences");
    check_tags(*sentences);
  }
  fuzz::check_examples(text, task, "input.conll");
  return 0;
}
