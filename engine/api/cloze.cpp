#include "engine/api/cloze.h"

#include "engine/checkpoint/checkpoint_store.h"
#include "engine/config/config.h"
#include "engine/model/bert_parameters.h"
#include "engine/tasks/mask_filling.h"
#include "engine/train/model_state.h"
#include "engine/train/pretrainer.h"

namespace cloze {

struct Model::Parts {
  explicit Parts(const Checkpoint& checkpoint)
      : config(checkpoint.config().bert),
        layout(bert_parameters(config, {.pooler = false, .next_sentence = false})) {
    const std::string missing_head = bert_names::prediction_bias;
    if (checkpoint.parameters().find(missing_head) < 0) {
      throw UsageError({.what = "this model has no masked-language head, so it cannot fill blanks",
                        .where = checkpoint.folder().string(),
                        .why = "the tensor " + missing_head + " is not there",
                        .remedy = "use a checkpoint of pretraining"});
    }
    engine = make_engine(DeviceKind::cpu, layout.elements(), false);
    require_complete(load_parameters(*engine, layout, checkpoint.parameters()));
    filling = std::make_unique<MaskFilling>(config, layout, *engine, checkpoint.tokenizer().vocabulary,
                                            checkpoint.tokenizer().options);
  }
  BertConfig config;
  ParameterLayout layout;
  std::unique_ptr<Engine> engine;
  std::unique_ptr<MaskFilling> filling;
};

Model::Model(const std::filesystem::path& folder) : parts_(std::make_unique<Parts>(open_model(folder))) {}
Model::~Model() = default;
Model::Model(Model&&) noexcept = default;
Model& Model::operator=(Model&&) noexcept = default;

std::vector<std::vector<Model::Guess>> Model::fill(std::string_view text, int top) {
  std::vector<std::vector<Guess>> guesses;
  for (const auto& blank : parts_->filling->fill(text, top)) {
    guesses.emplace_back();
    for (const FilledPiece& piece : blank) guesses.back().push_back({piece.piece, piece.probability});
  }
  return guesses;
}

int pretrain(const std::filesystem::path& config, const std::vector<std::string>& overrides,
             OnExisting existing) {
  const ExistingRun mode = existing == OnExisting::resume      ? ExistingRun::resume
                           : existing == OnExisting::overwrite ? ExistingRun::overwrite
                                                               : ExistingRun::refuse;
  return pretrain(config::read<PretrainOptions>(config, overrides), mode);
}

}  // namespace cloze
