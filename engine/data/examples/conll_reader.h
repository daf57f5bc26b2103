#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include "engine/data/examples/record_lines.h"

namespace cloze {

// A sentence of a CoNLL file: the columns of each of its words, at least one word.
struct ConllSentence {
  int64_t line = 0;                             // of the first word, from 1
  std::vector<int64_t> lines;                   // [words]
  std::vector<std::vector<std::string>> words;  // [words][columns]
};

// CoNLL: a word a line, its columns between spaces or tabs; a blank line ends a sentence; -DOCSTART- lines
// are skipped.
class ConllReader {
 public:
  ConllReader(std::function<std::string_view()> blocks, std::string name);

  // False at the end. Throws Error with file:line for a word with more or fewer columns than the first.
  bool next(ConllSentence& sentence);

 private:
  void add_word(const RecordLine& line, ConllSentence& sentence);

  RecordLines lines_;
  size_t columns_ = 0;  // 0: no word yet
  int64_t first_line_ = 0;
};

// Tags of one sentence under the scheme IOB2, in which every span begins with B-. IOB1, in which B- only
// stands between spans that touch, becomes IOB2; IOB2 stays as it is. An I- that follows no tag of its own
// type begins a span, as conlleval reads it. Tags of other forms ("O", "NOUN") stay.
void to_iob2(std::vector<std::string>& tags);

}  // namespace cloze
