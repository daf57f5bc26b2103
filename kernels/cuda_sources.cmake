# The CUDA kernels, compiled by nvcc for a GPU (cloze_kernels_cuda) and by the host compiler for the emulator of tests/simt.
set(CLOZE_CUDA_SOURCES
  activation/activation_cuda.cu
  attention/attention_backward_cuda.cu
  attention/attention_backward_tiled_cuda.cu
  attention/attention_cuda.cu
  attention/attention_f32_cuda.cu
  attention/attention_forward_cuda.cu
  common/column_sum_cuda.cu
  common/cuda.cu
  common/cuda_graph.cu
  common/cuda_memory.cu
  cross_entropy/cross_entropy_classes_cuda.cu
  cross_entropy/cross_entropy_cuda.cu
  cross_entropy/cross_entropy_vocabulary_cuda.cu
  elementwise/elementwise_cuda.cu
  embedding/embedding_backward_cuda.cu
  embedding/embedding_forward_cuda.cu
  embedding/embedding_positions_cuda.cu
  embedding/embedding_words_cuda.cu
  layer_norm/layer_norm_backward_cuda.cu
  layer_norm/layer_norm_forward_cuda.cu
  linear/linear_cuda.cu
  optimizer/adamw_cuda.cu
  optimizer/gradient_norm_cuda.cu
  optimizer/lamb_cuda.cu
  rows/rows_cuda.cu)
list(TRANSFORM CLOZE_CUDA_SOURCES PREPEND ${CMAKE_CURRENT_LIST_DIR}/)
