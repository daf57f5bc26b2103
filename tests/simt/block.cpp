#include "tests/simt/block.h"

#include <fmt/core.h>
#include <sys/mman.h>

#include <algorithm>
#include <cstring>
#include <new>
#include <numeric>

#include "kernels/common/philox.h"

namespace cloze::simt {
namespace {

Grid* the_running_grid = nullptr;

// Stacks with an unusable page below each, kept for the life of the program.
char* stack_arena() {
  static char* arena = [] {
    constexpr size_t bytes = 64 * 1024;
    void* memory = mmap(nullptr, bytes * most_threads, PROT_READ | PROT_WRITE,
                        MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
    if (memory == MAP_FAILED) throw std::bad_alloc();
    for (int i = 0; i < most_threads; ++i) mprotect(static_cast<char*>(memory) + i * bytes, 4096, PROT_NONE);
    return static_cast<char*>(memory);
  }();
  return arena;
}

uint3 index_in(uint32_t number, const dim3& size) {
  return {number % size.x, number / size.x % size.y, number / (size.x * size.y)};
}

}  // namespace

Grid* running_grid() {
  return the_running_grid;
}

Stack stack_of(int number) {
  constexpr size_t bytes = 64 * 1024;
  return {stack_arena() + static_cast<size_t>(number) * bytes, bytes};
}

Grid::Grid(const GridLaunch& launch, uint64_t order, uint32_t number)
    : launch_(launch),
      order_(order),
      launch_number_(number),
      thread_count_(static_cast<int>(launch.block.x * launch.block.y * launch.block.z)),
      syncs_(static_cast<size_t>(thread_count_ / warp_size)),
      threads_(static_cast<size_t>(thread_count_)) {
  constexpr size_t alignment = 1024;
  const auto bytes = static_cast<size_t>(launch.shared_bytes);
  shared_memory_.reset(new char[bytes + 2 * alignment]);
  const auto address = reinterpret_cast<uintptr_t>(shared_memory_.get());
  shared_.reset(reinterpret_cast<char*>((address + alignment - 1) / alignment * alignment));
  shared_region_ = Region("dynamic shared memory", shared_.get(), launch.shared_bytes);
}

// 0 … count - 1 as the seed has them run.
std::vector<uint32_t> Grid::ordered(uint32_t count, uint32_t purpose) const {
  std::vector<uint32_t> order(count);
  std::iota(order.begin(), order.end(), 0u);
  if (order_ == 1) std::reverse(order.begin(), order.end());
  if (order_ > 1) {
    const PhiloxKey key = derive_key(order_, purpose, block_number_);
    for (uint32_t i = count; i > 1; --i)
      std::swap(order[i - 1], order[scale_to(philox({i, launch_number_, 0, 0}, key).word0, i)]);
  }
  return order;
}

void Grid::run() {
  the_running_grid = this;
  const uint32_t blocks = launch_.grid.x * launch_.grid.y * launch_.grid.z;
  for (const uint32_t number : ordered(blocks, 0)) {
    run_block(number);
    if (fault_) break;
  }
  the_running_grid = nullptr;
  if (fault_) throw Fault(*fault_);
}

void Grid::enter(boost::context::detail::transfer_t transfer) {
  auto* grid = static_cast<Grid*>(transfer.data);
  grid->scheduler_ = transfer.fctx;
  grid->launch_.run(grid->launch_.call.get());
  EmulatorCode::checked() = false;
  grid->current_->state = Thread::State::done;
  boost::context::detail::jump_fcontext(grid->scheduler_, nullptr);
}

void Grid::resume(Thread& thread) {
  current_ = &thread;
  stack_ = stack_of(thread.number);
  EmulatorCode::checked() = true;
  thread.context = boost::context::detail::jump_fcontext(thread.context, this).fctx;
  EmulatorCode::checked() = false;
  current_ = nullptr;
}

void Grid::wait(Thread::State state, Place place) {
  current_->state = state;
  current_->place = place;
  scheduler_ = boost::context::detail::jump_fcontext(scheduler_, nullptr).fctx;
  EmulatorCode::checked() = false;  // the caller is the emulator
}

void Grid::run_block(uint32_t number) {
  block_number_ = number;
  block_ = index_in(number, launch_.grid);
  barriers_ = 0;
  std::fill(syncs_.begin(), syncs_.end(), 0u);
  for (int i = 0; i < thread_count_; ++i) {
    const Stack stack = stack_of(i);
    Thread& thread = threads_[static_cast<size_t>(i)];
    thread = Thread{.number = i, .index = index_in(static_cast<uint32_t>(i), launch_.block)};
    thread.context =
        boost::context::detail::make_fcontext(stack.begin + stack.bytes, stack.bytes - 4096, &Grid::enter);
  }
  const std::vector<uint32_t> warps = ordered(static_cast<uint32_t>(thread_count_ / warp_size), 1);
  do {
    for (const uint32_t warp : warps) {
      run_warp(static_cast<int>(warp));
      if (fault_) return;
    }
  } while (release_barrier());
  report_stuck_block();
}

// Until every lane is at a barrier or done, or nothing moves.
void Grid::run_warp(int warp) {
  const std::vector<uint32_t> lanes = ordered(warp_size, 2 + static_cast<uint32_t>(warp));
  for (bool moved = true; moved;) {
    moved = false;
    for (const uint32_t lane : lanes) {
      Thread& thread = threads_[static_cast<size_t>(warp * warp_size) + lane];
      if (thread.state != Thread::State::ready) continue;
      moved = true;
      resume(thread);
      if (fault_) return;
    }
    if (moved) release_collective(warp);
  }
}

void Grid::release_collective(int warp) {
  Thread* lanes = &threads_[static_cast<size_t>(warp * warp_size)];
  void* requests[warp_size];
  for (int i = 0; i < warp_size; ++i) {
    const bool together = lanes[i].state == Thread::State::at_collective &&
                          lanes[i].complete == lanes[0].complete && lanes[i].place == lanes[0].place;
    if (!together) return;
    requests[i] = lanes[i].request;
  }
  if (lanes[0].orders_memory) ++syncs_[static_cast<size_t>(warp)];
  if (lanes[0].complete != nullptr) lanes[0].complete(requests);
  for (int i = 0; i < warp_size; ++i) lanes[i].state = Thread::State::ready;
}

bool Grid::release_barrier() {
  const auto together = [&](const Thread& thread) {
    return thread.state == Thread::State::at_barrier && thread.place == threads_[0].place;
  };
  if (!std::all_of(threads_.begin(), threads_.end(), together)) return false;
  barrier_result_ = static_cast<int>(
      std::count_if(threads_.begin(), threads_.end(), [](const Thread& thread) { return thread.predicate; }));
  ++barriers_;
  for (Thread& thread : threads_) thread.state = Thread::State::ready;
  return true;
}

// All done, or a divergence: the first thread that waits, and one that is elsewhere.
void Grid::report_stuck_block() {
  const auto waits = [](const Thread& thread) { return thread.state != Thread::State::done; };
  const auto waiting = std::find_if(threads_.begin(), threads_.end(), waits);
  if (waiting == threads_.end()) return;
  const auto describe = [](const Thread& thread) {
    if (thread.state == Thread::State::done) return std::string("has left the kernel");
    return fmt::format("waits at a {} at {}",
                       thread.state == Thread::State::at_barrier ? "__syncthreads" : "warp collective",
                       source_place(thread.place));
  };
  // Lanes of one warp answer for a collective, all threads for a barrier.
  const bool barrier = waiting->state == Thread::State::at_barrier;
  const auto other = std::find_if(threads_.begin(), threads_.end(), [&](const Thread& thread) {
    const bool concerned = barrier || thread.number / warp_size == waiting->number / warp_size;
    return concerned && (thread.state != waiting->state || !(thread.place == waiting->place));
  });
  const std::string elsewhere =
      other == threads_.end() ? ""
                              : fmt::format(", but {} {}", name_of_thread(other->number), describe(*other));
  fault_ = Fault(FaultKind::divergence,
                 fmt::format("kernel {}, block ({}, {}, {}): divergence: {} {}{}",
                             function_name(launch_.kernel), block_.x, block_.y, block_.z,
                             name_of_thread(waiting->number), describe(*waiting), elsewhere));
}

std::string Grid::name_of_thread(int number) const {
  const uint3 index = index_in(static_cast<uint32_t>(number), launch_.block);
  return fmt::format("thread ({}, {}, {})", index.x, index.y, index.z);
}

Moment Grid::now() const {
  const int warp = current_->number / warp_size;
  return {launch_number_,
          block_number_,
          barriers_,
          syncs_[static_cast<size_t>(warp)],
          static_cast<int16_t>(current_->number),
          static_cast<int16_t>(warp)};
}

// Notes the fault and leaves the fiber for good. Device code has no destructors to run.
void Grid::fail(FaultKind kind, const std::string& what, const Where& where) {
  EmulatorCode::checked() = false;
  const std::string at = where.code != nullptr ? source_place(where.code) : source_place(where.place);
  fault_ =
      Fault(kind, fmt::format("kernel {}, block ({}, {}, {}), {}: {}, at {}", function_name(launch_.kernel),
                              block_.x, block_.y, block_.z, name_of_thread(current_->number), what, at));
  boost::context::detail::jump_fcontext(scheduler_, nullptr);
  std::abort();
}

}  // namespace cloze::simt
