#pragma once

#include <filesystem>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

// Cloze as a library: find_package(Cloze), target Cloze::cloze, #include <cloze/cloze.h>. Everything throws
// cloze::Error (what, where, why, what to do) or its child UsageError for a wrong call; <cloze/error.h>
// declares both.
namespace cloze {

// A trained model, ready to use.
class Model {
 public:
  // A run folder (its latest good checkpoint), a checkpoint folder, any Hugging Face BERT folder, or a
  // TensorFlow checkpoint (its folder or prefix); with a masked-LM head.
  explicit Model(const std::filesystem::path& folder);
  ~Model();
  Model(Model&&) noexcept;
  Model& operator=(Model&&) noexcept;

  struct Guess {
    std::string piece;       // as in vocab.txt
    double probability = 0;  // over the whole vocabulary
  };
  // For each "[MASK]" in the text, the `top` most probable pieces, best first.
  std::vector<std::vector<Guess>> fill(std::string_view text, int top = 5);

 private:
  struct Parts;
  std::unique_ptr<Parts> parts_;
};

enum class OnExisting { refuse, resume, overwrite };

// Trains from a YAML file as `cloze pretrain CONFIG --set KEY=VALUE...` does. Returns 0 when done, or the
// number of the signal (SIGINT, SIGTERM) that ended the run after a checkpoint.
int pretrain(const std::filesystem::path& config, const std::vector<std::string>& overrides = {},
             OnExisting existing = OnExisting::refuse);

}  // namespace cloze
