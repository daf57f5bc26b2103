#include <gtest/gtest.h>

#include <algorithm>
#include <set>
#include <string>

#include "engine/base/error.h"
#include "engine/ops/all.h"
#include "tests/ops/op_cases.h"

// Every node of every case is built again with one input of another type; the shape rule must refuse it.
namespace cloze::testing {
namespace {

struct Change {
  const char* name;
  void (*apply)(ValueType& type);
};
constexpr Change changes[] = {
    {"rows", [](ValueType& type) { ++type.rows; }},
    {"columns", [](ValueType& type) { ++type.columns; }},
    {"precision",
     [](ValueType& type) {
       if (type.dtype != DType::i32) type.dtype = type.dtype == DType::f32 ? DType::f64 : DType::f32;
     }},
    {"kind", [](ValueType& type) { type.dtype = type.dtype == DType::i32 ? DType::f32 : DType::i32; }},
    {"axis",
     [](ValueType& type) { type.axis = type.axis == Axis::predictions ? Axis::needed : Axis::predictions; }},
};

// Adds `node` to a graph of its own with the given input types; the message where the shape rule refuses.
std::string refusal(const Node& node, const std::vector<ValueType>& types) {
  Graph graph;
  graph.set_scope("some.scope");
  std::vector<ValueId> inputs;
  for (size_t i = 0; i < types.size(); ++i)
    inputs.push_back(node.inputs[i] ? graph.add_input("input", types[i]) : no_value);
  try {
    graph.add(node.op, inputs);
  } catch (const Error& error) {
    EXPECT_EQ(error.problem().where, "some.scope");
    EXPECT_NE(error.problem().what.find("the inputs of " + std::string(node.op->name()) + " do not fit: "),
              std::string::npos)
        << error.problem().what;
    return error.problem().why;
  }
  return {};
}

std::set<std::string> accepted_changes(const Graph& graph) {
  std::set<std::string> accepted;
  for (const Node& node : graph.nodes()) {
    std::vector<ValueType> types;
    for (const ValueId id : node.inputs) types.push_back(id ? graph.type(id) : ValueType{});
    EXPECT_EQ(refusal(node, types), "") << node.op->name();
    for (size_t i = 0; i < types.size(); ++i) {
      if (!node.inputs[i]) continue;
      for (const Change& change : changes) {
        std::vector<ValueType> changed = types;
        change.apply(changed[i]);
        if (changed[i] == types[i]) continue;
        const std::string why = refusal(node, changed);
        if (why.empty()) {
          accepted.insert(std::string(node.op->name()) + " input " + std::to_string(i) + ": " + change.name);
        } else {
          EXPECT_NE(why.find(to_string(changed[i])), std::string::npos) << why;
        }
      }
    }
  }
  return accepted;
}

// What decides the type of the outputs, or is the size of a table.
std::set<std::string> free_changes() {
  struct Free {
    std::string op;
    int input;
    std::vector<std::string> changes;
  };
  const std::vector<Free> all{
      {"activation", 0, {"rows", "columns", "axis", "precision"}},
      {"attention", 0, {"rows", "axis", "precision"}},  // queries
      {"attention", 1, {"rows", "axis"}},               // keys and values
      {"attention_backward", 1, {"rows", "axis"}},
      {"cast", 0, {"rows", "columns", "axis", "precision"}},
      {"collect_gradients", 0, {"rows", "columns", "precision"}},  // precision: of a single one
      {"collect_gradients", 1, {"rows", "columns"}},
      {"column_sum", 0, {"rows", "columns", "axis", "precision"}},
      {"cross_entropy", 0, {"columns"}},  // padding
      {"dropout", 0, {"columns", "precision"}},
      {"embedding", 4, {"rows"}},  // tables
      {"embedding", 5, {"rows"}},
      {"embedding", 6, {"rows"}},
      {"embedding_backward", 4, {"rows"}},
      {"embedding_backward", 5, {"rows"}},
      {"embedding_backward", 6, {"rows"}},
      {"gather_bucket", 0, {"precision"}},
      {"gather_rows", 0, {"rows", "columns", "axis", "precision", "kind"}},
      {"gather_rows", 1, {"rows", "axis"}},
      {"gather_sums", 0, {"columns"}},
      {"gather_sums", 1, {"columns"}},
      {"gradient_norm", 0, {"columns", "precision"}},
      {"join_collectives", 0, {"columns"}},  // what is not read
      {"join_collectives", 1, {"columns"}},
      {"lamb_parameters", 5, {"columns"}},  // of other segments
      {"layer_norm", 0, {"rows", "axis"}},  // without a residual and dropout
      {"linear", 0, {"rows", "axis"}},
      {"linear", 1, {"rows"}},  // without a bias
      {"linear_gelu", 0, {"rows", "axis"}},
      {"linear_input_gradient", 0, {"rows", "axis"}},
      {"linear_input_gradient", 1, {"columns"}},
      {"linear_weight_gradient", 0, {"columns"}},
      {"linear_weight_gradient", 1, {"columns"}},
      {"reduce_bucket", 0, {"rows", "columns", "precision"}},  // precision: of a single one
      {"scatter_rows", 0, {"columns", "precision"}},
      {"segment_cross_entropy", 0, {"rows", "axis"}},  // the offsets say which rows
      {"segment_pool", 0, {"rows", "columns", "axis", "precision"}},
      {"segment_pool", 1, {"columns", "axis"}},  // one segment fewer or more
      {"segment_pool_backward", 0, {"columns", "precision"}},
  };
  std::set<std::string> result;
  for (const Free& each : all) {
    for (const std::string& change : each.changes)
      result.insert(each.op + " input " + std::to_string(each.input) + ": " + change);
  }
  return result;
}

TEST(ShapeRules, OnlyFreeSizesMayChange) {
  std::set<std::string> accepted;
  for (const OpCase& each : op_cases()) {
    OpGraph graph(DType::f32);
    each.build(graph);
    graph.differentiate();
    accepted.merge(accepted_changes(graph.graph));
  }
  for (const UpdateCase& each : update_cases()) {
    OpGraph graph(DType::f32);
    build_update(graph, each);
    accepted.merge(accepted_changes(graph.graph));
  }
  const std::set<std::string> expected = free_changes();
  std::vector<std::string> holes, refused;
  std::set_difference(accepted.begin(), accepted.end(), expected.begin(), expected.end(),
                      std::back_inserter(holes));
  std::set_difference(expected.begin(), expected.end(), accepted.begin(), accepted.end(),
                      std::back_inserter(refused));
  EXPECT_EQ(holes, std::vector<std::string>{}) << "a shape rule lets these pass";
  EXPECT_EQ(refused, std::vector<std::string>{}) << "a shape rule refuses these";
}

TEST(ShapeRules, HeadsMustDivideTheColumns) {
  Graph graph;
  graph.set_scope("encoder.layer.3.attention");
  const ValueId packed = graph.add_input("packed", {DType::f32, 9, 36, Axis::tokens});
  const ValueId offsets = graph.add_input("offsets", {DType::i32, 1, 4, Axis::sequences});
  const AttentionInputs in{.query = packed, .query_offsets = offsets, .key_offsets = offsets};
  EXPECT_TRUE(attention(graph, in, {.heads = 3}));   // of 4 columns
  EXPECT_TRUE(attention(graph, in, {.heads = 12}));  // of one
  try {
    attention(graph, in, {.heads = 5});
    FAIL();
  } catch (const Error& error) {
    EXPECT_EQ(
        error.problem().what,
        "the inputs of attention do not fit: the hidden size must be a multiple of the number of heads");
    EXPECT_EQ(error.problem().where, "encoder.layer.3.attention");
    EXPECT_NE(error.problem().why.find("f32[tokens:9, 36]"), std::string::npos);
  }
}

// A kernel that writes several gradients in one mode cannot add one and overwrite another.
TEST(ShapeRules, GradientsOfOneKernelShareTheirMode) {
  for (const OpCase& each : op_cases()) {
    OpGraph graph(DType::f32);
    each.build(graph);
    graph.differentiate();
    graph.accumulate();
    bool mixed = false;
    std::vector<Node> nodes = graph.graph.nodes();
    for (Node& node : nodes) {
      if (dynamic_cast<const LayerNormBackwardOp*>(node.op.get())) {
        node.bases[LayerNormBackwardOp::beta_gradient] = no_value;
        mixed = true;
      } else if (dynamic_cast<const EmbeddingBackwardOp*>(node.op.get())) {
        node.bases[EmbeddingBackwardOp::type_gradient] = no_value;
        mixed = true;
      }
    }
    graph.graph.set_nodes(std::move(nodes));
    OpProgram program(DeviceKind::cpu, graph);
    if (mixed) {
      EXPECT_THROW(program.run(), Error) << each.name;
    } else {
      EXPECT_NO_THROW(program.run()) << each.name;
    }
  }
}

}  // namespace
}  // namespace cloze::testing
