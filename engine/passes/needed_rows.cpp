#include <algorithm>
#include <map>

#include "engine/ops/attention.h"
#include "engine/ops/linear.h"
#include "engine/ops/rows.h"
#include "engine/passes/passes.h"

// The heads read a few rows of the encoder's output only: the [CLS] of every sequence and the masked tokens.
// So the last layer is computed for those rows alone; its attention still sees all keys. (The idea:
// flash-attention's BERT, models/bert.py.)
namespace cloze {
namespace {

class NeededRows {
 public:
  explicit NeededRows(Graph& graph) : graph_(graph), uses_(uses_of(graph)), rebuilt_(graph.nodes().size()) {}

  void run() {
    if (!find_gathers()) return;
    find_rebuilt();
    const size_t first_gather = static_cast<size_t>(*std::min_element(gathers_.begin(), gathers_.end()));
    const size_t old_count = graph_.nodes().size();
    add_inputs();
    const ValueId compact = needed(graph_.nodes()[first_gather].inputs[0]);
    reorder(first_gather, old_count, compact);
  }

 private:
  static size_t index(ValueId id) { return static_cast<size_t>(id.index); }
  const Node& node(int32_t position) const { return graph_.nodes()[static_cast<size_t>(position)]; }
  bool is_result(ValueId id) const {
    return std::any_of(graph_.results().begin(), graph_.results().end(),
                       [&](const auto& r) { return r.value == id; });
  }

  // Gathers of one value that nothing else reads.
  bool find_gathers() {
    for (size_t n = 0; n < graph_.nodes().size(); ++n) {
      const Node& candidate = graph_.nodes()[n];
      if (dynamic_cast<const GatherRowsOp*>(candidate.op.get()) == nullptr) continue;
      const ValueId x = candidate.inputs[0];
      if (graph_.type(x).axis != Axis::tokens || !graph_.produced(x) || is_result(x)) continue;
      const auto& users = uses_[index(x)];
      const bool only_gathers = std::all_of(users.begin(), users.end(), [&](int32_t user) {
        return dynamic_cast<const GatherRowsOp*>(node(user).op.get()) != nullptr && node(user).inputs[0] == x;
      });
      if (!only_gathers) return false;
      gathers_ = users;
      return true;
    }
    return false;
  }

  // Nodes all of whose output rows are read through the gathers only: they will run on needed rows.
  void find_rebuilt() {
    for (size_t n = graph_.nodes().size(); n-- > 0;) {
      const Node& candidate = graph_.nodes()[n];
      const bool splittable = can_split(candidate);
      if (!candidate.op->row_wise() && !splittable) continue;
      bool used = false, only_needed = true;
      for (const ValueId output : candidate.outputs) {
        only_needed = only_needed && !is_result(output) && graph_.type(output).axis == Axis::tokens;
        for (const int32_t user : uses_[index(output)]) {
          used = true;
          only_needed =
              only_needed && (rebuilt_[static_cast<size_t>(user)] == Rebuilt::by_row || is_gather(user));
        }
      }
      if (used && only_needed) rebuilt_[n] = splittable ? Rebuilt::as_attention : Rebuilt::by_row;
    }
  }

  bool is_gather(int32_t position) const {
    return std::find(gathers_.begin(), gathers_.end(), position) != gathers_.end();
  }

  // Packed attention whose query, key and value come from one linear layer of resident parameters.
  bool can_split(const Node& candidate) const {
    const auto* attention_op = dynamic_cast<const AttentionOp*>(candidate.op.get());
    if (attention_op == nullptr || attention_op->shape().layout != AttentionLayout::packed) return false;
    const ValueId packed = candidate.inputs[AttentionOp::query];
    if (!graph_.produced(packed) || uses_[index(packed)].size() != 1) return false;
    return dynamic_cast<const LinearOp*>(graph_.producer(packed).op.get()) != nullptr;
  }

  void add_inputs() {
    const ValueType& first_index = graph_.type(node(gathers_[0]).inputs[1]);
    int64_t rows = 0;
    ValueType offsets{DType::i32, 1, 0, Axis::sequences};
    for (const int32_t gather : gathers_) rows += graph_.type(node(gather).inputs[1]).rows;
    for (const Node& each : graph_.nodes()) {
      if (dynamic_cast<const AttentionOp*>(each.op.get()) != nullptr) {
        offsets = graph_.type(each.inputs[AttentionOp::key_offsets]);
      }
    }
    needed_rows_ =
        graph_.add_input(std::string(needed_inputs::rows), {first_index.dtype, rows, 1, Axis::needed});
    if (offsets.columns > 0) needed_offsets_ = graph_.add_input(std::string(needed_inputs::offsets), offsets);
    for (const int32_t gather : gathers_) {
      const ValueId old_index = node(gather).inputs[1];
      renumbered_[gather] = graph_.add_input(
          graph_.value(old_index).name + std::string(needed_inputs::suffix), graph_.type(old_index));
    }
  }

