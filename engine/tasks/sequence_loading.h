#pragma once

#include <span>
#include <vector>

#include "engine/data/packed_batch.h"
#include "engine/runtime/engine.h"
#include "kernels/common/philox.h"

namespace cloze {

// Copies packed sequences into the step inputs of an executable; slots are found once, when it is made.
class SequenceLoading {
 public:
  explicit SequenceLoading(const Executable& executable);
  void load(Executable& executable, const PackedSequences& sequences, PhiloxKey dropout_key) const;

 private:
  Slot tokens_, token_types_, positions_, row_ids_, token_order_, offsets_, first_rows_, dropout_key_;
};

// The step inputs of the needed-rows pass: of every sequence its first row, then its predictions.
class NeededRowsLoading {
 public:
  explicit NeededRowsLoading(const Executable& executable);
  // Where the program was compiled without the pass this does nothing.
  void load(Executable& executable, const PackedSequences& sequences,
            std::span<const int32_t> prediction_rows);

 private:
  Slot rows_, offsets_, first_, predictions_;
  std::vector<int32_t> needed_, needed_offsets_, first_in_needed_, predictions_in_needed_;
};

}  // namespace cloze
