#pragma once

#include <cstdint>
#include <filesystem>

namespace cloze {

constexpr uint64_t default_sample_seed = 1;

// Writes the sample under `folder` (made where it is missing); the same bytes for the same seed on every
// machine:
//   corpus.txt, corpus-valid.txt          a sentence a line, a blank line between documents
//   reviews/train.csv, reviews/test.csv   as yelp_review_polarity_csv
//   questions/train.json, …/dev.json      as SQuAD v1.1
//   statistics.json                       counts, the rules' probabilities, the exact loss on [MASK]
// Throws Error naming the file that cannot be written.
void write_sample(const std::filesystem::path& folder, uint64_t seed = default_sample_seed);

}  // namespace cloze
