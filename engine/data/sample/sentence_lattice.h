#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "engine/data/sample/masked_pairs.h"
#include "engine/data/sample/series.h"

namespace cloze {

// What is known of one position of a segment.
struct Observation {
  enum class Kind : uint8_t {
    hidden,   // [MASK]
    visible,  // `word` is seen: the truth, or a random replacement
    certain,  // `word` is the truth
  };
  Kind kind = Kind::hidden;
  WordId word = masked_word;
};

std::vector<Observation> observe(const MaskedSegment& segment);

// One way to read the positions begin … end of a segment: as a sentence of a certain form, perhaps cut.
// Its weight given a document's place and person is place[place] * person[person].
struct Reading {
  int32_t begin = 0, end = 0;  // positions, later nodes of the lattice
  std::vector<Series> place;   // [places], the form's percentage and all that depends on no latent included
  Series restricted;           // instead of place[never.place] for documents the `never` rule binds
  std::vector<Series> person;  // [people]
};

// Everything a document draws that its sentences share.
struct DocumentLatent {
  int32_t place = 0, person = 0;
  bool restricted = false;
};
std::vector<DocumentLatent> all_document_latents(const SampleWorld& world);

// P(what is seen of a segment | latent), as a series in the number of kept or replaced words.
struct WeightedLatent {
  int32_t latent = 0;
  Series weight;
};

// All ways to read a segment, and the weight of what is seen for each document latent: a sum over the paths
// through the readings, as in a hidden semi-Markov model. With `pieces` only readings that agree with them
// are taken; without, every cut of the segment into sentences counts, the first and the last perhaps
// truncated.
class SentenceLattice {
 public:
  struct Context {
    const SampleWorld& world;
    std::span<const DocumentLatent> latents;
    int32_t vocabulary_size;
    int32_t degree;  // kept or replaced words in the pair
  };
  SentenceLattice(const Context& context, std::span<const Observation> seen,
                  const std::vector<SentencePiece>* pieces);

  // The latents that can explain what is seen, ascending.
  std::vector<WeightedLatent> weights() const;

 private:
  void add_readings(size_t form, int32_t begin, int32_t offset, const std::vector<SentencePiece>* pieces);
  bool agrees(const SentenceForm& form, int32_t begin, int32_t offset, int32_t end) const;
  Reading read(const SentenceForm& form, int32_t begin, int32_t offset, int32_t end, double prior) const;
  void number_nodes();
  // Over all paths from the first node to the last.
  Series sum_of_paths(const DocumentLatent& latent, std::vector<Series>& reached) const;

  Context context_;
  std::span<const Observation> seen_;
  std::vector<Reading> readings_;  // by begin
  int32_t nodes_ = 0;
};

}  // namespace cloze
