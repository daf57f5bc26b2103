#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string_view>

namespace cloze {

// The element types a safetensors file can hold, under the names its header gives them ("F32", "BF16", …).
enum class ElementType : uint8_t {
  f64,
  f32,
  f16,
  bf16,
  f8_e5m2,
  f8_e4m3,
  i64,
  i32,
  i16,
  i8,
  u64,
  u32,
  u16,
  u8,
  boolean
};

std::optional<ElementType> element_type_named(std::string_view name);
std::string_view name_of(ElementType type);
size_t size_of(ElementType type);

// Little-endian elements of `type` as floats, rounded to nearest; `bytes` need not be aligned and holds
// exactly output.size() elements.
void convert_to_float(ElementType type, std::span<const std::byte> bytes, std::span<float> output);

}  // namespace cloze
