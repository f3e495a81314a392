//===- GenericKernel.h - One linalg op on test buffers --------------------===//
#pragma once

#include "compiler/target/Target.h"
#include <cstdint>
#include <functional>
#include <random>
#include <string>
#include <vector>

namespace dlc {

/// One memref operand of the op under test.
struct TestOperand {
  std::string type;              ///< element type
  std::vector<int64_t> sizes;
  std::vector<int64_t> strides = {}; ///< in elements; empty: contiguous
  int64_t low = -8, high = 8;    ///< whole numbers that the elements are drawn from
};

/// A function of one op. `text` is MLIR that uses the operands as %0, %1, ... of the types $0, $1, ... and the constants
/// and values it defines itself; it stands behind the code that makes memrefs of pointers.
struct TestKernel {
  std::string text;
  std::vector<TestOperand> operands;
  double tolerance = 0; ///< relative, for floats whose rounding may differ
};

/// Runs the kernel for `target` with extents known only at run time (`isDynamic`) or in the types, and through plain
/// scalar loops, on the same random data, and compares every byte of every buffer. Buffers end where a protected page
/// begins, so that a read past the end is a crash. Returns a description of the first difference, or nothing.
std::string checkKernel(const TestKernel &kernel, const Target &target, bool isDynamic);

/// The variants that this machine can run.
std::vector<Target> runnableTargets();

} // namespace dlc
