#pragma once

#include <stdexcept>
#include <string>

namespace cloze {

// What a person needs to know of something that went wrong; printed as one message.
struct Problem {
  std::string what;         // "unknown key `learning_rat`"
  std::string where = {};   // "configs/pretrain/mini.yaml:12"
  std::string why = {};     // "no option has this name"
  std::string remedy = {};  // "did you mean `learning_rate`?"
};

// The run failed: exit code 1.
class Error : public std::runtime_error {
 public:
  explicit Error(Problem problem);
  const Problem& problem() const { return problem_; }

 private:
  Problem problem_;
};

// The call or the configuration is wrong: exit code 2.
class UsageError : public Error {
 public:
  using Error::Error;
};

// "what\n  where: …\n  why: …\n  try: …", leaving out what is empty.
std::string to_string(const Problem& problem);

// "No such file or directory" for the given errno value.
std::string system_message(int error_number);

}  // namespace cloze
