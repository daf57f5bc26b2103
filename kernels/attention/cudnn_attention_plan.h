#pragma once

#include <memory>
#include <string>

#include "kernels/attention/attention_plan.h"

struct cudnnContext;  // cudnnHandle_t is a pointer to it

namespace cloze {

// What plans are made for.
struct CudnnMachine {
  int device = 0;  // the GPU's number
  // In cuDNN's JSON, instead of those of that GPU: plans can be made, but not run, where there is none.
  std::string properties;
  cudnnContext* handle = nullptr;  // that plans run with
};

// Takes up to seconds: cuDNN compiles. Throws CudaError with cuDNN's reason where it has no such attention.
std::unique_ptr<AttentionPlan> make_cudnn_attention_plan(const AttentionPlanShape& shape,
                                                         const CudnnMachine& machine);

}  // namespace cloze
