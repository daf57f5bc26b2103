#pragma once

#include <utility>
#include <vector>

#include "engine/base/log.h"
#include "engine/graph/op.h"
#include "kernels/common/cuda_graph.h"
#include "kernels/common/device.h"

namespace cloze {

// The kernel calls of a program, run in order.
template <class Device>
class LaunchList {
 public:
  void assign(std::vector<Launch> launches) { launches_ = std::move(launches); }
  const std::vector<Launch>& launches() const { return launches_; }
  void run(Device&) {
    for (const Launch& launch : launches_) launch();
  }

 private:
  std::vector<Launch> launches_;
};

// On a GPU the whole list is one CUDA graph: the first run is an ordinary one, in which libraries choose
// their algorithms; the second is recorded; from then on it is replayed. Where the runtime cannot record it,
// it runs call by call, and a warning says so once.
template <>
class LaunchList<Cuda> {
 public:
  void assign(std::vector<Launch> launches) {
    launches_ = std::move(launches);
    graph_.reset();
    state_ = State::new_list;
  }
  const std::vector<Launch>& launches() const { return launches_; }
  void run(Cuda& device) {
    if (state_ == State::warm) record(device);
    if (state_ == State::recorded) return graph_.replay(device);
    run_all();
    if (state_ == State::new_list) state_ = State::warm;
  }

 private:
  enum class State { new_list, warm, recorded, not_recordable };

  void run_all() {
    for (const Launch& launch : launches_) launch();
  }
  void record(Cuda& device) {
    try {
      graph_.record(device, [this] { run_all(); });
      state_ = State::recorded;
    } catch (const CudaError& error) {
      state_ = State::not_recordable;
      log::warning("the step is not recorded as a CUDA graph, which is slower: {}", error.what());
    }
  }

  std::vector<Launch> launches_;
  CudaGraph graph_;
  State state_ = State::new_list;
};

}  // namespace cloze
