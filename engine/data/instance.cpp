#include "engine/data/instance.h"

#include <utility>

#include "engine/data/draw_sequence.h"

namespace cloze {

InstanceMaker::InstanceMaker(std::shared_ptr<const Corpus> corpus, const InstanceOptions& options,
                             uint64_t seed)
    : corpus_(std::move(corpus)), options_(options), seed_(seed) {
  validate(options_, "pretraining sequences");
  const Vocabulary& vocabulary = corpus_->vocabulary();
  classify_id_ = vocabulary.classify_id();
  separator_id_ = vocabulary.separator_id();
  continues_word_.resize(static_cast<size_t>(vocabulary.size()));
  for (int32_t id = 0; id < vocabulary.size(); ++id) {
    continues_word_[static_cast<size_t>(id)] = vocabulary.piece(id).starts_with("##") ? 1 : 0;
  }
  masking_ = {.mask_id = vocabulary.mask_id(),
              .replacements = vocabulary.distinct_ids(),
              .continues_word = continues_word_};
}

void InstanceMaker::make(const InstanceReference& reference, Instance& instance) const {
  instance.length_a = reference.length_a;
  instance.length_b = reference.length_b;
  instance.random_next = reference.random_next;
  instance.tokens.resize(static_cast<size_t>(reference.tokens()));
  int32_t* out = instance.tokens.data();
  *out++ = classify_id_;
  corpus_->copy_tokens(reference.first_a, reference.length_a, out);
  out += reference.length_a;
  *out++ = separator_id_;
  if (reference.length_b > 0) {
    corpus_->copy_tokens(reference.first_b, reference.length_b, out);
    out[reference.length_b] = separator_id_;
  }
  DrawSequence draws(data_key(seed_, DataPurpose::masking, reference.variant), reference.document,
                     reference.ordinal);
  mask_sequence(std::span(instance.tokens), reference.length_a, reference.length_b, options_, masking_, draws,
                instance.candidates, instance.predictions);
}

int InstanceMaker::count_predictions(const InstanceReference& reference, Instance& working_memory) const {
  if (!options_.whole_word) {
    return std::min(predictions_wanted(reference.tokens(), options_),
                    reference.length_a + reference.length_b);
  }
  make(reference, working_memory);
  return static_cast<int>(working_memory.predictions.size());
}

}  // namespace cloze
