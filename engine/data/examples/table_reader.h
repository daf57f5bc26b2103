#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

namespace cloze {

// A row of a table as text; `line` is the one on which it begins, from 1.
struct TableRow {
  int64_t line = 0;
  std::vector<std::string> cells;
};

// The rows of a table in order, a header among them; empty lines are no rows.
class TableReader {
 public:
  virtual ~TableReader() = default;
  // False at the end. Throws Error with file:line for text that is not of the format.
  virtual bool next(TableRow& row) = 0;
};

// Gives further bytes of UTF-8 text, valid until the next call, and none at the end.
using TextBlocks = std::function<std::string_view()>;

// Google's and GLUE's form: cells between tabs, a row a line (LF or CRLF), quotes are ordinary characters.
// `name` is the file's, for messages. Throws Error for a line of over 64 MiB.
std::unique_ptr<TableReader> read_tsv(TextBlocks blocks, std::string name);

struct CsvForm {
  char delimiter = ',';
  bool newline_escapes = false;  // a backslash and an n stand for a line feed, as in Yelp's files
};

// RFC 4180: cells may stand in quotes, and then hold delimiters, line ends and doubled quotes. A quote inside
// a cell that does not begin with one is an ordinary character. Throws Error for a quote that is never closed
// (at the line that opens it) and for text behind a closing quote.
std::unique_ptr<TableReader> read_csv(TextBlocks blocks, std::string name, CsvForm form);

// `,`, `;` or a tab: the one that occurs most in the first line, outside quotes; a comma where none does.
char csv_delimiter(std::string_view head);

}  // namespace cloze
