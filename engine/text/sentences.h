#pragma once

#include <string_view>
#include <vector>

namespace cloze {

// Splits a paragraph into its sentences, in linear time. A sentence ends behind a run of terminators (the
// full stop, ! ? … and whatever Unicode gives the property Sentence_Terminal), with the closing quotes,
// brackets and footnote marks
// ("[12]") directly behind it, if white space comes next and then anything but a lowercase letter; behind
// 。！？ none of that is needed. A full stop does not end a sentence behind a list's number or an
// abbreviation that goes with what follows ("Dr. Who", "No. 5"); behind an initial ("J. R. R. Tolkien") or an
// abbreviation that may stand last ("Inc.", "U.S.", "a.m.") it does if a word comes next that often begins a
// sentence ("The"). Abbreviations are those of English; other languages get the rest.
//
// The views point into `paragraph`, in order, without the white space around them, none empty. Line ends are
// white space.
std::vector<std::string_view> split_sentences(std::string_view paragraph);
void split_sentences(std::string_view paragraph, std::vector<std::string_view>& sentences);  // appends

}  // namespace cloze
