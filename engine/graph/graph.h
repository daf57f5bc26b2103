#pragma once

#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "engine/graph/op.h"
#include "engine/graph/value.h"

namespace cloze {

enum class Phase : uint8_t { forward, backward, update };
const char* name_of(Phase phase);

struct Node {
  std::shared_ptr<const Op> op;
  std::vector<ValueId> inputs;  // no_value where an optional input is absent
  std::vector<ValueId> outputs;
  std::vector<ValueId>
      bases;          // per output: the value it is added to (and whose memory it takes), or no_value
  std::string scope;  // "encoder.layer.3.attention": for dumps, profiles and recomputation
  Phase phase = Phase::forward;
  Precision precision = Precision::full;  // of its activations; decided by the pass `precision`
};

// A static dataflow graph in SSA form. The order of the nodes is a schedule: every value is produced before
// it is used.
class Graph {
 public:
  ValueId add_input(std::string name, const ValueType& type);
  ValueId add_resident(std::string name, const ValueType& type, Home home);  // parameters, gradients, moments
  void freeze(ValueId parameter) { values_[static_cast<size_t>(parameter.index)].frozen = true; }
  // Runs the op's shape rule and appends the node. Throws Error naming op, scope and shapes when the inputs
  // do not fit.
  std::vector<ValueId> add(std::shared_ptr<const Op> op, std::vector<ValueId> inputs);

  // Values the host reads after a step; they keep their memory to the end.
  void mark_result(std::string name, ValueId value);
  ValueId result(std::string_view name) const;      // throws Error when there is none
  ValueId find_input(std::string_view name) const;  // no_value when there is none

  const Value& value(ValueId id) const { return values_[static_cast<size_t>(id.index)]; }
  const ValueType& type(ValueId id) const { return value(id).type; }
  const Node& producer(ValueId id) const { return nodes_[static_cast<size_t>(value(id).producer)]; }
  bool produced(ValueId id) const { return value(id).producer >= 0; }
  size_t value_count() const { return values_.size(); }

  const std::vector<Node>& nodes() const { return nodes_; }
  const std::vector<ValueId>& inputs() const { return inputs_; }
  struct Result {
    std::string name;
    ValueId value;
  };
  const std::vector<Result>& results() const { return results_; }

  // For passes. Replaces the node list; producers are recomputed. Values are never renumbered.
  void set_nodes(std::vector<Node> nodes);
  ValueId add_value(const ValueType& type);
  void set_type(ValueId id, const ValueType& type) { values_[static_cast<size_t>(id.index)].type = type; }
  void set_home(ValueId id, Home home) { values_[static_cast<size_t>(id.index)].home = home; }
  std::vector<Result>& mutable_results() { return results_; }

  // What add() writes into the nodes it appends.
  void set_scope(std::string scope) { scope_ = std::move(scope); }
  const std::string& scope() const { return scope_; }
  void set_phase(Phase phase) { phase_ = phase; }

 private:
  std::vector<Value> values_;
  std::vector<Node> nodes_;
  std::vector<ValueId> inputs_;
  std::vector<Result> results_;
  std::string scope_;
  Phase phase_ = Phase::forward;
};

// Throws Error (an internal error: a pass is wrong) unless: every value is produced once and before its uses,
// the types obey the shape rules, required aliases and bases are consistent, and a value is not read after
// its memory was overwritten.
void validate(const Graph& graph);

// The nodes of a graph as text, one a line, or as Graphviz DOT.
std::string to_text(const Graph& graph);
std::string to_dot(const Graph& graph);

// Users of each value: uses[value] lists node indices (inputs and bases), in order.
std::vector<std::vector<int32_t>> uses_of(const Graph& graph);

}  // namespace cloze
