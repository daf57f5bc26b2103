#include <gtest/gtest.h>

#include <cstdio>

#include "kernels/linear/open_cuda.h"

int main(int argc, char** argv) {
  ::testing::InitGoogleTest(&argc, argv);
  constexpr int skipped = 77;  // as ctest is told
  try {
    cloze::open_cuda({});
  } catch (const cloze::CudaError& error) {
    std::printf("no GPU to test on: %s\n", error.what());
    return skipped;
  }
  return RUN_ALL_TESTS();
}
