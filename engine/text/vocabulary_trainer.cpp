#include "engine/text/vocabulary_trainer.h"

#include <fmt/core.h>

#include <algorithm>
#include <unordered_map>

#include "engine/base/error.h"
#include "engine/text/pair_merger.h"
#include "engine/text/utf8.h"

namespace cloze {
namespace {

constexpr const char* special_pieces[] = {"[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]"};
constexpr std::string_view continuation = "##";

struct CharacterCount {
  char32_t character = 0;
  int64_t count = 0;
  bool in_longer_word = false;  // seen beside another character: it needs a "##" form
};

std::u32string characters_of(std::string_view word) {
  std::u32string characters;
  for (size_t at = 0; at < word.size();) {
    const CodePoint decoded = decode_utf8(word, at);
    if (decoded.size != 0) characters += decoded.value;
    at += std::max<uint32_t>(decoded.size, 1);
  }
  return characters;
}

// Every character of the words, the most frequent first, equal ones by code point.
std::vector<CharacterCount> count_characters(std::span<const WordCount> words) {
  std::unordered_map<char32_t, CharacterCount> counts;
  for (const WordCount& word : words) {
    const std::u32string characters = characters_of(word.word);
    for (const char32_t c : characters) {
      CharacterCount& entry = counts[c];
      entry.character = c;
      entry.count += word.count;
      entry.in_longer_word |= characters.size() > 1;
    }
  }
  std::vector<CharacterCount> sorted;
  for (const auto& [character, entry] : counts) sorted.push_back(entry);
  std::sort(sorted.begin(), sorted.end(), [](const CharacterCount& a, const CharacterCount& b) {
    return a.count != b.count ? a.count > b.count : a.character < b.character;
  });
  return sorted;
}

class Trainer {
 public:
  explicit Trainer(const VocabularyTrainerOptions& options) : options_(options) {
    for (const char* piece : special_pieces) number_of(piece);
  }

  TrainedVocabulary train(std::span<const WordCount> words) {
    add_alphabet(words);
    for (const WordCount& word : words) add_word(word);
    while (static_cast<int32_t>(result_.pieces.size()) < options_.size) {
      const std::optional<SymbolPair> best = merger_.most_frequent();
      if (!best || best->count < options_.min_frequency) break;
      merge(*best);
    }
    return std::move(result_);
  }

 private:
  int32_t number_of(const std::string& piece) {
    const auto [place, inserted] = numbers_.try_emplace(piece, static_cast<int32_t>(result_.pieces.size()));
    if (inserted) result_.pieces.push_back(piece);
    return place->second;
  }

  void add_alphabet(std::span<const WordCount> words) {
    std::vector<CharacterCount> alphabet = count_characters(words);
    const size_t kept = std::min(alphabet.size(), static_cast<size_t>(std::max(options_.max_alphabet, 0)));
    result_.dropped_characters = static_cast<int32_t>(alphabet.size() - kept);
    result_.alphabet = static_cast<int32_t>(kept);
    alphabet.resize(kept);
    std::sort(alphabet.begin(), alphabet.end(), [](auto& a, auto& b) { return a.character < b.character; });
    for (const CharacterCount& entry : alphabet) {
      std::string text;
      append_utf8(text, entry.character);
      initial_[entry.character] = number_of(text);
    }
    for (const CharacterCount& entry : alphabet) {
      if (!entry.in_longer_word) continue;
      std::string text(continuation);
      append_utf8(text, entry.character);
      continuing_[entry.character] = number_of(text);
    }
    if (static_cast<int64_t>(result_.pieces.size()) > options_.size) refuse_size();
  }

  [[noreturn]] void refuse_size() const {
    throw UsageError(
        {.what = fmt::format("a vocabulary of {} pieces is too small", options_.size),
         .why = fmt::format(
             "the special pieces and the alphabet alone are {}: {} + {} characters + {} \"##\" forms",
             result_.pieces.size(), std::size(special_pieces), initial_.size(), continuing_.size()),
         .remedy = "ask for more pieces, or limit the alphabet to fewer characters"});
  }

  void add_word(const WordCount& word) {
    std::vector<int32_t> symbols;
    for (const char32_t c : characters_of(word.word)) {
      const auto& forms = symbols.empty() ? initial_ : continuing_;
      const auto place = forms.find(c);
      if (place == forms.end()) {
        result_.dropped_occurrences += word.count;
        return;
      }
      symbols.push_back(place->second);
    }
    merger_.add_word(symbols, word.count);
  }

  void merge(const SymbolPair& pair) {
    const std::string& right = result_.pieces[static_cast<size_t>(pair.right)];  // always a "##" form
    const std::string text =
        result_.pieces[static_cast<size_t>(pair.left)] + right.substr(continuation.size());
    merger_.merge(pair, number_of(text));  // the same text may have come about by another merge before
    ++result_.merges;
  }

  VocabularyTrainerOptions options_;
  TrainedVocabulary result_;
  std::unordered_map<std::string, int32_t> numbers_;
  std::unordered_map<char32_t, int32_t> initial_, continuing_;
  PairMerger merger_;
};

}  // namespace

TrainedVocabulary train_vocabulary(std::span<const WordCount> words,
                                   const VocabularyTrainerOptions& options) {
  return Trainer(options).train(words);
}

}  // namespace cloze
