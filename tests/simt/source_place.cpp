#include <dlfcn.h>
#include <fmt/core.h>

#include <array>
#include <cstdio>
#include <filesystem>
#include <string>
#include <vector>

#include "tests/simt/block.h"

namespace cloze::simt {
namespace {

// What addr2line says of an address of this program: function and place in turn, innermost inlining first.
std::vector<std::string> lookup(const void* code) {
  Dl_info info = {};
  if (dladdr(code, &info) == 0) return {};
  const auto offset = static_cast<const char*>(code) - static_cast<const char*>(info.dli_fbase);
  const std::string program = std::filesystem::read_symlink("/proc/self/exe").string();
  const std::string command = fmt::format("addr2line -Cfi -e '{}' {:#x}", program, offset);
  std::vector<std::string> lines;
  FILE* pipe = popen(command.c_str(), "r");
  if (pipe == nullptr) return {};
  std::array<char, 4096> line;
  while (std::fgets(line.data(), static_cast<int>(line.size()), pipe) != nullptr) {
    lines.emplace_back(line.data());
    lines.back().pop_back();
  }
  pclose(pipe);
  return lines;
}

// From the repository root on, without the compiler's remarks in parentheses.
std::string shortened(std::string place) {
  place = place.substr(0, place.find(" ("));
  for (const char* root : {"/kernels/", "/tests/"}) {
    const size_t at = place.rfind(root);
    if (at != std::string::npos) return place.substr(at + 1);
  }
  return place;
}

}  // namespace

std::string source_place(const void* code) {
  const std::vector<std::string> lines =
      lookup(static_cast<const char*>(code) - 1);  // the call, not its return
  std::string places;
  for (size_t i = 1; i < lines.size(); i += 2) {
    const std::string place = shortened(lines[i]);
    if (place.starts_with("tests/simt/toolkit/") || place.find("/c++/") != std::string::npos) continue;
    places += (places.empty() ? "" : ", called at ") + place;
  }
  return places.empty() ? fmt::format("code address {}", code) : places;
}

std::string source_place(const Place& place) {
  return fmt::format("{}:{}", shortened(place.file), place.line);
}

std::string function_name(const void* code) {
  const std::vector<std::string> lines = lookup(code);
  if (lines.empty()) return fmt::format("at {}", code);
  std::string name = lines[0].substr(0, lines[0].find('('));
  // "(anonymous namespace)::" holds a parenthesis of its own.
  if (lines[0].find("(anonymous namespace)") != std::string::npos) {
    const size_t last = lines[0].rfind("(anonymous namespace)::");
    const std::string rest = lines[0].substr(last + std::string("(anonymous namespace)::").size());
    name = rest.substr(0, rest.find('('));
  }
  return name;
}

}  // namespace cloze::simt
