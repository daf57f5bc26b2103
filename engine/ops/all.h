#pragma once

#include <tuple>

#include "engine/ops/activation.h"
#include "engine/ops/attention.h"
#include "engine/ops/collective.h"
#include "engine/ops/cross_entropy.h"
#include "engine/ops/elementwise.h"
#include "engine/ops/embedding.h"
#include "engine/ops/layer_norm.h"
#include "engine/ops/linear.h"
#include "engine/ops/linear_gelu.h"
#include "engine/ops/optimizer.h"
#include "engine/ops/quantize.h"
#include "engine/ops/quantized_activation.h"
#include "engine/ops/rows.h"
#include "engine/ops/segment_cross_entropy.h"
#include "engine/ops/segment_pooling.h"
#include "engine/ops/squared_error.h"

namespace cloze {

// Every op of the engine. A test walks this list and fails for one without a test, and for a forward op
// without a gradient.
using AllOps = std::tuple<
    // forward: each has a gradient
    ActivationOp, AddOp, AttentionOp, CastOp, CrossEntropyOp, DropoutOp, EmbeddingOp, GatherRowsOp,
    LayerNormOp, LinearOp, SegmentCrossEntropyOp, SegmentPoolOp, SquaredErrorOp,
    // backward
    ActivationBackwardOp, AttentionBackwardOp, ColumnSumOp, EmbeddingBackwardOp, LayerNormBackwardOp,
    LinearInputGradientOp, LinearWeightGradientOp, ScatterRowsOp, SegmentPoolBackwardOp,
    // put in by passes, which need no gradient of their own
    AttentionWorkOp, LinearGeluOp, LinearGeluGradientOp, QuantizeOp, QuantizedActivationGradientOp,
    QuantizedActivationOp, ScaledProductOp,
    // update
    CollectGradientsOp, CollectMaximaOp, GatherBucketOp, GatherSumsOp, GradientNormOp, JoinCollectivesOp,
    LambMomentsOp, LambParametersOp, ReduceBucketOp, UpdateOp, UpdateScalingOp>;

}  // namespace cloze
