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
// stream-ordered, and a step that is recorded holds what they order. All ranks start the same collectives in
// the same order, and wait before they start one again. Where a rank is lost or abort() was called, start()
// or wait() throws Error naming what ended the job; the memory then holds anything. On a GPU the host may see
// that only after it has read such memory: what it read is good where a later start(), wait(), exchange() or
// before_run() does not throw.
class Collective {
 public:
  virtual ~Collective() = default;
  virtual void start() = 0;
  virtual void wait() = 0;
};

// As what numbers travel between ranks.
enum class Wire : uint8_t {
  f32,
  bf16,  // rounded to nearest, ties to even, each time they are sent; they are added in float32
};

// Elements [begin, end) of `count` that are the share of `rank` in a reduce-scatter or an all-gather; shares
// begin at multiples of share_alignment elements and may be empty.
constexpr int64_t share_alignment = 16;  // a cache line of float32
struct Share {
  int64_t begin = 0, end = 0;
  int64_t size() const { return end - begin; }
  friend bool operator==(const Share&, const Share&) = default;
};
Share share_of(int64_t count, int rank, int size);

// What came from another rank so far that the sender had ready, and how long it took: the speed of the link,
// waiting for the sender's own work not among it.
struct LinkTime {
  double bytes = 0, seconds = 0;
};

// The ranks of a job, as training sees them. On CPUs sums are the same bits on all ranks and in every run:
// each element is added up in an order that depends on its place in the memory alone, as stated below.
//
// On GPUs the order is NCCL's, which promises none. It follows from the number of GPUs, how they are
// connected, the size of the sum, the version of NCCL and its environment: with all of them the same, its
// algorithms add alike from run to run, and all ranks end with the same bits, for each element is added up
// once and handed on; a network that adds by itself (NVLS, SHARP) may do otherwise. On Wire::bf16 each rank's
// values are rounded before they are added, and the sum after each addition, or at the end where the network
// adds: so shares of a reduce-scatter are rounded too. Against another number of processes, or Gloo, sums
// differ by rounding.
class Communicator {
 public:
  virtual ~Communicator() = default;
  virtual int rank() const = 0;
  virtual int size() const = 0;

  // The memory must live, and lie still, as long as the collective. On a GPU it is device memory.
  // values[count] on every rank becomes the sum over all ranks. On CPUs: of share s, rank s + 1 sends its
  // values v to rank s + 2, which adds its own to them and sends the sum on, and so on to rank s, which adds
  // last. On Wire::bf16 what is sent is rounded each time, and at the end the sum is, on rank s too.
  virtual std::unique_ptr<Collective> all_reduce(std::span<float> values, Wire wire) = 0;
  std::unique_ptr<Collective> all_reduce(std::span<float> values) { return all_reduce(values, Wire::f32); }
  // The share of this rank becomes the sum over all ranks, as all_reduce adds it up but not rounded at the
  // end; the rest of values[count] holds anything after it.
  virtual std::unique_ptr<Collective> reduce_scatter(std::span<float> values, Wire wire) = 0;
  std::unique_ptr<Collective> reduce_scatter(std::span<float> values) {
    return reduce_scatter(values, Wire::f32);
  }
  // Every rank gives its share and gets those of all, in place.
  virtual std::unique_ptr<Collective> all_gather(std::span<float> values) = 0;
  // bytes[count] of `root` on all ranks.
  virtual std::unique_ptr<Collective> broadcast(std::span<std::byte> bytes, int root) = 0;

  // All later work is ordered after every collective that was started so far, as by wait() of each.
  virtual void wait_for_all() = 0;

  // On a GPU, to be called before a program that holds collectives runs: once it is recorded, running it
  // calls nothing else here. Throws Error where the job has ended. All ranks call it alike.
  virtual void before_run() {}

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
  // Of data from the rank before this one; nothing where that is not known.
  virtual LinkTime link_time() const { return {}; }

  // Ends all collectives, on this rank and soon on all: they throw Error. `reason` is what the others are
  // told. From any thread.
  virtual void abort(const std::string& reason) = 0;
};

// start() and wait().
void run(Collective& collective);

// A job of one process: every collective is done as it begins.
std::unique_ptr<Communicator> make_single_process_communicator();

}  // namespace cloze
