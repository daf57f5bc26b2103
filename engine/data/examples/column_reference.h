#pragma once

#include <optional>
#include <span>
#include <string>
#include <string_view>

namespace cloze {

// A column given by number ("3", "-1") as that number, one given by name as nothing.
std::optional<int> column_number(std::string_view column);

// The index of a column in a table of `count` columns: by number, or by name in `header` (white space at both
// ends aside; of two columns of one name the first). Nothing where there is no such column.
std::optional<size_t> find_column(std::string_view column, std::span<const std::string> header, size_t count);

// Whether a cell looks like the name of a column rather than like what stands in one: "label", "Text",
// "sentence1".
bool is_usual_column_name(std::string_view cell);

}  // namespace cloze
