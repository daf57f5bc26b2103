#include "engine/parallel/rendezvous.h"

#include <fmt/core.h>
#include <poll.h>
#include <unistd.h>

#include <array>
#include <nlohmann/json.hpp>
#include <thread>

#include "engine/base/error.h"
#include "engine/base/file.h"

namespace cloze {
namespace {

using Clock = std::chrono::steady_clock;
using std::chrono::milliseconds;

constexpr const char* announcement = "rendezvous.json";
constexpr milliseconds try_again{100};
constexpr milliseconds connect_within{3000};
constexpr milliseconds answer_within{10000};

struct Lead {
  std::vector<HostPort> places;
  std::string trouble;
};

Lead read_announcement(const std::filesystem::path& file, const std::string& job) {
  if (!std::filesystem::exists(file)) return {{}, file.string() + " is not there"};
  const nlohmann::json said = nlohmann::json::parse(read_file(file), nullptr, false);
  if (!said.is_object() || !said.contains("port")) return {{}, file.string() + " is not readable"};
  if (said.value("job", "") != job) return {{}, file.string() + " is of another job"};
  Lead lead;
  for (const std::string host : said.at("hosts")) lead.places.push_back({host, said.at("port")});
  return lead;
}

Lead leads(const ProcessIdentity& identity, const std::filesystem::path& folder) {
  if (identity.master_host) return {{{*identity.master_host, identity.master_port}}, {}};
  try {
    return read_announcement(folder / announcement, identity.job);
  } catch (const std::exception& error) {  // it may be replaced at this moment
    return {{}, error.what()};
  }
}

// Whether rank 0 accepted or refused; empty where it closes or does not answer.
std::string first_answer(LineConnection& connection) {
  const auto until = Clock::now() + answer_within;
  while (connection.open() && Clock::now() < until) {
    pollfd waited{.fd = connection.socket().descriptor(), .events = POLLIN, .revents = 0};
    ::poll(&waited, 1, static_cast<int>(try_again.count()));
    connection.receive();
    if (const auto line = connection.next()) return *line;
  }
  return {};
}

}  // namespace

Socket open_meeting_point(const ProcessIdentity& identity) {
  if (identity.one_machine) return listen_on("127.0.0.1", 0);
  return listen_on("", identity.master_host ? identity.master_port : 0);
}

void announce(const ProcessIdentity& identity, const std::filesystem::path& folder, int port) {
  if (identity.master_host || identity.size == 1) return;
  const std::vector<std::string> hosts =
      identity.one_machine ? std::vector<std::string>{"127.0.0.1"} : host_addresses();
  const std::filesystem::path aside = folder / (std::string(announcement) + ".new");
  write_file(aside, nlohmann::json{{"job", identity.job}, {"hosts", hosts}, {"port", port}}.dump() + "\n");
  std::filesystem::rename(aside, folder / announcement);
}

void withdraw_announcement(const std::filesystem::path& folder) {
  std::error_code ignored;
  std::filesystem::remove(folder / announcement, ignored);
}

std::optional<std::string> news_of_launcher(const ProcessIdentity& identity) {
  if (identity.launcher_news < 0) return std::nullopt;
  pollfd waited{.fd = identity.launcher_news, .events = POLLIN, .revents = 0};
  std::array<char, 512> news;
  if (::poll(&waited, 1, 0) <= 0 || (waited.revents & POLLIN) == 0) return std::nullopt;
  const ssize_t count = ::read(identity.launcher_news, news.data(), news.size());
  return count > 0 ? std::optional(std::string(news.data(), static_cast<size_t>(count))) : std::nullopt;
}

LineConnection find_rank_0(const ProcessIdentity& identity, const std::filesystem::path& folder,
                           const std::string& hello, const Patience& patience) {
  const auto until = Clock::now() + patience.start;
  std::string trouble;
  while (Clock::now() < until) {
    if (const auto news = news_of_launcher(identity))
      throw Error({.what = "the job ends before all ranks have met: " + *news});
    const Lead lead = leads(identity, folder);
    if (!lead.trouble.empty()) trouble = lead.trouble;
    for (const HostPort& place : lead.places) {
      Connecting connecting = connect_to(place, connect_within);
      if (!connecting.socket) {
        trouble = connecting.trouble;
        continue;
      }
      LineConnection connection(std::move(connecting.socket));
      connection.write(hello);
      const nlohmann::json answer = nlohmann::json::parse(first_answer(connection), nullptr, false);
      const std::string type = answer.is_object() ? answer.value("type", "") : "";
      if (type == "refused" && answer.value("final", false))
        throw UsageError({.what = fmt::format("rank 0 refused rank {}", identity.rank),
                          .where = fmt::format("{} port {}", place.host, place.port),
                          .why = answer.value("why", "")});
      if (type == "over")
        throw Error({.what = "the job ends before all ranks have met: " + answer.value("why", "")});
      if (type == "accepted") return connection;
      trouble = fmt::format("{} port {}: {}", place.host, place.port,
                            type.empty() ? "no answer" : answer.value("why", ""));
    }
    std::this_thread::sleep_for(try_again);
  }
  throw Error(
      {.what = fmt::format("rank 0 of {} was not found", identity.size),
       .where = fmt::format("rank {} on {}", identity.rank, host_name()),
       .why = trouble,
       .remedy = "is it running? do all ranks share the folder `output`, or have the same MASTER_ADDR?"});
}

}  // namespace cloze
