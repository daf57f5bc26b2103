#include "engine/data/ordered_pipeline.h"

#include <gtest/gtest.h>

#include <atomic>
#include <chrono>
#include <stdexcept>

namespace cloze {
namespace {

using Numbers = OrderedPipeline<std::vector<int>>;

// Counts to `last`; work squares, taking longer for some items so that they overtake one another.
Numbers::Claim count_to(int last) {
  return [n = 0, last](std::vector<int>& item) mutable {
    item.assign(1, n);
    return n++ < last;
  };
}
void square(std::vector<int>& item) {
  if (item[0] % 7 == 0) std::this_thread::sleep_for(std::chrono::microseconds(300));
  item.push_back(item[0] * item[0]);
}

TEST(OrderedPipeline, KeepsTheOrder) {
  for (const int threads : {1, 2, 5}) {
    for (const size_t depth : {size_t{1}, size_t{3}, size_t{16}}) {
      Numbers numbers(threads, depth, count_to(200), square);
      std::vector<int> item;
      int expected = 0;
      for (; numbers.next(item); ++expected) {
        ASSERT_EQ(item, (std::vector<int>{expected, expected * expected}));
      }
      EXPECT_EQ(expected, 200);
      EXPECT_FALSE(numbers.next(item)) << "and again";
    }
  }
}

TEST(OrderedPipeline, MakesAtMostDepthItemsAhead) {
  std::atomic<int> claimed = 0;
  OrderedPipeline<int> numbers(
      3, 4,
      [&](int& item) {
        item = claimed++;
        return true;
      },
      [](int&) {});
  int item = 0;
  for (int taken = 1; taken <= 20; ++taken) {
    ASSERT_TRUE(numbers.next(item));
    std::this_thread::sleep_for(std::chrono::milliseconds(1));
    EXPECT_LE(claimed, taken + 4);
  }
}

TEST(OrderedPipeline, ReusesMemory) {
  // Three vectors go round: two slots and the caller's, which serves the third item.
  Numbers numbers(2, 2, count_to(100), [](std::vector<int>& item) {
    if (item[0] < 3) item.reserve(1000);
  });
  std::vector<int> item;
  while (numbers.next(item)) EXPECT_GE(item.capacity(), 1000u);
}

TEST(OrderedPipeline, FailuresComeOutInTheirPlace) {
  for (const bool in_claim : {true, false}) {
    const auto fail_at_50 = [](const std::vector<int>& item) {
      if (item[0] == 50) throw std::runtime_error("fifty");
    };
    Numbers numbers(
        4, 8,
        [&, count = count_to(200)](std::vector<int>& item) mutable {
          const bool more = count(item);
          if (in_claim) fail_at_50(item);
          return more;
        },
        [&](std::vector<int>& item) {
          square(item);
          if (!in_claim) fail_at_50(item);
        });
    std::vector<int> item;
    for (int expected = 0; expected < 50; ++expected) {
      ASSERT_TRUE(numbers.next(item));
      ASSERT_EQ(item[0], expected);
    }
    EXPECT_THROW(numbers.next(item), std::runtime_error);
    EXPECT_THROW(numbers.next(item), std::runtime_error);
  }
}

TEST(OrderedPipeline, TheEarlierOfTwoFailuresIsTheOneSeen) {
  Numbers numbers(4, 8, count_to(200), [](std::vector<int>& item) {
    if (item[0] == 20) {
      std::this_thread::sleep_for(std::chrono::milliseconds(5));
      throw std::runtime_error("twenty");
    }
    if (item[0] == 22) throw std::logic_error("twenty-two");
  });
  std::vector<int> item;
  for (int i = 0; i < 20; ++i) ASSERT_TRUE(numbers.next(item));
  EXPECT_THROW(numbers.next(item), std::runtime_error);
}

TEST(OrderedPipeline, StopsWhileItemsWait) {
  for (int round = 0; round < 20; ++round) {
    Numbers numbers(3, 5, count_to(1 << 30), square);
    std::vector<int> item;
    for (int i = 0; i < round; ++i) ASSERT_TRUE(numbers.next(item));
  }
}

}  // namespace
}  // namespace cloze
