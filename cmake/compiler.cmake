# Compiler flags for all of Cloze: warnings, sanitizers, ccache, a quick linker.

add_library(cloze_flags INTERFACE)
target_compile_options(cloze_flags INTERFACE -Wall -Wextra -Wpedantic -Wshadow -Wnon-virtual-dtor
                                             -Woverloaded-virtual -Wno-missing-field-initializers
                                             $<$<CXX_COMPILER_ID:GNU>:-Wno-restrict>)
if(CLOZE_WERROR)
  target_compile_options(cloze_flags INTERFACE -Werror)
endif()

if(CLOZE_SANITIZE)
  add_compile_options(-fsanitize=${CLOZE_SANITIZE} -fno-omit-frame-pointer -fno-sanitize-recover=all -g1)
  add_link_options(-fsanitize=${CLOZE_SANITIZE})
endif()

option(CLOZE_LIBFUZZER "Build the fuzz targets of tests/fuzz with libFuzzer (Clang)" OFF)
if(CLOZE_LIBFUZZER)
  if(NOT CMAKE_CXX_COMPILER_ID MATCHES "Clang")
    message(FATAL_ERROR "CLOZE_LIBFUZZER needs Clang: configure with -DCMAKE_CXX_COMPILER=clang++")
  endif()
  add_compile_options(-fsanitize=fuzzer-no-link)
endif()

find_program(CLOZE_CCACHE ccache)
if(CLOZE_CCACHE AND NOT CMAKE_CXX_COMPILER_LAUNCHER)
  set(CMAKE_CXX_COMPILER_LAUNCHER ${CLOZE_CCACHE})
endif()
