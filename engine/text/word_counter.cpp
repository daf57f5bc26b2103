#include "engine/text/word_counter.h"

#include <algorithm>
#include <atomic>
#include <future>
#include <utility>

#include "engine/base/error.h"
#include "engine/text/utf8.h"
#include "engine/text/word_splitter.h"

namespace cloze {
namespace {

// What one thread counted in one block.
struct ThreadCounts {
  WordTable words;
  int64_t occurrences = 0, too_long = 0;
};

struct CountingSink {
  ThreadCounts& counts;
  size_t word_limit;
  std::string word = {};

  void letter(uint8_t byte, size_t) { word.push_back(static_cast<char>(byte)); }
  void letters(std::string_view utf8, size_t, size_t) { word += utf8; }
  void extend(size_t) {}
  void end_word() {
    if (word.empty()) return;
    ++counts.occurrences;
    if (word.size() > word_limit && code_point_count(word) > word_limit) {
      ++counts.too_long;
    } else {
      counts.words.add(word, 1);
    }
    word.clear();
  }
};

// The first at most `size` bytes of the text, cut behind white space, else between characters.
std::string_view take_piece(std::string_view& text, size_t size) {
  size_t end = text.size();
  if (size < text.size()) {
    const size_t space = text.substr(0, size).find_last_of(" \t\r\n");
    end = space == std::string_view::npos ? size : space + 1;
    while (space == std::string_view::npos && end > 1 && (static_cast<uint8_t>(text[end]) & 0xC0) == 0x80)
      --end;
  }
  const std::string_view piece = text.substr(0, end);
  text.remove_prefix(end);
  return piece;
}

}  // namespace

WordCounter::WordCounter(const TokenizerOptions& tokenizer, const WordCounterOptions& options)
    : characters_(tokenizer), options_(options) {
  if (options.max_words == 0 || options.threads < 1 || options.block_bytes == 0) {
    throw UsageError({.what = "a word counter needs at least one word, one thread and one byte at a time",
                      .remedy = "raise the limit that is zero"});
  }
}

void WordCounter::add(std::string_view text) {
  if (pending_.size() + text.size() < options_.block_bytes) {
    pending_.append(text).push_back('\n');
    return;
  }
  count_block(pending_);
  pending_.clear();
  while (text.size() >= options_.block_bytes) count_block(take_piece(text, options_.block_bytes));
  pending_.append(text).push_back('\n');
}

void WordCounter::count_block(std::string_view block) {
  constexpr size_t piece_bytes = size_t{256} << 10;
  std::vector<std::string_view> pieces;
  while (!block.empty()) pieces.push_back(take_piece(block, piece_bytes));

  std::atomic<size_t> next = 0;
  const auto work = [&] {
    ThreadCounts counts;
    CountingSink sink{counts, static_cast<size_t>(characters_.options().word_limit())};
    for (size_t i = next++; i < pieces.size(); i = next++) split_words(characters_, pieces[i], sink);
    return counts;
  };
  const size_t threads = std::min(static_cast<size_t>(options_.threads), pieces.size());
  std::vector<std::future<ThreadCounts>> workers;
  for (size_t i = 0; i < threads; ++i) workers.push_back(std::async(std::launch::async, work));
  for (auto& worker : workers) {
    const ThreadCounts counts = worker.get();
    counts.words.for_each([&](std::string_view word, int64_t count) { words_.add(word, count); });
    result_.occurrences += counts.occurrences;
    result_.too_long_occurrences += counts.too_long;
  }
  if (words_.size() > options_.max_words) prune();
}

// Drops words seen once, then twice, ... until half the limit is free again.
void WordCounter::prune() {
  std::vector<int64_t> counts;
  counts.reserve(words_.size());
  words_.for_each([&](std::string_view, int64_t count) { counts.push_back(count); });
  const auto kept = static_cast<ptrdiff_t>(options_.max_words / 2);
  std::nth_element(counts.begin(), counts.begin() + kept, counts.end(), std::greater<>());
  const int64_t threshold =
      counts[static_cast<size_t>(kept)];  // the first that must go takes its equals with it

  WordTable survivors;
  words_.for_each([&](std::string_view word, int64_t count) {
    if (count > threshold) {
      survivors.add(word, count);
    } else {
      ++result_.pruned_words;
      result_.pruned_occurrences += count;
    }
  });
  words_ = std::move(survivors);
}

WordCounts WordCounter::finish() {
  count_block(pending_);
  pending_.clear();
  WordCounts result = std::exchange(result_, {});
  result.words.reserve(words_.size());
  words_.for_each([&](std::string_view word, int64_t count) {
    result.words.push_back({std::string(word), count});
  });
  words_ = {};
  std::sort(result.words.begin(), result.words.end(), [](const WordCount& a, const WordCount& b) {
    return a.count != b.count ? a.count > b.count : a.word < b.word;
  });
  return result;
}

}  // namespace cloze
