#pragma once

#include "engine/data/sample/sample_world.h"

namespace cloze {

// A world of few words, so that a test can enumerate everything the rules allow.
inline RuleBook toy_rules() {
  RuleBook rules;
  rules.people = {"ann", "bob", "eve"};
  rules.places = {{"inn", {"bed", "bar"}}, {"zoo", {"ape", "emu"}}};
  rules.things = {{"tea", {{"cup", 80}, {"jar", 20}}}, {"jam", {{"jar", 100}}}};
  rules.choices = {{"LOOK", {"red", "big", "old"}}};
  rules.forms = {{50, "PERSON bought a CONTAINER of THING ."},
                 {30, "PERSON saw the LOOK SIGHT ."},
                 {20, "at the PLACE OTHER met PERSON ."}};
  rules.never = {"ann", "inn", "tea"};
  return rules;
}

}  // namespace cloze
