#include "engine/config/fields.h"
#include "engine/optim/optimizer_options.h"
#include "engine/optim/schedule.h"

namespace cloze {
namespace {

const Choices<OptimizerKind> optimizer_kinds = choices<OptimizerKind>({
    {"adamw", OptimizerKind::adamw, "Adam with decoupled weight decay, as BERT was trained"},
    {"lamb", OptimizerKind::lamb, "Layer-wise scaled, for batches of thousands of sequences"},
});

const Choices<ScheduleKind> schedule_kinds = choices<ScheduleKind>({
    {"bert", ScheduleKind::bert, "Straight line from step 0 (Google's BERT): drops when warm-up ends"},
    {"linear", ScheduleKind::linear, "Straight line from the end of warm-up (Hugging Face)"},
    {"cosine", ScheduleKind::cosine, "Half a cosine from the end of warm-up"},
    {"polynomial", ScheduleKind::polynomial, "(1 - progress)^power from the end of warm-up"},
    {"constant", ScheduleKind::constant, "Stays at the peak"},
});

}  // namespace

void describe(Fields& fields, OptimizerOptions& options) {
  fields.option("kind", options.kind, optimizer_kinds, "The update rule");
  fields.option("learning_rate", options.learning_rate, above(0), "The peak learning rate");
  fields.option("beta1", options.beta1, at_least(0) & below(1), "Decay of the first moment");
  fields.option("beta2", options.beta2, at_least(0) & below(1), "Decay of the second moment");
  fields.option("epsilon", options.epsilon, above(0), "Added to the root of the second moment");
  fields.option("weight_decay", options.weight_decay, at_least(0),
                "Decoupled weight decay; layer norms and biases are excluded");
  fields.option("max_gradient_norm", options.max_gradient_norm, at_least(0),
                "Gradients are scaled down to this norm, taken over all of them; 0 turns clipping off");
  fields.option("bias_correction", options.bias_correction,
                "Divide the moments by 1 - beta^t: off in BERT, on in torch.optim.AdamW and LAMB's paper");
}

void describe(Fields& fields, ScheduleOptions& options) {
  fields.option("kind", options.kind, schedule_kinds, "How the learning rate falls after warm-up");
  fields.option("warmup_steps", options.warmup_steps, at_least(0),
                "Steps of linear warm-up; where absent, warmup_proportion counts");
  fields.option("warmup_proportion", options.warmup_proportion, fraction(),
                "Share of all steps that warm up, where warmup_steps is absent");
  fields.option("power", options.power, above(0), "Exponent of the polynomial schedule");
  fields.check(
      "power", [&] { return options.kind == ScheduleKind::polynomial || options.power == 1; },
      "belongs to `kind: polynomial`");
  fields.option("end_learning_rate", options.end_learning_rate, at_least(0), "The rate at the last step");
  fields.check(
      "end_learning_rate",
      [&] { return options.kind != ScheduleKind::constant || options.end_learning_rate == 0; },
      "has no meaning with `kind: constant`");
}

}  // namespace cloze
