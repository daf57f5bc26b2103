#pragma once

#include <string>
#include <utility>
#include <vector>

#include "engine/base/log.h"
#include "engine/graph/op.h"
#include "engine/runtime/launch_time.h"
#include "engine/runtime/traced_launches.h"
#include "kernels/common/cuda_graph.h"
#include "kernels/common/cuda_stream.h"
#include "kernels/common/device.h"
#include "kernels/common/profile_range.h"

namespace cloze {

// One kernel call of a program and what profilers call it: "layer_norm in encoder.layer.3.output".
struct NamedLaunch {
  Launch launch;
  std::string name;
  Launch before_run = {};  // Op::before_run; called on a GPU only
};

// The kernel calls of a program, run in order.
template <class Device>
class LaunchList {
 public:
  void assign(std::vector<NamedLaunch> launches, bool /*record*/) { launches_ = std::move(launches); }
  void run_one(size_t index) { launches_[index].launch(); }
  void run(Device&) {
    for (const NamedLaunch& each : launches_) each.launch();
  }
  // A loop of its own, so that run() pays nothing for it.
  void run_timed(Device&, std::vector<LaunchTime>& times) {
    times.resize(launches_.size());
    for (size_t i = 0; i < launches_.size(); ++i) {
      times[i].begin = launch_clock();
      launches_[i].launch();
      times[i].end = launch_clock();
    }
  }

 private:
  std::vector<NamedLaunch> launches_;
};

// On a GPU the whole list is one CUDA graph: the first run is an ordinary one, in which libraries choose
// their algorithms; the second is recorded; from then on it is replayed. Where the runtime cannot record it,
// it runs call by call, and a warning says so once.
template <>
class LaunchList<Cuda> {
 public:
  void assign(std::vector<NamedLaunch> launches, bool record) {
    graph_.reset();
    traced_.forget();
    launches_ = std::move(launches);
    before_run_.clear();
    for (const NamedLaunch& each : launches_) {
      if (each.before_run) before_run_.push_back(each.before_run);
    }
    warm_ = false;
    state_ = record ? State::new_list : State::call_by_call;
  }
  void run_one(size_t index) {
    const ProfileRange range(launches_[index].name.c_str());
    launches_[index].launch();
  }
  void run(Cuda& device) {
    for (const Launch& prepare : before_run_) prepare();
    if (state_ == State::warm) record(device);
    if (state_ == State::recorded) return graph_.replay(device);
    run_all();
    warm_ = true;
    if (state_ == State::new_list) state_ = State::warm;
  }
  // Call by call, with an event of the stream after each. A launch lasts from the end of the one before to
  // its own: where the GPU has to wait for the host, that is in it. Returns when all have ended.
  void run_timed(Cuda& device, std::vector<LaunchTime>& times) {
    while (ends_.size() < launches_.size() + 1) ends_.emplace_back();
    if (!warm_) run(device);  // in which libraries choose their algorithms
    times.resize(launches_.size());
    for (const Launch& prepare : before_run_) prepare();
    ends_[0].record(device.stream);
    for (size_t i = 0; i < launches_.size(); ++i) {
      run_one(i);
      ends_[i + 1].record(device.stream);
    }
    ends_[launches_.size()].wait();
    const double begin = launch_clock() - ends_[launches_.size()].seconds_since(ends_[0]);
    for (size_t i = 0; i < launches_.size(); ++i) {
      times[i].begin = begin + ends_[i].seconds_since(ends_[0]);
      times[i].end = begin + ends_[i + 1].seconds_since(ends_[0]);
    }
  }

  // Of the replayed graph, as the GPU notes it; a first call also runs the list call by call, to learn what
  // belongs to which launch. Throws CudaError where the list is not recorded.
  void run_traced(Cuda& device, GpuTrace& trace, std::vector<LaunchTime>& times) {
    if (!warm_) run(device);
    if (!traced_.learned()) learn(device, trace);
    while (state_ == State::new_list || state_ == State::warm) run(device);
    if (state_ != State::recorded) {
      throw CudaError(
          "the step is not recorded as a CUDA graph, so there is none to look into: profile it launch "
          "by launch");
    }
    wait_for(device);
    trace.take();
    run(device);
    wait_for(device);
    traced_.assign(trace.take(), times);
  }

 private:
  enum class State { new_list, warm, recorded, call_by_call };

  void run_all() {
    for (size_t i = 0; i < launches_.size(); ++i) run_one(i);
  }
  void wait_for(Cuda& device) {
    if (ends_.empty()) ends_.emplace_back();
    ends_[0].record(device.stream);
    ends_[0].wait();
  }
  void learn(Cuda& device, GpuTrace& trace) {
    for (const Launch& prepare : before_run_) prepare();
    wait_for(device);
    trace.take();
    TracedLaunches learned;
    for (size_t i = 0; i < launches_.size(); ++i) {
      run_one(i);
      wait_for(device);
      learned.learn(trace.take());
    }
    traced_ = std::move(learned);
  }
  void record(Cuda& device) {
    try {
      graph_.record(device, [this] { run_all(); });
      state_ = State::recorded;
    } catch (const CudaError& error) {
      state_ = State::call_by_call;
      log::warning("the step is not recorded as a CUDA graph, which is slower: {}", error.what());
    }
  }

  std::vector<NamedLaunch> launches_;
  std::vector<Launch> before_run_;
  std::vector<CudaTimedEvent> ends_;  // of run_timed
  TracedLaunches traced_;             // of run_traced
  CudaGraph graph_;
  State state_ = State::new_list;
  bool warm_ = false;  // it has run
};

}  // namespace cloze
