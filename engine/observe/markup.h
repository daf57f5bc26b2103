#pragma once

#include <string>
#include <string_view>
#include <vector>

// What SVG pictures and HTML pages are written with.
namespace cloze {

// Text that stands in markup, attributes included: & < > " ' escaped, control characters that XML forbids and
// bytes that are not UTF-8 replaced by U+FFFD.
std::string escaped(std::string_view text);

// A coordinate with a tenth of a unit.
std::string coordinate(double value);

// Round numbers (1, 2 or 5 times a power of ten apart) within [least, most]; about `wanted` of them, at least
// two. least < most.
std::vector<double> linear_ticks(double least, double most, int wanted);

// Powers of ten within [least, most]; 0 < least < most.
std::vector<double> decade_ticks(double least, double most);

// Powers of ten, and where there are few of them, twice and five times them too.
std::vector<double> log_ticks(double least, double most);

// A tick's label: "0.05", "12", "1.5 M", "2e-05".
std::string tick_label(double value);

}  // namespace cloze
