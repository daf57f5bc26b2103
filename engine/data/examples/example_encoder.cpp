#include "engine/data/examples/example_encoder.h"

#include <fmt/core.h>

#include <algorithm>
#include <utility>

#include "engine/base/error.h"
#include "engine/data/examples/score_text.h"
#include "engine/data/examples/truncation.h"

namespace cloze {
namespace {

// Erases what is too much and says how much that was.
size_t cut(std::vector<int32_t>& tokens, size_t kept, const SequenceOptions& options) {
  const TokenRange range = dropped_range(tokens.size(), kept, options);
  tokens.erase(tokens.begin() + static_cast<ptrdiff_t>(range.begin),
               tokens.begin() + static_cast<ptrdiff_t>(range.end));
  return range.size();
}

// The pieces of a sentence's words, one after the other, and where each word begins among them.
struct WordPieces {
  std::vector<int32_t> pieces;
  std::vector<int32_t> first;  // [words]; -1: the word has no pieces
};

WordPieces pieces_of(const std::vector<std::string>& words, const Tokenizer& tokenizer) {
  WordPieces result;
  for (const std::string& word : words) {
    const auto begin = static_cast<int32_t>(result.pieces.size());
    tokenizer.encode(word, result.pieces);
    result.first.push_back(static_cast<int32_t>(result.pieces.size()) > begin ? begin : -1);
  }
  return result;
}

}  // namespace

EncodingCounts& EncodingCounts::operator+=(const EncodingCounts& other) {
  sequences += other.sequences;
  tokens += other.tokens;
  unknown += other.unknown;
  longest = std::max(longest, other.longest);
  cut_sequences += other.cut_sequences;
  dropped_tokens += other.dropped_tokens;
  empty_sequences += other.empty_sequences;
  cut_words += other.cut_words;
  words_without_pieces += other.words_without_pieces;
  return *this;
}

ExampleEncoder::ExampleEncoder(std::shared_ptr<const Tokenizer> tokenizer, const TaskDescription& task,
                               LabelSet labels)
    : tokenizer_(std::move(tokenizer)),
      options_(task.sequences),
      kind_(task.kind),
      labels_(std::move(labels)) {}

EncodedExample ExampleEncoder::encode(const Example& example, const RecordPlace& place, ExampleUse use,
                                      EncodingCounts& counts) const {
  EncodedExample encoded;
  if (const auto* pair = std::get_if<TextPair>(&example.content)) {
    encode_pair(*pair, place, use, encoded, counts);
  } else if (const auto* choice = std::get_if<MultipleChoice>(&example.content)) {
    encode_choice(*choice, place, use, encoded, counts);
  } else {
    encode_words(std::get<TaggedWords>(example.content), place, use, encoded, counts);
  }
  return encoded;
}

EncodedSequence ExampleEncoder::encode_texts(std::string_view a, std::string_view b,
                                             EncodingCounts& counts) const {
  const Vocabulary& vocabulary = tokenizer_->vocabulary();
  std::vector<int32_t> first = tokenizer_->encode(a), second = tokenizer_->encode(b);
  const bool is_pair = !second.empty();
  const auto most = static_cast<size_t>(options_.max_sequence_length) - (is_pair ? 3 : 2);
  const auto [kept_first, kept_second] = kept_lengths(first.size(), second.size(), most);
  size_t dropped = cut(first, kept_first, options_);
  dropped += cut(second, kept_second, options_);

  EncodedSequence sequence;
  sequence.tokens.reserve(first.size() + second.size() + 3);
  sequence.tokens.push_back(vocabulary.classify_id());
  sequence.tokens.insert(sequence.tokens.end(), first.begin(), first.end());
  sequence.tokens.push_back(vocabulary.separator_id());
  sequence.second_begins = static_cast<int32_t>(sequence.tokens.size());
  if (is_pair) {
    sequence.tokens.insert(sequence.tokens.end(), second.begin(), second.end());
    sequence.tokens.push_back(vocabulary.separator_id());
  }
  if (first.empty() && second.empty()) ++counts.empty_sequences;
  count(sequence, dropped, counts);
  return sequence;
}

void ExampleEncoder::count(const EncodedSequence& sequence, size_t dropped, EncodingCounts& counts) const {
  const auto length = static_cast<int64_t>(sequence.tokens.size());
  ++counts.sequences;
  counts.tokens += length;
  counts.unknown +=
      std::count(sequence.tokens.begin(), sequence.tokens.end(), tokenizer_->vocabulary().unknown_id());
  counts.longest = std::max(counts.longest, length + static_cast<int64_t>(dropped));
  counts.cut_sequences += dropped > 0 ? 1 : 0;
  counts.dropped_tokens += static_cast<int64_t>(dropped);
}

int32_t ExampleEncoder::label_id(const std::string& label, const RecordPlace& place, ExampleUse use) const {
  if (use == ExampleUse::prediction) return labels_.find(label).value_or(-1);
  return labels_.require(label, place);
}

void ExampleEncoder::encode_pair(const TextPair& pair, const RecordPlace& place, ExampleUse use,
                                 EncodedExample& encoded, EncodingCounts& counts) const {
  encoded.sequences.push_back(encode_texts(pair.a, pair.b, counts));
  if (!pair.label) return;
  if (kind_ != TaskKind::regression) {
    encoded.label = label_id(*pair.label, place, use);
    return;
  }
  const auto score = parse_score(*pair.label);
  if (!score && use != ExampleUse::prediction) {
    throw Error({.what = fmt::format("the score `{}` is no number", *pair.label),
                 .where = to_string(place),
                 .why = "the labels of regression are numbers",
                 .remedy = "correct the file; if this is a header, say so with `task.header: yes`"});
  }
  encoded.score = static_cast<float>(score.value_or(0));
}

void ExampleEncoder::encode_choice(const MultipleChoice& choice, const RecordPlace& place, ExampleUse use,
                                   EncodedExample& encoded, EncodingCounts& counts) const {
  if (static_cast<int32_t>(choice.endings.size()) != labels_.size()) {
    throw Error({.what = fmt::format("this example has {} ending(s)", choice.endings.size()),
                 .where = to_string(place),
                 .why = fmt::format("the others have {}", labels_.size())});
  }
  for (const std::string& ending : choice.endings) {
    encoded.sequences.push_back(encode_texts(choice.context, ending, counts));
  }
  if (choice.label) encoded.label = label_id(*choice.label, place, use);
}

void ExampleEncoder::encode_words(const TaggedWords& sentence, const RecordPlace& place, ExampleUse use,
                                  EncodedExample& encoded, EncodingCounts& counts) const {
  const Vocabulary& vocabulary = tokenizer_->vocabulary();
  WordPieces words = pieces_of(sentence.words, *tokenizer_);
  const size_t most = static_cast<size_t>(options_.max_sequence_length) - 2;
  const size_t kept = std::min(words.pieces.size(), most);
  const TokenRange range = dropped_range(words.pieces.size(), kept, options_);
  cut(words.pieces, kept, options_);

  EncodedSequence& sequence = encoded.sequences.emplace_back();
  sequence.tokens.push_back(vocabulary.classify_id());
  sequence.tokens.insert(sequence.tokens.end(), words.pieces.begin(), words.pieces.end());
  sequence.tokens.push_back(vocabulary.separator_id());
  sequence.second_begins = static_cast<int32_t>(sequence.tokens.size());
  encoded.token_labels.assign(sequence.tokens.size(), -1);
  for (size_t word = 0; word < words.first.size(); ++word) {
    const int32_t first = words.first[word];
    const int32_t tag = sentence.tags.empty() ? -1 : label_id(sentence.tags[word], place, use);
    const auto piece = static_cast<size_t>(first);
    const bool is_cut = first >= 0 && piece >= range.begin && piece < range.end;
    counts.words_without_pieces += first < 0 ? 1 : 0;
    counts.cut_words += is_cut ? 1 : 0;
    if (first < 0 || is_cut) {
      encoded.word_rows.push_back(-1);
      continue;
    }
    const size_t row = 1 + piece - (piece >= range.end ? range.size() : 0);
    encoded.word_rows.push_back(static_cast<int32_t>(row));
    encoded.token_labels[row] = tag;
  }
  if (words.pieces.empty()) ++counts.empty_sequences;
  count(sequence, range.size(), counts);
}

}  // namespace cloze
