#include "engine/config/mistakes.h"

#include <fmt/core.h>

#include <algorithm>
#include <tuple>
#include <utility>

namespace cloze {
namespace {

std::string indented(const std::string& text) {
  std::string result;
  for (const char c : text) {
    result += c;
    if (c == '\n') result += "     ";
  }
  return result;
}

}  // namespace

std::string Place::text() const {
  if (!source) return {};
  return line > 0 && source->has_lines ? fmt::format("{}:{}", source->name, line) : source->name;
}

void Mistakes::add(const Place& place, std::string what, std::string why, std::string remedy) {
  mistakes_.push_back({place, {std::move(what), place.text(), std::move(why), std::move(remedy)}});
}

std::vector<Mistakes::Mistake> Mistakes::in_order() const {
  std::vector<const Source*> sources;  // as they first appear
  for (const Mistake& mistake : mistakes_) sources.push_back(mistake.place.source.get());
  const auto rank = [&](const Mistake& mistake) {
    const Source* source = mistake.place.source.get();
    const bool is_file = source != nullptr && source->has_lines;
    return std::tuple(!is_file, std::ranges::find(sources, source) - sources.begin(), mistake.place.line);
  };
  std::vector<Mistake> sorted = mistakes_;
  std::ranges::stable_sort(sorted, {}, rank);
  return sorted;
}

void Mistakes::throw_if_any(const std::string& name) const {
  if (mistakes_.empty()) return;
  if (mistakes_.size() == 1) throw UsageError(mistakes_.front().problem);
  Problem all{.what = fmt::format("{} mistakes in the configuration {}", mistakes_.size(), name)};
  int number = 0;
  for (const Mistake& mistake : in_order()) {
    all.what += fmt::format("\n{:>3}. {}", ++number, indented(to_string(mistake.problem)));
  }
  throw UsageError(all);
}

}  // namespace cloze
