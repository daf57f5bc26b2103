#include "engine/parallel/rank_process.h"

#include <fcntl.h>
#include <fmt/core.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <fstream>
#include <iostream>

#include "engine/base/error.h"

namespace cloze {
namespace {

constexpr size_t kept_for_the_end = 4096;     // bytes
constexpr size_t kept_for_the_log = 1 << 20;  // bytes, while there is no folder yet

std::vector<char*> pointers_to(std::vector<std::string>& texts) {
  std::vector<char*> pointers;
  for (std::string& text : texts) pointers.push_back(text.data());
  pointers.push_back(nullptr);
  return pointers;
}

// A pipe: its end to read, its end to write.
std::array<Socket, 2> make_pipe() {
  std::array<int, 2> ends{};
  if (::pipe2(ends.data(), O_CLOEXEC) != 0)
    throw Error({.what = "cannot make a pipe", .why = system_message(errno)});
  return {Socket(ends[0]), Socket(ends[1])};
}

std::vector<std::string> environment_with(const std::vector<std::string>& variables) {
  std::vector<std::string> all;
  for (char** variable = environ; *variable != nullptr; ++variable) {
    const std::string_view name =
        std::string_view(*variable).substr(0, std::string_view(*variable).find('='));
    if (!name.starts_with("CLOZE_RANK") && name != "CLOZE_WORLD_SIZE" && name != "CLOZE_JOB" &&
        name != "CLOZE_NEWS")
      all.emplace_back(*variable);
  }
  all.insert(all.end(), variables.begin(), variables.end());
  return all;
}

// In the child, between fork and exec: system calls only.
[[noreturn]] void become(char* const* call, char* const* environment, int log, int news, pid_t parent) {
  ::prctl(PR_SET_PDEATHSIG, SIGTERM);
  if (::getppid() != parent) ::_exit(1);  // it was gone before that
  ::setpgid(0, 0);                        // Ctrl-C reaches the launcher alone, which passes it on
  sigset_t none;
  ::sigemptyset(&none);
  ::sigprocmask(SIG_SETMASK, &none, nullptr);
  if (::dup2(log, STDERR_FILENO) < 0 || ::fcntl(news, F_SETFD, 0) != 0) ::_exit(126);
  ::execve(call[0], call, environment);
  ::_exit(127);
}

}  // namespace

RankProcess::RankProcess(int rank, const std::vector<std::string>& call,
                         const std::vector<std::string>& variables)
    : rank_(rank) {
  auto [output, writing] = make_pipe();
  auto [hearing, news] = make_pipe();
  output_ = std::move(output);
  hearing_ = std::move(hearing);
  news_ = std::move(news);
  ::fcntl(output_.descriptor(), F_SETFL, O_NONBLOCK);
  std::vector<std::string> words = call, settings = environment_with(variables);
  settings.push_back(fmt::format("CLOZE_NEWS={}", hearing_.descriptor()));
  const std::vector<char*> arguments = pointers_to(words), environment = pointers_to(settings);
  const pid_t parent = ::getpid();
  process_ = ::fork();
  if (process_ < 0)
    throw Error(
        {.what = fmt::format("cannot start the process of rank {}", rank), .why = system_message(errno)});
  if (process_ == 0)
    become(arguments.data(), environment.data(), writing.descriptor(), hearing_.descriptor(), parent);
}

RankProcess::RankProcess(RankProcess&& other) noexcept
    : rank_(other.rank_),
      process_(std::exchange(other.process_, -1)),
      output_(std::move(other.output_)),
      hearing_(std::move(other.hearing_)),
      news_(std::move(other.news_)),
      unwritten_(std::move(other.unwritten_)),
      last_(std::move(other.last_)),
      exit_code_(other.exit_code_),
      killed_by_(other.killed_by_) {}

RankProcess::~RankProcess() {
  if (process_ < 0 || !running()) return;
  send(SIGKILL);
  ::waitpid(process_, nullptr, 0);
}

void RankProcess::read_output() {
  std::array<char, 1 << 14> part;
  while (output_) {
    const ssize_t count = ::read(output_.descriptor(), part.data(), part.size());
    if (count < 0 && errno == EINTR) continue;
    if (count < 0 && errno == EAGAIN) break;
    if (count <= 0) {
      output_ = Socket();
      break;
    }
    const std::string_view text(part.data(), static_cast<size_t>(count));
    if (rank_ == 0) std::cerr << text << std::flush;
    unwritten_ += text;
    last_ += text;
    if (last_.size() > 2 * kept_for_the_end) last_.erase(0, last_.size() - kept_for_the_end);
  }
}

void RankProcess::write_log(const std::filesystem::path& run_folder) {
  if (unwritten_.size() > kept_for_the_log) unwritten_.erase(0, unwritten_.size() - kept_for_the_log);
  std::error_code trouble;
  if (unwritten_.empty() || !std::filesystem::exists(run_folder / "format_version", trouble)) return;
  std::filesystem::create_directories(run_folder / "logs", trouble);
  std::ofstream log(run_folder / "logs" / fmt::format("rank-{}.txt", rank_), std::ios::app);
  log << unwritten_ << std::flush;
  if (log) unwritten_.clear();  // a full disk must not end the run: what is left is tried again
}

std::string RankProcess::last_lines() const {
  const size_t begin =
      last_.size() > kept_for_the_end ? last_.find('\n', last_.size() - kept_for_the_end) + 1 : 0;
  return last_.substr(begin);
}

void RankProcess::tell(const std::string& news) const {
  (void)!::write(news_.descriptor(), news.data(), news.size());  // little: a pipe has room for it
}

void RankProcess::send(int signal) const {
  if (running()) ::kill(process_, signal);
}

void RankProcess::look() {
  int status = 0;
  if (!running() || ::waitpid(process_, &status, WNOHANG) != process_) return;
  if (WIFSIGNALED(status)) killed_by_ = WTERMSIG(status);
  exit_code_ = killed_by_ ? 128 + *killed_by_ : WEXITSTATUS(status);
}

}  // namespace cloze
