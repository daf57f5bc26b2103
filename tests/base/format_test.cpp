#include "engine/base/format.h"

#include <gtest/gtest.h>

#include <cmath>
#include <limits>

namespace cloze {
namespace {

TEST(Format, Bytes) {
  EXPECT_EQ(human_bytes(0), "0 B");
  EXPECT_EQ(human_bytes(1023), "1023 B");
  EXPECT_EQ(human_bytes(1024), "1.0 KiB");
  EXPECT_EQ(human_bytes(1288490189), "1.2 GiB");
  EXPECT_EQ(human_bytes((1 << 20) - 1), "1.0 MiB");  // not 1024.0 KiB
  EXPECT_EQ(human_bytes(std::numeric_limits<uint64_t>::max()), "16.0 EiB");
}

TEST(Format, Counts) {
  EXPECT_EQ(human_count(0), "0");
  EXPECT_EQ(human_count(999), "999");
  EXPECT_EQ(human_count(1.25), "1.2");
  EXPECT_EQ(human_count(1000), "1.0 k");
  EXPECT_EQ(human_count(110104890), "110.1 M");
  EXPECT_EQ(human_count(999999), "1.0 M");
  EXPECT_EQ(human_count(999.97), "1.0 k");
  EXPECT_EQ(human_count(3.2e9), "3.2 G");
  EXPECT_EQ(human_count(-1500), "-1.5 k");
  EXPECT_EQ(human_count(std::nan("")), "nan");
}

TEST(Format, Durations) {
  EXPECT_EQ(human_duration(0), "0 us");
  EXPECT_EQ(human_duration(35e-6), "35 us");
  EXPECT_EQ(human_duration(0.0042), "4.2 ms");
  EXPECT_EQ(human_duration(0.99999), "1.0 s");
  EXPECT_EQ(human_duration(12.34), "12.3 s");
  EXPECT_EQ(human_duration(59.96), "1 min 00 s");
  EXPECT_EQ(human_duration(65), "1 min 05 s");
  EXPECT_EQ(human_duration(3599.4), "59 min 59 s");
  EXPECT_EQ(human_duration(3599.6), "1 h 00 min");
  EXPECT_EQ(human_duration(7380), "2 h 03 min");
  EXPECT_EQ(human_duration(86399), "1 d 00 h");
  EXPECT_EQ(human_duration(3 * 86400 + 4 * 3600), "3 d 04 h");
  EXPECT_EQ(human_duration(-65), "-1 min 05 s");
  EXPECT_EQ(human_duration(std::numeric_limits<double>::infinity()), "unknown");
  EXPECT_FALSE(human_duration(1e300).empty());
}

TEST(Format, Percentages) {
  EXPECT_EQ(human_percent(0.1234), "12.3 %");
  EXPECT_EQ(human_percent(1), "100.0 %");
  EXPECT_EQ(human_percent(std::nan("")), "unknown");
}

}  // namespace
}  // namespace cloze
