# Compiler flags for all of Cloze: warnings, sanitizers, ccache, a quick linker.

add_library(cloze_flags INTERFACE)
target_compile_options(cloze_flags INTERFACE -Wall -Wextra -Wpedantic -Wshadow -Wnon-virtual-dtor
                                             -Woverloaded-virtual -Wno-missing-field-initializers
                                             -Wno-restrict)
if(CLOZE_WERROR)
  target_compile_options(cloze_flags INTERFACE -Werror)
endif()

if(CLOZE_SANITIZE)
  add_compile_options(-fsanitize=${CLOZE_SANITIZE} -fno-omit-frame-pointer -fno-sanitize-recover=all -g1)
  add_link_options(-fsanitize=${CLOZE_SANITIZE})
endif()

find_program(CLOZE_CCACHE ccache)
if(CLOZE_CCACHE AND NOT CMAKE_CXX_COMPILER_LAUNCHER)
  set(CMAKE_CXX_COMPILER_LAUNCHER ${CLOZE_CCACHE})
endif()
