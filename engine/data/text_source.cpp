#include "engine/data/text_source.h"

#include <archive.h>
#include <archive_entry.h>

#include <algorithm>
#include <set>
#include <system_error>
#include <utility>

#include "engine/base/error.h"
#include "engine/base/log.h"

namespace cloze {
namespace {

namespace fs = std::filesystem;

constexpr size_t read_block_bytes = 256 << 10;

bool hidden(const fs::path& path) {
  return path.filename().native().starts_with('.');
}

[[noreturn]] void fail_listing(const fs::path& path, const std::string& why) {
  throw UsageError({.what = "cannot read input", .where = path.string(), .why = why});
}

// std::filesystem's clock has an epoch of its own; stat's is 1970.
CorpusInput describe_file(const fs::path& path) {
  std::error_code code;
  const auto bytes = fs::file_size(path, code);
  if (code) fail_listing(path, code.message());
  const auto modified = fs::last_write_time(path, code);
  if (code) fail_listing(path, code.message());
  const auto since_1970 = std::chrono::file_clock::to_sys(modified).time_since_epoch();
  return {path.string(), bytes, std::chrono::duration_cast<std::chrono::seconds>(since_1970).count()};
}

std::vector<fs::path> files_below(const fs::path& folder) {
  std::vector<fs::path> files;
  std::error_code code;
  auto walk = fs::recursive_directory_iterator(folder, code);
  for (; !code && walk != fs::recursive_directory_iterator(); walk.increment(code)) {
    if (hidden(walk->path())) {
      if (walk->is_directory()) walk.disable_recursion_pending();
    } else if (walk->is_regular_file()) {
      files.push_back(walk->path());
    }
  }
  if (code) fail_listing(folder, code.message());
  if (files.empty()) fail_listing(folder, "there are no files in this folder");
  std::sort(files.begin(), files.end(), [](const auto& a, const auto& b) { return a.native() < b.native(); });
  return files;
}

}  // namespace

std::vector<CorpusInput> list_inputs(std::span<const fs::path> inputs) {
  std::vector<CorpusInput> found;
  std::set<fs::path> seen;
  const auto add = [&](const fs::path& file) {
    if (seen.insert(file).second) {
      found.push_back(describe_file(file));
    } else {
      log::warning("{} is named twice; it is read once", file.string());
    }
  };
  for (const fs::path& input : inputs) {
    const fs::path path = fs::absolute(input).lexically_normal();
    std::error_code code;
    const auto status = fs::status(path, code);
    if (!fs::exists(status)) fail_listing(input, code ? code.message() : "No such file or directory");
    if (fs::is_directory(status)) {
      for (const fs::path& file : files_below(path)) add(file);
    } else if (fs::is_regular_file(status)) {
      add(path);
    } else {
      fail_listing(input,
                   "it is neither a file nor a folder (a corpus is read from files, so that it can go on "
                   "where it stopped)");
    }
  }
  return found;
}

void TextSource::Closer::operator()(archive* opened) const {
  archive_read_free(opened);
}

TextSource::TextSource(fs::path path) : path_(std::move(path)), archive_(archive_read_new()) {
  archive* reader = archive_.get();
  // Not `all`: a plain text can look like an exotic format (uuencode, mtree) to those.
  archive_read_support_filter_gzip(reader);
  archive_read_support_filter_bzip2(reader);
  archive_read_support_filter_xz(reader);
  archive_read_support_filter_zstd(reader);
  archive_read_support_filter_lz4(reader);
  archive_read_support_format_tar(reader);
  archive_read_support_format_raw(reader);
  archive_read_support_format_empty(reader);
  if (archive_read_open_filename(reader, path_.c_str(), read_block_bytes) != ARCHIVE_OK) fail();
}

void TextSource::fail() const {
  const char* why = archive_error_string(archive_.get());
  throw Error({.what = "cannot read input",
               .where = name_.empty() ? path_.string() : name_,
               .why = why != nullptr ? why : "the file is damaged",
               .remedy = "check that the file is complete"});
}

bool TextSource::next_text() {
  archive_entry* entry = nullptr;
  for (;;) {
    const int status = archive_read_next_header(archive_.get(), &entry);
    if (status == ARCHIVE_EOF) return false;
    // ARCHIVE_WARN: a name that the current locale cannot show, say; the data are good.
    if (status != ARCHIVE_OK && status != ARCHIVE_WARN) fail();
    if (archive_format(archive_.get()) == ARCHIVE_FORMAT_RAW) {
      name_ = path_.string();
      return true;
    }
    const char* inner = archive_entry_pathname_utf8(entry);
    if (inner == nullptr) inner = archive_entry_pathname(entry);
    const fs::path inside = inner != nullptr ? inner : "?";
    if (archive_entry_filetype(entry) != AE_IFREG || hidden(inside)) continue;
    name_ = path_.string() + ":" + inside.string();
    return true;
  }
}

std::string_view TextSource::next_block() {
  const void* data = nullptr;
  size_t size = 0;
  la_int64_t offset = 0;
  do {
    const int status = archive_read_data_block(archive_.get(), &data, &size, &offset);
    if (status == ARCHIVE_EOF) return {};
    if (status != ARCHIVE_OK) fail();
  } while (size == 0);
  return {static_cast<const char*>(data), size};
}

}  // namespace cloze
