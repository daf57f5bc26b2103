#pragma once

#include <array>
#include <memory>
#include <string>
#include <string_view>

struct UConverter;

namespace cloze {

enum class ByteOrder { little, big };

// UTF-16 to UTF-8 in blocks of any size: what a block breaks off goes on in the next one.
class Utf16Converter {
 public:
  explicit Utf16Converter(ByteOrder order);

  // Appends to `utf8`. `last`: no block follows; half a character at the end becomes U+FFFD.
  void convert(std::string_view bytes, bool last, std::string& utf8);

 private:
  struct Closer {
    void operator()(UConverter* converter) const;
  };
  using Converter = std::unique_ptr<UConverter, Closer>;

  Converter from_, to_;
  std::array<char16_t, 1024> pivot_;
  char16_t* pivot_source_ = pivot_.data();
  char16_t* pivot_target_ = pivot_.data();
};

}  // namespace cloze