  // The needed rows of a value.
  ValueId needed(ValueId id) {
    if (!id || graph_.type(id).axis != Axis::tokens) return id;
    if (const auto found = compact_.find(id.index); found != compact_.end()) return found->second;
    const int32_t producer = graph_.value(id).producer;
    const Rebuilt kind = producer < 0 ? Rebuilt::no : rebuilt_[static_cast<size_t>(producer)];
    if (kind == Rebuilt::no) return compact_[id.index] = gather_rows(graph_, id, needed_rows_);
    const Node original = node(producer);
    graph_.set_scope(original.scope);
    const std::vector<ValueId> outputs =
        kind == Rebuilt::as_attention ? split_attention(original) : rebuild_by_row(original);
    for (size_t i = 0; i < outputs.size(); ++i) compact_[original.outputs[i].index] = outputs[i];
    return compact_.at(id.index);
  }

  std::vector<ValueId> rebuild_by_row(const Node& original) {
    std::vector<ValueId> inputs;
    for (const ValueId input : original.inputs) inputs.push_back(needed(input));
    graph_.set_scope(original.scope);
    return graph_.add(original.op, inputs);
  }

  std::vector<ValueId> split_attention(const Node& original) {
    AttentionAttributes attributes = dynamic_cast<const AttentionOp&>(*original.op).shape();
    attributes.layout = AttentionLayout::split;
    const Node projection = graph_.producer(original.inputs[AttentionOp::query]);
    const auto [x, weight, bias] =
        std::tuple(projection.inputs[0], projection.inputs[1], projection.inputs[2]);
    const ValueId row_ids = needed(original.inputs[AttentionOp::row_ids]);
    const ValueId needed_x = needed(x);
    graph_.set_scope(original.scope);
    const int64_t hidden = graph_.type(weight).rows / 3;
    const ValueId query =
        linear(graph_, needed_x, weight_rows(weight, 0, hidden), bias_part(bias, 0, hidden));
    const ValueId key_value =
        linear(graph_, x, weight_rows(weight, hidden, 2 * hidden), bias_part(bias, hidden, 2 * hidden));
    return graph_.add(std::make_shared<AttentionOp>(attributes),
                      {query, key_value, needed_offsets_, original.inputs[AttentionOp::key_offsets],
                       original.inputs[AttentionOp::key], row_ids, no_value});
  }

  // Windows on the stacked parameters [3 * hidden, hidden] and [1, 3 * hidden].
  ValueId weight_rows(ValueId weight, int64_t first, int64_t count) {
    const Value value = graph_.value(weight);
    Home home = value.home;
    home.offset += first * value.type.columns;
    return graph_.add_resident(value.name, {value.type.dtype, count, value.type.columns}, home);
  }
  ValueId bias_part(ValueId bias, int64_t first, int64_t count) {
    if (!bias) return no_value;
    const Value value = graph_.value(bias);
    Home home = value.home;
    home.offset += first;
    return graph_.add_resident(value.name, {value.type.dtype, 1, count}, home);
  }

  // New nodes go before the first gather; the gathers read the compact rows by their new numbers.
  void reorder(size_t first_gather, size_t old_count, ValueId compact) {
    std::vector<Node> nodes = graph_.nodes();
    for (const auto& [gather, new_index] : renumbered_) {
      Node& head = nodes[static_cast<size_t>(gather)];
      head.inputs = {compact, new_index};
    }
    std::rotate(nodes.begin() + static_cast<std::ptrdiff_t>(first_gather),
                nodes.begin() + static_cast<std::ptrdiff_t>(old_count), nodes.end());
    graph_.set_nodes(std::move(nodes));
  }

  enum class Rebuilt : uint8_t { no, by_row, as_attention };
  Graph& graph_;
  std::vector<std::vector<int32_t>> uses_;
  std::vector<Rebuilt> rebuilt_;
  std::vector<int32_t> gathers_;
  std::map<int32_t, ValueId> renumbered_;  // gather node -> its index input, renumbered
  std::map<int32_t, ValueId> compact_;     // value -> its needed rows
  ValueId needed_rows_, needed_offsets_;
};

}  // namespace

void compute_needed_rows(Graph& graph, const PassOptions& options) {
  if (options.needed_rows) NeededRows(graph).run();
  drop_unused(graph, options);
}

}  // namespace cloze
