#include "engine/data/examples/record_lines.h"

#include <fmt/core.h>

#include <utility>

#include "engine/base/error.h"

namespace cloze {
namespace {

constexpr size_t longest_line = size_t{64} << 20;  // bytes

}  // namespace

RecordLines::RecordLines(std::function<std::string_view()> blocks, std::string name)
    : name_(std::move(name)), reader_(std::move(blocks), longest_line) {}

bool RecordLines::next(RecordLine& line) {
  TextLine found;
  if (!reader_.next(found)) return false;
  line = {found.text, static_cast<int64_t>(found.number)};
  if (found.cut) {
    throw Error({.what = "this line is too long",
                 .where = line_place(name_, line.number),
                 .why = "a record of over 64 MiB",
                 .remedy = "check that the file has a record a line"});
  }
  return true;
}

std::string line_place(const std::string& name, int64_t line) {
  return fmt::format("{}:{}", name, line);
}

}  // namespace cloze
