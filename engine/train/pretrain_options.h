#pragma once

#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <vector>

#include "engine/config/rules.h"
#include "engine/data/instance_options.h"
#include "engine/optim/optimizer_options.h"
#include "engine/optim/schedule.h"
#include "engine/passes/passes.h"
#include "kernels/activation/activation.h"

// The YAML of `cloze pretrain`. Each field is described once, in pretrain_options.cpp; docs/configuration.md
// is made from that.
namespace cloze {

class Fields;

struct PretrainDataOptions {
  std::filesystem::path train;                      // a corpus folder made by `cloze prepare`
  std::optional<std::filesystem::path> validation;  // another
  InstanceOptions instances;                        // its keys stand in `data` itself
};

// What the bias of the masked-LM head begins with.
enum class OutputBias : uint8_t {
  zero,     // as in BERT
  unigram,  // ln of each piece's frequency in the corpus: training begins where word frequencies alone lead
};

struct ModelOptions {
  int64_t hidden_size = 256, layers = 4, heads = 4, intermediate_size = 1024;
  Activation activation = Activation::gelu_tanh;
  double hidden_dropout = 0.1, attention_dropout = 0.1;
  int64_t max_positions = 512, token_types = 2;
  double initializer_range = 0.02;
  double layer_norm_epsilon = 1e-12;
  bool attention = true;  // off: an ablation
  OutputBias output_bias = OutputBias::zero;
  std::optional<std::filesystem::path> initialize_from;  // whatever open_model() takes
  bool initialize_optimizer = false;                     // its moments and its step too
};

struct BatchOptions {
  std::optional<int64_t> sequences, tokens;  // of a step; neither: 32 sequences
  int64_t micro_batch_tokens = 8192;         // most tokens computed at once
};

// A stretch of the run with its own sequence length.
struct PhaseOptions {
  int64_t steps = 0;
  int max_sequence_length = 128;
  int max_predictions = 20;
  BatchOptions batch;  // of this phase; where nothing is stated, the run's
};

enum class NonFinitePolicy : uint8_t { skip, stop };

// Whose kernels compute attention on a GPU.
enum class AttentionOption : uint8_t { own, cudnn };

struct TrainingOptions {
  int64_t steps = 0;
  std::vector<PhaseOptions> phases;  // none: one phase of all steps
  Recompute recompute = Recompute::automatic;
  AttentionOption attention = AttentionOption::own;
  NonFinitePolicy non_finite = NonFinitePolicy::skip;
  int64_t max_skipped_steps = 10;  // in a row
  bool overfit_one_batch = false;
};

struct EvaluationOptions {
  int64_t every = 1000;      // steps
  int64_t sequences = 2000;  // at most
  uint64_t seed = 1;         // of pairs and masks: the same at every evaluation
};

struct CheckpointOptions {
  int64_t every = 1000;  // steps; 0: at the end only
  int keep = 3;
  bool keep_best = true;     // by the loss on [MASK] inputs of the validation corpus
  bool asynchronous = true;  // written while training goes on
};

struct LogOptions {
  int64_t every = 10;  // steps
  int examples = 3;    // shown at the start
  bool tensorboard = true;
};

// Several processes that train together (docs/parallel.md).
struct ClusterOptions {
  int processes = 1;              // that `cloze launch` starts on this machine
  int max_restarts = 0;           // how often it starts them again after a failure
  double start_timeout = 300;     // seconds, until all ranks are there
  double timeout = 30;            // seconds without a sign of life of a rank
  double hang_timeout = 600;      // seconds without progress of a rank while others wait
  bool overlap = true;            // sum gradients while backward goes on
  int64_t bucket_megabytes = 16;  // of gradients that are summed at once
  Wire reduction = Wire::f32;     // as what gradients travel
  bool shard_optimizer = false;   // every rank holds the moments of its share only (ZeRO stage 1)
};

// The least elements of a bucket.
inline int64_t bucket_elements(const ClusterOptions& options) {
  return options.bucket_megabytes * (1 << 20) / static_cast<int64_t>(sizeof(float));
}

enum class DeviceOption : uint8_t { automatic, cpu, cuda, reference };
enum class PrecisionOption : uint8_t { automatic, f32, bf16, fp8 };

struct PretrainOptions {
  std::filesystem::path output;
  uint64_t seed = 1;
  int threads = 0;  // 0: all processors
  DeviceOption device = DeviceOption::automatic;
  PrecisionOption precision = PrecisionOption::automatic;
  PretrainDataOptions data;
  ModelOptions model;
  BatchOptions batch;
  TrainingOptions training;
  OptimizerOptions optimizer;
  ScheduleOptions schedule;
  EvaluationOptions evaluation;
  CheckpointOptions checkpoint;
  LogOptions log;
  ClusterOptions cluster;
};

// The names of these in YAML, here and in finetune_options.h.
const Choices<Activation>& activation_choices();
const Choices<NonFinitePolicy>& non_finite_choices();
const Choices<DeviceOption>& device_choices();
const Choices<PrecisionOption>& precision_choices();

void describe(Fields& fields, PretrainDataOptions& options);
void describe(Fields& fields, ModelOptions& options);
void describe(Fields& fields, BatchOptions& options);
void describe(Fields& fields, PhaseOptions& options);
void describe(Fields& fields, TrainingOptions& options);
void describe(Fields& fields, EvaluationOptions& options);
void describe(Fields& fields, CheckpointOptions& options);
void describe(Fields& fields, LogOptions& options);
void describe(Fields& fields, ClusterOptions& options);
void describe(Fields& fields, PretrainOptions& options);

}  // namespace cloze
