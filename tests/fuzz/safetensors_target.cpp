// The header of a safetensors file, from a file that may be cut short or hold bytes of tensors as well.
#include "engine/base/error.h"
#include "engine/checkpoint/safetensors_header.h"
#include "tests/fuzz/fuzz_target.h"

using namespace cloze;

namespace {

// Loading maps the file and trusts these places, so that they must lie inside it.
void check_places(const SafetensorsHeader& header, uint64_t file_bytes) {
  fuzz::require(header.data_begin <= file_bytes, "the tensors begin inside the file");
  uint64_t end = 0;
  for (const SafetensorsEntry& entry : header.entries) {
    fuzz::require(entry.begin == end && entry.end >= entry.begin, "tensors lie back to back");
    end = entry.end;
    uint64_t elements = 1;
    for (const int64_t length : entry.shape) {
      fuzz::require(length >= 0, "no dimension is negative");
      elements *= static_cast<uint64_t>(length);
    }
    fuzz::require(elements <= entry.end - entry.begin, "each element has at least a byte");
  }
  fuzz::require(end == file_bytes - header.data_begin, "the tensors fill the file");
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  SafetensorsHeader header;
  try {
    header = parse_safetensors_header(fuzz::as_text(data, size), size, "input.safetensors");
  } catch (const Error&) {
    return 0;
  }
  check_places(header, size);
  const std::string written = format_safetensors_header(header);
  const uint64_t tensor_bytes = size - header.data_begin;
  const auto again = parse_safetensors_header(written, written.size() + tensor_bytes, "written.safetensors");
  fuzz::require(format_safetensors_header(again) == written, "a header written out reads as the same header");
  return 0;
}
