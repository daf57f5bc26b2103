#pragma once

#include <memory>

#include "engine/checkpoint/checkpoint.h"
#include "engine/tasks/mask_filling.h"

namespace cloze {

// A checkpoint's model on the CPU, ready to fill blanks.
class FillingModel {
 public:
  // Throws UsageError for a model without a masked-language head, Error for one that cannot be read.
  explicit FillingModel(std::shared_ptr<const Checkpoint> checkpoint);
  FillingModel(const FillingModel&) = delete;
  FillingModel& operator=(const FillingModel&) = delete;

  MaskFilling& filling() { return *filling_; }

 private:
  std::shared_ptr<const Checkpoint> checkpoint_;  // its memory holds the parameters
  BertConfig config_;
  ParameterLayout layout_;
  std::unique_ptr<Engine> engine_;
  std::unique_ptr<MaskFilling> filling_;
};

}  // namespace cloze
