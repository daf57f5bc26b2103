#pragma once

#include <string>

#include "engine/base/error.h"
#include "engine/graph/value.h"
#include "kernels/common/dropout.h"

// Small helpers the ops' shape rules share.
namespace cloze {

inline void require(bool condition, const char* rule) {
  if (!condition) throw Error({.what = rule});
}

inline bool is_real(const ValueType& type) {
  return type.dtype == DType::f32 || type.dtype == DType::f64;
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

std::string describe(const DropoutSite& site);  // "dropout=0.1 site=3", or empty

}  // namespace cloze
