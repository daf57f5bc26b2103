#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <vector>

namespace cloze {

// A collective over one piece of memory, made once and started any number of times. start() orders it after
// all work that was given to the device before, and returns at once; wait() orders all later work after it.
// On a CPU the collective runs on a thread of the communicator and wait() blocks; on a GPU both are
// stream-ordered. All ranks start the same collectives in the same order, and wait before they start one
// again. Where a rank is lost or abort() was called, start() or wait() throws Error naming what ended the
// job; the memory then holds anything.
class Collective {
 public:
  virtual ~Collective() = default;
  virtual void start() = 0;
  virtual void wait() = 0;
};

// Elements [begin, end) of `count` that are the share of `rank` in a reduce-scatter or an all-gather; shares
// begin at multiples of 16 elements and may be empty.
struct Share {
  int64_t begin = 0, end = 0;
  int64_t size() const { return end - begin; }
  friend bool operator==(const Share&, const Share&) = default;
};
Share share_of(int64_t count, int rank, int size);

// The ranks of a job, as training sees them. Sums are the same bits on all ranks and in every run: each
// element is added up in an order that depends on its place in the memory alone.
class Communicator {
 public:
  virtual ~Communicator() = default;
  virtual int rank() const = 0;
  virtual int size() const = 0;

  // The memory must live, and lie still, as long as the collective. On a GPU it is device memory.
  // values[count] on every rank becomes the sum over all ranks.
  virtual std::unique_ptr<Collective> all_reduce(std::span<float> values) = 0;
  // The share of this rank becomes the sum over all ranks; the rest of values[count] holds anything after it.
  virtual std::unique_ptr<Collective> reduce_scatter(std::span<float> values) = 0;
  // Every rank gives its share and gets those of all, in place.
  virtual std::unique_ptr<Collective> all_gather(std::span<float> values) = 0;
  // bytes[count] of `root` on all ranks.
  virtual std::unique_ptr<Collective> broadcast(std::span<std::byte> bytes, int root) = 0;

  // All later work is ordered after every collective that was started so far, as by wait() of each.
  virtual void wait_for_all() = 0;

  // Returns when every rank has called it.
  virtual void barrier() = 0;
  // Small texts outside the stream: every rank gives one and gets those of all, by rank. Blocks.
  virtual std::vector<std::string> exchange(const std::string& text) = 0;

  // For those who watch over the job: something was done (a micro-batch); this rank is busy with what the
  // others wait for (a checkpoint).
  virtual void note_progress() {}
  virtual void excuse(bool /*busy*/) {}
  // Seconds that wait() and barrier() have blocked in all.
  virtual double seconds_waited() const { return 0; }

  // Ends all collectives, on this rank and soon on all: they throw Error. `reason` is what the others are
  // told. From any thread.
  virtual void abort(const std::string& reason) = 0;
};

// start() and wait().
void run(Collective& collective);

// A job of one process: every collective is done as it begins.
std::unique_ptr<Communicator> make_single_process_communicator();

}  // namespace cloze
