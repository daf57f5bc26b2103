#include "engine/checkpoint/checksummed_file.h"

#include <fmt/core.h>
#include <xxhash.h>

#include <algorithm>
#include <new>

namespace cloze {
namespace {

constexpr size_t chunk_bytes = 1 << 20;  // small enough to be digested and copied within the cache

}  // namespace

struct ChecksummedFile::Digester {
  XXH3_state_t* state = XXH3_createState();
  Digester() {
    if (state == nullptr) throw std::bad_alloc();
    XXH3_128bits_reset(state);
  }
  ~Digester() { XXH3_freeState(state); }
  Digester(const Digester&) = delete;
  Digester& operator=(const Digester&) = delete;
};

ChecksummedFile::ChecksummedFile(const std::filesystem::path& path)
    : file_(path), digester_(std::make_unique<Digester>()) {}

ChecksummedFile::~ChecksummedFile() = default;

void ChecksummedFile::write(std::span<const std::byte> bytes) {
  while (!bytes.empty()) {
    const auto chunk = bytes.first(std::min(bytes.size(), chunk_bytes));
    XXH3_128bits_update(digester_->state, chunk.data(), chunk.size());
    file_.write(chunk);
    bytes = bytes.subspan(chunk.size());
  }
}

FileRecord ChecksummedFile::commit() {
  file_.commit();
  const XXH128_hash_t hash = XXH3_128bits_digest(digester_->state);
  return {.bytes = file_.bytes_written(), .digest = fmt::format("{:016x}{:016x}", hash.high64, hash.low64)};
}

FileRecord record_of(std::span<const std::byte> bytes) {
  return {.bytes = bytes.size(), .digest = digest(bytes)};
}

}  // namespace cloze
