#pragma once

#include <memory>
#include <string>
#include <vector>

#include "engine/text/vocabulary.h"

namespace cloze {

// The golden vocabulary, made by our own trainer (tests/golden/text/make_tokenizer_goldens.py).
inline std::shared_ptr<const Vocabulary> golden_vocabulary() {
  return std::make_shared<Vocabulary>(Vocabulary::load(CLOZE_SOURCE_DIR "/tests/golden/text/vocabulary.txt"));
}

inline std::vector<std::string> pieces_of(const Vocabulary& vocabulary, const std::vector<int32_t>& ids) {
  std::vector<std::string> pieces;
  for (const int32_t id : ids) pieces.emplace_back(vocabulary.piece(id));
  return pieces;
}

}  // namespace cloze
