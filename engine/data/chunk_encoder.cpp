#include "engine/data/chunk_encoder.h"

#include "engine/base/file.h"
#include "engine/text/sentences.h"

namespace cloze {

void ChunkEncoder::encode(EncodedChunk& chunk) const {
  chunk.tokens.clear();
  chunk.sentence_lengths.clear();
  chunk.line_hashes.clear();
  chunk.text_bytes = 0;
  const auto encode_sentence = [&](std::string_view sentence) {
    const size_t before = chunk.tokens.size();
    tokenizer_->encode(sentence, chunk.tokens);
    const size_t length = chunk.tokens.size() - before;
    // A sentence of nothing but control characters, say: neither content nor a document's end.
    if (length > 0) chunk.sentence_lengths.push_back(static_cast<uint32_t>(length));
  };
  std::vector<std::string_view> sentences;
  chunk.cleaning = texts_.for_each(chunk.chunk, [&](ChunkTexts::Unit unit, std::string_view text) {
    if (unit == ChunkTexts::Unit::document_end) {
      chunk.sentence_lengths.push_back(0);
      return;
    }
    chunk.line_hashes.push_back(hash64(text));
    chunk.text_bytes += text.size();
    if (unit == ChunkTexts::Unit::sentence) {
      encode_sentence(text);
      return;
    }
    sentences.clear();
    split_sentences(text, sentences);
    for (const std::string_view sentence : sentences) encode_sentence(sentence);
  });
}

}  // namespace cloze
