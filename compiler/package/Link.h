//===- Link.h - A shared library from an archive ----------------*- C++ -*-===//
#pragma once

#include "llvm/ADT/StringRef.h"
#include "llvm/Support/Error.h"

namespace dlc {

/// Links the object file `object` and, if there is one, the linker script `script` into the shared library `output`
/// with lld, in this process. Nothing may stay undefined but what libc, libm and libpthread define. Equal objects,
/// scripts and build ids give equal files, wherever they lie.
llvm::Error linkShared(llvm::StringRef object, llvm::StringRef script, uint64_t buildId, llvm::StringRef output,
                       llvm::StringRef soname);

} // namespace dlc
