#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "engine/data/examples/example_encoder.h"
#include "engine/data/packed_batch.h"
#include "engine/graph/parameters.h"
#include "engine/model/bert_config.h"
#include "engine/runtime/engine.h"
#include "engine/tasks/program_cache.h"
#include "engine/tasks/sequence_loading.h"

namespace cloze {

struct FeatureOptions {
  std::vector<int64_t> layers{-1, -2, -3, -4};  // encoder_layers(): -1 is the last
  int max_length = 128;                         // tokens, with [CLS] and [SEP]; longer texts are cut
  int64_t batch_tokens = 4096;                  // computed at once
};

// One compiled graph of feature extraction.
class FeatureProgram {
 public:
  FeatureProgram(std::unique_ptr<Executable> executable, const std::vector<int64_t>& layers);

  void run(const PackedSequences& sequences);
  // The output of the n-th of the layers, live rows only: [values.size() / H, H].
  void read(size_t layer, std::span<float> values) const { executable_->read(results_[layer], values); }

 private:
  std::unique_ptr<Executable> executable_;
  SequenceLoading sequences_;
  std::vector<Slot> results_;  // [layers]
};

// What a model makes of lines of text, as google-research/bert's extract_features.py writes it
// (feature_output.h). A line is a text or two with " ||| " between; one without text is [CLS] [SEP]. Holds a
// batch of lines at a time.
class FeatureExtraction {
 public:
  // The engine holds the parameters of `layout`. Throws UsageError for a layer the model has not and for a
  // length it does not take, Error for a vocabulary of another size.
  FeatureExtraction(const BertConfig& config, const ParameterLayout& layout, Engine& engine,
                    std::shared_ptr<const Tokenizer> tokenizer, const FeatureOptions& options);

  // Calls `next` until it returns false, and `write` with the line of output of every line, in order.
  EncodingCounts run(const std::function<bool(std::string_view& line)>& next,
                     const std::function<void(std::string_view line)>& write);

 private:
  void compute(const std::function<void(std::string_view)>& write);
  void write_lines(const std::function<void(std::string_view)>& write);
  std::string line_of(size_t sequence) const;
  FeatureProgram& program(const Capacity& capacity);

  const BertConfig& config_;
  const ParameterLayout& layout_;
  Engine& engine_;
  FeatureOptions options_;
  std::vector<int64_t> layers_;  // 0 … config.layers - 1
  ExampleEncoder encoder_;
  std::vector<Capacity> ladder_;
  ProgramCache<FeatureProgram> programs_;

  std::vector<EncodedSequence> batch_;
  int64_t batch_tokens_ = 0;
  int64_t written_ = 0;  // lines before the batch
  PackedSequences packed_;
  std::vector<int32_t> scratch_;
  std::vector<std::vector<float>> values_;  // [layers][live tokens, H]
};

}  // namespace cloze
