#include <utility>

#include "engine/base/error.h"
#include "engine/data/examples/record_lines.h"
#include "engine/data/examples/table_reader.h"

namespace cloze {
namespace {

void split_cells(std::string_view line, std::vector<std::string>& cells) {
  size_t count = 0;
  for (size_t begin = 0;; ++count) {
    const size_t end = line.find('\t', begin);
    if (count == cells.size()) cells.emplace_back();
    cells[count] = line.substr(begin, end - begin);
    if (end == std::string_view::npos) break;
    begin = end + 1;
  }
  cells.resize(count + 1);
}

class TsvReader : public TableReader {
 public:
  TsvReader(TextBlocks blocks, std::string name) : lines_(std::move(blocks), std::move(name)) {}

  bool next(TableRow& row) override {
    RecordLine line;
    do {
      if (!lines_.next(line)) return false;
    } while (line.text.empty());
    row.line = line.number;
    split_cells(line.text, row.cells);
    return true;
  }

 private:
  RecordLines lines_;
};

}  // namespace

std::unique_ptr<TableReader> read_tsv(TextBlocks blocks, std::string name) {
  return std::make_unique<TsvReader>(std::move(blocks), std::move(name));
}

}  // namespace cloze
