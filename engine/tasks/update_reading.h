#pragma once

#include <vector>

#include "engine/runtime/engine.h"

namespace cloze {

// What a program with the update says after it ran; slots are found once, when it is made. `results`: the
// Executable, or KeptResults of a run.
class UpdateReading {
 public:
  explicit UpdateReading(const Executable& executable)
      : gradient_norm_(executable.result("gradient_norm")), skipped_(executable.result("skipped")) {}

  // None where the program has no update.
  std::vector<Slot> slots() const {
    return skipped_ ? std::vector<Slot>{gradient_norm_, skipped_} : std::vector<Slot>{};
  }
  template <class Results>
  double gradient_norm(const Results& results) const {
    double norm = 0;
    results.read(gradient_norm_, std::span<double>(&norm, 1));
    return norm;
  }
  // A gradient was not finite: nothing was updated.
  template <class Results>
  bool skipped(const Results& results) const {
    int32_t skipped = 0;
    results.read(skipped_, std::span<int32_t>(&skipped, 1));
    return skipped != 0;
  }

 private:
  Slot gradient_norm_, skipped_;
};

}  // namespace cloze
