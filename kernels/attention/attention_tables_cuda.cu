#include "kernels/attention/attention_plan.h"
#include "kernels/attention/attention_work.cuh"
#include "kernels/common/launch.h"

namespace cloze {
namespace {

constexpr int threads = 256;

__device__ void write_places(const AttentionPlanShape& shape, const Tensor& places, int slot, int query,
                             int key) {
  const auto write = [&](AttentionTables::Place place, int row, int64_t stride) {
    places.row<int32_t>(place)[slot] = static_cast<int32_t>(row * stride);
  };
  write(AttentionTables::query_place, query, shape.query_stride);
  write(AttentionTables::key_place, key, shape.key_stride);
  write(AttentionTables::output_place, query, shape.output_stride);
  write(AttentionTables::statistics_place, query, shape.statistics_stride);
  write(AttentionTables::output_gradient_place, query, shape.output_gradient_stride);
  write(AttentionTables::query_gradient_place, query, shape.query_gradient_stride);
  write(AttentionTables::key_gradient_place, key, shape.key_gradient_stride);
}

// A thread per slot, and one for where all end.
__global__ void __launch_bounds__(threads) tables_kernel(FillAttentionTables op) {
  const int slot = static_cast<int>(blockIdx.x) * threads + static_cast<int>(threadIdx.x);
  const int slots = static_cast<int>(op.query_offsets.columns) - 1;
  if (slot > slots) return;
  const int live = device_sequences(op.query_offsets);
  const int sequence = slot < live ? slot : live;  // offsets past the live ones are not written
  const int query = op.query_offsets.as<int32_t>()[sequence], key = op.key_offsets.as<int32_t>()[sequence];
  write_places(op.shape, op.tables.places, slot, query, key);
  if (slot < slots) {
    const SequenceRows rows =
        slot < live ? sequence_rows(op.query_offsets, op.key_offsets, slot) : SequenceRows{query, 0, key, 0};
    op.tables.lengths.row<int32_t>(0)[slot] = rows.queries;
    op.tables.lengths.row<int32_t>(1)[slot] = rows.keys;
  }
  if (slot > 0) return;
  PhiloxBits bits = {0, 0, 0, 0};
  if (op.dropout.active() && live > 0) {
    constexpr uint32_t purpose = 0x6C696221u;  // no column of a mask has it as its number
    const int32_t* key_words = op.dropout.key.as<int32_t>();
    bits = philox({purpose, 0, static_cast<uint32_t>(op.dropout.row_ids.row<int32_t>(0)[0]), op.dropout.site},
                  {static_cast<uint32_t>(key_words[0]), static_cast<uint32_t>(key_words[1])});
  }
  int32_t* random = op.tables.random.as<int32_t>();
  random[0] = static_cast<int32_t>(bits.word0);
  random[1] = static_cast<int32_t>(bits.word1 & 0x7FFFFFFFu);  // a seed that is not negative
  random[2] = random[3] = 0;
}

}  // namespace

void fill_attention_tables(Cuda& device, const FillAttentionTables& op) {
  launch(device, {(op.query_offsets.columns + threads - 1) / threads, threads}, tables_kernel, op);
}

}  // namespace cloze
