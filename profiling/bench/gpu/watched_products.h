#pragma once

#include "kernels/linear/matmul_library.h"

namespace cloze::bench {

// A matmul library, and whether it refused a product since it was last asked: layers then go on in parts, and
// nothing but the time would show it.
class WatchedProducts final : public MatmulLibrary {
 public:
  explicit WatchedProducts(MatmulLibrary* library) : library_(library) {}
  bool multiply(Cuda& device, const Matmul& matmul) override {
    const bool done = library_->multiply(device, matmul);
    refused_ = refused_ || !done;
    return done;
  }
  void forget() { refused_ = false; }
  bool refused() const { return refused_; }

 private:
  MatmulLibrary* library_;
  bool refused_ = false;
};

}  // namespace cloze::bench
