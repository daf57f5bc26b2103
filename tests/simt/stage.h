#pragma once

#include <gtest/gtest.h>

#include <cstdint>
#include <functional>
#include <initializer_list>
#include <memory>
#include <string>
#include <vector>

#include "kernels/attention/attention_library.h"
#include "kernels/common/cuda.h"
#include "kernels/common/device.h"
#include "kernels/common/dropout.h"
#include "kernels/common/tensor.h"

// The harness of the CUDA kernels' tests.
//
// A case is a generic lambda `[&](auto& stage)`: it takes its tensors from the stage, calls kernels with
// stage.device(), and names what is to be compared. expect_matches_reference runs it
//   * on Reference in double: the exact result;
//   * on Reference in float, with everything stored in bf16 rounded: what plain arithmetic makes of it;
//   * on the emulated Cuda, in several orders of its threads, which must agree bit for bit;
// and holds Cuda's error to at most twice that of plain arithmetic (DESIGN: numbers we hold ourselves to).
namespace cloze::testing {

enum class Storage : uint8_t { f32, bf16 };  // of activations and parameters
inline std::string name_of(Storage storage) {
  return storage == Storage::f32 ? "f32" : "bf16";
}

struct Result {
  std::string name;
  std::vector<double> values;
};

struct Extent {
  int64_t rows, columns;
  int64_t gap = 0;  // elements between rows
};

// Memory of one tensor, on the host or on the emulated device.
class StageMemory {
 public:
  StageMemory(int64_t bytes, bool on_device);
  ~StageMemory();
  StageMemory(const StageMemory&) = delete;
  StageMemory& operator=(const StageMemory&) = delete;
  void* data() const { return data_; }
  void upload(const std::vector<char>& bytes, int64_t offset);
  std::vector<char> download(int64_t offset, int64_t bytes) const;

 private:
  bool on_device_;
  void* data_ = nullptr;
};

class StageBase {
 public:
  StageBase(DType real, bool on_device, Storage storage)
      : real_(real), on_device_(on_device), storage_(storage) {}

  // Uniform values of [low, high), the same on every stage; stored as activations are.
  Tensor input(Extent extent, float low = -1, float high = 1);
  // The same, kept in f32 (f64 on the exact stage).
  Tensor input_f32(Extent extent, float low = -1, float high = 1);
  Tensor values_f32(const std::vector<double>& values);  // [1, count]
  Tensor ids(Extent extent, const std::vector<int32_t>& values);
  // Unwritten memory.
  Tensor output(Extent extent) { return make(extent, activation_type()); }
  Tensor output_f32(Extent extent) { return make(extent, f32_type()); }
  Tensor output_ids(Extent extent) { return make(extent, DType::i32); }
  Tensor make(Extent extent, DType dtype);
  Tensor workspace_f64(int64_t count);
  const int32_t* live(int32_t count);  // a live count in the device's memory
  // A dropout whose rows are those of sequences of the given lengths.
  Dropout dropout(float probability, const std::vector<int32_t>& lengths, uint32_t site = 5);

  // What a kernel has written is stored in bf16: rounds it on the stage of plain arithmetic.
  void stored(const Tensor& tensor);
  // Is this the stage of plain arithmetic whose stored values are rounded to bf16?
  bool rounds() const { return real_ == DType::f32 && !on_device_ && storage_ == Storage::bf16; }
  void write(const Tensor& tensor, const std::vector<double>& values);  // row by row, without the gaps
  // Compares the first `rows` rows (all when negative).
  void compare(const std::string& name, const Tensor& tensor, int64_t rows = -1);
  std::vector<double> read(const Tensor& tensor, int64_t rows = -1) const;
  const std::vector<Result>& results() const { return results_; }
  Storage storage() const { return storage_; }
  bool on_device() const { return on_device_; }

 private:
  DType f32_type() const { return real_; }
  DType activation_type() const { return on_device_ && storage_ == Storage::bf16 ? DType::bf16 : real_; }
  Tensor filled(Extent extent, DType dtype, float low, float high, bool rounded);
  const StageMemory& memory_of(const Tensor& tensor, int64_t& offset) const;

  DType real_;
  bool on_device_;
  Storage storage_;
  uint32_t fills_ = 0;
  std::vector<std::pair<std::unique_ptr<StageMemory>, int64_t>> memories_;
  std::vector<Result> results_;
};

template <class Device>
class Stage : public StageBase {
 public:
  Stage(Device device, DType real, Storage storage)
      : StageBase(real, std::is_same_v<Device, Cuda>, storage), device_(device) {}
  Device& device() { return device_; }

 private:
  Device device_;
};

// Random numbers for shapes, of the same number always the same. For a longer search than the usual one
// CLOZE_SIMT_SECONDS in the environment says how long each test of random shapes goes on, CLOZE_SIMT_FIRST
// with which number; such a search judges all its cases together (stage.cpp).
class ShapeDraws {
 public:
  explicit ShapeDraws(uint32_t index) : index_(index) {}
  int64_t between(int64_t low, int64_t high);  // both included
  bool coin() { return between(0, 1) == 1; }
  template <typename T>
  T one_of(std::initializer_list<T> values) {
    return values.begin()[between(0, static_cast<int64_t>(values.size()) - 1)];
  }

 private:
  uint32_t index_, count_ = 0;
};
void for_random_shapes(int cases, const std::function<void(ShapeDraws&)>& body);

using StageRun = std::vector<Result>;
void expect_rule(const StageRun& actual, const StageRun& plain, const StageRun& exact);
void expect_same_bits(const StageRun& one, const StageRun& other);
Cuda emulated_device();
// The library that attention can be left to; none where there is none for this GPU.
std::unique_ptr<AttentionLibrary> attention_library(const Cuda& device);
// Calls `run` once per order of the emulator's threads.
void for_each_order(const std::function<void(uint64_t order)>& run);

template <typename Case>
void expect_matches_reference(Storage storage, const Case& body) {
  SCOPED_TRACE(name_of(storage));
  Stage<Reference> exact({}, DType::f64, storage), plain({}, DType::f32, storage);
  body(exact);
  body(plain);
  StageRun first;
  for_each_order([&](uint64_t order) {
    Stage<Cuda> actual(emulated_device(), DType::f32, storage);
    body(actual);
    if (order == 0) {
      first = actual.results();
      expect_rule(first, plain.results(), exact.results());
    } else {
      expect_same_bits(actual.results(), first);
    }
  });
}
template <typename Case>
void expect_matches_reference(const Case& body) {
  expect_matches_reference(Storage::f32, body);
  expect_matches_reference(Storage::bf16, body);
}

}  // namespace cloze::testing
