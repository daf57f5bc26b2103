// UTF-16 in both byte orders: the same text in blocks of any size, always valid UTF-8.
#include <algorithm>
#include <string>

#include "engine/data/examples/utf16_converter.h"
#include "engine/text/utf8.h"
#include "tests/fuzz/fuzz_target.h"

using namespace cloze;

namespace {

std::string converted(std::string_view bytes, ByteOrder order, size_t block_bytes) {
  Utf16Converter converter(order);
  std::string utf8;
  for (; !bytes.empty(); bytes.remove_prefix(std::min(block_bytes, bytes.size()))) {
    converter.convert(bytes.substr(0, block_bytes), false, utf8);
  }
  converter.convert({}, true, utf8);
  return utf8;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const std::string_view bytes = fuzz::as_text(data, size);
  for (const ByteOrder order : {ByteOrder::little, ByteOrder::big}) {
    const std::string whole = converted(bytes, order, size + 1);
    fuzz::require(invalid_utf8_bytes(whole) == 0, "what comes out is UTF-8");
    fuzz::require(converted(bytes, order, 1) == whole, "blocks of one byte change nothing");
    fuzz::require(converted(bytes, order, 3) == whole, "blocks of three bytes change nothing");
  }
  return 0;
}
