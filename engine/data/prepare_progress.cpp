#include "engine/data/prepare_progress.h"

#include <cstring>
#include <nlohmann/json.hpp>
#include <span>
#include <string>
#include <string_view>

#include "engine/base/error.h"
#include "engine/base/file.h"

namespace cloze {
namespace {

using Json = nlohmann::json;

constexpr size_t digest_characters = 32;

template <typename T>
std::string_view bytes_of(const std::vector<T>& items) {
  return {reinterpret_cast<const char*>(items.data()), items.size() * sizeof(T)};
}

// Takes `count` items off the front of `bytes`.
template <typename T>
std::vector<T> take(std::string_view& bytes, size_t count) {
  if (bytes.size() / sizeof(T) < count) throw std::runtime_error("it is cut off");
  std::vector<T> items(count);
  if (count > 0) std::memcpy(items.data(), bytes.data(), count * sizeof(T));
  bytes.remove_prefix(count * sizeof(T));
  return items;
}

PrepareProgress parse(std::string_view text, const std::filesystem::path& path) {
  if (text.size() < digest_characters) throw std::runtime_error("it is cut off");
  const std::string_view checksum = text.substr(text.size() - digest_characters);
  text.remove_suffix(digest_characters);
  if (digest(text) != checksum) throw std::runtime_error("its checksum is wrong");
  const size_t header_end = text.find('\n');
  const Json header = Json::parse(text.substr(0, header_end));
  text.remove_prefix(header_end + 1);

  PrepareProgress progress;
  progress.manifest = parse_corpus_manifest(header.at("manifest").get<std::string>(), path);
  progress.read = {header.at("file"), header.at("piece")};
  progress.written = {header.at("tokens"), header.at("sentences"), header.at("documents"),
                      header.at("document_begins"), header.at("document_open")};
  progress.unigrams = take<uint64_t>(text, header.at("unigrams"));
  progress.lines = take<DuplicateLineCounter::Entry>(text, header.at("lines"));
  return progress;
}

}  // namespace

std::filesystem::path progress_path(const std::filesystem::path& work) {
  return work / "progress";
}

void save_progress(const std::filesystem::path& path, const PrepareProgress& progress) {
  const Json header = {{"manifest", to_json(progress.manifest)},
                       {"file", progress.read.file},
                       {"piece", progress.read.piece},
                       {"tokens", progress.written.tokens},
                       {"sentences", progress.written.sentences},
                       {"documents", progress.written.documents},
                       {"document_begins", progress.written.document_begins},
                       {"document_open", progress.written.document_open},
                       {"unigrams", progress.unigrams.size()},
                       {"lines", progress.lines.size()}};
  std::string text = header.dump() + "\n";
  text += bytes_of(progress.unigrams);
  text += bytes_of(progress.lines);
  AtomicFile file(path);
  file.write(text);
  file.write(digest(text));
  file.commit();
}

std::optional<PrepareProgress> load_progress(const std::filesystem::path& path) {
  if (!std::filesystem::exists(path)) return std::nullopt;
  const std::string text = read_file(path);
  try {
    return parse(text, path);
  } catch (const std::exception& problem) {
    throw Error({.what = "cannot go on with the unfinished corpus",
                 .where = path.string(),
                 .why = problem.what(),
                 .remedy = "remove that folder, and start again"});
  }
}

}  // namespace cloze
