#include "engine/parallel/coordinator.h"

#include <fmt/core.h>
#include <poll.h>
#include <sys/socket.h>

#include <algorithm>
#include <nlohmann/json.hpp>
#include <utility>

namespace cloze {
namespace {

using Clock = std::chrono::steady_clock;
using std::chrono::milliseconds;
using std::chrono::seconds;

constexpr milliseconds tick{100};
constexpr milliseconds ping_every{500};
constexpr seconds asleep{3};  // a tick that took as long means that the process was stopped
constexpr seconds hello_within{10};
constexpr seconds farewell{2};

std::string refusal(const std::string& why, bool final) {
  return nlohmann::json{{"type", "refused"}, {"why", why}, {"final", final}}.dump();
}

}  // namespace

Coordinator::Coordinator(Socket listener, JobDescription job, const Patience& patience)
    : listener_(std::move(listener)),
      port_(port_of(listener_)),
      job_(std::move(job)),
      watch_(job_.size, patience, Clock::now()),
      thread_([this] { serve(); }) {}

Coordinator::~Coordinator() {
  stopping_ = true;
  thread_.join();
}

void Coordinator::serve() {
  auto last_tick = Clock::now(), last_ping = last_tick;
  JobWatch::Time give_up = JobWatch::Time::max();
  for (;;) {
    std::vector<pollfd> waited{{.fd = listener_.descriptor(), .events = POLLIN, .revents = 0}};
    for (const auto& member : members_)
      waited.push_back({.fd = member->connection.socket().descriptor(), .events = POLLIN, .revents = 0});
    ::poll(waited.data(), waited.size(), static_cast<int>(tick.count()));
    const auto now = Clock::now();
    if (now - last_tick > asleep) watch_.slept(now);
    last_tick = now;
    accept_all(now);
    for (const auto& member : members_) hear(*member, now);
    std::erase_if(members_, [](const auto& member) { return !member->connection.open(); });
    hand_out_shares();
    judge(now);
    if (now - last_ping >= ping_every) tell_all(R"({"type":"ping"})"), last_ping = now;
    if (stopping_ && give_up == JobWatch::Time::max()) give_up = now + farewell;
    if (stopping_ && (watch_.all_left() || members_.empty() || now >= give_up)) return;
  }
}

void Coordinator::accept_all(JobWatch::Time now) {
  for (;;) {
    Socket accepted(::accept4(listener_.descriptor(), nullptr, nullptr, SOCK_CLOEXEC));
    if (!accepted) return;
    auto member = std::make_unique<Member>();
    member->connection = LineConnection(std::move(accepted));
    member->accepted = now;
    members_.push_back(std::move(member));
  }
}

void Coordinator::hear(Member& member, JobWatch::Time now) {
  member.connection.receive();
  while (const auto line = member.connection.next()) {
    const nlohmann::json message = nlohmann::json::parse(*line, nullptr, false);
    const std::string type = message.is_object() ? message.value("type", "") : "";
    if (member.rank < 0) {
      if (type != "hello") return member.connection.close();  // not one of ours
      hello(member, *line, now);
    } else if (type == "beat") {
      watch_.beat(member.rank,
                  {.entered = message.at("entered"),
                   .left = message.at("left"),
                   .progress = message.at("progress"),
                   .waits_for = message.at("waits_for"),
                   .excused = message.at("excused")},
                  now);
    } else if (type == "share") {
      member.shares.push_back(message.at("text"));
    } else if (type == "failed") {
      watch_.failed(member.rank, message.at("message"));
    } else if (type == "bye") {
      watch_.left(member.rank);
    }
  }
  if (member.rank < 0 && now - member.accepted > hello_within) member.connection.close();
  if (!member.connection.open() && member.rank >= 0)
    watch_.closed(member.rank, "its connection was closed without a word");
}

void Coordinator::hello(Member& member, const std::string& line, JobWatch::Time now) {
  const nlohmann::json message = nlohmann::json::parse(line, nullptr, false);
  const int rank = message.value("rank", -1), size = message.value("size", 0);
  const auto refuse = [&](const std::string& why, bool final) {
    member.connection.write(refusal(why, final));
    member.connection.close();
  };
  if (message.value("job", "") != job_.job || rank < 0) return refuse("this is another job", false);
  const RankDescription description{.host = message.value("host", ""),
                                    .process = message.value("process", int64_t{0}),
                                    .device = message.value("device", "")};
  const std::string name = to_string(rank, description);
  std::string fault;
  if (size != job_.size) {
    fault = fmt::format("{} counts {} processes, rank 0 counts {}", name, size, job_.size);
  } else if (message.value("fingerprint", "") != job_.fingerprint) {
    fault = name +
            " runs with another configuration, other data or another version of Cloze than rank 0: give all "
            "ranks the same file and the same --set";
  }
  if (!fault.empty()) {
    watch_.refused(fault);
    return refuse(fault, true);
  }
  const bool taken =
      std::any_of(members_.begin(), members_.end(), [&](const auto& other) { return other->rank == rank; });
  if (taken) return refuse(fmt::format("there is a rank {} already", rank), true);
  if (const auto& verdict = watch_.verdict(now)) {  // of another rank
    member.connection.write(nlohmann::json{{"type", "over"}, {"why", *verdict}}.dump());
    return member.connection.close();
  }
  member.rank = rank;
  const std::string address = local_address(member.connection.socket());
  if (!is_loopback(address)) reached_at_ = address;
  member.connection.write(R"({"type":"accepted"})");
  watch_.joined(rank, description, now);
}

// When every rank has given a text, all get all of them, in the order of the ranks.
void Coordinator::hand_out_shares() {
  for (;;) {
    if (!watch_.all_joined()) return;
    if (!std::exchange(welcomed_, true))
      tell_all(nlohmann::json{{"type", "welcome"}, {"host", reached_at_}}.dump());
    std::vector<std::string> texts(static_cast<size_t>(job_.size));
    size_t given = 0;
    for (const auto& member : members_) {
      if (member->rank < 0 || member->shares.empty()) continue;
      texts[static_cast<size_t>(member->rank)] = member->shares.front();
      ++given;
    }
    if (given < texts.size()) return;
    for (const auto& member : members_) {
      if (member->rank >= 0) member->shares.erase(member->shares.begin());
    }
    tell_all(nlohmann::json{{"type", "shares"}, {"texts", texts}}.dump());
  }
}

void Coordinator::tell_all(const std::string& line) {
  for (const auto& member : members_) {
    if (member->rank >= 0) member->connection.write(line, seconds(1));
  }
}

void Coordinator::judge(JobWatch::Time now) {
  const auto& verdict = watch_.verdict(now);
  if (!verdict || std::exchange(judged_, true)) return;
  tell_all(nlohmann::json{{"type", "verdict"}, {"message", *verdict}}.dump());
}

}  // namespace cloze
