// Streams, events, stream capture and CUDA graphs. A graph is the list of what was submitted while its stream
// was captured.
#include "tests/simt/streams.h"

#include <cuda_runtime.h>

#include <algorithm>
#include <deque>
#include <memory>
#include <utility>
#include <vector>

#include "kernels/common/philox.h"
#include "tests/simt/simt.h"

struct CUgraph_st {
  std::vector<std::function<void()>> work;
};
struct CUgraphExec_st {
  std::vector<std::function<void()>> work;
};

namespace cloze::simt {
namespace {

// How often an event was recorded, and how many of these the streams have come to.
struct Tickets {
  uint64_t issued = 0, passed = 0;
};

struct Item {
  std::function<void()> work;
  std::shared_ptr<Tickets> awaited;  // or none
  uint64_t ticket = 0;
};

}  // namespace
}  // namespace cloze::simt

struct CUstream_st {
  std::deque<cloze::simt::Item> queue;
  CUgraph_st* captured = nullptr;
};
struct CUevent_st {
  std::shared_ptr<cloze::simt::Tickets> tickets = std::make_shared<cloze::simt::Tickets>();
};

namespace cloze::simt {
namespace {

std::vector<CUstream_st*>& streams() {
  static std::vector<CUstream_st*> all;
  return all;
}
uint64_t replays = 0, waits = 0;
bool captures_fail = false;
uint32_t draws = 0;

// Runs the first item of a stream; false where there is none, or it waits.
bool step(CUstream_st& stream) {
  if (stream.queue.empty()) return false;
  const Item& first = stream.queue.front();
  if (first.awaited != nullptr && first.awaited->passed < first.ticket) return false;
  const auto work = std::move(stream.queue.front().work);
  stream.queue.pop_front();
  if (work) work();
  return true;
}

// One item of any stream: of the first that has one in order 1, of the last in order 2, else of one drawn.
bool step_any() {
  std::vector<CUstream_st*> all = streams();
  if (stream_order() == 2) std::reverse(all.begin(), all.end());
  if (stream_order() > 2) {
    for (uint32_t i = static_cast<uint32_t>(all.size()); i > 1; --i)
      std::swap(all[i - 1], all[scale_to(philox({++draws, 8, 0, 0}, {1, 2}).word0, i)]);
  }
  return std::any_of(all.begin(), all.end(), [](CUstream_st* stream) { return step(*stream); });
}

void run_until(CUstream_st* first, const std::function<bool()>& done) {
  while (!done()) {
    if (first != nullptr && step(*first)) continue;
    if (!step_any()) throw Fault(FaultKind::divergence, "streams wait for each other, or for nothing");
  }
}

// What runs by itself after a call.
void progress() {
  if (stream_order() == 1) return;
  while (true) {
    const bool stop = stream_order() > 1 && philox({++draws, 7, 0, 0}, {1, 2}).word0 % 2 == 0;
    if (stop || !step_any()) return;
  }
}

void enqueue(CUstream_st* stream, Item item) {
  stream->queue.push_back(std::move(item));
  progress();
}

}  // namespace

void submit(CUstream_st* stream, std::function<void()> work) {
  if (stream == nullptr) return work();
  if (stream->captured != nullptr) return stream->captured->work.push_back(std::move(work));
  enqueue(stream, {std::move(work), nullptr, 0});
}

bool capturing() {
  return std::any_of(streams().begin(), streams().end(),
                     [](const CUstream_st* stream) { return stream->captured != nullptr; });
}

void drain(CUstream_st* stream) {
  if (stream != nullptr) run_until(stream, [stream] { return stream->queue.empty(); });
}
void drain_all() {
  for (CUstream_st* stream : streams()) drain(stream);
}

void make_captures_fail(bool fail) {
  captures_fail = fail;
}
uint64_t replay_count() {
  return replays;
}
uint64_t stream_wait_count() {
  return waits;
}

}  // namespace cloze::simt

