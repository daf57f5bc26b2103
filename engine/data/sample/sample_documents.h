#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "engine/data/sample/sample_draws.h"
#include "engine/data/sample/sample_world.h"

namespace cloze {

using SampleSentence = std::vector<WordId>;

struct SampleDocument {
  int32_t place = 0;   // index into SampleWorld::places
  int32_t person = 0;  // index into SampleWorld::people
  std::vector<SampleSentence> sentences;
};

constexpr uint32_t fewest_sentences = 5;
constexpr uint32_t most_sentences = 8;

// Document number `index` of a purpose (training, validation, floor): a pure function of its arguments.
SampleDocument make_document(const SampleWorld& world, uint64_t seed, DrawPurpose purpose, uint64_t index);

// The first documents that hold at least `sentences` sentences together.
std::vector<SampleDocument> make_documents(const SampleWorld& world, uint64_t seed, DrawPurpose purpose,
                                           int64_t sentences);

// Whether the world's `never` rule binds this document.
bool is_restricted(const SampleWorld& world, int32_t place, int32_t person);

// "The woman went to the store and bought a cart of hay."
std::string render(const SampleWorld& world, const SampleSentence& sentence);

}  // namespace cloze
