#include "engine/checkpoint/bundle_index.h"

#include <fmt/format.h>
#include <leveldb/env.h>
#include <leveldb/iterator.h>
#include <leveldb/options.h>
#include <leveldb/table.h>

#include <memory>
#include <new>
#include <utility>

#include "engine/base/error.h"

namespace cloze {
namespace {

[[noreturn]] void refuse(const std::string& origin, std::string why) {
  throw Error({.what = "not a valid index of a TensorFlow checkpoint",
               .where = origin,
               .why = std::move(why),
               .remedy = "the file is damaged or was cut short: fetch it again"});
}

// A file that is in memory already.
class BytesFile final : public leveldb::RandomAccessFile {
 public:
  explicit BytesFile(std::string_view bytes) : bytes_(bytes) {}
  leveldb::Status Read(uint64_t offset, size_t count, leveldb::Slice* result, char*) const override {
    const std::string_view part = offset < bytes_.size() ? bytes_.substr(offset, count) : std::string_view();
    *result = leveldb::Slice(part.data(), part.size());
    return leveldb::Status::OK();
  }

 private:
  std::string_view bytes_;
};

// Seven bits a byte, lowest first (as protobuf's); false where it does not end inside `bytes`.
bool take_varint(std::string_view& bytes, uint64_t& value) {
  value = 0;
  for (int shift = 0; shift < 64 && !bytes.empty(); shift += 7) {
    const auto byte = static_cast<uint8_t>(bytes.front());
    bytes.remove_prefix(1);
    value |= uint64_t{byte & 0x7fu} << shift;
    if (byte < 0x80) return true;
  }
  return false;
}

// The last 48 bytes hold two places in the file (offset and size of the metaindex block and of the index
// block) under no checksum, and LevelDB allocates whatever they ask for.
void check_footer(std::string_view file, const std::string& origin) {
  constexpr size_t footer_bytes = 48, block_trailer_bytes = 5;
  if (file.size() < footer_bytes) refuse(origin, fmt::format("it has {} bytes only", file.size()));
  std::string_view footer = file.substr(file.size() - footer_bytes);
  for (const char* block : {"metaindex", "index"}) {
    uint64_t offset = 0, size = 0;
    const bool there = take_varint(footer, offset) && take_varint(footer, size);
    if (!there || offset > file.size() || size > file.size() - offset ||
        block_trailer_bytes > file.size() - offset - size) {
      refuse(origin, fmt::format("its {} block would lie beyond the file", block));
    }
  }
}

void add_entry(BundleIndex& index, bool& has_header, const std::string& key, std::string_view message,
               const std::string& origin) {
  const std::string where = fmt::format("{} ({})", origin,
                                        is_slice_key(key) ? "a part of a variable"
                                        : key.empty()     ? "header"
                                                          : key);
  if (key.empty()) {
    index.header = parse_bundle_header(message, where);
    has_header = true;
  } else if (!index.entries.emplace(key, parse_bundle_entry(message, where)).second) {
    refuse(origin, fmt::format("`{}` is there twice", key));
  }
}

BundleIndex read_table(leveldb::Table& table, const std::string& origin) {
  leveldb::ReadOptions reading;
  reading.verify_checksums = true;
  reading.fill_cache = false;
  const std::unique_ptr<leveldb::Iterator> iterator(table.NewIterator(reading));
  BundleIndex index;
  bool has_header = false;
  for (iterator->SeekToFirst(); iterator->Valid(); iterator->Next()) {
    const leveldb::Slice message = iterator->value();
    add_entry(index, has_header, iterator->key().ToString(), {message.data(), message.size()}, origin);
  }
  if (!iterator->status().ok()) refuse(origin, iterator->status().ToString());
  if (!has_header) {
    refuse(origin, "it is a LevelDB table without the header entry of a TensorFlow checkpoint");
  }
  return index;
}

}  // namespace

BundleIndex parse_bundle_index(std::string_view file, const std::string& origin) {
  check_footer(file, origin);
  BytesFile bytes(file);
  leveldb::Options options;
  options.paranoid_checks = true;
  leveldb::Table* opened = nullptr;
  try {
    const leveldb::Status status = leveldb::Table::Open(options, &bytes, file.size(), &opened);
    const std::unique_ptr<leveldb::Table> table(opened);
    if (!status.ok()) refuse(origin, status.ToString());
    return read_table(*table, origin);
  } catch (const std::bad_alloc&) {
    refuse(origin, "a block claims to be larger than this machine's memory");
  }
}

}  // namespace cloze
