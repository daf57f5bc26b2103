#include "engine/data/examples/table_layout.h"

#include <fmt/core.h>

#include <algorithm>

#include "engine/base/error.h"
#include "engine/data/examples/column_reference.h"
#include "engine/data/examples/quoted_list.h"

namespace cloze {
namespace {

using Row = std::span<const std::string>;

// The columns without which there is no example.
std::vector<std::string> needed_columns(const ColumnLayout& layout, TaskKind kind) {
  std::vector<std::string> needed = {layout.text_a};
  if (!layout.text_b.empty()) needed.push_back(layout.text_b);
  if (kind == TaskKind::multiple_choice) {
    needed.insert(needed.end(), layout.endings.begin(), layout.endings.end());
  }
  return needed;
}

bool is_named(const std::string& column) {
  return !column.empty() && !column_number(column);
}

// All columns that are given by name, the optional ones too.
bool has_names(const ColumnLayout& layout, TaskKind kind) {
  const std::vector<std::string> needed = needed_columns(layout, kind);
  return std::any_of(needed.begin(), needed.end(), is_named) || is_named(layout.label) || is_named(layout.id);
}

bool suits(const ColumnLayout& layout, TaskKind kind, Row row) {
  if (layout.columns != 0 && static_cast<size_t>(layout.columns) != row.size()) return false;
  const std::vector<std::string> needed = needed_columns(layout, kind);
  return std::all_of(needed.begin(), needed.end(), [&](const std::string& column) {
    return find_column(column, row, row.size()).has_value();
  });
}

// Whether the first row of a layout of numbers is a header, and why.
void decide_header(const TaskDescription& task, const ColumnLayout& layout, Row row, FittedLayout& fitted) {
  if (layout.header != HeaderRule::automatic) {
    fitted.header = layout.header == HeaderRule::yes;
    fitted.why_header = fitted.header ? "so the task says" : "files of this layout have none";
    return;
  }
  const auto names_a_column = [&](size_t column) { return is_usual_column_name(row[column]); };
  if (fitted.label) {
    const std::string& label = row[*fitted.label];
    const bool known = std::find(task.labels.begin(), task.labels.end(), label) != task.labels.end();
    fitted.header = names_a_column(*fitted.label) && !known;
    fitted.why_header = fmt::format("the label in the first row reads {}", quoted_list(std::vector{label}));
    return;
  }
  fitted.header = names_a_column(fitted.text_a) || (fitted.id && names_a_column(*fitted.id));
  fitted.why_header = fmt::format("the first row begins {}", quoted_list(row.first(1)));
}

[[noreturn]] void fail_unsuitable(const TaskDescription& task, Row row, const std::string& where) {
  std::string wanted;
  for (const ColumnLayout& layout : task.layouts) {
    wanted += (wanted.empty() ? "" : ", or ") + quoted_list(needed_columns(layout, task.kind));
    if (layout.columns != 0) wanted += fmt::format(" of {}", layout.columns);
  }
  throw Error({.what = "the columns of the task are not in this file",
               .where = where,
               .why = fmt::format("wanted {}; the first row has {} column(s): {}", wanted, row.size(),
                                  quoted_list(row)),
               .remedy = "name the columns in `task.columns`, by the names in the header or by number"});
}

[[noreturn]] void fail_unlabelled(const ColumnLayout& layout, const std::string& where) {
  throw Error({.what = "this file has no labels",
               .where = where,
               .why = layout.label.empty() ? std::string("files of this layout are for prediction")
                                           : fmt::format("there is no column `{}`", layout.label),
               .remedy = "training and evaluation need them; name the column in `task.columns.label`"});
}

size_t kept_column(const std::string& column, Row row, const std::string& where) {
  const auto found = find_column(column, row, row.size());
  if (!found) {
    throw Error(
        {.what = fmt::format("there is no column `{}`", column), .where = where, .why = "`keep` names it"});
  }
  return *found;
}

FittedLayout fit(const TaskDescription& task, const ColumnLayout& layout, Row row, const std::string& where) {
  const auto find = [&](const std::string& column) -> std::optional<size_t> {
    return column.empty() ? std::nullopt : find_column(column, row, row.size());
  };
  FittedLayout fitted;
  fitted.columns = row.size();
  fitted.id = find(layout.id);
  fitted.text_a = *find(layout.text_a);
  fitted.text_b = find(layout.text_b);
  fitted.label = find(layout.label);
  for (const std::string& column : layout.endings) fitted.endings.push_back(*find(column));
  for (const auto& [column, value] : layout.keep) {
    fitted.keep.emplace_back(kept_column(column, row, where), value);
  }
  if (has_names(layout, task.kind)) {
    fitted.header = true;
    fitted.why_header = fmt::format("the first row has {}", quoted_list(needed_columns(layout, task.kind)));
  } else {
    decide_header(task, layout, row, fitted);
  }
  return fitted;
}

}  // namespace

FittedLayout fit_layout(const TaskDescription& task, ExampleUse use, Row first_row,
                        const std::string& where) {
  const auto layout = std::find_if(task.layouts.begin(), task.layouts.end(), [&](const ColumnLayout& each) {
    return suits(each, task.kind, first_row);
  });
  if (layout == task.layouts.end()) fail_unsuitable(task, first_row, where);
  FittedLayout fitted = fit(task, *layout, first_row, where);
  if (use != ExampleUse::prediction && !fitted.label) fail_unlabelled(*layout, where);
  return fitted;
}

}  // namespace cloze
