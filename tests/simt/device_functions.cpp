// Barriers and warp collectives as rendezvous of fibers.
#include "tests/simt/device_functions.h"

#include <fmt/core.h>

#include <algorithm>
#include <map>

#include "tests/simt/activities.h"
#include "tests/simt/block.h"
#include "tests/simt/streams.h"

namespace cloze::simt {
namespace {

uint64_t launches = 0;
uint64_t run_order = 0;
std::map<const void*, int> allowed_shared_bytes;  // of kernels that asked

void require(bool condition, const GridLaunch& launch, const std::string& what) {
  if (!condition)
    throw Fault(FaultKind::bad_launch, fmt::format("kernel {}: {}", function_name(launch.kernel), what));
}

}  // namespace

void set_order(uint64_t seed) {
  run_order = seed;
}
uint64_t stream_order() {
  return run_order;
}
uint64_t launch_count() {
  return launches;
}

bool allow_dynamic_shared_memory(const void* kernel, int bytes) {
  if (bytes > most_shared_bytes) return false;
  allowed_shared_bytes[kernel] = bytes;
  return true;
}

void run_grid(const GridLaunch& launch) {
  const uint64_t threads = uint64_t{launch.block.x} * launch.block.y * launch.block.z;
  require(threads > 0 && threads <= most_threads && threads % warp_size == 0, launch,
          fmt::format("a block of {} threads; whole warps, at most {}, are emulated", threads, most_threads));
  require(launch.grid.x > 0 && launch.grid.y > 0 && launch.grid.z > 0, launch, "an empty grid");
  require(launch.grid.y <= 65535 && launch.grid.z <= 65535, launch, "more than 65535 blocks in y or z");
  const auto asked = allowed_shared_bytes.find(launch.kernel);
  const int largest_shared_bytes = asked == allowed_shared_bytes.end() ? 48 * 1024 : asked->second;
  require(launch.shared_bytes <= largest_shared_bytes, launch,
          fmt::format("{} bytes of dynamic shared memory, {} allowed by cudaFuncSetAttribute",
                      launch.shared_bytes, largest_shared_bytes));
  require(launch.call_bytes <= 4096, launch, "more than 4096 bytes of arguments");
  submit(launch.stream, observed(ActivityKind::kernel, fmt::format("kernel at {}", launch.kernel), [launch] {
           ++launches;
           Grid(launch, run_order, static_cast<uint32_t>(launches)).run();
         }));
}

uint3 thread_index() {
  return running_grid()->current().index;
}
uint3 block_index() {
  return running_grid()->block_index();
}
dim3 block_size() {
  return running_grid()->launch().block;
}
dim3 grid_size() {
  return running_grid()->launch().grid;
}
void* dynamic_shared_memory() {
  return running_grid()->shared();
}
int lane() {
  return running_grid()->current().number % warp_size;
}

void warp_collective(Complete complete, void* request, bool orders_memory, Place place) {
  const EmulatorCode own_code;
  Thread& thread = running_grid()->current();
  thread.complete = complete;
  thread.request = request;
  thread.orders_memory = orders_memory;
  running_grid()->wait(Thread::State::at_collective, place);
}

int block_barrier(bool predicate, Place place) {
  const EmulatorCode own_code;
  running_grid()->current().predicate = predicate;
  running_grid()->wait(Thread::State::at_barrier, place);
  return running_grid()->barrier_result();
}

int atomic_maximum(int* address, int value, Place place) {
  const EmulatorCode own_code;
  running_grid()->atomic_access(address, sizeof *address, {nullptr, place});
  const int before = *address;
  *address = std::max(before, value);
  return before;
}

uint64_t shuffle(uint64_t value, int source_lane, Place place) {
  struct Request {
    uint64_t value;
    int source_lane;
    uint64_t result;
  } request{value, source_lane, 0};
  const auto complete = [](void* const(&requests)[32]) {
    for (void* lane : requests) {
      auto* mine = static_cast<Request*>(lane);
      mine->result = static_cast<Request*>(requests[mine->source_lane])->value;
    }
  };
  warp_collective(complete, &request, false, place);
  return request.result;
}

uint32_t ballot(bool predicate, Place place) {
  struct Request {
    bool predicate;
    uint32_t result;
  } request{predicate, 0};
  const auto complete = [](void* const(&requests)[32]) {
    uint32_t bits = 0;
    for (int lane = 0; lane < warp_size; ++lane)
      bits |= uint32_t{static_cast<Request*>(requests[lane])->predicate} << lane;
    for (void* lane : requests) static_cast<Request*>(lane)->result = bits;
  };
  warp_collective(complete, &request, false, place);
  return request.result;
}

}  // namespace cloze::simt

void require_whole_warp(unsigned mask) {
  using namespace cloze::simt;
  if (mask != 0xFFFFFFFFu)
    running_grid()->fail(FaultKind::divergence,
                         fmt::format("a collective with mask {:#x}; only whole warps are emulated", mask),
                         {__builtin_return_address(0), {}});
}

void __syncwarp(unsigned mask, const char* file, int line) {
  require_whole_warp(mask);
  cloze::simt::warp_collective(nullptr, nullptr, true, {file, line});
}
