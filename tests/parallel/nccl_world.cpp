#include "tests/parallel/nccl_world.h"

#include <cmath>
#include <random>

#include "kernels/linear/open_cuda.h"

namespace cloze::testing {

std::vector<RankOutcome> on_devices(int size, const DeviceBody& body,
                                    const std::function<NcclOptions(int rank)>& options) {
  const ScratchFolder folder;
  return in_processes(size, [&](int rank) {
    const std::unique_ptr<OpenCuda> gpu = open_cuda({});
    const auto ranks = make_nccl_communicator(
        std::make_unique<Membership>(membership_options(rank, size, folder, short_patience)), gpu->device(),
        options(rank));
    Rank own{gpu->device(), *ranks};
    return body(own);
  });
}

std::vector<RankOutcome> on_devices(int size, const DeviceBody& body) {
  const NcclWorld world(size);
  return on_devices(size, body, [&](int rank) { return world.options(rank); });
}

std::vector<float> numbers_of(int rank, int64_t count) {
  std::mt19937 random(static_cast<unsigned>(rank) + 1);
  std::normal_distribution<float> normal;
  std::vector<float> values(static_cast<size_t>(count));
  for (float& value : values) value = std::ldexp(normal(random), rank);
  return values;
}

}  // namespace cloze::testing
