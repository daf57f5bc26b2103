#pragma once

#include <boost/context/detail/fcontext.hpp>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "tests/simt/device_functions.h"
#include "tests/simt/memory.h"
#include "tests/simt/simt.h"

// The threads of one block, run as fibers.
namespace cloze::simt {

constexpr int warp_size = 32;
constexpr int most_threads = 1024;
constexpr int64_t most_shared_bytes = 227 * 1024;  // as sm_90

// A cp.async of 16 bytes on its way.
struct PendingCopy {
  void* shared;
  const void* global;
  bool copied;
  const void* code;  // where it was issued
};

struct Thread {
  enum class State : uint8_t { ready, at_barrier, at_collective, done };

  int number = 0;  // in the block
  uint3 index = {};
  State state = State::ready;
  boost::context::detail::fcontext_t context = nullptr;
  Place place = {};             // of what it waits for
  Complete complete = nullptr;  // of the collective it waits for
  void* request = nullptr;
  bool orders_memory = false;
  bool predicate = false;                        // of the barrier
  std::vector<std::vector<PendingCopy>> copies;  // committed groups, oldest first, and an open one at the end
};

// The stack of thread `number`: lowest address and size.
struct Stack {
  char* begin;
  size_t bytes;
};
Stack stack_of(int number);

// Runs one launch, block after block. At most one exists at a time.
class Grid {
 public:
  explicit Grid(const GridLaunch& launch, uint64_t order, uint32_t number);
  void run();  // throws Fault

  // For code on a fiber.
  Thread& current() { return *current_; }
  void wait(Thread::State state, Place place);
  void advance_sync() { ++syncs_[current_->number / warp_size]; }
  Moment now() const;
  int barrier_result() const { return barrier_result_; }
  // Checks an access, made by the instruction before `code` or at `place`; does not return when it is wrong.
  struct Where {
    const void* code = nullptr;
    Place place = {};
  };
  void access(const void* address, int64_t bytes, Access access, const Where& where);
  // Reads and writes at once, in an order of its own among those of other threads.
  void atomic_access(const void* address, int64_t bytes, const Where& where);
  // Shared memory that cp.async begins to fill, or has filled.
  void set_in_flight(const void* address, int64_t bytes, bool in_flight);
  [[noreturn]] void fail(FaultKind kind, const std::string& what, const Where& where);

  const GridLaunch& launch() const { return launch_; }
  uint3 block_index() const { return block_; }
  char* shared() { return shared_.get(); }

 private:
  void run_block(uint32_t number);
  void run_warp(int warp);
  void resume(Thread& thread);
  void release_collective(int warp);
  bool release_barrier();
  void report_stuck_block();
  std::string name_of_thread(int number) const;
  Region* region_of(const void* address, int64_t bytes);
  Region& require_region(const void* address, int64_t bytes, const char* what, const Where& where);
  bool is_own(const void* address, int64_t bytes, Access access) const;
  [[noreturn]] void report(const Conflict& conflict, const Region& region, const void* address, int64_t bytes,
                           Access access, const Where& where);
  std::vector<uint32_t> ordered(uint32_t count, uint32_t purpose) const;
  static void enter(boost::context::detail::transfer_t transfer);

  GridLaunch launch_;
  uint64_t order_;
  uint32_t launch_number_;
  uint32_t block_number_ = 0;
  uint3 block_ = {};
  int thread_count_ = 0;
  uint32_t barriers_ = 0;
  std::vector<uint32_t> syncs_;  // per warp
  int barrier_result_ = 0;
  std::vector<Thread> threads_;
  Thread* current_ = nullptr;
  Stack stack_ = {};  // of the current thread
  boost::context::detail::fcontext_t scheduler_ = nullptr;
  std::unique_ptr<char[]> shared_memory_;
  std::unique_ptr<char, void (*)(char*)> shared_{nullptr, [](char*) {}};
  Region shared_region_;
  std::optional<Fault> fault_;
};

Grid* running_grid();

// While one of these lives, what runs is the emulator's own code, whose accesses are not checked: functions
// of the standard library may be the instrumented copies that a kernel's file holds as well. Other threads of
// the program run such copies too, while one thread runs device code.
class EmulatorCode {
 public:
  EmulatorCode() : was_checked_(checked()) { checked() = false; }
  ~EmulatorCode() { checked() = was_checked_; }
  EmulatorCode(const EmulatorCode&) = delete;
  EmulatorCode& operator=(const EmulatorCode&) = delete;
  static bool& checked() { return checked_; }  // is device code running?

 private:
  static inline thread_local bool checked_ = false;
  bool was_checked_;
};

// "FILE:LINE" of a code address, with the functions it was inlined into; the name of a function.
std::string source_place(const void* code);
std::string source_place(const Place& place);
std::string function_name(const void* code);

}  // namespace cloze::simt
