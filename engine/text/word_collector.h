#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "engine/text/tokenizer.h"
#include "engine/text/word_splitter.h"

namespace cloze {

// A normalised word, and for each of its bytes the stretch of the original text it came from.
struct CollectedWord {
  std::string text;
  std::vector<TextSpan> origins;  // [text.size()]
};

// Calls on_word(const CollectedWord&) for every word of `text`; `offset` is added to all positions.
template <typename OnWord>
void collect_words(const CharacterTable& table, std::string_view text, size_t offset, OnWord&& on_word) {
  struct Sink {
    size_t offset;
    OnWord& on_word;
    CollectedWord word = {};

    void letter(uint8_t byte, size_t begin) {
      const char c = static_cast<char>(byte);
      letters({&c, 1}, begin, begin + 1);
    }
    void letters(std::string_view utf8, size_t begin, size_t end) {
      word.text += utf8;
      word.origins.resize(word.text.size(), {offset + begin, offset + end});
    }
    // A stripped accent belongs to the character before it, so that a span's text is what the reader sees.
    void extend(size_t end) {
      if (word.origins.empty()) return;
      const TextSpan last = word.origins.back();
      for (size_t i = word.origins.size(); i > 0 && word.origins[i - 1] == last; --i) {
        word.origins[i - 1].end = offset + end;
      }
    }
    void end_word() {
      if (word.text.empty()) return;
      on_word(word);
      word.text.clear();
      word.origins.clear();
    }
  };
  Sink sink{offset, on_word};
  split_words(table, text, sink);
}

}  // namespace cloze
