# One generated header per op, so that a new op rebuilds nothing that does not speak of it.

# slp_tablegen_ops(DIALECT FAMILY)
# For dialects/DIALECT/FAMILY.td with the records `def DIALECT_<Name>Op`, whose name in the IR is that of the class in
# lower case, with underscores or without:
#   DIALECT/<Name>Op.h       declares the op's class; what speaks of a few ops includes these
#   DIALECT/FAMILY.h.inc     includes the headers of all ops of the family
#   DIALECT/FAMILY.cpp.inc   defines them
# A change of the td configures anew, as it may add or remove an op.
macro(slp_tablegen_ops dialect family)
  set(LLVM_TARGET_DEFINITIONS ${family}.td)
  set_property(DIRECTORY APPEND PROPERTY CMAKE_CONFIGURE_DEPENDS ${family}.td)
  mlir_tablegen(${family}.cpp.inc -gen-op-defs)
  file(READ ${family}.td slp_text)
  string(REGEX MATCHALL "\ndef ${dialect}_[A-Za-z0-9]+Op " slp_records "${slp_text}")
  set(slp_headers "// All ops of dialects/${dialect}/${family}.td.\n")
  foreach(record IN LISTS slp_records)
    string(REGEX REPLACE ".*_([A-Za-z0-9]+Op) " "\\1" op "${record}")
    string(REGEX REPLACE "([a-z0-9])([A-Z])" "\\1_?\\2" name "${op}") # MatMulOp is `matmul`, BiasAddOp `bias_add`
    string(REGEX REPLACE "_[?]Op$" "" name "${name}")
    string(TOLOWER "${dialect}[.]${name}" name)
    mlir_tablegen(${op}.h.inc -gen-op-decls "-op-include-regex=^${name}$$") # `$$` is `$` in build files
    string(TOUPPER "DIALECTS_${dialect}_${op}_H" guard)
    set(op_dialect ${dialect}) # arguments of a macro are no variables
    set(op_family ${family})
    configure_file(${PROJECT_SOURCE_DIR}/cmake/OpHeader.h.in ${op}.h @ONLY)
    string(APPEND slp_headers "#include \"dialects/${dialect}/${op}.h\"\n")
  endforeach()
  file(CONFIGURE OUTPUT ${family}.h.inc CONTENT "${slp_headers}" @ONLY)
endmacro()
