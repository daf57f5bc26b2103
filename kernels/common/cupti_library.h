#pragma once

#include <cupti.h>

#include <string>

namespace cloze {

// CUPTI, which is loaded when a GPU is traced. Its functions, by their names in cupti_activity.h.
struct CuptiLibrary {
  decltype(&cuptiGetVersion) get_version;
  decltype(&cuptiGetResultString) result_string;
  decltype(&cuptiGetTimestamp) timestamp;
  decltype(&cuptiActivityRegisterCallbacks) register_callbacks;
  decltype(&cuptiActivityEnable) enable;
  decltype(&cuptiActivityDisable) disable;
  decltype(&cuptiActivityFlushAll) flush_all;
  decltype(&cuptiActivityGetNextRecord) next_record;
  decltype(&cuptiActivityGetNumDroppedRecords) dropped_records;
};

// Of the major version of the toolkit that this program was built with, as the loader finds it or from the
// toolkit's folder. It stays loaded. Throws CudaError, saying what to install, where there is none.
const CuptiLibrary& cupti();
CuptiLibrary open_cupti(const std::string& file);  // throws CudaError

}  // namespace cloze
