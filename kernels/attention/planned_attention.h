#pragma once

#include <map>
#include <memory>
#include <utility>
#include <vector>

#include "kernels/attention/attention_library.h"
#include "kernels/attention/attention_plan.h"

namespace cloze {

// A library of plans: one is made for each size that comes, and kept with its tables. Plans of one stream
// share their working memory.
class PlannedAttention final : public AttentionLibrary {
 public:
  explicit PlannedAttention(MakeAttentionPlan make) : make_(std::move(make)) {}
  void forward(Cuda& device, const AttentionForward& op) override;
  void backward(Cuda& device, const AttentionBackward& op) override;

 private:
  struct Memory {
    explicit Memory(int64_t size);
    struct Free {
      void operator()(void* data) const;
    };
    std::unique_ptr<void, Free> data;
    int64_t bytes = 0;
  };
  struct Entry {
    std::unique_ptr<AttentionPlan> plan;
    Memory table_memory;
    AttentionTables tables;
    void* workspace;
  };

  template <typename Op>
  Entry& prepare(Cuda& device, const AttentionPlanShape& shape, const Op& op);
  Entry make(const AttentionPlanShape& shape);
  void* workspace(int64_t bytes);

  MakeAttentionPlan make_;
  std::map<AttentionPlanShape, Entry> entries_;
  std::vector<Memory> workspaces_;  // each larger than the one before: recorded steps still use those
};

}  // namespace cloze
