#pragma once

#include "engine/runtime/engine.h"

namespace cloze {

// What a program with the update says after it ran; slots are found once, when it is made.
class UpdateReading {
 public:
  explicit UpdateReading(const Executable& executable)
      : gradient_norm_(executable.result("gradient_norm")), skipped_(executable.result("skipped")) {}

  double gradient_norm(const Executable& executable) const;
  bool skipped(const Executable& executable) const;  // a gradient was not finite: nothing was updated

 private:
  Slot gradient_norm_, skipped_;
};

}  // namespace cloze
