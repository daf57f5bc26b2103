#pragma once

#include <memory>
#include <span>
#include <vector>

#include "engine/graph/graph.h"

namespace cloze {

// Where differentiation begins: the gradient of `value` is `gradient`, or exactly one where that is no_value.
struct GradientSeed {
  ValueId value;
  ValueId gradient = no_value;
};

// What an op sees while its gradient is added (Op::differentiate).
class Differentiation {
 public:
  Differentiation(Graph& graph, std::span<const GradientSeed> seeds, std::shared_ptr<const Op> add);

  // The gradient that flows into an output; no_value when nothing depends on it.
  ValueId gradient(ValueId output) const { return gradients_[index(output)]; }
  // True when the output is a loss whose gradient is exactly one.
  bool is_unit(ValueId output) const { return unit_[index(output)] != 0; }
  // Does a gradient reach this input (does it depend on a parameter that is trained)?
  bool wanted(ValueId input) const { return input && wanted_[index(input)] != 0; }
  // Adds to the gradient of an input.
  void contribute(ValueId input, ValueId gradient);

  std::vector<ValueId> add(std::shared_ptr<const Op> op, std::vector<ValueId> inputs) {
    return graph_.add(std::move(op), std::move(inputs));
  }
  const ValueType& type(ValueId id) const { return graph_.type(id); }

 private:
  friend void differentiate(Graph& graph, std::span<const GradientSeed> seeds, std::shared_ptr<const Op> add);
  static size_t index(ValueId id) { return static_cast<size_t>(id.index); }

  Graph& graph_;
  std::shared_ptr<const Op> add_;
  std::vector<ValueId> gradients_;
  std::vector<char> wanted_, unit_;
};

// Appends the backward nodes in reverse order of the forward ones. Gradients of parameters get their home in
// the gradient buffer. Throws Error naming an op that a gradient reaches but that has none, or a parameter
// whose gradient is also another's (two parameters added to each other). `add` is the op that sums two
// gradients of a value used twice (graph/ itself knows no ops).
void differentiate(Graph& graph, std::span<const GradientSeed> seeds, std::shared_ptr<const Op> add);

}  // namespace cloze
