#include "tests/parallel/emulated_nccl.h"
#include "tests/parallel/nccl_world.h"
#include "tests/simt/simt.h"

namespace cloze::testing {

struct NcclWorld::Contents {
  NcclBoard board;
};

NcclWorld::NcclWorld(int size) : contents_(new Contents{NcclBoard(size)}) {}
NcclWorld::~NcclWorld() = default;
NcclOptions NcclWorld::options(int rank) const {
  return {.open = contents_->board.opener(rank)};
}

uint64_t stream_orders() {
  return 4;
}
void set_stream_order(uint64_t order) {
  simt::set_order(order);
}
bool adds_in_order_of_ranks() {
  return true;
}
std::optional<uint64_t> replays() {
  return simt::replay_count();
}

}  // namespace cloze::testing
