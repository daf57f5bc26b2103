#include "engine/base/crc32c.h"

#include <array>
#include <bit>
#include <cstring>

namespace cloze {
namespace {

constexpr uint32_t polynomial = 0x82f63b78;  // Castagnoli's, bits reversed
constexpr size_t slice = 8;

// tables[k][byte]: the remainder of `byte` followed by k zero bytes, so that eight bytes are taken at once
// (Kounavis and Berry 2005, "A systematic approach to building high performance software-based CRC
// generators").
constexpr auto tables = [] {
  std::array<std::array<uint32_t, 256>, slice> made{};
  for (uint32_t byte = 0; byte < 256; ++byte) {
    uint32_t remainder = byte;
    for (int bit = 0; bit < 8; ++bit) remainder = (remainder >> 1) ^ ((remainder & 1) != 0 ? polynomial : 0);
    made[0][byte] = remainder;
  }
  for (size_t k = 1; k < slice; ++k) {
    for (size_t byte = 0; byte < 256; ++byte) {
      const uint32_t before = made[k - 1][byte];
      made[k][byte] = (before >> 8) ^ made[0][before & 0xff];
    }
  }
  return made;
}();

uint32_t after_slice(uint32_t crc, const std::byte* bytes) {
  static_assert(std::endian::native == std::endian::little);
  uint64_t word;
  std::memcpy(&word, bytes, slice);
  word ^= crc;
  uint32_t next = 0;
  for (size_t i = 0; i < slice; ++i) next ^= tables[slice - 1 - i][(word >> (8 * i)) & 0xff];
  return next;
}

}  // namespace

uint32_t crc32c(std::span<const std::byte> bytes) {
  uint32_t crc = ~uint32_t{0};
  for (; bytes.size() >= slice; bytes = bytes.subspan(slice)) crc = after_slice(crc, bytes.data());
  for (const std::byte byte : bytes) crc = (crc >> 8) ^ tables[0][(crc ^ static_cast<uint32_t>(byte)) & 0xff];
  return ~crc;
}

uint32_t masked_crc32c(std::span<const std::byte> bytes) {
  return std::rotr(crc32c(bytes), 15) + 0xa282ead8u;
}

}  // namespace cloze
