#include "engine/train/job.h"

#include <fmt/core.h>
#include <unistd.h>

#include <algorithm>
#include <bit>
#include <csignal>
#include <nlohmann/json.hpp>
#include <numeric>

#include "engine/base/error.h"
#include "engine/base/format.h"
#include "engine/base/log.h"
#include "engine/base/signals.h"
#include "engine/parallel/gloo_communicator.h"
#include "engine/parallel/nccl_communicator.h"
#include "engine/parallel/slow_link.h"
#include "engine/parallel/socket.h"

namespace cloze {
namespace {

// NCCL would say no more than that it cannot.
void require_a_gpu_for_each(const std::vector<std::string>& gpus) {
  for (auto rank = gpus.begin(); rank != gpus.end(); ++rank) {
    const auto before = std::find(gpus.begin(), rank, *rank);
    if (before == rank) continue;
    throw UsageError(
        {.what = fmt::format("ranks {} and {} have the same GPU", before - gpus.begin(), rank - gpus.begin()),
         .where = *rank,
         .remedy = "start one process for each GPU: `cloze launch --processes` with their number"});
  }
}

constexpr double much_longer = 1.5;    // than the median of all ranks
constexpr double worth_a_warning = 1;  // seconds of an interval

std::chrono::milliseconds milliseconds_of(double seconds) {
  return std::chrono::milliseconds(static_cast<int64_t>(1000 * seconds));
}

// Numbers as their bits: JSON has no NaN and no infinity, which a loss may be.
uint64_t bits_of(double value) {
  return std::bit_cast<uint64_t>(value);
}
double number_from(const nlohmann::json& bits) {
  return std::bit_cast<double>(bits.get<uint64_t>());
}

nlohmann::json to_json(const PretrainingMetrics& m) {
  return {m.tokens,
          m.sequences,
          m.predictions,
          bits_of(m.masked_loss_sum),
          m.masked_correct,
          m.mask_token_predictions,
          bits_of(m.mask_token_loss_sum),
          bits_of(m.mask_token_unigram_sum),
          bits_of(m.next_loss_sum),
          m.next_correct};
}

PretrainingMetrics metrics_from(const nlohmann::json& values) {
  return {.tokens = values.at(0),
          .sequences = values.at(1),
          .predictions = values.at(2),
          .masked_loss_sum = number_from(values.at(3)),
          .masked_correct = values.at(4),
          .mask_token_predictions = values.at(5),
          .mask_token_loss_sum = number_from(values.at(6)),
          .mask_token_unigram_sum = number_from(values.at(7)),
          .next_loss_sum = number_from(values.at(8)),
          .next_correct = values.at(9)};
}

}  // namespace

Job::Job(const ClusterOptions& options) : options_(options), identity_(process_identity()) {
  if (leads()) return;
  log::set_prefix(fmt::format("rank {}: ", rank()));
  log::set_level(log::Level::warning);
}

Job::~Job() {
  log::set_prefix("");
}

void Job::join(const std::filesystem::path& folder, const std::string& fingerprint, const std::string& device,
               Engine& engine) {
  if (size() == 1) {
    communicator_ = make_single_process_communicator();
    return;
  }
  if (leads()) log::info("rank 0 of {}, as {} says; waiting for the others", size(), identity_.source);
  auto membership = std::make_unique<Membership>(
      MembershipOptions{.identity = identity_,
                        .folder = folder,
                        .fingerprint = fingerprint,
                        .device = device,
                        .patience = {.start = milliseconds_of(options_.start_timeout),
                                     .silence = milliseconds_of(options_.timeout),
                                     .hang = milliseconds_of(options_.hang_timeout)}});
  std::vector<std::string> seats;
  for (const std::string& said :
       membership->exchange(nlohmann::json({host_name(), ::getpid(), device}).dump())) {
    const auto seat = nlohmann::json::parse(said);
    hosts_.push_back(fmt::format("host {}, process {}, {}", seat.at(0).get<std::string>(),
                                 seat.at(1).get<int>(), seat.at(2).get<std::string>()));
    seats.push_back(
        fmt::format("{} of host {}", seat.at(2).get<std::string>(), seat.at(0).get<std::string>()));
    log::info("rank {}: {}", hosts_.size() - 1, hosts_.back());
  }
  if (engine.cuda() != nullptr) {
    require_a_gpu_for_each(seats);
    communicator_ = make_nccl_communicator(std::move(membership), *engine.cuda());
  } else {
    communicator_ = make_gloo_communicator(std::move(membership));
    agreement_ = communicator_->all_reduce(asked_);
  }
}

std::vector<Bucket> Job::sharded_buckets(const ParameterLayout& layout) const {
  if (!shards_optimizer()) return {};
  return cut_into_buckets(layout, bucket_elements(options_), size());
}

std::optional<int64_t> Job::own_moments(const ParameterLayout& layout) const {
  if (!shards_optimizer()) return std::nullopt;
  return moment_elements(shards_of(sharded_buckets(layout), rank(), size()));
}

Reduction Job::reduction(const ParameterLayout& layout) const {
  if (size() == 1) return {};
  return {.communicator = communicator_,
          .buckets = cut_into_buckets(layout, bucket_elements(options_), size()),
          .overlap = options_.overlap,
          .wire = options_.reduction,
          .shard_update = shards_optimizer()};
}

std::string Job::share(const std::string& text) {
  return communicator_->exchange(leads() ? text : "").front();
}

void Job::begin_agreement() {
  if (size() == 1) return;
  if (!agreement_) return;
  const int signal = interrupted();
  asked_ = {signal == SIGTERM ? 1.0f : 0.0f, signal == SIGINT ? 1.0f : 0.0f};
  agreement_->start();
}

int Job::agreed_signal() {
  if (size() == 1) return interrupted();
  if (!agreement_) {
    int signal = 0;
    for (const std::string& text : communicator_->exchange(std::to_string(interrupted())))
      if (const int asked = std::stoi(text); asked == SIGTERM || signal == 0) signal = asked;
    return signal;
  }
  agreement_->wait();
  return asked_[0] > 0 ? SIGTERM : asked_[1] > 0 ? SIGINT : 0;
}

IntervalSums Job::sum(const IntervalSums& own) {
  if (size() == 1) return own;
  const LinkTime link = communicator_->link_time();
  const nlohmann::json said = {to_json(own.metrics), bits_of(own.flops), bits_of(own.busy_seconds),
                               bits_of(link.bytes - link_before_.bytes),
                               bits_of(link.seconds - link_before_.seconds)};
  link_before_ = link;
  IntervalSums sums;
  std::vector<double> busy_seconds;
  std::vector<LinkTime> links;
  for (const std::string& text : communicator_->exchange(said.dump())) {
    const auto of_rank = nlohmann::json::parse(text);
    sums.metrics += metrics_from(of_rank.at(0));
    sums.flops += number_from(of_rank.at(1));
    busy_seconds.push_back(number_from(of_rank.at(2)));
    sums.busy_seconds += busy_seconds.back();
    links.push_back({.bytes = number_from(of_rank.at(3)), .seconds = number_from(of_rank.at(4))});
  }
  warn_of_slow_rank(busy_seconds);
  warn_of_slow_link(links);
  return sums;
}

PretrainingMetrics Job::sum(const PretrainingMetrics& own) {
  if (size() == 1) return own;
  PretrainingMetrics sums;
  for (const std::string& text : communicator_->exchange(to_json(own).dump()))
    sums += metrics_from(nlohmann::json::parse(text));
  return sums;
}

// Once for each rank that becomes the slowest, not at every report.
void Job::warn_of_slow_rank(const std::vector<double>& busy_seconds) {
  const auto slowest = std::max_element(busy_seconds.begin(), busy_seconds.end());
  std::vector<double> others(busy_seconds.begin(), slowest);
  others.insert(others.end(), slowest + 1, busy_seconds.end());
  std::nth_element(others.begin(), others.begin() + static_cast<std::ptrdiff_t>(others.size() / 2),
                   others.end());
  const double median = others[others.size() / 2];
  const auto rank = static_cast<int>(slowest - busy_seconds.begin());
  const bool slow = *slowest > much_longer * median && *slowest - median > worth_a_warning;
  if (slow && rank != slowest_ && leads()) {
    log::warning(
        "rank {} is slow ({}): it computed for {:.1f} s, the others for {:.1f} s, and they wait for it", rank,
        hosts_[static_cast<size_t>(rank)], *slowest, median);
  }
  slowest_ = slow ? rank : -1;
}

void Job::warn_of_slow_link(const std::vector<LinkTime>& links) {
  const std::optional<SlowLink> slow = find_slow_link(links);
  const int to = slow ? slow->to : -1;
  if (slow && to != slow_link_to_ && leads()) {
    const int from = (to + size() - 1) % size();
    log::warning(
        "the link from rank {} ({}) to rank {} ({}) is slow: {}B/s, the others {}B/s; it cost {:.1f} s", from,
        hosts_[static_cast<size_t>(from)], to, hosts_[static_cast<size_t>(to)], human_count(slow->rate),
        human_count(slow->usual_rate), slow->lost_seconds);
  }
  slow_link_to_ = to;
}

std::string Job::first_of(const std::string& text) {
  if (size() == 1) return text;
  const std::vector<std::string> texts = communicator_->exchange(text);
  for (size_t i = 0; i < texts.size(); ++i) {
    if (!texts[i].empty()) return fmt::format("{} (rank {})", texts[i], i);
  }
  return {};
}

}  // namespace cloze
