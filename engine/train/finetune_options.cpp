#include "engine/train/finetune_options.h"

#include <algorithm>

#include "engine/config/fields.h"
#include "engine/data/examples/split_examples.h"

namespace cloze {
namespace {

const Choices<Pooling>& poolings() {
  static const auto all =
      choices<Pooling>({{"pooler", Pooling::pooler, "BERT's: a dense layer and tanh over [CLS]"},
                        {"cls", Pooling::cls, "the encoder's output at [CLS]"},
                        {"mean", Pooling::mean, "the mean of its outputs at all tokens, [CLS] and [SEP] too"},
                        {"max", Pooling::maximum, "the largest of those, column by column"}}) &
      fixed_on_resume();
  return all;
}

}  // namespace

void describe(Fields& fields, FinetuneModelOptions& options) {
  fields.elsewhere("hidden_size", "cloze pretrain");  // here the model of `from` has its own
  fields.option(
      "from", options.from, required() & fixed_on_resume(),
      "What to start from: a run, a checkpoint, a Hugging Face folder, Google's TensorFlow checkpoint");
  fields.option("lowercase", options.lowercase, fixed_on_resume(),
                "Whether its text is lowercased; none: as the model says");
  fields.option("hidden_dropout", options.hidden_dropout, between(0, 0.99),
                "Dropout of layer outputs; none: the model's");
  fields.option("attention_dropout", options.attention_dropout, between(0, 0.99),
                "Dropout of attention probabilities; none: the model's");
}

void describe(Fields& fields, FinetuneDataOptions& options) {
  fields.option("train", options.train, required() & fixed_on_resume(), "File to train on");
  fields.option("validation", options.validation, fixed_on_resume(),
                "File to evaluate on, or a part of the training file to put aside for it, such as 10%");
  fields.option("test", options.test, "File whose labels are predicted at the end");
}

void describe(Fields& fields, FurtherPretrainingOptions& options) {
  fields.option("steps", options.steps, at_least(0) & fixed_on_resume(),
                "Updates; 0: none, straight to the task");
  fields.option("learning_rate", options.learning_rate, above(0) & fixed_on_resume(),
                "Its peak; the rest of `optimizer` and `schedule` holds here too");
  fields.option("sequences", options.sequences, at_least(1) & fixed_on_resume(), "Sequences of a step");
  fields.option("max_sequence_length", options.max_sequence_length, between(5, 32768) & fixed_on_resume(),
                "Tokens in a full sequence, with [CLS] and [SEP]; a longer text makes several");
  fields.option("masked_probability", options.masked_probability, fraction() & fixed_on_resume(),
                "Part of the tokens to predict");
  fields.option("max_predictions", options.max_predictions, at_least(1) & fixed_on_resume(),
                "Most tokens to predict in a sequence");
  fields.option("whole_word", options.whole_word, fixed_on_resume(), "Mask all pieces of a word together");
  fields.option("checkpoint_every", options.checkpoint_every, at_least(0),
                "Steps between its checkpoints; 0: at the end only");
}

void describe(Fields& fields, HeadOptions& options) {
  fields.option("widths", options.widths, at_least(1) & fixed_on_resume(),
                "Of hidden layers before the last one; none in BERT");
  fields.option("activation", options.activation, activation_choices(), "Of the hidden layers");
  fields.option("dropout", options.dropout, between(0, 0.99), "Before each layer of the head");
  fields.option("pooling", options.pooling, poolings(),
                "What the head reads of a sequence; none: as BERT does");
  fields.option("initializer_range", options.initializer_range, above(0) & fixed_on_resume(),
                "Standard deviation the head's matrices begin with, cut at twice that; none: the model's");
}

void describe(Fields& fields, FinetuneBatchOptions& options) {
  fields.option("sequences", options.sequences, at_least(1) & fixed_on_resume(), "Examples of a step");
  fields.option("micro_batch_tokens", options.micro_batch_tokens, at_least(8),
                "Most tokens computed at once; a larger step is cut and its gradients added up");
}

void describe(Fields& fields, FinetuneTrainingOptions& options) {
  fields.option("epochs", options.epochs, above(0), "Passes over the training file");
  fields.option("steps", options.steps, at_least(1), "Updates in all, instead of `epochs`");
  fields.option("shuffle", options.shuffle, fixed_on_resume(),
                "Every epoch in an order of its own; else in the order of the file");
  fields.option("freeze_encoder", options.freeze_encoder, fixed_on_resume(),
                "Train the pooler and the head only");
  fields.option("freeze_layers", options.freeze_layers, at_least(0) & fixed_on_resume(),
                "Leave the embeddings and this many of the first layers as they are");
  fields.option("layer_decay", options.layer_decay, between(0.01, 1) & fixed_on_resume(),
                "The learning rate of a layer is this part of that of the layer above");
  fields.option("label_smoothing", options.label_smoothing, between(0, 0.99),
                "Part of a label's weight that is spread over all labels");
  fields.option("class_weights", options.class_weights, at_least(0) & fixed_on_resume(),
                "How much an example counts, by its label, in the order of the labels");
  fields.option("seeds", options.seeds, "Run once with each of these and report mean and deviation");
  fields.option("non_finite", options.non_finite, non_finite_choices(),
                "What to do when a gradient is NaN or infinite");
  fields.option("max_skipped_steps", options.max_skipped_steps, at_least(1),
                "The run ends when more are skipped in a row");
}

void describe(Fields& fields, FinetuneEvaluationOptions& options) {
  fields.option("every", options.every, at_least(1), "Steps between evaluations; none: an epoch");
  fields.option("metric", options.metric, fixed_on_resume(),
                "Which one tells the best checkpoint; none: the task's first");
  fields.option("patience", options.patience, at_least(0),
                "Evaluations without a better one before the run stops; 0: it does not");
  fields.option("batch", options.batch, at_least(1), "Examples computed together");
}

void describe(Fields& fields, FinetuneCheckpointOptions& options) {
  fields.option("every", options.every, at_least(0), "Steps between checkpoints; 0: with every evaluation");
  fields.option("keep", options.keep, at_least(1), "How many of the last checkpoints stay");
  fields.option("keep_best", options.keep_best, "Keep the best one too, and predict with it");
}

void describe(Fields& fields, FinetuneLogOptions& options) {
  fields.option("every", options.every, at_least(1), "Steps between progress lines and metric records");
  fields.option("examples", options.examples, at_least(0), "Examples shown in full at the start");
  fields.option("tensorboard", options.tensorboard, "Write TensorBoard events too");
}

void describe(Fields& fields, FinetuneOptions& options) {
  fields.option("output", options.output, required(), "The run's folder");
  fields.option("seed", options.seed, fixed_on_resume(),
                "Of everything random; the same seed gives the same run");
  fields.option("threads", options.threads, at_least(0), "Processor threads; 0: all");
  fields.option("device", options.device, device_choices(), "Where to compute");
  fields.option("precision", options.precision, precision_choices(), "What to compute in");
  fields.section("model", options.model, "The pretrained model");
  fields.section("task", options.task, fixed_on_resume(),
                 "What is asked of the model, and how files are read");
  fields.section("question_answering", options.question_answering,
                 "Of tasks of that kind: windows over a passage, and how answers are chosen");
  fields.section("data", options.data, "Files of examples");
  fields.section("further_pretraining", options.further_pretraining,
                 "Masked-LM training on the texts of the training file first, before the task");
  fields.section("head", options.head, "The layers on top of the encoder");
  fields.section("batch", options.batch, "What a step takes");
  fields.section("training", options.training, "How long, and what is trained");
  fields.section("optimizer", options.optimizer, "How gradients become updates");
  fields.section("schedule", options.schedule, "How the learning rate moves");
  fields.section("evaluation", options.evaluation, "On the validation file");
  fields.section("checkpoint", options.checkpoint, "When to save and what to keep");
  fields.section("log", options.log, "What is reported");
}

}  // namespace cloze
