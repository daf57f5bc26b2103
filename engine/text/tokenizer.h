#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "engine/text/character_table.h"
#include "engine/text/tokenizer_options.h"
#include "engine/text/unicode.h"
#include "engine/text/vocabulary.h"
#include "engine/text/wordpiece.h"

namespace cloze {

// A stretch of the original text in bytes: [begin, end).
struct TextSpan {
  size_t begin = 0, end = 0;
  bool operator==(const TextSpan&) const = default;
};

// A basic token: normalised text between spaces, punctuation and Chinese characters, and where it stands in
// the original.
struct Word {
  std::string text;
  TextSpan span;
};

// A piece, where the original characters it spells stand, and the number of its word.
struct Piece {
  int32_t id = 0;
  TextSpan span;
  int32_t word = 0;
};

// Text to word pieces: BERT's basic tokenizer (cleaning, lowercasing, accents, punctuation), then WordPiece.
// Adds neither [CLS] nor [SEP]; drops bytes that are not UTF-8. Immutable: one object serves any number of
// threads.
class Tokenizer {
 public:
  // Throws UsageError for a word limit below 1.
  Tokenizer(std::shared_ptr<const Vocabulary> vocabulary, TokenizerOptions options);

  void encode(std::string_view utf8, std::vector<int32_t>& ids) const;  // appends
  std::vector<int32_t> encode(std::string_view utf8) const;

  // The same ids with their places; slower.
  std::vector<Piece> encode_with_offsets(std::string_view utf8) const;

  // The basic tokens alone.
  std::vector<Word> words(std::string_view utf8) const;

  const Vocabulary& vocabulary() const { return *vocabulary_; }
  const TokenizerOptions& options() const { return options_; }

 private:
  struct SpecialPiece {
    size_t position;  // of the '[' in the text; npos: no further one
    size_t size;
    int32_t id;
  };
  SpecialPiece find_special(std::string_view text, size_t from) const;

  template <typename OnText, typename OnSpecial>
  void for_each_segment(std::string_view text, OnText&& on_text, OnSpecial&& on_special) const;

  std::shared_ptr<const Vocabulary> vocabulary_;
  TokenizerOptions options_;
  CharacterTable characters_;
  WordPiece pieces_;
  std::vector<std::pair<std::string, int32_t>> specials_;  // empty unless they are kept
};

}  // namespace cloze
