#pragma once

#include <string>

#include "engine/train/pretrain_options.h"
#include "tests/data/test_corpus.h"

// A pretraining run of a moment, for tests of whole runs.
namespace cloze::testing {

// A corpus of `documents` texts of "w0" to "w54" in the folder.
inline void write_small_corpus(const TemporaryFolder& folder, size_t documents) {
  write_corpus(folder / "corpus", random_documents(documents, 8, 9, 60, 3), numbered_pieces(60));
}

// On that corpus, on the CPU: 1 layer, hidden size 32, 2 heads, sequences of up to 24 tokens.
// `training.steps` is still to be said.
inline PretrainOptions small_run(const TemporaryFolder& folder, const std::string& name) {
  PretrainOptions options;
  options.output = folder / name;
  options.threads = 1;
  options.data.train = folder / "corpus";
  options.data.instances.max_sequence_length = 24;
  options.data.instances.max_predictions = 4;
  options.model = {.hidden_size = 32, .layers = 1, .heads = 2, .intermediate_size = 64, .max_positions = 32};
  options.log.examples = 0;
  return options;
}

}  // namespace cloze::testing
