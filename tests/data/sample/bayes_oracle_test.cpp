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

// The words a slot can hold with their chances, all but things and containers.
std::vector<std::pair<WordId, double>> fillings(const SampleWorld& world, const DocumentLatent& latent,
                                                const Slot& slot) {
  const auto uniform = [](const std::vector<WordId>& words) {
    std::vector<std::pair<WordId, double>> all;
    for (const WordId word : words) all.emplace_back(word, 1.0 / static_cast<double>(words.size()));
    return all;
  };
  const Place& place = world.places[static_cast<size_t>(latent.place)];
  const Person& person = world.people[static_cast<size_t>(latent.person)];
  switch (slot.kind) {
    case SlotKind::literal:
      return {{slot.index, 1}};
    case SlotKind::person:
      return {{person.word, 1}};
    case SlotKind::belonging:
      return uniform(person.belongings);
    case SlotKind::place:
      return {{place.word, 1}};
    case SlotKind::sight:
      return uniform(place.sights);
    case SlotKind::look:
      return uniform(place.looks);
    case SlotKind::choice:
      return uniform(world.choices[static_cast<size_t>(slot.index)]);
    case SlotKind::thing:
    case SlotKind::container:
      break;
  }
  return {};
}

std::vector<Told> all_sentences(const SampleWorld& world, const DocumentLatent& latent) {
  std::vector<int32_t> things = world.places[static_cast<size_t>(latent.place)].things;
  if (latent.restricted) std::erase(things, world.never.thing);
  std::vector<Told> all;
  for (const SentenceForm& form : world.forms) {
    for (const int32_t index : things) {
      const Thing& thing = world.things[static_cast<size_t>(index)];
      for (const ContainerChance& container : thing.containers) {
        // Forms that buy nothing are listed once for each purchase, with its share of their probability.
        const double purchase = container.percent / 100.0 / static_cast<double>(things.size());
        std::vector<Told> partial = {{form.percent / 100.0 * purchase, {}}};
        for (const Slot& slot : form.slots) {
          auto words = fillings(world, latent, slot);
          if (slot.kind == SlotKind::thing) words = {{thing.word, 1}};
          if (slot.kind == SlotKind::container) words = {{container.word, 1}};
          std::vector<Told> longer;
          for (const Told& told : partial) {
            for (const auto& [word, chance] : words) {
              longer.push_back({told.probability * chance, told.sentence});
              longer.back().sentence.push_back(word);
            }
          }
          partial = std::move(longer);
        }
        all.insert(all.end(), partial.begin(), partial.end());
      }
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
        {segment_of(world, "_ bought a _ of _ ."), segment_of(world, "ann saw the warm _ ."), random, 0});
    expect_enumerated(
        {segment_of(world, "_ bought a cup of _ ."), segment_of(world, "_ saw the _ _ ."), random, 0});
    expect_enumerated(
        {segment_of(world, "_ _ the _ bar ."), segment_of(world, "bob bought a jar of _ ."), random, 0});
  }
}

TEST(BayesOracle, AgreesWithEnumerationWhenWordsMayBeReplaced) {
  const SampleWorld world = build_world(toy_rules());
  for (const int picked : {1, 2, 3}) {
    for (const bool random : {false, true}) {
      expect_enumerated({segment_of(world, "_ bought a _ of tea ."),
                         segment_of(world, "eve saw the warm ape ."), random, picked});
      expect_enumerated({segment_of(world, "bob saw the _ _ ."),
                         segment_of(world, "bob bought a jar of dog ."), random, picked});
    }
  }
}

TEST(BayesOracle, AgreesWithEnumerationOnCutSentences) {
  const SampleWorld world = build_world(toy_rules());
  MaskedSegment tail = segment_of(world, "the _ at the _ .");
  tail.pieces = {{0, 6, 4, 10}};
  MaskedSegment head = segment_of(world, "ann bought a _");
  head.pieces = {{0, 4, 0, 7}};
  for (const int picked : {0, 1}) {
    expect_enumerated({tail, head, false, picked});
    expect_enumerated({head, tail, true, picked});
  }
}

TEST(BayesOracle, KnowsContainersByTheThingAlone) {
  const SampleWorld& world = sample_world();
  const BayesOracle oracle(world, 600);
  const MaskedSegment next = segment_of(world, "the girl quickly carried the doll to the blue shell .");
  for (const Knowledge knowledge : {Knowledge::told_the_layout, Knowledge::as_a_model}) {
    for (const char* person : {"man", "girl", "farmer"}) {
      const MaskedSegment first =
          segment_of(world, std::string("the ") + person + " went to the store and bought a _ of shoes .");
      EXPECT_NEAR(oracle.probability({first, next, true, 0}, knowledge, false, 9, world.find("pair")), 0.8,
                  1e-12);
      EXPECT_NEAR(oracle.probability({first, next, true, 0}, knowledge, false, 9, world.find("cart")), 0.2,
                  1e-12);
    }
  }
}

TEST(BayesOracle, CopiesThePersonOfTheDocument) {
  const SampleWorld& world = sample_world();
  const BayesOracle oracle(world, 600);
  const MaskedSegment first = segment_of(world, "the sailor quickly carried the monkey to the blue shell .");
  const MaskedSegment second = segment_of(world, "the _ slowly carried the _ to the sandy wave .");
  const auto people = static_cast<double>(world.people.size()),
             places = static_cast<double>(world.places.size());
  const WordId sailor = world.find("sailor");
  EXPECT_NEAR(oracle.probability({first, second, false, 0}, Knowledge::told_the_layout, true, 1, sailor), 1,
              1e-12);
  EXPECT_NEAR(oracle.probability({first, second, true, 0}, Knowledge::told_the_layout, true, 1, sailor),
              1 / people, 1e-12);
  // Both segments speak of the beach: as many times likelier in one document as there are places.
  EXPECT_NEAR(oracle.ask({first, second, false, 0}, Knowledge::as_a_model).random_next, 1 / (places + 1),
              1e-12);
}

TEST(BayesOracle, ProbabilitiesOfAllWordsSumToOne) {
  const SampleWorld& world = sample_world();
  const BayesOracle oracle(world, 600);
  std::vector<SampleDocument> documents;
  for (uint64_t i = 0; i < 6; ++i)
    documents.push_back(make_document(world, 5, DrawPurpose::floor_documents, i));
  int tried = 0;
  for (const MaskedPair& pair : make_masked_pairs(world, documents, {}, 5)) {
    const auto masked = std::find(pair.first.seen.begin(), pair.first.seen.end(), masked_word);
    if (masked == pair.first.seen.end() || ++tried > 6) continue;
    for (const Knowledge knowledge : {Knowledge::told_the_layout, Knowledge::as_a_model}) {
      double sum = 0;
      for (WordId word = 0; word < static_cast<WordId>(world.words.size()); ++word) {
        sum += oracle.probability(pair, knowledge, false,
                                  static_cast<size_t>(masked - pair.first.seen.begin()), word);
      }
      EXPECT_NEAR(sum, 1, 1e-9);
    }
  }
  EXPECT_GE(tried, 6);
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
  const BayesOracle oracle(world, 600);
  const MaskedSegment impossible = segment_of(world, "the woman went to the store and bought a _ of shoes .");
  const MaskedSegment other = segment_of(world, "the boy quickly carried the ball to the blue shell .");
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
