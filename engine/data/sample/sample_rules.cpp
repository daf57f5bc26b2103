#include "engine/data/sample/sample_world.h"

namespace cloze {
namespace {

const std::vector<std::string> stems = {"walk", "march", "rush", "wander", "stroll", "crawl"};

std::vector<std::string> with_ending(const std::vector<std::string>& words, const char* ending) {
  std::vector<std::string> inflected;
  for (const std::string& word : words) inflected.push_back(word + ending);
  return inflected;
}

RuleBook make_rules() {
  RuleBook rules;
  rules.people = {"woman", "man", "girl", "boy", "teacher", "farmer", "sailor", "doctor"};
  rules.places = {
      {"store", {"shelf", "counter", "mirror"}},   {"market", {"stall", "fountain", "parrot"}},
      {"school", {"desk", "blackboard", "bell"}},  {"harbor", {"ship", "anchor", "lighthouse"}},
      {"farm", {"barn", "cow", "tractor"}},        {"library", {"novel", "atlas", "globe"}},
      {"station", {"train", "platform", "clock"}}, {"museum", {"statue", "portrait", "vase"}},
      {"garden", {"rose", "hedge", "bench"}},      {"beach", {"wave", "shell", "crab"}},
      {"castle", {"knight", "throne", "dungeon"}}, {"zoo", {"lion", "monkey", "elephant"}},
  };
  rules.things = {
      {"shoes", {{"pair", 80}, {"cart", 20}}},      {"socks", {{"pair", 70}, {"bag", 30}}},
      {"gloves", {{"pair", 90}, {"box", 10}}},      {"apples", {{"bag", 60}, {"basket", 40}}},
      {"pears", {{"basket", 70}, {"cart", 30}}},    {"potatoes", {{"sack", 80}, {"cart", 20}}},
      {"flour", {{"sack", 70}, {"bag", 30}}},       {"milk", {{"bottle", 80}, {"jug", 20}}},
      {"juice", {{"bottle", 60}, {"jug", 40}}},     {"tea", {{"cup", 70}, {"box", 30}}},
      {"coffee", {{"cup", 60}, {"bag", 40}}},       {"honey", {{"jar", 90}, {"jug", 10}}},
      {"jam", {{"jar", 80}, {"box", 20}}},          {"hay", {{"cart", 70}, {"sack", 30}}},
      {"flowers", {{"bunch", 80}, {"basket", 20}}}, {"carrots", {{"bunch", 60}, {"sack", 40}}},
  };
  rules.choices = {
      {"DAY", {"monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday"}},
      {"WEATHER", {"sunny", "rainy", "windy", "cloudy", "foggy", "snowy"}},
      {"DAYTIME", {"morning", "afternoon", "evening", "night"}},
      {"NUMBER", {"two", "three", "four", "five", "six", "seven", "eight", "nine"}},
      {"LOOK",
       {"big",   "small", "old",    "new",     "red",    "blue",   "green", "yellow", "white",  "black",
        "quiet", "loud",  "bright", "strange", "pretty", "famous", "dirty", "clean",  "broken", "golden"}},
      {"FEELING",
       {"happy", "sad", "tired", "hungry", "proud", "angry", "calm", "nervous", "lucky", "lonely"}},
      {"MANNER", with_ending({"slow", "quick", "quiet", "calm", "glad", "proud", "careful", "sudden"}, "ly")},
      {"MOVED", with_ending(stems, "ed")},
      {"MOVING", with_ending(stems, "ing")},
      {"GOT", {"found", "sold", "needed", "carried", "lost", "wanted"}},
      {"TOLD", {"asked", "told", "warned", "reminded"}},
  };
  rules.forms = {
      {14, "the PERSON went to the PLACE and bought a CONTAINER of THING ."},
      {10, "on DAY the PERSON GOT a CONTAINER of THING near the LOOK SIGHT ."},
      {10, "the PERSON paid NUMBER coins for a CONTAINER of THING at the PLACE ."},
      {10, "the PERSON saw the LOOK SIGHT and felt FEELING ."},
      {10, "the PERSON TOLD the OTHER about the LOOK SIGHT ."},
      {10, "it was a WEATHER DAYTIME and the PERSON liked the LOOK SIGHT ."},
      {10, "the PERSON MOVED MANNER past the LOOK SIGHT ."},
      {10, "in the DAYTIME the PERSON was MOVING near the SIGHT with the OTHER ."},
      {10, "the PERSON was FEELING because the SIGHT was LOOK ."},
      {6, "on DAY the OTHER waited NUMBER hours at the PLACE for the PERSON ."},
  };
  rules.never = {"woman", "store", "shoes"};
  return rules;
}

}  // namespace

const RuleBook& sample_rules() {
  static const RuleBook rules = make_rules();
  return rules;
}

}  // namespace cloze
