#pragma once

#include <CLI/CLI.hpp>
#include <map>
#include <string>
#include <vector>

namespace cloze {

// An option that takes one of a few words. CLI11's own transformer shows the numbers behind an enum in its
// help and messages.
template <typename Choice, typename Value>
CLI::Option* add_choice_option(CLI::App& command, const std::string& name, Value& value,
                               const std::map<std::string, Choice>& choices, const std::string& help) {
  std::vector<std::string> words;
  for (const auto& [word, choice] : choices) words.push_back(word);
  const auto assign = [&value, choices](const std::string& word) { value = choices.at(word); };
  return command.add_option_function<std::string>(name, assign, help)->check(CLI::IsMember(words));
}

}  // namespace cloze
