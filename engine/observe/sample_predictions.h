#pragma once

#include <string>
#include <vector>

#include "engine/data/corpus.h"
#include "engine/tasks/mask_filling.h"

namespace cloze {

// A sentence of a corpus with one word taken out, and what a model puts there.
struct FilledExample {
  std::string before, after;  // the text around the blank
  std::string truth;          // the word that stood there
  std::vector<FilledPiece> guesses;
};

// At most `count` sentences of 5 to 30 tokens, evenly spread over the corpus, each with a whole word of at
// least three letters taken out: always the same ones. `guesses` are empty.
std::vector<FilledExample> sentences_with_blanks(const Corpus& corpus, size_t count);

// Fills the blanks, `top` guesses each.
void fill(std::vector<FilledExample>& examples, MaskFilling& filling, int top);

}  // namespace cloze
