#pragma once

#include <string>
#include <string_view>

#include "engine/text/tokenizer.h"

namespace cloze {

// An answer as the passage writes it: the part of `original` (words of the passage) that spells `predicted`,
// the answer's pieces put together again. For "steve smith" in "Steve Smith's" it is "Steve Smith". Where the
// two cannot be laid against each other character by character it is all of `original`. The rules are
// get_final_text of google-research/bert's run_squad.py, with this tokenizer's basic tokens.
std::string final_text(std::string_view predicted, std::string_view original, const Tokenizer& tokenizer);

}  // namespace cloze
