#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "engine/graph/graph.h"

namespace cloze {

// One named parameter and where it lies in the flat buffers (parameters, gradients and moments have the same
// layout).
struct Parameter {
  std::string name;  // as in a Hugging Face checkpoint
  int64_t rows = 0;  // in memory
  int64_t columns = 0;
  int64_t file_rows = 0;  // in files: rows without the padding of the vocabulary
  int64_t offset = 0;     // elements
  bool vector = false;    // one-dimensional in files ([columns], or [file_rows] when columns == 1)
  bool stacked = false;   // follows the one before without a gap, as the lower part of one matrix

  int64_t elements() const { return rows * columns; }
};

// The flat layout: segments are 256-byte aligned; stacked ones follow each other without a gap.
class ParameterLayout {
 public:
  void add(std::string name, int64_t rows, int64_t columns, int64_t file_rows = 0);
  void add_vector(std::string name, int64_t size, int64_t file_size = 0);
  // Several parameters of the same width as one taller matrix (or longer vector), without gaps.
  void add_stacked(const std::vector<std::string>& names, int64_t rows, int64_t columns);
  void add_stacked_vectors(const std::vector<std::string>& names, int64_t size);

  const std::vector<Parameter>& parameters() const { return parameters_; }
  const Parameter& at(std::string_view name) const;  // throws Error when there is none
  const Parameter* find(std::string_view name) const;
  int64_t elements() const { return elements_; }  // of a flat buffer, gaps included
  int64_t count() const;                          // of parameters as files hold them

 private:
  void place(Parameter parameter, bool aligned);

  std::vector<Parameter> parameters_;
  int64_t elements_ = 0;
};

// A window on the flat parameter buffer, beginning at a row of a parameter: the whole of it by default.
ValueId parameter_value(Graph& graph, const ParameterLayout& layout, std::string_view name, DType dtype,
                        int64_t rows = 0, int64_t first_row = 0);

}  // namespace cloze
