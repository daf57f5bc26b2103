#include "engine/base/error.h"

#include <system_error>
#include <utility>

namespace cloze {

Error::Error(Problem problem) : std::runtime_error(to_string(problem)), problem_(std::move(problem)) {}

std::string to_string(const Problem& problem) {
  std::string text = problem.what;
  if (!problem.where.empty()) text += "\n  where: " + problem.where;
  if (!problem.why.empty()) text += "\n  why: " + problem.why;
  if (!problem.remedy.empty()) text += "\n  try: " + problem.remedy;
  return text;
}

std::string system_message(int error_number) {
  return std::generic_category().message(error_number);
}

}  // namespace cloze
