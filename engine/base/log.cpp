#include "engine/base/log.h"

#include <spdlog/sinks/basic_file_sink.h>
#include <spdlog/sinks/stdout_sinks.h>
#include <spdlog/spdlog.h>

#include <algorithm>
#include <memory>

namespace cloze::log {
namespace {

spdlog::level::level_enum spdlog_level(Level level) {
  switch (level) {
    case Level::debug:
      return spdlog::level::debug;
    case Level::info:
      return spdlog::level::info;
    case Level::warning:
      return spdlog::level::warn;
    case Level::error:
      return spdlog::level::err;
  }
  return spdlog::level::info;
}

spdlog::logger& logger() {
  static const std::shared_ptr<spdlog::logger> instance = [] {
    auto created =
        std::make_shared<spdlog::logger>("cloze", std::make_shared<spdlog::sinks::stderr_sink_mt>());
    created->set_pattern("%H:%M:%S %v");
    created->flush_on(spdlog::level::info);
    return created;
  }();
  return *instance;
}

// Set before other threads log.
std::string& own_prefix() {
  static std::string prefix;
  return prefix;
}

const char* prefix(Level level) {
  if (level == Level::warning) return "warning: ";
  if (level == Level::error) return "error: ";
  return "";
}

}  // namespace

void write(Level level, const std::string& message) {
  logger().log(spdlog_level(level), "{}{}{}", own_prefix(), prefix(level), message);
}

void set_level(Level level) {
  logger().set_level(spdlog_level(level));
}

void set_prefix(const std::string& prefix) {
  own_prefix() = prefix;
}

void set_file(const std::filesystem::path& path) {
  auto& sinks = logger().sinks();
  sinks.resize(1);
  if (path.empty()) return;
  auto file = std::make_shared<spdlog::sinks::basic_file_sink_mt>(path.string());
  file->set_pattern("%Y-%m-%d %H:%M:%S %v");
  sinks.push_back(file);
}

}  // namespace cloze::log
