#include "kernels/common/parallel.h"

#include <atomic>

#include "tests/kernels/kernel_test.h"

namespace cloze::testing {
namespace {

TEST(Parallel, CoversEveryIndexOnce) {
  for (const int threads : {1, 2, 3, 7}) {
    const ThreadCount scope(threads);
    for (const int64_t count : {0, 1, 2, 63, 64, 65, 1000}) {
      std::vector<std::atomic<int>> seen(static_cast<size_t>(count));
      parallel_for(10, 10 + count, 16, [&](int64_t first, int64_t last) {
        EXPECT_EQ((first - 10) % 16, 0);
        EXPECT_TRUE(last == 10 + count || (last - 10) % 16 == 0);
        for (int64_t i = first; i < last; ++i) ++seen[static_cast<size_t>(i - 10)];
      });
      for (const auto& times : seen) EXPECT_EQ(times, 1);
    }
  }
}

TEST(Parallel, UsesEveryThreadWhenThereIsWork) {
  const ThreadCount scope(3);
  std::vector<std::atomic<int>> calls(3);
  parallel_for(0, 300, 1, [&](int64_t first, int64_t last) {
    EXPECT_EQ(last - first, 100);
    ++calls[static_cast<size_t>(thread_index())];
  });
  for (const auto& times : calls) EXPECT_EQ(times, 1);
}

TEST(Parallel, NestedLoopsRunInline) {
  const ThreadCount scope(2);
  std::atomic<int> ranges = 0;
  parallel_for(0, 2, 1, [&](int64_t, int64_t) {
    const int outer = thread_index();
    parallel_for(0, 100, 1, [&](int64_t first, int64_t last) {
      EXPECT_EQ(thread_index(), outer);
      EXPECT_EQ(last - first, 100);
      ++ranges;
    });
  });
  EXPECT_EQ(ranges, 2);
}

TEST(Parallel, TasksRunOnce) {
  for (const int threads : {1, 3}) {
    const ThreadCount scope(threads);
    std::vector<std::atomic<int>> seen(101);
    parallel_tasks(101, [&](int64_t task) { ++seen[static_cast<size_t>(task)]; });
    for (const auto& times : seen) EXPECT_EQ(times, 1);
  }
}

}  // namespace
}  // namespace cloze::testing
