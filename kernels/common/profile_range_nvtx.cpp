#include <nvtx3/nvToolsExt.h>

#include "kernels/common/profile_range.h"

namespace cloze {

ProfileRange::ProfileRange(const char* name) {
  nvtxRangePushA(name);
}
ProfileRange::~ProfileRange() {
  nvtxRangePop();
}

}  // namespace cloze
