#include "engine/checkpoint/bundle_entry.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>

#include "engine/base/error.h"
#include "engine/checkpoint/wire_reader.h"

namespace cloze {
namespace {

struct DataType {
  int64_t number;
  std::string_view name;
  std::optional<ElementType> elements;
};

constexpr std::array data_types = {
    DataType{1, "DT_FLOAT", ElementType::f32},
    DataType{2, "DT_DOUBLE", ElementType::f64},
    DataType{3, "DT_INT32", ElementType::i32},
    DataType{4, "DT_UINT8", ElementType::u8},
    DataType{5, "DT_INT16", ElementType::i16},
    DataType{6, "DT_INT8", ElementType::i8},
    DataType{7, "DT_STRING", std::nullopt},
    DataType{8, "DT_COMPLEX64", std::nullopt},
    DataType{9, "DT_INT64", ElementType::i64},
    DataType{10, "DT_BOOL", ElementType::boolean},
    DataType{14, "DT_BFLOAT16", ElementType::bf16},
    DataType{17, "DT_UINT16", ElementType::u16},
    DataType{18, "DT_COMPLEX128", std::nullopt},
    DataType{19, "DT_HALF", ElementType::f16},
    DataType{20, "DT_RESOURCE", std::nullopt},
    DataType{21, "DT_VARIANT", std::nullopt},
    DataType{22, "DT_UINT32", ElementType::u32},
    DataType{23, "DT_UINT64", ElementType::u64},
    DataType{24, "DT_FLOAT8_E5M2", ElementType::f8_e5m2},
    DataType{25, "DT_FLOAT8_E4M3FN", ElementType::f8_e4m3},
};

const DataType* find_data_type(int64_t number) {
  for (const DataType& type : data_types) {
    if (type.number == number) return &type;
  }
  return nullptr;
}

// int32 and int64 alike are varints of 64 bits, two's complement.
int64_t signed_integer(const WireReader& field) {
  return static_cast<int64_t>(field.integer());
}

int64_t size_field(const WireReader& field, const char* name, const std::string& origin) {
  const int64_t value = signed_integer(field);
  if (value >= 0) return value;
  throw Error({.what = "the entry of a tensor cannot be read",
               .where = origin,
               .why = fmt::format("its {} is {}", name, value)});
}

// TensorShapeProto: dim = 2, unknown_rank = 3; Dim: size = 1
std::vector<int64_t> parse_shape(std::string_view message, const std::string& origin) {
  std::vector<int64_t> shape;
  for (WireReader field(message, origin); field.next();) {
    if (field.number() == 3 && field.integer() != 0) {
      throw Error(
          {.what = "the entry of a tensor cannot be read", .where = origin, .why = "its rank is unknown"});
    }
    if (field.number() != 2) continue;
    int64_t size = 0;
    for (WireReader dimension(field.message(), origin); dimension.next();) {
      if (dimension.number() == 1) size = size_field(dimension, "dimension", origin);
    }
    shape.push_back(size);
  }
  return shape;
}

// TensorSliceProto: extent = 1; Extent: start = 1, length = 2
BundleSlice parse_slice(std::string_view message, const std::string& origin) {
  BundleSlice slice;
  for (WireReader field(message, origin); field.next();) {
    if (field.number() != 1) continue;
    BundleExtent& extent = slice.emplace_back();
    for (WireReader part(field.message(), origin); part.next();) {
      if (part.number() == 1) extent.start = size_field(part, "slice's start", origin);
      if (part.number() == 2) extent.length = size_field(part, "slice's length", origin);
    }
  }
  return slice;
}

// A count of bytes, then the number's bytes, highest first.
void append_ordered_number(std::string& key, uint64_t number) {
  std::string bytes;
  for (; number != 0; number >>= 8) bytes.insert(bytes.begin(), static_cast<char>(number & 0xff));
  key.push_back(static_cast<char>(bytes.size()));
  key += bytes;
}

// 0x00 and 0xff are escaped; 0x00 0x01 ends it.
void append_ordered_string(std::string& key, std::string_view text) {
  for (const char c : text) {
    key.push_back(c);
    if (c == '\0') key.push_back('\xff');
    if (c == '\xff') key.push_back('\0');
  }
  key += std::string_view("\0\1", 2);
}

// A signed number of n bytes, highest first, 7 n bits of which are its own (the sign among them): the leading
// bits, one per byte and inverted for a negative number, tell n as in UTF-8, and the sign bit is turned
// round.
void append_ordered_signed(std::string& key, int64_t number) {
  const uint64_t magnitude = static_cast<uint64_t>(number < 0 ? ~number : number);
  size_t bytes = 1;
  while (bytes < 10 && magnitude >> (7 * bytes - 1) != 0) ++bytes;  // 10 · 7 - 1 bits hold any
  std::array<uint8_t, 10> digits{};
  digits.fill(number < 0 ? 0xff : 0);
  for (size_t i = 0; i < std::min<size_t>(bytes, 8); ++i) {
    digits[bytes - 1 - i] = static_cast<uint8_t>(static_cast<uint64_t>(number) >> (8 * i));
  }
  for (size_t bit = 0; bit < bytes; ++bit) digits[bit / 8] ^= static_cast<uint8_t>(0x80u >> (bit % 8));
  key.append(reinterpret_cast<const char*>(digits.data()), bytes);
}

}  // namespace

// BundleHeaderProto: num_shards = 1, endianness = 2 (0: little, 1: big), version = 3
BundleHeader parse_bundle_header(std::string_view message, const std::string& origin) {
  BundleHeader header;
  for (WireReader field(message, origin); field.next();) {
    if (field.number() == 1) header.shards = signed_integer(field);
    if (field.number() == 2 && field.integer() != 0) {
      throw Error({.what = "the TensorFlow checkpoint cannot be used",
                   .where = origin,
                   .why = "a big-endian machine wrote it"});
    }
  }
  constexpr int64_t most_shards = 99'999;  // five digits in a file's name
  if (header.shards < 1 || header.shards > most_shards) {
    throw Error({.what = "not a valid TensorFlow checkpoint",
                 .where = origin,
                 .why = fmt::format("its header says that it has {} shards", header.shards)});
  }
  return header;
}

// BundleEntryProto: dtype = 1, shape = 2, shard_id = 3, offset = 4, size = 5, crc32c = 6, slices = 7
BundleEntry parse_bundle_entry(std::string_view message, const std::string& origin) {
  BundleEntry entry;
  for (WireReader field(message, origin); field.next();) {
    switch (field.number()) {
      case 1:
        entry.type = size_field(field, "type", origin);
        break;
      case 2:
        entry.shape = parse_shape(field.message(), origin);
        break;
      case 3:
        entry.shard = size_field(field, "shard", origin);
        break;
      case 4:
        entry.offset = size_field(field, "offset", origin);
        break;
      case 5:
        entry.bytes = size_field(field, "size", origin);
        break;
      case 6:
        entry.checksum = field.fixed32();
        break;
      case 7:
        entry.slices.push_back(parse_slice(field.message(), origin));
        break;
      default:  // a field of a newer TensorFlow
        break;
    }
  }
  return entry;
}

std::string data_type_name(int64_t data_type) {
  const DataType* type = find_data_type(data_type);
  return type != nullptr ? std::string(type->name) : fmt::format("DT_{}", data_type);
}

std::optional<ElementType> data_type_elements(int64_t data_type) {
  const DataType* type = find_data_type(data_type);
  return type != nullptr ? type->elements : std::nullopt;
}

std::string slice_key(std::string_view tensor, const BundleSlice& slice) {
  std::string key;
  append_ordered_number(key, 0);
  append_ordered_string(key, tensor);
  append_ordered_number(key, slice.size());
  for (const BundleExtent& extent : slice) {
    append_ordered_signed(key, extent.start);
    append_ordered_signed(key, extent.length.value_or(-1));
  }
  return key;
}

}  // namespace cloze
