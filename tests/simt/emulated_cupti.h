#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <string>

// CUPTI's activity interface (kernels/common/cupti_library.h) over what the emulator runs: records go into
// buffers that the program gives, and come back when a buffer is full or all are asked for.
namespace cloze::simt {

struct CuptiFaults {
  bool refuses = false;          // as for a user whom the driver lets trace nothing
  uint32_t version = 0;          // another than that of the header; 0: that one
  int64_t lost = 0;              // records said to be dropped
  bool without_times = false;    // of the next record
  std::string renamed_replayed;  // name of all replayed kernels; empty: their own
  bool notes_no_graphs = false;  // what is replayed leaves no record
};
void set_cupti_faults(const CuptiFaults& faults);

// Buffers that were given to CUPTI and have not come back.
int64_t cupti_buffers();

}  // namespace cloze::simt
