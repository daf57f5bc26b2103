#pragma once

#include <string>

namespace cloze {

// A number as Python's str() prints it: of a numpy.float32, and of a float or numpy.float64. The shortest
// digits that read back as the same number; from 1e16 on and below 1e-4 in exponent form ("1e-05",
// "2.5e+16"), else with a point ("0.845588", "1.0"). Google's programs write their results with it.
std::string python_text(float value);
std::string python_text(double value);

}  // namespace cloze
