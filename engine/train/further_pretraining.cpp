#include "engine/train/further_pretraining.h"

#include <fmt/core.h>

#include <fstream>
#include <nlohmann/json.hpp>
#include <optional>

#include "engine/base/error.h"
#include "engine/base/file.h"
#include "engine/base/log.h"
#include "engine/data/corpus.h"
#include "engine/data/prepare.h"
#include "engine/train/finetune_setup.h"
#include "engine/train/pretrainer.h"
#include "engine/train/run_setup.h"

namespace cloze {
namespace {

namespace fs = std::filesystem;

constexpr int64_t evaluated_sequences = 500;

fs::path folder_of(const FinetuneOptions& options) {
  return options.output / "further_pretraining";
}

// A document for every example. Bytes that are not UTF-8 become U+FFFD, which the tokenizer drops.
void write_texts(const TaskFile& examples, const fs::path& path) {
  AtomicFile file(path);
  examples.for_each_text([&](const std::string& text) {
    const nlohmann::json record{{"text", text}};
    file.write(record.dump(-1, ' ', false, nlohmann::json::error_handler_t::replace) + "\n");
  });
  file.commit();
}

// The corpus FOLDER/NAME of a file's texts; one that is there is complete.
fs::path corpus_of(const TaskFile& examples, const fs::path& folder, const std::string& name,
                   const Checkpoint& pretrained, int threads) {
  const fs::path corpus = folder / name;
  if (fs::exists(corpus / CorpusFiles::manifest)) return corpus;
  const fs::path texts = folder / (name == "corpus" ? "texts.jsonl" : name + ".jsonl");
  write_file(folder / "vocab.txt", pretrained.tokenizer().vocabulary->text());
  write_texts(examples, texts);
  prepare_corpus({.inputs = {texts},
                  .vocabulary = folder / "vocab.txt",
                  .output = corpus,
                  .kind = TextKind::jsonl,
                  .tokenizer = pretrained.tokenizer().options,
                  .threads = threads,
                  .overwrite = true});
  return corpus;
}

ModelOptions model_options(const FinetuneOptions& options, const BertConfig& pretrained) {
  const BertConfig config = finetune_config(options, pretrained);
  return {.hidden_size = config.hidden_size,
          .layers = config.layers,
          .heads = config.heads,
          .intermediate_size = config.intermediate_size,
          .activation = config.activation,
          .hidden_dropout = double{config.hidden_dropout},
          .attention_dropout = double{config.attention_dropout},
          .max_positions = config.max_positions,
          .token_types = config.token_types,
          .layer_norm_epsilon = double{config.layer_norm_epsilon},
          .initialize_from = options.model.from};
}

PretrainOptions pretrain_options(const FinetuneOptions& options, const BertConfig& pretrained,
                                 const fs::path& train, const fs::path& validation) {
  const FurtherPretrainingOptions& further = options.further_pretraining;
  PretrainOptions result;
  result.output = further_pretraining_run(options);
  result.seed = options.seed;
  result.threads = options.threads;
  result.device = options.device;
  result.precision = options.precision;
  result.data = {.train = train, .validation = validation};
  result.data.instances.max_sequence_length = further.max_sequence_length;
  result.data.instances.masked_probability = further.masked_probability;
  result.data.instances.max_predictions = further.max_predictions;
  result.data.instances.whole_word = further.whole_word;
  result.data.instances.next_sentence = false;
  result.model = model_options(options, pretrained);
  result.batch = {.sequences = further.sequences, .micro_batch_tokens = options.batch.micro_batch_tokens};
  result.training.steps = further.steps;
  result.training.non_finite = options.training.non_finite;
  result.training.max_skipped_steps = options.training.max_skipped_steps;
  result.optimizer = options.optimizer;
  result.optimizer.learning_rate = further.learning_rate;
  result.schedule = options.schedule;
  result.evaluation = {.every = further.steps, .sequences = evaluated_sequences};
  result.checkpoint = {.every = further.checkpoint_every, .keep = 1, .keep_best = false};
  result.log = {.every = options.log.every, .examples = 1, .tensorboard = options.log.tensorboard};
  return result;
}

// The first and the last evaluation of a run's metrics.jsonl.
struct LossChange {
  double before = 0, after = 0;
};
LossChange masked_losses(const fs::path& metrics) {
  std::ifstream lines(metrics);
  std::optional<double> before;
  LossChange change;
  for (std::string line; std::getline(lines, line);) {
    const auto record = nlohmann::json::parse(line);
    if (record.at("split") != "eval") continue;
    change.after = record.at("masked_language_loss");
    if (!before) before = change.after;
  }
  change.before = before.value_or(0);
  return change;
}

}  // namespace

fs::path further_pretraining_run(const FinetuneOptions& options) {
  return folder_of(options) / "run";
}

void check_further_pretraining(const FinetuneOptions& options, const Checkpoint& pretrained) {
  const FurtherPretrainingOptions& further = options.further_pretraining;
  if (further.steps == 0) return;
  pretrained.tokenizer().vocabulary->require_mask();
  require_positions(further.max_sequence_length, "further_pretraining.max_sequence_length",
                    pretrained.config().bert);
  if (pretrained.parameters().find(bert_names::prediction_bias) < 0) {
    log::warning("{} has no masked-LM head: further pretraining begins with a new one",
                 pretrained.folder().string());
  }
}

int further_pretrain(const FinetuneOptions& options, const Checkpoint& pretrained,
                     const FinetuningFiles& files) {
  const fs::path folder = folder_of(options);
  fs::create_directories(folder);
  const int threads = thread_number(options.threads);
  const fs::path train = corpus_of(*files.training, folder, "corpus", pretrained, threads);
  const fs::path validation =
      files.validation ? corpus_of(*files.validation, folder, "held-out", pretrained, threads) : train;
  const PretrainOptions stage = pretrain_options(options, pretrained.config().bert, train, validation);
  log::info("further pretraining: {} steps on the texts of {}; its log is {}", stage.training.steps,
            options.data.train.string(), (stage.output / "log.txt").string());
  const bool begun = fs::exists(stage.output);
  return pretrain_within(stage, begun ? ExistingRun::resume : ExistingRun::refuse);
}

void log_further_pretraining(const FinetuneOptions& options, const FinetuningFiles& files) {
  const LossChange change = masked_losses(further_pretraining_run(options) / "metrics.jsonl");
  log::info("further pretraining: masked-LM loss {:.4f} before, {:.4f} after {} steps, on the texts of {}",
            change.before, change.after, options.further_pretraining.steps,
            files.validation ? "the validation file" : "the training file");
}

}  // namespace cloze
