#pragma once

namespace cloze {

// Devices are types; a kernel is an overload on its first argument.

// Plain loops in double precision, one thread: the oracle of every test.
struct Reference {};

// The host processor: float32, OpenMP threads, SIMD, oneDNN for matmul.
// `omp_get_max_threads()` threads are used (set once, before the first kernel).
struct Cpu {};

// One GPU: defined with the CUDA device.
struct Cuda;

}  // namespace cloze
