#include "tests/architecture/rules.h"

#include <fmt/core.h>

#include <algorithm>
#include <array>
#include <optional>
#include <utility>

#include "tests/architecture/source_text.h"

namespace cloze::architecture {
namespace {

// The rooms from the ground up; a room includes itself and lower rows. `kernels` stands beside `config`,
// outside engine/.
const std::vector<std::vector<std::string_view>> rows = {{"base"},
                                                         {"kernels", "config"},
                                                         {"graph", "text", "parallel"},
                                                         {"ops"},
                                                         {"passes"},
                                                         {"model", "optim", "data", "runtime"},
                                                         {"tasks", "checkpoint"},
                                                         {"train"},
                                                         {"api", "observe"},
                                                         {"cli"}};

// What a graph is made of is tested by running graphs.
constexpr std::array<std::string_view, 3> tested_by_running = {"ops", "passes", "model"};

// Folders of tests/ that belong to no room and may include all of the house.
constexpr std::array<std::string_view, 4> tests_of_the_whole = {"architecture", "end_to_end", "fuzz",
                                                                "golden"};

std::optional<size_t> row_of(std::string_view room) {
  for (size_t row = 0; row < rows.size(); ++row) {
    if (std::find(rows[row].begin(), rows[row].end(), room) != rows[row].end()) return row;
  }
  return std::nullopt;
}

// "engine/data/sample/sample_draws.h": {"engine", "data"}; missing parts are empty.
std::pair<std::string_view, std::string_view> first_two(std::string_view path) {
  const size_t first = path.find('/');
  if (first == std::string_view::npos) return {{}, {}};
  const std::string_view rest = path.substr(first + 1);
  const size_t second = rest.find('/');
  return {path.substr(0, first),
          second == std::string_view::npos ? std::string_view() : rest.substr(0, second)};
}

// The room a file lies in or tests: "data" for engine/data/… and tests/data/…; empty outside the rooms.
std::string_view room_of(std::string_view path) {
  const auto [top, folder] = first_two(path);
  if (top == "kernels") return "kernels";
  if (top == "engine") return folder;
  if (top != "tests") return {};
  if (folder == "simt" || folder == "gpu") return "kernels";  // their tests, on the emulator and on a GPU
  const bool whole =
      std::find(tests_of_the_whole.begin(), tests_of_the_whole.end(), folder) != tests_of_the_whole.end();
  return whole ? std::string_view() : folder;
}

bool in_house(std::string_view target) {
  const std::string_view top = first_two(target).first;
  return top == "engine" || top == "kernels" || top == "tests" || top == "profiling";
}

std::string objection(const std::string& path, const Include& include) {
  const std::string_view from_top = first_two(path).first, to_top = first_two(include.target).first;
  if (include.target.starts_with("../") || include.target.starts_with("./") ||
      (include.quoted && include.target.find('/') == std::string::npos)) {
    return "is not written from the repository root";
  }
  if (!in_house(include.target)) return "";
  if (to_top == "tests") return from_top == "tests" ? "" : "reaches into tests/";
  if (to_top == "profiling") return from_top == "profiling" ? "" : "reaches into profiling/";
  const std::string_view from = room_of(path), to = room_of(include.target);
  if (from.empty() || from == to) return "";
  if (from == "kernels") return "leaves kernels/, which knows nothing of engine/";
  const bool runs_graphs =
      from_top == "tests" &&
      std::find(tested_by_running.begin(), tested_by_running.end(), from) != tested_by_running.end();
  if (runs_graphs && (to == "runtime" || to == "passes" || to == "tasks" || to == "model" || to == "data"))
    return "";
  const auto from_row = row_of(from), to_row = row_of(to);
  if (!from_row || !to_row) return "";  // reported once, as an unknown room
  if (*to_row > *from_row) return fmt::format("goes up: {} may not know {}", from, to);
  if (*to_row == *from_row) return fmt::format("goes sideways: {} and {} stand in one row", from, to);
  return "";
}

bool has_ending(const std::string& path, std::initializer_list<std::string_view> endings) {
  return std::any_of(endings.begin(), endings.end(),
                     [&](std::string_view ending) { return path.ends_with(ending); });
}
bool is_cpp(const std::string& path) {
  return has_ending(path, {".h", ".cpp", ".cu", ".cuh"});
}
bool is_source(const std::string& path) {
  return is_cpp(path) || has_ending(path, {".py", ".sh", ".cmake", "CMakeLists.txt"});
}
bool is_text(const std::string& path) {
  return is_source(path) || has_ending(path, {".md", ".yaml", ".yml", ".json", "Dockerfile", "/run"});
}
// The one file that may launch kernels.
bool is_launch_file(const std::string& path) {
  return path.starts_with("kernels/common/launch.");
}

// Folders that exist on somebody's machine only.
std::string slashed(std::string_view name) {
  return fmt::format("/{}/", name);
}
const std::vector<std::string> machine_folders = {slashed("home"), slashed("root"),  slashed("work"),
                                                  slashed("opt"),  slashed("Users"), slashed("mnt")};

std::string machine_path_in(std::string_view line) {
  for (const std::string& folder : machine_folders) {
    for (size_t at = line.find(folder); at != std::string_view::npos; at = line.find(folder, at + 1)) {
      const char before = at == 0 ? ' ' : line[at - 1];
      const bool within_a_path = (before >= 'a' && before <= 'z') || (before >= 'A' && before <= 'Z') ||
                                 (before >= '0' && before <= '9') ||
                                 std::string_view("._-~}/*").find(before) != std::string_view::npos;
      if (!within_a_path) return folder;
    }
  }
  return "";
}

void check_code(const std::string& path, std::string_view text, std::vector<std::string>& found) {
  for (const Include& include : includes_of(text)) {
    const std::string why = objection(path, include);
    if (!why.empty())
      found.push_back(fmt::format("{}:{}: include of {} {}", path, include.line, include.target, why));
  }
  if (is_launch_file(path)) return;
  if (path.starts_with("tests/simt/toolkit/")) return;  // declares what it stands in for
  const std::string code = code_of(text, Strings::blank);
  const size_t launch = std::min(code.find("<<<"), code.find("cudaLaunchKernel"));
  if (launch == std::string::npos) return;
  const auto line = 1 + std::count(code.begin(), code.begin() + static_cast<std::ptrdiff_t>(launch), '\n');
  found.push_back(fmt::format("{}:{}: kernels are launched through kernels/common/launch only", path, line));
}

}  // namespace

std::vector<std::string> check_file(const std::string& path, std::string_view text) {
  std::vector<std::string> found;
  const std::string_view room = room_of(path);
  if (!room.empty() && !row_of(room))
    found.push_back(fmt::format("{}: `{}` is no room of the house", path, room));
  if (is_cpp(path)) check_code(path, text, found);
  const std::vector<std::string_view> lines = lines_of(text);
  if (is_source(path) && lines.size() > static_cast<size_t>(longest_file)) {
    found.push_back(fmt::format("{}: {} lines; {} are the most", path, lines.size(), longest_file));
  }
  for (size_t i = 0; is_text(path) && i < lines.size(); ++i) {
    const std::string folder = machine_path_in(lines[i]);
    if (!folder.empty())
      found.push_back(fmt::format("{}:{}: a path of one machine ({})", path, i + 1, folder));
  }
  return found;
}

std::vector<std::string> repository_files(const std::filesystem::path& root) {
  namespace fs = std::filesystem;
  std::vector<std::string> files;
  for (fs::recursive_directory_iterator it(root), end; it != end; ++it) {
    const std::string path = fs::relative(it->path(), root).generic_string();
    const bool left_out = path == "build" || path.starts_with("build-") || path == "out" ||
                          path == "shared" || path == ".git" || path == ".cache" ||
                          it->path().filename() == "__pycache__";
    if (left_out) {
      if (it->is_directory()) it.disable_recursion_pending();
    } else if (it->is_regular_file()) {
      files.push_back(path);
    }
  }
  std::sort(files.begin(), files.end());
  return files;
}

}  // namespace cloze::architecture
