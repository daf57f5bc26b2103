// The emulator's streams: in order, no earlier than what they wait for, and late where nothing waits for
// them.
#include <cuda_runtime.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <cstring>
#include <set>
#include <string>
#include <vector>

#include "tests/simt/simt.h"
#include "tests/simt/streams.h"

namespace cloze::testing {
namespace {

class Streams : public ::testing::Test {
 protected:
  void SetUp() override {
    cudaStreamCreateWithFlags(&first, cudaStreamNonBlocking);
    cudaStreamCreateWithFlags(&second, cudaStreamNonBlocking);
    cudaEventCreateWithFlags(&event, cudaEventDisableTiming);
    cudaMalloc(&device, sizeof(int));
    cudaMallocHost(&pinned, sizeof(int));
  }
  void TearDown() override {
    simt::set_order(0);
    cudaStreamDestroy(first);
    cudaStreamDestroy(second);
    cudaEventDestroy(event);
    cudaFree(device);
    cudaFreeHost(pinned);
  }
  int on_device() {
    int value = 0;
    cudaMemcpyAsync(&value, device, sizeof value, cudaMemcpyDeviceToHost, nullptr);
    return value;
  }

  cudaStream_t first = nullptr, second = nullptr;
  cudaEvent_t event = nullptr;
  void *device = nullptr, *pinned = nullptr;
};

TEST_F(Streams, RunInOrderAndWaitForEvents) {
  for (uint64_t order = 0; order < 5; ++order) {
    simt::set_order(order);
    std::vector<int> seen;
    simt::submit(first, [&] { seen.push_back(1); });
    cudaEventRecord(event, first);
    cudaStreamWaitEvent(second, event, 0);
    simt::submit(second, [&] { seen.push_back(2); });
    simt::submit(first, [&] { seen.push_back(3); });
    cudaStreamSynchronize(second);
    ASSERT_GE(seen.size(), 2u);
    EXPECT_LT(std::find(seen.begin(), seen.end(), 1), std::find(seen.begin(), seen.end(), 2));
    cudaStreamSynchronize(first);
    EXPECT_LT(std::find(seen.begin(), seen.end(), 1), std::find(seen.begin(), seen.end(), 3));
    EXPECT_EQ(seen.size(), 3u);
  }
}

TEST_F(Streams, MayRunAsLateAsAWaitAllows) {
  simt::set_order(1);
  bool ran = false;
  simt::submit(first, [&] { ran = true; });
  EXPECT_FALSE(ran);
  const uint64_t waits = simt::stream_wait_count();
  cudaStreamSynchronize(first);
  EXPECT_TRUE(ran);
  EXPECT_EQ(simt::stream_wait_count(), waits + 1);
}

// What the host changes too early is seen by the copy; only in pinned memory.
TEST_F(Streams, PinnedMemoryIsReadWhenTheStreamComesToIt) {
  simt::set_order(1);
  int pageable = 5;
  std::memcpy(pinned, &pageable, sizeof pageable);
  const int later = 6;
  cudaMemcpyAsync(device, pinned, sizeof(int), cudaMemcpyHostToDevice, first);
  std::memcpy(pinned, &later, sizeof later);
  cudaStreamSynchronize(first);
  EXPECT_EQ(on_device(), 6);
  cudaMemcpyAsync(device, &pageable, sizeof(int), cudaMemcpyHostToDevice, first);
  pageable = 7;
  cudaStreamSynchronize(first);
  EXPECT_EQ(on_device(), 5);
}

TEST_F(Streams, AGraphIsWhatWasSubmittedWhileItsStreamWasCaptured) {
  int runs = 0, elsewhere = 0;
  cudaStreamBeginCapture(first, cudaStreamCaptureModeThreadLocal);
  EXPECT_TRUE(simt::capturing());
  simt::submit(first, [&] { ++runs; });
  simt::submit(second, [&] { ++elsewhere; });
  EXPECT_EQ(cudaStreamSynchronize(first), cudaErrorStreamCaptureUnsupported);
  cudaGraph_t graph = nullptr;
  cudaStreamEndCapture(first, &graph);
  EXPECT_EQ(runs, 0);
  EXPECT_EQ(elsewhere, 1);
  cudaGraphExec_t executable = nullptr;
  cudaGraphInstantiate(&executable, graph, 0);
  cudaGraphDestroy(graph);
  for (int i = 0; i < 3; ++i) cudaGraphLaunch(executable, first);
  cudaStreamSynchronize(first);
  EXPECT_EQ(runs, 3);
  cudaGraphExecDestroy(executable);
}

// Freeing nothing too: the toolkit passes it on to the driver.
TEST_F(Streams, MemoryIsNotFreedWhileAStreamIsCaptured) {
  cudaStreamBeginCapture(first, cudaStreamCaptureModeThreadLocal);
  EXPECT_EQ(cudaFree(nullptr), cudaErrorStreamCaptureUnsupported);
  cudaGraph_t graph = nullptr;
  EXPECT_EQ(cudaStreamEndCapture(first, &graph), cudaErrorStreamCaptureInvalidated);
  EXPECT_EQ(graph, nullptr);
}

// What waits for an event of a captured stream is captured too, and replayed in every order that events
// allow.
TEST_F(Streams, AGraphHoldsTheStreamsThatWaitForItsEvents) {
  cudaEvent_t forked = nullptr, joined = nullptr;
  cudaEventCreateWithFlags(&forked, cudaEventDisableTiming);
  cudaEventCreateWithFlags(&joined, cudaEventDisableTiming);
  std::string ran;
  const auto note = [&](char what) { return [&ran, what] { ran += what; }; };
  const auto capture = [&](bool join) {
    cudaStreamBeginCapture(first, cudaStreamCaptureModeThreadLocal);
    simt::submit(first, note('a'));
    cudaEventRecord(forked, first);
    EXPECT_EQ(cudaStreamWaitEvent(second, forked, 0), cudaSuccess);
    simt::submit(second, note('b'));
    simt::submit(first, note('c'));
    cudaEventRecord(joined, second);
    if (join) cudaStreamWaitEvent(first, joined, 0);
    simt::submit(first, note('d'));
    cudaGraph_t graph = nullptr;
    EXPECT_EQ(cudaStreamEndCapture(first, &graph), join ? cudaSuccess : cudaErrorStreamCaptureUnjoined);
    EXPECT_FALSE(simt::capturing());
    return graph;
  };
  EXPECT_EQ(capture(false), nullptr);
  const cudaGraph_t graph = capture(true);
  EXPECT_EQ(ran, "");
  cudaGraphExec_t executable = nullptr;
  cudaGraphInstantiate(&executable, graph, 0);
  cudaGraphDestroy(graph);
  std::set<std::string> orders;
  for (uint64_t order = 0; order < 20; ++order) {
    simt::set_order(order);
    ran.clear();
    cudaGraphLaunch(executable, first);
    cudaStreamSynchronize(first);
    orders.insert(ran);
  }
  EXPECT_EQ(orders, (std::set<std::string>{"abcd", "acbd"}));
  simt::set_order(0);

  // Inside and outside of a capture do not wait for each other.
  EXPECT_EQ(cudaStreamWaitEvent(second, joined, 0), cudaErrorCapturedEvent);
  cudaEventRecord(joined, second);
  cudaStreamBeginCapture(first, cudaStreamCaptureModeThreadLocal);
  EXPECT_EQ(cudaStreamWaitEvent(first, joined, 0), cudaErrorStreamCaptureIsolation);
  cudaGraph_t empty = nullptr;
  EXPECT_EQ(cudaStreamEndCapture(first, &empty), cudaSuccess);
  cudaGraphDestroy(empty);
  cudaGraphExecDestroy(executable);
  cudaEventDestroy(forked);
  cudaEventDestroy(joined);
}

TEST_F(Streams, MemoryHasALimitWhereOneIsSet) {
  simt::set_memory_limit(simt::allocated_bytes() + 100);
  void* memory = nullptr;
  EXPECT_EQ(cudaMalloc(&memory, 101), cudaErrorMemoryAllocation);
  size_t free = 0, total = 0;
  cudaMemGetInfo(&free, &total);
  EXPECT_EQ(free, 100u);
  EXPECT_EQ(cudaMalloc(&memory, 100), cudaSuccess);
  cudaFree(memory);
  simt::set_memory_limit(int64_t{1} << 40);
}

}  // namespace
}  // namespace cloze::testing
