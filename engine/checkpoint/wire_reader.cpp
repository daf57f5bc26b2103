#include "engine/checkpoint/wire_reader.h"

#include <bit>
#include <cstring>

#include "engine/base/error.h"

namespace cloze {
namespace {

constexpr uint64_t largest_field_number = (uint64_t{1} << 29) - 1;

}  // namespace

bool WireReader::next() {
  if (rest_.empty()) return false;
  const uint64_t key = take_varint();
  if (key >> 3 == 0 || key >> 3 > largest_field_number) refuse("a field has an impossible number");
  number_ = static_cast<uint32_t>(key >> 3);
  type_ = static_cast<WireType>(key & 7);
  switch (type_) {
    case WireType::varint:
      value_ = take_varint();
      return true;
    case WireType::fixed64:
      value_ = take_fixed(8);
      return true;
    case WireType::fixed32:
      value_ = take_fixed(4);
      return true;
    case WireType::delimited: {
      const uint64_t size = take_varint();
      if (size > rest_.size()) refuse("a field ends beyond its message");
      bytes_ = rest_.substr(0, size);
      rest_.remove_prefix(size);
      return true;
    }
  }
  refuse("a field has an unknown wire type");
}

uint64_t WireReader::integer() const {
  require(WireType::varint);
  return value_;
}

uint32_t WireReader::fixed32() const {
  require(WireType::fixed32);
  return static_cast<uint32_t>(value_);
}

std::string_view WireReader::bytes() const {
  require(WireType::delimited);
  return bytes_;
}

// Seven bits a byte, lowest first; the top bit says that more follow.
uint64_t WireReader::take_varint() {
  uint64_t value = 0;
  for (int shift = 0; shift < 64; shift += 7) {
    if (rest_.empty()) refuse("a number is cut short");
    const auto byte = static_cast<uint8_t>(rest_.front());
    rest_.remove_prefix(1);
    value |= uint64_t{byte & 0x7fu} << shift;
    if (byte < 0x80) return value;
  }
  refuse("a number has more than 64 bits");
}

uint64_t WireReader::take_fixed(size_t bytes) {
  static_assert(std::endian::native == std::endian::little);
  if (bytes > rest_.size()) refuse("a number is cut short");
  uint64_t value = 0;
  std::memcpy(&value, rest_.data(), bytes);
  rest_.remove_prefix(bytes);
  return value;
}

void WireReader::require(WireType wanted) const {
  if (type_ != wanted) refuse("a field is of another type than TensorFlow gives it");
}

void WireReader::refuse(const char* why) const {
  throw Error({.what = "the entry of a tensor cannot be read", .where = origin_, .why = why});
}

}  // namespace cloze
