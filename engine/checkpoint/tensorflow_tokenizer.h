#pragma once

#include <cstdint>
#include <filesystem>
#include <optional>
#include <string_view>

#include "engine/checkpoint/huggingface_tokenizer.h"

// Google's checkpoints come with a vocab.txt and do not say whether they are cased: `do_lower_case` was a
// flag of every program that used them.
namespace cloze {

// By the name of the folder of one of Google's releases ("uncased_L-12_H-768_A-12"): whether it is
// lowercased. Nullopt for any other name.
std::optional<bool> lowercase_by_release(std::string_view folder_name);

// Lowercasing changes no piece of an uncased vocabulary, but for those in brackets ("[CLS]", "<S>").
bool lowercase_by_pieces(const Vocabulary& vocabulary);

// Google's rules with the vocab.txt in `folder`. Whether text is lowercased: as `lowercase` says, or else by
// the folder's name, or else by the vocabulary, and then the log says so. Throws Error where there is no
// vocab.txt, and UsageError where `lowercase` contradicts one of Google's folder names.
HuggingfaceTokenizer read_tensorflow_tokenizer(const std::filesystem::path& folder, int64_t max_positions,
                                               std::optional<bool> lowercase);

}  // namespace cloze
