#include "engine/model/task_head.h"

#include "engine/ops/activation.h"
#include "engine/ops/elementwise.h"
#include "engine/ops/linear.h"
#include "engine/ops/rows.h"
#include "engine/ops/segment_pooling.h"

namespace cloze {
namespace {

// Behind those of the encoder, of which there are 1 + 3 * layers.
uint32_t head_site(const BertConfig& config, size_t layer) {
  return static_cast<uint32_t>(1 + 3 * config.layers) + static_cast<uint32_t>(layer);
}

std::string hidden_name(const TaskHead& head, size_t layer) {
  return head.name + ".hidden." + std::to_string(layer);
}

}  // namespace

void add_task_head(ParameterLayout& layout, const TaskHead& head, int64_t hidden_size) {
  const auto add = [&](const std::string& name, int64_t out, int64_t in) {
    layout.add(name + ".weight", out, in);
    layout.add_vector(name + ".bias", out);
  };
  int64_t width = hidden_size;
  for (size_t layer = 0; layer < head.widths.size(); ++layer) {
    add(hidden_name(head, layer), head.widths[layer], width);
    width = head.widths[layer];
  }
  add(head.name, head.outputs, width);
}

bool is_of_head(const TaskHead& head, const std::string& parameter_name) {
  return parameter_name.starts_with(head.name + ".");
}

ValueId pooled_rows(BertBuilder& bert, const TaskHead& head, ValueId sequence_output) {
  switch (head.pooling) {
    case Pooling::pooler:
      return pooler(bert, sequence_output);
    case Pooling::cls:
      bert.graph.set_scope("pooler");
      return gather_rows(bert.graph, sequence_output, bert.inputs.first_rows);
    case Pooling::mean:
    case Pooling::maximum: {
      bert.graph.set_scope("pooler");
      const bool mean = head.pooling == Pooling::mean;
      return segment_pool(bert.graph, sequence_output, bert.inputs.offsets,
                          mean ? SegmentPooling::mean : SegmentPooling::maximum);
    }
    case Pooling::tokens:
      break;
  }
  return sequence_output;
}

ValueId task_logits(BertBuilder& bert, const TaskHead& head, ValueId rows, ValueId row_ids) {
  bert.graph.set_scope(head.name);
  const auto drop = [&](ValueId x, size_t layer) {
    const DropoutSite site = bert.dropout(head.dropout, head_site(bert.config, layer));
    return site.active() ? dropout(bert.graph, x, site, bert.inputs.dropout_key, row_ids) : x;
  };
  ValueId x = rows;
  for (size_t layer = 0; layer < head.widths.size(); ++layer) {
    x = activation(bert.graph, bert.dense(drop(x, layer), hidden_name(head, layer)), head.activation);
  }
  return bert.dense(drop(x, head.widths.size()), head.name);
}

}  // namespace cloze
