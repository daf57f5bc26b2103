#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string_view>

namespace cloze {

// CRC-32C (Castagnoli, RFC 3720 appendix B.4): what TensorFlow's and TensorBoard's files are checked by.
uint32_t crc32c(std::span<const std::byte> bytes);
inline uint32_t crc32c(std::string_view bytes) {
  return crc32c(std::as_bytes(std::span(bytes.data(), bytes.size())));
}

// The same under their mask, which keeps a checksum of data that hold checksums meaningful: rotated right by
// 15, plus 0xa282ead8 (tensorflow/core/lib/hash/crc32c.h).
uint32_t masked_crc32c(std::span<const std::byte> bytes);
inline uint32_t masked_crc32c(std::string_view bytes) {
  return masked_crc32c(std::as_bytes(std::span(bytes.data(), bytes.size())));
}

}  // namespace cloze
