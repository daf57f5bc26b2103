#include "engine/config/value.h"

namespace cloze {

std::string scalar_text(const Scalar& scalar, const OptionType& type) {
  if (const bool* flag = std::get_if<bool>(&scalar)) return *flag ? "true" : "false";
  if (const Integer* integer = std::get_if<Integer>(&scalar)) return integer->text();
  if (const double* number = std::get_if<double>(&scalar)) return number_text(*number, type.single_precision);
  return std::get<std::string>(scalar);
}

}  // namespace cloze
