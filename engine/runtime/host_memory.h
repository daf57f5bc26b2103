#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>

namespace cloze {

struct UnmapHostMemory {
  size_t bytes = 0;
  void operator()(std::byte* data) const;
};

// Page-aligned memory of the host, zero at first. Large blocks ask for huge pages.
class HostMemory {
 public:
  HostMemory() = default;
  explicit HostMemory(int64_t bytes);  // throws Error, with the size, when there is not enough memory
  std::byte* data() const { return data_.get(); }
  int64_t bytes() const { return bytes_; }

 private:
  std::unique_ptr<std::byte, UnmapHostMemory> data_;
  int64_t bytes_ = 0;
};

}  // namespace cloze
