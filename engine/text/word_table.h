#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "engine/base/file.h"

namespace cloze {

// Words and how often each was seen: an open-addressing hash table whose words lie in one string.
class WordTable {
 public:
  void add(std::string_view word, int64_t count) {
    if (entries_.size() * 2 >= slots_.size()) grow();
    const uint64_t hash = hash64(word);
    size_t slot = hash & (slots_.size() - 1);
    while (slots_[slot] != empty) {
      Entry& entry = entries_[slots_[slot]];
      if (entry.hash == hash && text(entry) == word) {
        entry.count += count;
        return;
      }
      slot = (slot + 1) & (slots_.size() - 1);
    }
    slots_[slot] = static_cast<uint32_t>(entries_.size());
    entries_.push_back({hash, count, texts_.size(), static_cast<uint32_t>(word.size())});
    texts_ += word;
  }

  size_t size() const { return entries_.size(); }

  template <typename Visitor>
  void for_each(Visitor&& visit) const {
    for (const Entry& entry : entries_) visit(text(entry), entry.count);
  }

 private:
  struct Entry {
    uint64_t hash;
    int64_t count;
    size_t begin;
    uint32_t size;
  };
  static constexpr uint32_t empty = 0xFFFFFFFF;

  std::string_view text(const Entry& entry) const {
    return std::string_view(texts_).substr(entry.begin, entry.size);
  }

  void grow() {
    slots_.assign(slots_.empty() ? 1024 : slots_.size() * 2, empty);
    for (size_t i = 0; i < entries_.size(); ++i) {
      size_t slot = entries_[i].hash & (slots_.size() - 1);
      while (slots_[slot] != empty) slot = (slot + 1) & (slots_.size() - 1);
      slots_[slot] = static_cast<uint32_t>(i);
    }
  }

  std::vector<uint32_t> slots_;  // [a power of two] -> entry
  std::vector<Entry> entries_;
  std::string texts_;
};

}  // namespace cloze
