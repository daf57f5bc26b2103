#pragma once

#include <memory>
#include <utility>
#include <vector>

#include "engine/graph/graph.h"
#include "engine/parallel/communicator.h"

// Work of several processes together, as nodes. Buckets are ranges of the flat buffers: a reduction or a
// gathering begins at its node and goes on while later nodes compute; one node waits for all of them. On the
// reference device (f64) for one process only.
namespace cloze {

// Who has the sum of a bucket: every process the whole of it, or each its share (share_of).
enum class SumOf : uint8_t { whole, share };

// inputs: the gradients that lie in elements [offset, offset + count) of the flat buffer; output: that range
// [1, count], summed over all ranks by the time a JoinCollectivesOp has run; of SumOf::share only this rank's
// share of it is, the rest holds anything. f32.
class ReduceBucketOp final : public BoundOp<ReduceBucketOp> {
 public:
  ReduceBucketOp(std::shared_ptr<Communicator> communicator, int64_t offset, int64_t count,
                 SumOf sum = SumOf::whole, Wire wire = Wire::f32)
      : communicator_(std::move(communicator)), offset_(offset), count_(count), sum_(sum), wire_(wire) {}
  std::string_view name() const override { return "reduce_bucket"; }
  std::string attributes() const override;
  std::vector<ValueType> output_types(std::span<const ValueType> inputs) const override;
  Cost cost(std::span<const ValueType>, std::span<const ValueType>) const override {
    const double bytes = static_cast<double>(count_) * (wire_ == Wire::bf16 ? 2 : 4);
    return {.scattered = bytes, .gathered = sum_ == SumOf::whole ? bytes : 0};
  }
  template <class Device>
  Launch bind_on(Device& device, const Operands& operands) const;

  int64_t offset() const { return offset_; }
  int64_t count() const { return count_; }

 private:
  std::shared_ptr<Communicator> communicator_;
  int64_t offset_, count_;
  SumOf sum_;
  Wire wire_;
};
extern template class BoundOp<ReduceBucketOp>;

// inputs: values that collectives work on; outputs: what of them is read from here on, [1, count] each, at
// most as many elements together. Waits for all collectives.
class JoinCollectivesOp final : public BoundOp<JoinCollectivesOp> {
 public:
  JoinCollectivesOp(std::shared_ptr<Communicator> communicator, std::vector<int64_t> counts)
      : communicator_(std::move(communicator)), counts_(std::move(counts)) {}
  std::string_view name() const override { return "join_collectives"; }
  std::vector<ValueType> output_types(std::span<const ValueType> inputs) const override;
  Cost cost(std::span<const ValueType>, std::span<const ValueType>) const override {
    return {.joins_collectives = true};
  }
  Launch before_run() const override;
  template <class Device>
  Launch bind_on(Device& device, const Operands& operands) const;

 private:
  std::shared_ptr<Communicator> communicator_;
  std::vector<int64_t> counts_;
};
extern template class BoundOp<JoinCollectivesOp>;

// inputs: a few numbers of this rank, [1, any] each, of one type; output: [1, ranks * width], of every rank
// its inputs side by side, with zeros after them. Waits for them.
class GatherSumsOp final : public BoundOp<GatherSumsOp> {
 public:
  explicit GatherSumsOp(std::shared_ptr<Communicator> communicator)
      : communicator_(std::move(communicator)) {}
  std::string_view name() const override { return "gather_sums"; }
  std::vector<ValueType> output_types(std::span<const ValueType> inputs) const override;
  Cost cost(std::span<const ValueType>, std::span<const ValueType>) const override {
    return {.joins_collectives = true};
  }
  template <class Device>
  Launch bind_on(Device& device, const Operands& operands) const;

 private:
  std::shared_ptr<Communicator> communicator_;
};
extern template class BoundOp<GatherSumsOp>;

// input: this rank's share of a range of the flat parameters; output: the whole range [1, count], complete
// by the time a JoinCollectivesOp has run.
class GatherBucketOp final : public BoundOp<GatherBucketOp> {
 public:
  GatherBucketOp(std::shared_ptr<Communicator> communicator, int64_t offset, int64_t count)
      : communicator_(std::move(communicator)), offset_(offset), count_(count) {}
  std::string_view name() const override { return "gather_bucket"; }
  std::string attributes() const override;
  std::vector<ValueType> output_types(std::span<const ValueType> inputs) const override;
  Cost cost(std::span<const ValueType>, std::span<const ValueType>) const override {
    return {.gathered = static_cast<double>(count_) * 4};
  }
  template <class Device>
  Launch bind_on(Device& device, const Operands& operands) const;

 private:
  std::shared_ptr<Communicator> communicator_;
  int64_t offset_, count_;
};
extern template class BoundOp<GatherBucketOp>;

}  // namespace cloze
