#pragma once

#include <memory>

#include "engine/parallel/communicator.h"
#include "engine/parallel/nccl_link.h"
#include "kernels/common/cuda.h"

namespace cloze {

// Processes on GPUs, one GPU each, through NCCL. `device` is this rank's, current on this thread; it and its
// stream must outlive the communicator. Collectives run one after the other on a stream of the communicator,
// which events order with the device's own: so a step that is recorded holds them; one that was started
// outside it is waited for before the step runs. Sums are as communicator.h says for a GPU.
//
// Shares of one size travel as NCCL's own reduce-scatter and all-gather. Where they differ (share_of), a
// group of reductions, one share to each rank, and of broadcasts, one from each, takes their place: the same
// bytes over the same ring, and no padding. For Wire::bf16 the values are rounded into a buffer beside, two
// bytes an element of the largest collective, which all collectives of the communicator share.
//
// barrier() and exchange() go through the membership, outside the device. What it finds wrong, an error that
// NCCL reports by itself, and abort() end the collectives at work: the stream goes on, over memory that holds
// anything, and the next call throws Error. That a rank hangs is found by the membership where others went
// ahead; where all wait and the network is silent, it is left to NCCL's own time limits.
//
// Throws Error as NcclLink does, CudaError where the device fails.
std::unique_ptr<Communicator> make_nccl_communicator(std::unique_ptr<Membership> membership, Cuda& device,
                                                     const NcclOptions& options = {});

}  // namespace cloze
