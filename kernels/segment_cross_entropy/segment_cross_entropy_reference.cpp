#include "kernels/common/reference.h"
#include "kernels/segment_cross_entropy/segment_column.h"

namespace cloze {

void segment_cross_entropy(Reference&, const SegmentCrossEntropy& op) {
  with_element_type(op.logits, [&]<typename T>(T) {
    for (int64_t segment = 0; segment < op.labels.live_rows(); ++segment) {
      for (int64_t column = 0; column < op.labels.columns; ++column) segment_column<T>(op, segment, column);
    }
    sum_segment_losses<T>(op);
  });
}

}  // namespace cloze
