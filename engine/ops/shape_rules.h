#pragma once

#include <initializer_list>
#include <string>

#include "engine/base/error.h"
#include "engine/graph/op.h"
#include "kernels/common/dropout.h"

// Small helpers the ops' shape rules share.
namespace cloze {

inline void require(bool condition, const char* rule) {
  if (!condition) throw Error({.what = rule});
}

inline bool is_real(const ValueType& type) {
  return type.dtype == DType::f32 || type.dtype == DType::f64 || type.dtype == DType::bf16;
}

// [1, columns] of x's precision: a bias, gamma or beta of x.
inline bool is_row_of(const ValueType& row, const ValueType& x) {
  return row == ValueType{x.dtype, 1, x.columns};
}
// [1, columns] of what sums beside x are kept in: a gradient of a bias, gamma or beta, and gamma and beta
// themselves, which are few and full in every precision.
inline ValueType sum_row_of(const ValueType& x) {
  return {sum_type(x.dtype), 1, x.columns};
}
// [any rows, columns] of x's precision, all of them live: a weight or an embedding table.
inline bool is_table(const ValueType& table, const ValueType& x, int64_t columns) {
  return table.dtype == x.dtype && table.columns == columns && table.axis == Axis::fixed;
}
// i32 [rows, columns], a row for each row of x.
inline bool are_integers_of(const ValueType& integers, const ValueType& x, int64_t columns) {
  return integers == ValueType{DType::i32, x.rows, columns, x.axis};
}

// A dropout of the model: the rate and which one it is (kernels/common/dropout.h).
struct DropoutSite {
  float probability = 0;
  uint32_t site = 0;
  bool active() const { return probability > 0; }
};

inline Dropout dropout_of(const DropoutSite& site, const Tensor& key, const Tensor& row_ids) {
  return {.probability = site.probability, .site = site.site, .key = key, .row_ids = row_ids};
}

// The key is i32 [1, 2], the row ids are i32 [rows, 2] of the rows of x; without dropout neither is there.
inline void require_dropout(const DropoutSite& site, const ValueType& key, const ValueType& row_ids,
                            const ValueType& x) {
  if (site.active()) {
    require(key == ValueType{DType::i32, 1, 2} && are_integers_of(row_ids, x, 2),
            "dropout needs a key, i32 [1, 2], and row ids, i32 [rows, 2]");
  } else {
    require(key.rows == 0 && row_ids.rows == 0, "there is a key or there are row ids, but no dropout");
  }
}

// The gradient mode of outputs that a kernel writes in one mode; throws Error where a pass gave only some a
// base.
GradientMode common_mode(const Operands& operands, std::initializer_list<int> outputs);

std::string describe(const DropoutSite& site);  // "dropout=0.1 site=3", or empty

}  // namespace cloze
