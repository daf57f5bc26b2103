#pragma once

#include <vector>

#include "engine/data/examples/task_batch.h"
#include "engine/data/examples/task_description.h"
#include "engine/graph/capacity.h"
#include "engine/graph/graph.h"
#include "engine/model/task_head.h"

// The graph of a fine-tuning task: encoder, head, loss (Devlin et al. 2019, section 4).
namespace cloze {

struct FinetuningModel {
  TaskKind kind = TaskKind::classification;
  BertConfig config;
  TaskHead head;
  float label_smoothing = 0;
  bool weighted = false;     // classes have weights
  int64_t frozen_depth = 0;  // parameters below it are not trained (depth_of)

  TaskForm form() const;
};

// BERT's own head for a task with that many labels.
TaskHead bert_head(TaskKind kind, int64_t labels);

// The encoder with its pooler where the head reads it, and the head.
ParameterLayout finetuning_parameters(const BertConfig& config, const TaskHead& head,
                                      VocabularyRows rows = VocabularyRows::padded);

// Names of step inputs beyond those of the sequences, and of results. R rows: sequences (S), or M: asked
// tokens, examples of multiple choice, as TaskBatch has them.
namespace finetuning_names {
constexpr const char* labels = "labels";                  // i32 [R, 1], question answering [S, 2]
constexpr const char* scores = "scores";                  // [S, 1] regression
constexpr const char* weights = "weights";                // [R, 1]
constexpr const char* scale = "loss_scale";               // [1, 1]: 1 / sum of the labels' weights
constexpr const char* head_row_ids = "head_row_ids";      // i32 [rows of the head, 2]
constexpr const char* choice_offsets = "choice_offsets";  // i32 [1, M + 1]
constexpr const char* logits = "logits";                  // [rows of the head, outputs]
constexpr const char* loss = "loss";                      // [1, 1], scaled
constexpr const char* row_loss = "row_loss";              // [R, 1], question answering [S, 2]
}  // namespace finetuning_names

struct FinetuningGraph {
  Graph graph;
  std::vector<ValueId> losses;
  ValueId update_scalars;
};

// The forward graph, before any pass.
FinetuningGraph finetuning_graph(const FinetuningModel& model, const ParameterLayout& layout,
                                 const Capacity& capacity, DType real, bool train);

}  // namespace cloze