using cloze::simt::streams;

cudaError_t cudaStreamCreateWithFlags(cudaStream_t* stream, unsigned) {
  *stream = new CUstream_st;
  streams().push_back(*stream);
  return cudaSuccess;
}

cudaError_t cudaStreamDestroy(cudaStream_t stream) {
  cloze::simt::drain(stream);
  std::erase(streams(), stream);
  delete stream;
  return cudaSuccess;
}

cudaError_t cudaStreamSynchronize(cudaStream_t stream) {
  if (stream == nullptr) return cudaSuccess;
  if (stream->captured != nullptr) return cudaErrorStreamCaptureUnsupported;
  ++cloze::simt::waits;
  cloze::simt::drain(stream);
  return cudaSuccess;
}

cudaError_t cudaEventCreateWithFlags(cudaEvent_t* event, unsigned) {
  *event = new CUevent_st;
  return cudaSuccess;
}

cudaError_t cudaEventDestroy(cudaEvent_t event) {
  delete event;
  return cudaSuccess;
}

cudaError_t cudaEventRecord(cudaEvent_t event, cudaStream_t stream) {
  const std::shared_ptr<cloze::simt::Tickets> tickets = event->tickets;
  const uint64_t ticket = ++tickets->issued;
  const auto pass = [tickets, ticket] { tickets->passed = std::max(tickets->passed, ticket); };
  if (stream == nullptr)
    pass();
  else if (stream->captured != nullptr)
    return cudaErrorStreamCaptureUnsupported;
  else
    cloze::simt::enqueue(stream, {pass, nullptr, 0});
  return cudaSuccess;
}

cudaError_t cudaStreamWaitEvent(cudaStream_t stream, cudaEvent_t event, unsigned) {
  if (stream == nullptr) return cudaEventSynchronize(event);
  if (stream->captured != nullptr) return cudaErrorStreamCaptureUnsupported;
  cloze::simt::enqueue(stream, {nullptr, event->tickets, event->tickets->issued});
  return cudaSuccess;
}

cudaError_t cudaEventSynchronize(cudaEvent_t event) {
  const uint64_t ticket = event->tickets->issued;
  cloze::simt::run_until(nullptr, [&] { return event->tickets->passed >= ticket; });
  return cudaSuccess;
}

cudaError_t cudaStreamBeginCapture(cudaStream_t stream, cudaStreamCaptureMode) {
  if (stream == nullptr || stream->captured != nullptr) return cudaErrorInvalidValue;
  stream->captured = new CUgraph_st;
  return cudaSuccess;
}

cudaError_t cudaStreamEndCapture(cudaStream_t stream, cudaGraph_t* graph) {
  if (stream == nullptr || stream->captured == nullptr) return cudaErrorInvalidValue;
  *graph = std::exchange(stream->captured, nullptr);
  if (!cloze::simt::captures_fail) return cudaSuccess;
  delete std::exchange(*graph, nullptr);
  return cudaErrorStreamCaptureUnsupported;
}

cudaError_t cudaGraphInstantiate(cudaGraphExec_t* executable, cudaGraph_t graph, unsigned long long) {
  *executable = new CUgraphExec_st{graph->work};
  return cudaSuccess;
}

cudaError_t cudaGraphLaunch(cudaGraphExec_t executable, cudaStream_t stream) {
  if (stream != nullptr && stream->captured != nullptr) return cudaErrorInvalidValue;
  ++cloze::simt::replays;
  cloze::simt::submit(stream, [work = executable->work] {
    for (const auto& each : work) each();
  });
  return cudaSuccess;
}

cudaError_t cudaGraphDestroy(cudaGraph_t graph) {
  delete graph;
  return cudaSuccess;
}

cudaError_t cudaGraphExecDestroy(cudaGraphExec_t executable) {
  delete executable;
  return cudaSuccess;
}
