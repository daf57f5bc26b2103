// What lies between a text file and its paragraphs: lines, Markdown, JSONL.
#include <algorithm>
#include <string>
#include <vector>

#include "engine/base/error.h"
#include "engine/data/chunk_texts.h"
#include "engine/data/line_reader.h"
#include "engine/data/markdown.h"
#include "engine/text/utf8.h"
#include "tests/fuzz/fuzz_target.h"

using namespace cloze;

namespace {

constexpr size_t longest_line = 48;  // so that lines of small inputs are cut as well

// The text's lines when it comes in blocks of `block_bytes`.
std::vector<std::string> lines_of(std::string_view text, size_t block_bytes) {
  LineReader reader(
      [rest = text, block_bytes]() mutable {
        const std::string_view block = rest.substr(0, block_bytes);
        rest.remove_prefix(block.size());
        return block;
      },
      longest_line);
  std::vector<std::string> lines;
  uint64_t number = 0;
  for (TextLine line; reader.next(line);) {
    fuzz::require(line.text.size() <= longest_line, "no line is longer than the limit");
    fuzz::require(line.number == number || line.number == number + 1, "lines are numbered in order");
    number = line.number;
    lines.emplace_back(line.text);
  }
  return lines;
}

// One piece of text as a chunk of its own.
TextChunk chunk_of(TextPiece::Kind kind, std::string_view text) {
  return {.source = "input",
          .text = std::string(text),
          .pieces = {{.kind = kind, .end = text.size(), .line = 1}},
          .after = {}};
}

void check_texts(const TextChunk& chunk) {
  static const ChunkTexts texts("text");
  try {
    texts.for_each(chunk, [](ChunkTexts::Unit unit, std::string_view text) {
      fuzz::require(invalid_utf8_bytes(text) == 0, "running text is UTF-8");
      fuzz::require(unit != ChunkTexts::Unit::document_end || text.empty(),
                    "the end of a document has no text");
    });
  } catch (const Error&) {
  }
}

void check_markdown(std::string_view text) {
  MarkdownParagraphs paragraphs;
  const auto check = [&] { check_texts(chunk_of(TextPiece::Kind::markdown, paragraphs.paragraph())); };
  uint64_t number = 0;
  while (!text.empty()) {
    const size_t end = std::min(text.find('\n'), text.size());
    if (paragraphs.add(text.substr(0, end), ++number)) check();
    text.remove_prefix(std::min(end + 1, text.size()));
  }
  if (paragraphs.finish()) check();
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const std::string_view text = fuzz::as_text(data, size);
  fuzz::require(lines_of(text, 7) == lines_of(text, text.size() + 1),
                "lines do not depend on the blocks read");
  check_markdown(text);
  check_texts(chunk_of(TextPiece::Kind::record, text));
  return 0;
}
