#include "engine/data/document_reader.h"

#include <fmt/core.h>

#include <utility>

#include "engine/base/error.h"
#include "engine/base/log.h"

namespace cloze {

DocumentReader::DocumentReader(std::vector<CorpusInput> inputs, TextKind kind, SourcePosition from)
    : inputs_(std::move(inputs)), asked_(kind), at_{from.file, 0}, skip_(from.piece) {}

bool DocumentReader::next(TextChunk& chunk) {
  chunk.text.clear();
  chunk.pieces.clear();
  TextLine line;
  while (chunk.text.size() < chunk_bytes) {
    if (!lines_) {
      // A chunk is of one text, so that a message can name it.
      if (!chunk.pieces.empty()) break;
      if (!open_next_text(chunk)) return false;
    }
    if (lines_->next(line)) {
      read_line(line, chunk);
    } else {
      end_text(chunk);
    }
  }
  chunk.source = source_->name();
  chunk.after = at_;
  return true;
}

bool DocumentReader::open_next_text(TextChunk& chunk) {
  for (;;) {
    if (!source_) {
      if (at_.file >= inputs_.size()) return false;
      source_ = std::make_unique<TextSource>(inputs_[at_.file].path);
    }
    if (source_->next_text()) {
      begin_text(chunk);
      if (lines_) return true;
    } else {
      source_.reset();
      skip_ = 0;
      at_ = {at_.file + 1, 0};
    }
  }
}

bool DocumentReader::is_text(std::string_view head) const {
  if (head.starts_with("\xFF\xFE") || head.starts_with("\xFE\xFF")) {
    throw Error({.what = "this text is UTF-16, not UTF-8",
                 .where = source_->name(),
                 .why = "it begins with the byte-order mark of UTF-16",
                 .remedy = "convert it: iconv -f UTF-16 -t UTF-8"});
  }
  if (head.find('\0') == std::string_view::npos) return true;
  if (inputs_.size() == 1 && source_->name() == inputs_[0].path) {
    throw Error({.what = "this is no text", .where = source_->name(), .why = "it holds NUL bytes"});
  }
  log::warning("{} is no text (it holds NUL bytes): left out", source_->name());
  return false;
}

void DocumentReader::begin_text(TextChunk& chunk) {
  LineReader lines([this] { return source_->next_block(); }, longest_line);
  const std::string_view head = lines.head();
  if (!is_text(head)) return;
  const KindDecision decision = asked_ == TextKind::automatic ? decide_kind(source_->name(), head)
                                                              : KindDecision{asked_, "as asked for"};
  kind_ = decision.kind;
  const std::string message =
      fmt::format("reading {} as {} ({})", source_->name(), name_of(kind_), decision.reason);
  if (std::exchange(announced_, kind_) != kind_) {
    log::info("{}", message);
  } else {
    log::debug("{}", message);
  }
  lines.set_longest_line(kind_ == TextKind::jsonl ? longest_record : longest_line);
  lines_ = std::move(lines);
  markdown_ = MarkdownParagraphs();
  continues_ = false;
  if (kind_ != TextKind::sentences) emit(TextPiece::Kind::document_end, {}, 0, false, chunk);
}

void DocumentReader::read_line(const TextLine& line, TextChunk& chunk) {
  const bool continued = std::exchange(continues_, line.cut);
  const bool whole = !line.cut && !continued;
  switch (kind_) {
    case TextKind::sentences:
    case TextKind::paragraphs:
      if (whole && is_blank(line.text)) {
        emit(TextPiece::Kind::document_end, {}, line.number, false, chunk);
      } else {
        emit(kind_ == TextKind::sentences ? TextPiece::Kind::sentence : TextPiece::Kind::paragraph, line.text,
             line.number, line.cut, chunk);
      }
      return;
    case TextKind::markdown:
      if (markdown_.add(line.text, line.number)) {
        emit(TextPiece::Kind::markdown, markdown_.paragraph(), markdown_.first_line(), false, chunk);
      }
      return;
    case TextKind::jsonl:
      if (line.cut) {
        throw Error({.what = "a JSON record is too long",
                     .where = fmt::format("{}:{}", source_->name(), line.number),
                     .why = fmt::format("a record may have {} MiB", longest_record >> 20),
                     .remedy = "cut it into several documents"});
      }
      if (!is_blank(line.text)) emit(TextPiece::Kind::record, line.text, line.number, false, chunk);
      return;
    case TextKind::automatic:
      return;  // kind_ has been decided
  }
}

void DocumentReader::end_text(TextChunk& chunk) {
  if (kind_ == TextKind::markdown && markdown_.finish()) {
    emit(TextPiece::Kind::markdown, markdown_.paragraph(), markdown_.first_line(), false, chunk);
  }
  if (kind_ != TextKind::sentences) emit(TextPiece::Kind::document_end, {}, 0, false, chunk);
  lines_.reset();
}

void DocumentReader::emit(TextPiece::Kind kind, std::string_view text, uint64_t line, bool cut,
                          TextChunk& chunk) {
  if (at_.piece++ < skip_) return;
  const size_t begin = chunk.text.size();
  chunk.text += text;
  chunk.pieces.push_back({.kind = kind, .cut = cut, .begin = begin, .end = chunk.text.size(), .line = line});
}

}  // namespace cloze
