#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "engine/checkpoint/checkpoint.h"
#include "engine/checkpoint/tensor_loading.h"
#include "engine/graph/parameters.h"
#include "engine/runtime/engine.h"

// Between an engine's flat buffers and checkpoints: parameters and moments under their names.
namespace cloze {

// Fills every parameter by BERT's initialisation; `deviation_of` gives a matrix's standard deviation.
void initialize_parameters(Engine& engine, const ParameterLayout& layout, uint64_t seed,
                           const std::function<float(const std::string& name)>& deviation_of);

// Copies what the source has into the engine; padding rows stay zero.
LoadReport load_parameters(Engine& engine, const ParameterLayout& layout, const TensorSource& source);

// The same without a copy of what the source has in memory as the engine reads it; the source must then live
// as long as the engine.
LoadReport place_parameters(Engine& engine, const ParameterLayout& layout, const TensorSource& source);

// Both moments of every parameter; throws Error when one is missing.
void load_moments(Engine& engine, const ParameterLayout& layout, const TensorSource& source);
// The same into flat buffers of the host.
void load_moments(std::span<float> first_moment, std::span<float> second_moment,
                  const ParameterLayout& layout, const TensorSource& source);

// The state values that the engine has. Where the source has none of them (its run did without) they keep
// their initial values; throws Error where it has only some.
void load_state_values(Engine& engine, const TensorSource& source);

// The flat buffers that a checkpoint holds, where the host can read them.
struct FlatState {
  std::span<const float> parameters, first_moment, second_moment, state;
};

// What a checkpoint holds, as views of the engine's memory where the host can read it, else as copies that
// `memory` keeps. The engine must not train on while views are in use.
struct SavedState {
  std::vector<NamedTensor> parameters, optimizer;
  std::shared_ptr<const void> memory;
};
SavedState saved_state(const Engine& engine, const ParameterLayout& layout, bool with_moments);
// The same as views of `state`, moments included.
SavedState saved_state(const FlatState& state, const ParameterLayout& layout, const StateLayout& values);

}  // namespace cloze
