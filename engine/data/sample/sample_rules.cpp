#include "engine/data/sample/sample_world.h"

namespace cloze {
namespace {

const std::vector<std::string> movements = {"walk",   "march", "rush", "wander",
                                            "stroll", "crawl", "jump", "sail"};

std::vector<std::string> with_ending(const std::vector<std::string>& words, const char* ending) {
  std::vector<std::string> inflected;
  for (const std::string& word : words) inflected.push_back(word + ending);
  return inflected;
}

RuleBook make_rules() {
  RuleBook rules;
  rules.people = {{"woman", {"cat", "umbrella"}},    {"man", {"dog", "hat"}},
                  {"girl", {"doll", "kite"}},        {"boy", {"ball", "drum"}},
                  {"teacher", {"book", "ruler"}},    {"farmer", {"goat", "wagon"}},
                  {"sailor", {"monkey", "compass"}}, {"doctor", {"bicycle", "coat"}}};
  rules.places = {
      {"store", {"shelf", "counter", "mirror"}, {"modern", "cheap", "shiny"}, {"shoes", "socks", "gloves"}},
      {"market",
       {"stall", "crowd", "fountain"},
       {"noisy", "merry", "colorful"},
       {"apples", "pears", "cherries"}},
      {"farm", {"barn", "cow", "fence"}, {"muddy", "brown", "sleepy"}, {"potatoes", "carrots", "hay"}},
      {"harbor", {"ship", "anchor", "lighthouse"}, {"salty", "wooden", "rusty"}, {"fish", "crabs", "rope"}},
      {"garden",
       {"rose", "hedge", "bench"},
       {"green", "pretty", "fragrant"},
       {"flowers", "seeds", "berries"}},
      {"castle", {"knight", "throne", "dungeon"}, {"royal", "dark", "golden"}, {"wine", "candles", "velvet"}},
      {"beach", {"wave", "shell", "sandcastle"}, {"blue", "sandy", "bright"}, {"juice", "ice", "lemonade"}},
      {"forest", {"oak", "deer", "owl"}, {"wild", "shy", "mossy"}, {"honey", "wood", "mushrooms"}},
  };
  rules.things = {
      {"shoes", {{"pair", 80}, {"cart", 20}}},      {"socks", {{"pair", 70}, {"bag", 30}}},
      {"gloves", {{"pair", 90}, {"box", 10}}},      {"apples", {{"bag", 60}, {"basket", 40}}},
      {"pears", {{"basket", 70}, {"cart", 30}}},    {"cherries", {{"bowl", 60}, {"basket", 40}}},
      {"potatoes", {{"sack", 80}, {"cart", 20}}},   {"carrots", {{"bunch", 60}, {"sack", 40}}},
      {"hay", {{"cart", 70}, {"pile", 30}}},        {"fish", {{"basket", 60}, {"bucket", 40}}},
      {"crabs", {{"bucket", 80}, {"box", 20}}},     {"rope", {{"piece", 70}, {"pile", 30}}},
      {"flowers", {{"bunch", 80}, {"basket", 20}}}, {"seeds", {{"bag", 70}, {"box", 30}}},
      {"berries", {{"bowl", 70}, {"bucket", 30}}},  {"wine", {{"bottle", 70}, {"jug", 30}}},
      {"candles", {{"box", 70}, {"bunch", 30}}},    {"velvet", {{"piece", 80}, {"cart", 20}}},
      {"juice", {{"bottle", 60}, {"jug", 40}}},     {"ice", {{"bucket", 60}, {"cup", 40}}},
      {"lemonade", {{"jug", 70}, {"cup", 30}}},     {"honey", {{"jar", 90}, {"jug", 10}}},
      {"wood", {{"pile", 60}, {"cart", 40}}},       {"mushrooms", {{"basket", 60}, {"bowl", 40}}},
  };
  rules.choices = {
      {"DAY", {"monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday"}},
      {"WEATHER", {"sunny", "rainy", "windy", "cloudy", "foggy", "snowy", "stormy", "cold"}},
      {"DAYTIME", {"morning", "afternoon", "evening", "night"}},
      {"NUMBER", {"two", "three", "four", "five", "six", "seven", "eight", "nine", "ten", "twelve"}},
      {"MONEY", {"coins", "dollars", "pennies", "cents"}},
      {"FEELING",
       {"happy", "sad", "tired", "hungry", "proud", "angry", "calm", "nervous", "lucky", "lonely", "kind",
        "polite", "clever", "careful", "quiet", "brave"}},
      {"MANNER",
       with_ending({"slow", "quick", "quiet", "calm", "glad", "proud", "careful", "sudden", "brave", "sad"},
                   "ly")},
      {"MOVED", with_ending(movements, "ed")},
      {"MOVING", with_ending(movements, "ing")},
      {"NOTICED", {"noticed", "watched", "admired", "remembered", "painted", "liked", "found", "visited"}},
      {"GOT", {"sold", "needed", "carried", "lost", "wanted", "borrowed"}},
  };
  rules.forms = {
      {14, "the PERSON went to the PLACE and bought a CONTAINER of THING ."},
      {10, "on DAY the PERSON with the BELONGING GOT a CONTAINER of THING near the LOOK SIGHT ."},
      {10, "the PERSON paid NUMBER MONEY for the BELONGING and a CONTAINER of THING at the PLACE ."},
      {10, "the PERSON MANNER carried the BELONGING to the LOOK SIGHT ."},
      {12, "on a WEATHER DAYTIME the PERSON with the BELONGING NOTICED the LOOK SIGHT ."},
      {12, "the FEELING PERSON MOVED MANNER past the LOOK SIGHT with the BELONGING ."},
      {10, "in the DAYTIME the FEELING PERSON with the BELONGING was MOVING near the LOOK SIGHT ."},
      {12, "the PERSON was FEELING because the BELONGING was near the LOOK SIGHT ."},
      {10, "on DAY the FEELING PERSON waited NUMBER hours with the BELONGING at the LOOK PLACE ."},
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
