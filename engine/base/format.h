#pragma once

#include <cstdint>
#include <string>

namespace cloze {

// Numbers for people.

std::string human_bytes(uint64_t bytes);  // "0 B", "1023 B", "1.2 GiB" (powers of 1024)
std::string human_count(double count);    // "17", "128.0 k", "110.1 M", "3.2 G" (powers of 1000)
std::string human_duration(
    double seconds);  // "35 us", "4.2 ms", "12.3 s", "1 min 05 s", "2 h 03 min", "3 d 04 h"
std::string human_percent(double fraction);  // 0.1234 -> "12.3 %"

}  // namespace cloze
