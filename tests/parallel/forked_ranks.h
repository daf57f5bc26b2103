#pragma once

#include <functional>
#include <string>
#include <vector>

#include "engine/parallel/membership.h"
#include "tests/base/scratch_folder.h"

namespace cloze::testing {

// What became of a rank that was a process of its own.
struct RankOutcome {
  std::string fault;  // what it threw, an expectation that failed in it, or how it ended; empty: nothing
  std::vector<double> numbers;  // what its body returned
};

// Runs `body(rank)` in `size` processes forked from this one, which has one thread until then. A process that
// takes more than two minutes is killed.
using RankBody = std::function<std::vector<double>(int rank)>;
std::vector<RankOutcome> in_processes(int size, const RankBody& body);

// Fails the test for each rank that has a fault.
void expect_no_faults(const std::vector<RankOutcome>& outcomes);

// How ranks of one machine meet in a test.
MembershipOptions membership_options(int rank, int size, const ScratchFolder& folder,
                                     const Patience& patience);

}  // namespace cloze::testing
