#include "engine/data/duplicate_lines.h"

#include <utility>

namespace cloze {
namespace {

constexpr size_t first_slots = 1 << 12;

}  // namespace

DuplicateLineCounter::DuplicateLineCounter(size_t capacity) : capacity_(capacity), slots_(first_slots) {}

// The sample is chosen by the low bits, so the place is taken from the others.
DuplicateLineCounter::Entry& DuplicateLineCounter::slot_of(uint64_t hash) {
  size_t at = (hash * 0x9E3779B97F4A7C15u >> 20) & (slots_.size() - 1);
  while (slots_[at].lines != 0 && slots_[at].hash != hash) at = (at + 1) & (slots_.size() - 1);
  return slots_[at];
}

void DuplicateLineCounter::add(Entry entry) {
  if ((entry.hash & (sampled_one_in_ - 1)) != 0) return;
  Entry& slot = slot_of(entry.hash);
  distinct_ += slot.lines == 0;
  slot.hash = entry.hash;
  slot.lines += entry.lines;
  lines_ += entry.lines;
  while (distinct_ > capacity_) {
    sampled_one_in_ *= 2;
    rebuild(slots_.size());
  }
  if (distinct_ * 3 > slots_.size() * 2) rebuild(slots_.size() * 2);
}

void DuplicateLineCounter::rebuild(size_t slots) {
  const auto old = std::exchange(slots_, std::vector<Entry>(slots));
  lines_ = distinct_ = 0;
  for (const Entry& entry : old) {
    if (entry.lines == 0 || (entry.hash & (sampled_one_in_ - 1)) != 0) continue;
    slot_of(entry.hash) = entry;
    lines_ += entry.lines;
    ++distinct_;
  }
}

std::vector<DuplicateLineCounter::Entry> DuplicateLineCounter::entries() const {
  std::vector<Entry> used;
  used.reserve(distinct_);
  for (const Entry& entry : slots_) {
    if (entry.lines != 0) used.push_back(entry);
  }
  return used;
}

void DuplicateLineCounter::restore(uint64_t sampled_one_in, std::span<const Entry> entries) {
  slots_.assign(first_slots, {});
  lines_ = distinct_ = 0;
  sampled_one_in_ = sampled_one_in;
  for (const Entry& entry : entries) add(entry);
}

}  // namespace cloze
