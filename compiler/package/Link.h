//===- Link.h - A shared library from an archive ----------------*- C++ -*-===//
#pragma once

#include "llvm/ADT/StringRef.h"
#include "llvm/Support/Error.h"

namespace dlc {

/// Links all of `archive` into the shared library `output` with lld, in this process. Nothing may stay undefined but
/// what libc, libm and libpthread define. Equal archives give equal files, wherever they lie.
llvm::Error linkShared(llvm::StringRef archive, llvm::StringRef output, llvm::StringRef soname);

} // namespace dlc
