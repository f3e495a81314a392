//===- Report.h - The mistakes of a file, and where they are -----*- C++ -*-===//
#pragma once

#include "compiler/Codes.h"
#include "mlir/IR/BuiltinAttributes.h"
#include "mlir/IR/Location.h"
#include "mlir/IR/MLIRContext.h"

namespace dlc::importer {

/// Emits mistakes as diagnostics, up to a number that a person would still read, and counts the rest.
class Report {
public:
  Report(mlir::MLIRContext &context, llvm::StringRef path);
  /// Says how many mistakes were not printed.
  ~Report();
  Report(const Report &) = delete;

  mlir::MLIRContext &context() const { return context_; }
  void error(mlir::Location loc, Code code, const llvm::Twine &message, llvm::ArrayRef<std::string> notes = {});
  bool any() const { return count_ > 0; }
  unsigned count() const { return count_; }

  /// The file as a whole.
  mlir::Location file() const;
  /// A node or value called `name` in the top-level node `index`.
  mlir::Location named(llvm::StringRef name, unsigned index) const;

private:
  static constexpr unsigned maxPrinted = 100;
  mlir::MLIRContext &context_;
  mlir::StringAttr path_;
  unsigned count_ = 0;
};

/// `name` in quotes, control characters escaped, cut when very long.
std::string quote(llvm::StringRef name);
/// "1 node", "2 nodes".
std::string plural(uint64_t count, llvm::StringRef noun);

} // namespace dlc::importer
