#include "engine/data/examples/quoted_list.h"

#include <algorithm>

#include "engine/text/utf8.h"

namespace cloze {
namespace {

constexpr size_t longest_shown = 40;  // bytes

std::string shown(const std::string& text) {
  if (text.size() <= longest_shown) return text;
  size_t end = 0;  // never inside a character
  while (end < longest_shown) end += std::max<size_t>(1, decode_utf8(text, end).size);
  return text.substr(0, end) + "...";
}

}  // namespace

std::string quoted_list(std::span<const std::string> texts, size_t most) {
  std::string list;
  for (const std::string& text : texts.first(std::min(texts.size(), most))) {
    list += (list.empty() ? "`" : ", `") + shown(text) + '`';
  }
  return texts.size() > most ? list + ", ..." : list;
}

}  // namespace cloze
