// The index of a TensorFlow checkpoint: as a file, whose checksums stop most inputs, and as a single entry.
#include "engine/base/error.h"
#include "engine/checkpoint/bundle_index.h"
#include "engine/checkpoint/bundle_slice.h"
#include "engine/checkpoint/tensor_source.h"
#include "tests/fuzz/fuzz_target.h"

using namespace cloze;

namespace {

// What a bundle relies on before it compares an entry with its data file.
void check_entry(const std::string& name, const BundleEntry& entry) {
  fuzz::require(entry.offset >= 0 && entry.bytes >= 0 && entry.shard >= 0, "no place is negative");
  for (const int64_t size : entry.shape) fuzz::require(size >= 0, "no dimension is negative");
  fuzz::require(!data_type_name(entry.type).empty(), "every type has a name");
  if (entry.slices.empty()) return;
  if (!trouble_with_slices(entry.shape, entry.slices).empty()) return;
  int64_t covered = 0;
  for (const BundleSlice& slice : entry.slices) {
    covered += element_count(slice_shape(entry.shape, slice));
    fuzz::require(is_slice_key(slice_key(name, slice)), "a part's name cannot be a tensor's");
  }
  fuzz::require(covered == element_count(entry.shape), "parts without trouble fill the whole");
}

template <typename Parse>
void try_to(const Parse& parse) {
  try {
    parse();
  } catch (const Error&) {
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const std::string_view input = fuzz::as_text(data, size);
  const std::string origin = "input.index";
  try_to([&] {
    const BundleIndex index = parse_bundle_index(input, origin);
    fuzz::require(index.header.shards >= 1, "there is a data file");
    for (const auto& [name, entry] : index.entries) check_entry(name, entry);
  });
  try_to([&] { check_entry("bert/pooler/dense/kernel", parse_bundle_entry(input, origin)); });
  try_to([&] { fuzz::require(parse_bundle_header(input, origin).shards >= 1, "there is a data file"); });
  return 0;
}
