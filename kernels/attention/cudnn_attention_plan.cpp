// Attention as a graph of cuDNN (its developer guide, "Attention"; ragged tensors: "Sequence packing").
#include "kernels/attention/cudnn_attention_plan.h"

#include <cudnn_frontend.h>

#include <unordered_map>
#include <vector>

namespace cloze {
namespace {

namespace fe = cudnn_frontend;
using TensorPointer = std::shared_ptr<fe::graph::Tensor_attributes>;

// What pointers are given under.
enum Id : int64_t {
  query_id = 1,
  key_id,
  value_id,
  output_id,
  statistics_id,
  output_gradient_id,
  query_gradient_id,
  key_gradient_id,
  value_gradient_id,
  query_lengths_id,
  key_lengths_id,
  seed_id,
  random_offset_id,
};
constexpr int64_t first_place_id = 100;  // AttentionTables::Place follows

void check(const fe::error_t& error, const char* doing) {
  if (error.is_good()) return;
  throw CudaError(std::string("cuDNN ") + doing + ": " + error.err_msg);
}

std::shared_ptr<const fe::DeviceProperties> properties_of(const CudnnMachine& machine) {
  auto properties = std::make_shared<fe::DeviceProperties>();
  if (machine.properties.empty())
    check(properties->set_device_id(machine.device).build(), "cannot read the properties of the GPU");
  else
    check(properties->deserialize({machine.properties.begin(), machine.properties.end()}),
          "does not take these properties of a GPU");
  return properties;
}

class CudnnAttentionPlan final : public AttentionPlan {
 public:
  CudnnAttentionPlan(const AttentionPlanShape& shape, const CudnnMachine& machine)
      : shape_(shape), handle_(machine.handle) {
    graph_.set_io_data_type(fe::DataType_t::BFLOAT16)
        .set_intermediate_data_type(fe::DataType_t::FLOAT)
        .set_compute_data_type(fe::DataType_t::FLOAT)
        .set_device_properties(properties_of(machine));
    shape.backward ? describe_backward() : describe_forward();
    constexpr const char* doing = "has no such attention";
    check(graph_.validate(), doing);
    check(graph_.build_operation_graph(), doing);
    check(graph_.create_execution_plans({fe::HeurMode_t::A}), doing);
    check(graph_.check_support(), doing);
    check(graph_.build_plans(), "cannot build its attention");
    check(graph_.get_workspace_size(workspace_bytes_), "cannot say what memory its attention takes");
  }

  int64_t workspace_bytes() const override { return workspace_bytes_; }

  void run(Cuda&, const AttentionPlanOperands& operands, void* workspace) override {
    std::unordered_map<int64_t, void*> pointers = pointers_of(operands);
    check(graph_.execute(handle_, pointers, workspace), "cannot compute its attention");
  }

 private:
  using Place = AttentionTables::Place;

  // [sequences, heads, rows of a sequence, columns]; sequences begin where the table `place` says.
  fe::graph::Tensor_attributes packed(Id id, Place place, int64_t rows, int64_t columns, int64_t stride) {
    fe::graph::Tensor_attributes tensor;
    tensor.set_uid(id)
        .set_dim({shape_.sequences, shape_.heads, rows, columns})
        .set_stride({rows * stride, columns, stride, 1})
        .set_ragged_offset(table(first_place_id + int64_t{place}, shape_.sequences + 1));
    return tensor;
  }
  fe::graph::Tensor_attributes heads_of(Id id, Place place, int64_t rows, int64_t stride) {
    return packed(id, place, rows, shape_.head_size, stride).set_data_type(fe::DataType_t::BFLOAT16);
  }
  fe::graph::Tensor_attributes statistics() {
    return packed(statistics_id, AttentionTables::statistics_place, shape_.most_queries, 1,
                  shape_.statistics_stride)
        .set_data_type(fe::DataType_t::FLOAT);
  }
  TensorPointer vector(int64_t id, int64_t count, fe::DataType_t type) {
    return graph_.tensor(fe::graph::Tensor_attributes()
                             .set_uid(id)
                             .set_dim({count, 1, 1, 1})
                             .set_stride({1, 1, 1, 1})
                             .set_data_type(type));
  }
  TensorPointer table(int64_t id, int64_t count) {
    TensorPointer& made = tables_[id];
    if (made == nullptr) made = vector(id, count, fe::DataType_t::INT32);
    return made;
  }

