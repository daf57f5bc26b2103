#pragma once

#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <vector>

#include "engine/data/examples/task_options.h"
#include "engine/data/squad/squad_options.h"
#include "engine/model/task_head.h"
#include "engine/optim/optimizer_options.h"
#include "engine/optim/schedule.h"
#include "engine/train/pretrain_options.h"

// The YAML file of `cloze finetune`, as structs. Each field is described once, in finetune_options.cpp.
namespace cloze {

struct FinetuneModelOptions {
  std::filesystem::path from;  // run, checkpoint, Hugging Face folder or TensorFlow checkpoint
  std::optional<bool> lowercase;
  std::optional<double> hidden_dropout, attention_dropout;  // none: the checkpoint's
};

struct FinetuneDataOptions {
  std::filesystem::path train;
  std::optional<std::filesystem::path> validation;  // a file, or "10%" of the training file
  std::optional<std::filesystem::path> test;        // predicted at the end
};

struct HeadOptions {
  std::vector<int64_t> widths;
  Activation activation = Activation::gelu_tanh;
  double dropout = 0.1;
  std::optional<Pooling> pooling;           // none: BERT's own for the task
  std::optional<double> initializer_range;  // none: the model's
};

struct FurtherPretrainingOptions {
  int64_t steps = 0;  // 0: off
  double learning_rate = 5e-5;
  int64_t sequences = 32;  // of a step
  int max_sequence_length = 128;
  double masked_probability = 0.15;
  int max_predictions = 20;
  bool whole_word = false;
  int64_t checkpoint_every = 500;  // steps
};

struct FinetuneBatchOptions {
  int64_t sequences = 32;  // examples of a step
  int64_t micro_batch_tokens = 4096;
};

struct FinetuneTrainingOptions {
  double epochs = 3;
  std::optional<int64_t> steps;  // instead of epochs
  bool shuffle = true;
  bool freeze_encoder = false;
  int64_t freeze_layers = 0;  // the first ones, and the embeddings
  double layer_decay = 1;     // of the learning rate, from a layer to the one below
  double label_smoothing = 0;
  std::vector<double> class_weights;  // in the order of the labels
  std::vector<uint64_t> seeds;        // one run each; empty: the run's own
  NonFinitePolicy non_finite = NonFinitePolicy::skip;
  int64_t max_skipped_steps = 20;
};

struct FinetuneEvaluationOptions {
  std::optional<int64_t> every;       // steps; none: once an epoch
  std::optional<std::string> metric;  // that tells the best checkpoint; none: the task's first
  int64_t patience = 0;               // evaluations without a better one before the run stops; 0: never
  int64_t batch = 64;                 // examples at once
};

struct FinetuneCheckpointOptions {
  int64_t every = 0;  // steps; 0: with every evaluation
  int keep = 1;
  bool keep_best = true;
};

struct FinetuneLogOptions {
  int64_t every = 50;
  int64_t examples = 5;
  bool tensorboard = true;
};

struct FinetuneOptions {
  std::filesystem::path output;
  uint64_t seed = 1;
  int threads = 0;
  DeviceOption device = DeviceOption::automatic;
  PrecisionOption precision = PrecisionOption::automatic;
  FinetuneModelOptions model;
  TaskOptions task;
  SquadOptions question_answering;
  FinetuneDataOptions data;
  FurtherPretrainingOptions further_pretraining;
  HeadOptions head;
  FinetuneBatchOptions batch;
  FinetuneTrainingOptions training;
  OptimizerOptions optimizer;
  ScheduleOptions schedule;
  FinetuneEvaluationOptions evaluation;
  FinetuneCheckpointOptions checkpoint;
  FinetuneLogOptions log;

  FinetuneOptions() { optimizer.learning_rate = 5e-5; }
};

void describe(Fields& fields, FinetuneModelOptions& options);
void describe(Fields& fields, FinetuneDataOptions& options);
void describe(Fields& fields, FurtherPretrainingOptions& options);
void describe(Fields& fields, HeadOptions& options);
void describe(Fields& fields, FinetuneBatchOptions& options);
void describe(Fields& fields, FinetuneTrainingOptions& options);
void describe(Fields& fields, FinetuneEvaluationOptions& options);
void describe(Fields& fields, FinetuneCheckpointOptions& options);
void describe(Fields& fields, FinetuneLogOptions& options);
void describe(Fields& fields, FinetuneOptions& options);

}  // namespace cloze
