// manifest.json of a corpus: what is accepted survives being written out and read again.
#include "engine/base/error.h"
#include "engine/data/corpus_manifest.h"
#include "tests/fuzz/fuzz_target.h"

using namespace cloze;

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  CorpusManifest manifest;
  try {
    manifest = parse_corpus_manifest(std::string(fuzz::as_text(data, size)), "manifest.json");
  } catch (const Error&) {
    return 0;
  }
  const std::string written = to_json(manifest);
  const CorpusManifest again = parse_corpus_manifest(written, "written.json");
  fuzz::require(to_json(again) == written, "a manifest written out reads as the same manifest");
  fuzz::require(differences(manifest, again).empty(), "a manifest written out stands for the same corpus");
  return 0;
}
