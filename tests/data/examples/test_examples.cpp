#include "tests/data/examples/test_examples.h"

namespace cloze::testing {

std::function<std::string_view()> blocks_of(std::string_view text, size_t block_bytes) {
  return [rest = text, block_bytes]() mutable {
    const std::string_view block = rest.substr(0, block_bytes);
    rest.remove_prefix(block.size());
    return block;
  };
}

std::vector<TableRow> rows_of(TableReader& reader) {
  std::vector<TableRow> rows;
  for (TableRow row; reader.next(row);) rows.push_back(row);
  return rows;
}

ExampleSet examples_of(std::string_view text, const TaskDescription& task, ExampleUse use,
                       const std::string& name) {
  return read_examples(blocks_of(text), name, task, use);
}

std::shared_ptr<const Tokenizer> letter_tokenizer() {
  static const auto tokenizer = std::make_shared<const Tokenizer>(
      std::make_shared<const Vocabulary>(
          Vocabulary::parse("[PAD]\n[UNK]\n[CLS]\n[SEP]\na\nb\nc\nd\ne\nf\ng\nh\n##x\n", "letters")),
      TokenizerOptions{});
  return tokenizer;
}

std::string message_of(const std::function<void()>& call) {
  try {
    call();
  } catch (const Error& error) {
    return error.what();
  }
  return "";
}

}  // namespace cloze::testing
