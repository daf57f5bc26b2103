#include "engine/text/character_table.h"

#include <unicode/uchar.h>

#include <algorithm>
#include <map>

#include "engine/text/unicode.h"
#include "engine/text/utf8.h"

namespace cloze {
namespace {

constexpr char32_t code_points = 0x110000;
constexpr char32_t capital_sigma = 0x3A3;
constexpr char32_t last_chinese = 0x2FFFF;  // beyond it most of Unicode is unassigned or for private use

// A code point that normalisation leaves alone whatever the options are: most of Unicode by count, skipped
// for speed.
bool is_inert(char32_t code_point, int category) {
  return category == U_UNASSIGNED || category == U_PRIVATE_USE_CHAR || category == U_SURROGATE ||
         (code_point >= 0x3400 && code_point <= 0x9FFF) || (code_point >= 0x20000 && code_point <= 0x2F7FF);
}

// Whether a code point of a category gets what the one before it, of the same category, has got.
bool is_like_the_one_before(char32_t code_point, int category, TokenizerRules rules) {
  return is_inert(code_point, category) && is_inert(code_point - 1, category) &&
         is_chinese(code_point, rules) == is_chinese(code_point - 1, rules);
}

}  // namespace

CharacterTable::CharacterTable(const TokenizerOptions& options) : options_(options) {
  std::vector<Entry> flat(code_points);
  const struct {
    CharacterTable* table;
    std::vector<Entry>* flat;
  } filling{this, &flat};
  using Filling = decltype(filling);
  // Called for stretches of one category.
  const auto fill = [](const void* context, UChar32 begin, UChar32 end, UCharCategory category) -> UBool {
    const auto& [table, entries] = *static_cast<Filling*>(context);
    const auto first = static_cast<char32_t>(begin), past = static_cast<char32_t>(end);
    if (first > last_chinese && is_inert(first, category)) {
      std::fill(entries->begin() + begin, entries->begin() + end, table->make_entry(first));
      return true;
    }
    for (char32_t c = first; c < past; ++c) {
      const bool alike = c > first && is_like_the_one_before(c, category, table->options_.rules);
      (*entries)[c] = alike ? (*entries)[c - 1] : table->make_entry(c);
    }
    return true;
  };
  u_enumCharTypes(fill, &filling);
  compress(flat);
  ascii_.fill(not_ascii);
  for (uint8_t byte = 0; byte < 0x80; ++byte) ascii_[byte] = ascii_code((*this)[byte], byte);
}

uint8_t CharacterTable::ascii_code(const Character& character, uint8_t byte) {
  switch (character.action) {
    case CharacterAction::keep:
      return byte;
    case CharacterAction::map:
      return static_cast<uint8_t>(character.replacement[0]);
    case CharacterAction::drop:
      return ascii_drop;
    case CharacterAction::space:
      return ascii_space;
    default:
      return ascii_isolate;
  }
}

CharacterTable::Entry CharacterTable::make_entry(char32_t code_point) {
  const TokenizerRules rules = options_.rules;
  const auto entry = [](CharacterAction action) { return Entry{.action = static_cast<uint32_t>(action)}; };
  const int category = category_of(code_point, rules);
  if (is_control(code_point, category, rules)) return entry(CharacterAction::drop);
  if (is_space(code_point, category)) return entry(CharacterAction::space);
  const bool isolated = options_.chinese_characters && is_chinese(code_point, rules);
  if (is_inert(code_point, u_charType(static_cast<UChar32>(code_point)))) {
    return entry(isolated ? CharacterAction::isolate : CharacterAction::keep);
  }
  if (code_point == capital_sigma && options_.lowercase && rules == TokenizerRules::google) {
    return entry(CharacterAction::sigma);
  }

  std::u32string text = normalised(code_point, options_);
  bool moves = false;
  if (options_.strips_accents()) {
    std::erase_if(text, [&](char32_t c) { return is_nonspacing_mark(c, rules); });
    moves = std::any_of(text.begin(), text.end(), [&](char32_t c) { return combining_class(c, rules) != 0; });
  }
  if (text.empty()) return entry(CharacterAction::strip);
  const bool separate = isolated || (text.size() == 1 && is_punctuation(text[0], rules));
  const bool same = text.size() == 1 && text[0] == code_point;
  if (same && !moves) return entry(separate ? CharacterAction::isolate : CharacterAction::keep);

  Entry mapped = entry(moves      ? CharacterAction::reorder
                       : separate ? CharacterAction::isolate_map
                                  : CharacterAction::map);
  mapped.offset = static_cast<uint32_t>(replacements_.size());
  for (const char32_t c : text) append_utf8(replacements_, c);
  mapped.size = static_cast<uint32_t>(replacements_.size()) - mapped.offset;
  return mapped;
}

void CharacterTable::compress(const std::vector<Entry>& flat) {
  constexpr size_t block_size = size_t{1} << block_bits;
  std::map<std::string_view, uint16_t> known;  // a block's bytes -> its number
  for (size_t begin = 0; begin < flat.size(); begin += block_size) {
    const std::string_view bytes(reinterpret_cast<const char*>(&flat[begin]), block_size * sizeof(Entry));
    const auto [place, inserted] = known.emplace(bytes, static_cast<uint16_t>(known.size()));
    if (inserted) {
      entries_.insert(entries_.end(), flat.begin() + static_cast<ptrdiff_t>(begin),
                      flat.begin() + static_cast<ptrdiff_t>(begin + block_size));
    }
    block_of_.push_back(place->second);
  }
}

}  // namespace cloze
