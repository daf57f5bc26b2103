#pragma once

#include <cstdint>
#include <functional>

struct CUstream_st;

namespace cloze::simt {

// Work of a stream, in the order of the calls. When it runs depends on the order that was set
// (simt.h, set_order), as it depends on the GPU: at once, as late as a wait allows, or at some time between.
// While the stream is captured it is noted down. Work of no stream runs now.
void submit(CUstream_st* stream, std::function<void()> work);
// The same, but it does not run before the next call: for work that may wait for other processes.
void submit_for_later(CUstream_st* stream, std::function<void()> work);

// Is any stream captured?
bool capturing();
// For calls that must not be made then: the same, and what is captured is worth nothing any more.
bool forbidden_in_capture();

// Runs what is left of one stream, or of all of them. Throws a Fault where they wait for each other.
void drain(CUstream_st* stream);
void drain_all();

uint64_t stream_order();

}  // namespace cloze::simt
