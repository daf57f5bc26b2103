#include "engine/train/model_state.h"

#include <algorithm>
#include <set>
#include <string>

#include "engine/model/bert_parameters.h"
#include "kernels/common/parallel.h"

namespace cloze {
namespace {

std::vector<int64_t> file_shape(const Parameter& parameter) {
  if (parameter.vector) return {parameter.file_rows * parameter.columns};
  return {parameter.file_rows, parameter.columns};
}

size_t file_elements(const Parameter& parameter) {
  return static_cast<size_t>(parameter.file_rows * parameter.columns);
}

TensorTarget target_in(std::span<float> flat, const Parameter& parameter, std::string name) {
  return {std::move(name), file_shape(parameter),
          flat.subspan(static_cast<size_t>(parameter.offset), file_elements(parameter))};
}

// The parameters of one matrix as they lie in the source's memory, where that is as they lie in the layout:
// one after the other, without padding. Else nothing.
std::span<const float> one_view(const TensorSource& source, std::span<const Parameter> matrix) {
  std::span<const float> whole;
  for (const Parameter& parameter : matrix) {
    const int64_t index = source.find(parameter.name);
    if (index < 0 || parameter.rows != parameter.file_rows) return {};
    if (source.tensors()[static_cast<size_t>(index)].shape != file_shape(parameter)) return {};
    const std::span<const float> values = source.view(static_cast<size_t>(index));
    if (values.empty() || (!whole.empty() && values.data() != whole.data() + whole.size())) return {};
    whole = {whole.empty() ? values.data() : whole.data(), whole.size() + values.size()};
  }
  return whole;
}

// Loads tensors named by `name_of(parameter)` straight into a flat buffer.
template <typename NameOf>
LoadReport load_flat(std::span<float> flat, const ParameterLayout& layout, const TensorSource& source,
                     const NameOf& name_of) {
  std::vector<TensorTarget> targets;
  for (const Parameter& parameter : layout.parameters()) {
    targets.push_back(target_in(flat, parameter, name_of(parameter)));
  }
  return load_tensors(source, targets);
}

// The same into an engine's memory, by way of a copy where the host cannot write to it.
template <typename NameOf>
LoadReport load_flat(Engine& engine, Memory memory, const ParameterLayout& layout, const TensorSource& source,
                     const NameOf& name_of) {
  if (const std::span<float> flat = engine.writable_view(memory); !flat.empty()) {
    return load_flat(flat, layout, source, name_of);
  }
  std::vector<float> staging(static_cast<size_t>(layout.elements()));
  LoadReport report = load_flat(std::span(staging), layout, source, name_of);
  const std::set<std::string> loaded(report.loaded.begin(), report.loaded.end());
  for (const Parameter& parameter : layout.parameters()) {
    if (!loaded.contains(name_of(parameter))) continue;
    engine.write(memory, parameter.offset,
                 std::span<const float>(staging).subspan(static_cast<size_t>(parameter.offset),
                                                         file_elements(parameter)));
  }
  return report;
}

NamedTensor named_state(const StateValue& value, std::span<const float> flat) {
  return {state_value_name(value.name),
          {value.elements()},
          flat.subspan(static_cast<size_t>(value.offset), value.initial.size())};
}

std::string name_of_parameter(const Parameter& parameter) {
  return parameter.name;
}
std::string name_of_first_moment(const Parameter& parameter) {
  return first_moment_name(parameter.name);
}
std::string name_of_second_moment(const Parameter& parameter) {
  return second_moment_name(parameter.name);
}

}  // namespace

// In pieces, so that the largest parameter is not held twice.
void initialize_parameters(Engine& engine, const ParameterLayout& layout, uint64_t seed,
                           const std::function<float(const std::string& name)>& deviation_of) {
  constexpr int64_t piece = 1 << 18, grain = 1 << 12;  // elements
  std::vector<float> values(piece);
  for (const Parameter& parameter : layout.parameters()) {
    const float deviation = deviation_of(parameter.name);
    for (int64_t first = 0; first < parameter.elements(); first += piece) {
      const int64_t count = std::min(piece, parameter.elements() - first);
      parallel_for(0, count, grain, [&](int64_t begin, int64_t end) {
        initialize_parameter(
            parameter, deviation, seed, first + begin,
            std::span(values).subspan(static_cast<size_t>(begin), static_cast<size_t>(end - begin)));
      });
      engine.write(Memory::parameters, parameter.offset + first,
                   std::span<const float>(values).first(static_cast<size_t>(count)));
    }
  }
}

LoadReport load_parameters(Engine& engine, const ParameterLayout& layout, const TensorSource& source) {
  return load_flat(engine, Memory::parameters, layout, source, name_of_parameter);
}

LoadReport place_parameters(Engine& engine, const ParameterLayout& layout, const TensorSource& source) {
  const std::span<float> flat = engine.writable_view(Memory::parameters);
  if (flat.empty()) return load_parameters(engine, layout, source);
  const std::span<const Parameter> all = layout.parameters();
  std::vector<TensorTarget> targets;
  for (size_t first = 0, end = 0; first < all.size(); first = end) {
    for (end = first + 1; end < all.size() && all[end].stacked;) ++end;
    const std::span<const Parameter> matrix = all.subspan(first, end - first);
    const std::span<const float> values = one_view(source, matrix);
    const bool placed = !values.empty() && engine.place(matrix[0].offset, values);
    for (const Parameter& parameter : matrix)
      targets.push_back(placed ? TensorTarget{parameter.name, file_shape(parameter), {}}
                               : target_in(flat, parameter, parameter.name));
  }
  return load_tensors(source, targets);
}

void load_moments(Engine& engine, const ParameterLayout& layout, const TensorSource& source) {
  require_complete(load_flat(engine, Memory::first_moment, layout, source, name_of_first_moment));
  require_complete(load_flat(engine, Memory::second_moment, layout, source, name_of_second_moment));
}

void load_moments(std::span<float> first_moment, std::span<float> second_moment,
                  const ParameterLayout& layout, const TensorSource& source) {
  require_complete(load_flat(first_moment, layout, source, name_of_first_moment));
  require_complete(load_flat(second_moment, layout, source, name_of_second_moment));
}

void load_state_values(Engine& engine, const TensorSource& source) {
  const StateLayout& layout = engine.state();
  std::vector<float> flat(static_cast<size_t>(layout.elements()));
  std::vector<TensorTarget> targets;
  for (const StateValue& value : layout.values())
    targets.push_back({state_value_name(value.name),
                       {value.elements()},
                       std::span(flat).subspan(static_cast<size_t>(value.offset), value.initial.size())});
  const LoadReport report = load_tensors(source, targets);
  if (report.loaded.empty() && report.mismatched.empty()) return;
  require_complete(report);
  engine.write(Memory::state, 0, flat);
}

SavedState saved_state(const FlatState& state, const ParameterLayout& layout, const StateLayout& values) {
  SavedState saved;
  for (const Parameter& parameter : layout.parameters()) {
    const auto tensor = [&](std::span<const float> flat, std::string name) -> NamedTensor {
      return {std::move(name), file_shape(parameter),
              flat.subspan(static_cast<size_t>(parameter.offset), file_elements(parameter))};
    };
    saved.parameters.push_back(tensor(state.parameters, parameter.name));
    saved.optimizer.push_back(tensor(state.first_moment, first_moment_name(parameter.name)));
    saved.optimizer.push_back(tensor(state.second_moment, second_moment_name(parameter.name)));
  }
  for (const StateValue& value : values.values()) saved.optimizer.push_back(named_state(value, state.state));
  return saved;
}

SavedState saved_state(const Engine& engine, const ParameterLayout& layout, bool with_moments) {
  auto copies = std::make_shared<std::vector<std::vector<float>>>();
  copies->reserve(layout.parameters().size() * 3 + 1);
  SavedState state;
  const auto tensor = [&](Memory memory, const Parameter& parameter, std::string name) -> NamedTensor {
    const std::span<const float> flat = engine.view(memory);
    if (!flat.empty()) {
      return {std::move(name), file_shape(parameter),
              flat.subspan(static_cast<size_t>(parameter.offset), file_elements(parameter))};
    }
    copies->emplace_back(file_elements(parameter));
    engine.read(memory, parameter.offset, std::span<float>(copies->back()));
    return {std::move(name), file_shape(parameter), copies->back()};
  };
  for (const Parameter& parameter : layout.parameters()) {
    state.parameters.push_back(tensor(Memory::parameters, parameter, parameter.name));
    if (!with_moments) continue;
    state.optimizer.push_back(tensor(Memory::first_moment, parameter, first_moment_name(parameter.name)));
    state.optimizer.push_back(tensor(Memory::second_moment, parameter, second_moment_name(parameter.name)));
  }
  if (with_moments) {
    copies->emplace_back(static_cast<size_t>(engine.state().elements()));
    engine.read(Memory::state, 0, std::span<float>(copies->back()));
    for (const StateValue& value : engine.state().values())
      state.optimizer.push_back(named_state(value, copies->back()));
  }
  state.memory = copies;
  return state;
}

}  // namespace cloze
