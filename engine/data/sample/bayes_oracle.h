#pragma once

#include <vector>

#include "engine/data/sample/masked_pairs.h"
#include "engine/data/sample/sentence_lattice.h"

namespace cloze {

// What the oracle may use besides the input a model sees.
enum class Knowledge : uint8_t {
  // Also told where each sentence begins, how much truncation took away and whether the second segment
  // continues the
  // first. Exact posterior; its expected loss is a lower bound for every model.
  told_the_layout,
  // Nothing: sums over all layouts under a simple prior and over both labels with 1/2 each. A valid
  // prediction from what
  // a model sees; the best possible model's expected loss is at most this oracle's.
  as_a_model,
};

struct OracleAnswer {
  std::vector<double>
      log_probabilities;  // log P(true word | input) for each [MASK], those of the first segment first
  double random_next =
      0;  // P(the second segment is of another document | input), with a prior of 1/2; 0 or 1 where told
};

// The Bayes predictor of the sample world: posterior probabilities by enumeration over the documents' latent
// choices, the readings of every sentence, and which visible words were replaced at random (exactly
// `kept_or_replaced` of the visible words, uniformly chosen, were picked, each kept or replaced with 1/2).
class BayesOracle {
 public:
  // `world` must outlive the oracle. Random replacements are uniform over `vocabulary_size` entries.
  BayesOracle(const SampleWorld& world, int32_t vocabulary_size);

  OracleAnswer ask(const MaskedPair& pair, Knowledge knowledge) const;

  // P(word | input) at one position of the first or the second segment, which must be a [MASK].
  double probability(const MaskedPair& pair, Knowledge knowledge, bool in_second, size_t position,
                     WordId word) const;

 private:
  class Posterior;
  const SampleWorld& world_;
  int32_t vocabulary_size_;
  std::vector<DocumentLatent> latents_;
};

}  // namespace cloze
