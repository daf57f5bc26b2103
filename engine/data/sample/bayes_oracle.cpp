#include "engine/data/sample/bayes_oracle.h"

#include <fmt/core.h>

#include <cmath>

#include "engine/base/error.h"

namespace cloze {

// The weights of one input, with those of both segments kept, so that a changed observation costs one
// segment.
class BayesOracle::Posterior {
  using Weights = std::vector<WeightedLatent>;

 public:
  Posterior(const BayesOracle& oracle, const MaskedPair& pair, Knowledge knowledge)
      : pair_(pair),
        knowledge_(knowledge),
        context_{oracle.world_, oracle.latents_, oracle.vocabulary_size_, pair.kept_or_replaced},
        seen_{observe(pair.first), observe(pair.second)},
        weights_{segment_weights(0), segment_weights(1)} {
    whole_ = total(weights_[0], weights_[1]);
    if (!(whole_ > 0)) {
      throw Error({.what = "the rules of the sample world cannot produce this input",
                   .why = "no document, reading and replacement of words explains what is seen"});
    }
  }

  double probability(size_t segment, size_t position, WordId word) {
    const Observation before = seen_[segment][position];
    seen_[segment][position] = {Observation::Kind::certain, word};
    const Weights changed = segment_weights(segment);
    seen_[segment][position] = before;
    return (segment == 0 ? total(changed, weights_[1]) : total(weights_[0], changed)) / whole_;
  }

  double random_next() const {
    if (knowledge_ == Knowledge::told_the_layout) return pair_.random_next ? 1 : 0;
    const double random = random_total(weights_[0], weights_[1]);
    return random / (random + next_total(weights_[0], weights_[1]));
  }

 private:
  Weights segment_weights(size_t segment) const {
    const MaskedSegment& of = segment == 0 ? pair_.first : pair_.second;
    const bool told = knowledge_ == Knowledge::told_the_layout;
    return SentenceLattice(context_, seen_[segment], told ? &of.pieces : nullptr).weights();
  }

  // One document for both segments …
  double next_total(const Weights& first, const Weights& second) const {
    Series sum(context_.degree);
    auto other = second.begin();
    for (const WeightedLatent& one : first) {
      while (other != second.end() && other->latent < one.latent) ++other;
      if (other == second.end()) break;
      if (other->latent == one.latent) sum.add_product(one.weight, other->weight);
    }
    return sum[context_.degree] / static_cast<double>(context_.latents.size());
  }
  // … or two independent ones.
  double random_total(const Weights& first, const Weights& second) const {
    Series first_sum(context_.degree), second_sum(context_.degree);
    for (const WeightedLatent& one : first) first_sum.add(one.weight);
    for (const WeightedLatent& one : second) second_sum.add(one.weight);
    const auto documents = static_cast<double>(context_.latents.size());
    return (first_sum * second_sum)[context_.degree] / (documents * documents);
  }
  double total(const Weights& first, const Weights& second) const {
    if (knowledge_ == Knowledge::as_a_model) {
      return 0.5 * next_total(first, second) + 0.5 * random_total(first, second);
    }
    return pair_.random_next ? random_total(first, second) : next_total(first, second);
  }

  const MaskedPair& pair_;
  Knowledge knowledge_;
  SentenceLattice::Context context_;
  std::array<std::vector<Observation>, 2> seen_;
  std::array<Weights, 2> weights_;
  double whole_ = 0;
};

BayesOracle::BayesOracle(const SampleWorld& world, int32_t vocabulary_size)
    : world_(world), vocabulary_size_(vocabulary_size), latents_(all_document_latents(world)) {}

OracleAnswer BayesOracle::ask(const MaskedPair& pair, Knowledge knowledge) const {
  Posterior posterior(*this, pair, knowledge);
  OracleAnswer answer{.log_probabilities = {}, .random_next = posterior.random_next()};
  for (const size_t segment : {size_t{0}, size_t{1}}) {
    const MaskedSegment& words = segment == 0 ? pair.first : pair.second;
    for (size_t i = 0; i < words.seen.size(); ++i) {
      if (words.seen[i] != masked_word) continue;
      answer.log_probabilities.push_back(std::log(posterior.probability(segment, i, words.truth[i])));
    }
  }
  return answer;
}

double BayesOracle::probability(const MaskedPair& pair, Knowledge knowledge, bool in_second, size_t position,
                                WordId word) const {
  return Posterior(*this, pair, knowledge).probability(in_second ? 1 : 0, position, word);
}

}  // namespace cloze
