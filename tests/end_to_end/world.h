#pragma once

#include <cstdint>
#include <filesystem>
#include <map>
#include <string>
#include <vector>

#include "tests/end_to_end/program.h"

namespace cloze::end_to_end {

// What all tests train on, made once by `cloze` itself and removed at the end:
//   text/         the sample world (`cloze sample`)
//   vocab.txt     of it
//   corpus, corpus-valid   prepared
//   little        a corpus of few documents, so that an epoch is over after some ten steps
//   pretrain.yaml a tiny model on them, as pretrain_call() uses it
class World {
 public:
  static const World& get();
  std::filesystem::path operator/(const std::string& name) const { return root_ / name; }

 private:
  World();
  ~World();
  std::filesystem::path root_;
};

// `cloze pretrain` into `output`, with `settings` (KEY=VALUE) over pretrain.yaml and flags such as --resume.
Arguments pretrain_call(const std::filesystem::path& output, const std::vector<std::string>& settings = {},
                        const std::vector<std::string>& flags = {});

// step -> training loss, of a run's metrics.jsonl; every step must be there once.
std::map<int64_t, double> training_losses(const std::filesystem::path& run);

// The steps of the checkpoints of a run, ascending.
std::vector<int64_t> checkpoint_steps(const std::filesystem::path& run);

// The bytes that a resumed run must share with one that was never stopped.
struct FinalState {
  std::string model, optimizer;
  friend bool operator==(const FinalState&, const FinalState&) = default;
};
FinalState final_state(const std::filesystem::path& run);

}  // namespace cloze::end_to_end
