#include "engine/checkpoint/tensorflow_files.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <string>
#include <string_view>
#include <vector>

#include "engine/base/error.h"
#include "engine/base/file.h"

namespace cloze {
namespace {

namespace fs = std::filesystem;

constexpr std::string_view index_ending = ".index", data_mark = ".data-0";
constexpr std::string_view latest_key = "model_checkpoint_path:";

bool is_octal(char c) {
  return c >= '0' && c <= '7';
}

// A string of protobuf's text format without its quotes: \" \\ and octal bytes, which stand for what is not
// ASCII.
std::string unescaped(std::string_view text) {
  std::string plain;
  for (size_t i = 0; i < text.size(); ++i) {
    if (text[i] != '\\' || i + 1 == text.size()) {
      plain.push_back(text[i]);
    } else if (is_octal(text[i + 1])) {
      int byte = 0;
      for (int digits = 0; digits < 3 && i + 1 < text.size() && is_octal(text[i + 1]); ++digits) {
        byte = byte * 8 + (text[++i] - '0');
      }
      plain.push_back(static_cast<char>(byte));
    } else {
      plain.push_back(text[++i]);
    }
  }
  return plain;
}

// model_checkpoint_path: "model.ckpt-343"
std::string latest_named_by(const fs::path& state_file) {
  const std::string text = read_file(state_file);
  for (std::string_view rest = text; !rest.empty();) {
    std::string_view line = rest.substr(0, rest.find('\n'));
    rest.remove_prefix(std::min(rest.size(), line.size() + 1));
    if (!line.starts_with(latest_key)) continue;
    const size_t open = line.find('"'), close = line.rfind('"');
    if (open == close) break;
    return unescaped(line.substr(open + 1, close - open - 1));
  }
  throw Error({.what = "the training folder does not say which checkpoint is the latest",
               .where = state_file.string(),
               .why = fmt::format("it has no line `{} \"…\"`", latest_key),
               .remedy = "name the checkpoint itself, as model.ckpt-1000"});
}

// A path that was written down elsewhere counts by its last part: folders are moved and copied.
fs::path latest_in(const fs::path& folder) {
  const fs::path named = latest_named_by(folder / "checkpoint");
  const fs::path prefix = named.is_absolute() ? folder / named.filename() : folder / named;
  if (fs::exists(fs::path(prefix) += index_ending)) return prefix;
  throw Error({.what = "the latest checkpoint of the training folder is not there",
               .where = (folder / "checkpoint").string(),
               .why = fmt::format("it names `{}`, and {}{} does not exist", named.string(), prefix.string(),
                                  index_ending),
               .remedy = "copy its files into the folder, or name another checkpoint"});
}

[[noreturn]] void refuse_without_index(const fs::path& prefix) {
  throw Error({.what = "the TensorFlow checkpoint has no index",
               .where = (fs::path(prefix) += index_ending).string(),
               .why = "its data files are there, this file is not",
               .remedy = "copy every file of the checkpoint into one folder"});
}

std::optional<fs::path> only_one_in(const fs::path& folder) {
  std::vector<std::string> prefixes;
  std::optional<fs::path> of_data;
  for (const auto& entry : fs::directory_iterator(folder)) {
    const std::string name = entry.path().filename().string();
    if (name.ends_with(index_ending)) prefixes.push_back(name.substr(0, name.size() - index_ending.size()));
    if (const size_t mark = name.find(data_mark); mark != std::string::npos)
      of_data = folder / name.substr(0, mark);
  }
  if (prefixes.empty() && of_data) refuse_without_index(*of_data);
  if (prefixes.empty()) return std::nullopt;
  if (prefixes.size() == 1) return folder / prefixes.front();
  std::sort(prefixes.begin(), prefixes.end());
  throw Error({.what = "there are several TensorFlow checkpoints here",
               .where = folder.string(),
               .why = fmt::format("{}", fmt::join(prefixes, ", ")),
               .remedy = fmt::format("name one of them: {}", (folder / prefixes.back()).string())});
}

// The prefix of a file that belongs to a checkpoint; what is no such file is a prefix already.
fs::path without_ending(const fs::path& path) {
  std::string name = path.filename().string();
  if (name.ends_with(index_ending)) name.resize(name.size() - index_ending.size());
  if (const size_t mark = name.rfind(data_mark); mark != std::string::npos) name.resize(mark);
  return (path.has_parent_path() ? path.parent_path() : fs::path(".")) / name;
}

bool has_data_files(const fs::path& prefix) {
  const fs::path folder = prefix.parent_path();
  if (!fs::is_directory(folder)) return false;
  const std::string wanted = prefix.filename().string() + std::string(data_mark);
  const fs::directory_iterator files(folder);
  return std::any_of(fs::begin(files), fs::end(files), [&](const fs::directory_entry& entry) {
    return entry.path().filename().string().starts_with(wanted);
  });
}

}  // namespace

std::optional<fs::path> find_tensorflow_prefix(const fs::path& path) {
  if (fs::is_directory(path)) {
    return fs::is_regular_file(path / "checkpoint") ? latest_in(path) : only_one_in(path);
  }
  const fs::path prefix = without_ending(path);
  const fs::path index = fs::path(prefix) += index_ending;
  if (fs::exists(index)) return prefix;
  if (has_data_files(prefix)) refuse_without_index(prefix);
  return std::nullopt;
}

}  // namespace cloze
