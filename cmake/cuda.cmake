# The CUDA toolkit, where CLOZE_CUDA wants it: sets CLOZE_HAS_CUDA, CLOZE_CUDA_ARCHITECTURES and CLOZE_CUDA_FLAGS;
# CLOZE_HAS_CUPTI and CLOZE_CUPTI_INCLUDE.
set(CLOZE_HAS_CUDA OFF)
set(CLOZE_HAS_CUPTI OFF)
if(CLOZE_CUDA STREQUAL "OFF")
  return()
endif()

set(least_version 12.0)  # C++20
find_program(CMAKE_CUDA_COMPILER nvcc HINTS ENV CUDA_PATH PATHS /usr/local/cuda PATH_SUFFIXES bin)
if(CMAKE_CUDA_COMPILER)
  enable_language(CUDA)
  find_package(CUDAToolkit QUIET)
endif()
if(NOT CUDAToolkit_FOUND OR CMAKE_CUDA_COMPILER_VERSION VERSION_LESS least_version)
  set(reason "the CUDA toolkit (nvcc ${least_version} or later) was not found")
  if(CLOZE_CUDA STREQUAL "ON")
    message(FATAL_ERROR "CLOZE_CUDA=ON, but ${reason}. Install it, or name its folder in CUDA_PATH")
  endif()
  message(STATUS "Cloze: no CUDA device: ${reason}")
  return()
endif()

set(CLOZE_HAS_CUDA ON)
set(architectures 80-real 90-real)
if(CMAKE_CUDA_COMPILER_VERSION VERSION_GREATER_EQUAL 12.8)
  list(APPEND architectures 100)  # code and PTX for what comes later
else()
  list(APPEND architectures 90-virtual)
endif()
set(CLOZE_CUDA_ARCHITECTURES "${architectures}" CACHE STRING "GPUs that the CUDA kernels are compiled for")
if(NOT CMAKE_CUDA20_STANDARD_COMPILE_OPTION)  # CMake before 3.26 does not know that nvcc takes C++20
  set(CMAKE_CUDA20_STANDARD_COMPILE_OPTION -std=c++20)
  set(CMAKE_CUDA20_EXTENSION_COMPILE_OPTION -std=c++20)
endif()
set(CLOZE_CUDA_FLAGS --expt-relaxed-constexpr -Xptxas=-v -Xcompiler=-Wall,-Wextra,-Wno-missing-field-initializers)
if(CLOZE_WERROR)
  list(APPEND CLOZE_CUDA_FLAGS --Werror=all-warnings)
endif()
message(STATUS "Cloze: CUDA ${CMAKE_CUDA_COMPILER_VERSION} for ${CLOZE_CUDA_ARCHITECTURES}")

# Of CUDA 13 on: the records of its CUPTI are known (kernels/common/gpu_trace_cupti.cpp).
find_path(CLOZE_CUPTI_INCLUDE cupti.h HINTS ${CUDAToolkit_INCLUDE_DIRS} ${CUDAToolkit_LIBRARY_ROOT}/extras/CUPTI/include)
mark_as_advanced(CLOZE_CUPTI_INCLUDE)
if(CLOZE_CUPTI_INCLUDE AND CUDAToolkit_VERSION VERSION_GREATER_EQUAL 13)
  set(CLOZE_HAS_CUPTI ON)
else()
  message(STATUS "Cloze: no `cloze profile --replayed`: CUPTI of CUDA 13 or later was not found")
endif()
