#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <string_view>

#include "engine/data/line_reader.h"

namespace cloze {

struct RecordLine {
  std::string_view text;  // without its line end; valid until the next call
  int64_t number = 0;     // from 1
};

// The lines of a file that has a record in each; none is cut. Throws Error for a line of over 64 MiB, which
// is no record but a file without line ends.
class RecordLines {
 public:
  RecordLines(std::function<std::string_view()> blocks, std::string name);
  bool next(RecordLine& line);
  const std::string& name() const { return name_; }

 private:
  std::string name_;
  LineReader reader_;
};

// "reviews.tsv:4812".
std::string line_place(const std::string& name, int64_t line);

}  // namespace cloze
