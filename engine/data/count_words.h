#pragma once

#include <filesystem>
#include <span>
#include <string>

#include "engine/data/text_kind.h"
#include "engine/text/word_counter.h"

namespace cloze {

// Adds all text of files and folders, read as prepare_corpus() reads them, to a counter: the way to a
// vocabulary. Throws Error as that does, also where there is no text.
void count_words(std::span<const std::filesystem::path> inputs, TextKind kind, const std::string& text_field,
                 WordCounter& counter);

}  // namespace cloze
