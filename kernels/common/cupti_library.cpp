#include "kernels/common/cupti_library.h"

#include "kernels/common/toolkit_library.h"

namespace cloze {
namespace {

constexpr ToolkitLibrary in_toolkit{.name = "CUPTI",
                                    .purpose = "times what lies inside a CUDA graph",
                                    .file = "libcupti.so",
                                    .product = "CUPTI",
                                    .package = "cuda-cupti",
                                    .wheel = "nvidia-cuda-cupti"};

}  // namespace

CuptiLibrary open_cupti(const std::string& file) {
  const LoadedLibrary library(in_toolkit, file);
  CuptiLibrary functions;
  library.find(functions.get_version, "cuptiGetVersion");
  library.find(functions.result_string, "cuptiGetResultString");
  library.find(functions.timestamp, "cuptiGetTimestamp");
  library.find(functions.register_callbacks, "cuptiActivityRegisterCallbacks");
  library.find(functions.enable, "cuptiActivityEnable");
  library.find(functions.disable, "cuptiActivityDisable");
  library.find(functions.flush_all, "cuptiActivityFlushAll");
  library.find(functions.next_record, "cuptiActivityGetNextRecord");
  library.find(functions.dropped_records, "cuptiActivityGetNumDroppedRecords");
  return functions;
}

const CuptiLibrary& cupti() {
  static const CuptiLibrary library = open_of_toolkit(in_toolkit, open_cupti);
  return library;
}

}  // namespace cloze
