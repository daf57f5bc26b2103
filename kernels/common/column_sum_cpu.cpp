#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "kernels/common/column_sum_cpu.cpp"
#include "hwy/foreach_target.h"  // IWYU pragma: keep
#include "hwy/highway.h"
#include "kernels/common/column_sum.h"
#include "kernels/common/parallel.h"
#include "kernels/common/simd_loop-inl.h"

HWY_BEFORE_NAMESPACE();
namespace cloze {
namespace HWY_NAMESPACE {

void finish_sums(const float* partials, int64_t chunks, int64_t partial_stride, int64_t columns,
                 GradientMode mode, float* sums) {
  constexpr int64_t grain = 256;  // columns
  parallel_for(0, columns, grain, [&](int64_t first, int64_t last) HWY_ATTR {
    for_each_vector(last - first, [&](auto d, int64_t i) HWY_ATTR {
      const int64_t column = first + i;
      auto sum = mode == GradientMode::accumulate ? hn::LoadU(d, sums + column) : hn::Zero(d);
      for (int64_t chunk = 0; chunk < chunks; ++chunk)
        sum = hn::Add(sum, hn::LoadU(d, partials + chunk * partial_stride + column));
      hn::StoreU(sum, d, sums + column);
    });
  });
}

}  // namespace HWY_NAMESPACE
}  // namespace cloze
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace cloze {
HWY_EXPORT(finish_sums);

void finish_column_sums(const float* partials, int64_t chunks, int64_t partial_stride, int64_t columns,
                        GradientMode mode, float* sums) {
  HWY_DYNAMIC_DISPATCH(finish_sums)(partials, chunks, partial_stride, columns, mode, sums);
}

}  // namespace cloze
#endif
