#pragma once

#include <array>
#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "kernels/linear/matmul_library.h"

// Which algorithm of a matmul library a product takes: all that it proposes are timed once, and the choice is
// kept in a file. What is timed and how is the library's affair (MatmulTrials), so that the choosing runs
// without a GPU.
namespace cloze {

// What an algorithm depends on. `epilogue` is the number of an Epilogue.
struct MatmulShape {
  DType left = DType::f32, right = DType::f32, output = DType::f32;
  int64_t rows = 0, columns = 0, depth = 0;
  int64_t left_stride = 0, right_stride = 0, output_stride = 0;
  int64_t alignment = 256;  // bytes that all operands are aligned to, a power of two; more counts as 256
  bool transpose_left = false, transpose_right = false, accumulate = false, quick_sums = false;
  int epilogue = 0;

  auto operator<=>(const MatmulShape&) const = default;
};
MatmulShape shape_of(const Matmul& matmul);
std::string to_string(const MatmulShape& shape);  // one word, as in the file

// An algorithm as its library states it: opaque, of the same library on the same GPU always the same.
struct MatmulAlgorithm {
  std::array<uint64_t, 8> state{};
  friend bool operator==(const MatmulAlgorithm&, const MatmulAlgorithm&) = default;
};

// One product, as the library can try it.
class MatmulTrials {
 public:
  virtual ~MatmulTrials() = default;
  virtual std::vector<MatmulAlgorithm>
  proposals() = 0;  // the library's own first choice first; none: no such
  virtual bool usable(const MatmulAlgorithm& algorithm) = 0;  // one of a file: does it still fit?
  // Is there what time() takes? Where not, the library's own first choice is taken.
  virtual bool can_time() = 0;
  // Seconds of the quickest of several runs; none where the algorithm fails. The output is not changed.
  virtual std::optional<double> time(const MatmulAlgorithm& algorithm) = 0;
};

// What a file of choices is for: another GPU or library has others.
struct MatmulMachine {
  std::string gpu, library;  // "NVIDIA H100 80GB HBM3 9.0", "cublasLt 130000"
  friend bool operator==(const MatmulMachine&, const MatmulMachine&) = default;
};

// The choices so far.
class MatmulChoices {
 public:
  // `file` is empty: they are kept in memory only. `say` is told why a file is not used, or cannot be
  // written.
  MatmulChoices(MatmulMachine machine, std::string file, std::function<void(const std::string&)> say);

  // The algorithm for a shape, chosen when it is first asked for; none where the library has no such product.
  // `timed`: whether to time all proposals, or to take the library's own first choice.
  std::optional<MatmulAlgorithm> choose(const MatmulShape& shape, MatmulTrials& trials, bool timed);

  size_t size() const { return chosen_.size(); }

 private:
  void read();
  void write();

  MatmulMachine machine_;
  std::string file_;
  std::function<void(const std::string&)> say_;
  std::map<MatmulShape, MatmulAlgorithm> chosen_;  // as in the file
  std::set<MatmulShape> unchecked_;                // of the file, not yet used
  std::map<MatmulShape, std::optional<MatmulAlgorithm>> untimed_;
};

}  // namespace cloze
