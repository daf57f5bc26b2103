#pragma once

#include <cstdint>
#include <string>

#include "kernels/common/dtype.h"

namespace cloze {

// Which live count says how many rows of a value hold data in a step; `fixed`: all of them.
enum class Axis : uint8_t { fixed, tokens, sequences, predictions, needed };
constexpr int axis_count = 5;
const char* name_of(Axis axis);

// Every value is a matrix. Sizes are capacities; the live count of `axis` is a step input.
struct ValueType {
  DType dtype = DType::f32;
  int64_t rows = 0;
  int64_t columns = 0;
  Axis axis = Axis::fixed;

  int64_t elements() const { return rows * columns; }
  int64_t bytes() const { return elements() * static_cast<int64_t>(size_of(dtype)); }
  friend bool operator==(const ValueType&, const ValueType&) = default;
};
std::string to_string(const ValueType& type);

struct ValueId {
  int32_t index = -1;
  explicit operator bool() const { return index >= 0; }
  friend bool operator==(ValueId, ValueId) = default;
};
constexpr ValueId no_value{};

// Where a value lives. Only `arena` is assigned by the memory plan; the others are fixed when the graph is
// built.
enum class Memory : uint8_t {
  arena,
  inputs,
  parameters,
  gradients,
  first_moment,
  second_moment,
  compute_copy,  // the parameters rounded to bf16, where a run computes in it
  state,         // what a step leaves for the next beside those (engine/graph/state.h)
};
const char* name_of(Memory memory);

struct Home {
  Memory memory = Memory::arena;
  int64_t offset = 0;  // elements from the start of the flat buffer; unused in the arena and for inputs
  friend bool operator==(const Home&, const Home&) = default;
};

struct Value {
  ValueType type;
  std::string name;  // of inputs, parameters and results; intermediates are named by their node
  Home home;
  int32_t producer = -1;  // index of the node, or -1
  bool frozen = false;    // a parameter that training leaves alone: no gradient is computed for it
};

}  // namespace cloze
