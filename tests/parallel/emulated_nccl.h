#pragma once

#include <cstdint>
#include <functional>
#include <memory>

#include "engine/parallel/nccl_library.h"

// Stands in for NCCL between emulated devices (tests/simt). The emulator is one device that one thread
// drives, so ranks are processes (forked_ranks.h), and what they give to collectives lies in memory that they
// share.
//
// As with NCCL, a call puts its work on the stream only after it was polled (state()), the work waits there
// for all ranks, and goes on alone once it is aborted. Sums are taken in the order of ranks, in bf16 rounded
// after each addition. Ranks that give different collectives, and calls made too early, are errors.
namespace cloze::testing {

// What goes wrong on one rank at one call: connecting is call 0, collectives count from 1, a group as one.
struct NcclFault {
  enum class Kind : uint8_t {
    none,
    no_library,  // it cannot be loaded; whatever the call
    error,       // NCCL reports an error by itself; its work waits until it is aborted
    hang,        // it never comes to an end
    stuck,       // the call itself does not return; of connecting
    lost,        // the process is gone
  } kind = Kind::none;
  int rank = 0;
  int64_t call = 0;
};

// What the ranks of one communicator share; made before they are forked.
class NcclBoard {
 public:
  explicit NcclBoard(int size, const NcclFault& fault = {});
  ~NcclBoard();
  NcclBoard(const NcclBoard&) = delete;
  NcclBoard& operator=(const NcclBoard&) = delete;
  // For NcclOptions::open of `rank`.
  std::function<std::unique_ptr<NcclLibrary>()> opener(int rank) const;

 private:
  struct Shared;
  friend class EmulatedNccl;
  friend class EmulatedRank;
  friend class EmulatedWork;
  Shared* shared_;
};

}  // namespace cloze::testing
