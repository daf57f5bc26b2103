#pragma once

#include <filesystem>
#include <memory>
#include <nlohmann/json.hpp>
#include <string>
#include <utility>

#include "engine/base/json.h"
#include "engine/data/squad/question_windows.h"
#include "tests/text/test_vocabulary.h"

// What tests/golden/squad holds, and the settings it was made with (make_squad_goldens.py).
namespace cloze::testing {

inline std::filesystem::path squad_golden(const std::string& name) {
  return std::filesystem::path(CLOZE_SOURCE_DIR "/tests/golden/squad") / name;
}

// Windows that overlap much.
inline SquadOptions overlapping_windows() {
  return {.max_sequence_length = 40,
          .doc_stride = 11,
          .max_query_length = 9,
          .version_2_with_negative = false,
          .n_best_size = 5,
          .max_answer_length = 8};
}

// A stride greater than a window: none overlap.
inline SquadOptions windows_apart() {
  return {.max_sequence_length = 64,
          .doc_stride = 64,
          .max_query_length = 20,
          .version_2_with_negative = true,
          .n_best_size = 8,
          .max_answer_length = 30,
          .null_score_diff_threshold = -12};
}

inline Tokenizer golden_tokenizer(bool lowercase = true) {
  return {golden_vocabulary(), TokenizerOptions{.lowercase = lowercase}};
}

// A file that is not the project's own; nothing where it is not there.
inline std::filesystem::path shared_data(const std::string& name) {
  return std::filesystem::path(CLOZE_SOURCE_DIR "/../shared/data") / name;
}

}  // namespace cloze::testing
