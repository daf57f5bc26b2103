#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <string_view>

#include "engine/data/document_reader.h"

namespace cloze {

struct TextCleaning {
  uint64_t invalid_bytes = 0;  // dropped, not UTF-8
  uint64_t cut_lines = 0;      // pieces whose line went on in the next
};

// The running text of pieces: JSON records unpacked, Markdown stripped, bytes that are not UTF-8 dropped.
class ChunkTexts {
 public:
  enum class Unit : uint8_t { sentence, paragraph, document_end };
  // The text is valid during the call only; empty for document_end.
  using Visit = std::function<void(Unit, std::string_view)>;

  explicit ChunkTexts(std::string text_field) : field_(std::move(text_field)) {}

  // Throws Error (source:line) for a line that is no JSON object with a text in that field.
  TextCleaning for_each(const TextChunk& chunk, const Visit& visit) const;

 private:
  void visit_record(const TextChunk& chunk, const TextPiece& piece, std::string_view text,
                    const Visit& visit) const;

  std::string field_;
};

}  // namespace cloze
