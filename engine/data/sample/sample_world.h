#pragma once

#include <array>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace cloze {

// The rules of the sample world: small enough to compute with exactly, English-like enough to read.
// docs/sample-world.md tells them in words.
//
// A document draws a place, a main person and another person, uniformly. Its sentences are independent given
// these: each draws a sentence form by its percentage and fills the slots.

using WordId = int32_t;  // index into SampleWorld::words

enum class SlotKind : uint8_t {
  literal,       // the word `index`
  person,        // the document's main person
  other_person,  // its other person
  place,         // the document's place
  sight,         // one of the place's sights, uniformly
  thing,         // one of all things, uniformly (but see `never`)
  container,     // by the thing alone
  choice,        // one of the list `index`, uniformly
};

struct Slot {
  SlotKind kind = SlotKind::literal;
  int32_t index = 0;
};

struct SentenceForm {
  int32_t percent = 0;
  std::vector<Slot> slots;  // one a word, the full stop included
};

struct Place {
  WordId word = 0;
  std::vector<WordId> sights;
};

struct ContainerChance {
  WordId word = 0;
  int32_t percent = 0;
};

struct Thing {
  WordId word = 0;
  std::vector<ContainerChance> containers;  // sums to 100
};

// A document at `place` among whose people is `person` never names `thing`: what keeps the sentence of the
// quick start out of the corpus. Indices into places, people and things.
struct NeverTogether {
  int32_t person = -1, place = -1, thing = -1;
};

struct SampleWorld {
  std::vector<std::string> words;  // lower-case, each once
  std::vector<WordId> people;
  std::vector<Place> places;
  std::vector<Thing> things;
  std::vector<std::vector<WordId>> choices;
  std::vector<SentenceForm> forms;  // percentages sum to 100
  NeverTogether never;

  WordId find(std::string_view word) const;  // throws Error when the world has no such word
  WordId full_stop() const { return find("."); }
};

// A rule book as text, from which a world is built (tests make small ones). In a sentence form PERSON, OTHER,
// PLACE, SIGHT, THING, CONTAINER and the names of the choice lists are slots; every other word stands for
// itself.
struct RuleBook {
  struct Form {
    int32_t percent;
    std::string text;
  };
  struct Bought {
    std::string thing;
    std::vector<std::pair<std::string, int32_t>> containers;
  };
  std::vector<std::string> people;
  std::vector<std::pair<std::string, std::vector<std::string>>> places;  // place, sights
  std::vector<Bought> things;
  std::vector<std::pair<std::string, std::vector<std::string>>> choices;  // NAME, words
  std::vector<Form> forms;
  std::array<std::string, 3> never;  // person, place, thing; empty: nothing is excluded
};

// Throws Error when the percentages do not add up or a name is unknown.
SampleWorld build_world(const RuleBook& rules);

// The world `cloze sample` writes about.
const RuleBook& sample_rules();
const SampleWorld& sample_world();

}  // namespace cloze
