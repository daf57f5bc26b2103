#pragma once

#include <array>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "engine/text/tokenizer_options.h"

namespace cloze {

// What the basic tokenizer does with one code point.
enum class CharacterAction : uint8_t {
  keep,         // part of a word, as it stands
  map,          // part of a word, replaced: lowercased, decomposed, accents taken off
  drop,         // removed as if it had never been there: controls, U+FFFD
  strip,        // removed after normalisation: a nonspacing mark
  space,        // ends a word
  isolate,      // a token of its own: punctuation, Chinese
  isolate_map,  // a token of its own, replaced: U+037E becomes ';'
  sigma,        // capital sigma, whose lower case depends on its neighbours (Google's rules)
  reorder,      // leaves a combining mark, which canonical ordering may move
};

struct Character {
  CharacterAction action = CharacterAction::keep;
  std::string_view replacement = {};  // UTF-8; for map, isolate_map, reorder
};

// The basic tokenizer's rules as a look-up: BertTokenizer's cleaning, Chinese spacing, lowercasing, NFD,
// stripping of nonspacing marks and punctuation, worked out once per code point from ICU's tables.
class CharacterTable {
 public:
  // Codes of ascii_action() below the first printable character; any other value is the byte a word receives.
  static constexpr uint8_t ascii_drop = 0, ascii_space = 1, ascii_isolate = 2, not_ascii = 3;
  static constexpr uint8_t last_ascii_code = not_ascii;

  explicit CharacterTable(const TokenizerOptions& options);

  uint8_t ascii_action(uint8_t byte) const { return ascii_[byte]; }

  Character operator[](char32_t code_point) const {
    const Entry entry =
        entries_[size_t{block_of_[code_point >> block_bits]} << block_bits | (code_point & block_mask)];
    return {static_cast<CharacterAction>(entry.action), {replacements_.data() + entry.offset, entry.size}};
  }

  const TokenizerOptions& options() const { return options_; }

 private:
  struct Entry {
    uint32_t action : 4 = 0;
    uint32_t size : 6 = 0;  // bytes of the replacement
    uint32_t offset : 22 = 0;
    bool operator==(const Entry&) const = default;
  };
  static constexpr uint32_t block_bits = 8, block_mask = (1u << block_bits) - 1;

  static uint8_t ascii_code(const Character& character, uint8_t byte);
  Entry make_entry(char32_t code_point);
  void compress(const std::vector<Entry>& flat);

  TokenizerOptions options_;
  std::array<uint8_t, 256> ascii_ = {};
  std::vector<uint16_t> block_of_;  // [code points / 256] -> block; equal blocks are stored once
  std::vector<Entry> entries_;      // [blocks, 256]
  std::string replacements_;
};

}  // namespace cloze
