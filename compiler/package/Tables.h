//===- Tables.h - The constant tables of runtime/program.h ------*- C++ -*-===//
#pragma once

#include "compiler/package/Program.h"
#include "llvm/IR/Module.h"

namespace dlc {

/// LLVM's view of the structs that compiled code and the runtime share. Member by member as in the C headers; a unit
/// test compares the layouts.
struct TableTypes {
  explicit TableTypes(llvm::LLVMContext &context);

  llvm::StructType *dim, *port, *function, *variant, *node, *state, *program, *description;
};

/// Adds the dlc_program of `program` to `module`, which defines `function.isa` for each function and variant.
llvm::Expected<llvm::GlobalVariable *> addProgramTable(llvm::Module &module, const Program &program);

/// Adds the dlc_description with `json`, whose pointers are the exported functions, declared by then.
llvm::GlobalVariable *addDescription(llvm::Module &module, const Program &program, llvm::StringRef json);

} // namespace dlc
