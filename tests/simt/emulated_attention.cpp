#include "tests/simt/emulated_attention.h"

#include <cmath>
#include <vector>

#include "kernels/attention/planned_attention.h"
#include "kernels/common/bfloat16.h"
#include "tests/simt/activities.h"
#include "tests/simt/simt.h"
#include "tests/simt/streams.h"

namespace cloze::simt {
namespace {

// One head's part of a row.
class Row {
 public:
  Row(const void* data, int64_t element, int64_t count)
      : data_(static_cast<const BFloat16*>(data) + element), count_(count) {}
  std::vector<double> read() const {
    require_written(reinterpret_cast<const char*>(data_), bytes());
    std::vector<double> values;
    for (int64_t i = 0; i < count_; ++i) values.push_back(to_float(data_[i]));
    return values;
  }
  void write(const std::vector<double>& values) const {
    auto* target = const_cast<BFloat16*>(data_);
    for (int64_t i = 0; i < count_; ++i)
      target[i] = to_bfloat16(static_cast<float>(values[static_cast<size_t>(i)]));
    mark_written(reinterpret_cast<char*>(target), bytes());
  }

 private:
  int64_t bytes() const { return count_ * static_cast<int64_t>(sizeof(BFloat16)); }
  const BFloat16* data_;
  int64_t count_;
};

double dot(const std::vector<double>& left, const std::vector<double>& right) {
  double sum = 0;
  for (size_t i = 0; i < left.size(); ++i) sum += left[i] * right[i];
  return sum;
}
void add(std::vector<double>& to, const std::vector<double>& from, double factor) {
  for (size_t i = 0; i < to.size(); ++i) to[i] += factor * from[i];
}

// One head of one sequence.
class Head {
 public:
  using Rows = std::vector<std::vector<double>>;
  Head(const AttentionPlanShape& shape, const AttentionPlanOperands& operands, int64_t slot, int64_t head)
      : shape_(shape), at_(operands), slot_(slot), head_(head) {
    const int32_t* seed = operands.tables.seed();
    require_written(reinterpret_cast<const char*>(seed), 2 * sizeof(int32_t));
    seed_[0] = seed[0], seed_[1] = seed[1];
  }

  void forward() const {
    const Rows keys = read_keys(at_.key), values = read_keys(at_.value);
    for (int64_t i = 0; i < queries(); ++i) {
      const std::vector<double> query = row(at_.query, Tables::query_place, shape_.query_stride, i).read();
      double sum = 0;
      std::vector<double> output(query.size()), p;
      for (const auto& key : keys) sum += p.emplace_back(std::exp(shape_.scale * dot(query, key)));
      for (size_t j = 0; j < keys.size(); ++j) add(output, values[j], p[j] / sum * factor(i, j));
      row(at_.output, Tables::output_place, shape_.output_stride, i).write(output);
      float& logarithm = statistic(i);
      logarithm = static_cast<float>(std::log(sum));
      mark_written(reinterpret_cast<char*>(&logarithm), sizeof logarithm);
    }
  }

  void backward() const {
    const Rows keys = read_keys(at_.key), values = read_keys(at_.value);
    const std::vector<double> zero(static_cast<size_t>(shape_.head_size));
    Rows key_gradient(keys.size(), zero), value_gradient(keys.size(), zero);
    for (int64_t i = 0; i < queries(); ++i) {
      const auto read = [&](const void* data, Tables::Place place, int64_t stride) {
        return row(data, place, stride, i).read();
      };
      const auto query = read(at_.query, Tables::query_place, shape_.query_stride),
                 output = read(at_.output, Tables::output_place, shape_.output_stride),
                 gradient =
                     read(at_.output_gradient, Tables::output_gradient_place, shape_.output_gradient_stride);
      const double delta = dot(output, gradient);
      std::vector<double> query_gradient = zero;
      for (size_t j = 0; j < keys.size(); ++j) {
        const double p = std::exp(shape_.scale * dot(query, keys[j]) - statistic(i)), kept = factor(i, j);
        const double score = shape_.scale * p * (kept * dot(gradient, values[j]) - delta);
        add(query_gradient, keys[j], score);
        add(key_gradient[j], query, score);
        add(value_gradient[j], gradient, p * kept);
      }
      row(at_.query_gradient, Tables::query_gradient_place, shape_.query_gradient_stride, i)
          .write(query_gradient);
    }
    for (size_t j = 0; j < keys.size(); ++j) {
      const auto key_row = [&](const void* data) {
        return row(data, Tables::key_gradient_place, shape_.key_gradient_stride, static_cast<int64_t>(j));
      };
      key_row(at_.key_gradient).write(key_gradient[j]);
      key_row(at_.value_gradient).write(value_gradient[j]);
    }
  }

