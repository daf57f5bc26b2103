#include "engine/data/text_kind.h"

#include <fmt/core.h>

#include <algorithm>
#include <array>
#include <filesystem>
#include <utility>

#include "engine/base/error.h"
#include "engine/data/line_reader.h"

namespace cloze {
namespace {

constexpr std::array kinds = {TextKind::automatic, TextKind::sentences, TextKind::paragraphs,
                              TextKind::markdown, TextKind::jsonl};
constexpr std::array packed_extensions = {".gz", ".bz2", ".xz", ".zst", ".lz4"};
constexpr double ends_of_a_paragraph = 1.5;

std::string extension_behind_packing(std::filesystem::path name) {
  const auto lowered = [&] {
    std::string text = name.extension().string();
    std::transform(text.begin(), text.end(), text.begin(), [](unsigned char c) {
      return c >= 'A' && c <= 'Z' ? static_cast<char>(c + 32) : static_cast<char>(c);
    });
    return text;
  };
  std::string extension = lowered();
  if (std::find(packed_extensions.begin(), packed_extensions.end(), extension) != packed_extensions.end()) {
    name.replace_extension();
    extension = lowered();
  }
  return extension;
}

size_t sentence_ends(std::string_view line) {
  size_t ends = 0;
  for (size_t i = 0; i < line.size(); ++i) {
    const bool mark = line[i] == '.' || line[i] == '!' || line[i] == '?';
    if (mark && (i + 1 == line.size() || line[i + 1] == ' ')) ++ends;
  }
  return ends;
}

}  // namespace

const char* name_of(TextKind kind) {
  switch (kind) {
    case TextKind::automatic:
      return "auto";
    case TextKind::sentences:
      return "sentences";
    case TextKind::paragraphs:
      return "paragraphs";
    case TextKind::markdown:
      return "markdown";
    case TextKind::jsonl:
      return "jsonl";
  }
  return "?";
}

TextKind text_kind(std::string_view name) {
  for (const TextKind kind : kinds) {
    if (name == name_of(kind)) return kind;
  }
  throw UsageError({.what = fmt::format("unknown kind of text `{}`", name),
                    .remedy = "use auto, sentences, paragraphs, markdown or jsonl"});
}

KindDecision decide_kind(std::string_view name, std::string_view head) {
  const std::string extension = extension_behind_packing(name);
  const std::string reason = "its name ends in " + extension;
  if (extension == ".md" || extension == ".markdown") return {TextKind::markdown, reason};
  if (extension == ".jsonl" || extension == ".ndjson" || extension == ".json")
    return {TextKind::jsonl, reason};

  size_t lines = 0, ends = 0;
  LineReader reader([&] { return std::exchange(head, std::string_view()); }, LineReader::head_bytes);
  for (TextLine line; reader.next(line);) {
    if (is_blank(line.text)) continue;
    if (lines == 0 && line.text[line.text.find_first_not_of(" \t")] == '{') {
      return {TextKind::jsonl, "its first line is a JSON object"};
    }
    ++lines;
    ends += sentence_ends(line.text);
  }
  const double average = lines == 0 ? 0.0 : static_cast<double>(ends) / static_cast<double>(lines);
  return {average > ends_of_a_paragraph ? TextKind::paragraphs : TextKind::sentences,
          fmt::format("its lines have {:.1f} sentences on average", average)};
}

}  // namespace cloze
