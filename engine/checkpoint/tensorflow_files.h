#pragma once

#include <filesystem>
#include <optional>

namespace cloze {

// The files of a TensorFlow checkpoint: PREFIX.index and PREFIX.data-0000M-of-0000N, and beside them, as in
// Google's releases, bert_config.json and vocab.txt.
constexpr const char* tensorflow_config_file = "bert_config.json";

// The prefix that `path` means: the prefix itself ("…/bert_model.ckpt"), one of its files, a folder with one
// checkpoint in it, or a training folder, whose text file `checkpoint` names the latest. Nullopt where none
// of TensorFlow's files are there. Throws Error where the folder has several and does not say which, where
// the named one is gone, or where there are data files without their index.
std::optional<std::filesystem::path> find_tensorflow_prefix(const std::filesystem::path& path);

}  // namespace cloze
