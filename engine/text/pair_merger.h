#pragma once

#include <cstdint>
#include <optional>
#include <queue>
#include <span>
#include <vector>

namespace cloze {

// Two neighbouring symbols inside words and how often they stand side by side.
struct SymbolPair {
  int32_t left = 0, right = 0;
  int64_t count = 0;
};

// Words as sequences of symbols in which pairs of neighbours are merged; counts of all pairs are kept up to
// date, at a cost proportional to the words a merge touches.
class PairMerger {
 public:
  // One word: `count` occurrences of these symbols (numbers >= 0).
  void add_word(std::span<const int32_t> symbols, int64_t count);

  // The most frequent pair; equal counts: the smaller left symbol, then the smaller right one. Empty when no
  // pair is left.
  std::optional<SymbolPair> most_frequent();

  // Replaces every such pair, from the left in each word, by `merged`.
  void merge(const SymbolPair& pair, int32_t merged);

 private:
  struct Word {
    uint32_t begin, size;  // in symbols_
    int64_t count;
  };
  struct Pair {
    int64_t count = 0;
    std::vector<uint32_t> words;  // where it may occur; a word may be listed in vain or twice
    bool changed = false;         // has grown since it last entered the heap
  };
  struct LessFrequent {
    bool operator()(const SymbolPair& a, const SymbolPair& b) const {
      if (a.count != b.count) return a.count < b.count;
      return a.left != b.left ? a.left > b.left : a.right > b.right;
    }
  };

  // Pairs by their symbols: open addressing over pairs_.
  class Index {
   public:
    uint32_t find_or_add(uint64_t key);

   private:
    void grow();
    struct Slot {
      uint64_t key = no_key;
      uint32_t pair = 0;
    };
    static constexpr uint64_t no_key = ~uint64_t{0};
    std::vector<Slot> slots_;
    uint32_t size_ = 0;
  };

  static uint64_t key_of(int32_t left, int32_t right) {
    return uint64_t{static_cast<uint32_t>(left)} << 32 | static_cast<uint32_t>(right);
  }
  Pair& pair_of(int32_t left, int32_t right);
  void grow_pair(int32_t left, int32_t right, uint32_t word);
  void shrink_pair(int32_t left, int32_t right, uint32_t word) {
    pair_of(left, right).count -= words_[word].count;
  }
  void merge_in_word(uint32_t word, const SymbolPair& pair, int32_t merged);
  void push_changed();

  std::vector<int32_t> symbols_;
  std::vector<Word> words_;
  Index index_;
  std::vector<Pair> pairs_;
  std::vector<SymbolPair> changed_;  // pairs that grew since the heap was last brought up to date
  // Holds, for every pair, at least one entry with a count no smaller than its own; entries are checked when
  // they come up.
  std::priority_queue<SymbolPair, std::vector<SymbolPair>, LessFrequent> heap_;
};

}  // namespace cloze
