#include <gtest/gtest.h>

#include <cmath>
#include <memory>

#include "engine/tasks/finetuning_program.h"
#include "engine/tasks/task_inference.h"
#include "engine/tasks/task_loader.h"
#include "tests/tasks/small_pretraining.h"

// Every task on a small model: a batch cut in any way gives one update, the loss of a few examples falls to
// nothing, frozen layers stay as they are.
namespace cloze::testing {
namespace {

// Made-up examples of any task, two endings each where it is a choice.
class MadeUpItems final : public TaskItems {
 public:
  MadeUpItems(const BertConfig& config, TaskForm form, size_t count) : form_(form) {
    for (size_t i = 0; i < count; ++i) {
      std::vector<EncodedSequence>& sequences = sequences_.emplace_back();
      for (size_t s = 0; s < (form == TaskForm::choice ? 2u : 1u); ++s) {
        EncodedSequence& sequence = sequences.emplace_back();
        for (size_t t = 0; t < 4 + (i + s) % 4; ++t) {
          sequence.tokens.push_back(
              static_cast<int32_t>((7 * i + 3 * t + 11 * s) % static_cast<size_t>(config.vocabulary_size)));
        }
        sequence.second_begins = 3;
      }
      const auto length = static_cast<int32_t>(sequences.front().tokens.size());
      rows_.push_back({1, 3});
      token_labels_.emplace_back(static_cast<size_t>(length), -1);
      token_labels_.back()[1] = static_cast<int32_t>(i % 3);
      token_labels_.back()[3] = static_cast<int32_t>((i + 1) % 3);
    }
  }
  size_t size() const override { return sequences_.size(); }
  TaskItem item(size_t i) const override {
    const auto length = static_cast<int32_t>(sequences_[i].front().tokens.size());
    TaskItem item{.sequences = sequences_[i],
                  .label = static_cast<int32_t>(i % (form_ == TaskForm::choice ? 2 : 3)),
                  .score = static_cast<float>(i % 5) * 0.5f,
                  .weight = i % 2 == 0 ? 1.0f : 2.0f};
    if (form_ == TaskForm::tokens) item.rows = rows_[i], item.token_labels = token_labels_[i];
    if (form_ == TaskForm::span) item.start = 1, item.end = length - 1;
    return item;
  }

 private:
  TaskForm form_;
  std::vector<std::vector<EncodedSequence>> sequences_;
  std::vector<std::vector<int32_t>> rows_, token_labels_;
};

struct TaskCase {
  std::string name;
  TaskKind kind;
  bool weighted = false;
  float smoothing = 0;
  std::vector<int64_t> widths = {};
  Pooling pooling = Pooling::pooler;
};

FinetuningModel model_of(const TaskCase& task) {
  FinetuningModel model{.kind = task.kind, .config = small_config(), .head = bert_head(task.kind, 3)};
  model.head.dropout = 0;
  model.head.widths = task.widths;
  if (task.pooling != Pooling::pooler) model.head.pooling = task.pooling;
  model.weighted = task.weighted;
  model.label_smoothing = task.smoothing;
  return model;
}

// A model on a device, trained step by step.
class SmallTask {
 public:
  SmallTask(DeviceKind device, FinetuningModel model)
      : model_(model),
        layout_(finetuning_parameters(model.config, model.head)),
        engine_(make_engine(device, layout_.elements(), {.training = true})),
        programs_(std::move(model), layout_, *engine_, {.update = update_of()}) {
    for (const Parameter& parameter : layout_.parameters()) {
      std::vector<float> values(static_cast<size_t>(parameter.elements()));
      initialize_parameter(parameter, 0.1f, 42, 0, values);
      engine_->write(Memory::parameters, parameter.offset, values);
    }
  }

