#pragma once

#include <cstddef>
#include <cstdint>
#include <string_view>

#include "engine/text/character_context.h"
#include "engine/text/character_table.h"
#include "engine/text/utf8.h"

namespace cloze {

// Walks a text once and hands its basic tokens ("words": normalised, split at spaces, punctuation and Chinese
// characters) to `sink`, piece by piece and in order. begin and end are byte offsets into `text`; invalid
// UTF-8 bytes are dropped.
//
//   sink.letter(uint8_t byte, size_t begin)                             one ASCII character joins the word
//   sink.letters(std::string_view utf8, size_t begin, size_t end)       normalised characters join the word
//   sink.extend(size_t end)                                             a stripped mark belongs to the last
//   character sink.end_word()                                                     the word, if any, is
//   complete
template <typename Sink>
class WordSplitter {
 public:
  WordSplitter(const CharacterTable& table, std::string_view text, Sink& sink)
      : table_(table), text_(text), sink_(sink) {}

  [[gnu::always_inline]] void run() {
    for (size_t at = 0; at < text_.size();) {
      const uint8_t action = table_.ascii_action(static_cast<uint8_t>(text_[at]));
      if (action > CharacterTable::last_ascii_code) [[likely]] {
        sink_.letter(action, at);
        ++at;
      } else if (action == CharacterTable::ascii_space) {
        sink_.end_word();
        ++at;
      } else if (action == CharacterTable::ascii_isolate) {
        sink_.end_word();
        sink_.letter(static_cast<uint8_t>(text_[at]), at);
        sink_.end_word();
        ++at;
      } else {
        at = action == CharacterTable::not_ascii ? several_bytes(at) : at + 1;
      }
    }
    sink_.end_word();
  }

 private:
  // Handles the character at `at`, which is not ASCII; returns where the next one begins.
  size_t several_bytes(size_t at) {
    const CodePoint decoded = decode_utf8(text_, at);
    if (decoded.size == 0) return at + 1;
    const size_t end = at + decoded.size;
    const Character character = table_[decoded.value];
    switch (character.action) {
      case CharacterAction::keep:
        sink_.letters(text_.substr(at, decoded.size), at, end);
        break;
      case CharacterAction::map:
        sink_.letters(character.replacement, at, end);
        break;
      case CharacterAction::drop:
        break;
      case CharacterAction::strip:
        sink_.extend(end);
        break;
      case CharacterAction::space:
        sink_.end_word();
        break;
      case CharacterAction::isolate:
        isolate(text_.substr(at, decoded.size), at, end);
        break;
      case CharacterAction::isolate_map:
        isolate(character.replacement, at, end);
        break;
      case CharacterAction::sigma:
        sink_.letters(is_final_sigma(table_, text_, at) ? "ς" : "σ", at, end);
        break;
      case CharacterAction::reorder: {
        const MarkRun run = reorder_marks(table_, text_, at);
        sink_.letters(run.normalised, at, run.end);
        return run.end;
      }
    }
    return end;
  }

  void isolate(std::string_view utf8, size_t begin, size_t end) {
    sink_.end_word();
    sink_.letters(utf8, begin, end);
    sink_.end_word();
  }

  const CharacterTable& table_;
  std::string_view text_;
  Sink& sink_;
};

template <typename Sink>
[[gnu::always_inline]] inline void split_words(const CharacterTable& table, std::string_view text,
                                               Sink& sink) {
  WordSplitter<Sink>(table, text, sink).run();
}

}  // namespace cloze
