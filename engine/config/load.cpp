#include "engine/config/load.h"

#include <fmt/core.h>

#include <algorithm>
#include <iterator>
#include <string>
#include <utility>
#include <vector>

#include "engine/base/file.h"
#include "engine/config/yaml.h"

namespace cloze {
namespace {

namespace fs = std::filesystem;

constexpr int most_files = 200;  // bases that name their bases twice grow like 2^depth

class Loader {
 public:
  explicit Loader(Mistakes& mistakes) : mistakes_(mistakes) {}

  // `named_at` is where `base:` names the file.
  ConfigNode file(const fs::path& path, const Place& named_at) {
    const std::string identity = fs::weakly_canonical(path).string();
    if (std::ranges::find(open_, identity) != open_.end()) fail_circle(path, named_at);
    if (++files_ > most_files)
      fail(named_at, path, fmt::format("more than {} files are involved", most_files));
    std::string text;
    try {
      text = read_file(path);
    } catch (const Error& error) {
      fail(named_at, path, error.problem().why);
    }
    open_.push_back(identity);
    ConfigNode root =
        this->text(text, std::make_shared<Source>(Source{path.string(), fs::absolute(path).parent_path()}));
    open_.pop_back();
    return root;
  }

  ConfigNode text(std::string_view text, const std::shared_ptr<const Source>& source) {
    ConfigNode root = parse_yaml(text, source, mistakes_);
    if (root.kind == ConfigNode::Kind::null) root = {.kind = ConfigNode::Kind::map, .place = {source, 0}};
    if (root.kind != ConfigNode::Kind::map) {
      throw UsageError({.what = "a configuration is a map of keys to values",
                        .where = root.place.text(),
                        .why = fmt::format("this is {}", description(root)),
                        .remedy = "write lines like `key: value`"});
    }
    const auto found = std::ranges::find(root.members, "base", &Member::key);
    if (found == root.members.end()) return root;
    const Member base = std::move(*found);
    root.members.erase(found);
    const std::vector<ConfigNode> paths =
        base.node.kind == ConfigNode::Kind::list ? list_of(base.node) : std::vector{base.node};
    ConfigNode merged{.kind = ConfigNode::Kind::map, .place = root.place};
    for (const ConfigNode& path : paths) {
      if (path.kind != ConfigNode::Kind::scalar || path.text.empty()) {
        mistakes_.add(base.place, fmt::format("`base` is {}", description(path)),
                      "it must be a path or a list of paths", "write `base: other.yaml`");
        continue;
      }
      merged = merge(std::move(merged), file(relative_to(*source, path.text), base.place));
    }
    return merge(std::move(merged), std::move(root));
  }

 private:
  static std::vector<ConfigNode> list_of(const ConfigNode& list) {
    std::vector<ConfigNode> nodes;
    std::ranges::transform(list.members, std::back_inserter(nodes), &Member::node);
    return nodes;
  }

  // Kept short for messages: a base of `configs/a.yaml` is called `configs/b.yaml`, not by its absolute path.
  static fs::path relative_to(const Source& source, const fs::path& path) {
    if (path.is_absolute()) return path;
    const fs::path shown = source.folder / path;
    const fs::path relative = shown.lexically_relative(fs::current_path());
    const bool below = !relative.empty() && *relative.begin() != "..";
    return below ? relative.lexically_normal() : shown.lexically_normal();
  }

  [[noreturn]] static void fail(const Place& named_at, const fs::path& path, const std::string& why) {
    const bool outermost = named_at.source == nullptr;
    throw UsageError(
        {.what = fmt::format("cannot read the {} {}", outermost ? "configuration" : "base", path.string()),
         .where = named_at.text(),
         .why = why,
         .remedy = outermost ? "" : "`base` is relative to the file that names it"});
  }

  [[noreturn]] void fail_circle(const fs::path& path, const Place& named_at) const {
    std::string chain;
    for (const std::string& file : open_) chain += file + " -> ";
    fail(named_at, path,
         "the files name each other in a circle: " + chain + fs::weakly_canonical(path).string());
  }

  Mistakes& mistakes_;
  std::vector<std::string> open_;  // the file being read and those that led to it
  int files_ = 0;
};

}  // namespace

ConfigNode load_file(const fs::path& path, Mistakes& mistakes) {
  return Loader(mistakes).file(path, {});
}

ConfigNode load_text(std::string_view text, const std::shared_ptr<const Source>& source, Mistakes& mistakes) {
  return Loader(mistakes).text(text, source);
}

}  // namespace cloze
