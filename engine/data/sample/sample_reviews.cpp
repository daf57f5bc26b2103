#include "engine/data/sample/sample_reviews.h"

#include <fmt/core.h>

#include <vector>

namespace cloze {
namespace {

struct Opinions {
  std::vector<std::string> looks, feelings;
};

const Opinions good = {{"pretty", "clean", "bright", "new", "golden", "merry"},
                       {"happy", "lucky", "proud", "calm"}};
const Opinions bad = {{"muddy", "rusty", "dark", "loud", "noisy", "gray"},
                      {"sad", "angry", "nervous", "lonely"}};

std::string capitalised(std::string word) {
  word[0] = static_cast<char>(word[0] - 'a' + 'A');
  return word;
}

class ReviewWriter {
 public:
  ReviewWriter(const SampleWorld& world, SampleDraws& draws)
      : world_(world), draws_(draws), place_(draws.one_of(world.places)) {}

  std::string opening() {
    const auto& days = sample_rules().choices.front().second;
    return fmt::format("We went to the {} on {}.", word(place_.word), capitalised(draws_.one_of(days)));
  }

  std::string opinion(bool positive) {
    const bool negated = draws_.percent(35);
    const Opinions& words = positive != negated ? good : bad;
    const std::string& sight = word(draws_.one_of(place_.sights));
    const std::string& look = draws_.one_of(words.looks);
    const std::string& feeling = draws_.one_of(words.feelings);
    const std::string& person = word(draws_.one_of(world_.people).word);
    switch (draws_.below(4)) {
      case 0:
        return fmt::format("The {} was {}{}.", sight, negated ? "not " : "", look);
      case 1:
        return fmt::format("The {} {} {}.", sight, negated ? "never looked" : "looked very", look);
      case 2:
        return fmt::format("The {} said \"the {} is {}{}\".", person, sight, negated ? "not " : "", look);
      default:
        return fmt::format("We {} {}.", negated ? "did not feel" : "felt", feeling);
    }
  }

 private:
  const std::string& word(WordId id) const { return world_.words[static_cast<size_t>(id)]; }

  const SampleWorld& world_;
  SampleDraws& draws_;
  const Place& place_;
};

}  // namespace

SampleReview make_review(const SampleWorld& world, uint64_t seed, DrawPurpose purpose, uint64_t index) {
  SampleDraws draws(seed, purpose, index);
  ReviewWriter writer(world, draws);
  SampleReview review{.positive = draws.percent(50), .text = writer.opening()};
  const uint32_t opinions = 3 + draws.below(3);
  const bool one_disagrees = opinions > 3 && draws.percent(20);
  const uint32_t which = draws.below(opinions);
  for (uint32_t i = 0; i < opinions; ++i) {
    review.text += draws.percent(15) ? '\n' : ' ';
    review.text += writer.opinion(review.positive != (one_disagrees && i == which));
  }
  return review;
}

std::string review_line(const SampleReview& review) {
  std::string line = review.positive ? "\"2\",\"" : "\"1\",\"";
  for (const char letter : review.text) {
    if (letter == '"') {
      line += "\"\"";
    } else if (letter == '\n') {
      line += "\\n";
    } else {
      line += letter;
    }
  }
  return line + "\"\n";
}

}  // namespace cloze
