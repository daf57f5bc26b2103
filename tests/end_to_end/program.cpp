#include "tests/end_to_end/program.h"

#include <fcntl.h>
#include <fmt/core.h>
#include <fmt/format.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <csignal>
#include <ostream>
#include <stdexcept>
#include <thread>

#include "engine/base/error.h"

namespace cloze::end_to_end {
namespace {

using Clock = std::chrono::steady_clock;

[[noreturn]] void fail(const char* action) {
  throw std::runtime_error(fmt::format("cannot {}: {}", action, system_message(errno)));
}

int anonymous_file(const std::string& text = {}) {
  const int descriptor = ::memfd_create("cloze_end_to_end", MFD_CLOEXEC);
  if (descriptor < 0) fail("make an anonymous file");
  if (::pwrite(descriptor, text.data(), text.size(), 0) != static_cast<ssize_t>(text.size()))
    fail("fill an anonymous file");
  return descriptor;
}

std::string text_of(int descriptor) {
  std::string text, part(1 << 16, '\0');
  for (off_t at = 0;;) {
    const ssize_t count = ::pread(descriptor, part.data(), part.size(), at);
    if (count <= 0) return text;
    text.append(part, 0, static_cast<size_t>(count));
    at += count;
  }
}

std::vector<char*> pointers_to(std::vector<std::string>& texts) {
  std::vector<char*> pointers;
  for (std::string& text : texts) pointers.push_back(text.data());
  pointers.push_back(nullptr);
  return pointers;
}

// In the child, between fork and exec: system calls only.
[[noreturn]] void become(char* const* arguments, char* const* environment, int input, int output, int log,
                         const rlimit* file_limit) {
  if (file_limit != nullptr) {
    ::signal(SIGXFSZ, SIG_IGN);  // the write fails instead, as on a full disk
    if (::setrlimit(RLIMIT_FSIZE, file_limit) != 0) ::_exit(126);
  }
  if (::dup2(input, STDIN_FILENO) < 0 || ::dup2(output, STDOUT_FILENO) < 0 || ::dup2(log, STDERR_FILENO) < 0)
    ::_exit(126);
  ::execvpe(arguments[0], arguments, environment);
  ::_exit(127);
}

}  // namespace

void PrintTo(const Outcome& outcome, std::ostream* stream) {
  *stream << "exit code " << outcome.exit_code << ", signal " << outcome.signal << "\nstandard output:\n"
          << outcome.output << "\nstandard error:\n"
          << outcome.log;
}

Process::Process(const Arguments& arguments, const Surroundings& surroundings)
    : command_(fmt::format("cloze {}", fmt::join(arguments, " "))),
      deadline_(Clock::now() + surroundings.patience),
      output_(anonymous_file()),
      log_(anonymous_file()) {
  Arguments words = arguments;
  words.insert(words.begin(), CLOZE_PROGRAM);
  words.insert(words.begin(), surroundings.before.begin(), surroundings.before.end());
  const std::vector<char*> pointers = pointers_to(words);
  std::vector<std::string> variables = surroundings.environment;
  for (char** variable = environ; *variable != nullptr; ++variable) variables.emplace_back(*variable);
  const std::vector<char*> environment = pointers_to(variables);
  const int input = anonymous_file(surroundings.input);
  rlimit limit = {};
  if (surroundings.file_limit) limit = {*surroundings.file_limit, *surroundings.file_limit};
  process_ = ::fork();
  if (process_ < 0) fail("fork");
  if (process_ == 0)
    become(pointers.data(), environment.data(), input, output_, log_,
           surroundings.file_limit ? &limit : nullptr);
  ::close(input);
}

Process::~Process() {
  if (!ended_) {
    ::kill(process_, SIGKILL);
    ::waitpid(process_, nullptr, 0);
  }
  ::close(output_);
  ::close(log_);
}

bool Process::poll() {
  if (ended_) return true;
  int status = 0;
  rusage usage = {};
  const pid_t found = ::wait4(process_, &status, WNOHANG, &usage);
  if (found < 0) fail("wait for the program");
  if (found == 0) {
    if (Clock::now() > deadline_)
      throw std::runtime_error(
          fmt::format("`{}` did not end in time; its log:\n{}", command_, text_of(log_)));
    return false;
  }
  ended_ = true;
  outcome_ = {.exit_code = WIFEXITED(status) ? WEXITSTATUS(status) : -1,
              .signal = WIFSIGNALED(status) ? WTERMSIG(status) : 0,
              .output = text_of(output_),
              .log = text_of(log_),
              .peak_bytes = int64_t{usage.ru_maxrss} * 1024};
  return true;
}

void Process::wait_for_log(const std::string& text) {
  wait_until(fmt::format("saying \"{}\"", text),
             [&] { return text_of(log_).find(text) != std::string::npos; });
}

void Process::wait_until(const std::string& what, const std::function<bool()>& holds) {
  while (!holds()) {
    if (poll()) {
      throw std::runtime_error(
          fmt::format("`{}` ended before {}; its log:\n{}", command_, what, outcome_.log));
    }
    std::this_thread::sleep_for(std::chrono::milliseconds(1));
  }
}

bool Process::ends_within(std::chrono::microseconds time) {
  const auto until = Clock::now() + time;
  while (Clock::now() < until) {
    if (poll()) return true;
    std::this_thread::sleep_for(std::chrono::microseconds(200));
  }
  return poll();
}

void Process::send(int signal) {
  ::kill(process_, signal);
}

std::string Process::log() const {
  return text_of(log_);
}

Outcome Process::wait() {
  while (!poll()) std::this_thread::sleep_for(std::chrono::milliseconds(1));
  return outcome_;
}

Outcome run(const Arguments& arguments, const Surroundings& surroundings) {
  return Process(arguments, surroundings).wait();
}

}  // namespace cloze::end_to_end
