#pragma once

#include <functional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "engine/graph/precision.h"
#include "engine/graph/value.h"
#include "kernels/common/device.h"
#include "kernels/common/tensor.h"

namespace cloze {

struct Node;
class Differentiation;

// The memory a node works on, resolved while a program is compiled.
struct Operands {
  std::vector<Tensor> inputs;  // data == nullptr where an optional input is absent
  std::vector<Tensor> outputs;
  std::vector<GradientMode> modes;        // per output: accumulate where the node has a base for it
  Precision precision = Precision::full;  // the node's
};

// Work of one node, from its types alone (engine/graph/cost.h).
struct Cost {
  double flops = 0;         // of matrix products: multiply and add count as two
  double bytes = 0;         // read and written, each operand once
  double scalar_flops = 0;  // of all other arithmetic: Op::flops_per_element
  // Bytes that begin to travel between processes here: of sums of which each process gets its share, and of
  // shares that all get. A sum that all get is both.
  double scattered = 0, gathered = 0;
  bool joins_collectives = false;  // waits for all that began before
};

// Output `output` may (or must) lie in the memory of input `input`.
struct Alias {
  int output = 0;
  int input = 0;
  bool required = false;
};

// One kernel call, all arguments resolved: nothing is looked up when it runs.
using Launch = std::function<void()>;

// What a node computes. An op is immutable; its attributes are typed members of the derived class.
class Op {
 public:
  virtual ~Op() = default;

  virtual std::string_view name() const = 0;
  virtual std::string attributes() const { return {}; }  // "p=0.1 site=3", for dumps

  // Shape rule: the outputs' types; throws Error when the inputs do not fit.
  virtual std::vector<ValueType> output_types(std::span<const ValueType> inputs) const = 0;
  virtual Cost cost(std::span<const ValueType> inputs, std::span<const ValueType> outputs) const;
  // Arithmetic outside matrix products, for each element of the first input or the first output, whichever is
  // larger. exp, tanh, erf, a root and a division count as one: a convention for profiles, not a measurement.
  virtual double flops_per_element() const { return 0; }
  // Of attention: work of matrix products for each pair of a query row (a row of the first input) and a key
  // row of its sequence. How many pairs there are follows from the lengths in a batch, which types do not
  // tell.
  virtual double flops_per_pair(std::span<const ValueType> /*inputs*/) const { return 0; }
  virtual std::vector<Alias> aliases() const { return {}; }
  // Can the kernel add this output to what is there instead of overwriting it?
  virtual bool accumulates(int /*output*/) const { return false; }
  // Does row i of every output depend on row i of the inputs of the same axis only (and on fixed inputs)?
  virtual bool row_wise() const { return false; }

  // In a run of low precision: how its activations are stored, and which inputs are full all the same
  // (statistics, scales, gains of a norm). The types of its outputs follow from those of its inputs.
  virtual PrecisionRule precision_rule() const { return PrecisionRule::low; }
  virtual bool full_input(int /*input*/) const { return false; }
  // In a run of bf16 products: may it round the operands of its product?
  virtual bool rounds_operands() const { return false; }

  // Adds the nodes of its gradient (ops with a gradient of their own); false: not differentiable.
  virtual bool differentiate(Differentiation& /*differentiation*/, const Node& /*node*/) const {
    return false;
  }

  // One overload per device: a missing kernel does not compile.
  virtual Launch bind(Reference& device, const Operands& operands) const = 0;
  virtual Launch bind(Cpu& device, const Operands& operands) const = 0;
  virtual Launch bind(Cuda& device, const Operands& operands) const = 0;

  // On a GPU: what the host does before each run of a program with this op, for the launches of a program
  // that was recorded are not called; empty: nothing.
  virtual Launch before_run() const { return {}; }
};

// Implements `bind` for every device by one template of the derived class:
//   template <class Device> Launch bind_on(Device& device, const Operands& operands) const;
// defined in the op's .cpp together with `template class BoundOp<Derived>;`.
template <class Derived>
class BoundOp : public Op {
 public:
  Launch bind(Reference& device, const Operands& operands) const final;
  Launch bind(Cpu& device, const Operands& operands) const final;
  Launch bind(Cuda& device, const Operands& operands) const final;
};

template <class Derived>
Launch BoundOp<Derived>::bind(Reference& device, const Operands& operands) const {
  return static_cast<const Derived&>(*this).bind_on(device, operands);
}
template <class Derived>
Launch BoundOp<Derived>::bind(Cpu& device, const Operands& operands) const {
  return static_cast<const Derived&>(*this).bind_on(device, operands);
}
template <class Derived>
Launch BoundOp<Derived>::bind(Cuda& device, const Operands& operands) const {
  return static_cast<const Derived&>(*this).bind_on(device, operands);
}

}  // namespace cloze
