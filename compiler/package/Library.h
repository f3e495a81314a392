//===- Library.h - The files of a compiled model ----------------*- C++ -*-===//
#pragma once

#include "compiler/package/Files.h"
#include "compiler/package/Weights.h"

namespace dlc {

/// Adds to `files` what a user of the library `program.name` needs: libNAME.a, libNAME.so, NAME.h, NAME.pc,
/// NAMEConfig.cmake and NAME.json. `object` is the object file of the module that emitProgram completed, `weights` what
/// it returned. Nothing has its final name before files.commit().
llvm::Error writeLibrary(OutputFiles &files, const Program &program, const WeightLayout &weights,
                         llvm::ArrayRef<char> object);

} // namespace dlc
