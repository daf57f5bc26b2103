#pragma once

#include <span>
#include <vector>

namespace cloze {

// Pearson's correlation of two series of equal length:
//   sum (x - mean x)(y - mean y) / sqrt(sum (x - mean x)^2 sum (y - mean y)^2)
// 0 where it is undefined: fewer than two values, or a series that does not vary.
double pearson(std::span<const double> x, std::span<const double> y);

// Spearman's: Pearson's correlation of the ranks.
double spearman(std::span<const double> x, std::span<const double> y);

// Ranks from 1; equal values share the average of their ranks.
std::vector<double> average_ranks(std::span<const double> values);

// sum (x - y)^2 / count; 0 without values.
double mean_squared_error(std::span<const double> x, std::span<const double> y);

}  // namespace cloze
