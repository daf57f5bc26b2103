#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "engine/graph/graph.h"
#include "engine/runtime/engine.h"

// A graph of a few ops over random operands, written once and built for either device. Operands lie on a grid
// of 1/1024, so that they and the steps of finite differences are exact in float32.
namespace cloze::testing {

constexpr float grid = 1.0f / 1024;

class OpGraph {
 public:
  explicit OpGraph(DType real_type) : real(real_type) {}

  // Differentiable operands: parameters of the flat buffer, uniform in [-1, 1).
  ValueId parameter(int64_t rows, int64_t columns);
  // A value [rows, columns] of `axis` in the arena: rows of a parameter in another order, with two that are
  // not read.
  ValueId rows_of_parameter(int64_t rows, int64_t columns, Axis axis = Axis::tokens);
  ValueId integers(const ValueType& type, std::vector<int32_t> values);
  ValueId reals(int64_t columns, std::vector<float> values);  // [1, columns]
  ValueId reals(const ValueType& type, std::vector<float> values);
  void live(Axis axis, int64_t count) { live_counts.push_back({axis, count}); }

  ValueId dropout_key() { return integers({DType::i32, 1, 2}, {77, -1234567}); }
  // {global sequence, position} of `rows` rows in sequences of three.
  ValueId row_ids(int64_t rows, Axis axis = Axis::tokens);

  // A root of differentiation: its gradient is random, or one (`loss`).
  void output(ValueId value);
  void loss(ValueId value);
  // What becomes of the graph once it is differentiated: ops that only a pass puts in are reached this way.
  void then(std::function<void(Graph&)> rewrite) { rewrite_ = std::move(rewrite); }
  void differentiate();
  // Every gradient that can be is added to what the gradient buffer holds.
  void accumulate();

  struct Data {
    ValueId id;
    int64_t offset = 0;  // of parameters: in the flat buffers
    std::vector<float> values;
  };
  struct Root {
    ValueId value, gradient;     // no gradient: one
    std::vector<float> weights;  // the gradient's values; {1} for a loss
  };
  struct Live {
    Axis axis;
    int64_t count;
  };

  const DType real;
  Graph graph;
  std::vector<Data> parameters;
  int64_t elements = 0;  // of the flat buffers
  StateLayout state;
  std::vector<Root> roots;
  std::vector<Live> live_counts;
  std::vector<std::pair<ValueId, std::vector<int32_t>>> integer_inputs;
  std::vector<std::pair<ValueId, std::vector<float>>> real_inputs;

 private:
  std::vector<float> random(int64_t count);
  ValueId real_input(const ValueType& type, std::vector<float> values);

  std::function<void(Graph&)> rewrite_;
};

using Build = std::function<void(OpGraph&)>;

// An OpGraph on a device, its operands written.
class OpProgram {
 public:
  OpProgram(DeviceKind device, OpGraph& built, bool reuse_memory = true);

  void run() { executable_->run(); }
  // Σ root * weight over live rows.
  double weighted_sum() const;
  std::vector<double> root(size_t index) const;      // live rows
  std::vector<double> gradient(size_t index) const;  // of a parameter
  std::vector<double> flat(Memory memory) const;
  Engine& engine() { return *engine_; }
  Executable& executable() { return *executable_; }

 private:
  const OpGraph& built_;
  std::unique_ptr<Engine> engine_;
  std::unique_ptr<Executable> executable_;
};

// Builds and runs a differentiated graph.
struct OpResults {
  std::vector<std::vector<double>> roots, gradients;
};
OpResults run_differentiated(DeviceKind device, const Build& build);

// |a - b| / |b| in the Euclidean norm; infinite where the sizes differ or a value is not finite.
double relative_error(const std::vector<double>& a, const std::vector<double>& b);

}  // namespace cloze::testing
