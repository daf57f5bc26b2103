#include "engine/config/config.h"

#include <memory>
#include <optional>
#include <utility>

#include "engine/config/load.h"
#include "engine/config/overrides.h"
#include "engine/config/reader.h"
#include "engine/config/yaml.h"

namespace cloze::config {
namespace {

void finish(const Description& description, ConfigNode root, const Overrides& overrides,
            const std::string& name, Mistakes& mistakes) {
  std::optional<ConfigNode> parsed_defaults;
  const auto defaults = [&]() -> const ConfigNode& {
    if (!parsed_defaults) {
      const auto source =
          std::make_shared<Source>(Source{"the defaults", std::filesystem::current_path(), false});
      parsed_defaults = parse_yaml(dump_yaml(description), source, mistakes);
    }
    return *parsed_defaults;
  };
  for (const std::string& assignment : overrides) apply_override(root, assignment, defaults, mistakes);
  fill(description, root, mistakes);
  mistakes.throw_if_any(name);
}

}  // namespace

void read_file_into(const Description& description, const std::filesystem::path& path,
                    const Overrides& overrides) {
  Mistakes mistakes;
  ConfigNode root = load_file(path, mistakes);
  finish(description, std::move(root), overrides, path.string(), mistakes);
}

void read_text_into(const Description& description, std::string_view yaml, const std::string& name,
                    const Overrides& overrides, const std::filesystem::path& folder) {
  Mistakes mistakes;
  const auto source = std::make_shared<Source>(Source{name, std::filesystem::absolute(folder)});
  ConfigNode root = load_text(yaml, source, mistakes);
  finish(description, std::move(root), overrides, name, mistakes);
}

}  // namespace cloze::config
