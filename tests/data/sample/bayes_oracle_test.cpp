#include "engine/data/sample/bayes_oracle.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <numeric>
#include <sstream>
#include <utility>

#include "engine/base/error.h"
#include "engine/data/sample/mask_floor.h"
#include "tests/data/sample/toy_world.h"

namespace cloze {
namespace {

constexpr int32_t toy_vocabulary = 40;

// A whole-sentence segment from text in which _ stands for [MASK]; `truth` may be left out.
MaskedSegment segment_of(const SampleWorld& world, const std::string& seen, const std::string& truth = "") {
  MaskedSegment segment;
  std::istringstream seen_words(seen), true_words(truth.empty() ? seen : truth);
  for (std::string word; seen_words >> word;)
    segment.seen.push_back(word == "_" ? masked_word : world.find(word));
  for (std::string word; true_words >> word;) segment.truth.push_back(word == "_" ? 0 : world.find(word));
  const auto length = static_cast<int32_t>(segment.seen.size());
  segment.pieces = {{0, length, 0, length}};
  return segment;
}

// Everything that can be said, written out: the oracle of the oracle.
struct Told {
  double probability;
  SampleSentence sentence;
};

std::vector<Told> all_sentences(const SampleWorld& world, const DocumentLatent& latent) {
  std::vector<Told> all;
  for (const SentenceForm& form : world.forms) {
    std::vector<Told> partial = {{form.percent / 100.0, {}}};
    const Place& place = world.places[static_cast<size_t>(latent.place)];
    const auto things = static_cast<double>(world.things.size() - (latent.restricted ? 1 : 0));
    // A bought thing is drawn with its container: the thing's slot comes later, so it is looked up from the
    // container's.
    for (size_t slot = 0; slot < form.slots.size(); ++slot) {
      std::vector<Told> longer;
      const auto extend = [&](const Told& so_far, double chance, WordId word) {
        longer.push_back({so_far.probability * chance, so_far.sentence});
        longer.back().sentence.push_back(word);
      };
      for (const Told& so_far : partial) {
        switch (form.slots[slot].kind) {
          case SlotKind::literal:
            extend(so_far, 1, form.slots[slot].index);
            break;
          case SlotKind::person:
            extend(so_far, 1, world.people[static_cast<size_t>(latent.people[0])]);
            break;
          case SlotKind::other_person:
            extend(so_far, 1, world.people[static_cast<size_t>(latent.people[1])]);
            break;
          case SlotKind::place:
            extend(so_far, 1, place.word);
            break;
          case SlotKind::sight:
            for (const WordId sight : place.sights)
              extend(so_far, 1.0 / static_cast<double>(place.sights.size()), sight);
            break;
          case SlotKind::choice: {
            const auto& words = world.choices[static_cast<size_t>(form.slots[slot].index)];
            for (const WordId word : words) extend(so_far, 1.0 / static_cast<double>(words.size()), word);
            break;
          }
          case SlotKind::container:
            for (size_t thing = 0; thing < world.things.size(); ++thing) {
              if (latent.restricted && static_cast<int32_t>(thing) == world.never.thing) continue;
              for (const ContainerChance& chance : world.things[thing].containers) {
                extend(so_far, chance.percent / 100.0 / things, chance.word);
                longer.back().sentence.push_back(
                    -10 - static_cast<WordId>(thing));  // for the thing's slot, see below
              }
            }
            break;
          case SlotKind::thing:
            extend(so_far, 1, 0);
            break;
        }
      }
      partial = std::move(longer);
    }
    for (Told& told : partial) {  // resolves the notes that container slots left behind
      const auto note =
          std::find_if(told.sentence.begin(), told.sentence.end(), [](WordId word) { return word <= -10; });
      if (note != told.sentence.end()) {
        const WordId thing = world.things[static_cast<size_t>(-10 - *note)].word;
        told.sentence.erase(note);
        for (size_t slot = 0; slot < form.slots.size(); ++slot) {
          if (form.slots[slot].kind == SlotKind::thing) told.sentence[slot] = thing;
        }
      }
      all.push_back(told);
    }
  }
  return all;
}

// P(seen | truth) with exactly `picked` of the visible words picked, summed over which ones, one position
// after another.
double chance_of_seeing(const std::vector<WordId>& seen, const std::vector<WordId>& truth, int picked,
                        size_t from = 0) {
  if (picked < 0) return 0;
  if (from == seen.size()) return picked == 0 ? 1 : 0;
  if (seen[from] == masked_word) return chance_of_seeing(seen, truth, picked, from + 1);
  const double same = seen[from] == truth[from] ? 1 : 0;
  double chance = (0.5 * same + 0.5 / toy_vocabulary) * chance_of_seeing(seen, truth, picked - 1, from + 1);
  if (same > 0) chance += chance_of_seeing(seen, truth, picked, from + 1);
  return chance;
}

std::vector<Told> cut_to(const std::vector<Told>& sentences, const SentencePiece& piece) {
  std::vector<Told> cut;
  for (const Told& told : sentences) {
    if (static_cast<int32_t>(told.sentence.size()) != piece.full_length) continue;
    const auto begin = told.sentence.begin() + piece.offset;
    cut.push_back({told.probability, SampleSentence(begin, begin + (piece.end - piece.begin))});
  }
  return cut;
}

// P(word at `position` of the first segment | what is seen), over all documents and sentences one by one.
double enumerated(const SampleWorld& world, const MaskedPair& pair, size_t position, WordId word) {
  const std::vector<DocumentLatent> latents = all_document_latents(world);
  std::vector<WordId> seen = pair.first.seen;
  seen.insert(seen.end(), pair.second.seen.begin(), pair.second.seen.end());
  double with_word = 0, all = 0;
  for (size_t one = 0; one < latents.size(); ++one) {
    for (size_t other = 0; other < latents.size(); ++other) {
      if (!pair.random_next && one != other) continue;
      for (const Told& first : cut_to(all_sentences(world, latents[one]), pair.first.pieces[0])) {
        for (const Told& second : cut_to(all_sentences(world, latents[other]), pair.second.pieces[0])) {
          std::vector<WordId> truth = first.sentence;
          truth.insert(truth.end(), second.sentence.begin(), second.sentence.end());
          const double joint =
              first.probability * second.probability * chance_of_seeing(seen, truth, pair.kept_or_replaced);
          all += joint;
          if (truth[position] == word) with_word += joint;
        }
      }
    }
  }
  return with_word / all;
}

void expect_enumerated(const MaskedPair& pair) {
  const SampleWorld world = build_world(toy_rules());
  const BayesOracle oracle(world, toy_vocabulary);
  for (size_t position = 0; position < pair.first.seen.size(); ++position) {
    if (pair.first.seen[position] != masked_word) continue;
    for (WordId word = 0; word < static_cast<WordId>(world.words.size()); ++word) {
      EXPECT_NEAR(oracle.probability(pair, Knowledge::told_the_layout, false, position, word),
                  enumerated(world, pair, position, word), 1e-12)
          << position << ' ' << world.words[static_cast<size_t>(word)];
    }
  }
}

TEST(BayesOracle, AgreesWithEnumerationWhenNothingIsReplaced) {
  const SampleWorld world = build_world(toy_rules());
  for (const bool random : {false, true}) {
    expect_enumerated(
        {segment_of(world, "_ bought a _ of _ ."), segment_of(world, "ann saw the _ bed ."), random, 0});
    expect_enumerated(
        {segment_of(world, "_ bought a _ of tea ."), segment_of(world, "at the inn eve met _ ."), random, 0});
    expect_enumerated(
        {segment_of(world, "_ _ the big _ ."), segment_of(world, "bob bought a jar of _ ."), random, 0});
  }
}

TEST(BayesOracle, AgreesWithEnumerationWhenWordsMayBeReplaced) {
  const SampleWorld world = build_world(toy_rules());
  for (const int picked : {1, 2, 3}) {
    for (const bool random : {false, true}) {
      expect_enumerated({segment_of(world, "_ bought a _ of tea ."),
                         segment_of(world, "at the inn eve met ann ."), random, picked});
      expect_enumerated({segment_of(world, "bob saw the _ _ ."),
                         segment_of(world, "at the zoo eve met jar ."), random, picked});
    }
  }
}

TEST(BayesOracle, AgreesWithEnumerationOnCutSentences) {
  const SampleWorld world = build_world(toy_rules());
  MaskedSegment tail = segment_of(world, "_ of tea .");
  tail.pieces = {{0, 4, 3, 7}};
  MaskedSegment head = segment_of(world, "at the inn _");
  head.pieces = {{0, 4, 0, 7}};
  for (const int picked : {0, 1}) {
    expect_enumerated({tail, head, false, picked});
    expect_enumerated({head, tail, true, picked});
  }
}

TEST(BayesOracle, KnowsContainersByTheThingAlone) {
  const SampleWorld& world = sample_world();
  const BayesOracle oracle(world, 1000);
  for (const Knowledge knowledge : {Knowledge::told_the_layout, Knowledge::as_a_model}) {
    for (const auto& [person, place] :
         {std::pair("man", "store"), std::pair("woman", "harbor"), std::pair("girl", "zoo")}) {
      const std::string text =
          std::string("the ") + person + " went to the " + place + " and bought a _ of shoes .";
      const MaskedPair pair{segment_of(world, text),
                            segment_of(world, "the boy walked slowly past the big shell ."), true, 0};
      EXPECT_NEAR(oracle.probability(pair, knowledge, false, 9, world.find("pair")), 0.8, 1e-12);
      EXPECT_NEAR(oracle.probability(pair, knowledge, false, 9, world.find("cart")), 0.2, 1e-12);
    }
  }
}

TEST(BayesOracle, CopiesThePersonOfTheDocument) {
  const SampleWorld& world = sample_world();
  const BayesOracle oracle(world, 1000);
  const MaskedSegment first = segment_of(world, "the sailor walked slowly past the big shell .");
  const MaskedSegment second = segment_of(world, "the _ saw the old wave and felt happy .");
  const WordId sailor = world.find("sailor");
  EXPECT_NEAR(oracle.probability({first, second, false, 0}, Knowledge::told_the_layout, true, 1, sailor), 1,
              1e-12);
  EXPECT_NEAR(oracle.probability({first, second, true, 0}, Knowledge::told_the_layout, true, 1, sailor),
              1.0 / static_cast<double>(world.people.size()), 1e-12);
  // Both segments speak of the beach: as many times likelier in one document as there are places.
  EXPECT_NEAR(oracle.ask({first, second, false, 0}, Knowledge::as_a_model).random_next,
              1.0 / static_cast<double>(world.places.size() + 1), 1e-12);
}

TEST(BayesOracle, ProbabilitiesOfAllWordsSumToOne) {
  const SampleWorld& world = sample_world();
  const BayesOracle oracle(world, 1000);
  std::vector<SampleDocument> documents;
  for (uint64_t i = 0; i < 6; ++i)
    documents.push_back(make_document(world, 5, DrawPurpose::floor_documents, i));
  int tried = 0;
  for (const MaskedPair& pair : make_masked_pairs(world, documents, {}, 5)) {
    const auto masked = std::find(pair.first.seen.begin(), pair.first.seen.end(), masked_word);
    if (masked == pair.first.seen.end() || ++tried > 2) continue;
    for (const Knowledge knowledge : {Knowledge::told_the_layout, Knowledge::as_a_model}) {
      double sum = 0;
      for (WordId word = 0; word < static_cast<WordId>(world.words.size()); ++word) {
        sum += oracle.probability(pair, knowledge, false,
                                  static_cast<size_t>(masked - pair.first.seen.begin()), word);
      }
      EXPECT_NEAR(sum, 1, 1e-9);
    }
  }
  EXPECT_GE(tried, 2);
}

// What a calibrated predictor says of itself comes true: mean -log p of the truth equals the mean entropy it
// states.
TEST(BayesOracle, IsCalibratedOnTheWorldsOwnText) {
  const SampleWorld world = build_world(toy_rules());
  const BayesOracle oracle(world, toy_vocabulary);
  std::vector<SampleDocument> documents;
  for (uint64_t i = 0; i < 400; ++i)
    documents.push_back(make_document(world, 9, DrawPurpose::floor_documents, i));
  std::vector<double> differences;
  const MaskingRules rules{.max_sequence_length = 32, .vocabulary_size = toy_vocabulary};
  for (const MaskedPair& pair : make_masked_pairs(world, documents, rules, 9)) {
    const auto masked = std::find(pair.second.seen.begin(), pair.second.seen.end(), masked_word);
    if (masked == pair.second.seen.end()) continue;
    const auto position = static_cast<size_t>(masked - pair.second.seen.begin());
    double entropy = 0, loss = 0;
    for (WordId word = 0; word < static_cast<WordId>(world.words.size()); ++word) {
      const double p = oracle.probability(pair, Knowledge::told_the_layout, true, position, word);
      if (p > 0) entropy -= p * std::log(p);
      if (word == pair.second.truth[position]) loss = -std::log(p);
    }
    differences.push_back(loss - entropy);
  }
  const auto n = static_cast<double>(differences.size());
  const double mean = std::accumulate(differences.begin(), differences.end(), 0.0) / n;
  const double squares =
      std::inner_product(differences.begin(), differences.end(), differences.begin(), 0.0) / n;
  EXPECT_GT(n, 500);
  EXPECT_LT(std::abs(mean), 4 * std::sqrt(squares / n));
  EXPECT_LT(std::sqrt(squares / n), 0.05);  // precise enough to see a wrong rule
}

TEST(BayesOracle, RefusesWhatTheRulesCannotProduce) {
  const SampleWorld& world = sample_world();
  const BayesOracle oracle(world, 1000);
  const MaskedSegment impossible = segment_of(world, "the woman went to the store and bought a _ of shoes .");
  const MaskedSegment other = segment_of(world, "the boy walked slowly past the big shell .");
  EXPECT_THROW(oracle.ask({impossible, other, true, 0}, Knowledge::told_the_layout), Error);
  MaskedSegment scrambled = other;
  std::swap(scrambled.seen[1], scrambled.seen[2]);
  EXPECT_THROW(oracle.ask({other, scrambled, true, 0}, Knowledge::as_a_model), Error);
}

TEST(MaskFloor, IsATightBracketAndLabelsAreClear) {
  const MaskFloor floor = sample_mask_floor(2, {}, 150);
  EXPECT_GT(floor.predictions, 1000);
  EXPECT_GT(floor.lower_bound, 0.3);
  EXPECT_LT(floor.lower_bound, 1.5);
  EXPECT_GE(floor.upper_bound, floor.lower_bound);
  EXPECT_LT(floor.upper_bound, 1.02 * floor.lower_bound);
  EXPECT_LT(floor.standard_error, 0.05 * floor.lower_bound);
  EXPECT_GT(floor.next_sentence_accuracy, 0.98);
}

TEST(MaskFloor, OfShorterInputsIsHigher) {
  const double usual = sample_mask_floor(2, {}, 60).lower_bound;
  EXPECT_GT(sample_mask_floor(2, {.max_sequence_length = 20}, 100).lower_bound, usual + 0.05);
  EXPECT_THROW(exact_mask_loss(sample_world(), {}, 1000), Error);
}

}  // namespace
}  // namespace cloze
