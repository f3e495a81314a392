//===- kernel-asm.cpp - Kernel functions to assembly text -----------------===//
//
// kernel-asm FILE.mlir CPU: the functions of FILE through the kernel passes, as assembly for the variant CPU.
//
//===----------------------------------------------------------------------===//
#include "tools/bench/NativeKernel.h"
#include "llvm/Support/MemoryBuffer.h"

int main(int argc, char **argv) {
  if (argc != 3) {
    llvm::errs() << "usage: kernel-asm FILE.mlir CPU\n";
    return 2;
  }
  auto file = llvm::MemoryBuffer::getFileOrSTDIN(argv[1]);
  if (!file) {
    llvm::errs() << argv[1] << ": " << file.getError().message() << "\n";
    return 2;
  }
  llvm::Expected<dlc::Target> target = dlc::Target::get(argv[2]);
  if (!target) {
    llvm::errs() << llvm::toString(target.takeError()) << "\n";
    return 2;
  }
  auto kernel = dlc::NativeKernel::compile((*file)->getBuffer(), *target, /*withAssembly=*/true);
  if (!kernel) {
    llvm::errs() << llvm::toString(kernel.takeError()) << "\n";
    return 1;
  }
  llvm::outs() << kernel->assembly();
  return 0;
}
