#pragma once

#include <string>

namespace cloze::bench {

struct StepOptions {
  std::string lengths_file;  // of a mix
  bool cudnn = false;        // attention by cuDNN instead of our kernels
  bool fp8 = false;          // the products of the layers in FP8
};

// Whole pretraining steps in bf16 on made-up tokens: AdamW, dropout 0.1, masked LM and next sentence, one
// micro-batch a step. WORKLOAD: MODEL-LENGTH (large-128, base-512), 32,768 tokens a step of sequences of one
// length; or MODEL-mix, batches of 128 sequences whose lengths a file lists, in its order.
//
// Says {"ready": …} when the model is on the GPU and steps are recorded. Then for each line of standard
// input, a number of seconds, it trains that long and prints a line: profiling/compare/gpu_steps.py lets
// Hugging Face's model and this one take turns in one run of the GPU. At the end of input without any it
// measures for five seconds.
int answer_with_steps(const std::string& workload, const StepOptions& options);

}  // namespace cloze::bench
