#include "engine/train/filling_model.h"

#include "engine/base/error.h"
#include "engine/model/bert_parameters.h"
#include "engine/train/model_state.h"

namespace cloze {

FillingModel::FillingModel(std::shared_ptr<const Checkpoint> checkpoint)
    : checkpoint_(std::move(checkpoint)),
      config_(checkpoint_->config().bert),
      layout_(
          bert_parameters(config_, {.pooler = false, .next_sentence = false}, VocabularyRows::as_in_files)) {
  const std::string missing_head = bert_names::prediction_bias;
  if (checkpoint_->parameters().find(missing_head) < 0) {
    throw UsageError({.what = "this model has no masked-language head, so it cannot fill blanks",
                      .where = checkpoint_->folder().string(),
                      .why = "the tensor " + missing_head + " is not there",
                      .remedy = "use a checkpoint of pretraining"});
  }
  engine_ = make_engine(DeviceKind::cpu, layout_.elements());
  require_complete(place_parameters(*engine_, layout_, checkpoint_->parameters()));
  filling_ = std::make_unique<MaskFilling>(config_, layout_, *engine_, checkpoint_->tokenizer().vocabulary,
                                           checkpoint_->tokenizer().options);
}

}  // namespace cloze
