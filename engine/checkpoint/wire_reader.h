#pragma once

#include <cstdint>
#include <string>
#include <string_view>

namespace cloze {

// The fields of a protobuf message, one after the other (protobuf.dev/programming-guides/encoding). The two
// messages of a TensorFlow checkpoint that matter here are flat and small: reading them so spares every build
// protobuf's compiler, and every installation a library of one exact version.
//   for (WireReader field(message, origin); field.next();)
//     if (field.number() == 4) offset = field.integer();
class WireReader {
 public:
  // `origin` names the file in messages.
  WireReader(std::string_view message, const std::string& origin) : rest_(message), origin_(origin) {}

  // Goes to the next field; false at the end. Throws Error where the message is cut short or no message.
  bool next();

  // Of the field it stands on; throws Error where that is of another wire type.
  uint32_t number() const { return number_; }
  uint64_t integer() const;        // varint: bool, int32, int64, enum
  uint32_t fixed32() const;        // fixed32, float
  std::string_view bytes() const;  // string, bytes, message
  std::string_view message() const { return bytes(); }

 private:
  enum class WireType : uint8_t { varint = 0, fixed64 = 1, delimited = 2, fixed32 = 5 };

  uint64_t take_varint();
  uint64_t take_fixed(size_t bytes);
  void require(WireType wanted) const;
  [[noreturn]] void refuse(const char* why) const;

  std::string_view rest_;
  const std::string& origin_;
  uint32_t number_ = 0;
  WireType type_ = WireType::varint;
  uint64_t value_ = 0;
  std::string_view bytes_ = {};
};

}  // namespace cloze
