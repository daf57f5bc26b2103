#pragma once

#include <algorithm>
#include <array>

namespace cloze {

// A power series in z, cut off after z^degree: the coefficient of z^k is the weight of everything in which
// exactly k visible words were picked for keeping or replacing.
class Series {
 public:
  static constexpr int most_degrees = 20;

  Series() : Series(0) {}
  explicit Series(int degree, double constant = 0) : degree_(degree) {
    std::fill_n(coefficients_.begin(), degree + 1, 0.0);
    coefficients_[0] = constant;
  }
  Series(const Series& other) : degree_(other.degree_) { copy(other); }
  Series& operator=(const Series& other) {
    degree_ = other.degree_;
    copy(other);
    return *this;
  }

  double operator[](int power) const { return coefficients_[static_cast<size_t>(power)]; }
  int degree() const { return degree_; }
  bool is_zero() const {
    return std::all_of(coefficients_.begin(), coefficients_.begin() + degree_ + 1,
                       [](double c) { return c == 0; });
  }

  // Multiplies by constant + slope z.
  void multiply(double constant, double slope) {
    for (size_t power = static_cast<size_t>(degree_); power > 0; --power) {
      coefficients_[power] = coefficients_[power] * constant + coefficients_[power - 1] * slope;
    }
    coefficients_[0] *= constant;
  }
  void scale(double factor) { multiply(factor, 0); }
  void add(const Series& other) {
    for (size_t power = 0; power <= static_cast<size_t>(degree_); ++power) {
      coefficients_[power] += other.coefficients_[power];
    }
  }
  void add_product(const Series& left, const Series& right) {
    for (size_t i = 0; i <= static_cast<size_t>(degree_); ++i) {
      if (left.coefficients_[i] == 0) continue;
      for (size_t j = 0; i + j <= static_cast<size_t>(degree_); ++j) {
        coefficients_[i + j] += left.coefficients_[i] * right.coefficients_[j];
      }
    }
  }

 private:
  // Degrees are small: what lies beyond is neither set nor copied.
  void copy(const Series& other) {
    std::copy_n(other.coefficients_.begin(), other.degree_ + 1, coefficients_.begin());
  }

  int degree_;
  std::array<double, most_degrees + 1> coefficients_;
};

inline Series operator*(const Series& left, const Series& right) {
  Series product(left.degree());
  product.add_product(left, right);
  return product;
}

}  // namespace cloze
