//===- Embedded.h - Files that the compiler carries with it -----*- C++ -*-===//
#pragma once

#include "llvm/ADT/StringRef.h"

namespace dlc {

/// LLVM bitcode of the runtime.
llvm::StringRef runtimeBitcode();

/// Text of runtime/model.h.
llvm::StringRef modelHeader();

} // namespace dlc
