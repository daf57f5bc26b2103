#include "engine/text/vocabulary.h"

#include <fmt/core.h>

#include <algorithm>

#include "engine/base/error.h"
#include "engine/base/file.h"
#include "engine/base/log.h"
#include "engine/text/utf8.h"

namespace cloze {
namespace {

// What Python's str.strip() takes off: White_Space, and the four information separators 1C-1F.
bool is_python_space(char32_t c) {
  return (c >= 0x09 && c <= 0x0D) || (c >= 0x1C && c <= 0x20) || c == 0x85 || c == 0xA0 || c == 0x1680 ||
         (c >= 0x2000 && c <= 0x200A) || c == 0x2028 || c == 0x2029 || c == 0x202F || c == 0x205F ||
         c == 0x3000;
}

std::string_view strip(std::string_view text) {
  while (!text.empty()) {
    const CodePoint first = decode_utf8(text, 0);
    if (first.size == 0 || !is_python_space(first.value)) break;
    text.remove_prefix(first.size);
  }
  while (!text.empty()) {
    const CodePoint last = decode_utf8_before(text, text.size());
    if (last.size == 0 || !is_python_space(last.value)) break;
    text.remove_suffix(last.size);
  }
  return text;
}

void require_text(std::string_view line, const std::string& origin, size_t number) {
  const std::string where = fmt::format("{}:{}", origin, number);
  if (invalid_utf8_bytes(line) != 0) {
    throw Error({.what = "the vocabulary is not UTF-8",
                 .where = where,
                 .why = "this line holds bytes that form no character",
                 .remedy = "save the file as UTF-8; a vocab.txt holds one piece per line"});
  }
  if (line.find('\0') != std::string_view::npos) {
    throw Error({.what = "the vocabulary is not a text file",
                 .where = where,
                 .why = "this line holds a NUL byte",
                 .remedy = "give the model's vocab.txt"});
  }
}

std::string line_of(const std::string& origin, int32_t id) {
  return origin.empty() ? fmt::format("piece {}", id) : fmt::format("{}:{}", origin, id + 1);
}

}  // namespace

Vocabulary Vocabulary::load(const std::filesystem::path& path) {
  return parse(read_file(path), path.string());
}

Vocabulary Vocabulary::parse(std::string_view bytes, const std::string& origin) {
  constexpr std::string_view byte_order_mark = "\xEF\xBB\xBF";
  if (bytes.starts_with(byte_order_mark)) {
    log::warning("{}: ignoring the byte order mark at the start of the vocabulary", origin);
    bytes.remove_prefix(byte_order_mark.size());
  }
  std::vector<std::string> pieces;
  while (!bytes.empty()) {
    const size_t end = std::min(bytes.find('\n'), bytes.size());
    const std::string_view line = bytes.substr(0, end);
    require_text(line, origin, pieces.size() + 1);
    pieces.emplace_back(strip(line));
    bytes.remove_prefix(std::min(end + 1, bytes.size()));
  }
  return Vocabulary(std::move(pieces), origin);
}

Vocabulary::Vocabulary(std::vector<std::string> pieces, std::string origin)
    : pieces_(std::move(pieces)), origin_(std::move(origin)) {
  ids_.reserve(pieces_.size());
  distinct_ids_.reserve(pieces_.size());
  for (int32_t id = 0; id < size(); ++id) {
    const std::string& text = pieces_[static_cast<size_t>(id)];
    const auto [place, inserted] = ids_.try_emplace(text, id);
    if (inserted) {
      distinct_ids_.push_back(id);
    } else {
      log::warning("{}: the piece `{}` was listed before as number {}; text will use number {}",
                   line_of(origin_, id), text, place->second, id);
      std::replace(distinct_ids_.begin(), distinct_ids_.end(), place->second, id);
      place->second = id;
    }
  }

  pad_ = require("[PAD]");
  unknown_ = require("[UNK]");
  classify_ = require("[CLS]");
  separator_ = require("[SEP]");
  if (pad_ != 0) {
    log::warning("{}: [PAD] has number {}; other programs take number 0 for padding", line_of(origin_, pad_),
                 pad_);
  }
}

int32_t Vocabulary::require(std::string_view piece) const {
  const std::optional<int32_t> id = find(piece);
  if (!id) {
    throw Error({.what = fmt::format("the vocabulary has no {}", piece),
                 .where = origin_,
                 .why = fmt::format("none of its {} lines is this special piece, which BERT needs", size()),
                 .remedy = "give the vocab.txt the model was trained with, or add the line at its end"});
  }
  return *id;
}

std::string_view Vocabulary::piece(int32_t id) const {
  if (id < 0 || id >= size()) {
    throw Error({.what = fmt::format("no piece has number {}", id),
                 .where = origin_,
                 .why = fmt::format("the vocabulary has {} pieces", size()),
                 .remedy = "use the vocabulary the numbers were made with"});
  }
  return pieces_[static_cast<size_t>(id)];
}

std::optional<int32_t> Vocabulary::find(std::string_view piece) const {
  const auto place = ids_.find(piece);
  return place == ids_.end() ? std::nullopt : std::optional(place->second);
}

int32_t Vocabulary::mask_id() const {
  return require("[MASK]");
}

std::string Vocabulary::digest() const {
  return cloze::digest(text());
}

std::string Vocabulary::text() const {
  std::string text;
  for (const std::string& piece : pieces_) text.append(piece).push_back('\n');
  return text;
}

}  // namespace cloze