 private:
  using Tables = AttentionTables;
  static int32_t read(const int32_t* table, int64_t index) {
    require_written(reinterpret_cast<const char*>(table + index), sizeof(int32_t));
    return table[index];
  }
  int64_t queries() const { return read(at_.tables.query_lengths(), slot_); }
  Row row(const void* data, Tables::Place place, int64_t stride, int64_t index) const {
    const int64_t first = read(at_.tables.place(place), slot_);
    return {data, first + index * stride + head_ * shape_.head_size, shape_.head_size};
  }
  Rows read_keys(const void* data) const {
    Rows rows;
    for (int64_t j = 0; j < read(at_.tables.key_lengths(), slot_); ++j)
      rows.push_back(row(data, Tables::key_place, shape_.key_stride, j).read());
    return rows;
  }
  float& statistic(int64_t query) const {
    const int64_t first = read(at_.tables.place(Tables::statistics_place), slot_);
    return static_cast<float*>(at_.log_sum_exp)[first + query * shape_.statistics_stride + head_];
  }
  double factor(int64_t query, size_t key) const {
    if (shape_.dropout == 0) return 1;
    const bool kept = emulated_dropout_keeps(seed_, shape_.dropout, slot_ * shape_.heads + head_, query,
                                             static_cast<int64_t>(key));
    return kept ? 1 / (1 - double{shape_.dropout}) : 0;
  }

  const AttentionPlanShape& shape_;
  const AttentionPlanOperands& at_;
  int64_t slot_, head_;
  int32_t seed_[2];
};

class EmulatedPlan final : public AttentionPlan {
 public:
  explicit EmulatedPlan(const AttentionPlanShape& shape) : shape_(shape) {}
  int64_t workspace_bytes() const override { return shape_.backward ? 4096 : 0; }
  void run(Cuda& device, const AttentionPlanOperands& operands, void* workspace) override {
    if (shape_.backward && workspace == nullptr) throw CudaError("a plan without its working memory");
    submit(device.stream, observed(ActivityKind::kernel, "emulated_attention", [shape = shape_, operands] {
             for (int64_t slot = 0; slot < shape.sequences; ++slot)
               for (int64_t head = 0; head < shape.heads; ++head) {
                 const Head one(shape, operands, slot, head);
                 shape.backward ? one.backward() : one.forward();
               }
           }));
  }

 private:
  AttentionPlanShape shape_;
};

}  // namespace

bool emulated_dropout_keeps(const int32_t (&seed)[2], float probability, int64_t slot_and_head, int64_t query,
                            int64_t key) {
  const PhiloxBits bits = philox(
      {static_cast<uint32_t>(key), static_cast<uint32_t>(query), static_cast<uint32_t>(slot_and_head), 0},
      {static_cast<uint32_t>(seed[0]), static_cast<uint32_t>(seed[1])});
  return unit_float(bits.word0) >= probability;
}

std::unique_ptr<AttentionLibrary> make_emulated_attention() {
  return std::make_unique<PlannedAttention>(
      [](const AttentionPlanShape& shape) { return std::make_unique<EmulatedPlan>(shape); });
}

}  // namespace cloze::simt