  TensorPointer query() {
    return graph_.tensor(
        heads_of(query_id, AttentionTables::query_place, shape_.most_queries, shape_.query_stride));
  }
  TensorPointer key_or_value(Id id) {
    return graph_.tensor(heads_of(id, AttentionTables::key_place, shape_.most_keys, shape_.key_stride));
  }
  // Settings that forward and backward share.
  template <typename Attributes>
  void set_common(Attributes& attributes) {
    attributes.set_attn_scale(shape_.scale)
        .set_padding_mask(true)
        .set_seq_len_q(table(query_lengths_id, shape_.sequences))
        .set_seq_len_kv(table(key_lengths_id, shape_.sequences));
    if (shape_.dropout > 0)
      attributes.set_dropout(shape_.dropout, vector(seed_id, 1, fe::DataType_t::INT64),
                             vector(random_offset_id, 1, fe::DataType_t::INT64));
  }
  static void set_result(const TensorPointer& result, const fe::graph::Tensor_attributes& wanted) {
    *result = fe::graph::Tensor_attributes(wanted).set_output(true).set_name(result->get_name());
  }

  void describe_forward() {
    fe::graph::SDPA_attributes attributes;
    set_common(attributes.set_name("attention").set_generate_stats(true));
    const auto [output, logarithms] =
        graph_.sdpa(query(), key_or_value(key_id), key_or_value(value_id), attributes);
    set_result(output,
               heads_of(output_id, AttentionTables::output_place, shape_.most_queries, shape_.output_stride));
    set_result(logarithms, statistics());
  }

  void describe_backward() {
    fe::graph::SDPA_backward_attributes attributes;
    set_common(attributes.set_name("attention_backward")
                   .set_deterministic_algorithm(true)
                   .set_max_total_seq_len_q(shape_.query_rows)
                   .set_max_total_seq_len_kv(shape_.key_rows));
    const TensorPointer output = graph_.tensor(
        heads_of(output_id, AttentionTables::output_place, shape_.most_queries, shape_.output_stride));
    const TensorPointer output_gradient =
        graph_.tensor(heads_of(output_gradient_id, AttentionTables::output_gradient_place,
                               shape_.most_queries, shape_.output_gradient_stride));
    const auto [query_gradient, key_gradient, value_gradient] =
        graph_.sdpa_backward(query(), key_or_value(key_id), key_or_value(value_id), output, output_gradient,
                             graph_.tensor(statistics()), attributes);
    set_result(query_gradient, heads_of(query_gradient_id, AttentionTables::query_gradient_place,
                                        shape_.most_queries, shape_.query_gradient_stride));
    set_result(key_gradient, heads_of(key_gradient_id, AttentionTables::key_gradient_place, shape_.most_keys,
                                      shape_.key_gradient_stride));
    set_result(value_gradient, heads_of(value_gradient_id, AttentionTables::key_gradient_place,
                                        shape_.most_keys, shape_.key_gradient_stride));
  }

  std::unordered_map<int64_t, void*> pointers_of(const AttentionPlanOperands& operands) const {
    const auto read = [](const void* data) { return const_cast<void*>(data); };
    std::unordered_map<int64_t, void*> pointers = {{query_id, read(operands.query)},
                                                   {key_id, read(operands.key)},
                                                   {value_id, read(operands.value)},
                                                   {output_id, operands.output},
                                                   {statistics_id, operands.log_sum_exp},
                                                   {query_lengths_id, operands.tables.query_lengths()},
                                                   {key_lengths_id, operands.tables.key_lengths()}};
    for (const auto& [id, table] : tables_) {
      if (id >= first_place_id) pointers[id] = operands.tables.place(static_cast<Place>(id - first_place_id));
    }
    if (shape_.dropout > 0) {
      pointers[seed_id] = operands.tables.seed();
      pointers[random_offset_id] = operands.tables.random_offset();
    }
    if (shape_.backward) {
      pointers[output_gradient_id] = read(operands.output_gradient);
      pointers[query_gradient_id] = operands.query_gradient;
      pointers[key_gradient_id] = operands.key_gradient;
      pointers[value_gradient_id] = operands.value_gradient;
    }
    return pointers;
  }

  const AttentionPlanShape shape_;
  cudnnContext* const handle_;
  fe::graph::Graph graph_;
  std::unordered_map<int64_t, TensorPointer> tables_;
  int64_t workspace_bytes_ = 0;
};

}  // namespace

std::unique_ptr<AttentionPlan> make_cudnn_attention_plan(const AttentionPlanShape& shape,
                                                         const CudnnMachine& machine) {
  return std::make_unique<CudnnAttentionPlan>(shape, machine);
}

}  // namespace cloze
