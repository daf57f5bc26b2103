// The tests of NCCL fork their ranks, and a process that has used its GPU may not fork: so a child looks for
// one.
#include <gtest/gtest.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cstdio>

#include "kernels/linear/open_cuda.h"

namespace {

bool there_is_a_gpu() {
  const pid_t child = ::fork();
  if (child == 0) {
    try {
      cloze::open_cuda({});
    } catch (const cloze::CudaError& error) {
      std::printf("no GPU to test on: %s\n", error.what());
      std::fflush(stdout);
      ::_exit(1);
    }
    ::_exit(0);
  }
  int status = 0;
  ::waitpid(child, &status, 0);
  return WIFEXITED(status) && WEXITSTATUS(status) == 0;
}

}  // namespace

int main(int argc, char** argv) {
  ::testing::InitGoogleTest(&argc, argv);
  constexpr int skipped = 77;  // as ctest is told
  return there_is_a_gpu() ? RUN_ALL_TESTS() : skipped;
}
