#include "engine/data/examples/record_policy.h"

#include <utility>

#include "engine/base/log.h"

namespace cloze {

void RecordPolicy::malformed(Problem problem) {
  if (rule_ == MalformedRows::stop) {
    if (problem.remedy.empty()) {
      problem.remedy = "correct the file, or leave such rows out with `task.malformed_rows: skip`";
    }
    throw Error(std::move(problem));
  }
  if (skipped_++ == 0) {
    first_skipped_ = std::move(problem.where);
    first_why_ = std::move(problem.what);
  }
}

bool RecordPolicy::keeps_empty_text(const std::string& where) {
  if (use_ != ExampleUse::prediction) {
    malformed({.what = "this example has an empty text",
               .where = where,
               .why = "there is nothing to learn from or to judge"});
    return false;
  }
  if (empty_++ == 0) first_empty_ = where;
  return true;
}

void RecordPolicy::report(const std::string& file) const {
  if (skipped_ > 0) {
    log::warning("{}: {} malformed row(s) left out; the first: {} ({})", file, skipped_, first_skipped_,
                 first_why_);
  }
  if (empty_ > 0) {
    log::warning("{}: {} example(s) with an empty text; the first: {}", file, empty_, first_empty_);
  }
}

}  // namespace cloze
