#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "kernels/elementwise/elementwise_cpu.cpp"
#include <algorithm>
#include <cstring>

#include "hwy/foreach_target.h"  // IWYU pragma: keep
#include "hwy/highway.h"
#include "kernels/common/cast_rows.h"
#include "kernels/common/dropout_simd-inl.h"
#include "kernels/common/parallel.h"
#include "kernels/common/simd_loop-inl.h"
#include "kernels/elementwise/elementwise.h"

HWY_BEFORE_NAMESPACE();
namespace cloze {
namespace HWY_NAMESPACE {

// Rows handed to a thread at a time: enough work to be worth waking it.
HWY_INLINE int64_t row_grain(int64_t columns) {
  return std::max<int64_t>(1, 8192 / std::max<int64_t>(columns, 1));
}

void add_rows(const Add& op) {
  parallel_for(0, op.left.live_rows(), row_grain(op.left.columns), [&](int64_t first, int64_t last) HWY_ATTR {
    for (int64_t row = first; row < last; ++row) {
      const float* left = op.left.row<float>(row);
      const float* right = op.right.row<float>(row);
      float* output = op.output.row<float>(row);
      for_each_vector(op.left.columns, [&](auto d, int64_t i) HWY_ATTR {
        hn::StoreU(hn::Add(hn::LoadU(d, left + i), hn::LoadU(d, right + i)), d, output + i);
      });
    }
  });
}

void add_bias_rows(const AddBias& op) {
  const float* bias = op.bias.as<float>();
  parallel_for(0, op.input.live_rows(), row_grain(op.input.columns),
               [&](int64_t first, int64_t last) HWY_ATTR {
                 for (int64_t row = first; row < last; ++row) {
                   const float* input = op.input.row<float>(row);
                   float* output = op.output.row<float>(row);
                   for_each_vector(op.input.columns, [&](auto d, int64_t i) HWY_ATTR {
                     hn::StoreU(hn::Add(hn::LoadU(d, input + i), hn::LoadU(d, bias + i)), d, output + i);
                   });
                 }
               });
}

void dropout_rows(const DropoutApply& op) {
  const int64_t columns = op.input.columns;
  parallel_for(0, op.input.live_rows(), row_grain(columns), [&](int64_t first, int64_t last) HWY_ATTR {
    for (int64_t row = first; row < last; ++row)
      dropout_multiply(dropout_row(op.dropout, row), op.input.row<float>(row), columns,
                       op.output.row<float>(row));
  });
}

// partials[chunk, columns]: the sums of each chunk of rows.
void sum_chunks(const Tensor& input, float* partials) {
  const int64_t rows = input.live_rows(), columns = input.columns;
  parallel_for(0, column_sum_chunks(rows), 1, [&](int64_t first, int64_t last) HWY_ATTR {
    for (int64_t chunk = first; chunk < last; ++chunk) {
      float* sums = partials + chunk * columns;
      const int64_t begin = chunk * column_sum_chunk_rows,
                    end = std::min(rows, begin + column_sum_chunk_rows);
      std::memcpy(sums, input.row<float>(begin), static_cast<size_t>(columns) * sizeof(float));
      for (int64_t row = begin + 1; row < end; ++row) {
        const float* values = input.row<float>(row);
        for_each_vector(columns, [&](auto d, int64_t i) HWY_ATTR {
          hn::StoreU(hn::Add(hn::LoadU(d, sums + i), hn::LoadU(d, values + i)), d, sums + i);
        });
      }
    }
  });
}

}  // namespace HWY_NAMESPACE
}  // namespace cloze
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace cloze {
HWY_EXPORT(add_rows);
HWY_EXPORT(add_bias_rows);
HWY_EXPORT(dropout_rows);
HWY_EXPORT(sum_chunks);

void add(Cpu&, const Add& op) {
  HWY_DYNAMIC_DISPATCH(add_rows)(op);
}

void add_bias(Cpu&, const AddBias& op) {
  HWY_DYNAMIC_DISPATCH(add_bias_rows)(op);
}

void cast(Cpu&, const Cast& op) {
  parallel_for(0, op.input.live_rows(), 64,
               [&](int64_t first, int64_t last) { cast_rows(op.input, op.output, first, last); });
}

void dropout_apply(Cpu&, const DropoutApply& op) {
  if (op.dropout.active()) {
    HWY_DYNAMIC_DISPATCH(dropout_rows)(op);
    return;
  }
  if (op.output.data == op.input.data) return;
  for (int64_t row = 0; row < op.input.live_rows(); ++row)
    std::memcpy(op.output.row<float>(row), op.input.row<float>(row),
                static_cast<size_t>(op.input.columns) * sizeof(float));
}

void column_sum(Cpu&, const ColumnSum& op) {
  float* partials = op.workspace.as<float>();
  HWY_DYNAMIC_DISPATCH(sum_chunks)(op.input, partials);
  finish_column_sums(partials, column_sum_chunks(op.input.live_rows()), op.input.columns, op.input.columns,
                     op.mode, op.sums.as<float>());
}

}  // namespace cloze
#endif
