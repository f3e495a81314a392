//===- FoldConstants.cpp --------------------------------------------------===//
//
// Before: ops over constants, as exporters leave them and as packing made them. After: their values, where they are
// within the budget, and large weights in the form that kernels read, one form of each in memory. Here, after layouts,
// so that packed weights are data; the large ones fold byte by byte.
//
//===----------------------------------------------------------------------===//
#include "compiler/Passes.h"
#include "dialects/dl/Dialect.h"
#include "mlir/IR/DialectResourceBlobManager.h"
#include "llvm/ADT/SetVector.h"
#include "llvm/Support/xxhash.h"
#include <numeric>

using namespace mlir;
using namespace dlc::dl;

namespace dlc {
#define GEN_PASS_DEF_FOLDCONSTANTSPASS
#include "compiler/Passes.h.inc"

namespace {
/// A resource of `type` whose bytes `fill` writes.
ElementsAttr makeResource(RankedTensorType type, ArrayRef<char> source,
                          function_ref<void(MutableArrayRef<char>)> fill) {
  auto blob = HeapAsmResourceBlob::allocate(type.getNumElements() * byteWidth(type.getElementType()), 64);
  fill(blob.getMutableData());
  // A name of its own: the blob manager looks for a free one step by step.
  uint64_t hash = llvm::xxh3_64bits(ArrayRef(reinterpret_cast<const uint8_t *>(source.data()), source.size()));
  return DenseResourceElementsAttr::get(type, "folded_" + llvm::utohexstr(hash), std::move(blob));
}

/// Copies elements of W bytes to row-major places of `dims`; `strides` are the source's, in elements. The last two dims
/// are walked in blocks, so that a transpose stays in the cache on both sides.
template <unsigned W>
void gather(const char *source, char *result, ArrayRef<int64_t> dims, ArrayRef<int64_t> strides) {
  constexpr int64_t block = 64;
  if (dims.size() > 2) {
    int64_t rest = elementCount(dims.drop_front());
    for (int64_t i = 0; i < dims[0]; ++i)
      gather<W>(source + i * strides[0] * W, result + i * rest * W, dims.drop_front(), strides.drop_front());
    return;
  }
  int64_t rows = dims.size() == 2 ? dims[0] : 1, rowStride = dims.size() == 2 ? strides[0] : 0;
  int64_t columns = dims.empty() ? 1 : dims.back(), stride = dims.empty() ? 0 : strides.back();
  for (int64_t i0 = 0; i0 < rows; i0 += block)
    for (int64_t j0 = 0; j0 < columns; j0 += block)
      for (int64_t i = i0; i < std::min(rows, i0 + block); ++i)
        for (int64_t j = j0; j < std::min(columns, j0 + block); ++j)
          std::memcpy(result + (i * columns + j) * W, source + (i * rowStride + j * stride) * W, W);
}

class Folder {
public:
  Folder(ModuleOp module, int64_t budget) : module(module), budget(budget) {
    module.walk([&](Operation *op) {
      for (NamedAttribute a : op->getAttrs())
        if (auto resource = dyn_cast<DenseResourceElementsAttr>(a.getValue()))
          ++users[resource.getRawHandle().getResource()];
    });
  }

  void run() {
    for (func::FuncOp f : module.getOps<func::FuncOp>())
      if (!f.isDeclaration())
        run(f.getBody().front());
  }

private:
  void run(Block &block) {
    for (Operation &op : llvm::make_early_inc_range(block)) {
      auto dl = dyn_cast<DlOp>(op);
      if (!dl || op.hasTrait<OpTrait::ConstantLike>() || op.getNumResults() != 1 || op.getNumOperands() == 0 ||
          op.getNumRegions() != 0)
        continue;
      if (op.use_empty() && isPure(&op)) {
        op.erase();
        continue;
      }
      SmallVector<ElementsAttr> operands;
      for (Value v : op.getOperands()) {
        auto constant = v.getDefiningOp<ConstantOp>();
        if (!constant)
          break;
        operands.push_back(constant.getValue());
      }
      if (operands.size() != op.getNumOperands())
        continue;
      if (ElementsAttr value = fold(dl, operands))
        replace(&op, value);
    }
    for (Operation &op : llvm::make_early_inc_range(llvm::reverse(block)))
      if (isa<DlOp>(op) && op.use_empty() && isPure(&op))
        op.erase();
  }

  void replace(Operation *op, ElementsAttr value) {
    OpBuilder b(op);
    op->getResult(0).replaceAllUsesWith(buildConstant(b, op->getLoc(), value));
    if (auto resource = dyn_cast<DenseResourceElementsAttr>(value))
      ++users[resource.getRawHandle().getResource()];
    llvm::SmallSetVector<Operation *, 4> operands;
    for (Value v : op->getOperands())
      operands.insert(v.getDefiningOp());
    op->erase();
    for (Operation *operand : operands)
      if (operand->use_empty())
        drop(cast<ConstantOp>(operand));
  }

  /// Erases a constant, and its data with the last that has it: the packed form of a weight has taken its place.
  void drop(ConstantOp constant) {
    auto resource = dyn_cast<DenseResourceElementsAttr>(constant.getValue());
    constant.erase();
    if (resource && --users[resource.getRawHandle().getResource()] == 0)
      resource.getRawHandle().getResource()->setBlob({});
  }

