//===- Winograd.cpp - Convolutions as products of transformed windows ------===//
#include "dialects/dl/ops/Winograd.h"
#include "dialects/dl/ops/Windows.h"
#include "mlir/IR/DialectResourceBlobManager.h"
#include "llvm/ADT/StringExtras.h"
#include "llvm/Support/xxhash.h"

using namespace mlir;

namespace dlc::dl {

bool suitsWinograd(ArrayRef<int64_t> window, ArrayRef<int64_t> results, int64_t channels, int64_t columns) {
  constexpr double transform = 64, worthwhile = 0.8; // multiply-adds that transforms take as long as, a place and channel
  if (window.size() != 2 || window[0] != winogradWindow || window[1] != winogradWindow)
    return false;
  double used = 1; // of the places that tiles compute
  for (int64_t size : results)
    if (!ShapedType::isDynamic(size) && size > 0)
      used *= double(size) / (llvm::divideCeil(size, winogradResults) * winogradResults);
  double plain = 36.0 * channels * columns, tiles = (16.0 * channels * columns + transform * (channels + columns)) / used;
  return tiles < worthwhile * plain;
}

//===----------------------------------------------------------------------===//
// Weights
//===----------------------------------------------------------------------===//

LogicalResult WinogradWeightsOp::infer(Inference &shapes) {
  Dims w = shapes.dims(getW());
  if (w.size() != 4)
    return emitOpError("expects weights [3, 3, channels, outputs], got rank ") << w.size();
  for (unsigned i : {0, 1})
    if (failed(shapes.requireEqual(*this, w[i], shapes.constant(winogradWindow), "a window of 3 x 3")))
      return failure();
  shapes.set(getResult(), shapes.elementType(getW()), {shapes.constant(winogradPlaces * winogradPlaces), w[2], w[3]});
  return success();
}

/// One row of G times (a, b, c), by the row's number.
template <class T> static T weightsAlong(T row, T a, T b, T c) {
  T middle = (a + select(row == 2.0, -b, b) + c) * 0.5;
  return select(row == 0.0, a, select(row == 3.0, c, middle));
}

template <class T> static T transformedWeight(ElementReader<T> &in, ArrayRef<T> place) {
  T column = in.remainder(place[0], in.constant(winogradPlaces)), across[winogradWindow];
  T row = (place[0] - column) / in.constant(winogradPlaces);
  for (int64_t x = 0; x < winogradWindow; ++x) {
    auto at = [&](int64_t y) { return in.read(0, {in.constant(y), in.constant(x), place[1], place[2]}); };
    across[x] = weightsAlong(row, at(0), at(1), at(2));
  }
  return weightsAlong(column, across[0], across[1], across[2]);
}

Scalar WinogradWeightsOp::emitElement(ElementReader<Scalar> &in, ArrayRef<Scalar> p) { return transformedWeight(in, p); }
Number WinogradWeightsOp::evaluateElement(ElementReader<Number> &in, ArrayRef<Number> p) { return transformedWeight(in, p); }

ElementsAttr WinogradWeightsOp::foldBytes(ArrayRef<ElementsAttr> operands) {
  auto resource = dyn_cast<DenseResourceElementsAttr>(operands[0]);
  auto dense = dyn_cast<DenseElementsAttr>(operands[0]);
  if (!operands[0].getElementType().isF32() || (dense && dense.isSplat()))
    return {};
  ArrayRef<char> source = resource ? resource.getData() : dense.getRawData();
  auto type = cast<RankedTensorType>(getResult().getType());
  int64_t count = type.getNumElements() / (winogradPlaces * winogradPlaces);
  auto blob = HeapAsmResourceBlob::allocate(type.getNumElements() * sizeof(float), 64, /*dataIsMutable=*/true);
  auto *from = reinterpret_cast<const float *>(source.data());
  auto *to = reinterpret_cast<float *>(blob.getMutableData().data());
  for (int64_t i = 0; i < count; ++i) {
    double rows[winogradPlaces][winogradWindow] = {};
    for (int64_t p = 0; p < winogradPlaces; ++p)
      for (int64_t x = 0; x < winogradWindow; ++x)
        for (int64_t y = 0; y < winogradWindow; ++y)
          rows[p][x] += winogradWeights[p][y] * from[(y * winogradWindow + x) * count + i];
    for (int64_t p = 0; p < winogradPlaces; ++p)
      for (int64_t q = 0; q < winogradPlaces; ++q) {
        double sum = 0;
        for (int64_t x = 0; x < winogradWindow; ++x)
          sum += winogradWeights[q][x] * rows[p][x];
        to[(p * winogradPlaces + q) * count + i] = static_cast<float>(sum);
      }
  }
  // A name of its own: the blob manager looks for a free one step by step.
  uint64_t hash = llvm::xxh3_64bits(ArrayRef(reinterpret_cast<const uint8_t *>(source.data()), source.size()));
  return DenseResourceElementsAttr::get(type, "winograd_" + llvm::utohexstr(hash), std::move(blob));
}

//===----------------------------------------------------------------------===//
// Convolution
//===----------------------------------------------------------------------===//

LogicalResult WinogradConvOp::infer(Inference &shapes) {
  Dims x = shapes.dims(getX()), w = shapes.dims(getW());
  if (w.size() != 4 || x.size() != 4)
    return emitOpError("expects an image and packed weights of rank 4, got ") << x.size() << " and " << w.size();
  Dims window(2, shapes.constant(winogradWindow));
  FailureOr<Dims> spatial = inferWindows(*this, shapes, x, window, WindowsOf(*this));
  if (failed(spatial) || failed(shapes.requireEqual(*this, x.back(), w[2], "as many channels as the weights take")))
    return failure();
  shapes.set(getResult(), shapes.elementType(getX()), {x.front(), (*spatial)[0], (*spatial)[1], shapes.constant(getColumns())});
  return success();
}

/// A result from the tile that it is in, every product and sum in f64.
LogicalResult WinogradConvOp::evaluate(ArrayRef<const Array *> operands, MutableArrayRef<Array> results) {
  const Array &x = *operands[0], &w = *operands[1];
  int64_t panels = w.dims[1], channels = w.dims[2], width = w.dims[3];
  forEachPlace(results[0].dims, [&, i = int64_t(0)](ArrayRef<int64_t> place) mutable {
    int64_t n = place[0], o = place[3], tile[2], within[2];
    for (unsigned d : {0, 1}) {
      within[d] = place[1 + d] % winogradResults;
      tile[d] = place[1 + d] - within[d] - getPadsLow()[d];
    }
    auto pixel = [&](int64_t a, int64_t b, int64_t c) {
      int64_t y = tile[0] + a, z = tile[1] + b;
      bool isInside = y >= 0 && y < x.dims[1] && z >= 0 && z < x.dims[2];
      return isInside ? x.at(x.offset({n, y, z, c})).asDouble() : 0.0;
    };
    double result = 0;
    for (int64_t p = 0; p < winogradPlaces; ++p)
      for (int64_t q = 0; q < winogradPlaces; ++q) {
        double kept = winogradOutput[within[0]][p] * winogradOutput[within[1]][q], sum = 0;
        for (int64_t c = 0; c < channels && kept != 0; ++c) {
          double transformed = 0;
          for (int64_t a = 0; a < winogradPlaces; ++a)
            for (int64_t b = 0; b < winogradPlaces; ++b)
              if (double factor = winogradInput[p][a] * winogradInput[q][b]; factor != 0)
                transformed += factor * pixel(a, b, c);
          int64_t at = (((p * winogradPlaces + q) * panels + o / width) * channels + c) * width + o % width;
          sum += transformed * w.at(at).asDouble();
        }
        result += kept * sum;
      }
    results[0].store(i++, Number(result));
  });
  return success();
}

Fusion WinogradConvOp::fusion() { return {Fusion::Kind::Contraction, {}}; }

Dims WinogradConvOp::flops(Inference &shapes) {
  Dims factors{shapes.constant(2 * winogradWindow * winogradWindow), shapes.dims(getX()).back()};
  factors.append(shapes.dims(getResult()));
  return factors;
}

} // namespace dlc::dl
