#include "tests/ops/op_cases.h"

#include <algorithm>
#include <cmath>
#include <numeric>

#include "engine/graph/differentiate.h"
#include "engine/ops/all.h"
#include "engine/ops/sharded_update.h"
#include "engine/passes/passes.h"
#include "tests/ops/float8_cases.h"

namespace cloze::testing {
namespace {

constexpr DropoutSite no_dropout{};
constexpr DropoutSite some_dropout{.probability = 0.3f, .site = 4};

// Ragged sequences [0, 3), [3, 4), [4, 9) in a capacity of 11 tokens and 4 sequences.
constexpr int64_t tokens = 11, sequences = 4;
ValueId offsets(OpGraph& g) {
  g.live(Axis::tokens, 9);
  g.live(Axis::sequences, 3);
  return g.integers({DType::i32, 1, sequences + 1, Axis::sequences}, {0, 3, 4, 9, 9});
}
// Queries of those sequences: two, none, three, in a capacity of 7.
constexpr int64_t queries = 7;
ValueId query_offsets(OpGraph& g) {
  g.live(Axis::needed, 5);
  return g.integers({DType::i32, 1, sequences + 1, Axis::sequences}, {0, 2, 2, 5, 5});
}

// Finite differences must not cross the kink of relu at zero.
void keep_from_zero(std::vector<float>& values) {
  for (float& value : values) value += value < 0 ? -0.25f : 0.25f;
}

Build activation_case(Activation kind, bool bias) {
  return [=](OpGraph& g) {
    const ValueId x = g.rows_of_parameter(tokens, 13);
    keep_from_zero(g.parameters.back().values);
    g.live(Axis::tokens, 9);
    const ValueId b = bias ? g.parameter(1, 13) : no_value;
    if (bias) {
      for (float& value : g.parameters.back().values) value *= 0.125f;
    }
    g.output(g.graph.add(std::make_shared<ActivationOp>(kind), {x, b})[0]);
  };
}

Build linear_case(bool bias) {
  return [=](OpGraph& g) {
    const ValueId x = g.rows_of_parameter(70, 5);  // two chunks of a column sum
    g.live(Axis::tokens, 66);
    const ValueId weight = g.parameter(7, 5);
    g.output(linear(g.graph, x, weight, bias ? g.parameter(1, 7) : no_value));
  };
}

Build layer_norm_case(bool bias, bool residual, DropoutSite dropout, int64_t rows = tokens) {
  return [=](OpGraph& g) {
    const ValueId x = g.rows_of_parameter(rows, 20);
    const ValueId other = residual ? g.rows_of_parameter(rows, 20) : no_value;
    g.live(Axis::tokens, rows - 2);
    const ValueId b = bias ? g.parameter(1, 20) : no_value;
    const ValueId gamma = g.parameter(1, 20), beta = g.parameter(1, 20);
    const ValueId key = dropout.active() ? g.dropout_key() : no_value;
    const ValueId ids = dropout.active() ? g.row_ids(rows) : no_value;
    g.output(g.graph.add(std::make_shared<LayerNormOp>(1e-3f, dropout, true),
                         {x, b, other, gamma, beta, key, ids})[0]);
  };
}

Build attention_case(AttentionLayout layout, DropoutSite dropout, int64_t head_size = 4,
                     bool ordered = false) {
  return [=](OpGraph& g) {
    const int64_t hidden = 2 * head_size;
    const bool packed = layout == AttentionLayout::packed;
    const Axis axis = packed ? Axis::tokens : Axis::needed;
    const int64_t rows = packed ? tokens : queries;
    const ValueId keys = offsets(g);
    AttentionInputs in{};
    in.query = g.rows_of_parameter(rows, packed ? 3 * hidden : hidden, axis);
    if (!packed) in.key_value = g.rows_of_parameter(tokens, 2 * hidden);
    in.query_offsets = packed ? keys : query_offsets(g);
    in.key_offsets = keys;
    in.key = g.dropout_key();
    in.row_ids = g.row_ids(rows, axis);
    if (ordered)
      in.work = g.graph.add(std::make_shared<AttentionWorkOp>(), {in.query_offsets, in.key_offsets})[0];
    g.output(attention(g.graph, in, {.heads = 2, .layout = layout, .dropout = dropout}));
  };
}

Build embedding_case(DropoutSite dropout) {
  return [=](OpGraph& g) {
    g.live(Axis::tokens, 9);
    const ValueType ids{DType::i32, tokens, 1, Axis::tokens};
    EmbeddingInputs in{};
    in.tokens = g.integers(ids, {4, 2, 4, 6, 2, 4, 1, 1, 6, 0, 0});
    in.token_types = g.integers(ids, {0, 0, 1, 0, 0, 1, 1, 0, 1, 0, 0});
    in.positions = g.integers(ids, {0, 1, 2, 0, 0, 1, 2, 3, 4, 0, 0});
    in.token_order = g.integers(ids, {6, 7, 1, 4, 0, 2, 5, 3, 8, 9, 10});
    in.word = g.parameter(8, 12);
    in.type = g.parameter(2, 12);
    in.position = g.parameter(6, 12);
    in.gamma = g.parameter(1, 12);
    in.beta = g.parameter(1, 12);
    in.key = g.dropout_key();
    in.row_ids = g.row_ids(tokens);
    g.output(embedding(g.graph, in, 1e-3f, dropout, true));
  };
}

void cast_case(OpGraph& g) {
  const ValueId x = g.rows_of_parameter(tokens, 13);
  g.live(Axis::tokens, 9);
  g.output(g.graph.add(std::make_shared<CastOp>(g.real), {x})[0]);
}

void cross_entropy_case(OpGraph& g) {
  const ValueId logits = g.rows_of_parameter(6, 10, Axis::predictions);
  g.live(Axis::predictions, 5);
  const ValueId labels = g.integers({DType::i32, 6, 1, Axis::predictions}, {3, -1, 0, 6, 3, -1});
  const auto outputs = cross_entropy(g.graph, logits, labels, g.reals(1, {0.25f}), {.classes = 7}, true);
  g.loss(outputs.loss);
}

Build weighted_cross_entropy_case(float smoothing, bool weights) {
  return [=](OpGraph& g) {
    const ValueId logits = g.rows_of_parameter(6, 10, Axis::predictions);
    g.live(Axis::predictions, 5);
    const ValueId labels = g.integers({DType::i32, 6, 1, Axis::predictions}, {3, -1, 0, 6, 3, -1});
    const ValueId row_weights =
        weights ? g.reals({g.real, 6, 1, Axis::predictions}, {0.5f, 3, 1.25f, 0, 2, 7}) : no_value;
    const auto outputs = cross_entropy(g.graph, logits, labels, g.reals(1, {0.25f}),
                                       {.classes = 7, .smoothing = smoothing, .weights = row_weights}, true);
    g.loss(outputs.loss);
  };
}

// Two distributions over the rows of each sequence; the second sequence has one row.
void span_case(OpGraph& g) {
  const ValueId logits = g.rows_of_parameter(tokens, 2);
  const ValueId labels = g.integers({DType::i32, sequences, 2, Axis::sequences}, {0, 2, 0, 0, 4, -1, -1, -1});
  g.loss(segment_cross_entropy(g.graph, logits, offsets(g), labels, g.reals(1, {0.25f}), true).loss);
}

// Values of a column further apart than finite differences step.
Build segment_pool_case(SegmentPooling pooling) {
  return [=](OpGraph& g) {
    const ValueId x = g.rows_of_parameter(tokens, 7);
    std::vector<float>& values = g.parameters.back().values;
    for (size_t i = 0; i < values.size(); ++i) values[i] = static_cast<float>(i * 29 % 97) / 64 - 0.75f;
    g.output(segment_pool(g.graph, x, offsets(g), pooling));
  };
}

// The gradient of x lies in the gradient buffer, so that of the pooling can be added to it in place.
void segment_pool_of_a_parameter(OpGraph& g) {
  g.output(segment_pool(g.graph, g.parameter(9, 7), offsets(g), SegmentPooling::mean));
}

void squared_error_case(OpGraph& g) {
  const ValueId x = g.rows_of_parameter(6, 1, Axis::sequences);
  g.live(Axis::sequences, 5);
  const ValueId targets = g.reals({g.real, 6, 1, Axis::sequences}, {0.5f, -1, 2, 0, 3.25f, 9});
  g.loss(squared_error(g.graph, x, targets, g.reals(1, {0.125f}), true).loss);
}

// The gradient of x lies in the gradient buffer, so a product can be added to it in place.
void linear_of_a_parameter(OpGraph& g) {
  g.output(linear(g.graph, g.parameter(6, 5), g.parameter(7, 5), g.parameter(1, 7)));
}

void add_case(OpGraph& g) {
  g.live(Axis::tokens, 9);
  const ValueId left = g.rows_of_parameter(tokens, 13), right = g.rows_of_parameter(tokens, 13);
  g.output(add(g.graph, left, right));
}

// A value used twice: its gradient is a sum.
void add_to_itself(OpGraph& g) {
  g.live(Axis::tokens, 9);
  const ValueId x = g.rows_of_parameter(tokens, 13);
  g.output(add(g.graph, x, x));
}

void dropout_case(OpGraph& g) {
  const ValueId x = g.rows_of_parameter(tokens, 13);
  g.live(Axis::tokens, 9);
  g.output(dropout(g.graph, x, some_dropout, g.dropout_key(), g.row_ids(tokens)));
}

void gather_case(OpGraph& g) {
  g.live(Axis::predictions, 4);
  const ValueId index = g.integers({DType::i32, 5, 1, Axis::predictions}, {6, 0, 2, 5, 0});
  g.output(gather_rows(g.graph, g.parameter(8, 9), index));
}

// linear(x, W) + bias -> activation, with the bias in the matmul or beside the activation.
Build biased_activation(bool fused) {
  return [=](OpGraph& g) {
    const ValueId x = g.rows_of_parameter(70, 5), weight = g.parameter(13, 5), bias = g.parameter(1, 13);
    g.live(Axis::tokens, 66);
    const ValueId z = linear(g.graph, x, weight, fused ? no_value : bias);
    const auto op = std::make_shared<ActivationOp>(Activation::gelu_tanh);
    g.output(g.graph.add(op, {z, fused ? bias : no_value})[0]);
  };
}

// Two layers with GELU between them, as a GPU's matmul library takes them or op by op.
Build two_layers(bool fused) {
  return [=](OpGraph& g) {
    const ValueId x = g.rows_of_parameter(70, 5), inner = g.parameter(13, 5), inner_bias = g.parameter(1, 13);
    const ValueId outer = g.parameter(4, 13), outer_bias = g.parameter(1, 4);
    g.live(Axis::tokens, 66);
    const ValueId z = linear(g.graph, x, inner, inner_bias);
    g.output(linear(g.graph, activation(g.graph, z, Activation::gelu_tanh), outer, outer_bias));
    if (fused)
      g.then([](Graph& graph) { use_epilogues(graph, {.target = {.architecture = Architecture::cuda}}); });
  };
}

// layer_norm(dropout(linear(x, W) + bias) + residual) as one op after the matmul, or one op each.
Build biased_layer_norm(bool fused, DropoutSite dropout_site) {
  return [=](OpGraph& g) {
    const ValueId x = g.rows_of_parameter(70, 5), weight = g.parameter(20, 5), bias = g.parameter(1, 20);
    const ValueId residual = g.rows_of_parameter(70, 20), gamma = g.parameter(1, 20),
                  beta = g.parameter(1, 20);
    g.live(Axis::tokens, 66);
    const ValueId key = g.dropout_key(), ids = g.row_ids(70);
    if (fused) {
      const bool active = dropout_site.active();
      const ValueId z = linear(g.graph, x, weight);
      g.output(
          g.graph.add(std::make_shared<LayerNormOp>(1e-3f, dropout_site, true),
                      {z, bias, residual, gamma, beta, active ? key : no_value, active ? ids : no_value})[0]);
      return;
    }
    const ValueId dropped = dropout(g.graph, linear(g.graph, x, weight, bias), dropout_site, key, ids);
    const ValueId sum = add(g.graph, dropped, residual);
    g.output(layer_norm(g.graph, {.x = sum, .gamma = gamma, .beta = beta}, 1e-3f, {}, true));
  };
}

// The embedding group against a gather of distinct word rows, a sum and a layer norm.
Build distinct_embedding(bool fused) {
  return [=](OpGraph& g) {
    constexpr int64_t rows = 4;
    const std::vector<int32_t> word_rows{3, 0, 6, 2}, position_rows{0, 1, 2, 3};
    const ValueType ids{DType::i32, rows, 1, Axis::tokens};
    g.live(Axis::tokens, rows);
    const ValueId word_ids = g.integers(ids, word_rows), position_ids = g.integers(ids, position_rows);
    const ValueId word = g.parameter(8, 12), position = g.parameter(6, 12);
    const ValueId gamma = g.parameter(1, 12), beta = g.parameter(1, 12);
    const ValueId key = g.dropout_key(), row_ids = g.row_ids(rows);
    const ValueId type = g.parameter(1, 12);
    if (fused) {
      g.output(embedding(g.graph,
                         {.tokens = word_ids,
                          .token_types = g.integers(ids, {0, 0, 0, 0}),
                          .positions = position_ids,
                          .token_order = g.integers(ids, {1, 3, 0, 2}),
                          .word = word,
                          .type = type,
                          .position = position,
                          .gamma = gamma,
                          .beta = beta,
                          .key = key,
                          .row_ids = row_ids},
                         1e-3f, some_dropout, true));
      return;
    }
    // The one type row reaches every token as a bias.
    const ValueId sum =
        add(g.graph, gather_rows(g.graph, word, word_ids), gather_rows(g.graph, position, position_ids));
    const ValueId typed = g.graph.add(std::make_shared<ActivationOp>(Activation::identity), {sum, type})[0];
    const ValueId normed = layer_norm(g.graph, {.x = typed, .gamma = gamma, .beta = beta}, 1e-3f, {}, true);
    g.output(dropout(g.graph, normed, some_dropout, key, row_ids));
  };
}

// Attention whose queries, keys and values come from one matmul, or from two.
Build projected_attention(bool packed) {
  return [=](OpGraph& g) {
    constexpr int64_t hidden = 8;
    const ValueId keys = offsets(g), x = g.rows_of_parameter(tokens, 5), weight = g.parameter(3 * hidden, 5);
    const Home home = g.graph.value(weight).home;
    const auto window = [&](int64_t first, int64_t count) {
      return g.graph.add_resident("window", {g.real, count, 5},
                                  {Memory::parameters, home.offset + first * 5});
    };
    AttentionInputs in{};
    in.query = linear(g.graph, x, packed ? weight : window(0, hidden));
    if (!packed) in.key_value = linear(g.graph, x, window(hidden, 2 * hidden));
    in.query_offsets = in.key_offsets = keys;
    in.key = g.dropout_key();
    in.row_ids = g.row_ids(tokens);
    const auto layout = packed ? AttentionLayout::packed : AttentionLayout::split;
    g.output(attention(g.graph, in, {.heads = 2, .layout = layout, .dropout = some_dropout}));
  };
}

UpdateAttributes update_attributes(UpdateRule rule, float max_norm) {
  // The weight decays, the bias does not.
  const std::vector<ParameterSegment> segments{{.begin = 0, .end = 35, .weight_decay = 0.01f},
                                               {.begin = 64, .end = 71, .weight_decay = 0}};
  return {.rule = rule,
          .max_gradient_norm = max_norm,
          .segments = std::make_shared<const std::vector<ParameterSegment>>(segments)};
}

}  // namespace

const std::vector<OpCase>& op_cases() {
  using enum Activation;
  using enum AttentionLayout;
  static const std::vector<OpCase> cases{
      {"identity", activation_case(identity, false)},
      {"relu", activation_case(relu, false)},
      {"relu_with_bias", activation_case(relu, true)},
      {"tanh", activation_case(tanh, false)},
      {"gelu_tanh", activation_case(gelu_tanh, false)},
      {"gelu_tanh_with_bias", activation_case(gelu_tanh, true)},
      {"gelu_erf", activation_case(gelu_erf, false)},
      {"gelu_erf_with_bias", activation_case(gelu_erf, true)},
      {"add", add_case},
      {"add_to_itself", add_to_itself},
      {"attention_packed", attention_case(packed, no_dropout)},
      {"attention_packed_with_dropout", attention_case(packed, some_dropout)},
      {"attention_split", attention_case(split, no_dropout)},
      {"attention_split_with_dropout", attention_case(split, some_dropout)},
      {"attention_in_an_order_of_work", attention_case(split, some_dropout, 4, true)},
      {"attention_of_wide_heads", attention_case(packed, some_dropout, 20)},
      {"cross_entropy", cross_entropy_case},
      {"cross_entropy_smoothed", weighted_cross_entropy_case(0.1f, false)},
      {"cross_entropy_weighted", weighted_cross_entropy_case(0, true)},
      {"cross_entropy_smoothed_and_weighted", weighted_cross_entropy_case(0.3f, true)},
      {"segment_cross_entropy", span_case},
      {"segment_mean", segment_pool_case(SegmentPooling::mean)},
      {"segment_maximum", segment_pool_case(SegmentPooling::maximum)},
      {"segment_mean_of_a_parameter", segment_pool_of_a_parameter},
      {"squared_error", squared_error_case},
      {"dropout", dropout_case},
      {"embedding", embedding_case(no_dropout)},
      {"embedding_with_dropout", embedding_case(some_dropout)},
      {"gather_rows", gather_case},
      {"layer_norm", layer_norm_case(false, false, no_dropout)},
      {"layer_norm_with_residual", layer_norm_case(false, true, no_dropout)},
      {"layer_norm_with_bias", layer_norm_case(true, false, no_dropout)},
      {"layer_norm_with_dropout", layer_norm_case(false, false, some_dropout)},
      {"layer_norm_with_everything", layer_norm_case(true, true, some_dropout)},
      {"layer_norm_of_many_rows", layer_norm_case(true, true, some_dropout, 70)},
      {"cast", cast_case},
      {"linear", linear_case(false)},
      {"linear_with_bias", linear_case(true)},
      {"linear_of_a_parameter", linear_of_a_parameter},
      {"linear_gelu", two_layers(true)},
  };
  return cases;
}

const std::vector<FusedCase>& fused_cases() {
  static const std::vector<FusedCase> cases{
      {"activation", biased_activation(true), biased_activation(false)},
      {"linear_gelu", two_layers(true), two_layers(false)},
      {"layer_norm", biased_layer_norm(true, no_dropout), biased_layer_norm(false, no_dropout)},
      {"layer_norm_with_dropout", biased_layer_norm(true, some_dropout),
       biased_layer_norm(false, some_dropout)},
      {"embedding", distinct_embedding(true), distinct_embedding(false)},
      {"attention", projected_attention(true), projected_attention(false)},
      {"float8", linear_of_float8(true), linear_of_float8(false)},
      {"float8_where_made", quantized_gelu(true), quantized_gelu(false)},
  };
  return cases;
}

const std::vector<UpdateCase>& update_cases() {
  static const std::vector<UpdateCase> cases{
      {"adamw", update_attributes(UpdateRule::adamw, 0)},
      {"adamw_clipped", update_attributes(UpdateRule::adamw, 0.5f)},
      {"lamb", update_attributes(UpdateRule::lamb, 0)},
      {"lamb_clipped", update_attributes(UpdateRule::lamb, 0.5f)},
      {"adamw_reduced", update_attributes(UpdateRule::adamw, 0), UpdateCase::Reduced::whole},
      {"adamw_sharded", update_attributes(UpdateRule::adamw, 0.5f), UpdateCase::Reduced::shards},
      {"lamb_sharded", update_attributes(UpdateRule::lamb, 0.5f), UpdateCase::Reduced::shards},
  };
  return cases;
}

// A bucket for each gradient, by offset.
std::vector<Bucket> buckets_of(const OpGraph& g, std::vector<ValueId>& gradients) {
  const auto offset = [&](ValueId id) { return g.graph.value(id).home.offset; };
  std::sort(gradients.begin(), gradients.end(), [&](ValueId a, ValueId b) { return offset(a) < offset(b); });
  std::vector<Bucket> buckets;
  for (size_t i = 0; i < gradients.size(); ++i) {
    buckets.push_back({i == 0 ? 0 : offset(gradients[i]),
                       i + 1 == gradients.size() ? g.elements : offset(gradients[i + 1])});
  }
  return buckets;
}

// Over the one process there is: the sums are what they were, and its shards are the buckets.
std::vector<ValueId> reduced(OpGraph& g, const std::vector<ValueId>& gradients,
                             const std::vector<Bucket>& buckets,
                             const std::shared_ptr<Communicator>& communicator, SumOf sum) {
  std::vector<ValueId> sums;
  std::vector<int64_t> counts;
  for (size_t i = 0; i < buckets.size(); ++i) {
    const auto op = std::make_shared<ReduceBucketOp>(communicator, buckets[i].begin, buckets[i].count(), sum);
    sums.push_back(g.graph.add(op, {gradients[i]})[0]);
    g.graph.set_home(sums.back(), {Memory::gradients, buckets[i].begin});
    counts.push_back(buckets[i].count());
  }
  if (sum == SumOf::whole) counts = {g.elements};
  const auto joined = g.graph.add(std::make_shared<JoinCollectivesOp>(communicator, counts), sums);
  for (size_t i = 0; i < joined.size(); ++i)
    g.graph.set_home(joined[i], {Memory::gradients, buckets[i].begin});
  return joined;
}

void build_update(OpGraph& g, const UpdateCase& update) {
  const ValueId weight = g.parameter(7, 5), bias = g.parameter(1, 7);
  const ValueId x = g.reals(5, {1, -0.5f, 0.25f, 2, -1});
  g.output(linear(g.graph, x, weight, bias));
  g.differentiate();
  std::vector<ValueId> gradients;
  for (const Node& node : g.graph.nodes()) {
    for (const ValueId id : node.outputs) {
      if (g.graph.value(id).home.memory == Memory::gradients) gradients.push_back(id);
    }
  }
  const std::vector<Bucket> buckets = buckets_of(g, gradients);
  const std::shared_ptr<Communicator> alone = make_single_process_communicator();
  const bool shards = update.reduced == UpdateCase::Reduced::shards;
  if (update.reduced != UpdateCase::Reduced::no)
    gradients = reduced(g, gradients, buckets, alone, shards ? SumOf::share : SumOf::whole);
  const ValueId scalars = g.reals(3, {0.125f, 1.5f, 1.25f});
  const UpdateResults results =
      shards ? update_shards(g.graph, gradients,
                             {.communicator = alone,
                              .buckets = buckets,
                              .elements = g.elements,
                              .scalars = scalars,
                              .attributes = update.attributes})
             : update_parameters(g.graph, gradients, g.elements, g.real, scalars, update.attributes);
  g.graph.mark_result("gradient_norm", results.norm);
  g.graph.mark_result("skipped", results.skipped);
}

std::vector<std::string> fused_forms(const Node& node) {
  std::vector<std::string> forms;
  const auto form = [&](const std::string& what) { forms.push_back(std::string(node.op->name()) + what); };
  const Op* op = node.op.get();
  if (dynamic_cast<const ActivationOp*>(op) != nullptr && node.inputs[1]) form(" with bias");
  if (dynamic_cast<const LayerNormOp*>(op) != nullptr && node.inputs[LayerNormOp::bias]) form(" with bias");
  if (const auto* backward = dynamic_cast<const ActivationBackwardOp*>(op);
      backward && backward->has_bias_gradient())
    form(" with bias gradient");
  if (const auto* backward = dynamic_cast<const LayerNormBackwardOp*>(op);
      backward && backward->has_bias_gradient())
    form(" with bias gradient");
  if (const auto* product = dynamic_cast<const LinearWeightGradientOp*>(op);
      product && product->has_bias_gradient())
    form(" with bias gradient");
  return forms;
}

}  // namespace cloze::testing
