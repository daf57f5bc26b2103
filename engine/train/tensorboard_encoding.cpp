#include "engine/train/tensorboard_encoding.h"

#include <bit>
#include <cstring>

#include "engine/base/crc32c.h"

namespace cloze::tensorboard {
namespace {

template <typename T>
std::string little_endian(T value) {
  static_assert(std::endian::native == std::endian::little);
  return {reinterpret_cast<const char*>(&value), sizeof(value)};
}

// Protobuf wire format (protobuf.dev/programming-guides/encoding): a key is field number · 8 + wire type.
enum WireType : uint8_t { varint = 0, fixed64 = 1, delimited = 2, fixed32 = 5 };

std::string varint_bytes(uint64_t value) {
  std::string bytes;
  for (; value >= 0x80; value >>= 7) bytes.push_back(static_cast<char>(value | 0x80));
  bytes.push_back(static_cast<char>(value));
  return bytes;
}

std::string key(int field, WireType type) {
  return varint_bytes(static_cast<uint64_t>(field) << 3 | type);
}

std::string integer_field(int field, int64_t value) {
  return key(field, varint) + varint_bytes(static_cast<uint64_t>(value));
}
std::string double_field(int field, double value) {
  return key(field, fixed64) + little_endian(value);
}
std::string float_field(int field, float value) {
  return key(field, fixed32) + little_endian(value);
}
std::string bytes_field(int field, std::string_view bytes) {
  return key(field, delimited) + varint_bytes(bytes.size()) + std::string(bytes);
}

// event.proto: wall_time = 1, step = 2, file_version = 3, summary = 5, session_log = 7
constexpr int wall_time_field = 1, step_field = 2, file_version_field = 3, summary_field = 5,
              session_log_field = 7;
// SessionLog: status = 1, START = 1
constexpr int status_field = 1, status_start = 1;
// summary.proto: Summary.value = 1; Value.tag = 1, Value.simple_value = 2
constexpr int value_field = 1, tag_field = 1, simple_value_field = 2;

}  // namespace

std::string framed(std::string_view data) {
  const std::string length = little_endian(uint64_t{data.size()});
  return length + little_endian(masked_crc32c(length)) + std::string(data) +
         little_endian(masked_crc32c(data));
}

std::string file_version_event(double wall_time) {
  return double_field(wall_time_field, wall_time) + bytes_field(file_version_field, "brain.Event:2");
}

std::string session_start_event(double wall_time, int64_t step) {
  return double_field(wall_time_field, wall_time) + integer_field(step_field, step) +
         bytes_field(session_log_field, integer_field(status_field, status_start));
}

std::string scalars_event(double wall_time, int64_t step,
                          std::span<const std::pair<std::string, double>> scalars) {
  std::string summary;
  for (const auto& [tag, value] : scalars) {
    summary += bytes_field(value_field, bytes_field(tag_field, tag) +
                                            float_field(simple_value_field, static_cast<float>(value)));
  }
  return double_field(wall_time_field, wall_time) + integer_field(step_field, step) +
         bytes_field(summary_field, summary);
}

}  // namespace cloze::tensorboard
