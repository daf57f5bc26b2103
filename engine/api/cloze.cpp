#include "engine/api/cloze.h"

#include <future>
#include <utility>

#include "engine/base/error.h"
#include "engine/checkpoint/checkpoint_store.h"
#include "engine/config/config.h"
#include "engine/train/filling_model.h"
#include "engine/train/pretrainer.h"

namespace cloze {

// Digests are compared beside the first answer: both read the whole file, and the answer is given when they
// are right. Where anything goes wrong the model is opened again step by step, which finds an older
// checkpoint or says what is damaged.
struct Model::Parts {
  explicit Parts(std::filesystem::path path) : folder(std::move(path)) {
    try {
      const auto checkpoint = std::make_shared<const Checkpoint>(open_model_unread(folder));
      whole =
          std::async(std::launch::async, [checkpoint] { checkpoint->verify(CheckpointFiles::of_the_model); });
      model = std::make_unique<FillingModel>(checkpoint);
    } catch (const Error&) {
      open_step_by_step();
    }
  }

  void open_step_by_step() {
    whole = {};
    model.reset();
    model = std::make_unique<FillingModel>(std::make_shared<const Checkpoint>(open_model(folder)));
  }

  std::vector<std::vector<FilledPiece>> fill(std::string_view text, int top) {
    if (!whole.valid()) return model->filling().fill(text, top);
    try {
      auto answer = model->filling().fill(text, top);
      whole.get();
      return answer;
    } catch (const UsageError&) {
      throw;  // a text without a blank: digests are compared at the next one
    } catch (const Error&) {
      open_step_by_step();
      return model->filling().fill(text, top);
    }
  }

  std::filesystem::path folder;
  std::unique_ptr<FillingModel> model;
  std::future<void> whole;  // until it was waited for
};

Model::Model(const std::filesystem::path& folder) : parts_(std::make_unique<Parts>(folder)) {}
Model::~Model() = default;
Model::Model(Model&&) noexcept = default;
Model& Model::operator=(Model&&) noexcept = default;

std::vector<std::vector<Model::Guess>> Model::fill(std::string_view text, int top) {
  std::vector<std::vector<Guess>> guesses;
  for (const auto& blank : parts_->fill(text, top)) {
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
