#include "engine/checkpoint/safetensors_header.h"

#include <fmt/format.h>

#include <algorithm>
#include <cstring>
#include <limits>
#include <nlohmann/json.hpp>
#include <tuple>
#include <utility>

#include "engine/base/error.h"
#include "engine/base/json.h"

namespace cloze {
namespace {

using nlohmann::json;

constexpr size_t length_bytes = sizeof(uint64_t);

[[noreturn]] void refuse(const std::string& origin, std::string why) {
  throw Error({.what = "not a valid safetensors file",
               .where = origin,
               .why = std::move(why),
               .remedy = "the file is damaged or was cut short: fetch or write it again"});
}

uint64_t unsigned_value(const json& value, const std::string& origin, const std::string& name) {
  if (!value.is_number_unsigned())
    refuse(origin, fmt::format("`{}` has a size or offset that is no whole number", name));
  return value.get<uint64_t>();
}

std::vector<int64_t> shape_of(const json& value, const std::string& origin, const std::string& name) {
  if (!value.is_array()) refuse(origin, fmt::format("`{}` has no shape", name));
  std::vector<int64_t> shape;
  for (const json& dimension : value) {
    const uint64_t size = unsigned_value(dimension, origin, name);
    if (size > uint64_t{std::numeric_limits<int64_t>::max()})
      refuse(origin, fmt::format("`{}` is too large", name));
    shape.push_back(static_cast<int64_t>(size));
  }
  return shape;
}

void check_size(const SafetensorsEntry& entry, const std::string& origin) {
  uint64_t bytes = size_of(entry.type);
  for (const int64_t dimension : entry.shape) {
    if (__builtin_mul_overflow(bytes, static_cast<uint64_t>(dimension), &bytes)) {
      refuse(origin, fmt::format("`{}` is too large", entry.name));
    }
  }
  if (entry.begin > entry.end || entry.end - entry.begin != bytes) {
    refuse(origin, fmt::format("`{}` should take {} bytes, its offsets are {} to {}", entry.name, bytes,
                               entry.begin, entry.end));
  }
}

SafetensorsEntry parse_entry(const std::string& name, const json& value, const std::string& origin) {
  if (!value.is_object() || !value.contains("dtype") || !value.contains("shape") ||
      !value.contains("data_offsets")) {
    refuse(origin, fmt::format("`{}` lacks its dtype, shape or data_offsets", name));
  }
  const json& type_name = value["dtype"];
  if (!type_name.is_string()) refuse(origin, fmt::format("`{}` has a dtype that is no string", name));
  const auto type = element_type_named(type_name.get<std::string>());
  if (!type)
    refuse(origin, fmt::format("`{}` has the unknown dtype `{}`", name, type_name.get<std::string>()));
  const json& offsets = value["data_offsets"];
  if (!offsets.is_array() || offsets.size() != 2)
    refuse(origin, fmt::format("`{}` has no pair of data_offsets", name));

  SafetensorsEntry entry{.name = name,
                         .type = *type,
                         .shape = shape_of(value["shape"], origin, name),
                         .begin = unsigned_value(offsets[0], origin, name),
                         .end = unsigned_value(offsets[1], origin, name)};
  check_size(entry, origin);
  return entry;
}

void parse_metadata(const json& value, SafetensorsHeader& header, const std::string& origin) {
  if (!value.is_object()) refuse(origin, "its __metadata__ is not an object");
  for (const auto& [key, text] : value.items()) {
    if (!text.is_string()) refuse(origin, fmt::format("its metadata `{}` is no string", key));
    header.metadata[key] = text.get<std::string>();
  }
}

// The tensors' bytes must cover the rest of the file, without gap or overlap: nothing can hide in it.
void check_cover(const SafetensorsHeader& header, uint64_t data_bytes, const std::string& origin) {
  uint64_t reached = 0;
  for (const SafetensorsEntry& entry : header.entries) {
    if (entry.begin != reached) {
      refuse(origin,
             fmt::format("`{}` begins at byte {} of the data, not at {}", entry.name, entry.begin, reached));
    }
    reached = entry.end;
  }
  if (reached != data_bytes) {
    refuse(origin,
           fmt::format("its header describes {} bytes of data, the file has {}", reached, data_bytes));
  }
}

}  // namespace

SafetensorsHeader parse_safetensors_header(std::string_view start, uint64_t file_bytes,
                                           const std::string& origin) {
  if (start.size() < length_bytes)
    refuse(origin, fmt::format("it has {} bytes: not even a header length", file_bytes));
  uint64_t header_bytes = 0;
  std::memcpy(&header_bytes, start.data(), length_bytes);
  if (header_bytes > safetensors_header_limit) {
    refuse(origin, fmt::format("its header would have {} bytes; the format allows {}", header_bytes,
                               safetensors_header_limit));
  }
  if (header_bytes > file_bytes - length_bytes || header_bytes > start.size() - length_bytes) {
    refuse(origin, fmt::format("its header of {} bytes ends beyond the file", header_bytes));
  }
  const std::string_view text = start.substr(length_bytes, header_bytes);
  if (!text.starts_with('{')) refuse(origin, "its header does not begin with `{`");

  SafetensorsHeader header{.data_begin = length_bytes + header_bytes};
  const json document =
      parse_json(text, origin);  // two readers of a repeated name could see different tensors
  for (const auto& [name, value] : document.items()) {
    if (name == "__metadata__") {
      parse_metadata(value, header, origin);
    } else {
      header.entries.push_back(parse_entry(name, value, origin));
    }
  }
  std::sort(header.entries.begin(), header.entries.end(),
            [](const SafetensorsEntry& a, const SafetensorsEntry& b) {
              return std::tie(a.begin, a.end, a.name) < std::tie(b.begin, b.end, b.name);
            });
  check_cover(header, file_bytes - header.data_begin, origin);
  return header;
}

std::string format_safetensors_header(const SafetensorsHeader& header) {
  nlohmann::ordered_json document = nlohmann::ordered_json::object();
  if (!header.metadata.empty()) document["__metadata__"] = header.metadata;
  for (const SafetensorsEntry& entry : header.entries) {
    document[entry.name] = {
        {"dtype", name_of(entry.type)}, {"shape", entry.shape}, {"data_offsets", {entry.begin, entry.end}}};
  }
  std::string text = document.dump();
  constexpr size_t alignment = 64;  // of what follows: a cache line
  text.resize((length_bytes + text.size() + alignment - 1) / alignment * alignment - length_bytes, ' ');
  const uint64_t header_bytes = text.size();
  return std::string(reinterpret_cast<const char*>(&header_bytes), length_bytes) + text;
}

}  // namespace cloze
