#pragma once

#include <filesystem>
#include <optional>
#include <string>
#include <vector>

#include "engine/observe/ceilings.h"

namespace cloze {

// Whether one thing that training rests on works here.
struct SelfTestPart {
  std::string name;
  bool passed = false;
  std::string detail;  // what was seen: figures, or the error
};

struct SelfTest {
  std::vector<SelfTestPart> parts;
  std::optional<Ceilings> ceilings;  // none where measuring them failed
  double seconds = 0;
  bool passed() const;
};

// About five seconds with thread_count() threads: trains a tiny BERT on the CPU and on the reference device
// from the same weights and compares the losses; writes its checkpoint to a folder of its own inside
// `temporary` and reads it back; measures the ceilings. What fails is a part that did not pass; no error is
// thrown.
SelfTest run_self_test(const std::filesystem::path& temporary);

}  // namespace cloze
