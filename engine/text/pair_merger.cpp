#include "engine/text/pair_merger.h"

namespace cloze {

uint32_t PairMerger::Index::find_or_add(uint64_t key) {
  if (size_ * size_t{2} >= slots_.size()) grow();
  const size_t mask = slots_.size() - 1;
  size_t slot = (key * 0x9E3779B97F4A7C15u) >> 20 & mask;  // multiplicative hashing (Knuth 6.4), middle bits
  while (slots_[slot].key != key) {
    if (slots_[slot].key == no_key) {
      slots_[slot] = {key, size_++};
      break;
    }
    slot = (slot + 1) & mask;
  }
  return slots_[slot].pair;
}

void PairMerger::Index::grow() {
  std::vector<Slot> old(slots_.empty() ? 1024 : slots_.size() * 2);
  old.swap(slots_);
  const size_t mask = slots_.size() - 1;
  for (const Slot& entry : old) {
    if (entry.key == no_key) continue;
    size_t slot = (entry.key * 0x9E3779B97F4A7C15u) >> 20 & mask;
    while (slots_[slot].key != no_key) slot = (slot + 1) & mask;
    slots_[slot] = entry;
  }
}

PairMerger::Pair& PairMerger::pair_of(int32_t left, int32_t right) {
  const uint32_t index = index_.find_or_add(key_of(left, right));
  if (index == pairs_.size()) pairs_.emplace_back();
  return pairs_[index];
}

void PairMerger::add_word(std::span<const int32_t> symbols, int64_t count) {
  const auto word = static_cast<uint32_t>(words_.size());
  words_.push_back({static_cast<uint32_t>(symbols_.size()), static_cast<uint32_t>(symbols.size()), count});
  symbols_.insert(symbols_.end(), symbols.begin(), symbols.end());
  for (size_t i = 1; i < symbols.size(); ++i) grow_pair(symbols[i - 1], symbols[i], word);
}

void PairMerger::grow_pair(int32_t left, int32_t right, uint32_t word) {
  Pair& pair = pair_of(left, right);
  pair.count += words_[word].count;
  if (pair.words.empty() || pair.words.back() != word) pair.words.push_back(word);
  if (!pair.changed) changed_.push_back({left, right});
  pair.changed = true;
}

void PairMerger::push_changed() {
  for (SymbolPair changed : changed_) {
    Pair& pair = pair_of(changed.left, changed.right);
    pair.changed = false;
    changed.count = pair.count;
    heap_.push(changed);
  }
  changed_.clear();
}

std::optional<SymbolPair> PairMerger::most_frequent() {
  push_changed();
  while (!heap_.empty()) {
    SymbolPair best = heap_.top();
    const int64_t count = pair_of(best.left, best.right).count;
    if (count == best.count && count > 0) return best;
    heap_.pop();
    if (count > 0 && count < best.count) {  // it has shrunk since: back to its place
      best.count = count;
      heap_.push(best);
    }
  }
  return std::nullopt;
}

void PairMerger::merge(const SymbolPair& pair, int32_t merged) {
  const std::vector<uint32_t> words = std::move(pair_of(pair.left, pair.right).words);
  for (const uint32_t word : words) merge_in_word(word, pair, merged);
  Pair& done = pair_of(pair.left, pair.right);
  done.count = 0;
  done.words = {};
}

void PairMerger::merge_in_word(uint32_t word, const SymbolPair& pair, int32_t merged) {
  int32_t* const symbols = symbols_.data() + words_[word].begin;
  const uint32_t size = words_[word].size;
  uint32_t kept = 0;
  for (uint32_t i = 0; i < size;) {
    if (i + 1 == size || symbols[i] != pair.left || symbols[i + 1] != pair.right) {
      symbols[kept++] = symbols[i++];
      continue;
    }
    if (kept > 0) {
      shrink_pair(symbols[kept - 1], pair.left, word);
      grow_pair(symbols[kept - 1], merged, word);
    }
    if (i + 2 < size) {
      shrink_pair(pair.right, symbols[i + 2], word);
      grow_pair(merged, symbols[i + 2], word);
    }
    symbols[kept++] = merged;
    i += 2;
  }
  words_[word].size = kept;
}

}  // namespace cloze
