#include "tests/simt/stage.h"

#include <cuda_runtime.h>

#include <chrono>
#include <cmath>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <map>
#include <stdexcept>

#include "kernels/common/bfloat16.h"
#include "kernels/common/philox.h"
#include "tests/simt/simt.h"

namespace cloze::testing {
namespace {

void require(bool condition, const char* what) {
  if (!condition) throw std::logic_error(std::string("stage: ") + what);
}

void put(char* target, DType dtype, double value) {
  if (dtype == DType::f64) {
    std::memcpy(target, &value, 8);
  } else if (dtype == DType::i32) {
    const auto integer = static_cast<int32_t>(value);
    std::memcpy(target, &integer, 4);
  } else {
    const auto single = static_cast<float>(value);
    const BFloat16 half = to_bfloat16(single);
    dtype == DType::f32 ? std::memcpy(target, &single, 4) : std::memcpy(target, &half, 2);
  }
}

double get(const char* source, DType dtype) {
  double wide;
  int32_t integer;
  float single;
  BFloat16 half;
  switch (dtype) {
    case DType::f64:
      std::memcpy(&wide, source, 8);
      return wide;
    case DType::i32:
      std::memcpy(&integer, source, 4);
      return integer;
    case DType::bf16:
      std::memcpy(&half, source, 2);
      return to_float(half);
    case DType::f8_e4m3:
      return to_float(Float8E4M3{static_cast<uint8_t>(*source)});
    case DType::f8_e5m2:
      return to_float(Float8E5M2{static_cast<uint8_t>(*source)});
    default:
      std::memcpy(&single, source, 4);
      return single;
  }
}

}  // namespace

StageMemory::StageMemory(int64_t bytes, bool on_device) : on_device_(on_device) {
  const auto size = static_cast<size_t>(bytes);
  if (on_device_) {
    require(cudaMalloc(&data_, size) == cudaSuccess, "cudaMalloc failed");
  } else {
    data_ = std::malloc(size);
    std::memset(data_, 0xFF, size);  // NaN; -1
  }
}

StageMemory::~StageMemory() {
  on_device_ ? static_cast<void>(cudaFree(data_)) : std::free(data_);
}

void StageMemory::upload(const std::vector<char>& bytes, int64_t offset) {
  char* target = static_cast<char*>(data_) + offset;
  if (on_device_)
    require(
        cudaMemcpyAsync(target, bytes.data(), bytes.size(), cudaMemcpyHostToDevice, nullptr) == cudaSuccess,
        "copy to the device failed");
  else
    std::memcpy(target, bytes.data(), bytes.size());
}

std::vector<char> StageMemory::download(int64_t offset, int64_t bytes) const {
  std::vector<char> result(static_cast<size_t>(bytes));
  const char* source = static_cast<const char*>(data_) + offset;
  if (on_device_)
    require(
        cudaMemcpyAsync(result.data(), source, result.size(), cudaMemcpyDeviceToHost, nullptr) == cudaSuccess,
        "copy from the device failed");
  else
    std::memcpy(result.data(), source, result.size());
  return result;
}

Tensor StageBase::make(Extent extent, DType dtype) {
  const int64_t stride = extent.columns + extent.gap;
  const int64_t bytes =
      (extent.rows * stride - (extent.rows > 0 ? extent.gap : 0)) * static_cast<int64_t>(size_of(dtype));
  memories_.emplace_back(std::make_unique<StageMemory>(bytes, on_device_), bytes);
  return {memories_.back().first->data(), dtype, extent.rows, extent.columns, stride, nullptr};
}

const StageMemory& StageBase::memory_of(const Tensor& tensor, int64_t& offset) const {
  for (const auto& [memory, bytes] : memories_) {
    offset = static_cast<char*>(tensor.data) - static_cast<char*>(memory->data());
    if (offset >= 0 && offset < bytes) return *memory;
  }
  throw std::logic_error("stage: a tensor of another stage");
}

void StageBase::write(const Tensor& tensor, const std::vector<double>& values) {
  const auto size = static_cast<int64_t>(size_of(tensor.dtype));
  int64_t offset = 0;
  auto& memory = const_cast<StageMemory&>(memory_of(tensor, offset));
  std::vector<char> row(static_cast<size_t>(tensor.columns * size));
  for (int64_t r = 0; r < tensor.rows && tensor.columns > 0; ++r) {
    for (int64_t c = 0; c < tensor.columns; ++c)
      put(row.data() + c * size, tensor.dtype, values[static_cast<size_t>(r * tensor.columns + c)]);
    memory.upload(row, offset + r * tensor.stride * size);
  }
}

std::vector<double> StageBase::read(const Tensor& tensor, int64_t rows) const {
  const auto size = static_cast<int64_t>(size_of(tensor.dtype));
  std::vector<double> values;
  if (rows < 0) rows = tensor.rows;
  if (rows == 0) return values;
  int64_t offset = 0;
  const StageMemory& memory = memory_of(tensor, offset);
  for (int64_t r = 0; r < rows; ++r) {
    const std::vector<char> row = memory.download(offset + r * tensor.stride * size, tensor.columns * size);
    for (int64_t c = 0; c < tensor.columns; ++c) values.push_back(get(row.data() + c * size, tensor.dtype));
  }
  return values;
}

Tensor StageBase::filled(Extent extent, DType dtype, float low, float high, bool rounded) {
  const Tensor tensor = make(extent, dtype);
  const uint32_t seed = ++fills_;
  std::vector<double> values;
  for (int64_t i = 0; i < extent.rows * extent.columns; ++i) {
    const uint32_t bits = philox({static_cast<uint32_t>(i), seed, 0, 0}, {1, 2}).word0;
    const float value = low + (high - low) * unit_float(bits);
    values.push_back(rounded ? to_float(to_bfloat16(value)) : value);
  }
  write(tensor, values);
  return tensor;
}

Tensor StageBase::input(Extent extent, float low, float high) {
  return filled(extent, activation_type(), low, high, storage_ == Storage::bf16);
}
Tensor StageBase::input_f32(Extent extent, float low, float high) {
  return filled(extent, f32_type(), low, high, false);
}
Tensor StageBase::values_f32(const std::vector<double>& values) {
  const Tensor tensor = make({1, static_cast<int64_t>(values.size())}, f32_type());
  write(tensor, values);
  return tensor;
}

Tensor StageBase::ids(Extent extent, const std::vector<int32_t>& values) {
  require(static_cast<int64_t>(values.size()) == extent.rows * extent.columns, "ids of another extent");
  const Tensor tensor = make(extent, DType::i32);
  write(tensor, {values.begin(), values.end()});
  return tensor;
}

Tensor StageBase::workspace_f64(int64_t count) {
  return make({1, count}, DType::f64);
}

const int32_t* StageBase::live(int32_t count) {
  return static_cast<const int32_t*>(ids({1, 1}, {count}).data);
}

Dropout StageBase::dropout(float probability, const std::vector<int32_t>& lengths, uint32_t site) {
  if (probability == 0) return {};
  std::vector<int32_t> rows;
  for (size_t sequence = 0; sequence < lengths.size(); ++sequence)
    for (int32_t row = 0; row < lengths[sequence]; ++row)
      rows.insert(rows.end(), {static_cast<int32_t>(1000 + 7 * sequence), row});
  const auto count = static_cast<int64_t>(rows.size() / 2);
  return {probability, site, ids({1, 2}, {77, -1234567}), ids({count, 2}, rows)};
}

void StageBase::stored(const Tensor& tensor) {
  if (!rounds()) return;
  std::vector<double> values = read(tensor);
  for (double& value : values) value = to_float(to_bfloat16(static_cast<float>(value)));
  write(tensor, values);
}

void StageBase::compare(const std::string& name, const Tensor& tensor, int64_t rows) {
  results_.push_back({name, read(tensor, rows)});
}

int64_t ShapeDraws::between(int64_t low, int64_t high) {
  const uint32_t bits = philox({index_, count_++, 3, 0}, {4, 5}).word0;
  return low + scale_to(bits, static_cast<uint32_t>(high - low + 1));
}

namespace {

int from_environment(const char* name, int otherwise) {
  const char* const asked = std::getenv(name);
  return asked != nullptr ? std::atoi(asked) : otherwise;
}

// In a long search a case of few elements now and then is unlucky: the errors of its roundings add up where
// plain arithmetic's cancel. So each is held to twice the rule, and all together to the rule.
struct Pool {
  struct Squares {
    double error = 0, allowed = 0;  // of norms, each relative to what is compared
  };
  std::map<std::string, Squares> results;
};
Pool* pool = nullptr;  // of the search that goes on

void expect_rule_of(const Pool& all) {
  for (const auto& [name, squares] : all.results)
    EXPECT_LE(std::sqrt(squares.error), 2 * std::sqrt(squares.allowed) + 1e-6)
        << name << ", all cases together";
}

}  // namespace

void for_random_shapes(int cases, const std::function<void(ShapeDraws&)>& body) {
  using Clock = std::chrono::steady_clock;
  const int first = from_environment("CLOZE_SIMT_FIRST", 0),
            seconds = from_environment("CLOZE_SIMT_SECONDS", 0);
  const auto end = Clock::now() + std::chrono::seconds(seconds);
  int done = 0;
  Pool all;
  pool = seconds > 0 ? &all : nullptr;
  while (seconds > 0 ? Clock::now() < end : done < cases) {
    const int number = first + done++;
    SCOPED_TRACE("random case " + std::to_string(number));
    ShapeDraws draws(static_cast<uint32_t>(number));
    body(draws);
    if (::testing::Test::HasFailure()) break;
  }
  pool = nullptr;
  expect_rule_of(all);
  if (seconds > 0) std::printf("%d random cases from number %d on\n", done, first);
}

namespace {

bool is_gradient(const Result& result) {
  return result.name.find("gradient") != std::string::npos;
}

struct Size {
  double norm = 0, largest = 0;
};
Size size_of_values(const std::vector<double>& values) {
  Size size;
  for (const double value : values) {
    size.norm += value * value;
    size.largest = std::max(size.largest, std::abs(value));
  }
  size.norm = std::sqrt(size.norm);
  return size;
}

// Two values of bf16 with none between them: what sums a little apart near the middle are rounded to.
bool are_neighbours(double one, double other) {
  const BFloat16 first = to_bfloat16(static_cast<float>(one)),
                 second = to_bfloat16(static_cast<float>(other));
  return to_float(first) == one && to_float(second) == other && std::abs(first.bits - second.bits) == 1;
}

std::vector<double> errors_of(const Result& actual, const Result& exact) {
  std::vector<double> errors;
  for (size_t i = 0; i < exact.values.size(); ++i) errors.push_back(actual.values[i] - exact.values[i]);
  return errors;
}

}  // namespace

// Rounded the other way than plain arithmetic, an element counts in the norm, but is not the largest error.
// The floor of a gradient is that of the largest beside it: one that is zero in exact arithmetic (softmax
// over one key) has the rounding errors of the others.
void expect_rule(const StageRun& actual, const StageRun& plain, const StageRun& exact) {
  ASSERT_EQ(actual.size(), exact.size());
  Size gradients;
  for (const Result& result : exact) {
    const Size size = size_of_values(result.values);
    if (!is_gradient(result)) continue;
    gradients = {std::max(gradients.norm, size.norm), std::max(gradients.largest, size.largest)};
  }
  for (size_t r = 0; r < exact.size(); ++r) {
    const std::string& name = exact[r].name;
    ASSERT_EQ(actual[r].values.size(), exact[r].values.size()) << name;
    for (size_t i = 0; i < exact[r].values.size(); ++i) {
      ASSERT_TRUE(std::isfinite(exact[r].values[i])) << name << "[" << i << "] of the reference";
      ASSERT_TRUE(std::isfinite(actual[r].values[i])) << name << "[" << i << "]";
    }
    std::vector<double> errors = errors_of(actual[r], exact[r]);
    const double norm = size_of_values(errors).norm;
    for (size_t i = 0; i < errors.size(); ++i)
      if (are_neighbours(actual[r].values[i], plain[r].values[i])) errors[i] = 0;
    const Size error{norm, size_of_values(errors).largest};
    const Size allowed = size_of_values(errors_of(plain[r], exact[r]));
    const Size floor = is_gradient(exact[r]) ? gradients : size_of_values(exact[r].values);
    const double times = pool != nullptr ? 4 : 2;
    EXPECT_LE(error.norm, times * allowed.norm + 1e-6 * floor.norm) << name;
    EXPECT_LE(error.largest, times * allowed.largest + 1e-6 * floor.largest) << name;
    if (pool == nullptr || floor.norm == 0) continue;
    Pool::Squares& squares = pool->results[name];
    squares.error += error.norm * error.norm / (floor.norm * floor.norm);
    squares.allowed += allowed.norm * allowed.norm / (floor.norm * floor.norm);
  }
}

void expect_same_bits(const StageRun& one, const StageRun& other) {
  ASSERT_EQ(one.size(), other.size());
  for (size_t r = 0; r < one.size(); ++r) {
    EXPECT_TRUE(one[r].values == other[r].values) << one[r].name << " depends on the order of the threads";
  }
}

Cuda emulated_device() {
  return current_cuda_device(nullptr);
}

void for_each_order(const std::function<void(uint64_t)>& run) {
  for (uint64_t order = 0; order < simt::orders_to_try; ++order) {
    SCOPED_TRACE("order " + std::to_string(order));
    simt::set_order(order);
    run(order);
  }
  simt::set_order(0);
}

}  // namespace cloze::testing
