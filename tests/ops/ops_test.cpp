#include <cxxabi.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <cstdlib>
#include <memory>
#include <set>
#include <typeindex>

#include "engine/base/error.h"
#include "engine/ops/all.h"
#include "tests/ops/op_cases.h"

// Every op: gradients against finite differences, Cpu against Reference, accumulation, fused against
// composed.
namespace cloze::testing {
namespace {

class EveryOp : public ::testing::TestWithParam<OpCase> {};
class EveryFusion : public ::testing::TestWithParam<FusedCase> {};
class EveryUpdate : public ::testing::TestWithParam<UpdateCase> {};
const auto name_of_case = [](const auto& instance) { return instance.param.name; };
INSTANTIATE_TEST_SUITE_P(Ops, EveryOp, ::testing::ValuesIn(op_cases()), name_of_case);
INSTANTIATE_TEST_SUITE_P(Ops, EveryFusion, ::testing::ValuesIn(fused_cases()), name_of_case);
INSTANTIATE_TEST_SUITE_P(Ops, EveryUpdate, ::testing::ValuesIn(update_cases()), name_of_case);

DType real_of(DeviceKind device) {
  return device == DeviceKind::reference ? DType::f64 : DType::f32;
}

// Four-point central differences in double, on at most 40 elements of each parameter; relative to the larger
// of the element and the gradient's root mean square.
TEST_P(EveryOp, GradientsEqualFiniteDifferences) {
  const OpResults analytic = run_differentiated(DeviceKind::reference, GetParam().build);
  OpGraph forward(DType::f64);
  GetParam().build(forward);
  OpProgram program(DeviceKind::reference, forward);
  ASSERT_FALSE(forward.parameters.empty());
  for (size_t p = 0; p < forward.parameters.size(); ++p) {
    const OpGraph::Data& parameter = forward.parameters[p];
    const std::vector<double>& gradient = analytic.gradients[p];
    double squares = 0;
    for (const double value : gradient) squares += value * value;
    const double typical = std::sqrt(squares / static_cast<double>(gradient.size()));
    ASSERT_GT(typical, 0) << "no gradient reaches parameter " << p;
    const size_t stride = std::max<size_t>(1, gradient.size() / 40);
    for (size_t i = 0; i < gradient.size(); i += stride) {
      const auto at = [&](float steps) {
        const float value = parameter.values[i] + steps * grid;
        program.engine().write(Memory::parameters, parameter.offset + static_cast<int64_t>(i), {&value, 1});
        program.run();
        return program.weighted_sum();
      };
      const double numeric = (8 * (at(1) - at(-1)) - (at(2) - at(-2))) / (12 * double{grid});
      at(0);
      EXPECT_NEAR(gradient[i], numeric, 1e-6 * std::max(std::abs(gradient[i]), typical))
          << "parameter " << p << " element " << i;
    }
  }
}

TEST_P(EveryOp, CpuEqualsReference) {
  const OpResults exact = run_differentiated(DeviceKind::reference, GetParam().build);
  const OpResults cpu = run_differentiated(DeviceKind::cpu, GetParam().build);
  for (size_t i = 0; i < exact.roots.size(); ++i)
    EXPECT_LE(relative_error(cpu.roots[i], exact.roots[i]), 1e-5) << "root " << i;
  for (size_t i = 0; i < exact.gradients.size(); ++i)
    EXPECT_LE(relative_error(cpu.gradients[i], exact.gradients[i]), 1e-5) << "gradient of parameter " << i;
}

// A gradient with a base is the base plus the gradient without.
TEST_P(EveryOp, AccumulatesWhatItOverwrites) {
  for (const DeviceKind device : {DeviceKind::reference, DeviceKind::cpu}) {
    const OpResults written = run_differentiated(device, GetParam().build);
    OpGraph graph(real_of(device));
    GetParam().build(graph);
    graph.differentiate();
    graph.accumulate();
    OpProgram program(device, graph);
    std::vector<float> before(static_cast<size_t>(graph.elements));
    for (size_t i = 0; i < before.size(); ++i) before[i] = 0.25f * static_cast<float>(i % 7) - 0.75f;
    program.engine().write(Memory::gradients, 0, before);
    program.run();
    std::set<int32_t> added;  // residents whose gradient has a base
    for (const Node& node : graph.graph.nodes()) {
      for (size_t i = 0; i < node.outputs.size(); ++i) {
        if (node.bases[i]) added.insert(static_cast<int32_t>(graph.graph.value(node.outputs[i]).home.offset));
      }
    }
    ASSERT_FALSE(added.empty());
    for (size_t p = 0; p < graph.parameters.size(); ++p) {
      const OpGraph::Data& parameter = graph.parameters[p];
      if (!added.contains(static_cast<int32_t>(parameter.offset))) continue;
      std::vector<double> expected = written.gradients[p];
      for (size_t i = 0; i < expected.size(); ++i)
        expected[i] += double{before[static_cast<size_t>(parameter.offset) + i]};
      EXPECT_LE(relative_error(program.gradient(p), expected), device == DeviceKind::cpu ? 1e-6 : 1e-14)
          << "parameter " << p;
    }
  }
}

TEST_P(EveryFusion, EqualsTheComposition) {
  for (const DeviceKind device : {DeviceKind::reference, DeviceKind::cpu}) {
    const double tolerance = device == DeviceKind::cpu ? 1e-5 : 1e-12;
    const OpResults fused = run_differentiated(device, GetParam().fused);
    const OpResults composed = run_differentiated(device, GetParam().composed);
    ASSERT_EQ(fused.gradients.size(), composed.gradients.size());
    for (size_t i = 0; i < composed.roots.size(); ++i)
      EXPECT_LE(relative_error(fused.roots[i], composed.roots[i]), tolerance) << "root " << i;
    for (size_t i = 0; i < composed.gradients.size(); ++i)
      EXPECT_LE(relative_error(fused.gradients[i], composed.gradients[i]), tolerance) << "parameter " << i;
  }
}

std::unique_ptr<OpProgram> updated(DeviceKind device, OpGraph& graph, const UpdateCase& update) {
  build_update(graph, update);
  auto program = std::make_unique<OpProgram>(device, graph);
  std::vector<float> first(static_cast<size_t>(graph.elements)), second(first.size());
  for (const ParameterSegment& segment : *update.attributes.segments) {
    for (auto i = static_cast<size_t>(segment.begin); i < static_cast<size_t>(segment.end); ++i) {
      first[i] = 0.125f * static_cast<float>(i % 5) - 0.25f;
      second[i] = 0.0625f * static_cast<float>(i % 3 + 1);
    }
  }
  program->engine().write(Memory::first_moment, 0, first);
  program->engine().write(Memory::second_moment, 0, second);
  program->run();
  return program;
}

TEST_P(EveryUpdate, CpuEqualsReference) {
  OpGraph exact_graph(DType::f64), cpu_graph(DType::f32);
  const auto exact = updated(DeviceKind::reference, exact_graph, GetParam());
  const auto cpu = updated(DeviceKind::cpu, cpu_graph, GetParam());
  for (const Memory memory :
       {Memory::gradients, Memory::parameters, Memory::first_moment, Memory::second_moment}) {
    EXPECT_LE(relative_error(cpu->flat(memory), exact->flat(memory)), 1e-6) << name_of(memory);
  }
  double norm = 0, squares = 0;
  int32_t skipped = -1;
  exact->executable().read(exact->executable().result("gradient_norm"), std::span<double>(&norm, 1));
  exact->executable().read(exact->executable().result("skipped"), std::span<int32_t>(&skipped, 1));
  for (const double value : exact->flat(Memory::gradients)) squares += value * value;
  EXPECT_NEAR(norm, std::sqrt(squares), 1e-12 * norm);
  EXPECT_EQ(skipped, 0);
}

// Cut into shards, of which the one process has all, the update is the same one.
TEST(Update, ShardsEqualTheWhole) {
  for (const UpdateRule rule : {UpdateRule::adamw, UpdateRule::lamb}) {
    UpdateCase whole = update_cases()[rule == UpdateRule::adamw ? 1 : 3], shards = whole;  // clipped
    ASSERT_EQ(whole.attributes.rule, rule);
    shards.reduced = UpdateCase::Reduced::shards;
    OpGraph whole_graph(DType::f64), sharded_graph(DType::f64);
    const auto expected = updated(DeviceKind::reference, whole_graph, whole);
    const auto sharded = updated(DeviceKind::reference, sharded_graph, shards);
    for (const Memory memory : {Memory::parameters, Memory::first_moment, Memory::second_moment})
      EXPECT_LE(relative_error(sharded->flat(memory), expected->flat(memory)), 1e-14) << name_of(memory);
  }
}

// AdamW of one element by hand, so that the operands are known to reach the right places.
TEST(Update, AdamWByHand) {
  OpGraph graph(DType::f64);
  const UpdateCase& update = update_cases()[1];  // clipped at 0.5
  const auto program = updated(DeviceKind::reference, graph, update);
  const std::vector<double> gradients = program->flat(Memory::gradients);
  double squares = 0;
  for (const double value : gradients) squares += value * value;
  ASSERT_GT(std::sqrt(squares), 0.5);
  const double gradient = gradients[3] * 0.5 / std::sqrt(squares);
  const double first = double{0.9f} * 0.125 + (1 - double{0.9f}) * gradient;  // before: 0.125 and 0.0625
  const double second = double{0.999f} * 0.0625 + (1 - double{0.999f}) * gradient * gradient;
  const double weight = graph.parameters[0].values[3];
  const double step = first * 1.5 / (std::sqrt(second * 1.25) + double{1e-6f}) + double{0.01f} * weight;
  // beta1 and its like are held as float or as their decimal value: the two differ by less than 1e-7.
  EXPECT_NEAR(program->flat(Memory::first_moment)[3], first, 1e-7);
  EXPECT_NEAR(program->flat(Memory::second_moment)[3], second, 1e-7);
  EXPECT_NEAR(program->flat(Memory::parameters)[3], weight - 0.125 * step, 1e-6);
}

// --- coverage ---

std::string plain_name(const std::type_info& type) {
  int status = 0;
  const std::unique_ptr<char, decltype(&std::free)> name(
      abi::__cxa_demangle(type.name(), nullptr, nullptr, &status), &std::free);
  return status == 0 ? name.get() : type.name();
}

// The types of a tuple that `seen` lacks.
template <class... Types>
std::vector<std::string> missing_types(const std::tuple<Types...>*, const std::set<std::type_index>& seen) {
  std::vector<std::string> missing;
  ((seen.contains(typeid(Types)) ? void() : missing.push_back(plain_name(typeid(Types)))), ...);
  return missing;
}

Graph differentiated(const Build& build) {
  OpGraph graph(DType::f32);
  build(graph);
  graph.differentiate();
  return graph.graph;
}

std::set<std::type_index> types_in(const Graph& graph) {
  std::set<std::type_index> types;
  for (const Node& node : graph.nodes()) {
    const Op& op = *node.op;
    types.insert(typeid(op));
  }
  return types;
}

TEST(Coverage, EveryOpHasACase) {
  std::set<std::type_index> differentiable, any;
  for (const OpCase& each : op_cases()) differentiable.merge(types_in(differentiated(each.build)));
  any = differentiable;
  for (const FusedCase& each : fused_cases()) any.merge(types_in(differentiated(each.fused)));
  for (const UpdateCase& each : update_cases()) {
    OpGraph graph(DType::f32);
    build_update(graph, each);
    any.merge(types_in(graph.graph));
  }
  EXPECT_EQ(missing_types(static_cast<AllOps*>(nullptr), any), std::vector<std::string>{})
      << "no Cpu-against-Reference case";
  // Only the reduction and the update are not differentiated, and what rounds to FP8 has no differences.
  for (const std::type_index type :
       {std::type_index(typeid(CollectGradientsOp)), std::type_index(typeid(GradientNormOp)),
        std::type_index(typeid(UpdateOp)), std::type_index(typeid(ReduceBucketOp)),
        std::type_index(typeid(JoinCollectivesOp)), std::type_index(typeid(GatherSumsOp)),
        std::type_index(typeid(GatherBucketOp)), std::type_index(typeid(LambMomentsOp)),
        std::type_index(typeid(LambParametersOp)), std::type_index(typeid(QuantizeOp)),
        std::type_index(typeid(ScaledProductOp)), std::type_index(typeid(CollectMaximaOp)),
        std::type_index(typeid(UpdateScalingOp)), std::type_index(typeid(QuantizedActivationOp)),
        std::type_index(typeid(QuantizedActivationGradientOp))})
    EXPECT_TRUE(differentiable.insert(type).second);
  EXPECT_EQ(missing_types(static_cast<AllOps*>(nullptr), differentiable), std::vector<std::string>{})
      << "no finite-difference case";
}

TEST(Coverage, TheCheckFindsAForgottenOp) {
  using MadeUp = std::tuple<AddOp, LinearOp, UpdateOp>;
  const std::vector<std::string> expected{"cloze::AddOp", "cloze::UpdateOp"};
  EXPECT_EQ(missing_types(static_cast<MadeUp*>(nullptr), {typeid(LinearOp), typeid(ColumnSumOp)}), expected);
}

// "linear_weight_gradient output 0" of every output that can be added to a base, or that has one.
std::set<std::string> accumulations(const Graph& graph, bool with_base) {
  std::set<std::string> found;
  for (const Node& node : graph.nodes()) {
    for (size_t i = 0; i < node.outputs.size(); ++i) {
      if (with_base ? bool(node.bases[i]) : node.op->accumulates(static_cast<int>(i)))
        found.insert(std::string(node.op->name()) + " output " + std::to_string(i));
    }
  }
  return found;
}

TEST(Coverage, EveryAccumulatingOutputHasACase) {
  std::set<std::string> possible, covered;
  for (const OpCase& each : op_cases()) {
    possible.merge(accumulations(differentiated(each.build), false));
    OpGraph graph(DType::f32);
    each.build(graph);
    graph.differentiate();
    graph.accumulate();
    covered.merge(accumulations(graph.graph, true));
  }
  EXPECT_GE(possible.size(), 14u);
  EXPECT_EQ(covered, possible);
}

std::set<std::string> forms_in(const Graph& graph) {
  std::set<std::string> forms;
  for (const Node& node : graph.nodes()) {
    const std::vector<std::string> of_node = fused_forms(node);
    forms.insert(of_node.begin(), of_node.end());
  }
  return forms;
}

TEST(Coverage, EveryFusedFormIsComparedWithItsComposition) {
  std::set<std::string> possible, covered;
  for (const OpCase& each : op_cases()) possible.merge(forms_in(differentiated(each.build)));
  for (const FusedCase& each : fused_cases()) {
    for (const std::string& form : forms_in(differentiated(each.fused))) covered.insert(form);
  }
  EXPECT_EQ(possible.size(), 5u);
  EXPECT_EQ(covered, possible);
}

}  // namespace
}  // namespace cloze::testing
