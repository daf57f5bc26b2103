#pragma once

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <cstring>
#include <functional>
#include <string>
#include <vector>

#include "hwy/targets.h"
#include "kernels/common/device.h"
#include "kernels/common/parallel.h"
#include "kernels/common/philox.h"
#include "kernels/common/tensor.h"

// The harness of the kernel tests.
//
// A case is a class template over the element type: its constructor makes the same tensors, exactly, for
// float and double; `run(device)` calls the kernel under test; `outputs()` returns what it wrote. Then
//   expect_cpu_matches_reference<Case>(arguments...)    Cpu against Reference, on every SIMD target of this
//   machine expect_thread_independent<Case>(arguments...)       bit-equal results for 1, 2 and 3 threads
//   expect_gradient(...)                                Reference in double against finite differences
namespace cloze::testing {

// A tensor's memory, row-major with `stride`, between guards. Every byte starts as 0xFF (NaN; -1): reading
// what was never written shows in the result, writing outside the [rows, columns] elements fails the test on
// destruction.
template <typename T>
class Buffer {
 public:
  Buffer() : Buffer(0, 0) {}
  Buffer(int64_t rows, int64_t columns, int64_t stride = 0)
      : rows_(rows),
        columns_(columns),
        stride_(stride > 0 ? stride : columns),
        memory_(2 * guard + rows * stride_) {
    std::memset(memory_.data(), 0xFF, memory_.size() * sizeof(T));
  }
  Buffer(const Buffer&) = default;
  Buffer& operator=(const Buffer&) = default;
  ~Buffer() {
    for (int64_t i = 0; i < static_cast<int64_t>(memory_.size()); ++i) {
      const int64_t element = i - guard;
      const bool inside = element >= 0 && element < rows_ * stride_ && element % stride_ < columns_;
      if (!inside && !untouched(memory_[i])) {
        ADD_FAILURE() << "written outside the tensor [" << rows_ << ", " << columns_ << "], stride "
                      << stride_ << ", at element " << element;
        return;
      }
    }
  }

  int64_t rows() const { return rows_; }
  int64_t columns() const { return columns_; }
  T* data() { return memory_.data() + guard; }
  T& at(int64_t row, int64_t column) { return memory_[guard + row * stride_ + column]; }
  T at(int64_t row, int64_t column) const { return memory_[guard + row * stride_ + column]; }
  T& operator[](int64_t column) { return at(0, column); }
  T operator[](int64_t column) const { return at(0, column); }

  Tensor tensor(const int32_t* live = nullptr) {
    return {data(), DTypeOf<T>::value, rows_, columns_, stride_, live};
  }
  // A view of some of the columns.
  Tensor columns_view(int64_t first, int64_t count, const int32_t* live = nullptr) {
    return {data() + first, DTypeOf<T>::value, rows_, count, stride_, live};
  }

  // The first `count` rows (all when negative), without the gaps.
  std::vector<T> values(int64_t count = -1) const {
    std::vector<T> result;
    for (int64_t row = 0; row < (count < 0 ? rows_ : count); ++row)
      for (int64_t column = 0; column < columns_; ++column) result.push_back(at(row, column));
    return result;
  }
  bool untouched_from(int64_t first_row) const {
    for (int64_t row = first_row; row < rows_; ++row)
      for (int64_t column = 0; column < columns_; ++column)
        if (!untouched(at(row, column))) return false;
    return true;
  }

 private:
  static constexpr int64_t guard = 64;
  static bool untouched(T value) {
    unsigned char bytes[sizeof(T)];
    std::memcpy(bytes, &value, sizeof(T));
    return std::all_of(bytes, bytes + sizeof(T), [](unsigned char byte) { return byte == 0xFF; });
  }

  int64_t rows_, columns_, stride_;
  std::vector<T> memory_;
};

// Uniform values of [low, high) with 24 bits: the same for float and double.
template <typename T>
void fill(Buffer<T>& buffer, uint32_t seed, float low = -1, float high = 1) {
  for (int64_t row = 0; row < buffer.rows(); ++row)
    for (int64_t column = 0; column < buffer.columns(); ++column) {
      const auto counter = PhiloxCounter{static_cast<uint32_t>(column), static_cast<uint32_t>(row), 0, seed};
      buffer.at(row, column) = static_cast<T>(low + (high - low) * unit_float(philox(counter, {1, 2}).word0));
    }
}
// Uniform integers of [0, bound).
inline void fill_ids(Buffer<int32_t>& buffer, uint32_t seed, uint32_t bound) {
  for (int64_t row = 0; row < buffer.rows(); ++row)
    for (int64_t column = 0; column < buffer.columns(); ++column) {
      const auto counter = PhiloxCounter{static_cast<uint32_t>(column), static_cast<uint32_t>(row), 1, seed};
      buffer.at(row, column) = static_cast<int32_t>(scale_to(philox(counter, {1, 2}).word0, bound));
    }
}

// Sets the number of threads for a scope.
class ThreadCount {
 public:
  explicit ThreadCount(int count) : before_(thread_count()) { set_thread_count(count); }
  ~ThreadCount() { set_thread_count(before_); }
  ThreadCount(const ThreadCount&) = delete;
  ThreadCount& operator=(const ThreadCount&) = delete;

