#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace cloze {

// How many elements a tensor of that shape has; no dimension at all is a scalar: 1.
int64_t element_count(std::span<const int64_t> shape);
std::string describe_shape(std::span<const int64_t> shape);  // "[30522, 768]"

// A tensor the caller holds, to be written.
struct NamedTensor {
  std::string name;
  std::vector<int64_t> shape;
  std::span<const float> values;  // row-major, element_count(shape) of them
};

// A tensor a file holds.
struct TensorInfo {
  std::string name;
  std::vector<int64_t> shape;
  std::string type;  // the file's own word for the element type, for messages: "BF16"
};

// A file format that holds named tensors: safetensors (one file or several), TensorFlow's bundle.
class TensorSource {
 public:
  virtual ~TensorSource() = default;

  virtual const std::vector<TensorInfo>& tensors() const = 0;
  // The values of the tensors()[index], converted to float; `values` holds exactly its element count.
  virtual void read(size_t index, std::span<float> values) const = 0;
  // The same values where they lie in memory as float32, for as long as this lives; empty where they do not.
  virtual std::span<const float> view(size_t /*index*/) const { return {}; }
  // Where it lies, for messages.
  virtual std::string origin() const = 0;

  // The index of the tensor of that name; -1 where there is none.
  int64_t find(std::string_view name) const;
  // Throws Error where there is no tensor of that name.
  std::vector<float> values_of(std::string_view name) const;
};

}  // namespace cloze
