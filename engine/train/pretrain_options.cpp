#include "engine/train/pretrain_options.h"

#include <algorithm>
#include <numeric>

#include "engine/config/fields.h"

namespace cloze {
const Choices<Activation>& activation_choices() {
  static const auto all =
      choices<Activation>({{"gelu_tanh", Activation::gelu_tanh, "as Google's BERT computes it"},
                           {"gelu_erf", Activation::gelu_erf, "Hugging Face's \"gelu\""},
                           {"relu", Activation::relu},
                           {"tanh", Activation::tanh}}) &
      fixed_on_resume();
  return all;
}

const Choices<NonFinitePolicy>& non_finite_choices() {
  static const auto all =
      choices<NonFinitePolicy>({{"skip", NonFinitePolicy::skip, "skip the step and go on"},
                                {"stop", NonFinitePolicy::stop, "end the run at once"}});
  return all;
}

const Choices<DeviceOption>& device_choices() {
  static const auto all = choices<DeviceOption>(
      {{"auto", DeviceOption::automatic, "the CPU, until the GPU's part has been proven on hardware"},
       {"cpu", DeviceOption::cpu, "all threads"},
       {"cuda", DeviceOption::cuda,
        "an NVIDIA GPU, one for each process; so far run on an emulator only (docs/parallel.md)"},
       {"reference", DeviceOption::reference, "plain loops in float64, very slow: for checking"}});
  return all;
}

const Choices<PrecisionOption>& precision_choices() {
  static const auto all = choices<PrecisionOption>(
      {{"auto", PrecisionOption::automatic, "bf16 on a GPU, f32 on a CPU"},
       {"f32", PrecisionOption::f32, "everything in float32"},
       {"bf16", PrecisionOption::bf16,
        "on a GPU, activations and their gradients are stored in bfloat16; on a CPU with AVX512-BF16 or AMX, "
        "operands are rounded to it as linear layers multiply them; weights, moments, sums and losses stay "
        "float32"},
       {"fp8", PrecisionOption::fp8,
        "as bf16, and the layers multiply operands of 8 bits (e4m3, gradients e5m2), scaled by the largest "
        "values of the steps before; from compute capability 8.9 on. On a CPU the rest is float32, and it is "
        "slow: for finding out what FP8 does to a model"}});
  return all;
}

namespace {

const Choices<OutputBias>& output_bias_choices() {
  static const auto all =
      choices<OutputBias>({{"zero", OutputBias::zero, "as in BERT"},
                           {"unigram", OutputBias::unigram,
                            "the logarithm of each piece's frequency: saves a short run its first steps"}});
  return all;
}

const Choices<Wire>& wire_choices() {
  static const auto all = choices<Wire>(
      {{"f32", Wire::f32, "as they are"},
       {"bf16", Wire::bf16, "rounded to 8 bits of mantissa each time they are sent: half the traffic"}});
  return all;
}

const Choices<Recompute>& recompute_choices() {
  static const auto all = choices<Recompute>(
      {{"auto", Recompute::automatic,
        "activations on a CPU, where they take less than 1 % of a step; none on a GPU"},
       {"none", Recompute::none, "keep everything"},
       {"activations", Recompute::activations,
        "the activations [tokens, intermediate_size] and outputs of layer norms: the same bits"},
       {"layers", Recompute::layers, "whole layers: least memory, a third more work"}});
  return all;
}

const Choices<AttentionOption>& attention_choices() {
  static const Choices<AttentionOption> all = {
      {{"own", AttentionOption::own, "Cloze's kernels: the same dropout masks on every device"},
       {"cudnn", AttentionOption::cudnn,
        "cuDNN's, in bf16 on a Hopper GPU: other roundings, dropout masks of its own; its working memory is "
        "not in the plan"}},
      fixed_on_resume()};
  return all;
}

}  // namespace

void describe(Fields& fields, PretrainDataOptions& options) {
  fields.option("train", options.train, required(), "Corpus folder to train on, made by `cloze prepare`");
  fields.option("validation", options.validation, "Corpus folder to evaluate on; none: no evaluation");
  describe(fields, options.instances);
}

void describe(Fields& fields, ModelOptions& options) {
  fields.option("hidden_size", options.hidden_size, at_least(1) & fixed_on_resume(), "Width of the encoder");
  fields.option("layers", options.layers, at_least(0) & fixed_on_resume(), "Transformer layers");
  fields.option("heads", options.heads, at_least(1) & fixed_on_resume(),
                "Attention heads; they divide the hidden size");
  fields.option("intermediate_size", options.intermediate_size, at_least(1) & fixed_on_resume(),
                "Width of the feed-forward layer");
  fields.option("activation", options.activation, activation_choices(),
                "Of the feed-forward layer and the masked-LM head");
  fields.option("hidden_dropout", options.hidden_dropout, between(0, 0.99), "Dropout of layer outputs");
  fields.option("attention_dropout", options.attention_dropout, between(0, 0.99),
                "Dropout of attention probabilities");
  fields.option("max_positions", options.max_positions, at_least(8) & fixed_on_resume(),
                "Longest sequence the model takes");
  fields.option("token_types", options.token_types, at_least(2) & fixed_on_resume(), "Segments: A and B");
  fields.option("initializer_range", options.initializer_range, above(0), "Deviation of the initial weights");
  fields.option("layer_norm_epsilon", options.layer_norm_epsilon, above(0) & fixed_on_resume(),
                "Added to the variance in layer norms; as the model of `initialize_from` has it");
  fields.option("output_bias", options.output_bias, output_bias_choices(),
                "What the bias of the masked-LM head begins with");
  fields.option(
      "attention", options.attention, fixed_on_resume(),
      "Off: layers are feed-forward only, to see what attention brings; such a checkpoint is no BERT");
  fields.option(
      "initialize_from", options.initialize_from,
      "A model whose weights training starts from, of the same sizes: a run, a checkpoint, a Hugging "
      "Face folder, or a TensorFlow checkpoint (its folder or prefix)");
  fields.option("initialize_optimizer", options.initialize_optimizer, fixed_on_resume(),
                "Go on from its step with its optimizer's moments, as a TensorFlow training folder has them");
  fields.check(
      "initialize_optimizer",
      [&options] { return !options.initialize_optimizer || options.initialize_from.has_value(); },
      "needs `initialize_from`");
  fields.check(
      "heads", [&options] { return options.hidden_size % options.heads == 0; }, "must divide `hidden_size`");
}

void describe(Fields& fields, BatchOptions& options) {
  fields.option("sequences", options.sequences, at_least(1) & fixed_on_resume(), "Sequences of a step");
  fields.option("tokens", options.tokens, at_least(1) & fixed_on_resume(), "Or: tokens of a step, at most");
  fields.option("micro_batch_tokens", options.micro_batch_tokens, at_least(8),
                "Most tokens computed at once; a larger step is cut and its gradients added up");
  fields.check(
      "tokens", [&options] { return !options.sequences || !options.tokens; },
      "a batch is stated in sequences or in tokens, not in both");
}

void describe(Fields& fields, PhaseOptions& options) {
  fields.option("steps", options.steps, required() & at_least(1), "Steps of the phase");
  fields.option("max_sequence_length", options.max_sequence_length, between(5, 32768) & fixed_on_resume(),
                "Tokens in a full sequence");
  fields.option("max_predictions", options.max_predictions, at_least(1) & fixed_on_resume(),
                "Most tokens to predict in a sequence");
  fields.section("batch", options.batch, "Of this phase; where nothing is stated, the run's");
}

void describe(Fields& fields, TrainingOptions& options) {
  fields.option("steps", options.steps, required() & at_least(1), "Updates in all; may grow on resume");
  fields.list("phases", options.phases,
              "Stretches with sequence lengths of their own, such as 128 and then 512");
  fields.option("recompute", options.recompute, recompute_choices(),
                "What backward computes again to save memory");
  fields.option("attention", options.attention, attention_choices(), "Who computes attention on a GPU");
  fields.option("non_finite", options.non_finite, non_finite_choices(),
                "What to do when a gradient is NaN or infinite");
  fields.option("max_skipped_steps", options.max_skipped_steps, at_least(1),
                "The run ends when more are skipped in a row");
  fields.option("overfit_one_batch", options.overfit_one_batch, fixed_on_resume(),
                "Train on the first batch only: the loss must go to zero, or something is wrong");
  fields.check(
      "phases",
      [&options] {
        const int64_t total =
            std::accumulate(options.phases.begin(), options.phases.end(), int64_t{0},
                            [](int64_t sum, const PhaseOptions& phase) { return sum + phase.steps; });
        return options.phases.empty() || total == options.steps;
      },
      "the steps of the phases must add up to `training.steps`");
}

void describe(Fields& fields, EvaluationOptions& options) {
  fields.option("every", options.every, at_least(1), "Steps between evaluations; one more at the end");
  fields.option("sequences", options.sequences, at_least(1),
                "Most sequences of the validation corpus to use");
  fields.option("seed", options.seed, "Of the pairs and masks of evaluation");
}

void describe(Fields& fields, CheckpointOptions& options) {
  fields.option("every", options.every, at_least(0), "Steps between checkpoints; 0: at the end only");
  fields.option("keep", options.keep, at_least(1), "How many of the last checkpoints stay");
  fields.option("keep_best", options.keep_best,
                "Keep the best one too: by the validation loss on [MASK] inputs");
  fields.option("asynchronous", options.asynchronous,
                "Write while training goes on, from a copy in memory of its own; off: training waits");
}

void describe(Fields& fields, LogOptions& options) {
  fields.option("every", options.every, at_least(1), "Steps between progress lines and metric records");
  fields.option("examples", options.examples, at_least(0), "Training examples shown in full at the start");
  fields.option("tensorboard", options.tensorboard, "Write TensorBoard events too");
}

void describe(Fields& fields, ClusterOptions& options) {
  fields.option("processes", options.processes, at_least(1),
                "How many `cloze launch` starts on this machine");
  fields.option("max_restarts", options.max_restarts, at_least(0),
                "How often `cloze launch` starts them again, from the last checkpoint, after one failed");
  fields.option("start_timeout", options.start_timeout, above(0),
                "Seconds until all processes must be there");
  fields.option("timeout", options.timeout, at_least(3),
                "Seconds without a sign of life after which a process counts as lost");
  fields.option(
      "hang_timeout", options.hang_timeout, at_least(3),
      "Seconds without progress of a process, while others wait for it, after which it counts as hung; ten "
      "times as long while it saves or evaluates");
  fields.option("overlap", options.overlap, "Sum gradients over the processes while backward goes on");
  fields.option("bucket_megabytes", options.bucket_megabytes, at_least(1),
                "Gradients that are summed at once; another value rounds sums of more than two otherwise");
  fields.option("reduction", options.reduction, wire_choices(),
                "As what gradients travel between the processes; they are added in float32");
  fields.option("shard_optimizer", options.shard_optimizer,
                "Each process holds the optimizer's moments of its share of the parameters only");
}

void describe(Fields& fields, PretrainOptions& options) {
  fields.elsewhere("task", "cloze finetune");
  fields.option("output", options.output, required(), "The run's folder");
  fields.option("seed", options.seed, fixed_on_resume(),
                "Of everything random; the same seed gives the same run");
  fields.option("threads", options.threads, at_least(0), "Processor threads; 0: all");
  fields.option("device", options.device, device_choices(), "Where to compute");
  fields.option("precision", options.precision, precision_choices(), "What to compute in");
  fields.section("data", options.data, "Corpora and how sequences are made of them");
  fields.section("model", options.model, "Sizes of the encoder; the vocabulary is the corpus's");
  fields.section("batch", options.batch, "What a step takes");
  fields.section("training", options.training, "How long, in which phases");
  fields.section("optimizer", options.optimizer, "How gradients become updates");
  fields.section("schedule", options.schedule, "How the learning rate moves");
  fields.section("evaluation", options.evaluation, "On the validation corpus");
  fields.section("checkpoint", options.checkpoint, "When to save and what to keep");
  fields.section("log", options.log, "What is reported");
  fields.section("cluster", options.cluster, "Several processes that train together");
  fields.check(
      "output", [&options] { return options.output != options.data.train; }, "must not be the corpus folder");
}

}  // namespace cloze
