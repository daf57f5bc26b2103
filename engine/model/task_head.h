#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "engine/graph/parameters.h"
#include "engine/model/bert.h"

// The part of a fine-tuned model that is the task's own.
namespace cloze {

// What a head reads.
enum class Pooling : uint8_t {
  pooler,   // BERT's: tanh(dense([CLS])), one row a sequence
  cls,      // the output at [CLS] itself
  mean,     // of the outputs at all tokens of the sequence, [CLS] and [SEP] too
  maximum,  // of those, each column by itself
  tokens,   // every token, or those that the task asks about
};

struct TaskHead {
  Pooling pooling = Pooling::pooler;
  int64_t outputs = 2;          // columns: labels, or 2 for the start and end of an answer, or 1 for a score
  std::vector<int64_t> widths;  // of hidden layers between; none in BERT
  Activation activation = Activation::gelu_tanh;  // of those
  float dropout = 0.1f;                           // before each dense layer
  float initializer_range = 0.02f;                // deviation of its matrices when training begins
  std::string name = "classifier";  // of the last layer's parameters; "qa_outputs" for question answering

  friend bool operator==(const TaskHead&, const TaskHead&) = default;
};

// Appends the head's parameters: NAME.weight [outputs, in] and NAME.bias, before them NAME.hidden.0.weight
// and so on. The names of BERT's own heads are Hugging Face's.
void add_task_head(ParameterLayout& layout, const TaskHead& head, int64_t hidden_size);

// Whether a parameter is the head's own.
bool is_of_head(const TaskHead& head, const std::string& parameter_name);

// The rows a head reads: [S, H], or of tokens the sequence output [T, H] itself.
ValueId pooled_rows(BertBuilder& bert, const TaskHead& head, ValueId sequence_output);

// Logits [rows, outputs] of rows [rows, H]. `row_ids` (i32 [rows, 2]) are the keys of its dropout.
ValueId task_logits(BertBuilder& bert, const TaskHead& head, ValueId rows, ValueId row_ids);

}  // namespace cloze
