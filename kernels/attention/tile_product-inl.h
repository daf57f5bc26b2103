// Small dense products for attention: C [rows, columns] (=, +=) A [rows, depth] · B [depth, columns],
// everything in this core's cache. A is read one element at a time through two strides, so it may be a
// transposed view; B is packed into panels of `panel_columns` columns, each [depth, width] and contiguous.
// The register tile (rows of A times vectors of B) follows Goto & van de Geijn 2008, "Anatomy of
// high-performance matrix multiplication", without the outer cache loops: attention's own blocks take their
// place.
#if defined(CLOZE_KERNELS_ATTENTION_TILE_PRODUCT_INL_H) == defined(HWY_TARGET_TOGGLE)
#ifdef CLOZE_KERNELS_ATTENTION_TILE_PRODUCT_INL_H
#undef CLOZE_KERNELS_ATTENTION_TILE_PRODUCT_INL_H
#else
#define CLOZE_KERNELS_ATTENTION_TILE_PRODUCT_INL_H
#endif

#include <algorithm>
#include <cstddef>
#include <cstdint>

#include "hwy/highway.h"

HWY_BEFORE_NAMESPACE();
namespace cloze {
namespace HWY_NAMESPACE {
namespace hn = hwy::HWY_NAMESPACE;

using FullTag = hn::ScalableTag<float>;
using QuarterTag = hn::FixedTag<float, 4>;

constexpr int64_t vector_lanes = static_cast<int64_t>(hn::MaxLanes(FullTag()));
constexpr int tile_rows = 6;
constexpr int tile_vectors = vector_lanes == 16 ? 4 : 2;  // 24 accumulators of 32 registers, or 12 of 16
constexpr int64_t panel_columns = tile_vectors * vector_lanes;

constexpr int64_t pad_to_lanes(int64_t columns) {
  return (columns + vector_lanes - 1) / vector_lanes * vector_lanes;
}
// The row stride of a tile of scores: one more vector, so that a column of it does not fall into a few cache
// sets.
constexpr int64_t padded_score_stride(int64_t keys) {
  return pad_to_lanes(keys) + std::max<int64_t>(vector_lanes, 16);
}

// Element (i, r) lies at data[i * row_stride + r * depth_stride].
struct LeftOperand {
  const float* data;
  int64_t row_stride, depth_stride;
};

template <int Rows, int Vectors>
HWY_INLINE void product_tile(LeftOperand left, const float* HWY_RESTRICT panel, int64_t depth,
                             bool accumulate, float* HWY_RESTRICT target, int64_t target_stride) {
  const FullTag tag;
  hn::Vec<FullTag> sums[Rows][Vectors];
#pragma GCC unroll 8
  for (int i = 0; i < Rows; ++i) {
#pragma GCC unroll 8
    for (int j = 0; j < Vectors; ++j) {
      sums[i][j] = accumulate ? hn::Load(tag, target + i * target_stride + j * vector_lanes) : hn::Zero(tag);
    }
  }
  const float* HWY_RESTRICT element = left.data;
  for (int64_t r = 0; r < depth; ++r, element += left.depth_stride, panel += Vectors * vector_lanes) {
    hn::Vec<FullTag> right[Vectors];
#pragma GCC unroll 8
    for (int j = 0; j < Vectors; ++j) right[j] = hn::Load(tag, panel + j * vector_lanes);
#pragma GCC unroll 8
    for (int i = 0; i < Rows; ++i) {
      const auto factor = hn::Set(tag, element[i * left.row_stride]);
#pragma GCC unroll 8
      for (int j = 0; j < Vectors; ++j) sums[i][j] = hn::MulAdd(factor, right[j], sums[i][j]);
    }
  }
#pragma GCC unroll 8
  for (int i = 0; i < Rows; ++i) {
#pragma GCC unroll 8
    for (int j = 0; j < Vectors; ++j)
      hn::Store(sums[i][j], tag, target + i * target_stride + j * vector_lanes);
  }
}

// All rows against one panel of `Vectors` vectors.
template <int Vectors>
HWY_NOINLINE inline void product_panel(LeftOperand left, int64_t rows, const float* panel, int64_t depth,
                                       bool accumulate, float* target, int64_t target_stride) {
  int64_t i = 0;
  const auto tile = [&]<int Rows>() HWY_ATTR {
    const LeftOperand part{left.data + i * left.row_stride, left.row_stride, left.depth_stride};
    product_tile<Rows, Vectors>(part, panel, depth, accumulate, target + i * target_stride, target_stride);
    i += Rows;
  };
  while (rows - i >= tile_rows) tile.template operator()<tile_rows>();
  switch (rows - i) {
    case 5:
      return tile.template operator()<5>();
    case 4:
      return tile.template operator()<4>();
    case 3:
      return tile.template operator()<3>();
    case 2:
      return tile.template operator()<2>();
    case 1:
      return tile.template operator()<1>();
    default:
      return;
  }
}

// target [rows, pad_to_lanes(columns)] (=, +=) left [rows, depth] · right, packed by pack_rows or
// pack_transposed. target is aligned to vectors, its stride a multiple of them.
HWY_NOINLINE inline void product(LeftOperand left, int64_t rows, const float* right, int64_t depth,
                                 int64_t columns, bool accumulate, float* target, int64_t target_stride) {
  for (int64_t first = 0; first < columns; first += panel_columns) {
    const float* panel = right + first * depth;
    const int64_t vectors = std::min<int64_t>(tile_vectors, pad_to_lanes(columns - first) / vector_lanes);
    switch (vectors) {
      case 1:
        product_panel<1>(left, rows, panel, depth, accumulate, target + first, target_stride);
        break;
      case 2:
        product_panel<2>(left, rows, panel, depth, accumulate, target + first, target_stride);
        break;
      case 3:
        if constexpr (tile_vectors >= 3) {
          product_panel<3>(left, rows, panel, depth, accumulate, target + first, target_stride);
        }
        break;
      default:
        if constexpr (tile_vectors >= 4) {
          product_panel<4>(left, rows, panel, depth, accumulate, target + first, target_stride);
        }
    }
  }
}

// Copies `count` floats (a multiple of 4) times `factor`, then zeros up to `padded`.
HWY_INLINE void copy_scaled(const float* HWY_RESTRICT source, int64_t count, int64_t padded, float factor,
                            float* HWY_RESTRICT target) {
  const FullTag tag;
  const QuarterTag quarter;
  int64_t c = 0;
  for (; c + vector_lanes <= count; c += vector_lanes) {
    hn::StoreU(hn::Mul(hn::LoadU(tag, source + c), hn::Set(tag, factor)), tag, target + c);
  }
  for (; c < count; c += 4) {
    hn::StoreU(hn::Mul(hn::LoadU(quarter, source + c), hn::Set(quarter, factor)), quarter, target + c);
  }
  for (; c < padded; c += 4) hn::Store(hn::Zero(quarter), quarter, target + c);
}

// The left operand: factor · source [rows, columns], contiguous (rows of a tensor lie pages apart and share
// few cache sets). columns: a multiple of 4.
HWY_NOINLINE inline void copy_rows(const float* source, int64_t stride, int64_t rows, int64_t columns,
                                   float factor, float* target) {
  for (int64_t row = 0; row < rows; ++row) {
    copy_scaled(source + row * stride, columns, columns, factor, target + row * columns);
  }
}

// B = factor · source [rows, columns]: depth is rows.
HWY_NOINLINE inline void pack_rows(const float* source, int64_t stride, int64_t rows, int64_t columns,
                                   float factor, float* target) {
  for (int64_t first = 0; first < columns; first += panel_columns) {
    const int64_t count = std::min(panel_columns, columns - first);
    const int64_t width = pad_to_lanes(count);
    float* panel = target + first * rows;
    for (int64_t row = 0; row < rows; ++row) {
      copy_scaled(source + row * stride + first, count, width, factor, panel + row * width);
    }
  }
}

// B = sourceᵀ [columns, rows]: depth is columns, a multiple of 4; missing rows of the last panel are zero.
HWY_NOINLINE inline void pack_transposed(const float* source, int64_t stride, int64_t rows, int64_t columns,
                                         float* target) {
  const QuarterTag quarter;
  const hn::Repartition<double, QuarterTag> pairs;
  for (int64_t row = 0; row < pad_to_lanes(rows); row += 4) {
    const int64_t first = row / panel_columns * panel_columns;
    const int64_t width = std::min(panel_columns, pad_to_lanes(rows - first));
    float* column = target + first * columns + (row - first);
    const auto load = [&](int64_t offset, int64_t c) HWY_ATTR {
      return row + offset < rows ? hn::LoadU(quarter, source + (row + offset) * stride + c)
                                 : hn::Zero(quarter);
    };
    for (int64_t c = 0; c < columns; c += 4, column += 4 * width) {
      const auto row0 = load(0, c), row1 = load(1, c), row2 = load(2, c), row3 = load(3, c);
      const auto low01 = hn::BitCast(pairs, hn::InterleaveLower(quarter, row0, row1));
      const auto low23 = hn::BitCast(pairs, hn::InterleaveLower(quarter, row2, row3));
      const auto high01 = hn::BitCast(pairs, hn::InterleaveUpper(quarter, row0, row1));
      const auto high23 = hn::BitCast(pairs, hn::InterleaveUpper(quarter, row2, row3));
      hn::Store(hn::BitCast(quarter, hn::InterleaveLower(pairs, low01, low23)), quarter, column);
      hn::Store(hn::BitCast(quarter, hn::InterleaveUpper(pairs, low01, low23)), quarter, column + width);
      hn::Store(hn::BitCast(quarter, hn::InterleaveLower(pairs, high01, high23)), quarter,
                column + 2 * width);
      hn::Store(hn::BitCast(quarter, hn::InterleaveUpper(pairs, high01, high23)), quarter,
                column + 3 * width);
    }
  }
}

// target[count] (=, +=) factor · row; count: a multiple of 4.
HWY_INLINE void store_row(const float* HWY_RESTRICT row, int64_t count, float factor, bool accumulate,
                          float* HWY_RESTRICT target) {
  const auto store = [&](auto tag, int64_t c) HWY_ATTR {
    const auto old = accumulate ? hn::LoadU(tag, target + c) : hn::Zero(tag);
    hn::StoreU(hn::MulAdd(hn::LoadU(tag, row + c), hn::Set(tag, factor), old), tag, target + c);
  };
  int64_t c = 0;
  for (; c + vector_lanes <= count; c += vector_lanes) store(FullTag(), c);
  for (; c < count; c += 4) store(QuarterTag(), c);
}

// left · right; count: a multiple of 4.
HWY_INLINE float row_dot(const float* HWY_RESTRICT left, const float* HWY_RESTRICT right, int64_t count) {
  const FullTag tag;
  const QuarterTag quarter;
  auto sum = hn::Zero(tag);
  auto rest = hn::Zero(quarter);
  int64_t c = 0;
  for (; c + vector_lanes <= count; c += vector_lanes)
    sum = hn::MulAdd(hn::LoadU(tag, left + c), hn::LoadU(tag, right + c), sum);
  for (; c < count; c += 4)
    rest = hn::MulAdd(hn::LoadU(quarter, left + c), hn::LoadU(quarter, right + c), rest);
  return hn::GetLane(hn::SumOfLanes(tag, sum)) + hn::GetLane(hn::SumOfLanes(quarter, rest));
}

}  // namespace HWY_NAMESPACE
}  // namespace cloze
HWY_AFTER_NAMESPACE();
#endif
