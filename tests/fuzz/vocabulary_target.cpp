// vocab.txt: what is accepted has the same pieces after being written out and read again.
#include "engine/base/error.h"
#include "engine/text/vocabulary.h"
#include "tests/fuzz/fuzz_target.h"

using namespace cloze;

namespace {

void check(const Vocabulary& vocabulary) {
  for (int32_t id = 0; id < vocabulary.size(); ++id) {
    const auto found = vocabulary.find(vocabulary.piece(id));
    fuzz::require(found && vocabulary.piece(*found) == vocabulary.piece(id), "each piece is found");
  }
  const Vocabulary again = Vocabulary::parse(vocabulary.text(), "written.txt");
  fuzz::require(again.size() == vocabulary.size() && again.digest() == vocabulary.digest(),
                "a vocabulary written out reads as the same vocabulary");
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  try {
    check(Vocabulary::parse(fuzz::as_text(data, size), "vocab.txt"));
  } catch (const Error&) {
  }
  return 0;
}
