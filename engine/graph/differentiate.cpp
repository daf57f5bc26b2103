#include "engine/graph/differentiate.h"

#include <fmt/core.h>

#include <algorithm>

#include "engine/base/error.h"

namespace cloze {

Differentiation::Differentiation(Graph& graph, std::span<const GradientSeed> seeds,
                                 std::shared_ptr<const Op> add)
    : graph_(graph),
      add_(std::move(add)),
      gradients_(graph.value_count()),
      wanted_(graph.value_count()),
      unit_(graph.value_count()) {
  for (size_t i = 0; i < graph.value_count(); ++i) {
    const Value& value = graph.value({static_cast<int32_t>(i)});
    wanted_[i] = value.home.memory == Memory::parameters && !value.frozen;
  }
  for (const Node& node : graph.nodes()) {
    const bool reached =
        std::any_of(node.inputs.begin(), node.inputs.end(), [&](ValueId id) { return wanted(id); });
    for (const ValueId id : node.outputs) wanted_[index(id)] = reached;
  }
  for (const GradientSeed& seed : seeds) {
    wanted_[index(seed.value)] = 1;
    if (seed.gradient) {
      gradients_[index(seed.value)] = seed.gradient;
    } else {
      unit_[index(seed.value)] = 1;
    }
  }
}

void Differentiation::contribute(ValueId input, ValueId gradient) {
  if (!wanted(input)) return;
  ValueId& slot = gradients_[index(input)];
  slot = slot ? graph_.add(add_, {slot, gradient})[0] : gradient;
}

void differentiate(Graph& graph, std::span<const GradientSeed> seeds, std::shared_ptr<const Op> add) {
  // Parameters may enter a graph as several windows; each has its own gradient window at the same offset.
  const std::vector<Node> forward = graph.nodes();
  const size_t forward_values = graph.value_count();
  Differentiation differentiation(graph, seeds, std::move(add));
  graph.set_phase(Phase::backward);
  for (auto node = forward.rbegin(); node != forward.rend(); ++node) {
    const bool reached = std::any_of(node->outputs.begin(), node->outputs.end(), [&](ValueId id) {
      return differentiation.gradient(id) || differentiation.is_unit(id);
    });
    const bool useful = std::any_of(node->inputs.begin(), node->inputs.end(),
                                    [&](ValueId id) { return differentiation.wanted(id); });
    if (!reached || !useful) continue;
    graph.set_scope(node->scope);
    if (!node->op->differentiate(differentiation, *node)) {
      throw Error({.what = fmt::format("op `{}` has no gradient", node->op->name()), .where = node->scope});
    }
  }
  for (size_t i = 0; i < forward_values; ++i) {
    const ValueId id{static_cast<int32_t>(i)};
    const Home home = graph.value(id).home;
    const ValueId gradient = differentiation.gradient(id);
    if (home.memory != Memory::parameters || !gradient) continue;
    if (graph.value(gradient).home.memory != Memory::arena) {  // one value cannot lie in two places
      throw Error({.what = fmt::format("the gradient of `{}` is not its own", graph.value(id).name),
                   .why = "it is a step input or the gradient of another parameter"});
    }
    graph.set_home(gradient, {Memory::gradients, home.offset});
  }
  graph.set_phase(Phase::forward);
}

}  // namespace cloze
