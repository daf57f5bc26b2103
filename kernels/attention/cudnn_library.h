#pragma once

#include <string>

namespace cloze {

// cuDNN, a gigabyte, which is loaded when its attention is asked for. cudnn_library.cpp defines the functions
// of cudnn.h that this program calls, each handing its arguments on to the loaded library.
//
// Loads it as the loader finds it, or from the toolkit's folder; it stays loaded. Throws CudaError, saying
// what to install, where there is none.
void load_cudnn();
void load_cudnn(const std::string& file);

std::string cudnn_version();  // "9.19.0" of the loaded library

}  // namespace cloze
