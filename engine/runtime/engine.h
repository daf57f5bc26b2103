#pragma once

#include <array>
#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "engine/graph/graph.h"
#include "engine/graph/memory_plan.h"
#include "engine/graph/state.h"
#include "engine/passes/target.h"
#include "engine/runtime/launch_time.h"

// The run-time face of a device: above this room nothing is a template over devices.
namespace cloze {

class GpuTrace;  // kernels/common/gpu_trace.h

// An input or result of an executable, resolved once by name.
struct Slot {
  int32_t index = -1;
  explicit operator bool() const { return index >= 0; }
};

// Chosen results of one run, copied off the device behind it: they can be read while later runs go on.
class KeptResults {
 public:
  virtual ~KeptResults() = default;
  virtual void keep() = 0;  // those of the run that was started last; returns before they are there
  // Waits for that run only. `values` may be shorter than the result.
  virtual void read(Slot slot, std::span<int32_t> values) const = 0;
  virtual void read(Slot slot, std::span<float> values) const = 0;
  virtual void read(Slot slot, std::span<double> values) const = 0;
};

// A compiled graph: arguments resolved, memory assigned. Running it allocates nothing and looks nothing up.
class Executable {
 public:
  virtual ~Executable() = default;

  virtual Slot input(std::string_view name) const = 0;   // an empty slot when the graph has no such input
  virtual Slot result(std::string_view name) const = 0;  // likewise
  virtual ValueType type(Slot slot) const = 0;

  // Copies into an input; fewer values than it has rows * columns leave the rest.
  virtual void write(Slot slot, std::span<const int32_t> values) = 0;
  virtual void write(Slot slot, std::span<const float> values) = 0;  // converted to the device's type
  virtual void set_live(Axis axis, int64_t count) = 0;

  virtual int64_t live(Axis axis) const = 0;

  // Returns before the run is done where the device works by itself; what is written next is for the next
  // run.
  virtual void run() = 0;
  // The same work, launch by launch: `times` gets the time of every node of graph(). For profiles; run()
  // itself reads no clock. Throws Error on a device whose single launches are not timed yet.
  virtual void run_timed(std::vector<LaunchTime>& times) = 0;

  // The same as a GPU notes it of the CUDA graph that run() replays. Throws Error on other devices.
  virtual void run_traced(GpuTrace& trace, std::vector<LaunchTime>& times) = 0;

  virtual std::unique_ptr<KeptResults> kept_results(const std::vector<Slot>& results) = 0;
  // Copies a result of the last run out, once it is there; `values` may be shorter than the result.
  virtual void read(Slot slot, std::span<int32_t> values) const = 0;
  virtual void read(Slot slot, std::span<float> values) const = 0;
  virtual void read(Slot slot, std::span<double> values) const = 0;

  // Runs forward and backward again on the same inputs, looking at every output: "layer_norm in
  // encoder.layer.3.output" of the first one that holds a NaN or infinity. Parameters and moments stay as
  // they are; gradients do not.
  virtual std::optional<std::string> first_non_finite() = 0;

  virtual const Graph& graph() const = 0;
  virtual const MemoryPlan& plan() const = 0;
};

enum class DeviceKind : uint8_t { cpu, reference, cuda };
const char* name_of(DeviceKind kind);  // "cpu"

// A device with the flat buffers that live on it from step to step, and one arena that all executables share.
class Engine {
 public:
  virtual ~Engine() = default;
  virtual DeviceKind kind() const = 0;
  // For people: "cpu", "NVIDIA H200 (GPU 3 at 0000:9d:00.0)"; each GPU of a machine has another.
  virtual std::string device_name() const = 0;
  virtual DType real() const = 0;     // what parameters are: f32, on the reference f64
  virtual Target target() const = 0;  // what the passes are told of it
  virtual std::unique_ptr<Executable> compile(Graph graph, const MemoryPlanOptions& options) = 0;

  // On a GPU the steps of programs compiled from now on are recorded and replayed. Off: they run call by
  // call, each with a range for profilers (kernels/common/profile_range.h).
  virtual void record_steps(bool record) = 0;

  // From now on cuDNN computes attention (kernels/attention/attention_cudnn.h). Throws Error on another
  // device than a GPU computing in bf16, and where cuDNN is not there or has no such attention for the GPU.
  virtual void compute_attention_by_cudnn() = 0;

  // Host access to a range of a flat buffer (elements).
  virtual void read(Memory memory, int64_t offset, std::span<float> values) const = 0;
  virtual void read(Memory memory, int64_t offset, std::span<double> values) const = 0;
  virtual void write(Memory memory, int64_t offset, std::span<const float> values) = 0;
  // The flat buffer itself where the host can read it as float32; empty elsewhere.
  virtual std::span<const float> view(Memory memory) const = 0;
  // The same to write to.
  virtual std::span<float> writable_view(Memory memory) = 0;

  // From the next compile() on, parameters [offset, offset + values.size()) are read where `values` lie,
  // which must stay there as long as the engine. False, and nothing is changed, where it trains or does not
  // compute on float32 of the host. Read by programs only: view() of the parameters is empty then, and read()
  // refuses.
  virtual bool place(int64_t offset, std::span<const float> values) = 0;

  // What steps leave for the next in Memory::state, and under which names.
  virtual const StateLayout& state() const = 0;

  // The flat buffer where it lies, in the memory of the device; empty where there is none.
  virtual std::span<std::byte> bytes(Memory memory) = 0;

  virtual int64_t arena_bytes() const = 0;

  // The GPU that it computes on, for whoever orders work with its own (make_nccl_communicator); none
  // elsewhere.
  virtual Cuda* cuda() { return nullptr; }
};

struct EngineOptions {
  bool training = false;                  // else there are no gradients and moments
  Precision precision = Precision::full;  // of activations
  std::optional<int64_t> moments = {};    // elements of their buffers, where they hold shards (shards_of)
  int gpu = 0;                            // the number of the one to compute on, for DeviceKind::cuda
  StateLayout state = {};                 // has its initial values when the engine is made
};

// `elements`: size of the flat buffers. Throws Error where the device does not compute in that precision, or
// is not there.
std::unique_ptr<Engine> make_engine(DeviceKind kind, int64_t elements, EngineOptions options = {});

}  // namespace cloze
