// What a profiler would see: the names of ranges, in the order in which they began.
#include <utility>
#include <vector>

#include "kernels/common/profile_range.h"
#include "tests/simt/simt.h"

namespace cloze {
namespace simt {
namespace {

int open_ranges = 0;
std::vector<std::string> names;

}  // namespace

std::vector<std::string> take_range_names() {
  if (open_ranges != 0) throw std::logic_error("a range of a profile was not closed");
  return std::exchange(names, {});
}

void begin_range(const char* name) {
  ++open_ranges;
  names.emplace_back(name);
}
void end_range() {
  --open_ranges;
}

}  // namespace simt

ProfileRange::ProfileRange(const char* name) {
  simt::begin_range(name);
}
ProfileRange::~ProfileRange() {
  simt::end_range();
}

}  // namespace cloze
