#include "engine/data/sample/sample_world.h"

#include <fmt/core.h>

#include <algorithm>
#include <sstream>
#include <utility>

#include "engine/base/error.h"

namespace cloze {
namespace {

WordId intern(SampleWorld& world, const std::string& word) {
  const auto found = std::find(world.words.begin(), world.words.end(), word);
  if (found != world.words.end()) return static_cast<WordId>(found - world.words.begin());
  world.words.push_back(word);
  return static_cast<WordId>(world.words.size() - 1);
}

std::vector<WordId> intern_all(SampleWorld& world, const std::vector<std::string>& words) {
  std::vector<WordId> ids;
  for (const std::string& word : words) ids.push_back(intern(world, word));
  return ids;
}

Slot parse_slot(SampleWorld& world, const RuleBook& rules, const std::string& word) {
  static const std::pair<const char*, SlotKind> names[] = {
      {"PERSON", SlotKind::person},      {"BELONGING", SlotKind::belonging}, {"PLACE", SlotKind::place},
      {"LOOK", SlotKind::look},          {"SIGHT", SlotKind::sight},         {"THING", SlotKind::thing},
      {"CONTAINER", SlotKind::container}};
  for (const auto& [name, kind] : names) {
    if (word == name) return {kind, 0};
  }
  for (size_t list = 0; list < rules.choices.size(); ++list) {
    if (word == rules.choices[list].first) return {SlotKind::choice, static_cast<int32_t>(list)};
  }
  if (word.front() >= 'A' && word.front() <= 'Z') {
    throw Error({.what = fmt::format("unknown slot `{}` in a sentence form", word),
                 .remedy = "write literal words in lower case, or add a choice list of this name"});
  }
  return {SlotKind::literal, intern(world, word)};
}

void require_hundred(int64_t sum, const std::string& of_what) {
  if (sum == 100) return;
  throw Error({.what = fmt::format("the percentages of {} add up to {}, not 100", of_what, sum)});
}

template <typename Items, typename Name>
int32_t index_of(const Items& items, const std::string& wanted, Name name) {
  const auto found =
      std::find_if(items.begin(), items.end(), [&](const auto& item) { return name(item) == wanted; });
  if (found == items.end()) throw Error({.what = fmt::format("the rules have no `{}`", wanted)});
  return static_cast<int32_t>(found - items.begin());
}

int32_t index_of_thing(const RuleBook& rules, const std::string& name) {
  return index_of(rules.things, name, [](const auto& item) { return item.thing; });
}

NeverTogether parse_never(const RuleBook& rules) {
  const auto& [person, place, thing] = rules.never;
  if (person.empty()) return {};
  return {.person = index_of(rules.people, person, [](const auto& item) { return item.first; }),
          .place = index_of(rules.places, place, [](const auto& item) { return item.place; }),
          .thing = index_of_thing(rules, thing)};
}

Place parse_place(SampleWorld& world, const RuleBook& rules, const RuleBook::Visited& visited) {
  const WordId word = intern(world, visited.place);
  Place place{word, intern_all(world, visited.sights), intern_all(world, visited.looks), {}};
  for (const std::string& thing : visited.things) place.things.push_back(index_of_thing(rules, thing));
  return place;
}

}  // namespace

WordId SampleWorld::find(std::string_view word) const {
  const auto found = std::find(words.begin(), words.end(), word);
  if (found == words.end()) throw Error({.what = fmt::format("the sample world has no word `{}`", word)});
  return static_cast<WordId>(found - words.begin());
}

SampleWorld build_world(const RuleBook& rules) {
  SampleWorld world;
  for (const auto& [person, belongings] : rules.people) {
    const WordId word = intern(world, person);
    world.people.push_back({word, intern_all(world, belongings)});
  }
  for (const RuleBook::Visited& visited : rules.places)
    world.places.push_back(parse_place(world, rules, visited));
  for (const RuleBook::Bought& bought : rules.things) {
    Thing thing{.word = intern(world, bought.thing), .containers = {}};
    int64_t sum = 0;
    for (const auto& [container, percent] : bought.containers) {
      thing.containers.push_back({intern(world, container), percent});
      sum += percent;
    }
    require_hundred(sum, "the containers of " + bought.thing);
    world.things.push_back(std::move(thing));
  }
  for (const auto& choice : rules.choices) world.choices.push_back(intern_all(world, choice.second));
  int64_t sum = 0;
  for (const RuleBook::Form& form : rules.forms) {
    SentenceForm parsed{.percent = form.percent, .slots = {}};
    std::istringstream text(form.text);
    for (std::string word; text >> word;) parsed.slots.push_back(parse_slot(world, rules, word));
    world.forms.push_back(std::move(parsed));
    sum += form.percent;
  }
  require_hundred(sum, "the sentence forms");
  world.never = parse_never(rules);
  return world;
}

const SampleWorld& sample_world() {
  static const SampleWorld world = build_world(sample_rules());
  return world;
}

}  // namespace cloze
