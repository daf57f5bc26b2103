#pragma once

#include <atomic>
#include <chrono>
#include <cstdint>
#include <functional>
#include <memory>
#include <mutex>
#include <stdexcept>
#include <string>
#include <vector>

#include <gloo/transport/context.h>
#include <gloo/transport/unbound_buffer.h>

#include "engine/parallel/communicator.h"
#include "engine/parallel/membership.h"
#include "kernels/common/bfloat16.h"

namespace cloze {

// The connection to a neighbour broke, or the ring was aborted (peer -1).
class RingBroken : public std::runtime_error {
 public:
  RingBroken(int lost, const std::string& why) : std::runtime_error(why), peer(lost) {}
  const int peer;
};

// Ranks in a ring over TCP: each sends to the next and receives from the one before it, through Gloo. (Gloo's
// own collectives cannot be aborted from outside and do not say which rank was lost.) One thread at a time
// runs collectives; abort() may come from another. Functions throw RingBroken.
class GlooRing {
 public:
  // Connects to both neighbours; all ranks must do so at the same time.
  explicit GlooRing(Membership& membership);

  int rank() const { return rank_; }
  int size() const { return size_; }
  using Buffer = std::unique_ptr<gloo::transport::UnboundBuffer>;
  Buffer buffer(void* data, size_t bytes);

  // `buffer` holds count floats. Each rank ends with the sum of its share (share_of): that of share s is
  // added up in the order of ranks s + 1, s + 2, ..., s. On Wire::bf16 what is sent is rounded each time.
  void reduce_scatter(Buffer& buffer, int64_t count, Wire wire);
  // Shares of count floats to all. On Wire::bf16 all ranks end with the rounded values, their own too.
  void all_gather(Buffer& buffer, int64_t count, Wire wire);
  // All bytes of the buffer, from the root around the ring.
  void broadcast(Buffer& buffer, int root);

  void abort();

  // Of all shares that came in several chunks, sent one right after the other: chunks after the first. From
  // any thread.
  LinkTime link_time() const;

 private:
  // Tells abort() which buffers are waited for.
  class InUse {
   public:
    InUse(GlooRing& ring, gloo::transport::UnboundBuffer& buffer);
    ~InUse();

   private:
    GlooRing& ring_;
  };
  void connect(Membership& membership);
  void send(Buffer& buffer, int64_t begin, int64_t end, int64_t chunk);
  void await_sent(Buffer& buffer, int64_t begin, int64_t end, int64_t chunk);
  void await_received(Buffer& buffer);
  // The same for chunk `number` of a share of which the sender sent all chunks at once.
  void await_next_chunk(Buffer& buffer, int64_t number, int64_t bytes);
  void receive(Buffer& buffer, int64_t begin, int64_t end);
  void receive_and_add(Buffer& buffer, int64_t begin, int64_t end);
  // Sends values[sent] as bf16 and calls take(value, come) for each of values[got] with what has come for it.
  template <typename Take>
  void turn_narrow(float* values, const Share& sent, const Share& got, const Take& take);
  void wait(bool (gloo::transport::UnboundBuffer::*waiting)(std::chrono::milliseconds), Buffer& buffer,
            int peer);
  int next() const { return (rank_ + 1) % size_; }
  int previous() const { return (rank_ + size_ - 1) % size_; }

  Membership& membership_;
  const int rank_, size_;
  std::shared_ptr<gloo::transport::Context> context_;
  std::vector<float> received_;  // two chunks: one is added while the other comes in
  Buffer receiving_;
  std::vector<BFloat16> narrow_;  // four chunks: two go out, two come in
  Buffer narrow_buffer_;
  std::atomic<bool> aborted_ = false;
  std::chrono::steady_clock::time_point last_chunk_;
  std::atomic<int64_t> link_bytes_ = 0, link_nanoseconds_ = 0;
  std::mutex mutex_;
  gloo::transport::UnboundBuffer* in_use_ = nullptr;
};

}  // namespace cloze
