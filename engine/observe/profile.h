#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "engine/graph/cost.h"
#include "engine/model/flops.h"
#include "engine/observe/ceilings.h"
#include "engine/runtime/launch_time.h"

// What a profile holds. `profile_run.h` takes one; `profile_rows.h` adds it up.
namespace cloze {

// A program that ran; its launches are the nodes of its graph.
struct ProfiledProgram {
  std::string name;  // "1,024 tokens, the only micro-batch"
  std::shared_ptr<const Graph> graph;
};

// One micro-batch. Times are seconds of launch_clock().
struct ProfiledRun {
  size_t program = 0;  // of Profile::programs
  LiveCounts counts;
  double begin = 0;                  // its inputs are copied from here on
  std::vector<LaunchTime> launches;  // one per node
  double end = 0;                    // its metrics are read
};

struct ProfiledStep {
  double begin = 0, batch_ready = 0, end = 0;
  std::vector<ProfiledRun> runs;
  BatchCounts counts;
  double plain_seconds = 0;  // from batch_ready on, of the same step without timing
};

struct Profile {
  std::string title;    // "configs/pretrain/mini.yaml, phase 1"
  std::string machine;  // processor and threads
  std::string timing;   // what took the times: "the host's clock, launch by launch"
  std::vector<ProfiledProgram> programs;
  std::vector<ProfiledStep> steps;
  double useful_flops = 0;  // of all steps together: real tokens, gathered heads (engine/model/flops.h)
  Ceilings ceilings;
};

// The time of a step, the median over the steps: from the batch being there to the last metric read.
double median_step_seconds(const Profile& profile);
// The same of the steps that ran without timing.
double median_plain_seconds(const Profile& profile);

}  // namespace cloze
