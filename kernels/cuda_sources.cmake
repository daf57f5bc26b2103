# The CUDA kernels, compiled by nvcc for a GPU (cloze_kernels_cuda) and by the host compiler for the emulator of tests/simt.
set(CLOZE_CUDA_SOURCES
  common/column_sum_cuda.cu
  common/cuda.cu
  elementwise/elementwise_cuda.cu
  rows/rows_cuda.cu)
list(TRANSFORM CLOZE_CUDA_SOURCES PREPEND ${CMAKE_CURRENT_LIST_DIR}/)