  // The mean loss of a step over all items, cut into micro-batches of at most so many tokens.
  double step(const TaskItems& items, int64_t micro_batch_tokens, float learning_rate) {
    TaskLoader loader(items, model_.form(),
                      {.batch = static_cast<int64_t>(items.size()),
                       .micro_batch_tokens = micro_batch_tokens,
                       .shuffle = false});
    const TaskStep& step = loader.next(0);
    FinetuningStepInputs inputs{.label_weight = step.label_weight, .update_scalars = {learning_rate, 1, 1}};
    double loss = 0;
    for (size_t i = 0; i < step.micro_batches.size(); ++i) {
      const TaskBatch& batch = step.micro_batches[i];
      FinetuningProgram& program =
          programs_.training(batch.capacity, {.first = i == 0, .last = i + 1 == step.micro_batches.size()});
      program.load(batch, inputs);
      program.run();
      loss += program.loss_sum(batch);
    }
    micro_batches = step.micro_batches.size();
    return loss / step.label_weight;
  }
  std::vector<double> flat(Memory memory) const {
    std::vector<double> values(static_cast<size_t>(layout_.elements()));
    engine_->read(memory, 0, std::span<double>(values));
    return values;
  }
  std::vector<double> parameter(const std::string& name) const {
    const Parameter& place = layout_.at(name);
    std::vector<double> values(static_cast<size_t>(place.elements()));
    engine_->read(Memory::parameters, place.offset, std::span<double>(values));
    return values;
  }
  FinetuningPrograms& programs() { return programs_; }
  size_t micro_batches = 0;

 private:
  UpdateAttributes update_of() const {
    UpdateAttributes update = adamw_of(layout_);
    auto segments = *update.segments;
    for (size_t i = 0; i < segments.size(); ++i) {
      const bool frozen = depth_of(layout_.parameters()[i].name, model_.config.layers) < model_.frozen_depth;
      if (frozen) segments[i].learning_rate_scale = 0;
    }
    update.segments = std::make_shared<const std::vector<ParameterSegment>>(std::move(segments));
    return update;
  }

