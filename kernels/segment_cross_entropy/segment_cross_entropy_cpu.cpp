#include "kernels/common/parallel.h"
#include "kernels/segment_cross_entropy/segment_column.h"

namespace cloze {

void segment_cross_entropy(Cpu&, const SegmentCrossEntropy& op) {
  const int64_t columns = op.labels.columns;
  parallel_for(0, op.labels.live_rows() * columns, 1, [&](int64_t first, int64_t last) {
    for (int64_t i = first; i < last; ++i) segment_column<float>(op, i / columns, i % columns);
  });
  sum_segment_losses<float>(op);
}

}  // namespace cloze
