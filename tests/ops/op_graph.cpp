#include "tests/ops/op_graph.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <numeric>

#include "engine/graph/differentiate.h"
#include "engine/ops/elementwise.h"
#include "engine/ops/rows.h"
#include "kernels/common/philox.h"

namespace cloze::testing {
namespace {

constexpr int64_t alignment = 64;  // elements, as in a ParameterLayout

DType real_of(DeviceKind device) {
  return device == DeviceKind::reference ? DType::f64 : DType::f32;
}

}  // namespace

std::vector<float> OpGraph::random(int64_t count) {
  const auto stream = static_cast<uint32_t>(parameters.size() + 100 * roots.size());
  std::vector<float> values(static_cast<size_t>(count));
  for (size_t i = 0; i < values.size(); ++i) {
    const uint32_t bits = philox({static_cast<uint32_t>(i), stream, 0, 0}, {3, 5}).word0;
    values[i] = grid * (static_cast<float>(scale_to(bits, 2048)) - 1024);
  }
  return values;
}

ValueId OpGraph::parameter(int64_t rows, int64_t columns) {
  const int64_t offset = elements;
  const ValueId id = graph.add_resident("parameter " + std::to_string(parameters.size()),
                                        {real, rows, columns}, {Memory::parameters, offset});
  parameters.push_back({id, offset, random(rows * columns)});
  elements += (rows * columns + alignment - 1) / alignment * alignment;
  return id;
}

ValueId OpGraph::rows_of_parameter(int64_t rows, int64_t columns, Axis axis) {
  const ValueId source = parameter(rows + 2, columns);
  std::vector<int32_t> index(static_cast<size_t>(rows));
  std::iota(index.begin(), index.end(), 1);
  std::reverse(index.begin(), index.end());
  return gather_rows(graph, source, integers({DType::i32, rows, 1, axis}, std::move(index)));
}

ValueId OpGraph::integers(const ValueType& type, std::vector<int32_t> values) {
  const ValueId id = graph.add_input("integers " + std::to_string(integer_inputs.size()), type);
  integer_inputs.emplace_back(id, std::move(values));
  return id;
}

ValueId OpGraph::real_input(const ValueType& type, std::vector<float> values) {
  const ValueId id = graph.add_input("reals " + std::to_string(real_inputs.size()), type);
  real_inputs.emplace_back(id, std::move(values));
  return id;
}

ValueId OpGraph::reals(int64_t columns, std::vector<float> values) {
  return real_input({real, 1, columns}, std::move(values));
}

ValueId OpGraph::reals(const ValueType& type, std::vector<float> values) {
  return real_input(type, std::move(values));
}

ValueId OpGraph::row_ids(int64_t rows, Axis axis) {
  std::vector<int32_t> ids;
  for (int32_t row = 0; row < rows; ++row) ids.insert(ids.end(), {7 + row / 3, row % 3});
  return integers({DType::i32, rows, 2, axis}, std::move(ids));
}

void OpGraph::output(ValueId value) {
  std::vector<float> weights = random(graph.type(value).elements());
  const ValueId gradient = real_input(graph.type(value), weights);
  graph.mark_result("root " + std::to_string(roots.size()), value);
  roots.push_back({value, gradient, std::move(weights)});
}

void OpGraph::loss(ValueId value) {
  graph.mark_result("root " + std::to_string(roots.size()), value);
  roots.push_back({value, no_value, {1}});
}

void OpGraph::differentiate() {
  std::vector<GradientSeed> seeds;
  for (const Root& root : roots) seeds.push_back({root.value, root.gradient});
  cloze::differentiate(graph, seeds, std::make_shared<AddOp>());
  if (rewrite_) rewrite_(graph);
}

void OpGraph::accumulate() {
  std::vector<Node> nodes = graph.nodes();
  for (Node& node : nodes) {
    for (size_t i = 0; i < node.outputs.size(); ++i) {
      const Home home = graph.value(node.outputs[i]).home;
      if (home.memory != Memory::gradients || !node.op->accumulates(static_cast<int>(i))) continue;
      node.bases[i] = graph.add_resident("before", graph.type(node.outputs[i]), home);
    }
  }
  graph.set_nodes(std::move(nodes));
}

OpProgram::OpProgram(DeviceKind device, OpGraph& built, bool reuse_memory)
    : built_(built), engine_(make_engine(device, built.elements, {.training = true, .state = built.state})) {
  validate(built.graph);
  executable_ = engine_->compile(built.graph, {.reuse = reuse_memory});
  for (const OpGraph::Data& parameter : built.parameters)
    engine_->write(Memory::parameters, parameter.offset, parameter.values);
  for (const auto& [id, values] : built.integer_inputs)
    executable_->write(Slot{id.index}, std::span<const int32_t>(values));
  for (const auto& [id, values] : built.real_inputs)
    executable_->write(Slot{id.index}, std::span<const float>(values));
  for (const OpGraph::Live& live : built.live_counts) executable_->set_live(live.axis, live.count);
}

std::vector<double> OpProgram::root(size_t index) const {
  const ValueId id = built_.roots[index].value;
  const ValueType& type = built_.graph.type(id);
  int64_t rows = type.rows;
  for (const OpGraph::Live& live : built_.live_counts) {
    if (live.axis == type.axis) rows = live.count;
  }
  std::vector<double> values(static_cast<size_t>(rows * type.columns));
  executable_->read(Slot{id.index}, std::span<double>(values));
  return values;
}

double OpProgram::weighted_sum() const {
  double sum = 0;
  for (size_t i = 0; i < built_.roots.size(); ++i) {
    const std::vector<double> values = root(i);
    for (size_t j = 0; j < values.size(); ++j) sum += values[j] * double{built_.roots[i].weights[j]};
  }
  return sum;
}

std::vector<double> OpProgram::gradient(size_t index) const {
  const OpGraph::Data& parameter = built_.parameters[index];
  std::vector<double> values(parameter.values.size());
  engine_->read(Memory::gradients, parameter.offset, std::span<double>(values));
  return values;
}

std::vector<double> OpProgram::flat(Memory memory) const {
  std::vector<double> values(static_cast<size_t>(built_.elements));
  engine_->read(memory, 0, std::span<double>(values));
  return values;
}

OpResults run_differentiated(DeviceKind device, const Build& build) {
  OpGraph graph(real_of(device));
  build(graph);
  graph.differentiate();
  OpProgram program(device, graph);
  program.run();
  OpResults results;
  for (size_t i = 0; i < graph.roots.size(); ++i) results.roots.push_back(program.root(i));
  for (size_t i = 0; i < graph.parameters.size(); ++i) results.gradients.push_back(program.gradient(i));
  return results;
}

double relative_error(const std::vector<double>& a, const std::vector<double>& b) {
  constexpr double infinite = std::numeric_limits<double>::infinity();
  if (a.size() != b.size()) return infinite;
  double squares = 0, norm = 0;
  for (size_t i = 0; i < a.size(); ++i) {
    squares += (a[i] - b[i]) * (a[i] - b[i]);
    norm += b[i] * b[i];
  }
  if (squares == 0) return 0;
  const double error = std::sqrt(squares / norm);
  return std::isfinite(error) ? error : infinite;
}

}  // namespace cloze::testing
