#include <algorithm>
#include <array>
#include <utility>

#include "engine/base/error.h"
#include "engine/data/examples/record_lines.h"
#include "engine/data/examples/table_reader.h"

namespace cloze {
namespace {

constexpr int end_of_text = -1;

void unescape_newlines(std::string& cell) {
  size_t written = 0;
  for (size_t at = 0; at < cell.size(); ++at, ++written) {
    const bool escape = cell[at] == '\\' && at + 1 < cell.size() && cell[at + 1] == 'n';
    cell[written] = escape ? '\n' : cell[at];
    at += escape ? 1 : 0;
  }
  cell.resize(written);
}

class CsvReader : public TableReader {
 public:
  CsvReader(TextBlocks blocks, std::string name, CsvForm form)
      : blocks_(std::move(blocks)),
        name_(std::move(name)),
        form_(form),
        ends_of_cell_{form.delimiter, '\n', '\r'} {}

  bool next(TableRow& row) override {
    while (skip_line_end()) {
    }
    if (peek() == end_of_text) return false;
    row.line = line_;
    size_t count = 0;
    do {
      if (count == row.cells.size()) row.cells.emplace_back();
      read_cell(row.cells[count++]);
    } while (take(form_.delimiter));
    row.cells.resize(count);
    if (peek() != end_of_text) skip_line_end();
    return true;
  }

 private:
  int peek() {
    if (at_ == block_.size()) {
      if (ended_) return end_of_text;
      block_ = blocks_();
      at_ = 0;
      if (block_.empty()) {
        ended_ = true;
        return end_of_text;
      }
    }
    return static_cast<unsigned char>(block_[at_]);
  }

  bool take(char wanted) {
    if (peek() != static_cast<unsigned char>(wanted)) return false;
    ++at_;
    return true;
  }

  // LF or CRLF; a CR without LF ends a line too.
  bool skip_line_end() {
    const bool carriage_return = take('\r');
    if (!take('\n') && !carriage_return) return false;
    ++line_;
    return true;
  }

  // Appends what comes before the next of `stops`, which is left to be read; false where the text ends first.
  bool append_until(std::string_view stops, std::string& cell) {
    while (peek() != end_of_text) {
      const size_t stop = std::min(block_.find_first_of(stops, at_), block_.size());
      cell.append(block_, at_, stop - at_);
      at_ = stop;
      if (stop < block_.size()) return true;
    }
    return false;
  }

  void read_cell(std::string& cell) {
    cell.clear();
    if (take('"')) {
      read_quoted(cell);
    } else {
      append_until(ends_of_cell_, cell);
    }
    if (form_.newline_escapes) unescape_newlines(cell);
  }

  // Behind the opening quote, up to and including the closing one.
  void read_quoted(std::string& cell) {
    const int64_t opened = line_;
    do {
      if (!append_until("\"", cell)) {
        fail(opened, "a quote is never closed", "the cell that begins with it goes on to the end of the file",
             "close the quote, write quotes inside a cell twice, or read the file with `format: tsv` where "
             "quotes mean nothing");
      }
      take('"');
      if (peek() == '"') cell += '"';
    } while (take('"'));
    line_ += std::count(cell.begin(), cell.end(), '\n');
    const int next = peek();
    if (next != end_of_text && next != static_cast<unsigned char>(form_.delimiter) && next != '\n' &&
        next != '\r') {
      fail(line_, "a cell goes on behind its closing quote", "a quote inside a cell was not written twice?",
           "write quotes inside a cell twice (\"\")");
    }
  }

  [[noreturn]] void fail(int64_t line, const char* what, const char* why, const char* remedy) const {
    throw Error({.what = what, .where = line_place(name_, line), .why = why, .remedy = remedy});
  }

  TextBlocks blocks_;
  std::string name_;
  CsvForm form_;
  std::string ends_of_cell_;
  std::string_view block_;
  size_t at_ = 0;
  int64_t line_ = 1;
  bool ended_ = false;
};

}  // namespace

std::unique_ptr<TableReader> read_csv(TextBlocks blocks, std::string name, CsvForm form) {
  return std::make_unique<CsvReader>(std::move(blocks), std::move(name), form);
}

char csv_delimiter(std::string_view head) {
  constexpr std::array<char, 3> known = {',', ';', '\t'};
  std::array<size_t, known.size()> counts = {};
  bool quoted = false;
  for (const char c : head) {
    if (c == '"') quoted = !quoted;
    if (quoted) continue;
    if (c == '\n') break;
    for (size_t i = 0; i < known.size(); ++i) counts[i] += c == known[i] ? 1 : 0;
  }
  size_t best = 0;
  for (size_t i = 1; i < known.size(); ++i) best = counts[i] > counts[best] ? i : best;
  return known[best];
}

}  // namespace cloze
