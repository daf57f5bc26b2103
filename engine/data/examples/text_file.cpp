#include "engine/data/examples/text_file.h"

#include <system_error>
#include <utility>

#include "engine/base/error.h"
#include "engine/data/examples/utf16_converter.h"

namespace cloze {
namespace {

namespace fs = std::filesystem;
using namespace std::string_view_literals;

constexpr std::string_view utf8_mark = "\xEF\xBB\xBF"sv;
constexpr std::string_view utf16_little_mark = "\xFF\xFE"sv, utf16_big_mark = "\xFE\xFF"sv;
constexpr size_t looked_at = 4;  // bytes

fs::path existing_file(fs::path path) {
  std::error_code code;
  const fs::file_status status = fs::status(path, code);
  const auto fail = [&](const std::string& why) {
    throw UsageError({.what = "cannot read data", .where = path.string(), .why = why});
  };
  if (!fs::exists(status)) fail(code ? code.message() : "No such file or directory");
  if (fs::is_directory(status)) fail("it is a folder; name the file in it");
  return path;
}

struct Encoding {
  bool utf16 = false;
  ByteOrder order = ByteOrder::little;
  size_t mark_bytes = 0;
};

Encoding encoding_of(std::string_view head, const fs::path& path) {
  if (head.starts_with("\xFF\xFE\0\0"sv) || head.starts_with("\0\0\xFE\xFF"sv)) {
    throw Error({.what = "this file is UTF-32",
                 .where = path.string(),
                 .why = "data are read as UTF-8 or UTF-16",
                 .remedy = "iconv -f UTF-32 -t UTF-8"});
  }
  if (head.starts_with(utf8_mark)) return {.mark_bytes = utf8_mark.size()};
  if (head.starts_with(utf16_little_mark)) return {true, ByteOrder::little, utf16_little_mark.size()};
  if (head.starts_with(utf16_big_mark)) return {true, ByteOrder::big, utf16_big_mark.size()};
  if (head.size() < looked_at) return {};
  const bool even_zero = head[0] == 0 && head[2] == 0, odd_zero = head[1] == 0 && head[3] == 0;
  if (even_zero == odd_zero) return {};
  return {true, odd_zero ? ByteOrder::little : ByteOrder::big, 0};
}

}  // namespace

TextFile::TextFile(fs::path path) : path_(existing_file(std::move(path))), source_(path_) {}

TextFile::~TextFile() = default;

void TextFile::begin() {
  begun_ = true;
  if (!source_.next_text()) {
    ended_ = true;
    return;
  }
  while (head_.size() < looked_at) {
    const std::string_view block = source_.next_block();
    if (block.empty()) break;
    head_ += block;
  }
  const Encoding encoding = encoding_of(head_, path_);
  head_.erase(0, encoding.mark_bytes);
  if (encoding.utf16) utf16_ = std::make_unique<Utf16Converter>(encoding.order);
}

std::string_view TextFile::next_block() {
  if (!begun_) begin();
  if (ended_) return {};
  if (utf16_) return next_decoded();
  const std::string_view block = next_bytes();
  ended_ = block.empty();
  return block;
}

std::string_view TextFile::next_decoded() {
  decoded_.clear();
  while (decoded_.empty() && !ended_) {
    const std::string_view block = next_bytes();
    ended_ = block.empty();
    utf16_->convert(block, ended_, decoded_);
  }
  return decoded_;
}

std::string_view TextFile::next_bytes() {
  if (!head_.empty()) {
    given_head_ = std::exchange(head_, {});
    return given_head_;
  }
  const std::string_view block = source_.next_block();
  if (block.empty() && source_.next_text()) {
    throw Error({.what = "this archive holds more than one file",
                 .where = path_.string(),
                 .why = "the examples of a task stand in one file",
                 .remedy = "unpack it and name the file that is meant"});
  }
  return block;
}

}  // namespace cloze
