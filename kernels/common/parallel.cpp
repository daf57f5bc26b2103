#include "kernels/common/parallel.h"

#include <omp.h>

namespace cloze {

int thread_count() {
  return omp_get_max_threads();
}
void set_thread_count(int count) {
  omp_set_num_threads(count);
}
int thread_index() {
  return omp_get_thread_num();
}

namespace parallel_detail {

void run_ranges(int64_t begin, int64_t end, int64_t grain, RangeBody call, void* body) {
  if (begin >= end) return;
  const int64_t grains = (end - begin + grain - 1) / grain;
  if (grains == 1 || omp_in_parallel() || omp_get_max_threads() == 1) {
    call(body, begin, end);
    return;
  }
  // Always the full team: libgomp ends threads that a smaller team leaves out and must start them again.
#pragma omp parallel
  {
    const int64_t threads = omp_get_num_threads();
    const int64_t thread = omp_get_thread_num();
    const int64_t first = begin + grain * (grains * thread / threads);
    const int64_t last = std::min(end, begin + grain * (grains * (thread + 1) / threads));
    if (first < last) call(body, first, last);
  }
}

void run_tasks(int64_t count, RangeBody call, void* body) {
  if (count <= 1 || omp_in_parallel() || omp_get_max_threads() == 1) {
    for (int64_t task = 0; task < count; ++task) call(body, task, task + 1);
    return;
  }
#pragma omp parallel for schedule(dynamic, 1)
  for (int64_t task = 0; task < count; ++task) call(body, task, task + 1);
}

}  // namespace parallel_detail
}  // namespace cloze
