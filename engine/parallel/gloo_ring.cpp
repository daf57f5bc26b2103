#include "engine/parallel/gloo_ring.h"

#include <fmt/core.h>
#include <gloo/common/error.h>
#include <gloo/transport/tcp/device.h>

#include <algorithm>

#include "engine/base/error.h"

namespace cloze {
namespace {

using gloo::transport::UnboundBuffer;
using std::chrono::milliseconds;

constexpr uint64_t slot = 1;
constexpr int64_t chunk_floats = 1 << 16;
constexpr int64_t chunk_bytes = chunk_floats * static_cast<int64_t>(sizeof(float));
constexpr milliseconds forever = std::chrono::hours(24 * 365);  // whoever hangs is found by the membership

std::string to_hexadecimal(const std::vector<char>& bytes) {
  std::string text;
  for (const char byte : bytes) text += fmt::format("{:02x}", static_cast<unsigned char>(byte));
  return text;
}

std::vector<char> from_hexadecimal(std::string_view text) {
  std::vector<char> bytes;
  for (size_t i = 0; i + 1 < text.size(); i += 2)
    bytes.push_back(static_cast<char>(std::stoi(std::string(text.substr(i, 2)), nullptr, 16)));
  return bytes;
}

int64_t bytes_of(int64_t floats) {
  return floats * static_cast<int64_t>(sizeof(float));
}

}  // namespace

GlooRing::InUse::InUse(GlooRing& ring, UnboundBuffer& buffer) : ring_(ring) {
  const std::lock_guard lock(ring_.mutex_);
  ring_.in_use_ = &buffer;
}

GlooRing::InUse::~InUse() {
  const std::lock_guard lock(ring_.mutex_);
  ring_.in_use_ = nullptr;
}

GlooRing::GlooRing(Membership& membership)
    : membership_(membership),
      rank_(membership.identity().rank),
      size_(membership.identity().size),
      received_(static_cast<size_t>(2 * chunk_floats)),
      narrow_(static_cast<size_t>(4 * chunk_floats)) {
  gloo::transport::tcp::attr attributes;
  attributes.hostname = membership.address();
  auto device = gloo::transport::tcp::CreateDevice(attributes);
  context_ = device->createContext(rank_, size_);
  try {
    connect(membership);
  } catch (const gloo::Exception& error) {
    membership.throw_on_verdict();
    throw Error(
        {.what = fmt::format("rank {} cannot connect to its neighbours {} and {}", rank_, previous(), next()),
         .where = membership.address(),
         .why = error.what(),
         .remedy = "do the hosts reach each other on this network, all ports?"});
  }
  receiving_ = buffer(received_.data(), received_.size() * sizeof(float));
  narrow_buffer_ = buffer(narrow_.data(), narrow_.size() * sizeof(BFloat16));
}

// Every rank has an address for each of its two neighbours and tells it to all; with two ranks both are one.
// Which end of a connection waits for the other is Gloo's choice, so all ranks go through the edges of the
// ring in the same order: (0, 1), (1, 2), ..., (size - 1, 0).
void GlooRing::connect(Membership& membership) {
  constexpr milliseconds connect_within = std::chrono::seconds(60);
  context_->setTimeout(connect_within);
  std::string addresses;
  std::vector<int> peers{previous(), next()};
  if (rank_ == 0) std::swap(peers[0], peers[1]);
  if (peers[0] == peers[1]) peers.pop_back();
  for (const int peer : peers)
    addresses += fmt::format("{}:{};", peer, to_hexadecimal(context_->createPair(peer)->address().bytes()));
  const std::vector<std::string> of_all = membership.exchange(addresses);
  for (const int peer : peers) {
    const std::string& text = of_all[static_cast<size_t>(peer)];
    const std::string key = fmt::format("{}:", rank_);
    size_t begin = text.starts_with(key) ? 0 : text.find(";" + key) + 1;
    begin += key.size();
    context_->getPair(peer)->connect(from_hexadecimal(text.substr(begin, text.find(';', begin) - begin)));
  }
}

GlooRing::Buffer GlooRing::buffer(void* data, size_t bytes) {
  return context_->createUnboundBuffer(data, bytes);
}

void GlooRing::wait(bool (UnboundBuffer::*waiting)(milliseconds), Buffer& buffer, int peer) {
  if (aborted_) throw RingBroken(-1, "aborted");
  bool done = false;
  try {
    done = (buffer.get()->*waiting)(forever);
  } catch (const gloo::Exception& error) {
    throw RingBroken(peer, error.what());
  }
  if (!done) throw RingBroken(-1, "aborted");
  membership_.progress();
}

void GlooRing::send(Buffer& buffer, int64_t begin, int64_t end, int64_t chunk) {
  try {
    for (int64_t at = begin; at < end; at += chunk)
      buffer->send(next(), slot, static_cast<size_t>(at), static_cast<size_t>(std::min(chunk, end - at)));
  } catch (const gloo::Exception& error) {
    throw RingBroken(next(), error.what());
  }
}

void GlooRing::await_sent(Buffer& buffer, int64_t begin, int64_t end, int64_t chunk) {
  for (int64_t at = begin; at < end; at += chunk) wait(&UnboundBuffer::waitSend, buffer, next());
}

void GlooRing::await_received(Buffer& buffer) {
  wait(&UnboundBuffer::waitRecv, buffer, previous());
}

void GlooRing::await_next_chunk(Buffer& buffer, int64_t number, int64_t bytes) {
  await_received(buffer);
  const auto now = std::chrono::steady_clock::now();
  if (number > 0) {
    link_bytes_ += bytes;
    link_nanoseconds_ += std::chrono::nanoseconds(now - last_chunk_).count();
  }
  last_chunk_ = now;
}

LinkTime GlooRing::link_time() const {
  return {.bytes = static_cast<double>(link_bytes_),
          .seconds = static_cast<double>(link_nanoseconds_) * 1e-9};
}

void GlooRing::receive(Buffer& buffer, int64_t begin, int64_t end) {
  try {
    buffer->recv(previous(), slot, static_cast<size_t>(begin), static_cast<size_t>(end - begin));
  } catch (const gloo::Exception& error) {
    throw RingBroken(previous(), error.what());
  }
}

// values[begin, end) += what the rank before sends, chunk by chunk.
void GlooRing::receive_and_add(Buffer& buffer, int64_t begin, int64_t end) {
  auto* values = static_cast<float*>(buffer->ptr);
  const auto expect = [&](int64_t at) {
    const int64_t half = (at - begin) / chunk_floats % 2 * chunk_bytes;
    receive(receiving_, half, half + bytes_of(std::min(chunk_floats, end - at)));
  };
  if (begin < end) expect(begin);
  for (int64_t at = begin; at < end; at += chunk_floats) {
    if (at + chunk_floats < end) expect(at + chunk_floats);
    await_next_chunk(receiving_, (at - begin) / chunk_floats, bytes_of(std::min(chunk_floats, end - at)));
    const float* come = received_.data() + (at - begin) / chunk_floats % 2 * chunk_floats;
    const int64_t count = std::min(chunk_floats, end - at);
    for (int64_t i = 0; i < count; ++i) values[at + i] += come[i];
  }
}

// Chunk i of what goes out is sent before chunk i of what comes in is waited for, on every rank: so all of
// them get on.
template <typename Take>
void GlooRing::turn_narrow(float* values, const Share& sent, const Share& got, const Take& take) {
  constexpr int64_t chunk = chunk_floats * static_cast<int64_t>(sizeof(BFloat16));  // bytes
  const auto part = [](const Share& share, int64_t i) {
    const int64_t begin = share.begin + i * chunk_floats;
    return Share{begin, std::min(share.end, begin + chunk_floats)};
  };
  const auto place = [](int64_t first_half, int64_t i) { return first_half + i % 2; };  // in chunks
  const auto expect = [&](int64_t i) {
    const int64_t begin = place(2, i) * chunk;
    receive(narrow_buffer_, begin, begin + part(got, i).size() * static_cast<int64_t>(sizeof(BFloat16)));
  };
  const auto chunks_of = [](const Share& share) { return (share.size() + chunk_floats - 1) / chunk_floats; };
  const int64_t out = chunks_of(sent), in = chunks_of(got);
  if (in > 0) expect(0);
  for (int64_t i = 0; i < std::max(out, in); ++i) {
    if (i < out) {
      if (i >= 2) wait(&UnboundBuffer::waitSend, narrow_buffer_, next());
      const Share going = part(sent, i);
      BFloat16* narrow = narrow_.data() + place(0, i) * chunk_floats;
      std::transform(values + going.begin, values + going.end, narrow, to_bfloat16);
      const int64_t begin = place(0, i) * chunk;
      send(narrow_buffer_, begin, begin + going.size() * static_cast<int64_t>(sizeof(BFloat16)), chunk);
    }
    if (i >= in) continue;
    if (i + 1 < in) expect(i + 1);
    await_received(narrow_buffer_);
    const Share coming = part(got, i);
    const BFloat16* narrow = narrow_.data() + place(2, i) * chunk_floats;
    for (int64_t k = 0; k < coming.size(); ++k) take(values[coming.begin + k], to_float(narrow[k]));
  }
  for (int64_t i = 0; i < std::min<int64_t>(out, 2); ++i)
    wait(&UnboundBuffer::waitSend, narrow_buffer_, next());
}

void GlooRing::reduce_scatter(Buffer& buffer, int64_t count, Wire wire) {
  const InUse in_use(*this, wire == Wire::bf16 ? *narrow_buffer_ : *buffer);
  for (int step = 0; step + 1 < size_; ++step) {
    const Share sent = share_of(count, (rank_ + 2 * size_ - step - 1) % size_, size_);
    const Share added = share_of(count, (rank_ + 2 * size_ - step - 2) % size_, size_);
    if (wire == Wire::bf16) {
      turn_narrow(static_cast<float*>(buffer->ptr), sent, added,
                  [](float& value, float come) { value += come; });
      continue;
    }
    send(buffer, bytes_of(sent.begin), bytes_of(sent.end), chunk_bytes);
    receive_and_add(buffer, added.begin, added.end);
    await_sent(buffer, bytes_of(sent.begin), bytes_of(sent.end), chunk_bytes);
  }
}

void GlooRing::all_gather(Buffer& buffer, int64_t count, Wire wire) {
  const InUse in_use(*this, wire == Wire::bf16 ? *narrow_buffer_ : *buffer);
  if (wire == Wire::bf16) {
    const Share own = share_of(count, rank_, size_);
    auto* values = static_cast<float*>(buffer->ptr);
    std::transform(values + own.begin, values + own.end, values + own.begin,
                   [](float value) { return to_float(to_bfloat16(value)); });
  }
  for (int step = 0; step + 1 < size_; ++step) {
    const Share sent = share_of(count, (rank_ + size_ - step) % size_, size_);
    const Share got = share_of(count, (rank_ + 2 * size_ - step - 1) % size_, size_);
    if (wire == Wire::bf16) {
      turn_narrow(static_cast<float*>(buffer->ptr), sent, got,
                  [](float& value, float come) { value = come; });
      continue;
    }
    for (int64_t at = bytes_of(got.begin); at < bytes_of(got.end); at += chunk_bytes)
      receive(buffer, at, std::min(at + chunk_bytes, bytes_of(got.end)));
    send(buffer, bytes_of(sent.begin), bytes_of(sent.end), chunk_bytes);
    for (int64_t at = bytes_of(got.begin); at < bytes_of(got.end); at += chunk_bytes)
      await_next_chunk(buffer, (at - bytes_of(got.begin)) / chunk_bytes,
                       std::min(chunk_bytes, bytes_of(got.end) - at));
    await_sent(buffer, bytes_of(sent.begin), bytes_of(sent.end), chunk_bytes);
  }
}

void GlooRing::broadcast(Buffer& buffer, int root) {
  const InUse in_use(*this, *buffer);
  const auto size = static_cast<int64_t>(buffer->size);
  const bool gives = next() != root, gets = rank_ != root;
  for (int64_t at = 0; at < size; at += chunk_bytes) {
    const int64_t end = std::min(size, at + chunk_bytes);
    if (gets) {
      receive(buffer, at, end);
      await_received(buffer);
    }
    if (gives) send(buffer, at, end, chunk_bytes);
  }
  if (gives) await_sent(buffer, 0, size, chunk_bytes);
}

void GlooRing::abort() {
  aborted_ = true;
  receiving_->abortWaitRecv();
  const std::lock_guard lock(mutex_);
  if (in_use_ == nullptr) return;
  in_use_->abortWaitRecv();
  in_use_->abortWaitSend();
}

}  // namespace cloze