  /// The value of an op of constants; null when it must stay.
  ElementsAttr fold(DlOp op, ArrayRef<ElementsAttr> operands) {
    if (ElementsAttr folded = op.foldBytes(operands))
      return folded;
    auto type = cast<RankedTensorType>(op->getResult(0).getType());
    if (!type.hasStaticShape())
      return {};
    if (auto source = dyn_cast<DenseResourceElementsAttr>(operands[0]))
      if (ElementsAttr folded = foldLarge(op, source, type))
        return folded;
    return evaluate(op, operands, type);
  }

  /// The value of an op that only reads `source`: the same bytes, or the elements elsewhere, or a function of few
  /// values. No budget applies, since the result has no more elements than the file.
  ElementsAttr foldLarge(DlOp op, DenseResourceElementsAttr source, RankedTensorType type) {
    if (elementCount(type.getShape()) > source.getNumElements())
      return {};
    if (op.fusion().kind == Fusion::Kind::Alias && source.getNumElements() == type.getNumElements())
      return DenseResourceElementsAttr::get(type, source.getRawHandle());
    if (auto indexed = dyn_cast<IndexedOp>(*op); indexed && indexed.sourceMap())
      return foldMap(indexed.sourceMap(), source, type);
    return isa<PointwiseOp>(*op) && op->getNumOperands() == 1 ? foldTable(op, source, type) : ElementsAttr();
  }

  ElementsAttr foldMap(AffineMap map, DenseResourceElementsAttr source, RankedTensorType type) {
    ArrayRef<int64_t> sourceDims = source.getType().getShape();
    SmallVector<int64_t> strides(type.getRank(), 0);
    int64_t stride = 1;
    for (int64_t i = map.getNumResults() - 1; i >= 0; stride *= sourceDims[i--])
      if (auto place = dyn_cast<AffineDimExpr>(map.getResult(i)))
        strides[place.getPosition()] += stride;
    int64_t width = byteWidth(type.getElementType());
    auto *copy = width == 1 ? gather<1> : width == 2 ? gather<2> : width == 4 ? gather<4> : gather<8>;
    ArrayRef<char> bytes = source.getData();
    return makeResource(type, bytes,
                        [&](MutableArrayRef<char> to) { copy(bytes.data(), to.data(), type.getShape(), strides); });
  }

  /// A formula of one operand of 8 or 16 bits: its value for each pattern, looked up.
  ElementsAttr foldTable(DlOp op, DenseResourceElementsAttr source, RankedTensorType type) {
    Type element = source.getElementType();
    int64_t width = byteWidth(element), resultWidth = byteWidth(type.getElementType());
    if (width > 2 || source.getNumElements() < (1 << 8 * width))
      return {};
    std::vector<uint16_t> patterns(1 << 8 * width);
    std::iota(patterns.begin(), patterns.end(), 0);
    std::vector<char> keys(patterns.size() * width);
    for (auto [i, pattern] : llvm::enumerate(patterns))
      std::memcpy(&keys[i * width], &pattern, width);
    const Array inputs = Array::fromBytes(element, {int64_t(patterns.size())}, keys.data());
    FailureOr<std::vector<Array>> values = evaluateQuietly(op, {&inputs});
    if (failed(values))
      return {};
    std::vector<char> table = values->front().toBytes();
    ArrayRef<char> bytes = source.getData();
    return makeResource(type, bytes, [&](MutableArrayRef<char> to) {
      for (int64_t i = 0, n = type.getNumElements(); i < n; ++i) {
        uint16_t pattern = 0;
        std::memcpy(&pattern, bytes.data() + i * width, width);
        std::memcpy(to.data() + i * resultWidth, &table[pattern * resultWidth], resultWidth);
      }
    });
  }

  ElementsAttr evaluate(DlOp op, ArrayRef<ElementsAttr> operands, RankedTensorType type) {
    if (elementCount(type.getShape()) > budget)
      return {};
    std::vector<Array> arrays;
    for (ElementsAttr a : operands) {
      if (a.getNumElements() > budget)
        return {};
      arrays.push_back(Array::fromAttribute(a));
    }
    SmallVector<const Array *> pointers;
    for (const Array &a : arrays)
      pointers.push_back(&a);
    FailureOr<std::vector<Array>> result = evaluateQuietly(op, pointers);
    return succeeded(result) ? ElementsAttr(result->front().toAttribute()) : ElementsAttr();
  }

  /// A mistake in a value (an index out of range) is the program's to report when it runs.
  FailureOr<std::vector<Array>> evaluateQuietly(DlOp op, ArrayRef<const Array *> operands) {
    ScopedDiagnosticHandler quiet(module.getContext(), [](Diagnostic &) { return success(); });
    return evaluateOp(op, operands);
  }

  ModuleOp module;
  int64_t budget;
  llvm::DenseMap<void *, unsigned> users; ///< ops that hold a resource
};

struct FoldConstants : impl::FoldConstantsPassBase<FoldConstants> {
  using Base::Base;
  void runOnOperation() override { Folder(getOperation(), budget).run(); }
};
} // namespace
} // namespace dlc
