#include "engine/data/examples/utf16_converter.h"

#include <unicode/ucnv.h>

#include "engine/base/error.h"

namespace cloze {
namespace {

void require(UErrorCode status) {
  if (U_FAILURE(status)) throw Error({.what = "cannot decode UTF-16", .why = u_errorName(status)});
}

}  // namespace

void Utf16Converter::Closer::operator()(UConverter* converter) const {
  ucnv_close(converter);
}

Utf16Converter::Utf16Converter(ByteOrder order) {
  UErrorCode status = U_ZERO_ERROR;
  from_.reset(ucnv_open(order == ByteOrder::little ? "UTF-16LE" : "UTF-16BE", &status));
  to_.reset(ucnv_open("UTF-8", &status));
  require(status);
}

void Utf16Converter::convert(std::string_view bytes, bool last, std::string& utf8) {
  if (bytes.data() == nullptr) bytes = "";  // ICU refuses null pointers
  std::array<char, 4096> buffer;
  const char* source = bytes.data();
  UErrorCode status = U_BUFFER_OVERFLOW_ERROR;
  while (status == U_BUFFER_OVERFLOW_ERROR) {
    status = U_ZERO_ERROR;
    char* target = buffer.data();
    ucnv_convertEx(to_.get(), from_.get(), &target, buffer.data() + buffer.size(), &source,
                   bytes.data() + bytes.size(), pivot_.data(), &pivot_source_, &pivot_target_,
                   pivot_.data() + pivot_.size(), false, last, &status);
    utf8.append(buffer.data(), target);
  }
  require(status);
}

}  // namespace cloze
