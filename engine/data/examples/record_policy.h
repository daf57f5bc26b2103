#pragma once

#include <cstdint>
#include <string>

#include "engine/base/error.h"
#include "engine/data/examples/example.h"
#include "engine/data/examples/task_description.h"

namespace cloze {

// What becomes of records that are not as they should be, and how many there were.
class RecordPolicy {
 public:
  RecordPolicy(const TaskDescription& task, ExampleUse use) : rule_(task.malformed_rows), use_(use) {}

  // Throws, or counts the record as left out where the task says so.
  void malformed(Problem problem);

  // True where the record may stay with an empty text: for prediction, which answers every row. Otherwise
  // malformed().
  bool keeps_empty_text(const std::string& where);

  int64_t skipped() const { return skipped_; }
  // Warns of what was left out or kept; `file` is the file's name.
  void report(const std::string& file) const;

 private:
  MalformedRows rule_;
  ExampleUse use_;
  int64_t skipped_ = 0, empty_ = 0;
  std::string first_skipped_, first_why_, first_empty_;
};

}  // namespace cloze
