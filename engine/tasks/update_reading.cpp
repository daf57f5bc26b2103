#include "engine/tasks/update_reading.h"

namespace cloze {

double UpdateReading::gradient_norm(const Executable& executable) const {
  double norm = 0;
  executable.read(gradient_norm_, std::span<double>(&norm, 1));
  return norm;
}

bool UpdateReading::skipped(const Executable& executable) const {
  int32_t skipped = 0;
  executable.read(skipped_, std::span<int32_t>(&skipped, 1));
  return skipped != 0;
}

}  // namespace cloze
