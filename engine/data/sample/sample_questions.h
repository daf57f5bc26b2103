#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "engine/data/sample/sample_draws.h"
#include "engine/data/sample/sample_world.h"

namespace cloze {

struct SampleQuestion {
  std::string text;
  std::string answer;
  size_t answer_start = 0;  // in characters (all ASCII)
};

// Who bought what, where and when: four purchases, each by another person, at another place, on another day,
// and a sentence or two beside the point. Every question has exactly one answer in the passage.
struct SamplePassage {
  std::string text;
  std::vector<SampleQuestion> questions;
};

SamplePassage make_passage(const SampleWorld& world, uint64_t seed, DrawPurpose purpose, uint64_t index);

// A file of SQuAD v1.1 form; `name` begins every question's id.
std::string questions_json(const std::vector<SamplePassage>& passages, const std::string& name);

}  // namespace cloze
