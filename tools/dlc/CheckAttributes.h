//===- CheckAttributes.h - How a function wants to be checked ---*- C++ -*-===//
//
// Tests in text say beside the function what `dlc check` is to put in and what must come out:
//
//   func.func @f(%x: tensor<?xf32> {dl.dims = ["N"], dl.range = [0.5, 2.0], dl.specials}) -> tensor<?xf32>
//       attributes {dl.sizes = {N = [0, 1, 17]}}
//   func.func @g(%x: tensor<2xf32> {dl.value = dense<[1.0, 4.0]> : tensor<2xf32>})
//       -> (tensor<2xf32> {dl.expect = dense<[1.0, 2.0]> : tensor<2xf32>})
//
//===----------------------------------------------------------------------===//
#pragma once

#include "tools/dlc/Inputs.h"
#include "mlir/Dialect/Func/IR/FuncOps.h"

namespace dlc {

struct CheckAttributes {
  /// Sizes of the symbolic dims, a map a run; at least one.
  std::vector<std::map<std::string, int64_t>> sizes;
  std::vector<InputValues> inputs;
  std::vector<std::optional<HostTensor>> expected;
  bool fails = false; ///< the reference and the compiled code must refuse the inputs

  /// An error is a mistake in the file.
  static llvm::Expected<CheckAttributes> of(mlir::func::FuncOp function);
  /// For --help.
  static const char *const help;
};

} // namespace dlc
