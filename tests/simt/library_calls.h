#pragma once

#include <cstddef>

struct CUstream_st;

// The emulated runtime for code that is compiled with the toolkit's own headers, which know nothing of it
// (library_calls.cpp): statuses are numbers of cudaError_t.
namespace cloze::simt {

int library_malloc(void** pointer, size_t bytes);
int library_free(void* pointer);
int library_memset(void* target, int byte, size_t bytes, CUstream_st* stream);
int library_synchronize(CUstream_st* stream);

}  // namespace cloze::simt
