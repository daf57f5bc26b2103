#pragma once

#include <string>
#include <vector>

#include "engine/observe/findings.h"
#include "engine/observe/machine_facts.h"
#include "engine/observe/self_test.h"

// `cloze doctor`: what there is, what would be used, what is missing, and whether it works.
namespace cloze {

struct Diagnosis {
  MachineFacts facts;
  std::vector<Finding> findings;
  SelfTest self_test;
};

// Sets the number of threads to what a run would use.
Diagnosis diagnose();

std::string diagnosis_text(const Diagnosis& diagnosis);
std::string diagnosis_json(const Diagnosis& diagnosis);

}  // namespace cloze
