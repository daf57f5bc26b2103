#pragma once

// Marks what host and device code may both call.
#if defined(__CUDACC__)
#define CLOZE_HOST_DEVICE __host__ __device__
#else
#define CLOZE_HOST_DEVICE
#endif
