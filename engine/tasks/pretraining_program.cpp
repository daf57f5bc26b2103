#include "engine/tasks/pretraining_program.h"

#include <utility>

#include "engine/model/encoder_scaling.h"

namespace cloze {

PretrainingProgram::PretrainingProgram(std::unique_ptr<Executable> executable)
    : executable_(std::move(executable)),
      sequences_(*executable_),
      needed_rows_(*executable_),
      reading_(*executable_),
      update_(*executable_) {
  namespace names = pretraining_names;
  const Executable& compiled = *executable_;
  prediction_rows_ = compiled.input(names::prediction_rows);
  prediction_labels_ = compiled.input(names::prediction_labels);
  masked_scale_ = compiled.input(names::masked_scale);
  next_labels_ = compiled.input(names::next_labels);
  next_scale_ = compiled.input(names::next_scale);
  update_scalars_ = compiled.input(names::update_scalars);
}

void PretrainingProgram::load(const PretrainingBatch& batch, const PretrainingStepInputs& inputs) {
  Executable& target = *executable_;
  sequences_.load(target, batch.sequences, inputs.dropout_key);
  const auto predictions = static_cast<size_t>(batch.live_predictions);
  needed_rows_.load(target, batch.sequences, std::span(batch.prediction_rows).first(predictions));
  target.set_live(Axis::predictions, batch.live_predictions);
  target.write(prediction_rows_, std::span<const int32_t>(batch.prediction_rows));
  target.write(prediction_labels_, std::span<const int32_t>(batch.prediction_labels));
  const float masked_scale =
      static_cast<float>(1.0 / (static_cast<double>(inputs.global_predictions) + 1e-5));
  const float next_scale = static_cast<float>(1.0 / static_cast<double>(inputs.global_sequences));
  target.write(masked_scale_, std::span<const float>(&masked_scale, 1));
  target.write(next_labels_, std::span<const int32_t>(batch.next_sentence_labels));
  target.write(next_scale_, std::span<const float>(&next_scale, 1));
  target.write(update_scalars_, std::span<const float>(inputs.update_scalars));
}

PretrainingMetrics PretrainingProgram::metrics(const PretrainingBatch& batch) {
  const auto live = static_cast<size_t>(batch.live_predictions);
  return reading_.sum(*executable_, batch.sequences.live_tokens, batch.sequences.live_sequences,
                      std::span(batch.prediction_kinds).first(live));
}

Graph compiled_pretraining_graph(const BertConfig& config, const ParameterLayout& layout,
                                 const PretrainingCompileOptions& options, const Capacity& capacity,
                                 DType real, bool train, MicroBatch place, const PassObserver& observer) {
  PretrainingGraph task = pretraining_graph(config, layout, options.next_sentence, capacity, real, train);
  const PassOptions passes{.target = options.target,
                           .train = train,
                           .losses = task.losses,
                           .needed_rows = options.needed_rows,
                           .fuse = options.fuse,
                           .recompute = options.recompute,
                           .micro_batch = place,
                           .reduction = options.reduction,
                           .parameter_elements = layout.elements(),
                           .update_scalars = task.update_scalars,
                           .update = options.update,
                           .scaling = encoder_scaling(layout, options.target.precision)};
  run_passes(task.graph, passes, observer);
  return std::move(task.graph);
}

PretrainingProgram& PretrainingPrograms::get(const Capacity& capacity, bool train, MicroBatch place) {
  return cache_.get({capacity, train, place}, [&] {
    Graph graph =
        compiled_pretraining_graph(config_, layout_, options_, capacity, engine_.real(), train, place);
    return std::make_unique<PretrainingProgram>(engine_.compile(std::move(graph), options_.memory));
  });
}

}  // namespace cloze
