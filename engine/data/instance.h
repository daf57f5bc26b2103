#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "engine/data/corpus.h"
#include "engine/data/instance_options.h"
#include "engine/data/masking.h"
#include "engine/data/pairing.h"

namespace cloze {

// One pretraining sequence with its masks.
struct Instance {
  std::vector<int32_t> tokens;          // [length] after masking: [CLS] A [SEP] B [SEP]
  std::vector<Prediction> predictions;  // by ascending position
  int length_a = 0, length_b = 0;
  bool random_next = false;

  // 0 up to and including the first [SEP], then 1.
  int token_type(size_t position) const { return position < static_cast<size_t>(length_a) + 2 ? 0 : 1; }

  MaskCandidates candidates;  // working memory, kept between uses
};

// Makes the sequences that references stand for. The masks of a sequence depend on (seed, variant, document,
// ordinal) alone: not on the batch, the rank or what was made before. Usable from many threads, each with an
// Instance of its own.
class InstanceMaker {
 public:
  // Throws Error for a vocabulary without [MASK].
  InstanceMaker(std::shared_ptr<const Corpus> corpus, const InstanceOptions& options, uint64_t seed);

  void make(const InstanceReference& reference, Instance& instance) const;

  // How many predictions make() gives. Without whole-word masking it follows from the length alone.
  int count_predictions(const InstanceReference& reference, Instance& working_memory) const;

  const InstanceOptions& options() const { return options_; }
  const Corpus& corpus() const { return *corpus_; }
  const std::shared_ptr<const Corpus>& shared_corpus() const { return corpus_; }
  uint64_t seed() const { return seed_; }

 private:
  std::shared_ptr<const Corpus> corpus_;
  InstanceOptions options_;
  uint64_t seed_;
  int32_t classify_id_, separator_id_;
  std::vector<uint8_t> continues_word_;  // [vocabulary]
  MaskingVocabulary masking_;
};

// The example as create_pretraining_data.py logs it: tokens, then every feature, padded to
// max_sequence_length and max_predictions.
std::string show_example(const Instance& instance, const InstanceOptions& options,
                         const Vocabulary& vocabulary);

}  // namespace cloze
