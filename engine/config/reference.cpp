#include "engine/config/reference.h"

#include <fmt/core.h>

#include <algorithm>
#include <utility>
#include <vector>

#include "engine/config/dump.h"
#include "engine/config/read_value.h"

namespace cloze {
namespace {

std::string cell(const std::string& text) {
  std::string result;
  for (const char c : text) {
    if (c == '|') result += '\\';
    result += c;
  }
  return result;
}

// `value` as code that Markdown leaves alone; a path of a default is shown as the source says it.
std::string default_text(const Option& option) {
  if (option.rules.required) return "required";
  if (option.type.kind != ScalarKind::path) return fmt::format("`{}`", setting_yaml(option));
  Option as_text = option;
  as_text.type.kind = ScalarKind::text;
  return fmt::format("`{}`", setting_yaml(as_text));
}

std::string with_marks(const std::string& help, const Rules& rules) {
  return help + (rules.fixed_on_resume ? " *(fixed on resume)*" : "");
}

std::string choice_items(const Option& option) {
  std::string items;
  for (const ChoiceName& choice : option.choices) {
    items += fmt::format("* `{}`{}{}\n", choice.name, choice.help.empty() ? "" : ": ", choice.help);
  }
  return items;
}

// The page of one section, those inside it after its own table.
class Page : public Fields {
 public:
  Page(std::string name, std::string help) : name_(std::move(name)), help_(std::move(help)) {}

  std::string text() const {
    std::string result = name_.empty() ? "" : fmt::format("## `{}`\n\n", name_);
    if (!help_.empty()) result += help_ + ".\n\n";
    if (!rows_.empty())
      result += "| Key | Type | Default | Range | Meaning |\n|---|---|---|---|---|\n" + rows_ + "\n";
    return result + choices_ + inside_;
  }

 protected:
  void visit(const Option& option) override {
    std::string range = range_text(option.rules);
    if (option.rules.percent) range += ", or a percentage";
    if (option.rules.non_empty) range += range.empty() ? "not empty" : ", not empty";
    add_row(option.name, type_text(option), default_text(option), range,
            with_marks(option.help, option.rules));
    const bool explained =
        std::ranges::any_of(option.choices, [](const ChoiceName& c) { return !c.help.empty(); });
    if (explained)
      choices_ += fmt::format("`{}` is one of\n\n{}\n", join_key(name_, option.name), choice_items(option));
  }
  void visit(const Section& section) override {
    const std::string key = join_key(name_, section.name);
    add_row(section.name, "a section", "", "",
            fmt::format("{}: see `{}`", with_marks(section.help, section.rules), key));
    add_page(key, section.help, section.describe);
  }
  void visit(const Sections& sections) override {
    const bool list = sections.shape == Shape::list;
    const std::string key = join_key(name_, sections.name) + (list ? "[]" : "");
    const std::string present =
        list ? fmt::format("{} element{}", sections.count, sections.count == 1 ? "" : "s") : "`{}`";
    const std::string absent = list ? "`[]`" : "`null`";
    const std::string given = sections.count == 0 ? absent : present;
    add_row(sections.name, list ? "a list of sections" : "a section, or null",
            sections.rules.required ? "required" : given, sections.rules.non_empty ? "not empty" : "",
            fmt::format("{}: see `{}`", with_marks(sections.help, sections.rules), key));
    add_page(key, sections.help, sections.describe_default);
  }

 private:
  void add_row(const std::string& key, const std::string& type, const std::string& default_value,
               const std::string& range, const std::string& help) {
    rows_ += fmt::format("| `{}` | {} | {} | {} | {} |\n", key, cell(type), cell(default_value), cell(range),
                         cell(help));
  }
  void add_page(const std::string& key, const std::string& help, const Description& description) {
    Page page(key, help);
    description(page);
    inside_ += page.text();
  }

  std::string name_, help_;
  std::string rows_, choices_, inside_;
};

constexpr const char* introduction =
    "Keys not given keep their default. `base:` at the top names a file (or a list of files), relative to "
    "the one it\n"
    "stands in, that this one is laid upon: sections are merged, everything else is replaced. Paths are "
    "relative to the\n"
    "file they stand in. Numbers may be written `1_000`, `2e-5`, `128k`, `1.5M` (k, M, G, T: powers of 1000) "
    "or `64Ki`\n"
    "(Ki, Mi, Gi, Ti: powers of 1024). `--set KEY=VALUE` overrides one key, for example `--set a.b=3` or\n"
    "`--set list[0].key=[1, 2]`.\n\n";

}  // namespace

std::string reference_markdown(const Description& description, const std::string& title) {
  Page page("", "");
  description(page);
  std::string text = fmt::format("# {}\n\n{}{}", title, introduction, page.text());
  while (text.ends_with("\n\n")) text.pop_back();
  return text;
}

}  // namespace cloze
