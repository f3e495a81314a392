//===- Shapes.h - Dims as expressions, contents of shape tensors -*- C++ -*-===//
//
// Each op has one shape rule (DlOp::infer). It is written over Inference and runs in three places: when an op is built
// (dims from the operands' types), over a whole function (dims as affine expressions of the function's symbols), and
// during evaluation (dims and contents known).
//
//===----------------------------------------------------------------------===//
#pragma once

#include "mlir/IR/AffineExpr.h"
#include "mlir/IR/BuiltinTypes.h"
#include "mlir/IR/Operation.h"
#include "llvm/ADT/DenseMap.h"
#include <memory>
#include <optional>
#include <string>
#include <vector>

namespace dlc::dl {

using Dims = llvm::SmallVector<mlir::AffineExpr, 4>;

/// What a symbol of the affine expressions stands for.
struct SymbolDefinition {
  enum class Kind {
    Input,   ///< a symbolic dim of the function, called `name`
    Content, ///< element `index` of the integer tensor `value`, read when it has been computed
    Unknown, ///< dim `index` of `value`, known once its producer has run
    Min,     ///< of `a` and `b`
    Max,
  };
  Kind kind;
  std::string name;
  mlir::Value value;
  int64_t index = 0;
  mlir::AffineExpr a, b;
};

/// What an op demands of dims that nobody knows before the run.
struct Requirement {
  enum class Kind {
    Equal,       ///< a == b
    EqualOrOne,  ///< a == b or a == 1
    AtMost,      ///< a <= b
    NonNegative, ///< a >= 0
  };
  mlir::Operation *op;
  Kind kind;
  mlir::AffineExpr a, b;
  std::string expects; ///< as in "expects lhs columns to equal rhs rows, got 3 and 4"
};

class Inference {
public:
  explicit Inference(mlir::MLIRContext *context) : context_(context) {}
  virtual ~Inference() = default;

  /// Largest tensor whose contents are followed.
  static constexpr int64_t maxContents = 256;

  mlir::MLIRContext *context() const { return context_; }
  mlir::Type elementType(mlir::Value v) const { return llvm::cast<mlir::ShapedType>(v.getType()).getElementType(); }
  int64_t rank(mlir::Value v) { return dims(v).size(); }
  /// Largest rank of a tensor; a graph input can be a shape of any length.
  static constexpr int64_t maxRank = 64;
  /// The rank that a 1-D tensor of dims gives. Reports on `op` a shape of unknown or too great a length.
  mlir::FailureOr<int64_t> rankFrom(mlir::Operation *op, mlir::Value shape);
  virtual Dims dims(mlir::Value v) = 0;
  /// Row-major elements of a small integer or boolean tensor, if known as expressions.
  virtual std::optional<Dims> contents(mlir::Value v) = 0;
  /// The same when all are constants.
  std::optional<llvm::SmallVector<int64_t>> constantContents(mlir::Value v);
  virtual void set(mlir::Value result, mlir::Type elementType, llvm::ArrayRef<mlir::AffineExpr> dims) = 0;
  virtual void setContents(mlir::Value result, Dims contents) {}
  /// Runs the rules of the ops of a body, whose arguments have their dims.
  virtual mlir::LogicalResult inferBody(mlir::Block &body) { return mlir::success(); }

  mlir::AffineExpr constant(int64_t v) const { return mlir::getAffineConstantExpr(v, context_); }
  mlir::AffineExpr min(mlir::AffineExpr a, mlir::AffineExpr b);
  mlir::AffineExpr max(mlir::AffineExpr a, mlir::AffineExpr b);
  mlir::AffineExpr input(llvm::StringRef name);
  mlir::AffineExpr content(mlir::Value v, int64_t index);
  mlir::AffineExpr unknown(mlir::Value v, int64_t dim);

  /// Whether `e` follows from dims and constants alone in a way that keeps it at 0 or above.
  bool isNonNegative(mlir::AffineExpr e) const;
  /// Number of elements.
  mlir::AffineExpr product(llvm::ArrayRef<mlir::AffineExpr> dims) const;
  /// Demands something of an op's dims. Constants that do not fit are reported on `op`, what follows from the
  /// expressions is dropped, and the rest is checked when a program runs.
  mlir::LogicalResult requireEqual(mlir::Operation *op, mlir::AffineExpr a, mlir::AffineExpr b, const llvm::Twine &expects);
  mlir::LogicalResult requireEqualOrOne(mlir::Operation *op, mlir::AffineExpr a, mlir::AffineExpr b,
                                        const llvm::Twine &expects);
  mlir::LogicalResult requireAtMost(mlir::Operation *op, mlir::AffineExpr a, mlir::AffineExpr b, const llvm::Twine &expects);
  mlir::LogicalResult requireNonNegative(mlir::Operation *op, mlir::AffineExpr a, const llvm::Twine &expects);
  /// numpy broadcasting; two dims that are not provably 1 or equal are required to be equal.
  mlir::FailureOr<Dims> broadcast(mlir::Operation *op, llvm::ArrayRef<Dims> shapes);

  llvm::ArrayRef<SymbolDefinition> symbols() const { return symbols_; }

private:
  mlir::AffineExpr define(SymbolDefinition definition);
  mlir::LogicalResult require(Requirement requirement);
  virtual void note(Requirement requirement) {}
  mlir::MLIRContext *context_;
  llvm::SmallVector<SymbolDefinition> symbols_;
};

inline std::optional<int64_t> constantOf(mlir::AffineExpr e) {
  if (auto c = llvm::dyn_cast<mlir::AffineConstantExpr>(e))
    return c.getValue();
  return std::nullopt;
}

/// What the ops behind values tell while a function is being built: contents of small shape computations.
std::unique_ptr<Inference> inferenceWhileBuilding(mlir::MLIRContext *context);

/// Sets the result types of a new op from its operands' types; failure has been reported on the op.
mlir::LogicalResult inferResultTypes(mlir::Operation *op);

/// The dims of every value of a function, op by op in order, over the function's symbols.
class SymbolicShapes : public Inference {
public:
  explicit SymbolicShapes(mlir::MLIRContext *context) : Inference(context) {}

  /// Names the dims of a value, from a `dl.dims` attribute (strings: a name or a number), else from its type.
  void setArgument(mlir::Value v, mlir::ArrayAttr names);
  /// Runs the rule of every op of the block; results get their most precise static types.
  mlir::LogicalResult run(mlir::Block &block);

  Dims dims(mlir::Value v) override;
  std::optional<Dims> contents(mlir::Value v) override;
  void set(mlir::Value result, mlir::Type elementType, llvm::ArrayRef<mlir::AffineExpr> dims) override;
  void setContents(mlir::Value result, Dims contents) override { contents_[result] = std::move(contents); }
  /// Anew: what an earlier call found, of arguments with other dims, is forgotten.
  mlir::LogicalResult inferBody(mlir::Block &body) override;

  /// What run() found to be required, op by op in order.
  llvm::ArrayRef<Requirement> requirements() const { return requirements_; }

private:
  void note(Requirement requirement) override { requirements_.push_back(std::move(requirement)); }
  llvm::DenseMap<mlir::Value, Dims> dims_;
  llvm::DenseMap<mlir::Value, Dims> contents_;
  std::vector<Requirement> requirements_;
};

} // namespace dlc::dl