 private:
  int before_;
};

// body() once per SIMD target this machine can run, narrowest last.
template <typename Body>
void for_each_simd_target(Body body) {
  for (const int64_t target : hwy::SupportedAndGeneratedTargets()) {
    SCOPED_TRACE(hwy::TargetName(target));
    hwy::SetSupportedTargetsForTest(target);
    hwy::GetChosenTarget().Update(hwy::SupportedTargets());
    body();
    hwy::SetSupportedTargetsForTest(0);
  }
  hwy::GetChosenTarget().Update(hwy::SupportedTargets());
}

template <typename T>
struct Output {
  std::string name;
  std::vector<T> values;
};

// The error rule: at most twice the error of the same computation in plain float32 loops, plus 1e-6 of the
// norm; in the Euclidean norm over the tensor and in the largest element.
inline void expect_close(const Output<float>& actual, const Output<float>& plain,
                         const Output<double>& exact) {
  ASSERT_EQ(actual.values.size(), exact.values.size()) << exact.name;
  double squares = 0, plain_squares = 0, exact_squares = 0, largest = 0, plain_largest = 0, exact_largest = 0;
  for (size_t i = 0; i < exact.values.size(); ++i) {
    ASSERT_TRUE(std::isfinite(exact.values[i])) << exact.name << "[" << i << "] of the reference";
    ASSERT_TRUE(std::isfinite(actual.values[i])) << exact.name << "[" << i << "]";
    const double error = std::abs(actual.values[i] - exact.values[i]);
    const double plain_error = std::abs(plain.values[i] - exact.values[i]);
    squares += error * error;
    plain_squares += plain_error * plain_error;
    exact_squares += exact.values[i] * exact.values[i];
    largest = std::max(largest, error);
    plain_largest = std::max(plain_largest, plain_error);
    exact_largest = std::max(exact_largest, std::abs(exact.values[i]));
  }
  EXPECT_LE(std::sqrt(squares), 2 * std::sqrt(plain_squares) + 1e-6 * std::sqrt(exact_squares)) << exact.name;
  EXPECT_LE(largest, 2 * plain_largest + 1e-6 * exact_largest) << exact.name;
}

template <template <typename> class Case, typename... Arguments>
void expect_cpu_matches_reference(const Arguments&... arguments) {
  Reference reference;
  Cpu cpu;
  Case<double> exact(arguments...);
  exact.run(reference);
  Case<float> plain(arguments...);
  plain.run(reference);
  const std::vector<Output<double>> expected = exact.outputs();
  const std::vector<Output<float>> yardstick = plain.outputs();
  for_each_simd_target([&] {
    Case<float> under_test(arguments...);
    under_test.run(cpu);
    const std::vector<Output<float>> actual = under_test.outputs();
    for (size_t i = 0; i < actual.size(); ++i) expect_close(actual[i], yardstick[i], expected[i]);
  });
}

template <template <typename> class Case, typename... Arguments>
void expect_thread_independent(const Arguments&... arguments) {
  Cpu cpu;
  std::vector<Output<float>> single;
  for (const int threads : {1, 2, 3}) {
    const ThreadCount scope(threads);
    Case<float> run(arguments...);
    run.run(cpu);
    const std::vector<Output<float>> outputs = run.outputs();
    if (threads == 1) single = outputs;
    for (size_t i = 0; i < outputs.size(); ++i)
      EXPECT_TRUE(std::equal(outputs[i].values.begin(), outputs[i].values.end(), single[i].values.begin(),
                             [](float a, float b) { return std::memcmp(&a, &b, sizeof a) == 0; }))
          << outputs[i].name << " differs between 1 and " << threads << " threads";
  }
}

// d loss / d variable by four-point central differences against `gradient`, on at most `samples` elements
// spread over the variable; relative to the larger of the element and the gradient's root mean square.
inline void expect_gradient(const std::string& name, Buffer<double>& variable, const Buffer<double>& gradient,
                            const std::function<double()>& loss, int64_t samples = 48) {
  const int64_t count = variable.rows() * variable.columns();
  ASSERT_EQ(count, gradient.rows() * gradient.columns()) << name;
  double squares = 0;
  for (const double value : gradient.values()) squares += value * value;
  const double typical = std::sqrt(squares / static_cast<double>(count));
  ASSERT_TRUE(std::isfinite(typical)) << name;
  const int64_t step = std::max<int64_t>(1, count / samples);
  for (int64_t i = 0; i < count; i += step) {
    const int64_t row = i / variable.columns(), column = i % variable.columns();
    double& element = variable.at(row, column);
    const double origin = element, h = 1e-3;
    const auto at = [&](double offset) {
      element = origin + offset;
      return loss();
    };
    const double numeric = (8 * (at(h) - at(-h)) - (at(2 * h) - at(-2 * h))) / (12 * h);
    element = origin;
    const double analytic = gradient.at(row, column);
    EXPECT_NEAR(analytic, numeric, 1e-6 * std::max(std::abs(analytic), typical) + 1e-11)
        << name << "[" << row << ", " << column << "]";
  }
}

}  // namespace cloze::testing
