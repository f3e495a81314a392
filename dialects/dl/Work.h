//===- Work.h - How much is to be done --------------------------*- C++ -*-===//
//
// Operations on numbers and bytes moved, of kernels and whole functions, as expressions over sizes that are known when
// a program runs. A library's metadata holds them as JSON; tools/dlc/Amount.h computes them again.
//
//===----------------------------------------------------------------------===//
#pragma once

#include "dialects/dl/Shapes.h"
#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "llvm/Support/JSON.h"
#include <map>

namespace dlc::dl {

class KernelOp;

/// A sum of products over the symbols of an Inference. As JSON, an array of products, each of them an array of a whole
/// number and factors: a symbol's name, or an array of "floordiv", "ceildiv", "mod", "min" or "max" and two such sums.
/// [[2,"N","S"],[768,["floordiv",[[1,"N"]],[[2]]]]] is 2 N S + 768 floor(N / 2).
class Amount {
public:
  /// Adds the product of `factors`. False, with nothing added, where they depend on what is known only while running.
  bool add(const Inference &shapes, llvm::ArrayRef<mlir::AffineExpr> factors);
  llvm::json::Value json() const;
  /// For people: "1536 N + 2 N S".
  std::string text() const;
  std::optional<int64_t> constant() const;

private:
  using Product = std::vector<std::string>; ///< factors as JSON, sorted
  using Sum = std::map<Product, int64_t>;
  static std::optional<Sum> sumOf(const Inference &shapes, mlir::AffineExpr e);
  static std::optional<Sum> product(const Sum &a, const Sum &b);
  static bool addTo(Sum &sum, const Sum &more);
  static llvm::json::Value json(const Sum &sum);

  Sum sum;
};

/// Of a function of the model, before kernels are formed.
struct FunctionWork {
  Amount flops;
  int64_t unknown = 0; ///< ops whose part in it depends on what is known only while running: not in `flops`
};
FunctionWork workOf(mlir::func::FuncOp function);

/// Of a kernel: `flops` and `bytes` over d0, d1, ..., its symbols. Each element that it reads or writes counts once.
llvm::json::Object workOf(KernelOp kernel);

} // namespace dlc::dl
