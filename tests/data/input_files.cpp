#include "tests/data/input_files.h"

#include <archive.h>
#include <archive_entry.h>

#include <fstream>
#include <memory>
#include <stdexcept>

namespace cloze::testing {
namespace {

using Writer = std::unique_ptr<archive, decltype(&archive_write_free)>;

void check(int status, archive* writer) {
  if (status != ARCHIVE_OK && status != ARCHIVE_WARN) throw std::runtime_error(archive_error_string(writer));
}

void add_filter(archive* writer, Packing packing) {
  switch (packing) {
    case Packing::gzip:
      return check(archive_write_add_filter_gzip(writer), writer);
    case Packing::bzip2:
      return check(archive_write_add_filter_bzip2(writer), writer);
    case Packing::xz:
      return check(archive_write_add_filter_xz(writer), writer);
    case Packing::zstd:
      return check(archive_write_add_filter_zstd(writer), writer);
    case Packing::lz4:
      return check(archive_write_add_filter_lz4(writer), writer);
  }
}

void add_file(archive* writer, const std::string& name, const std::string& text) {
  const std::unique_ptr<archive_entry, decltype(&archive_entry_free)> entry(archive_entry_new(),
                                                                            archive_entry_free);
  archive_entry_set_pathname(entry.get(), name.c_str());
  archive_entry_set_size(entry.get(), static_cast<la_int64_t>(text.size()));
  archive_entry_set_filetype(entry.get(), AE_IFREG);
  archive_entry_set_perm(entry.get(), 0644);
  check(archive_write_header(writer, entry.get()), writer);
  if (archive_write_data(writer, text.data(), text.size()) < 0)
    throw std::runtime_error(archive_error_string(writer));
}

}  // namespace

void write_text(const std::filesystem::path& path, const std::string& text) {
  std::filesystem::create_directories(path.parent_path());
  std::ofstream(path, std::ios::binary) << text;
}

void write_packed(const std::filesystem::path& path, const std::string& text, Packing packing) {
  const Writer writer(archive_write_new(), archive_write_free);
  check(archive_write_set_format_raw(writer.get()), writer.get());
  add_filter(writer.get(), packing);
  check(archive_write_open_filename(writer.get(), path.c_str()), writer.get());
  add_file(writer.get(), "text", text);
  check(archive_write_close(writer.get()), writer.get());
}

void write_tar(const std::filesystem::path& path,
               const std::vector<std::pair<std::string, std::string>>& files, Packing packing) {
  const Writer writer(archive_write_new(), archive_write_free);
  check(archive_write_set_format_pax(writer.get()), writer.get());
  add_filter(writer.get(), packing);
  check(archive_write_open_filename(writer.get(), path.c_str()), writer.get());
  for (const auto& [name, text] : files) add_file(writer.get(), name, text);
  check(archive_write_close(writer.get()), writer.get());
}

}  // namespace cloze::testing
