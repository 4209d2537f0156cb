# The project's own CMake functions.

# slp_add_runtime_library(NAME SOURCES a.cpp... LINK_LIBS x... DEPENDS target...)
# A library of the machine: no LLVM, no MLIR.
function(slp_add_runtime_library name)
  cmake_parse_arguments(ARG "" "" "SOURCES;LINK_LIBS;DEPENDS" ${ARGN})
  add_library(${name} STATIC ${ARG_SOURCES})
  target_link_libraries(${name} PUBLIC ${ARG_LINK_LIBS})
  if(ARG_DEPENDS)
    add_dependencies(${name} ${ARG_DEPENDS})
  endif()
endfunction()

# slp_add_unit_test(NAME SOURCES a.cpp... LINK_LIBS x...)
# A GoogleTest binary that lit finds in build/test/unit; NAME ends in Tests.
function(slp_add_unit_test name)
  cmake_parse_arguments(ARG "" "" "SOURCES;LINK_LIBS" ${ARGN})
  add_executable(${name} ${ARG_SOURCES})
  target_link_libraries(${name} PRIVATE ${ARG_LINK_LIBS} GTest::gtest GTest::gtest_main)
  set_target_properties(${name} PROPERTIES RUNTIME_OUTPUT_DIRECTORY ${CMAKE_BINARY_DIR}/test/unit)
  set_property(GLOBAL APPEND PROPERTY SLP_UNIT_TESTS ${name})
endfunction()
