#include "kernels/attention/attention.h"

#include <numeric>

#include "tests/kernels/kernel_test.h"
#include "tests/kernels/test_dropout.h"

namespace cloze::testing {
namespace {

struct Sequence {
  int64_t queries, keys;
};

struct AttentionSetup {
  int64_t heads, head_size;
  std::vector<Sequence> sequences;
  float dropout = 0;
  float magnitude = 1;          // of queries and keys
  int32_t first_sequence = 40;  // global number of the first sequence
};

// Forward, then backward; tensors are views with gaps, two rows and one sequence longer than what is live.
template <typename T>
class AttentionCase {
 public:
  explicit AttentionCase(const AttentionSetup& setup)
      : setup_(setup),
        sequences_(static_cast<int32_t>(setup.sequences.size())),
        hidden_(setup.heads * setup.head_size) {
    for (const Sequence& sequence : setup.sequences) {
      query_offsets[offset_] = static_cast<int32_t>(queries_);
      key_offsets[offset_++] = static_cast<int32_t>(keys_);
      dropout.name_sequence(queries_, sequence.queries, setup.first_sequence + static_cast<int32_t>(offset_));
      queries_ += sequence.queries;
      keys_ += sequence.keys;
    }
    query_offsets[offset_] = static_cast<int32_t>(queries_);
    key_offsets[offset_] = static_cast<int32_t>(keys_);
    fill(query, 1, -setup.magnitude, setup.magnitude);
    fill(key_value, 2, -setup.magnitude, setup.magnitude);
    fill(output_gradient, 3);
  }

  template <typename Device>
  void forward(Device& device) {
    attention_forward(
        device, AttentionForward{shape(), query.tensor(), key(), value(), query_offsets.tensor(&sequences_),
                                 key_offsets.tensor(&sequences_), dropout.dropout(setup_.dropout),
                                 output.tensor(), log_sum_exp.tensor()});
  }
  template <typename Device>
  void run(Device& device) {
    forward(device);
    attention_backward(
        device, AttentionBackward{shape(), query.tensor(), key(), value(), query_offsets.tensor(&sequences_),
                                  key_offsets.tensor(&sequences_), dropout.dropout(setup_.dropout),
                                  output.tensor(), log_sum_exp.tensor(), output_gradient.tensor(),
                                  query_gradient.tensor(), key_value_gradient.columns_view(0, hidden_),
                                  key_value_gradient.columns_view(hidden_, hidden_)});
  }
  std::vector<Output<T>> outputs() const {
    return {{"output", output.values(queries_)},
            {"log_sum_exp", log_sum_exp.values(queries_)},
            {"query_gradient", query_gradient.values(queries_)},
            {"key and value gradients", key_value_gradient.values(keys_)}};
  }
  bool dead_rows_untouched() const {
    return output.untouched_from(queries_) && log_sum_exp.untouched_from(queries_) &&
           query_gradient.untouched_from(queries_) && key_value_gradient.untouched_from(keys_);
  }

  // Σ output · output_gradient: the loss whose gradients backward gives.
  T loss() const {
    T sum = 0;
    for (int64_t row = 0; row < queries_; ++row)
      for (int64_t c = 0; c < hidden_; ++c) sum += output.at(row, c) * output_gradient.at(row, c);
    return sum;
  }

  int64_t hidden() const { return hidden_; }
  int64_t queries() const { return queries_; }
  int64_t keys() const { return keys_; }

 private:
  AttentionShape shape() const {
    return {setup_.heads, setup_.head_size, 1 / std::sqrt(static_cast<float>(setup_.head_size))};
  }
  Tensor key() { return key_value.columns_view(0, hidden_); }
  Tensor value() { return key_value.columns_view(hidden_, hidden_); }
  static int64_t total(const AttentionSetup& setup, int64_t Sequence::*rows) {
    return std::accumulate(setup.sequences.begin(), setup.sequences.end(), int64_t{2},
                           [rows](int64_t sum, const Sequence& sequence) { return sum + sequence.*rows; });
  }

  AttentionSetup setup_;
  int32_t sequences_;
  int64_t hidden_, queries_ = 0, keys_ = 0, offset_ = 0;
  int64_t query_capacity_ = total(setup_, &Sequence::queries), key_capacity_ = total(setup_, &Sequence::keys);

