//===- Amount.h - Numbers that depend on sizes ------------------*- C++ -*-===//
//
// Reads what dialects/dl/Work.h writes into a library's description.
//
//===----------------------------------------------------------------------===//
#pragma once

#include "llvm/ADT/STLFunctionalExtras.h"
#include "llvm/Support/JSON.h"
#include <optional>

namespace dlc {

/// A sum of products of sizes, exact.
class Amount {
public:
  /// Of null or what is no such sum every value is unknown.
  explicit Amount(llvm::json::Value sum = nullptr) : sum(std::move(sum)) {}

  using Sizes = llvm::function_ref<std::optional<int64_t>(llvm::StringRef)>;
  /// Nothing where it is unknown, a size is not given, or the number does not fit.
  std::optional<int64_t> at(Sizes sizes) const;

private:
  llvm::json::Value sum;
};

} // namespace dlc
