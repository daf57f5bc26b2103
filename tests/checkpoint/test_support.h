#pragma once

#include <gtest/gtest.h>
#include <unistd.h>

#include <cstdint>
#include <filesystem>
#include <memory>
#include <numeric>
#include <string>
#include <vector>

#include "engine/base/error.h"
#include "engine/base/file.h"
#include "engine/base/log.h"
#include "engine/checkpoint/checkpoint.h"

namespace cloze::testing {

class TemporaryFolder {
 public:
  TemporaryFolder() {
    // Memory where there is some: an fsync of a real disk takes longer than all that is tested here.
    const bool in_memory = ::access("/dev/shm", W_OK) == 0;
    const std::filesystem::path parent = in_memory ? "/dev/shm" : std::filesystem::temp_directory_path();
    std::string pattern = (parent / "cloze-test-XXXXXX").string();
    if (::mkdtemp(pattern.data()) == nullptr) throw std::runtime_error("cannot make a temporary folder");
    path_ = pattern;
  }
  ~TemporaryFolder() { std::filesystem::remove_all(path_); }
  TemporaryFolder(const TemporaryFolder&) = delete;
  TemporaryFolder& operator=(const TemporaryFolder&) = delete;

  const std::filesystem::path& path() const { return path_; }
  std::filesystem::path operator/(const std::filesystem::path& name) const { return path_ / name; }

 private:
  std::filesystem::path path_;
};

// What is logged while `action` runs.
template <typename Action>
std::string logged(const Action& action) {
  const TemporaryFolder folder;
  log::set_file(folder / "log");
  action();
  log::set_file({});
  return read_file(folder / "log");
}

// The message of the Error that `action` throws; fails where it throws none.
template <typename Action>
std::string error_of(const Action& action) {
  try {
    action();
  } catch (const Error& error) {
    return error.what();
  }
  ADD_FAILURE() << "no Error was thrown";
  return "";
}

// A whole checkpoint, small but with every kind of content; `step` decides the values.
class SampleCheckpoint {
 public:
  explicit SampleCheckpoint(int64_t step, int64_t scale = 1) {
    contents.config.bert = {
        .vocabulary_size = 6, .hidden_size = 4 * scale, .layers = 1, .heads = 2, .intermediate_size = 8};
    contents.tokenizer.vocabulary = std::make_shared<Vocabulary>(
        std::vector<std::string>{"[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]", "Wort"}, "sample");
    contents.tokenizer.options = {.lowercase = false, .max_word_characters = 50};
    contents.step = step;
    add(contents.parameters, "bert.embeddings.word_embeddings.weight", {6, 4 * scale});
    add(contents.parameters, "bert.pooler.dense.bias", {4});
    add(contents.optimizer, first_moment_name("bert.pooler.dense.bias"), {4});
    add(contents.optimizer, second_moment_name("bert.pooler.dense.bias"), {4});
    add(contents.optimizer, state_value_name("loss_scale"), {});
  }
  SampleCheckpoint(const SampleCheckpoint&) = delete;
  SampleCheckpoint& operator=(const SampleCheckpoint&) = delete;

  CheckpointContents contents;

 private:
  void add(std::vector<NamedTensor>& tensors, std::string name, std::vector<int64_t> shape) {
    auto& values = memory_.emplace_back(std::make_unique<std::vector<float>>(element_count(shape)));
    std::iota(values->begin(), values->end(), static_cast<float>(contents.step * 1000) + 0.5f);
    tensors.push_back({std::move(name), std::move(shape), *values});
  }
  std::vector<std::unique_ptr<std::vector<float>>> memory_;
};

}  // namespace cloze::testing
