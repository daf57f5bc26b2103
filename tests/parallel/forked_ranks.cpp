#include "tests/parallel/forked_ranks.h"

#include <fmt/core.h>
#include <gtest/gtest.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <cstdio>
#include <cstring>
#include <stdexcept>

namespace cloze::testing {
namespace {

constexpr unsigned seconds_to_live = 120;

struct Child {
  pid_t process;
  int output;  // of its outcome: the numbers' count, the numbers, the fault
};

void write_all(int descriptor, const void* data, size_t bytes) {
  const auto* from = static_cast<const char*>(data);
  while (bytes > 0) {
    const ssize_t written = ::write(descriptor, from, bytes);
    if (written <= 0) ::_exit(7);
    from += written, bytes -= static_cast<size_t>(written);
  }
}

[[noreturn]] void live(int rank, const RankBody& body, int output) {
  ::alarm(seconds_to_live);
  RankOutcome outcome;
  try {
    outcome.numbers = body(rank);
    if (::testing::Test::HasFailure()) outcome.fault = "an expectation failed in this rank";
  } catch (const std::exception& error) {
    outcome.fault = error.what();
  }
  std::fflush(nullptr);
  const size_t count = outcome.numbers.size();
  write_all(output, &count, sizeof count);
  write_all(output, outcome.numbers.data(), count * sizeof(double));
  write_all(output, outcome.fault.data(), outcome.fault.size());
  ::_exit(0);  // nothing of the parent's is torn down twice
}

Child start(int rank, const RankBody& body) {
  std::array<int, 2> ends;
  if (::pipe(ends.data()) != 0) throw std::runtime_error("there is no pipe");
  std::fflush(nullptr);
  const pid_t process = ::fork();
  if (process < 0) throw std::runtime_error("there is no process");
  if (process == 0) {
    ::close(ends[0]);
    live(rank, body, ends[1]);
  }
  ::close(ends[1]);
  return {process, ends[0]};
}

std::string read_to_end(int descriptor) {
  std::string text;
  std::array<char, 65536> chunk;
  for (ssize_t count = 0; (count = ::read(descriptor, chunk.data(), chunk.size())) > 0;)
    text.append(chunk.data(), static_cast<size_t>(count));
  return text;
}

RankOutcome outcome_of(const Child& child) {
  const std::string said = read_to_end(child.output);
  ::close(child.output);
  int status = 0;
  ::waitpid(child.process, &status, 0);
  if (WIFSIGNALED(status)) return {fmt::format("ended by signal {}", WTERMSIG(status)), {}};
  if (WEXITSTATUS(status) != 0) return {fmt::format("ended with exit code {}", WEXITSTATUS(status)), {}};
  size_t count = 0;
  std::memcpy(&count, said.data(), sizeof count);
  RankOutcome outcome;
  outcome.numbers.resize(count);
  if (count > 0) std::memcpy(outcome.numbers.data(), said.data() + sizeof count, count * sizeof(double));
  outcome.fault = said.substr(sizeof count + count * sizeof(double));
  return outcome;
}

}  // namespace

std::vector<RankOutcome> in_processes(int size, const RankBody& body) {
  std::vector<Child> children;
  for (int rank = 0; rank < size; ++rank) children.push_back(start(rank, body));
  std::vector<RankOutcome> outcomes;
  for (const Child& child : children) outcomes.push_back(outcome_of(child));
  return outcomes;
}

void expect_no_faults(const std::vector<RankOutcome>& outcomes) {
  for (size_t rank = 0; rank < outcomes.size(); ++rank)
    EXPECT_EQ(outcomes[rank].fault, "") << "rank " << rank;
}

MembershipOptions membership_options(int rank, int size, const ScratchFolder& folder,
                                     const Patience& patience) {
  MembershipOptions options{
      .folder = folder.path(), .fingerprint = "same", .device = "emulated GPU", .patience = patience};
  options.identity.rank = rank;
  options.identity.size = size;
  options.identity.one_machine = true;
  options.identity.job = "test";
  return options;
}

}  // namespace cloze::testing
