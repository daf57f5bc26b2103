#include "engine/checkpoint/element_type.h"

#include <array>
#include <bit>
#include <cassert>
#include <cmath>
#include <cstring>
#include <limits>

#include "kernels/common/float8.h"
#include "kernels/common/parallel.h"

namespace cloze {
namespace {

static_assert(std::endian::native == std::endian::little, "tensor files are little-endian");

struct Row {
  ElementType type;
  std::string_view name;
  size_t size;
};

constexpr std::array table = {
    Row{ElementType::f64, "F64", 8},         Row{ElementType::f32, "F32", 4},
    Row{ElementType::f16, "F16", 2},         Row{ElementType::bf16, "BF16", 2},
    Row{ElementType::f8_e5m2, "F8_E5M2", 1}, Row{ElementType::f8_e4m3, "F8_E4M3", 1},
    Row{ElementType::i64, "I64", 8},         Row{ElementType::i32, "I32", 4},
    Row{ElementType::i16, "I16", 2},         Row{ElementType::i8, "I8", 1},
    Row{ElementType::u64, "U64", 8},         Row{ElementType::u32, "U32", 4},
    Row{ElementType::u16, "U16", 2},         Row{ElementType::u8, "U8", 1},
    Row{ElementType::boolean, "BOOL", 1},
};

// sign · 2^(exponent - bias) · 1.mantissa, subnormals below; what the largest exponent means is the caller's.
float small_float(uint32_t bits, int exponent_bits, int mantissa_bits) {
  const uint32_t mantissa = bits & ((1u << mantissa_bits) - 1);
  const int exponent = static_cast<int>((bits >> mantissa_bits) & ((1u << exponent_bits) - 1));
  const int bias = (1 << (exponent_bits - 1)) - 1;
  const bool negative = ((bits >> (exponent_bits + mantissa_bits)) & 1) != 0;
  const int lowest = 1 - bias - mantissa_bits;  // the exponent of the last mantissa bit of a subnormal
  const float magnitude =
      exponent == 0 ? std::ldexp(static_cast<float>(mantissa), lowest)
                    : std::ldexp(static_cast<float>(mantissa | (1u << mantissa_bits)), lowest + exponent - 1);
  return negative ? -magnitude : magnitude;
}

// IEEE-like: the largest exponent holds infinity and NaN.
template <int exponent_bits, int mantissa_bits>
float ieee_float(uint32_t bits) {
  constexpr uint32_t exponent_mask = ((1u << exponent_bits) - 1) << mantissa_bits;
  if ((bits & exponent_mask) != exponent_mask) return small_float(bits, exponent_bits, mantissa_bits);
  if ((bits & ((1u << mantissa_bits) - 1)) != 0) return std::numeric_limits<float>::quiet_NaN();
  const bool negative = ((bits >> (exponent_bits + mantissa_bits)) & 1) != 0;
  return negative ? -std::numeric_limits<float>::infinity() : std::numeric_limits<float>::infinity();
}

template <typename Float8>
float float8_float(uint8_t bits) {
  return to_float(Float8{bits});
}

template <typename Stored, typename Convert>
void convert(std::span<const std::byte> bytes, std::span<float> output, Convert to_float) {
  for (size_t i = 0; i < output.size(); ++i) {
    Stored stored;
    std::memcpy(&stored, bytes.data() + i * sizeof(Stored), sizeof(Stored));
    output[i] = to_float(stored);
  }
}

template <typename Stored>
void cast(std::span<const std::byte> bytes, std::span<float> output) {
  convert<Stored>(bytes, output, [](Stored value) { return static_cast<float>(value); });
}

// By all threads: most of the time goes into the system's work on pages that are touched for the first time.
void copy(std::span<const std::byte> bytes, std::span<float> output) {
  constexpr int64_t grain = 1 << 18;
  parallel_for(0, static_cast<int64_t>(output.size()), grain, [&](int64_t begin, int64_t end) {
    std::memcpy(output.data() + begin, bytes.data() + begin * static_cast<int64_t>(sizeof(float)),
                static_cast<size_t>(end - begin) * sizeof(float));
  });
}

}  // namespace

std::optional<ElementType> element_type_named(std::string_view name) {
  for (const Row& row : table) {
    if (row.name == name) return row.type;
  }
  return std::nullopt;
}

std::string_view name_of(ElementType type) {
  return table[static_cast<size_t>(type)].name;
}

size_t size_of(ElementType type) {
  return table[static_cast<size_t>(type)].size;
}

void convert_to_float(ElementType type, std::span<const std::byte> bytes, std::span<float> output) {
  assert(bytes.size() == output.size() * size_of(type));
  switch (type) {
    case ElementType::f64:
      return cast<double>(bytes, output);
    case ElementType::f32:
      return copy(bytes, output);
    case ElementType::f16:
      return convert<uint16_t>(bytes, output, ieee_float<5, 10>);
    case ElementType::bf16:
      return convert<uint16_t>(bytes, output,
                               [](uint16_t bits) { return std::bit_cast<float>(uint32_t{bits} << 16); });
    case ElementType::f8_e5m2:
      return convert<uint8_t>(bytes, output, float8_float<Float8E5M2>);
    case ElementType::f8_e4m3:
      return convert<uint8_t>(bytes, output, float8_float<Float8E4M3>);
    case ElementType::i64:
      return cast<int64_t>(bytes, output);
    case ElementType::i32:
      return cast<int32_t>(bytes, output);
    case ElementType::i16:
      return cast<int16_t>(bytes, output);
    case ElementType::i8:
      return cast<int8_t>(bytes, output);
    case ElementType::u64:
      return cast<uint64_t>(bytes, output);
    case ElementType::u32:
      return cast<uint32_t>(bytes, output);
    case ElementType::u16:
      return cast<uint16_t>(bytes, output);
    case ElementType::u8:
      return cast<uint8_t>(bytes, output);
    case ElementType::boolean:
      return convert<uint8_t>(bytes, output, [](uint8_t value) { return value != 0 ? 1.0f : 0.0f; });
  }
}

}  // namespace cloze
