//===- Windows.h - What convolutions and pools have in common ---*- C++ -*-===//
//
// Windows of `window` places, `dilations` apart, that step by `strides` over data of 1 to 3 spatial dims, channels last.
//
//===----------------------------------------------------------------------===//
#pragma once

#include "dialects/dl/ops/Forms.h"

namespace dlc::dl {

/// The attributes of an op on windows, an entry a spatial dim.
struct WindowsOf {
  llvm::ArrayRef<int64_t> strides, dilations, low, high;
  template <class Op>
  explicit WindowsOf(Op op)
      : strides(op.getStrides()), dilations(op.getDilations()), low(op.getPadsLow()), high(op.getPadsHigh()) {}
};

/// Strides, dilations, sizes of windows and pads stay below, so that no place overflows.
inline constexpr int64_t mostOfWindows = int64_t(1) << 31;

/// Reports attributes that make no sense.
mlir::LogicalResult checkWindows(mlir::Operation *op, const Dims &window, WindowsOf w);
/// The spatial dims of the result for x[n, d..., c]. Reports windows that do not fit.
mlir::FailureOr<Dims> inferWindows(mlir::Operation *op, Inference &shapes, const Dims &x, const Dims &window, WindowsOf w);

/// Reference: calls `visit` with each place of x (channel aside) in the window of the result's `place`, and its number in
/// the window. Places outside of x are left out.
void forEachInWindow(llvm::ArrayRef<int64_t> place, WindowsOf w, llvm::ArrayRef<int64_t> window,
                     llvm::ArrayRef<int64_t> x, llvm::function_ref<void(llvm::ArrayRef<int64_t> from, int64_t k)> visit);

/// The shape rule of pools, which have their window as an attribute.
template <class Op> mlir::LogicalResult inferPool(Op op, Inference &shapes, mlir::Type element = {}) {
  Dims x = shapes.dims(op.getX()), window;
  for (int64_t k : op.getWindow())
    window.push_back(shapes.constant(k));
  mlir::FailureOr<Dims> spatial = inferWindows(op, shapes, x, window, WindowsOf(op));
  if (mlir::failed(spatial))
    return mlir::failure();
  Dims dims{x.front()};
  dims.append(*spatial);
  dims.push_back(x.back());
  shapes.set(op.getResult(), element ? element : shapes.elementType(op.getX()), dims);
  return mlir::success();
}

/// The reference meaning of pools, `combine` being one step.
template <class Op>
void evaluatePool(Op op, const Array &x, Array &r, llvm::function_ref<Number(Number a, Number x)> combine) {
  forEachPlace(r.dims, [&, i = int64_t(0)](llvm::ArrayRef<int64_t> place) mutable {
    Number sum = op.initial(r.elementType);
    forEachInWindow(place, WindowsOf(op), op.getWindow(), x.dims,
                    [&](llvm::ArrayRef<int64_t> from, int64_t) { sum = combine(sum, x.at(x.offset(from))); });
    r.store(i++, sum);
  });
}

//===----------------------------------------------------------------------===//
// ONNX
//===----------------------------------------------------------------------===//

/// What a node says of its windows.
struct Windows {
  llvm::SmallVector<int64_t> window, strides, dilations, low, high;

  int64_t extent(size_t i) const { return (window[i] - 1) * dilations[i] + 1; }
  /// Strides, dilations and pads of a dl op.
  llvm::SmallVector<mlir::NamedAttribute> attributes(Tensor t) const;
};

/// `count` integers of attribute `name`, each at least `least`; all `otherwise` where there is none.
mlir::FailureOr<llvm::SmallVector<int64_t>> entriesOf(NodeView &n, llvm::StringRef name, int64_t count, int64_t otherwise,
                                                      int64_t least);
/// `input` and `window`: the spatial dims. auto_pad needs those of the input unless the stride is 1.
mlir::FailureOr<Windows> windowsOf(NodeView &n, llvm::ArrayRef<int64_t> input, llvm::ArrayRef<int64_t> window);
/// The spatial rank of a node's input, 1 to 3.
mlir::FailureOr<int64_t> spatialRankOf(NodeView &n, Tensor x);

/// DeformConv: a convolution that reads at places that are computed.
mlir::LogicalResult buildDeformConv(NodeView &n, llvm::SmallVectorImpl<mlir::Value> &results);

/// Dims 1 and the spatial ones change places: [n, c, d...] to [n, d..., c], or back.
Tensor channelsLast(Tensor t);
Tensor channelsFirst(Tensor t);

} // namespace dlc::dl
