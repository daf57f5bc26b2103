#pragma once

#include <cmath>
#include <numbers>

// GELU by tanh (Hendrycks & Gimpel 2016) and its derivative, in double: of the libraries that the tests stand
// in for.
namespace cloze::simt {

constexpr double gelu_cubic = 0.044715;

inline double tanh_of_gelu(double x) {
  return std::tanh(std::numbers::sqrt2 * std::numbers::inv_sqrtpi * (x + gelu_cubic * x * x * x));
}
inline double gelu(double x) {
  return 0.5 * x * (1 + tanh_of_gelu(x));
}
inline double gelu_slope(double x) {
  const double tanh = tanh_of_gelu(x);
  const double inner = std::numbers::sqrt2 * std::numbers::inv_sqrtpi * (1 + 3 * gelu_cubic * x * x);
  return 0.5 * (1 + tanh) + 0.5 * x * (1 - tanh * tanh) * inner;
}

}  // namespace cloze::simt
