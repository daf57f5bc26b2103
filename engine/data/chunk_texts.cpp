#include "engine/data/chunk_texts.h"

#include <fmt/core.h>

#include <nlohmann/json.hpp>

#include "engine/base/error.h"
#include "engine/text/utf8.h"

namespace cloze {
namespace {

// `text` itself where all of it is UTF-8, else what is, in `buffer`.
std::string_view valid_utf8(std::string_view text, std::string& buffer, uint64_t& dropped) {
  const size_t invalid = invalid_utf8_bytes(text);
  if (invalid == 0) return text;
  dropped += invalid;
  buffer.clear();
  for (size_t at = 0; at < text.size();) {
    const uint32_t size = decode_utf8(text, at).size;
    buffer += text.substr(at, size);
    at += size == 0 ? 1 : size;
  }
  return buffer;
}

void for_each_line(std::string_view text, const ChunkTexts::Visit& visit) {
  while (!text.empty()) {
    const size_t end = std::min(text.find('\n'), text.size());
    const std::string_view line = text.substr(0, end);
    if (!is_blank(line)) visit(ChunkTexts::Unit::paragraph, line);
    text.remove_prefix(std::min(end + 1, text.size()));
  }
}

}  // namespace

void ChunkTexts::visit_record(const TextChunk& chunk, const TextPiece& piece, std::string_view text,
                              const Visit& visit) const {
  const auto fail = [&](const std::string& why) {
    throw Error({.what = "this line is no JSON record with a text",
                 .where = fmt::format("{}:{}", chunk.source, piece.line),
                 .why = why,
                 .remedy = "name the field that holds the text, or say what kind of text this is"});
  };
  nlohmann::json record;
  try {
    record = nlohmann::json::parse(text);
  } catch (const nlohmann::json::exception& problem) {
    fail(problem.what());
  }
  if (!record.is_object()) fail("it is not an object");
  const auto found = record.find(field_);
  if (found == record.end()) fail(fmt::format("it has no field `{}`", field_));
  if (!found->is_string()) fail(fmt::format("its field `{}` is not a string", field_));
  for_each_line(found->get_ref<const std::string&>(), visit);
  visit(Unit::document_end, {});
}

TextCleaning ChunkTexts::for_each(const TextChunk& chunk, const Visit& visit) const {
  TextCleaning cleaning;
  std::string buffer, stripped;
  for (const TextPiece& piece : chunk.pieces) {
    cleaning.cut_lines += piece.cut;
    const std::string_view text = valid_utf8(chunk.text_of(piece), buffer, cleaning.invalid_bytes);
    switch (piece.kind) {
      case TextPiece::Kind::document_end:
        visit(Unit::document_end, {});
        break;
      case TextPiece::Kind::sentence:
        visit(Unit::sentence, text);
        break;
      case TextPiece::Kind::paragraph:
        visit(Unit::paragraph, text);
        break;
      case TextPiece::Kind::markdown:
        stripped.clear();
        strip_markdown(text, stripped);
        visit(Unit::paragraph, stripped);
        break;
      case TextPiece::Kind::record:
        visit_record(chunk, piece, text, visit);
        break;
    }
  }
  return cleaning;
}

}  // namespace cloze
