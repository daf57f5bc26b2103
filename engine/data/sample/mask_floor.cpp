#include "engine/data/sample/mask_floor.h"

#include <cmath>
#include <numeric>

#include "engine/base/error.h"

namespace cloze {
namespace {

double loss_sum(const std::vector<double>& logarithms) {
  return -std::accumulate(logarithms.begin(), logarithms.end(), 0.0);
}

// Of the ratio of sums (loss) / (predictions) over independent inputs (Cochran, Sampling Techniques,
// section 6.4).
double ratio_standard_error(const std::vector<double>& losses, const std::vector<double>& counts,
                            double ratio) {
  double squares = 0, total = 0;
  for (size_t i = 0; i < losses.size(); ++i) {
    const double residual = losses[i] - ratio * counts[i];
    squares += residual * residual;
    total += counts[i];
  }
  const auto n = static_cast<double>(losses.size());
  return n < 2 ? 0 : std::sqrt(squares * n / (n - 1)) / total;
}

}  // namespace

MaskFloor exact_mask_loss(const SampleWorld& world, const std::vector<MaskedPair>& pairs,
                          int32_t vocabulary_size) {
  const BayesOracle oracle(world, vocabulary_size);
  std::vector<double> losses, counts;
  double upper = 0, right = 0;
  for (const MaskedPair& pair : pairs) {
    const std::vector<double> told = oracle.ask(pair, Knowledge::told_the_layout).log_probabilities;
    losses.push_back(loss_sum(told));
    counts.push_back(static_cast<double>(told.size()));
    const OracleAnswer untold = oracle.ask(pair, Knowledge::as_a_model);
    upper += loss_sum(untold.log_probabilities);
    right += (untold.random_next > 0.5) == pair.random_next ? 1 : 0;
  }
  const double predictions = std::accumulate(counts.begin(), counts.end(), 0.0);
  if (predictions == 0) throw Error({.what = "no input with a [MASK] to take the floor over"});
  MaskFloor floor{.pairs = static_cast<int64_t>(pairs.size())};
  floor.predictions = static_cast<int64_t>(predictions);
  floor.lower_bound = std::accumulate(losses.begin(), losses.end(), 0.0) / predictions;
  floor.upper_bound = upper / predictions;
  floor.standard_error = ratio_standard_error(losses, counts, floor.lower_bound);
  floor.next_sentence_accuracy = right / static_cast<double>(pairs.size());
  return floor;
}

MaskFloor sample_mask_floor(uint64_t seed, const MaskingRules& rules, int32_t documents) {
  const SampleWorld& world = sample_world();
  std::vector<SampleDocument> made;
  for (int32_t i = 0; i < documents; ++i) {
    made.push_back(make_document(world, seed, DrawPurpose::floor_documents, static_cast<uint64_t>(i)));
  }
  return exact_mask_loss(world, make_masked_pairs(world, made, rules, seed), rules.vocabulary_size);
}

}  // namespace cloze
