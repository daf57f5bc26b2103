#pragma once

#include <cstdint>
#include <string>

#include "engine/data/sample/sample_draws.h"
#include "engine/data/sample/sample_world.h"

namespace cloze {

// A visit to a place of the sample world with three to five opinions. An opinion is a good or a bad word, or
// the opposite word negated; at most one of four or five disagrees with the others. The majority is the
// label.
struct SampleReview {
  bool positive = false;
  std::string text;  // may hold quotation marks and line feeds
};

SampleReview make_review(const SampleWorld& world, uint64_t seed, DrawPurpose purpose, uint64_t index);

// A line of yelp_review_polarity_csv: "1" (negative) or "2", quotes doubled, line feeds as backslash n.
std::string review_line(const SampleReview& review);

}  // namespace cloze
