#pragma once

#include <map>
#include <string>

#include "kernels/linear/matmul_choice.h"

// The file of matmul choices: lines of text, with a format version first and a checksum last.
namespace cloze {

struct MatmulChoiceFile {
  MatmulMachine machine;
  std::map<MatmulShape, MatmulAlgorithm> chosen;
};

enum class MatmulFileState : uint8_t { whole, absent, damaged };
MatmulFileState read_matmul_choices(const std::string& path, MatmulChoiceFile& file);

// Written aside and renamed, so that another process never reads half of it. Returns why it could not be
// written, or nothing.
std::string write_matmul_choices(const std::string& path, const MatmulChoiceFile& file);

}  // namespace cloze
