#pragma once

#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <string_view>

#include "engine/data/examples/task_description.h"

namespace cloze {

// The files that GLUE's site takes: a header "index\tprediction", then the number of each test row, from 0,
// and its label in words, or its score from 0 to 5 with three decimals (STS-B).

// "MNLI-m.tsv"; nothing for a task that is none of GLUE's. A model of MNLI predicts three of the site's
// files: which one is told by the name of `test`, test_matched.tsv, test_mismatched.tsv or diagnostic.tsv.
std::optional<std::string> glue_submission_name(TaskPreset preset, const std::filesystem::path& test);
std::string glue_submission_header();
std::string glue_submission_line(int64_t index, std::string_view label);
std::string glue_submission_line(int64_t index, float score);

}  // namespace cloze
