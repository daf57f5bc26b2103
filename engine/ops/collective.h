#pragma once

#include <memory>
#include <utility>

#include "engine/graph/graph.h"
#include "engine/parallel/communicator.h"

// Sums of gradients over all processes, as nodes: a bucket is a range of the flat gradients, whose reduction
// begins at its node and goes on while later nodes compute; one node waits for all of them.
namespace cloze {

// inputs: the gradients that lie in elements [offset, offset + count) of the flat buffer; output: that range
// [1, count], summed over all ranks by the time the JoinReductionsOp after it has run. f32; on the reference
// device (f64) one process only.
class ReduceBucketOp final : public BoundOp<ReduceBucketOp> {
 public:
  ReduceBucketOp(std::shared_ptr<Communicator> communicator, int64_t offset, int64_t count)
      : communicator_(std::move(communicator)), offset_(offset), count_(count) {}
  std::string_view name() const override { return "reduce_bucket"; }
  std::string attributes() const override;
  std::vector<ValueType> output_types(std::span<const ValueType> inputs) const override;
  Cost cost(std::span<const ValueType>, std::span<const ValueType>) const override { return {}; }
  template <class Device>
  Launch bind_on(Device& device, const Operands& operands) const;

  int64_t offset() const { return offset_; }
  int64_t count() const { return count_; }

 private:
  std::shared_ptr<Communicator> communicator_;
  int64_t offset_, count_;
};
extern template class BoundOp<ReduceBucketOp>;

// inputs: the buckets, which are the whole flat buffer together; output: the flat gradients [1, elements].
// Waits for all reductions.
class JoinReductionsOp final : public BoundOp<JoinReductionsOp> {
 public:
  JoinReductionsOp(std::shared_ptr<Communicator> communicator, int64_t elements)
      : communicator_(std::move(communicator)), elements_(elements) {}
  std::string_view name() const override { return "join_reductions"; }
  std::vector<ValueType> output_types(std::span<const ValueType> inputs) const override;
  Cost cost(std::span<const ValueType>, std::span<const ValueType>) const override { return {}; }
  template <class Device>
  Launch bind_on(Device& device, const Operands& operands) const;

 private:
  std::shared_ptr<Communicator> communicator_;
  int64_t elements_;
};
extern template class BoundOp<JoinReductionsOp>;

}  // namespace cloze
