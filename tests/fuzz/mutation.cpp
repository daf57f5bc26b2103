#include "tests/fuzz/mutation.h"

#include <algorithm>
#include <array>
#include <string_view>

#include "engine/data/draw_sequence.h"
#include "kernels/common/philox.h"

namespace cloze::fuzz {
namespace {

using namespace std::string_view_literals;

constexpr uint32_t mutation_purpose = 0x66757A7A;
constexpr uint32_t most_changes = 8;
constexpr uint32_t longest_stretch = 64;  // bytes removed, repeated or borrowed at once

// What parsers trip over and single bytes seldom spell: limits of numbers, ends of strings and lines,
// characters at the edges of UTF-8, and the brackets of JSON, YAML and Markdown.
constexpr auto awkward_words = std::to_array<std::string_view>({"0"sv,
                                                                "-1"sv,
                                                                "2147483648"sv,
                                                                "9223372036854775808"sv,
                                                                "18446744073709551615"sv,
                                                                "1e999"sv,
                                                                "nan"sv,
                                                                "null"sv,
                                                                "true"sv,
                                                                "\"\""sv,
                                                                "\0"sv,
                                                                "\n"sv,
                                                                "\r\n"sv,
                                                                "\n\n"sv,
                                                                "\t"sv,
                                                                " "sv,
                                                                "\xEF\xBB\xBF"sv,
                                                                "\xC3"sv,
                                                                "\xC0\x80"sv,
                                                                "\xED\xA0\x80"sv,
                                                                "\xEF\xBF\xBD"sv,
                                                                "\xF4\x8F\xBF\xBF"sv,
                                                                "\xF4\x90\x80\x80"sv,
                                                                "\xCC\x81"sv,
                                                                "\xC4\xB0"sv,
                                                                "\xE4\xB8\x80"sv,
                                                                "\xE2\x80\xA8"sv,
                                                                "{"sv,
                                                                "}"sv,
                                                                "[["sv,
                                                                "]"sv,
                                                                ":"sv,
                                                                ": "sv,
                                                                ","sv,
                                                                "- "sv,
                                                                "<<: *a"sv,
                                                                "&a "sv,
                                                                "!!binary "sv,
                                                                "# "sv,
                                                                "```"sv,
                                                                "](("sv,
                                                                "&#xD800;"sv,
                                                                "&#x110000;"sv,
                                                                "\\u0000"sv,
                                                                "\\ud800"sv,
                                                                "[MASK]"sv,
                                                                "##"sv,
                                                                ". "sv});

class Mutation {
 public:
  Mutation(DrawSequence draws, const std::vector<std::string>& seeds) : draws_(draws), seeds_(seeds) {
    text_ = any_seed();
  }

  void change() {
    switch (draws_.below(7)) {
      case 0:  // one bit
        if (!text_.empty()) text_[inside()] ^= static_cast<char>(1u << draws_.below(8));
        return;
      case 1:  // one byte
        if (!text_.empty()) text_[inside()] = static_cast<char>(draws_.below(256));
        return;
      case 2:
        text_.insert(place(), 1, static_cast<char>(draws_.below(256)));
        return;
      case 3:
        text_.insert(place(), awkward_words[draws_.below(static_cast<uint32_t>(awkward_words.size()))]);
        return;
      case 4:
        text_.erase(place(), stretch());
        return;
      case 5: {  // repeated: duplicate keys, deep nesting, long lines
        const std::string piece = text_.substr(place(), stretch());
        const size_t at = place();
        for (uint32_t times = 1 + draws_.below(4); times > 0; --times) text_.insert(at, piece);
        return;
      }
      default: {  // borrowed from any seed
        const std::string& other = any_seed();
        const size_t from = draws_.below(static_cast<uint32_t>(other.size() + 1));
        text_.insert(place(), other, from, stretch());
        return;
      }
    }
  }

  uint32_t changes() { return 1 + draws_.below(most_changes); }
  const std::string& text() const { return text_; }

 private:
  const std::string& any_seed() { return seeds_[draws_.below(static_cast<uint32_t>(seeds_.size()))]; }
  size_t inside() { return draws_.below(static_cast<uint32_t>(text_.size())); }
  size_t place() { return draws_.below(static_cast<uint32_t>(text_.size() + 1)); }
  size_t stretch() { return 1 + draws_.below(longest_stretch); }

  DrawSequence draws_;
  const std::vector<std::string>& seeds_;
  std::string text_;
};

}  // namespace

std::string mutated_input(const std::vector<std::string>& seeds, uint64_t seed, uint64_t run,
                          size_t longest) {
  Mutation mutation(DrawSequence(derive_key(seed, mutation_purpose, run), 0, 0), seeds);
  for (uint32_t left = mutation.changes(); left > 0; --left) mutation.change();
  return mutation.text().substr(0, longest);
}

}  // namespace cloze::fuzz
