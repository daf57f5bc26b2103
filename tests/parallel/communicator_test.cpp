#include "engine/parallel/communicator.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>
#include <cstring>
#include <functional>
#include <random>
#include <thread>

#include "engine/base/error.h"
#include "engine/parallel/gloo_communicator.h"
#include "kernels/common/bfloat16.h"
#include "tests/base/scratch_folder.h"

namespace cloze {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;
using testing::AllOf;
using testing::HasSubstr;

constexpr Patience quick{seconds(10), seconds(3), seconds(4)};

MembershipOptions options_of(int rank, int size, const ScratchFolder& folder) {
  MembershipOptions options{
      .folder = folder.path(), .fingerprint = "same", .device = "CPU", .patience = quick};
  options.identity.rank = rank;
  options.identity.size = size;
  options.identity.one_machine = true;
  options.identity.job = "test";
  return options;
}

// Every rank a thread. Returns what each threw; empty: nothing.
using RankBody = std::function<void(Communicator&)>;
std::vector<std::string> with_ranks(int size, const RankBody& body) {
  const ScratchFolder folder;
  std::vector<std::string> faults(static_cast<size_t>(size));
  std::vector<std::thread> threads;
  for (int rank = 0; rank < size; ++rank) {
    threads.emplace_back([&, rank] {
      try {
        const auto communicator =
            make_gloo_communicator(std::make_unique<Membership>(options_of(rank, size, folder)));
        body(*communicator);
      } catch (const std::exception& error) {
        faults[static_cast<size_t>(rank)] = error.what();
      }
    });
  }
  for (std::thread& thread : threads) thread.join();
  return faults;
}

void expect_no_faults(const std::vector<std::string>& faults) {
  for (const std::string& fault : faults) EXPECT_EQ(fault, "");
}

std::vector<float> numbers(int rank, int64_t count) {
  std::mt19937 random(static_cast<unsigned>(rank) + 1);
  std::normal_distribution<float> normal;
  std::vector<float> values(static_cast<size_t>(count));
  for (float& value : values) value = std::ldexp(normal(random), rank);  // sums depend on their order
  return values;
}

// Into the memory that is there: collectives hold on to it.
void set_numbers(std::vector<float>& values, int rank) {
  const std::vector<float> fresh = numbers(rank, static_cast<int64_t>(values.size()));
  std::copy(fresh.begin(), fresh.end(), values.begin());
}

// In the order that the interface states: share s is added up in the order of ranks s + 1, s + 2, ..., s.
std::vector<float> ordered_sum(int size, int64_t count) {
  std::vector<std::vector<float>> all;
  for (int rank = 0; rank < size; ++rank) all.push_back(numbers(rank, count));
  std::vector<float> sum(static_cast<size_t>(count));
  for (int of = 0; of < size; ++of) {
    const Share share = share_of(count, of, size);
    for (auto i = static_cast<size_t>(share.begin); i < static_cast<size_t>(share.end); ++i) {
      for (int k = 1; k <= size; ++k) sum[i] += all[static_cast<size_t>((of + k) % size)][i];
    }
  }
  return sum;
}

TEST(Share, SharesAreAllOfItAndAlignedAndNearlyEqual) {
  for (const int size : {1, 2, 3, 7}) {
    for (const int64_t count : {0, 1, 15, 16, 17, 100, 1000, 12345}) {
      int64_t at = 0;
      for (int rank = 0; rank < size; ++rank) {
        const Share share = share_of(count, rank, size);
        EXPECT_EQ(share.begin, at);
        EXPECT_TRUE(share.begin % 16 == 0 || share.size() == 0);
        EXPECT_LE(share.size(), count / size + 32);
        at = share.end;
      }
      EXPECT_EQ(at, count);
    }
  }
}

class Ranks : public testing::TestWithParam<int> {};
INSTANTIATE_TEST_SUITE_P(Sizes, Ranks, testing::Values(2, 3, 4));

TEST_P(Ranks, SumsHaveTheStatedBitsOnAllRanks) {
  const int size = GetParam();
  for (const int64_t count : {1, 17, 1000, 300'001}) {
    const std::vector<float> expected = ordered_sum(size, count);
    expect_no_faults(with_ranks(size, [&](Communicator& ranks) {
      std::vector<float> values = numbers(ranks.rank(), count);
      const auto sum = ranks.all_reduce(values);
      for (int again = 0; again < 3; ++again) {
        set_numbers(values, ranks.rank());
        run(*sum);
        ASSERT_EQ(std::memcmp(values.data(), expected.data(), values.size() * sizeof(float)), 0);
      }
      set_numbers(values, ranks.rank());
      run(*ranks.reduce_scatter(values));
      const Share share = share_of(count, ranks.rank(), size);
      for (auto i = static_cast<size_t>(share.begin); i < static_cast<size_t>(share.end); ++i)
        ASSERT_EQ(values[i], expected[i]);
    }));
  }
}

// By the definition of Wire::bf16: rounded whenever they are sent, added in float32.
std::vector<float> narrow_sum(int size, int64_t count, bool rounded_at_the_end) {
  const auto round = [](float value) { return to_float(to_bfloat16(value)); };
  std::vector<std::vector<float>> all;
  for (int rank = 0; rank < size; ++rank) all.push_back(numbers(rank, count));
  std::vector<float> sum(static_cast<size_t>(count));
  for (int of = 0; of < size; ++of) {
    const Share share = share_of(count, of, size);
    for (auto i = static_cast<size_t>(share.begin); i < static_cast<size_t>(share.end); ++i) {
      sum[i] = all[static_cast<size_t>((of + 1) % size)][i];
      for (int k = 2; k <= size; ++k) sum[i] = round(sum[i]) + all[static_cast<size_t>((of + k) % size)][i];
      if (rounded_at_the_end) sum[i] = round(sum[i]);
    }
  }
  return sum;
}

TEST_P(Ranks, SumsThatTravelAsBfloat16HaveTheStatedBits) {
  const int size = GetParam();
  for (const int64_t count : {1, 17, 1000, 700'001}) {
    const std::vector<float> expected = narrow_sum(size, count, true), exact = narrow_sum(size, count, false);
    expect_no_faults(with_ranks(size, [&](Communicator& ranks) {
      std::vector<float> values = numbers(ranks.rank(), count);
      const auto sum = ranks.all_reduce(values, Wire::bf16);
      for (int again = 0; again < 2; ++again) {
        set_numbers(values, ranks.rank());
        run(*sum);
        ASSERT_EQ(std::memcmp(values.data(), expected.data(), values.size() * sizeof(float)), 0);
      }
      set_numbers(values, ranks.rank());
      run(*ranks.reduce_scatter(values, Wire::bf16));
      const Share share = share_of(count, ranks.rank(), size);
      for (auto i = static_cast<size_t>(share.begin); i < static_cast<size_t>(share.end); ++i)
        ASSERT_EQ(values[i], exact[i]);
    }));
  }
}

TEST_P(Ranks, GatherAndBroadcast) {
  const int size = GetParam();
  for (const int64_t count : {1, 40, 200'000}) {
    expect_no_faults(with_ranks(size, [&](Communicator& ranks) {
      std::vector<float> values(static_cast<size_t>(count), -1);
      const Share own = share_of(count, ranks.rank(), size);
      std::fill(values.begin() + own.begin, values.begin() + own.end, static_cast<float>(ranks.rank()));
      run(*ranks.all_gather(values));
      for (int rank = 0; rank < size; ++rank) {
        const Share share = share_of(count, rank, size);
        for (auto i = static_cast<size_t>(share.begin); i < static_cast<size_t>(share.end); ++i)
          ASSERT_EQ(values[i], static_cast<float>(rank));
      }
      for (int root = 0; root < size; ++root) {
        set_numbers(values, ranks.rank());
        run(*ranks.broadcast(std::as_writable_bytes(std::span(values)), root));
        ASSERT_EQ(values, numbers(root, count));
      }
    }));
  }
}

TEST_P(Ranks, CollectivesOverlapWithWorkAndKeepTheirOrder) {
  const int size = GetParam();
  expect_no_faults(with_ranks(size, [&](Communicator& ranks) {
    std::vector<float> first(5000, 1), second(70'000, 2);
    const auto one = ranks.all_reduce(first), two = ranks.all_reduce(second);
    one->start();
    two->start();
    two->wait();
    one->wait();
    EXPECT_EQ(first.back(), static_cast<float>(size));
    EXPECT_EQ(second.back(), static_cast<float>(2 * size));
    EXPECT_GE(ranks.seconds_waited(), 0);
  }));
}

TEST_P(Ranks, BarrierAndExchange) {
  const int size = GetParam();
  std::atomic<int> arrived = 0;
  expect_no_faults(with_ranks(size, [&](Communicator& ranks) {
    std::this_thread::sleep_for(milliseconds(20 * ranks.rank()));
    ++arrived;
    ranks.barrier();
    EXPECT_EQ(arrived, size);
    for (int again = 0; again < 5; ++again) {
      const auto texts = ranks.exchange("text " + std::to_string(ranks.rank()) + "\n\"");
      ASSERT_EQ(texts.size(), static_cast<size_t>(size));
      for (int rank = 0; rank < size; ++rank)
        EXPECT_EQ(texts[static_cast<size_t>(rank)], "text " + std::to_string(rank) + "\n\"");
    }
  }));
}

TEST_P(Ranks, WhenOneFailsAllEndAndNameIt) {
  const int size = GetParam();
  const auto faults = with_ranks(size, [&](Communicator& ranks) {
    std::vector<float> values(100'000, 1);
    const auto sum = ranks.all_reduce(values);
    for (int step = 0;; ++step) {
      if (step == 3 && ranks.rank() == 1) {
        ranks.abort("its disk is full");
        throw Error({.what = "the disk is full"});
      }
      run(*sum);
    }
  });
  for (int rank = 0; rank < size; ++rank) {
    const std::string& fault = faults[static_cast<size_t>(rank)];
    if (rank == 1) {
      EXPECT_EQ(fault, "the disk is full");
    } else {
      EXPECT_THAT(fault, AllOf(HasSubstr("rank 1 ("), HasSubstr("failed: its disk is full")));
    }
  }
}

TEST(Members, ARankThatHangsIsNamed) {
  const auto faults = with_ranks(2, [&](Communicator& ranks) {
    if (ranks.rank() == 1) std::this_thread::sleep_for(quick.hang + seconds(3));
    ranks.barrier();
  });
  for (const std::string& fault : faults)
    EXPECT_THAT(fault, AllOf(HasSubstr("rank 1 ("), HasSubstr("no progress for 4 s")));
}

TEST(Members, AMissingRankIsNamed) {
  const ScratchFolder folder;
  MembershipOptions options = options_of(0, 2, folder);
  options.patience.start = milliseconds(500);
  try {
    const Membership membership(options);
    FAIL() << "it went on alone";
  } catch (const Error& error) {
    EXPECT_THAT(error.what(), HasSubstr("rank 1 of 2 did not appear within 0.5 s"));
  }
  EXPECT_EQ(folder.file_count(), 0) << "a rendezvous file was left";
}

TEST(Members, WithoutRank0TheOthersSayWhereTheyLooked) {
  const ScratchFolder folder;
  MembershipOptions options = options_of(1, 2, folder);
  options.patience.start = milliseconds(300);
  try {
    const Membership membership(options);
    FAIL() << "it went on alone";
  } catch (const Error& error) {
    EXPECT_THAT(error.what(), AllOf(HasSubstr("rank 0 of 2 was not found"), HasSubstr("rendezvous.json")));
  }
}

TEST(Members, AnotherConfigurationIsRefused) {
  const ScratchFolder folder;
  std::string fault_of_0, fault_of_1;
  const auto join = [&](int rank, const char* fingerprint, std::string& fault) {
    MembershipOptions options = options_of(rank, 2, folder);
    options.fingerprint = fingerprint;
    try {
      const Membership membership(options);
    } catch (const Error& error) {
      fault = error.what();
    }
  };
  std::thread other([&] { join(1, "another", fault_of_1); });
  join(0, "one", fault_of_0);
  other.join();
  EXPECT_THAT(fault_of_0, AllOf(HasSubstr("rank 1"), HasSubstr("another configuration")));
  EXPECT_THAT(fault_of_1, AllOf(HasSubstr("refused"), HasSubstr("another configuration")));
}

TEST(SingleProcess, EveryCollectiveIsDoneAsItBegins) {
  const auto alone = make_single_process_communicator();
  std::vector<float> values{1, 2, 3};
  run(*alone->all_reduce(values));
  run(*alone->reduce_scatter(values));
  run(*alone->all_gather(values));
  run(*alone->broadcast(std::as_writable_bytes(std::span(values)), 0));
  alone->barrier();
  EXPECT_EQ(values, (std::vector<float>{1, 2, 3}));
  EXPECT_EQ(alone->exchange("x"), std::vector<std::string>{"x"});
  alone->abort("enough");
  EXPECT_THROW(alone->barrier(), Error);
}

}  // namespace
}  // namespace cloze
