#pragma once

#include <string>
#include <vector>

#include "engine/ops/optimizer.h"
#include "tests/ops/op_graph.h"

// What the tests of ops run over. Which ops a case covers is read off its graph; ops_test.cpp fails for an op
// of AllOps that no table reaches.
namespace cloze::testing {

struct OpCase {
  std::string name;
  Build build;
};
// Forward graphs that are differentiated: finite differences, Cpu against Reference, accumulation.
const std::vector<OpCase>& op_cases();

// Two ways to compute the same values and gradients, over the same parameters.
struct FusedCase {
  std::string name;
  Build fused, composed;
};
const std::vector<FusedCase>& fused_cases();

struct UpdateCase {
  std::string name;
  UpdateAttributes attributes;
  // The gradients pass through a reduction over one process, after which all or its shards are updated.
  enum class Reduced : uint8_t { no, whole, shards } reduced = Reduced::no;
};
const std::vector<UpdateCase>& update_cases();
// A differentiated linear layer whose parameters the update changes; results "gradient_norm" and "skipped".
void build_update(OpGraph& graph, const UpdateCase& update);

// The forms of a node that only fusion makes: "activation with bias", "layer_norm_backward with bias
// gradient", ...
std::vector<std::string> fused_forms(const Node& node);

}  // namespace cloze::testing
