#pragma once

#include <filesystem>
#include <memory>
#include <string>
#include <vector>

#include "engine/base/error.h"

namespace cloze {

// Where configuration text comes from: a file, or `--set KEY=VALUE`. Relative paths in it start from
// `folder`.
struct Source {
  std::string name;
  std::filesystem::path folder;
  bool has_lines = true;  // a place in it has a line worth naming
};

struct Place {
  std::shared_ptr<const Source> source = {};
  int line = 0;  // from 1; 0: the source as a whole

  std::string text() const;  // "run.yaml:12"
};

// Everything wrong with a configuration, gathered so that one error can list it all.
class Mistakes {
 public:
  // `what`, `why` and `remedy` as in Problem.
  void add(const Place& place, std::string what, std::string why, std::string remedy = {});
  size_t count() const { return mistakes_.size(); }

  // Throws UsageError with every mistake, file by file and line by line, --set last; `name` is the
  // configuration's name.
  void throw_if_any(const std::string& name) const;

 private:
  struct Mistake {
    Place place;
    Problem problem;
  };
  std::vector<Mistake> in_order() const;

  std::vector<Mistake> mistakes_;
};

}  // namespace cloze
