#include "engine/parallel/nccl_library.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "engine/base/error.h"

namespace cloze {
namespace {

using testing::AllOf;
using testing::HasSubstr;

std::string fault_of(const std::string& file) {
  try {
    open_nccl(file);
  } catch (const Error& error) {
    return error.what();
  }
  return "";
}

#if defined(CLOZE_HAS_NCCL)

TEST(NcclLibrary, WhatIsMissingWhatItIsForAndWhatToInstall) {
  EXPECT_THAT(fault_of("libnccl_that_is_not_there.so"),
              AllOf(HasSubstr("NCCL, which sums gradients between GPUs, cannot be used"),
                    HasSubstr("libnccl_that_is_not_there.so"), HasSubstr("install NCCL 2.14.0 or later"),
                    HasSubstr("libnccl2"), HasSubstr("nvidia-nccl-cu"), HasSubstr("LD_LIBRARY_PATH")));
}

TEST(NcclLibrary, OneThatIsTooOld) {
  EXPECT_THAT(fault_of(CLOZE_OLD_NCCL), AllOf(HasSubstr("it is version 2.10.3"), HasSubstr("install NCCL")));
}

TEST(NcclLibrary, OneThatLacksAFunction) {
  EXPECT_THAT(fault_of(CLOZE_PARTIAL_NCCL),
              AllOf(HasSubstr("it has no ncclGetUniqueId"), HasSubstr("install NCCL")));
}

// Where it is installed; without a GPU that is all that can be asked of it.
TEST(NcclLibrary, TheInstalledOneIsOpened) {
  if (const std::string fault = fault_of("libnccl.so.2"); !fault.empty()) GTEST_SKIP() << fault;
  EXPECT_THAT(open_nccl()->version(), testing::StartsWith("2."));
}

#else

TEST(NcclLibrary, ABuildWithoutItSaysSo) {
  EXPECT_THAT(fault_of("libnccl.so.2"), AllOf(HasSubstr("built without it"), HasSubstr("CLOZE_CUDA=ON")));
}

#endif

}  // namespace
}  // namespace cloze
