#include "engine/parallel/job_watch.h"

#include <fmt/format.h>

#include <algorithm>
#include <limits>

namespace cloze {
namespace {

constexpr int excused_factor = 10;  // how much longer saving and evaluating may take

std::string seconds_text(std::chrono::milliseconds time) {
  return fmt::format("{:g} s", static_cast<double>(time.count()) / 1000);
}

}  // namespace

std::string to_string(int rank, const RankDescription& description) {
  return fmt::format("rank {} (host {}, process {})", rank, description.host, description.process);
}

JobWatch::JobWatch(int size, const Patience& patience, Time now)
    : ranks_(static_cast<size_t>(size)), patience_(patience), began_(now) {}

std::string JobWatch::named(size_t rank) const {
  return to_string(static_cast<int>(rank), ranks_[rank].description);
}

void JobWatch::joined(int rank, const RankDescription& description, Time now) {
  ranks_[static_cast<size_t>(rank)] = {
      .joined = true, .description = description, .beat = {}, .heard = now, .moved = now};
}

void JobWatch::beat(int rank, const Beat& beat, Time now) {
  Rank& of = ranks_[static_cast<size_t>(rank)];
  const bool moved = beat.entered != of.beat.entered || beat.left != of.beat.left ||
                     beat.progress != of.beat.progress || beat.excused != of.beat.excused;
  if (moved) of.moved = now;
  of.beat = beat;
  of.heard = now;
}

void JobWatch::left(int rank) {
  ranks_[static_cast<size_t>(rank)].left = true;
}

void JobWatch::closed(int rank, const std::string& how) {
  const auto index = static_cast<size_t>(rank);
  if (!verdict_ && !ranks_[index].left) verdict_ = fmt::format("{} is gone: {}", named(index), how);
}

void JobWatch::refused(const std::string& fault) {
  if (!verdict_) verdict_ = fault;
}

void JobWatch::failed(int rank, const std::string& message) {
  if (!verdict_) verdict_ = fmt::format("{} failed: {}", named(static_cast<size_t>(rank)), message);
}

void JobWatch::slept(Time now) {
  for (Rank& rank : ranks_) rank.heard = rank.moved = now;
}

bool JobWatch::all_joined() const {
  return std::all_of(ranks_.begin(), ranks_.end(), [](const Rank& rank) { return rank.joined; });
}

bool JobWatch::all_left() const {
  return std::all_of(ranks_.begin(), ranks_.end(), [](const Rank& rank) { return rank.left; });
}

const std::optional<std::string>& JobWatch::verdict(Time now) {
  if (!verdict_) judge_start(now);
  if (!verdict_) judge_silence(now);
  if (!verdict_ && all_joined()) judge_progress(now);
  return verdict_;
}

void JobWatch::judge_start(Time now) {
  if (now - began_ < patience_.start || all_joined()) return;
  std::vector<size_t> missing;
  for (size_t i = 0; i < ranks_.size(); ++i) {
    if (!ranks_[i].joined) missing.push_back(i);
  }
  verdict_ = fmt::format("rank{} {} of {} did not appear within {}", missing.size() == 1 ? "" : "s",
                         fmt::join(missing, ", "), ranks_.size(), seconds_text(patience_.start));
}

void JobWatch::judge_silence(Time now) {
  for (size_t i = 0; i < ranks_.size(); ++i) {
    const Rank& rank = ranks_[i];
    if (!rank.joined || rank.left || now - rank.heard < patience_.silence) continue;
    verdict_ = fmt::format("{} has not been heard from for {}: it is stopped, or its connection is cut",
                           named(i), seconds_text(patience_.silence));
    return;
  }
}

// Ranks run the same collectives in the same order, so whoever has begun the fewest keeps the others waiting.
// Where all have begun the same one and nothing moves, the data do not get through.
void JobWatch::judge_progress(Time now) {
  int64_t fewest = std::numeric_limits<int64_t>::max(), most = 0;
  for (const Rank& rank : ranks_) {
    fewest = std::min(fewest, rank.beat.entered);
    most = std::max(most, rank.beat.entered);
  }
  if (fewest != most) {
    for (size_t i = 0; i < ranks_.size(); ++i) {
      const Rank& rank = ranks_[i];
      const auto limit = rank.beat.excused ? patience_.hang * excused_factor : patience_.hang;
      if (rank.left && rank.beat.entered == fewest && now - rank.moved >= patience_.silence) {
        verdict_ = named(i) + " has ended, and the others wait for it";
        return;
      }
      if (rank.left || rank.beat.entered != fewest || now - rank.moved < limit) continue;
      verdict_ = fmt::format("{} has made no progress for {}, and the others wait for it", named(i),
                             seconds_text(limit));
      return;
    }
    return;
  }
  const auto stuck = [&](const Rank& rank) {
    return rank.beat.entered > rank.beat.left && now - rank.moved >= patience_.silence;
  };
  if (!std::all_of(ranks_.begin(), ranks_.end(), stuck)) return;
  std::string waits;
  for (size_t i = 0; i < ranks_.size(); ++i) {
    if (ranks_[i].beat.waits_for < 0) continue;
    waits += fmt::format("{}{} waits for data of rank {}", waits.empty() ? "" : "; ", named(i),
                         ranks_[i].beat.waits_for);
  }
  verdict_ = fmt::format("no data move between the ranks for {}: {}", seconds_text(patience_.silence), waits);
}

}  // namespace cloze
