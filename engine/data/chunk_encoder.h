#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "engine/data/chunk_texts.h"
#include "engine/data/document_reader.h"
#include "engine/text/tokenizer.h"

namespace cloze {

// A chunk of text and what became of it.
struct EncodedChunk {
  TextChunk chunk;
  std::vector<int32_t> tokens;             // sentence behind sentence
  std::vector<uint32_t> sentence_lengths;  // tokens of each, > 0; 0 is the end of a document
  std::vector<uint64_t> line_hashes;       // of every line or paragraph that was not blank
  uint64_t text_bytes = 0;                 // of those
  TextCleaning cleaning;
};

// Splits into sentences and tokenises. Usable from many threads.
class ChunkEncoder {
 public:
  ChunkEncoder(std::shared_ptr<const Tokenizer> tokenizer, std::string text_field)
      : tokenizer_(std::move(tokenizer)), texts_(std::move(text_field)) {}

  // Fills in everything but the chunk itself.
  void encode(EncodedChunk& chunk) const;

 private:
  std::shared_ptr<const Tokenizer> tokenizer_;
  ChunkTexts texts_;
};

}  // namespace cloze
