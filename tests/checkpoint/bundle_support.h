#pragma once

#include <leveldb/env.h>
#include <leveldb/iterator.h>
#include <leveldb/options.h>
#include <leveldb/table.h>
#include <leveldb/table_builder.h>

#include <map>
#include <memory>
#include <stdexcept>
#include <string>
#include <string_view>

// LevelDB tables made and taken apart in tests, so that an index can be compressed, or changed under correct
// checksums.
namespace cloze::testing {

using TableContents = std::map<std::string, std::string>;

class StringFile final : public leveldb::WritableFile, public leveldb::RandomAccessFile {
 public:
  explicit StringFile(std::string bytes = "") : bytes_(std::move(bytes)) {}
  leveldb::Status Append(const leveldb::Slice& data) override {
    bytes_.append(data.data(), data.size());
    return leveldb::Status::OK();
  }
  leveldb::Status Close() override { return leveldb::Status::OK(); }
  leveldb::Status Flush() override { return leveldb::Status::OK(); }
  leveldb::Status Sync() override { return leveldb::Status::OK(); }
  leveldb::Status Read(uint64_t offset, size_t count, leveldb::Slice* result, char*) const override {
    *result = leveldb::Slice(bytes_.data() + offset, std::min(count, bytes_.size() - offset));
    return leveldb::Status::OK();
  }
  const std::string& bytes() const { return bytes_; }

 private:
  std::string bytes_;
};

inline std::string table_of(const TableContents& contents,
                            leveldb::CompressionType compression = leveldb::kNoCompression) {
  leveldb::Options options;
  options.compression = compression;
  StringFile file;
  leveldb::TableBuilder builder(options, &file);
  for (const auto& [key, value] : contents) builder.Add(key, value);
  if (!builder.Finish().ok()) throw std::runtime_error("cannot make a table");
  return file.bytes();
}

inline TableContents contents_of(const std::string& table) {
  const StringFile file(table);
  leveldb::Table* opened = nullptr;
  if (!leveldb::Table::Open({}, const_cast<StringFile*>(&file), table.size(), &opened).ok()) {
    throw std::runtime_error("cannot open a table");
  }
  const std::unique_ptr<leveldb::Table> owner(opened);
  const std::unique_ptr<leveldb::Iterator> iterator(opened->NewIterator({}));
  TableContents contents;
  for (iterator->SeekToFirst(); iterator->Valid(); iterator->Next()) {
    contents[iterator->key().ToString()] = iterator->value().ToString();
  }
  return contents;
}

// A header for that many shards: BundleHeaderProto{num_shards}, as a varint below 128.
inline std::string header_of(int shards) {
  return {'\x08', static_cast<char>(shards)};
}

}  // namespace cloze::testing
