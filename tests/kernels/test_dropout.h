#pragma once

#include <cstdint>

#include "kernels/common/dropout.h"
#include "tests/kernels/kernel_test.h"

namespace cloze::testing {

// The memory behind a Dropout: a key and the rows' names. Rows are named sequence by sequence with
// begin_sequence.
struct TestDropout {
  Buffer<int32_t> key{1, 2};
  Buffer<int32_t> row_ids;

  explicit TestDropout(int64_t rows, int32_t key_word = 77) : row_ids(rows, 2) {
    key[0] = key_word;
    key[1] = -1234567;
  }

  // Names rows first … first + count - 1: rows 0 … count - 1 of the global sequence.
  void name_sequence(int64_t first, int64_t count, int32_t global_sequence) {
    for (int64_t i = 0; i < count; ++i) {
      row_ids.at(first + i, 0) = global_sequence;
      row_ids.at(first + i, 1) = static_cast<int32_t>(i);
    }
  }

  Dropout dropout(float probability, uint32_t site = 5) {
    if (probability == 0) return {};
    return {probability, site, key.tensor(), row_ids.tensor()};
  }
};

}  // namespace cloze::testing