  FinetuningModel model_;
  ParameterLayout layout_;
  std::unique_ptr<Engine> engine_;
  FinetuningPrograms programs_;
};

class EveryTask : public ::testing::TestWithParam<TaskCase> {};
INSTANTIATE_TEST_SUITE_P(
    Tasks, EveryTask,
    ::testing::Values(TaskCase{"classification", TaskKind::classification},
                      TaskCase{"weighted", TaskKind::classification, true},
                      TaskCase{"smoothed", TaskKind::classification, false, 0.1f},
                      TaskCase{"custom_head", TaskKind::classification, false, 0, {20, 12}},
                      TaskCase{"cls_pooling", TaskKind::classification, false, 0, {}, Pooling::cls},
                      TaskCase{"mean_pooling", TaskKind::classification, false, 0, {}, Pooling::mean},
                      TaskCase{"max_pooling", TaskKind::regression, false, 0, {}, Pooling::maximum},
                      TaskCase{"regression", TaskKind::regression}, TaskCase{"tagging", TaskKind::tagging},
                      TaskCase{"multiple_choice", TaskKind::multiple_choice},
                      TaskCase{"question_answering", TaskKind::question_answering}),
    [](const auto& instance) { return instance.param.name; });

TEST_P(EveryTask, OneUpdateHoweverABatchIsCut) {
  const FinetuningModel model = model_of(GetParam());
  const MadeUpItems items(model.config, model.form(), 9);
  SmallTask whole(DeviceKind::reference, model), cut(DeviceKind::reference, model);
  const double whole_loss = whole.step(items, 1000, 0.01f), cut_loss = cut.step(items, 20, 0.01f);
  ASSERT_EQ(whole.micro_batches, 1u);
  ASSERT_GT(cut.micro_batches, 2u);
  EXPECT_NEAR(whole_loss, cut_loss, 1e-6);
  EXPECT_LE(largest_relative_error(cut.flat(Memory::gradients), whole.flat(Memory::gradients)), 1e-6);
  EXPECT_LE(largest_relative_error(cut.flat(Memory::parameters), whole.flat(Memory::parameters)), 1e-6);
}

TEST_P(EveryTask, CpuEqualsReference) {
  const FinetuningModel model = model_of(GetParam());
  const MadeUpItems items(model.config, model.form(), 9);
  SmallTask cpu(DeviceKind::cpu, model), exact(DeviceKind::reference, model);
  EXPECT_NEAR(cpu.step(items, 40, 0), exact.step(items, 40, 0), 1e-5);
  EXPECT_LE(largest_relative_error(cpu.flat(Memory::gradients), exact.flat(Memory::gradients)), 1e-4);
}

TEST_P(EveryTask, LearnsAFewExamplesByHeart) {
  const FinetuningModel model = model_of(GetParam());
  const MadeUpItems items(model.config, model.form(), 6);
  SmallTask task(DeviceKind::cpu, model);
  const double first = task.step(items, 1000, 0.003f);
  double last = first;
  for (int i = 0; i < 120; ++i) last = task.step(items, 1000, 0.003f);
  EXPECT_LT(last, GetParam().smoothing > 0 ? 0.7 * first : 0.1 * first);
}

// The loss of evaluation is that of training where there is no dropout.
TEST_P(EveryTask, InferenceGivesLogitsOfEveryExample) {
  TaskCase plain = GetParam();
  plain.smoothing = 0;
  const FinetuningModel model = model_of(plain);
  const MadeUpItems items(model.config, model.form(), 7);
  SmallTask task(DeviceKind::cpu, model);
  const TaskOutputs outputs = infer(task.programs(), items, 3, 30);
  ASSERT_EQ(outputs.first_rows.size(), 8u);
  EXPECT_EQ(outputs.logits.size(), outputs.first_rows.back() * static_cast<size_t>(outputs.outputs));
  EXPECT_NEAR(outputs.loss, task.step(items, 1000, 0), 1e-5);
  for (const float logit : outputs.logits) EXPECT_TRUE(std::isfinite(logit));
}

TEST(Freezing, FrozenLayersStayAndTheOthersMove) {
  FinetuningModel model = model_of({"frozen", TaskKind::classification});
  model.frozen_depth = 2;  // embeddings and the first layer
  const MadeUpItems items(model.config, model.form(), 6);
  SmallTask task(DeviceKind::cpu, model);
  const std::vector<std::string> frozen{"bert.embeddings.word_embeddings.weight",
                                        "bert.encoder.layer.0.attention.self.key.weight",
                                        "bert.encoder.layer.0.output.LayerNorm.weight"};
  const std::vector<std::string> trained{"bert.encoder.layer.1.attention.self.query.weight",
                                         "bert.pooler.dense.weight", "classifier.bias"};
  std::vector<std::vector<double>> before;
  for (const auto* names : {&frozen, &trained})
    for (const std::string& name : *names) before.push_back(task.parameter(name));
  for (int i = 0; i < 3; ++i) task.step(items, 1000, 0.01f);
  size_t at = 0;
  for (const std::string& name : frozen) EXPECT_EQ(task.parameter(name), before[at++]) << name;
  for (const std::string& name : trained) EXPECT_NE(task.parameter(name), before[at++]) << name;
}

TEST(TaskLoader, EveryEpochHasEveryExampleOnceInAnOrderOfItsOwn) {
  const BertConfig config = small_config();
  const MadeUpItems items(config, TaskForm::one_per_sequence, 12);
  TaskLoader loader(items, TaskForm::one_per_sequence, {.batch = 4, .seed = 3});
  std::vector<std::vector<int32_t>> epochs(2);
  for (int64_t step = 0; step < 6; ++step) {
    for (const TaskBatch& batch : loader.next(step).micro_batches) {
      for (int64_t s = 0; s < batch.sequences.live_sequences; ++s) {
        epochs[static_cast<size_t>(step / 3)].push_back(
            batch.sequences
                .tokens[static_cast<size_t>(batch.sequences.sequence_offsets[static_cast<size_t>(s)])]);
      }
    }
  }
  EXPECT_NE(epochs[0], epochs[1]);
  for (auto& epoch : epochs) std::sort(epoch.begin(), epoch.end());
  EXPECT_EQ(epochs[0], epochs[1]);
  EXPECT_EQ(epochs[0].size(), 12u);
}

}  // namespace
}  // namespace cloze::testing
