//===- Codes.h - Numbers of the mistakes a user can meet --------*- C++ -*-===//
//
// Every error a user can cause starts with "[E0102] ". The hundreds say where the mistake lies and decide the exit
// code; a number keeps its meaning for good, so that messages can be searched for.
//
//===----------------------------------------------------------------------===//
#pragma once

#include "mlir/IR/Diagnostics.h"
#include "llvm/ADT/StringExtras.h"
#include <cstdint>
#include <optional>

namespace dlc {

// clang-format off
#define DLC_CODES(X)                                                                                                   \
  /* 01xx: a node */                                                                                                   \
  X(BadAttribute,    101, "an attribute is given twice, has no or the wrong type, or refers to nothing")               \
  X(BadNode,         102, "the inputs or attributes of a node do not fit its op")                                      \
  X(BadCall,         103, "a node calls a model-local function with too many inputs, outputs or attributes")           \
  /* 02xx: the graph and its names */                                                                                  \
  X(DefinedTwice,    201, "a name is defined twice")                                                                   \
  X(NotDefined,      202, "a name is used that no input, initializer or node defines")                                 \
  X(UsedTooEarly,    203, "a name is used before the node that defines it")                                            \
  X(Cycle,           204, "nodes depend on each other in a circle")                                                    \
  X(Recursion,       205, "model-local functions call each other in a circle")                                         \
  X(Incomplete,      206, "a part that every model, graph, node or value has is missing")                              \
  X(BadOpsetImport,  207, "an opset import is missing, contradicts another or is not a version")                       \
  X(TypesDisagree,   208, "a declared type contradicts the value")                                                     \
  /* 03xx: tensors */                                                                                                  \
  X(BadDims,         301, "a dimension is negative, or a tensor has too many dimensions or elements")                  \
  X(BadData,         302, "the data of a tensor contradicts its shape or type")                                        \
  X(BadLocation,     303, "external data lies outside the model's folder, or is no plain file of its own")             \
  X(BadRange,        304, "external data reaches past the end of its file")                                            \
  /* 04xx: the file */                                                                                                 \
  X(CannotRead,      401, "a file cannot be opened or read")                                                           \
  X(Malformed,       402, "the file is no ONNX model: truncated, damaged or something else")                           \
  /* 05xx: options */                                                                                                  \
  X(BadDimOption,    501, "a fixed dimension names no symbol of the model, or is no size")                             \
  /* 06xx: legal, but not supported */                                                                                 \
  X(UnsupportedOp,      601, "an op, or this version of it, is not supported")                                         \
  X(UnsupportedVersion, 602, "an opset or file format newer or older than those supported")                            \
  X(UnsupportedType,    603, "an element type or value type is not supported")                                         \
  X(UnsupportedPart,    604, "a part of the format is not supported (training info, sparse tensors, ...)")             \
  X(TooLarge,           605, "a limit of the compiler is exceeded (file size, nesting, counts)")                       \
  /* 09xx: our own mistakes */                                                                                         \
  X(Internal,           901, "a mistake of the compiler; please report it")
// clang-format on

enum class Code : uint16_t {
#define X(name, number, meaning) name = number,
  DLC_CODES(X)
#undef X
};

/// What stands behind `code`, one sentence.
inline llvm::StringRef meaningOf(Code code) {
  switch (code) {
#define X(name, number, meaning)                                                                                       \
  case Code::name:                                                                                                     \
    return meaning;
    DLC_CODES(X)
#undef X
  }
  return "";
}

/// "[E0102] ".
inline std::string prefixOf(Code code) {
  std::string digits = std::to_string(static_cast<unsigned>(code));
  return "[E" + std::string(4 - digits.size(), '0') + digits + "] ";
}

/// The code that a message starts with, if any.
inline std::optional<Code> codeOf(llvm::StringRef message) {
  unsigned number = 0;
  if (message.size() < 7 || !message.consume_front("[E") || message[4] != ']' ||
      message.take_front(4).getAsInteger(10, number))
    return std::nullopt;
  return static_cast<Code>(number);
}

/// Exit code of a tool that fails with `code`: 2 the input is wrong, 3 it is not supported, 4 the compiler is wrong.
inline int exitCodeOf(Code code) {
  unsigned hundreds = static_cast<unsigned>(code) / 100;
  return hundreds == 6 ? 3 : hundreds == 9 ? 4 : 2;
}

/// Starts an error whose text begins with its code.
inline mlir::InFlightDiagnostic emitError(mlir::Location loc, Code code) {
  return mlir::emitError(loc) << prefixOf(code);
}

} // namespace dlc
