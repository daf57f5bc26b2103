#pragma once

#include <cstdint>
#include <string>
#include <string_view>

namespace cloze {

// How a text is laid out.
enum class TextKind : uint8_t {
  automatic,   // decided for each text, see decide_kind()
  sentences,   // a sentence a line, blank lines between documents (create_pretraining_data.py); a text's end
               // is no break
  paragraphs,  // a paragraph a line, blank lines between documents; a text's end is a break as well
  markdown,    // a document each
  jsonl,       // a JSON object a line, each a document, its text in one field: a paragraph a line
};

const char* name_of(TextKind kind);
// Throws UsageError for another name.
TextKind text_kind(std::string_view name);

struct KindDecision {
  TextKind kind;
  std::string reason;  // "its name ends in .md"
};

// By the name (behind .gz and the like): .md and .markdown are Markdown, .jsonl, .ndjson and .json are JSONL.
// Else by the first 64 KiB: JSONL where the first line that is not blank begins with "{"; paragraphs where
// lines have on average more than 1.5 ends of sentences (. ! ? and a space or the line's end behind it); else
// sentences.
KindDecision decide_kind(std::string_view name, std::string_view head);

}  // namespace cloze
