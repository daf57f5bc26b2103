#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "kernels/common/cuda.h"

namespace cloze {

// One piece of work of a GPU: a kernel, a copy or a filling of memory.
struct GpuActivity {
  std::string name;           // of a kernel as the compiler mangles it; "copy"; "set"
  double begin = 0, end = 0;  // seconds of the host's steady clock
  bool replayed = false;      // as part of a CUDA graph
};

// What the current GPU runs, as it notes it itself (CUPTI's activity records): also what lies inside a
// replayed CUDA graph, where no event of a stream can be placed between two launches. Graphs that were
// recorded before this was made may be missing, so it is made first. One at a time in a process; while it
// exists launches cost more. All throw CudaError.
class GpuTrace {
 public:
  // Throws, saying what to install or to allow, where there is no CUPTI or it refuses.
  GpuTrace();
  ~GpuTrace();
  GpuTrace(const GpuTrace&) = delete;
  GpuTrace& operator=(const GpuTrace&) = delete;

  // What was noted since the last call, in the order of beginning. To be called when the streams have come to
  // the end of what they were given. Throws where a note was lost or has no times.
  std::vector<GpuActivity> take();

 private:
  class Collector;
  std::unique_ptr<Collector> collector_;
};

}  // namespace cloze
