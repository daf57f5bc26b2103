#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "engine/data/corpus_manifest.h"
#include "engine/data/line_reader.h"
#include "engine/data/markdown.h"
#include "engine/data/text_kind.h"
#include "engine/data/text_source.h"

namespace cloze {

// How far the inputs have been read: everything before piece `piece` of file `file`.
struct SourcePosition {
  uint64_t file = 0, piece = 0;
  friend bool operator==(const SourcePosition&, const SourcePosition&) = default;
};

// A stretch of input as it was read.
struct TextPiece {
  enum class Kind : uint8_t { sentence, paragraph, markdown, record, document_end };
  Kind kind = Kind::sentence;
  bool cut = false;           // the rest of the line is in the next piece
  size_t begin = 0, end = 0;  // in TextChunk::text
  uint64_t line = 0;          // in the source, from 1
};

// Some consecutive pieces of one text.
struct TextChunk {
  std::string source;  // its name
  std::string text;
  std::vector<TextPiece> pieces;
  SourcePosition after;  // where the next chunk begins

  std::string_view text_of(const TextPiece& piece) const {
    return std::string_view(text).substr(piece.begin, piece.end - piece.begin);
  }
};

// Reads inputs one after the other as chunks, which are what is handed to the tokenizing threads: memory is
// bounded by a chunk and its longest line. Texts that hold NUL bytes are no texts: inside a folder or an
// archive they are left out with a warning.
class DocumentReader {
 public:
  static constexpr size_t chunk_bytes = 1 << 20;
  static constexpr size_t longest_line = 1 << 20;     // longer lines are cut
  static constexpr size_t longest_record = 16 << 20;  // a longer JSON object is an Error

  DocumentReader(std::vector<CorpusInput> inputs, TextKind kind, SourcePosition from = {});

  // False after the last. Throws Error for what cannot be read.
  bool next(TextChunk& chunk);

 private:
  bool open_next_text(TextChunk& chunk);
  void begin_text(TextChunk& chunk);
  bool is_text(std::string_view head) const;
  void read_line(const TextLine& line, TextChunk& chunk);
  void end_text(TextChunk& chunk);
  void emit(TextPiece::Kind kind, std::string_view text, uint64_t line, bool cut, TextChunk& chunk);

  std::vector<CorpusInput> inputs_;
  TextKind asked_;
  SourcePosition at_;
  uint64_t skip_;  // pieces of the first file that were read before
  std::unique_ptr<TextSource> source_;
  std::optional<LineReader> lines_;
  TextKind kind_ = TextKind::sentences;  // of the current text
  std::optional<TextKind> announced_;
  bool continues_ = false;  // the line before was cut
  MarkdownParagraphs markdown_;
};

}  // namespace cloze
