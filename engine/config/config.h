#pragma once

#include <filesystem>
#include <string>
#include <string_view>
#include <vector>

#include "engine/base/error.h"
#include "engine/config/differences.h"
#include "engine/config/dump.h"
#include "engine/config/faults.h"
#include "engine/config/fields.h"
#include "engine/config/outline.h"
#include "engine/config/reference.h"
#include "engine/config/schema.h"

// What can be done with an options struct T that has a describe(): see engine/config/fields.h.
namespace cloze::config {

using Overrides = std::vector<std::string>;  // "optimizer.learning_rate=2e-5", as given to --set

// The bodies of the templates below. Both fill the options that `description` describes, which are at their
// defaults.
void read_file_into(const Description& description, const std::filesystem::path& path,
                    const Overrides& overrides);
void read_text_into(const Description& description, std::string_view yaml, const std::string& name,
                    const Overrides& overrides, const std::filesystem::path& folder);

template <Described T>
Description description_of(T& options) {
  return [&options](Fields& fields) { describe(fields, options); };
}

// Reads a YAML file and the files its `base:` names, applies the overrides in order and checks everything.
// Throws one UsageError that lists all that is wrong, each with file:line or --set.
template <Described T>
T read(const std::filesystem::path& path, const Overrides& overrides = {}) {
  T options;
  read_file_into(description_of(options), path, overrides);
  return options;
}

// The same for YAML in memory: `name` stands for the file in messages, `folder` is where relative paths
// start.
template <Described T>
T read_text(std::string_view yaml, const std::string& name, const Overrides& overrides = {},
            const std::filesystem::path& folder = ".") {
  T options;
  read_text_into(description_of(options), yaml, name, overrides, folder);
  return options;
}

// YAML with every key, which read() turns into the same options again.
template <Described T>
std::string dump(T options) {
  return dump_yaml(description_of(options));
}

// The Markdown reference of all keys, with the defaults of T.
template <Described T>
std::string reference_page(const std::string& title) {
  T options;
  return reference_markdown(description_of(options), title);
}

// The JSON Schema of the configuration file, for editors.
template <Described T>
std::string schema(const std::string& title) {
  T options;
  return schema_json(description_of(options), title);
}

// The keys whose values differ between two configurations.
template <Described T>
std::vector<Difference> differences(T before, T after) {
  return find_differences(description_of(before), description_of(after));
}

// What is wrong with the describe() of T, for its owner's tests; empty where nothing is.
template <Described T>
std::vector<std::string> faults() {
  T options;
  return find_faults(description_of(options));
}

}  // namespace cloze::config
