#include "engine/graph/parameters.h"

#include <fmt/core.h>

#include <algorithm>
#include <utility>

#include "engine/base/error.h"

namespace cloze {
namespace {

constexpr int64_t alignment = 64;  // elements: 256 bytes of float32

}  // namespace

void ParameterLayout::place(Parameter parameter, bool aligned) {
  if (find(parameter.name) != nullptr) {
    throw Error({.what = fmt::format("parameter `{}` is declared twice", parameter.name)});
  }
  if (aligned) elements_ = (elements_ + alignment - 1) / alignment * alignment;
  if (parameter.file_rows == 0) parameter.file_rows = parameter.rows;
  parameter.offset = elements_;
  parameter.stacked = !aligned;
  elements_ += parameter.elements();
  parameters_.push_back(std::move(parameter));
}

void ParameterLayout::add(std::string name, int64_t rows, int64_t columns, int64_t file_rows) {
  place({.name = std::move(name), .rows = rows, .columns = columns, .file_rows = file_rows}, true);
}

void ParameterLayout::add_vector(std::string name, int64_t size, int64_t file_size) {
  // A padded vector is a column, so that its padding is rows, like a matrix's.
  if (file_size != 0 && file_size != size) {
    place({.name = std::move(name), .rows = size, .columns = 1, .file_rows = file_size, .vector = true},
          true);
  } else {
    place({.name = std::move(name), .rows = 1, .columns = size, .vector = true}, true);
  }
}

void ParameterLayout::add_stacked(const std::vector<std::string>& names, int64_t rows, int64_t columns) {
  bool first = true;
  for (const std::string& name : names)
    place({.name = name, .rows = rows, .columns = columns}, std::exchange(first, false));
}

void ParameterLayout::add_stacked_vectors(const std::vector<std::string>& names, int64_t size) {
  bool first = true;
  for (const std::string& name : names) {
    place({.name = name, .rows = 1, .columns = size, .vector = true}, std::exchange(first, false));
  }
}

const Parameter* ParameterLayout::find(std::string_view name) const {
  const auto found =
      std::find_if(parameters_.begin(), parameters_.end(), [&](const auto& p) { return p.name == name; });
  return found == parameters_.end() ? nullptr : &*found;
}

const Parameter& ParameterLayout::at(std::string_view name) const {
  if (const Parameter* parameter = find(name)) return *parameter;
  throw Error({.what = fmt::format("the model has no parameter `{}`", name)});
}

int64_t ParameterLayout::count() const {
  int64_t total = 0;
  for (const Parameter& parameter : parameters_) total += parameter.file_rows * parameter.columns;
  return total;
}

ValueId parameter_value(Graph& graph, const ParameterLayout& layout, std::string_view name, DType dtype,
                        int64_t rows, int64_t first_row) {
  const Parameter& parameter = layout.at(name);
  const Home home{Memory::parameters, parameter.offset + first_row * parameter.columns};
  if (parameter.vector) {  // [1, size]; `rows` of them side by side when stacked
    const int64_t size = parameter.elements();
    return graph.add_resident(std::string(name), {dtype, 1, size * std::max<int64_t>(rows, 1)},
                              {Memory::parameters, parameter.offset + first_row * size});
  }
  return graph.add_resident(std::string(name), {dtype, rows > 0 ? rows : parameter.rows, parameter.columns},
                            home);
}

}  // namespace cloze
