# find_package(dlc) finds the program `dlc`, in the folder where it was built or where it was installed, and
#
#   dlc_add_model(NAME MODEL [CPU VARIANT...] [DIM SYMBOL=SIZE...] [STATIC])
#
# makes a library target NAME of the model (.onnx, or .mlir with dl functions), compiled when the build needs it: when the
# model, a file with data of it or `dlc` has changed. Whoever links NAME can include "NAME.h". CPU and DIM are as `dlc
# compile` has them; with STATIC the archive is linked, else the shared library.
get_filename_component(dlc_PREFIX "${CMAKE_CURRENT_LIST_DIR}/../../.." ABSOLUTE)
if(NOT TARGET dlc::dlc)
  if(NOT EXISTS "${dlc_PREFIX}/bin/dlc")
    set(dlc_FOUND FALSE)
    set(dlc_NOT_FOUND_MESSAGE "there is no ${dlc_PREFIX}/bin/dlc: build it first")
    return()
  endif()
  add_executable(dlc::dlc IMPORTED GLOBAL)
  set_target_properties(dlc::dlc PROPERTIES IMPORTED_LOCATION "${dlc_PREFIX}/bin/dlc")
endif()

function(dlc_add_model name model)
  cmake_parse_arguments(PARSE_ARGV 2 ARG "STATIC" "" "CPU;DIM")
  foreach(word IN LISTS ARG_UNPARSED_ARGUMENTS ARG_KEYWORDS_MISSING_VALUES)
    message(FATAL_ERROR "dlc_add_model(${name}): does not know what \"${word}\" is to say; "
      "expects [CPU VARIANT...] [DIM SYMBOL=SIZE...] [STATIC]")
  endforeach()
  if(NOT name MATCHES "^[A-Za-z_][A-Za-z0-9_]*$")
    message(FATAL_ERROR "dlc_add_model(${name}): the name becomes the prefix of C functions, expects a C identifier")
  endif()
  get_filename_component(model "${model}" ABSOLUTE)
  set(folder "${CMAKE_CURRENT_BINARY_DIR}/${name}.dlc")
  set(options --name ${name} -o ${folder} --depfile ${folder}/${name}.d)
  if(ARG_CPU)
    list(JOIN ARG_CPU "," variants)
    list(APPEND options --cpu ${variants})
  endif()
  foreach(dim IN LISTS ARG_DIM)
    list(APPEND options --dim ${dim})
  endforeach()
  set(others ${folder}/lib${name}.a ${folder}/${name}.h)
  foreach(ending .json .pc Config.cmake)
    list(APPEND others ${folder}/${name}${ending})
  endforeach()
  add_custom_command(OUTPUT ${folder}/lib${name}.so BYPRODUCTS ${others}
    COMMAND dlc::dlc compile ${model} ${options}
    DEPENDS ${model} dlc::dlc DEPFILE ${folder}/${name}.d COMMENT "Compiling the model ${name}" VERBATIM)
  add_custom_target(${name}_model DEPENDS ${folder}/lib${name}.so)

  file(MAKE_DIRECTORY ${folder}) # what is included must be there before the first build
  if(ARG_STATIC)
    add_library(${name} STATIC IMPORTED GLOBAL)
    set_target_properties(${name} PROPERTIES IMPORTED_LOCATION ${folder}/lib${name}.a
      INTERFACE_LINK_LIBRARIES "m;pthread")
  else()
    add_library(${name} SHARED IMPORTED GLOBAL)
    set_target_properties(${name} PROPERTIES IMPORTED_LOCATION ${folder}/lib${name}.so)
  endif()
  target_include_directories(${name} INTERFACE ${folder})
  add_dependencies(${name} ${name}_model)
endfunction()