 public:
  Buffer<int32_t> query_offsets{1, sequences_ + 2}, key_offsets{1, sequences_ + 2};
  TestDropout dropout{query_capacity_};
  Buffer<T> query{query_capacity_, hidden_, hidden_ + 12},
      key_value{key_capacity_, 2 * hidden_, 2 * hidden_ + 4};
  Buffer<T> output{query_capacity_, hidden_, hidden_ + 4}, log_sum_exp{query_capacity_, setup_.heads};
  Buffer<T> output_gradient{query_capacity_, hidden_};
  Buffer<T> query_gradient{query_capacity_, hidden_, hidden_ + 8};
  Buffer<T> key_value_gradient{key_capacity_, 2 * hidden_, 2 * hidden_ + 20};
};

void expect_all(const AttentionSetup& setup) {
  expect_cpu_matches_reference<AttentionCase>(setup);
}

TEST(Attention, HeadSizes) {
  for (const int64_t head_size : {1, 3, 4, 6, 8, 12, 16, 20, 32, 36, 48, 64, 80, 128}) {
    SCOPED_TRACE(head_size);
    expect_all({2, head_size, {{37, 37}, {1, 1}, {50, 50}}});
  }
}

TEST(Attention, RaggedLengths) {
  for (const int64_t length : {1, 2, 3, 5, 7, 8, 9, 15, 16, 17, 31, 47, 48, 49, 63, 64, 65, 97, 128}) {
    SCOPED_TRACE(length);
    expect_all({2, 32, {{length, length}, {3, 3}}});
  }
}

TEST(Attention, LongerThanOneBlockOfKeys) {
  expect_all({1, 16, {{50, 513}, {3, 1100}}});
  expect_all({1, 8, {{300, 300}}, 0.1f});
}

TEST(Attention, QueriesMayBeASubset) {
  expect_all({2, 64, {{1, 90}, {0, 20}, {7, 7}, {0, 0}, {130, 20}, {0, 300}}});
}

TEST(Attention, DropoutMatchesTheReference) {
  for (const float probability : {0.1f, 0.5f, 0.9f}) {
    SCOPED_TRACE(probability);
    expect_all({3, 32, {{70, 70}, {5, 600}, {1, 1}, {20, 20}}, probability});
  }
}

// Scores up to 1e4: one probability of a row is 1, the others vanish, and so do the gradients of the scores.
// What rounding leaves of them is small against what they are made of.
TEST(Attention, ExtremeScores) {
  const AttentionSetup setup{2, 16, {{20, 20}, {4, 530}}, 0.1f, 60};
  Reference reference;
  Cpu cpu;
  AttentionCase<double> exact(setup);
  exact.run(reference);
  for_each_simd_target([&] {
    AttentionCase<float> fast(setup);
    fast.run(cpu);
    const double gradient_scale = 16 * 60 * 60 * 0.25;  // |g·v| · |k| · scale
    const auto expect_near = [](const Buffer<float>& actual, const Buffer<double>& expected, int64_t rows,
                                double tolerance) {
      const std::vector<float> values = actual.values(rows);
      const std::vector<double> exact_values = expected.values(rows);
      for (size_t i = 0; i < values.size(); ++i) ASSERT_NEAR(values[i], exact_values[i], tolerance);
    };
    expect_near(fast.output, exact.output, exact.queries(), 1e-4 * 60);
    expect_near(fast.log_sum_exp, exact.log_sum_exp, exact.queries(), 1e-6 * 16 * 60 * 60 * 0.25);
    expect_near(fast.query_gradient, exact.query_gradient, exact.queries(), 1e-6 * gradient_scale);
    expect_near(fast.key_value_gradient, exact.key_value_gradient, exact.keys(), 1e-6 * gradient_scale);
  });
}

TEST(Attention, NothingLive) {
  AttentionCase<float> nothing({2, 16, {}});
  Cpu cpu;
  nothing.run(cpu);
  EXPECT_TRUE(nothing.dead_rows_untouched());
}

TEST(Attention, RowsPastTheLiveOnesStayUntouched) {
  const AttentionSetup setup{2, 20, {{33, 33}, {2, 540}}, 0.2f};
  for_each_simd_target([&] {
    AttentionCase<float> run(setup);
    Cpu cpu;
    run.run(cpu);
    EXPECT_TRUE(run.dead_rows_untouched());
  });
}

TEST(Attention, DoesNotDependOnThreads) {
  expect_thread_independent<AttentionCase>(
      AttentionSetup{3, 32, {{70, 70}, {1, 1}, {129, 129}, {64, 300}, {9, 9}}, 0.1f});
}

TEST(Attention, LogSumExpIsThatOfTheScores) {
  const AttentionSetup setup{2, 16, {{9, 9}, {2, 600}}, 0.3f, 3};
  AttentionCase<double> exact(setup);
  AttentionCase<float> fast(setup);
  Reference reference;
  Cpu cpu;
  exact.forward(reference);
  fast.forward(cpu);
  for (const int64_t row : {0, 8, 9, 10}) {
    const int64_t first = row < 9 ? 0 : 9, last = row < 9 ? 9 : 609;
    for (int64_t head = 0; head < 2; ++head) {
      double sum = 0;
      for (int64_t k = first; k < last; ++k) {
        double score = 0;
        for (int64_t c = head * 16; c < head * 16 + 16; ++c)
          score += exact.query.at(row, c) * exact.key_value.at(k, c);
        sum += std::exp(score / 4);
      }
      EXPECT_NEAR(exact.log_sum_exp.at(row, head), std::log(sum), 1e-12);
      EXPECT_NEAR(fast.log_sum_exp.at(row, head), std::log(sum), 1e-5);
    }
  }
}

TEST(Attention, GradientsOfTheReference) {
  for (const float probability : {0.0f, 0.3f}) {
    SCOPED_TRACE(probability);
    AttentionCase<double> exact({2, 8, {{6, 6}, {2, 9}, {1, 1}, {0, 4}}, probability});
    Reference reference;
    exact.run(reference);
    const auto loss = [&] {
      exact.forward(reference);
      return exact.loss();
    };
    // Dead rows hold no gradient: compare live rows only.
    const auto live = [&](const Buffer<double>& buffer, int64_t rows) {
      Buffer<double> result(buffer.rows(), buffer.columns());
      for (int64_t row = 0; row < buffer.rows(); ++row)
        for (int64_t c = 0; c < buffer.columns(); ++c) result.at(row, c) = row < rows ? buffer.at(row, c) : 0;
      return result;
    };
    expect_gradient("query", exact.query, live(exact.query_gradient, exact.queries()), loss, 200);
    expect_gradient("key and value", exact.key_value, live(exact.key_value_gradient, exact.keys()), loss,
                    400);
  }
}

// With zero queries every probability is 1 / keys, and with the unit matrix for values output column c is
// that of key c.
AttentionCase<float> visible_masks(const AttentionSetup& setup) {
  AttentionCase<float> result(setup);
  for (int64_t row = 0; row < result.query.rows(); ++row)
    for (int64_t c = 0; c < result.hidden(); ++c) result.query.at(row, c) = 0;
  int64_t row = 0;
  for (const Sequence& sequence : setup.sequences)
    for (int64_t k = 0; k < sequence.keys; ++k, ++row)
      for (int64_t c = 0; c < result.hidden(); ++c)
        result.key_value.at(row, result.hidden() + c) = c % setup.head_size == k ? 1.0f : 0.0f;
  Cpu cpu;
  result.forward(cpu);
  return result;
}

TEST(Attention, DropoutKeepsTheStatedShareOfProbabilities) {
  const float probability = 0.1f;
  const AttentionSetup setup{4, 64, {{200, 64}, {200, 64}}, probability};
  const AttentionCase<float> run = visible_masks(setup);
  int64_t kept = 0;
  for (int64_t row = 0; row < run.queries(); ++row)
    for (int64_t c = 0; c < run.hidden(); ++c) {
      const float value = run.output.at(row, c) * 64;
      kept += value != 0;
      ASSERT_NEAR(value, value != 0 ? 1 / (1 - probability) : 0, 1e-4);
    }
  const double count = 400.0 * 4 * 64;
  EXPECT_NEAR(kept / count, 1 - probability, 5 * std::sqrt(probability * (1 - probability) / count));
}

TEST(Attention, MaskDoesNotDependOnPacking) {
  // The same global sequence (42) behind one and behind none; its mask is the same, another sequence's is
  // not.
  const AttentionCase<float> behind = visible_masks({2, 32, {{11, 17}, {30, 30}}, 0.4f, 1, 40});
  const AttentionCase<float> alone = visible_masks({2, 32, {{30, 30}}, 0.4f, 1, 41});
  const AttentionCase<float> other = visible_masks({2, 32, {{30, 30}}, 0.4f, 1, 42});
  int64_t differences = 0;
  for (int64_t row = 0; row < 30; ++row)
    for (int64_t c = 0; c < 64; ++c) {
      ASSERT_EQ(behind.output.at(11 + row, c), alone.output.at(row, c));
      differences += other.output.at(row, c) != alone.output.at(row, c);
    }
  EXPECT_GT(differences, 500);
}

}  // namespace
}  // namespace cloze::testing
