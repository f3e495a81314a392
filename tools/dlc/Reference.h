//===- Reference.h - What outputs ought to be -------------------*- C++ -*-===//
#pragma once

#include "tools/dlc/TensorIO.h"
#include "mlir/Dialect/Func/IR/FuncOps.h"

namespace dlc {

/// Results of a function of the graph phase on `inputs`, by the reference interpreter. An op without a reference, or a bad
/// value, is a diagnostic.
mlir::FailureOr<std::vector<HostTensor>> evaluateReference(mlir::func::FuncOp function,
                                                           llvm::ArrayRef<HostTensor> inputs);

/// Inputs and expected outputs as the ONNX suites lay them out: DIR/input_0.pb, DIR/output_0.pb, ...
struct DataSet {
  std::vector<HostTensor> inputs, outputs;
};
llvm::Expected<DataSet> readDataSet(llvm::StringRef folder);

/// How far results may be from the reference. Integers and bools must be equal.
struct Tolerance {
  double relative, absolute;
  /// Where the user gave none: by element type, the absolute part by the largest expected value too, since a sum errs in
  /// proportion to its terms.
  static Tolerance of(const HostTensor &expected);
};

struct Difference {
  std::string problem; ///< empty: equal within the tolerance
  double maxError = 0; ///< largest absolute error
  double share = 0;    ///< largest error as a share of what is allowed
};
/// Compares type, shape and elements. NaN equals NaN; infinities must be equal, and with no tolerance at all the signs of
/// zeros too.
Difference compare(const HostTensor &actual, const HostTensor &expected, Tolerance tolerance);

} // namespace dlc
