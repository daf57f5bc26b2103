#pragma once

#include <cstdint>
#include <memory>
#include <vector>

#include "engine/data/examples/encoded_sequence.h"
#include "engine/data/examples/example.h"
#include "engine/data/examples/label_set.h"
#include "engine/data/examples/sequence_options.h"
#include "engine/data/examples/task_description.h"
#include "engine/text/tokenizer.h"

namespace cloze {

// An example as the model reads it.
struct EncodedExample {
  std::vector<EncodedSequence> sequences;  // one; of multiple choice one per ending
  int32_t label = -1;  // classification: its id; multiple choice: the right ending; -1: none
  float score = 0;     // regression
  // Tagging, of the one sequence:
  std::vector<int32_t> token_labels;  // [length] the tag's id on the first piece of every word, else -1
  std::vector<int32_t> word_rows;  // [words] index of the first piece; -1: cut off, or the word has no pieces

  friend bool operator==(const EncodedExample&, const EncodedExample&) = default;
};

// What was met while encoding; counts of many examples add up.
struct EncodingCounts {
  int64_t sequences = 0, tokens = 0, unknown = 0;
  int64_t longest = 0;                              // tokens of the longest sequence before it was cut
  int64_t cut_sequences = 0, dropped_tokens = 0;    // longer than the task allows
  int64_t empty_sequences = 0;                      // no token of text
  int64_t cut_words = 0, words_without_pieces = 0;  // of tagging: words whose tag is lost

  EncodingCounts& operator+=(const EncodingCounts& other);
  friend bool operator==(const EncodingCounts&, const EncodingCounts&) = default;
};

// Texts to sequences: [CLS] a [SEP] or [CLS] a [SEP] b [SEP], cut to the task's length; a second text without
// tokens is none. Words of tagging are tokenised one by one. Immutable: one object serves any number of
// threads.
class ExampleEncoder {
 public:
  ExampleEncoder(std::shared_ptr<const Tokenizer> tokenizer, const TaskDescription& task, LabelSet labels);

  // Throws Error with the place for a label that is none of the set, a score that is no number, a choice of
  // other than the set's number of endings. An example without label has label -1; for prediction a label
  // that is none of the set counts as none.
  EncodedExample encode(const Example& example, const RecordPlace& place, ExampleUse use,
                        EncodingCounts& counts) const;

  // The sequence of one text or pair alone.
  EncodedSequence encode_texts(std::string_view a, std::string_view b, EncodingCounts& counts) const;

  const Tokenizer& tokenizer() const { return *tokenizer_; }
  const LabelSet& labels() const { return labels_; }
  const SequenceOptions& options() const { return options_; }
  TaskKind kind() const { return kind_; }

 private:
  void encode_pair(const TextPair& pair, const RecordPlace& place, ExampleUse use, EncodedExample& encoded,
                   EncodingCounts& counts) const;
  void encode_choice(const MultipleChoice& choice, const RecordPlace& place, ExampleUse use,
                     EncodedExample& encoded, EncodingCounts& counts) const;
  void encode_words(const TaggedWords& sentence, const RecordPlace& place, ExampleUse use,
                    EncodedExample& encoded, EncodingCounts& counts) const;
  int32_t label_id(const std::string& label, const RecordPlace& place, ExampleUse use) const;
  void count(const EncodedSequence& sequence, size_t dropped, EncodingCounts& counts) const;

  std::shared_ptr<const Tokenizer> tokenizer_;
  SequenceOptions options_;
  TaskKind kind_;
  LabelSet labels_;
};

}  // namespace cloze
