#include "engine/api/cloze.h"

#include "engine/checkpoint/checkpoint_store.h"
#include "engine/config/config.h"
#include "engine/train/filling_model.h"
#include "engine/train/pretrainer.h"

namespace cloze {

struct Model::Parts {
  explicit Parts(Checkpoint checkpoint) : model(std::move(checkpoint)) {}
  FillingModel model;
};

Model::Model(const std::filesystem::path& folder) : parts_(std::make_unique<Parts>(open_model(folder))) {}
Model::~Model() = default;
Model::Model(Model&&) noexcept = default;
Model& Model::operator=(Model&&) noexcept = default;

std::vector<std::vector<Model::Guess>> Model::fill(std::string_view text, int top) {
  std::vector<std::vector<Guess>> guesses;
  for (const auto& blank : parts_->model.filling().fill(text, top)) {
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
