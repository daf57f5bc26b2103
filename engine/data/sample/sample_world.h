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
// A document draws a place and a person, uniformly. Its sentences are independent given these: each draws a
// sentence form by its percentage and fills the slots.

using WordId = int32_t;  // index into SampleWorld::words

enum class SlotKind : uint8_t {
  literal,    // the word `index`
  person,     // the document's person
  belonging,  // one of the person's belongings, uniformly
  place,      // the document's place
  sight,      // one of the place's sights, uniformly
  look,       // one of the place's looks, uniformly
  thing,      // one of the place's things, uniformly (but see `never`); the same as the sentence's container
              // holds
  container,  // by the thing alone
  choice,     // one of the list `index`, uniformly
};

struct Slot {
  SlotKind kind = SlotKind::literal;
  int32_t index = 0;
};

struct SentenceForm {
  int32_t percent = 0;
  std::vector<Slot> slots;  // one a word, the full stop included
};

struct Person {
  WordId word = 0;
  std::vector<WordId> belongings;
};

struct Place {
  WordId word = 0;
  std::vector<WordId> sights, looks;
  std::vector<int32_t> things;  // indices into SampleWorld::things
};

struct ContainerChance {
  WordId word = 0;
  int32_t percent = 0;
};

struct Thing {
  WordId word = 0;
  std::vector<ContainerChance> containers;  // sums to 100
};

// A document of `person` at `place` never names `thing`: what keeps the sentence of the
// quick start out of the corpus. Indices into places, people and things.
struct NeverTogether {
  int32_t person = -1, place = -1, thing = -1;
};

struct SampleWorld {
  std::vector<std::string> words;  // lower-case, each once
  std::vector<Person> people;
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
  struct Visited {
    std::string place;
    std::vector<std::string> sights, looks, things;
  };
  std::vector<std::pair<std::string, std::vector<std::string>>> people;  // person, belongings
  std::vector<Visited> places;
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
