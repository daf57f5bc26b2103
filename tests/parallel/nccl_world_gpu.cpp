// NCCL itself, its ranks on one GPU.
#include <cstdlib>

#include "tests/parallel/nccl_world.h"

namespace cloze::testing {

struct NcclWorld::Contents {};

NcclWorld::NcclWorld(int) {}
NcclWorld::~NcclWorld() = default;
// NCCL takes no GPU for two ranks of one host: so each believes that it is on a host of its own, and what
// they say to each other goes over the network's loopback.
NcclOptions NcclWorld::options(int rank) const {
  ::setenv("NCCL_HOSTID", ("cloze-rank-" + std::to_string(rank)).c_str(), 1);
  return {};
}

uint64_t stream_orders() {
  return 1;
}
void set_stream_order(uint64_t) {}
bool adds_in_order_of_ranks() {
  return false;
}
std::optional<uint64_t> replays() {
  return std::nullopt;
}

}  // namespace cloze::testing
