#include "engine/text/tokenizer.h"

#include <fmt/core.h>

#include "engine/base/error.h"
#include "engine/text/word_collector.h"
#include "engine/text/word_splitter.h"

namespace cloze {
namespace {

// Splits and spells in one pass, with no copy of the word.
struct SpellingSink {
  WordPiece::Matcher matcher;

  [[gnu::always_inline]] void letter(uint8_t byte, size_t) { matcher.character(byte); }
  void letters(std::string_view utf8, size_t, size_t) { matcher.characters(utf8); }
  void extend(size_t) {}
  [[gnu::always_inline]] void end_word() { matcher.end_word(); }
};

int checked_word_limit(const TokenizerOptions& options) {
  if (options.word_limit() < 1) {
    throw UsageError({.what = fmt::format("the word limit is {}", options.word_limit()),
                      .why = "no word has fewer characters than 1: every word would be [UNK]",
                      .remedy = "leave it out, or give 200 (Google) or 100 (Hugging Face)"});
  }
  return options.word_limit();
}

}  // namespace

Tokenizer::Tokenizer(std::shared_ptr<const Vocabulary> vocabulary, TokenizerOptions options)
    : vocabulary_(std::move(vocabulary)),
      options_(options),
      characters_(options),
      pieces_(*vocabulary_, checked_word_limit(options)) {
  if (!options.keep_special_tokens) return;
  for (const char* text : {"[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]"}) {
    if (const std::optional<int32_t> id = vocabulary_->find(text)) specials_.emplace_back(text, *id);
  }
}

Tokenizer::SpecialPiece Tokenizer::find_special(std::string_view text, size_t from) const {
  for (size_t at = text.find('[', from); at != std::string_view::npos; at = text.find('[', at + 1)) {
    for (const auto& [piece, id] : specials_) {
      if (text.substr(at).starts_with(piece)) return {at, piece.size(), id};
    }
  }
  return {std::string_view::npos, 0, 0};
}

// Cuts the text at the special pieces written in it; each stretch between them is tokenised on its own.
template <typename OnText, typename OnSpecial>
void Tokenizer::for_each_segment(std::string_view text, OnText&& on_text, OnSpecial&& on_special) const {
  size_t begin = 0;
  while (!specials_.empty()) {
    const SpecialPiece special = find_special(text, begin);
    if (special.position == std::string_view::npos) break;
    on_text(begin, text.substr(begin, special.position - begin));
    on_special(special.id, TextSpan{special.position, special.position + special.size});
    begin = special.position + special.size;
  }
  on_text(begin, text.substr(begin));
}

void Tokenizer::encode(std::string_view utf8, std::vector<int32_t>& ids) const {
  for_each_segment(
      utf8,
      [&](size_t, std::string_view segment) {
        SpellingSink sink{WordPiece::Matcher(pieces_, ids)};
        split_words(characters_, segment, sink);
      },
      [&](int32_t id, TextSpan) { ids.push_back(id); });
}

std::vector<int32_t> Tokenizer::encode(std::string_view utf8) const {
  std::vector<int32_t> ids;
  ids.reserve(utf8.size() / 4);
  encode(utf8, ids);
  return ids;
}

std::vector<Piece> Tokenizer::encode_with_offsets(std::string_view utf8) const {
  std::vector<Piece> pieces;
  std::vector<int32_t> ids;
  int32_t word_number = 0;
  const auto spell = [&](const CollectedWord& word) {
    ids.clear();
    pieces_.encode_word(word.text, ids);
    size_t byte = 0;  // of the normalised word
    for (const int32_t id : ids) {
      const bool whole = id == vocabulary_->unknown_id();
      const size_t marker = byte == 0 ? 0 : 2;  // "##"
      const size_t size = whole ? word.text.size() : vocabulary_->piece(id).size() - marker;
      pieces.push_back({id, {word.origins[byte].begin, word.origins[byte + size - 1].end}, word_number});
      byte += size;
    }
    ++word_number;
  };
  for_each_segment(
      utf8,
      [&](size_t offset, std::string_view segment) { collect_words(characters_, segment, offset, spell); },
      [&](int32_t id, TextSpan span) {
        pieces.push_back({id, span, word_number++});
      });
  return pieces;
}

std::vector<Word> Tokenizer::words(std::string_view utf8) const {
  std::vector<Word> words;
  for_each_segment(
      utf8,
      [&](size_t offset, std::string_view segment) {
        collect_words(characters_, segment, offset, [&](const CollectedWord& word) {
          words.push_back({word.text, {word.origins.front().begin, word.origins.back().end}});
        });
      },
      [&](int32_t id, TextSpan span) {
        words.push_back({std::string(vocabulary_->piece(id)), span});
      });
  return words;
}

}  // namespace cloze
