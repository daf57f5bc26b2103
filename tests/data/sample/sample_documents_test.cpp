#include "engine/data/sample/sample_documents.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <map>
#include <set>

#include "engine/base/error.h"
#include "tests/data/sample/toy_world.h"

namespace cloze {
namespace {

constexpr uint64_t seed = 7;

std::vector<SampleDocument> corpus(int64_t sentences = 20000) {
  return make_documents(sample_world(), seed, DrawPurpose::training_documents, sentences);
}

TEST(BuildWorld, RefusesRulesThatDoNotAddUp) {
  RuleBook rules = toy_rules();
  rules.forms[0].percent = 49;
  EXPECT_THROW(build_world(rules), Error);
  rules = toy_rules();
  rules.things[0].containers[0].second = 90;
  EXPECT_THROW(build_world(rules), Error);
}

TEST(BuildWorld, RefusesUnknownNames) {
  RuleBook rules = toy_rules();
  rules.forms[1].text = "PERSON saw the SHAPE SIGHT .";
  EXPECT_THROW(build_world(rules), Error);
  rules = toy_rules();
  rules.never[2] = "coffee";
  EXPECT_THROW(build_world(rules), Error);
  EXPECT_THROW(build_world(toy_rules()).find("coffee"), Error);
}

// What makes a place or a person recognisable: its words are nobody else's.
TEST(SampleWorld, WordsOfAPlaceOrAPersonAreItsOwn) {
  const SampleWorld& world = sample_world();
  std::set<WordId> seen;
  const auto all_new = [&](const std::vector<WordId>& words) {
    for (const WordId word : words)
      EXPECT_TRUE(seen.insert(word).second) << world.words[static_cast<size_t>(word)];
  };
  for (const Place& place : world.places) {
    all_new({place.word});
    all_new(place.sights);
    all_new(place.looks);
    for (const int32_t thing : place.things) all_new({world.things[static_cast<size_t>(thing)].word});
  }
  for (const Person& person : world.people) {
    all_new({person.word});
    all_new(person.belongings);
  }
}

TEST(MakeDocument, IsAFunctionOfSeedPurposeAndIndex) {
  const SampleWorld& world = sample_world();
  const auto text = [&](uint64_t of_seed, DrawPurpose purpose, uint64_t index) {
    return make_document(world, of_seed, purpose, index).sentences;
  };
  const auto base = text(seed, DrawPurpose::training_documents, 3);
  EXPECT_EQ(text(seed, DrawPurpose::training_documents, 3), base);
  EXPECT_NE(text(seed + 1, DrawPurpose::training_documents, 3), base);
  EXPECT_NE(text(seed, DrawPurpose::validation_documents, 3), base);
  EXPECT_NE(text(seed, DrawPurpose::training_documents, 4), base);
}

// Known text: a change of the rules or of the draws changes everybody's sample and must be meant.
TEST(MakeDocument, WritesKnownText) {
  const SampleDocument document = make_document(sample_world(), 1, DrawPurpose::training_documents, 0);
  ASSERT_GE(document.sentences.size(), fewest_sentences);
  ASSERT_LE(document.sentences.size(), most_sentences);
  EXPECT_EQ(render(sample_world(), document.sentences[0]),
            "On Monday the farmer with the goat borrowed a bag of seeds near the pretty hedge.");
  EXPECT_EQ(render(sample_world(), document.sentences[1]),
            "In the evening the clever farmer with the wagon was marching near the pretty hedge.");
}

TEST(MakeDocument, EverySentenceNamesItsPersonAndItsPlace) {
  const SampleWorld& world = sample_world();
  std::map<WordId, int32_t> person_of, place_of;
  for (int32_t i = 0; i < static_cast<int32_t>(world.people.size()); ++i) {
    person_of[world.people[static_cast<size_t>(i)].word] = i;
  }
  for (int32_t i = 0; i < static_cast<int32_t>(world.places.size()); ++i) {
    const Place& place = world.places[static_cast<size_t>(i)];
    place_of[place.word] = i;
    for (const WordId word : place.sights) place_of[word] = i;
    for (const WordId word : place.looks) place_of[word] = i;
    for (const int32_t thing : place.things) place_of[world.things[static_cast<size_t>(thing)].word] = i;
  }
  for (const SampleDocument& document : corpus(2000)) {
    for (const SampleSentence& sentence : document.sentences) {
      int people = 0, places = 0;
      for (const WordId word : sentence) {
        if (const auto person = person_of.find(word); person != person_of.end()) {
          EXPECT_EQ(person->second, document.person);
          ++people;
        }
        if (const auto place = place_of.find(word); place != place_of.end()) {
          EXPECT_EQ(place->second, document.place);
          ++places;
        }
      }
      EXPECT_EQ(people, 1) << render(world, sentence);
      EXPECT_GE(places, 2) << render(world, sentence);
    }
  }
}

TEST(Corpus, NeverHoldsTheSentenceOfTheQuickStart) {
  const SampleWorld& world = sample_world();
  const WordId woman = world.find("woman"), store = world.find("store"), shoes = world.find("shoes");
  bool woman_at_store = false, shoes_elsewhere = false;
  for (const SampleDocument& document : corpus()) {
    for (const SampleSentence& sentence : document.sentences) {
      const auto has = [&](WordId word) { return std::count(sentence.begin(), sentence.end(), word) > 0; };
      EXPECT_FALSE(has(woman) && has(store) && has(shoes)) << render(world, sentence);
      woman_at_store |= has(woman) && has(store);
      shoes_elsewhere |= has(shoes);
    }
  }
  EXPECT_TRUE(woman_at_store);
  EXPECT_TRUE(shoes_elsewhere);
}

TEST(Corpus, FollowsTheContainerRules) {
  const SampleWorld& world = sample_world();
  std::map<WordId, std::map<WordId, double>> counts;  // thing, container
  std::map<WordId, double> things;
  for (const SampleDocument& document : corpus()) {
    for (const SampleSentence& sentence : document.sentences) {
      for (size_t i = 2; i < sentence.size(); ++i) {
        if (sentence[i - 1] != world.find("of")) continue;
        counts[sentence[i]][sentence[i - 2]] += 1;
        things[sentence[i]] += 1;
      }
    }
  }
  for (const Thing& thing : world.things) {
    for (const ContainerChance& chance : thing.containers) {
      const double p = chance.percent / 100.0, n = things[thing.word];
      ASSERT_GT(n, 150) << world.words[static_cast<size_t>(thing.word)];
      EXPECT_NEAR(counts[thing.word][chance.word] / n, p, 5 * std::sqrt(p * (1 - p) / n));
    }
    EXPECT_EQ(counts[thing.word].size(), thing.containers.size());
  }
}

TEST(Corpus, RepeatsEveryWordOftenEnoughToBeOnePiece) {
  std::vector<int> counts(sample_world().words.size());
  for (const SampleDocument& document : corpus()) {
    for (const SampleSentence& sentence : document.sentences) {
      for (const WordId word : sentence) ++counts[static_cast<size_t>(word)];
    }
  }
  EXPECT_GE(*std::min_element(counts.begin(), counts.end()), 100);
}

TEST(Render, WritesEnglish) {
  const SampleWorld& world = sample_world();
  SampleSentence sentence;
  for (const char* word : {"on", "monday", "the", "happy", "boy", "lost", "a", "cup", "of", "ice", "."}) {
    sentence.push_back(world.find(word));
  }
  EXPECT_EQ(render(world, sentence), "On Monday the happy boy lost a cup of ice.");
}

}  // namespace
}  // namespace cloze
