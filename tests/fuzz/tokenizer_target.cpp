// Text to pieces under every mix of rules, casing and special tokens, and text to sentences.
#include <memory>
#include <vector>

#include "engine/text/sentences.h"
#include "engine/text/tokenizer.h"
#include "tests/fuzz/fuzz_target.h"

using namespace cloze;

namespace {

std::vector<Tokenizer> every_tokenizer() {
  const auto vocabulary = std::make_shared<const Vocabulary>(Vocabulary::parse(
      "[PAD]\n[UNK]\n[CLS]\n[SEP]\n[MASK]\na\nb\ne\n##a\n##b\n##e\nthe\n##er\nun\n##aff\n##able\n"
      ".\n,\n!\n-\n[\n]\nMASK\nÉ\né\nα\n##σ\nς\n中\nß\nss\nı\ni\n##̇\n",
      "inline"));
  std::vector<Tokenizer> tokenizers;
  for (const TokenizerRules rules : {TokenizerRules::google, TokenizerRules::huggingface}) {
    for (const bool lowercase : {false, true}) {
      for (const bool keep_special_tokens : {false, true}) {
        tokenizers.emplace_back(vocabulary, TokenizerOptions{.lowercase = lowercase,
                                                             .rules = rules,
                                                             .keep_special_tokens = keep_special_tokens});
      }
    }
  }
  return tokenizers;
}

void check_pieces(const Tokenizer& tokenizer, std::string_view text) {
  const std::vector<int32_t> ids = tokenizer.encode(text);
  const std::vector<Piece> pieces = tokenizer.encode_with_offsets(text);
  fuzz::require(ids.size() == pieces.size(), "as many pieces with their places as without");
  for (size_t i = 0; i < ids.size(); ++i) {
    const Piece& piece = pieces[i];
    fuzz::require(ids[i] == piece.id, "the same pieces with their places as without");
    fuzz::require(piece.id >= 0 && piece.id < tokenizer.vocabulary().size(), "pieces are of the vocabulary");
    fuzz::require(piece.span.begin <= piece.span.end && piece.span.end <= text.size(),
                  "places are in the text");
    if (i > 0) {
      fuzz::require(piece.span.begin >= pieces[i - 1].span.begin && piece.word >= pieces[i - 1].word,
                    "places and words do not go back");
    }
  }
}

void check_sentences(std::string_view text) {
  const char* last = text.data();
  for (const std::string_view sentence : split_sentences(text)) {
    fuzz::require(!sentence.empty(), "no sentence is empty");
    fuzz::require(sentence.data() >= last, "sentences are in order and apart");
    last = sentence.data() + sentence.size();
    fuzz::require(last <= text.data() + text.size(), "sentences are in the text");
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  static const std::vector<Tokenizer> tokenizers = every_tokenizer();
  const std::string_view text = fuzz::as_text(data, size);
  for (const Tokenizer& tokenizer : tokenizers) check_pieces(tokenizer, text);
  check_sentences(text);
  return 0;
}
