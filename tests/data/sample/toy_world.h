#pragma once

#include "engine/data/sample/sample_world.h"

namespace cloze {

// A world of few words, so that a test can enumerate everything the rules allow.
inline RuleBook toy_rules() {
  RuleBook rules;
  rules.people = {{"ann", {"cat", "hat"}}, {"bob", {"dog"}}, {"eve", {"kite", "drum"}}};
  rules.places = {{"inn", {"bed", "bar"}, {"warm", "dark"}, {"tea", "jam"}},
                  {"zoo", {"ape", "emu"}, {"wild"}, {"hay", "jam"}}};
  rules.things = {
      {"tea", {{"cup", 80}, {"jar", 20}}}, {"jam", {{"jar", 100}}}, {"hay", {{"cart", 60}, {"cup", 40}}}};
  rules.choices = {{"DAY", {"monday", "friday"}}};
  rules.forms = {{50, "PERSON bought a CONTAINER of THING ."},
                 {30, "PERSON saw the LOOK SIGHT ."},
                 {20, "on DAY PERSON left the BELONGING at the PLACE ."}};
  rules.never = {"ann", "inn", "tea"};
  return rules;
}

}  // namespace cloze
