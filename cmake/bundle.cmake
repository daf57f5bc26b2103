# The target `cloze_bundle`: build/…/bundle.tar.xz, a folder with the program, the GPU tests, the GPU benchmarks and every library
# they need that is no part of the system or of CUDA, for a machine with a GPU and without a build (profiling/gpu_run.sh runs there).
# cuBLASLt is half a gigabyte: it is taken from the toolkit or from PyTorch's wheels on that machine.
if(NOT CLOZE_HAS_CUDA OR NOT CLOZE_TESTS OR NOT CLOZE_BENCHMARKS)
  return()
endif()
add_custom_target(cloze_bundle
  COMMAND ${PROJECT_SOURCE_DIR}/cmake/make_bundle.sh ${PROJECT_SOURCE_DIR} ${PROJECT_BINARY_DIR}/bundle
          $<TARGET_FILE:cloze> $<TARGET_FILE:cloze_gpu_test> $<TARGET_FILE:cloze_gpu_nccl_test>
          $<TARGET_FILE:cloze_gpu_bench>
  DEPENDS cloze cloze_gpu_test cloze_gpu_nccl_test cloze_gpu_bench
  COMMENT "Packing the bundle for a GPU machine"
  VERBATIM)
