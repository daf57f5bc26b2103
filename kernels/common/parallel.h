#pragma once

#include <algorithm>
#include <cstdint>
#include <type_traits>

namespace cloze {

// The number of OpenMP threads of the kernels called from this thread.
int thread_count();
void set_thread_count(int count);
// 0 … thread_count() - 1 inside a parallel body, 0 outside: an index into per-thread scratch.
int thread_index();

namespace parallel_detail {
using RangeBody = void (*)(void* body, int64_t first, int64_t last);
// Not templates, so that OpenMP is compiled once and never for one SIMD target.
void run_ranges(int64_t begin, int64_t end, int64_t grain, RangeBody call, void* body);
void run_tasks(int64_t count, RangeBody call, void* body);

template <typename Body>
void call_body(void* body, int64_t first, int64_t last) {
  (*static_cast<Body*>(body))(first, last);
}
}  // namespace parallel_detail

// body(first, last) on contiguous ranges that cover [begin, end) once, one per thread. Inner boundaries lie
// at begin + a multiple of `grain` and depend on the thread count only: what must not depend on threads (a
// sum of sums) is computed per grain. Inline where there is one grain, one thread, or when already inside a
// parallel body. Never allocates. The body must not throw; in a file compiled per SIMD target, write HWY_ATTR
// before its brace.
template <typename Body>
void parallel_for(int64_t begin, int64_t end, int64_t grain, Body&& body) {
  using Plain = std::remove_reference_t<Body>;
  parallel_detail::run_ranges(begin, end, std::max<int64_t>(grain, 1), &parallel_detail::call_body<Plain>,
                              const_cast<std::remove_const_t<Plain>*>(&body));
}

// body(task) for every task of [0, count), handed to threads in order as they become free: for tasks of
// unequal size, longest first. Which thread runs a task varies; its result must not depend on that.
template <typename Body>
void parallel_tasks(int64_t count, Body&& body) {
  auto one = [&body](int64_t first, int64_t) { body(first); };
  parallel_detail::run_tasks(count, &parallel_detail::call_body<decltype(one)>, &one);
}

}  // namespace cloze
