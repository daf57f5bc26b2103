#pragma once

#include <string>

namespace cloze {

// Numbers as Python programs print them, for files that must equal theirs byte by byte.

// repr(float): the fewest digits that read back as the same number, "1.0", "1e-05", "1.5e+16" (with an
// exponent below 1e-4 and from 1e16 on), "nan", "inf", "-inf".
std::string python_repr(double value);

// str(numpy.float32), as numpy up to 2.2 writes it: the same layout, with the fewest digits that tell apart
// values of 32 bits.
std::string python_str(float value);

// round(value, digits): to the nearest decimal, as the value's exact binary expansion has it; ties to even.
// The sign of zero is kept. digits is from 0 to 20.
double python_round(double value, int digits);

}  // namespace cloze
