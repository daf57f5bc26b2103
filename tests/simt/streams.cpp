// Streams, events, stream capture and CUDA graphs. A graph is what was submitted while its stream was
// captured, on that stream and on those that waited for its events; what no event orders is replayed in any
// order.
#include "tests/simt/streams.h"

#include <cuda_runtime.h>

#include <algorithm>
#include <chrono>
#include <deque>
#include <memory>
#include <utility>
#include <vector>

#include "kernels/common/philox.h"
#include "tests/simt/activities.h"
#include "tests/simt/simt.h"

namespace cloze::simt {

struct GraphNode {
  std::function<void()> work;
  std::vector<size_t> after;  // nodes with smaller numbers
};

}  // namespace cloze::simt

struct CUgraph_st {
  uint64_t number = 0;  // of the capture
  CUstream_st* origin = nullptr;
  std::vector<cloze::simt::GraphNode> nodes;
  bool invalid = false;
};
struct CUgraphExec_st {
  std::shared_ptr<const std::vector<cloze::simt::GraphNode>> nodes;
  uint32_t number = 0;
};

namespace cloze::simt {
namespace {

// How often an event was recorded, and how many of these the streams have come to.
struct Tickets {
  uint64_t issued = 0, passed = 0;
  std::chrono::steady_clock::time_point when{};  // it was come to last
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
  std::vector<size_t> last;  // while captured: the nodes that its next work comes after
};
struct CUevent_st {
  std::shared_ptr<cloze::simt::Tickets> tickets = std::make_shared<cloze::simt::Tickets>();
  bool timed = true;
  uint64_t capture = 0;  // the number of the capture that it was last recorded in, or 0
  std::vector<size_t> last;
};

namespace cloze::simt {
namespace {

std::vector<CUstream_st*>& streams() {
  static std::vector<CUstream_st*> all;
  return all;
}
uint64_t replays = 0, waits = 0, captures = 0;
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

// The number of the node to run next, of those whose predecessors have run: the first in order 0, the last in
// order 1, else one drawn.
size_t next_node(const std::vector<GraphNode>& nodes, const std::vector<bool>& done) {
  std::vector<size_t> ready;
  for (size_t i = 0; i < nodes.size(); ++i) {
    const auto has_run = [&](size_t before) { return done[before]; };
    if (!done[i] && std::all_of(nodes[i].after.begin(), nodes[i].after.end(), has_run)) ready.push_back(i);
  }
  if (stream_order() == 0) return ready.front();
  if (stream_order() == 1) return ready.back();
  return ready[scale_to(philox({++draws, 9, 0, 0}, {1, 2}).word0, static_cast<uint32_t>(ready.size()))];
}

void run_graph(const std::vector<GraphNode>& nodes) {
  std::vector<bool> done(nodes.size());
  for (size_t i = 0; i < nodes.size(); ++i) {
    const size_t next = next_node(nodes, done);
    nodes[next].work();
    done[next] = true;
  }
}

// Whether all that other streams were given comes before what the first stream ended with.
bool all_joined(const CUgraph_st& graph) {
  std::vector<bool> before(graph.nodes.size());
  for (const size_t node : graph.origin->last) before[node] = true;
  for (size_t i = graph.nodes.size(); i-- > 0;) {
    if (!before[i]) return false;
    for (const size_t node : graph.nodes[i].after) before[node] = true;
  }
  return true;
}

void enqueue(CUstream_st* stream, Item item) {
  stream->queue.push_back(std::move(item));
  progress();
}

// A stream that waits for an event of a capture is captured from here on.
cudaError_t wait_in_capture(CUstream_st* stream, const CUevent_st& event) {
  const auto open = std::find_if(streams().begin(), streams().end(), [&](const CUstream_st* each) {
    return each->captured != nullptr && each->captured->number == event.capture;
  });
  if (open == streams().end()) return cudaErrorCapturedEvent;
  if (stream->captured == nullptr) stream->captured = (*open)->captured, stream->last.clear();
  if (stream->captured != (*open)->captured) return cudaErrorStreamCaptureIsolation;
  stream->last.insert(stream->last.end(), event.last.begin(), event.last.end());
  return cudaSuccess;
}

}  // namespace

void submit(CUstream_st* stream, std::function<void()> work) {
  if (stream == nullptr) return work();
  submit_for_later(stream, std::move(work));
  if (stream->captured == nullptr) progress();
}

void submit_for_later(CUstream_st* stream, std::function<void()> work) {
  if (stream->captured == nullptr) {
    stream->queue.push_back({std::move(work), nullptr, 0});
    return;
  }
  std::vector<GraphNode>& nodes = stream->captured->nodes;
  nodes.push_back({std::move(work), stream->last});
  stream->last = {nodes.size() - 1};
}

bool forbidden_in_capture() {
  for (const CUstream_st* stream : streams())
    if (stream->captured != nullptr) stream->captured->invalid = true;
  return capturing();
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

cudaError_t cudaEventCreateWithFlags(cudaEvent_t* event, unsigned flags) {
  *event = new CUevent_st;
  (*event)->timed = flags != cudaEventDisableTiming;
  return cudaSuccess;
}

cudaError_t cudaEventDestroy(cudaEvent_t event) {
  delete event;
  return cudaSuccess;
}

cudaError_t cudaEventRecord(cudaEvent_t event, cudaStream_t stream) {
  event->capture = 0;
  const std::shared_ptr<cloze::simt::Tickets> tickets = event->tickets;
  const uint64_t ticket = ++tickets->issued;
  const auto pass = [tickets, ticket] {
    tickets->passed = std::max(tickets->passed, ticket);
    tickets->when = std::chrono::steady_clock::now();
  };
  if (stream == nullptr)
    pass();
  else if (stream->captured != nullptr)
    event->capture = stream->captured->number, event->last = stream->last;
  else
    cloze::simt::enqueue(stream, {pass, nullptr, 0});
  return cudaSuccess;
}

cudaError_t cudaStreamWaitEvent(cudaStream_t stream, cudaEvent_t event, unsigned) {
  if (stream == nullptr) return cudaEventSynchronize(event);
  if (event->capture != 0) return cloze::simt::wait_in_capture(stream, *event);
  if (stream->captured != nullptr) return cudaErrorStreamCaptureIsolation;
  cloze::simt::enqueue(stream, {nullptr, event->tickets, event->tickets->issued});
  return cudaSuccess;
}

cudaError_t cudaEventSynchronize(cudaEvent_t event) {
  if (event->capture != 0) return cudaErrorCapturedEvent;
  const uint64_t ticket = event->tickets->issued;
  cloze::simt::run_until(nullptr, [&] { return event->tickets->passed >= ticket; });
  return cudaSuccess;
}

cudaError_t cudaEventElapsedTime(float* milliseconds, cudaEvent_t begin, cudaEvent_t end) {
  for (const cudaEvent_t event : {begin, end}) {
    if (!event->timed || event->tickets->issued == 0) return cudaErrorInvalidValue;
    if (event->tickets->passed < event->tickets->issued) return cudaErrorNotReady;
  }
  *milliseconds = std::chrono::duration<float, std::milli>(end->tickets->when - begin->tickets->when).count();
  return cudaSuccess;
}

cudaError_t cudaStreamBeginCapture(cudaStream_t stream, cudaStreamCaptureMode) {
  if (stream == nullptr || stream->captured != nullptr) return cudaErrorInvalidValue;
  stream->captured = new CUgraph_st{.number = ++cloze::simt::captures, .origin = stream};
  stream->last.clear();
  return cudaSuccess;
}

cudaError_t cudaStreamEndCapture(cudaStream_t stream, cudaGraph_t* graph) {
  if (stream == nullptr || stream->captured == nullptr || stream->captured->origin != stream)
    return cudaErrorInvalidValue;
  *graph = stream->captured;
  const bool joined = cloze::simt::all_joined(**graph);
  for (CUstream_st* each : streams()) {
    if (each->captured == *graph) each->captured = nullptr;
  }
  const bool invalid = (*graph)->invalid;
  if (joined && !invalid && !cloze::simt::captures_fail) return cudaSuccess;
  delete std::exchange(*graph, nullptr);
  if (invalid) return cudaErrorStreamCaptureInvalidated;
  return joined ? cudaErrorStreamCaptureUnsupported : cudaErrorStreamCaptureUnjoined;
}

cudaError_t cudaGraphInstantiate(cudaGraphExec_t* executable, cudaGraph_t graph, unsigned long long) {
  static uint32_t instantiated = 0;
  *executable = new CUgraphExec_st{std::make_shared<const std::vector<cloze::simt::GraphNode>>(graph->nodes),
                                   ++instantiated};
  return cudaSuccess;
}

cudaError_t cudaGraphLaunch(cudaGraphExec_t executable, cudaStream_t stream) {
  if (stream != nullptr && stream->captured != nullptr) return cudaErrorInvalidValue;
  ++cloze::simt::replays;
  cloze::simt::submit(stream, [nodes = executable->nodes, number = executable->number] {
    cloze::simt::set_replayed_graph(number);
    cloze::simt::run_graph(*nodes);
    cloze::simt::set_replayed_graph(0);
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
