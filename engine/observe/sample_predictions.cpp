#include "engine/observe/sample_predictions.h"

#include <algorithm>

#include "engine/text/utf8.h"

namespace cloze {
namespace {

constexpr uint32_t least_tokens = 5, most_tokens = 30;
constexpr size_t least_letters = 3;

bool continues(std::string_view piece) {
  return piece.starts_with("##");
}

bool is_word(std::string_view piece) {
  const auto first = static_cast<unsigned char>(piece.empty() ? 0 : piece[0]);
  const bool letter = (first >= 'a' && first <= 'z') || (first >= 'A' && first <= 'Z') || first >= 0x80;
  return letter && code_point_count(piece) >= least_letters;
}

// "sand ##wich es" as people write it.
std::string join(const std::vector<std::string_view>& pieces, size_t begin, size_t end) {
  std::string text;
  for (size_t i = begin; i < end; ++i) {
    const bool inside = continues(pieces[i]);
    if (!text.empty() && !inside) text += ' ';
    text += inside ? pieces[i].substr(2) : pieces[i];
  }
  return text;
}

// Nothing for a sentence with unknown pieces, or without a whole word to take out.
std::optional<FilledExample> with_blank(const std::vector<std::string_view>& pieces, size_t which) {
  std::vector<size_t> places;
  for (size_t i = 0; i < pieces.size(); ++i) {
    if (pieces[i].starts_with("[")) return std::nullopt;
    const bool whole = i + 1 == pieces.size() || !continues(pieces[i + 1]);
    if (whole && is_word(pieces[i])) places.push_back(i);
  }
  if (places.empty()) return std::nullopt;
  const size_t place = places[which % places.size()];
  return FilledExample{.before = join(pieces, 0, place),
                       .after = join(pieces, place + 1, pieces.size()),
                       .truth = std::string(pieces[place])};
}

std::optional<FilledExample> of_document(const Corpus& corpus, uint32_t index, size_t which) {
  const DocumentView document = corpus.document(index);
  for (size_t sentence = 0; sentence < document.sentences(); ++sentence) {
    const uint32_t length = document.length(sentence);
    if (length < least_tokens || length > most_tokens) continue;
    std::vector<int32_t> ids(length);
    corpus.copy_tokens(document.first_token + document.begin(sentence), length, ids.data());
    std::vector<std::string_view> pieces;
    for (const int32_t id : ids) pieces.push_back(corpus.vocabulary().piece(id));
    if (auto example = with_blank(pieces, which)) return example;
  }
  return std::nullopt;
}

}  // namespace

std::vector<FilledExample> sentences_with_blanks(const Corpus& corpus, size_t count) {
  std::vector<FilledExample> examples;
  const size_t documents = corpus.documents();
  for (size_t i = 0; i < std::min(count, documents); ++i) {
    const auto document = static_cast<uint32_t>(i * documents / std::min(count, documents));
    if (auto example = of_document(corpus, document, 3 * i + 1)) examples.push_back(std::move(*example));
  }
  return examples;
}

void fill(std::vector<FilledExample>& examples, MaskFilling& filling, int top) {
  for (FilledExample& example : examples)
    example.guesses = filling.fill(example.before + " [MASK] " + example.after, top).at(0);
}

}  // namespace cloze
