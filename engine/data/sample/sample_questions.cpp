#include "engine/data/sample/sample_questions.h"

#include <fmt/core.h>

#include <nlohmann/json.hpp>
#include <numeric>
#include <utility>

#include "engine/data/sample/sample_documents.h"

namespace cloze {
namespace {

constexpr uint32_t purchases_a_passage = 4;
constexpr size_t passages_an_article = 20;

// `count` different indices below `bound`.
std::vector<int32_t> different(SampleDraws& draws, uint32_t count, size_t bound) {
  std::vector<int32_t> indices(bound);
  std::iota(indices.begin(), indices.end(), 0);
  for (uint32_t i = 0; i < count; ++i) {
    std::swap(indices[i], indices[i + draws.below(static_cast<uint32_t>(bound) - i)]);
  }
  indices.resize(count);
  return indices;
}

struct Purchase {
  std::string person, place, day, container, thing;
  bool paid_in_coins = false;
  std::string coins;
};

class PassageWriter {
 public:
  PassageWriter(const SampleWorld& world, SampleDraws& draws) : world_(world), draws_(draws) {}

  SamplePassage write() {
    const std::vector<Purchase> purchases = draw_purchases();
    for (const Purchase& purchase : purchases) {
      if (draws_.percent(40)) append(beside_the_point());
      tell(purchase);
    }
    return std::move(passage_);
  }

 private:
  // A stretch of a sentence under way, so that an answer knows where it stands.
  size_t put(const std::string& text) {
    const size_t begin = passage_.text.size();
    passage_.text += text;
    return begin;
  }
  void append(const std::string& sentence) {
    if (!passage_.text.empty()) passage_.text += ' ';
    passage_.text += sentence;
  }
  void ask(std::string question, const std::string& answer, size_t start) {
    passage_.questions.push_back({std::move(question), answer, start});
  }
  const std::string& word(WordId id) const { return world_.words[static_cast<size_t>(id)]; }
  const std::string& choice(size_t list) { return draws_.one_of(sample_rules().choices[list].second); }
  std::string container_of(const Thing& thing) {
    const bool first = static_cast<int32_t>(draws_.below(100)) < thing.containers.front().percent;
    return word((first ? thing.containers.front() : thing.containers.back()).word);
  }

  std::vector<Purchase> draw_purchases();
  void tell(const Purchase& purchase);
  std::string beside_the_point();

  const SampleWorld& world_;
  SampleDraws& draws_;
  SamplePassage passage_;
};

std::vector<Purchase> PassageWriter::draw_purchases() {
  const auto& days = sample_rules().choices.front().second;
  const auto people = different(draws_, purchases_a_passage, world_.people.size());
  const auto places = different(draws_, purchases_a_passage, world_.places.size());
  const auto when = different(draws_, purchases_a_passage, days.size());
  std::vector<Purchase> purchases;
  for (size_t i = 0; i < purchases_a_passage; ++i) {
    const Person& person = world_.people[static_cast<size_t>(people[i])];
    const Place& place = world_.places[static_cast<size_t>(places[i])];
    std::vector<int32_t> things = place.things;
    if (is_restricted(world_, places[i], people[i])) std::erase(things, world_.never.thing);
    const Thing& thing = world_.things[static_cast<size_t>(draws_.one_of(things))];
    std::string day = days[static_cast<size_t>(when[i])];
    day[0] = static_cast<char>(day[0] - 'a' + 'A');
    purchases.push_back({.person = word(person.word),
                         .place = word(place.word),
                         .day = std::move(day),
                         .container = container_of(thing),
                         .thing = word(thing.word),
                         .paid_in_coins = draws_.percent(50),
                         .coins = choice(3)});
  }
  return purchases;
}

void PassageWriter::tell(const Purchase& bought) {
  const std::string goods = fmt::format("{} of {}", bought.container, bought.thing);
  append("");
  size_t person = 0, place = 0, day = 0, what = 0;
  if (bought.paid_in_coins) {
    put("The ");
    person = put(bought.person);
    put(" paid ");
    const size_t coins = put(bought.coins);
    put(" coins for a ");
    what = put(goods);
    put(" at the ");
    place = put(bought.place);
    put(" on ");
    day = put(bought.day);
    put(".");
    ask(fmt::format("How many coins did the {} pay?", bought.person), bought.coins, coins);
  } else {
    put("On ");
    day = put(bought.day);
    put(" the ");
    person = put(bought.person);
    put(" went to the ");
    place = put(bought.place);
    put(" and bought a ");
    what = put(goods);
    put(".");
  }
  if (draws_.percent(50)) {
    ask(fmt::format("Who bought the {}?", bought.thing), bought.person, person);
    ask(fmt::format("When was the {} at the {}?", bought.person, bought.place), bought.day, day);
  } else {
    ask(fmt::format("Where did the {} buy the {}?", bought.person, bought.thing), bought.place, place);
    ask(fmt::format("What did the {} buy?", bought.person), goods, what);
  }
}

std::string PassageWriter::beside_the_point() {
  const Place& place = draws_.one_of(world_.places);
  return fmt::format("It was a {} {} and the {} looked {}.", choice(1), choice(2),
                     word(draws_.one_of(place.sights)), word(draws_.one_of(place.looks)));
}

}  // namespace

SamplePassage make_passage(const SampleWorld& world, uint64_t seed, DrawPurpose purpose, uint64_t index) {
  SampleDraws draws(seed, purpose, index);
  return PassageWriter(world, draws).write();
}

std::string questions_json(const std::vector<SamplePassage>& passages, const std::string& name) {
  using Json = nlohmann::ordered_json;
  Json articles = Json::array();
  for (size_t i = 0; i < passages.size(); ++i) {
    if (i % passages_an_article == 0) {
      articles.push_back({{"title", fmt::format("Sample_world_{}", i / passages_an_article + 1)},
                          {"paragraphs", Json::array()}});
    }
    Json questions = Json::array();
    for (size_t q = 0; q < passages[i].questions.size(); ++q) {
      const SampleQuestion& question = passages[i].questions[q];
      Json answers = Json::array({Json{{"answer_start", question.answer_start}, {"text", question.answer}}});
      questions.push_back({{"answers", std::move(answers)},
                           {"question", question.text},
                           {"id", fmt::format("{}-{:04}-{:02}", name, i, q)}});
    }
    articles.back()["paragraphs"].push_back({{"context", passages[i].text}, {"qas", std::move(questions)}});
  }
  return Json{{"data", std::move(articles)}, {"version", "1.1"}}.dump() + "\n";
}

}  // namespace cloze
