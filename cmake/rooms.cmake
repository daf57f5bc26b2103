# cloze_room(NAME SOURCES file... [USES room-or-library...] [PRIVATELY library...])
#   One static library per room, named cloze_NAME; includes are written from the repository root.
function(cloze_room name)
  cmake_parse_arguments(ROOM "" "" "SOURCES;USES;PRIVATELY" ${ARGN})
  add_library(cloze_${name} STATIC ${ROOM_SOURCES})
  target_include_directories(cloze_${name} PUBLIC $<BUILD_INTERFACE:${PROJECT_SOURCE_DIR}>)
  target_link_libraries(cloze_${name} PUBLIC ${ROOM_USES} PRIVATE ${ROOM_PRIVATELY} $<BUILD_INTERFACE:cloze_flags>)
endfunction()

# cloze_test(NAME SOURCES file... USES room-or-library...)
#   One GoogleTest program, run by ctest as NAME with the repository root as CLOZE_SOURCE_DIR.
function(cloze_test name)
  cmake_parse_arguments(TEST "" "" "SOURCES;USES" ${ARGN})
  add_executable(${name} ${TEST_SOURCES})
  target_link_libraries(${name} PRIVATE ${TEST_USES} GTest::gtest_main GTest::gmock cloze_flags)
  target_compile_definitions(${name} PRIVATE CLOZE_SOURCE_DIR="${PROJECT_SOURCE_DIR}")
  add_test(NAME ${name} COMMAND ${name})
endfunction()
