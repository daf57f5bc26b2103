#pragma once

#include <cstdint>
#include <string>
#include <vector>

namespace cloze {

// Something small that a step leaves for the next, beside parameters and moments: a row of numbers, saved for
// resume under its name (checkpoint_names.h).
struct StateValue {
  std::string name;
  std::vector<float> initial;  // of a run that starts
  int64_t offset = 0;          // elements of the flat buffer of state values

  int64_t elements() const { return static_cast<int64_t>(initial.size()); }
};

// The flat buffer of state values (Memory::state), of the type that parameters have. Values lie one after the
// other without gaps: equal ones are a matrix.
class StateLayout {
 public:
  // Returns its offset.
  int64_t add(std::string name, std::vector<float> initial) {
    const int64_t offset = elements_;
    values_.push_back({std::move(name), std::move(initial), offset});
    elements_ += values_.back().elements();
    return offset;
  }
  const std::vector<StateValue>& values() const { return values_; }
  int64_t elements() const { return elements_; }

 private:
  std::vector<StateValue> values_;
  int64_t elements_ = 0;
};

}  // namespace cloze
