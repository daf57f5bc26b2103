#pragma once

#include <cstdint>
#include <memory>
#include <vector>

#include "kernels/common/cuda.h"
#include "kernels/common/tensor.h"

namespace cloze::bench {

// What memory is filled with. Products of made-up patterns are quicker than those of real data, for they draw
// less power: numbers are pseudo-random normals unless said otherwise.
class Contents {
 public:
  static Contents normals(double deviation = 1) { return {Kind::normals, deviation}; }
  static Contents squares(double scale) { return {Kind::squares, scale}; }  // of normals: never negative
  static Contents integers(int32_t bound) { return {Kind::integers, static_cast<double>(bound)}; }
  static Contents constant(double value) { return {Kind::constant, value}; }

  // Of `count` elements, or as many as are made before they repeat.
  std::vector<char> pattern(DType dtype, int64_t count) const;

 private:
  enum class Kind : uint8_t { normals, squares, integers, constant };
  Contents(Kind kind, double number) : kind_(kind), number_(number) {}
  template <typename T>
  void fill(std::vector<char>& bytes) const;
  Kind kind_;
  double number_;
};

// Memory of the GPU.
class GpuTensor {
 public:
  GpuTensor(Cuda& device, DType dtype, int64_t rows, int64_t columns,
            const Contents& contents = Contents::normals());
  // One row of just these.
  GpuTensor(Cuda& device, const std::vector<int32_t>& values);
  GpuTensor(Cuda& device, const std::vector<float>& values);
  const Tensor& tensor() const { return tensor_; }
  operator Tensor() const { return tensor_; }

 private:
  GpuTensor(DType dtype, int64_t rows, int64_t columns);
  struct Free {
    void operator()(void* memory) const;
  };
  std::unique_ptr<void, Free> memory_;
  Tensor tensor_;
};

}  // namespace cloze::bench
