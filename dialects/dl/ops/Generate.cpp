//===- Generate.cpp - Tensors made of places ------------------------------===//
#include "dialects/dl/ops/Demand.h"
#include <cmath>

using namespace mlir;

namespace dlc::dl {

static constexpr double pi = 3.14159265358979323846;

static Tensor scalar(Tensor t) { return t && t.rank() != 0 ? reshape(t, ArrayRef<int64_t>()) : t; }

static LogicalResult buildRange(NodeView &n, Values &results) {
  if (failed(expectInputs(n, 3, 3)) || failed(expectSameTypes(n, 0, 3)))
    return failure();
  Type type = inputOf(n, 0).elementType(), f64 = n.builder().getF64Type(), wide = type;
  if ((type.isF16() || type.isBF16()) && n.getInt("stash_type").value_or(1) == 1)
    wide = n.builder().getF32Type();
  Tensor start = scalar(inputOf(n, 0)), limit = scalar(inputOf(n, 1)), delta = scalar(inputOf(n, 2));
  Tensor count = ceil((cast(limit, f64) - cast(start, f64)) / cast(delta, f64));
  if (!isConstant(delta ? delta.value() : n.input(2)) || isa<FloatType>(type)) {
    if (failed(demandTrue((delta != 0.0) & (count <= 0x1p62), "a finite start and limit, and a delta other than 0")))
      return failure();
  } else if (failed(demandTrue(delta != 0.0, "a delta other than 0"))) {
    return failure();
  }
  Tensor places = iota(cast(maximum(count, 0.0), n.builder().getI64Type()));
  return give(results, cast(cast(start, wide) + cast(places, wide) * cast(delta, wide), type));
}

static LogicalResult buildEyeLike(NodeView &n, Values &results) {
  if (failed(expectInputs(n, 1, 1)))
    return failure();
  Tensor x = inputOf(n, 0);
  if (x.rank() != 2)
    return n.error("expects rank 2, got " + Twine(x.rank()));
  Type type = n.hasAttr("dtype") ? elementTypeOf(n, n.getInt("dtype").value_or(0)) : x.elementType();
  if (!type)
    return failure();
  Tensor diagonal = placesAlong(x, 1) - placesAlong(x, 0);
  return give(results, cast(diagonal == static_cast<double>(n.getInt("k").value_or(0)), type));
}

/// The upper or lower triangle, from diagonal k on.
static LogicalResult buildTrilu(NodeView &n, Values &results) {
  if (failed(expectInputs(n, 1, 2)))
    return failure();
  Tensor x = inputOf(n, 0), k = scalar(inputOf(n, 1));
  if (x.rank() < 2)
    return n.error("expects rank 2 or more, got " + Twine(x.rank()));
  if (!k)
    k = like(placesAlong(x, 0), 0);
  Tensor diagonal = placesAlong(x, x.rank() - 1) - placesAlong(x, x.rank() - 2);
  return give(results, select(n.getInt("upper").value_or(1) ? diagonal >= k : diagonal <= k, x, 0.0));
}

static LogicalResult buildOneHot(NodeView &n, Values &results) {
  if (failed(expectInputs(n, 3, 3)))
    return failure();
  Type i64 = n.builder().getI64Type();
  Tensor indices = cast(inputOf(n, 0), i64), depth = scalar(cast(inputOf(n, 1), i64)), values = inputOf(n, 2);
  int64_t rank = indices.rank() + 1;
  FailureOr<int64_t> axis = axisFrom(n, "axis", -1, rank);
  if (failed(axis))
    return failure();
  if (values.rank() != 1 || (values.type().getDimSize(0) != 2 && !values.type().isDynamicDim(0)))
    return n.error("expects values [off, on]");
  Tensor wrapped = select(indices < 0.0, indices + depth, indices);
  Tensor hot = unsqueeze(wrapped, {*axis}) == alongAxis(iota(depth), *axis, rank);
  return give(results, select(hot, scalar(slice(values, {1}, {1}, {0})), scalar(slice(values, {0}, {1}, {0}))));
}

//===----------------------------------------------------------------------===//
// Windows
//===----------------------------------------------------------------------===//

/// sum of factors[i] cos(2 pi i place / period) in f64, rounded once.
static LogicalResult buildWindow(NodeView &n, Values &results, ArrayRef<double> factors) {
  if (failed(expectInputs(n, 1, 1)))
    return failure();
  Type f64 = n.builder().getF64Type(), type = elementTypeOf(n, n.getInt("output_datatype").value_or(1));
  if (!type)
    return failure();
  Tensor size = scalar(inputOf(n, 0)), period = cast(size, f64);
  if (!n.getInt("periodic").value_or(1))
    period = period - 1.0;
  Tensor angle = cast(iota(size), f64) * (2 * pi) / period, sum = like(angle, factors[0]);
  for (size_t i = 1; i < factors.size(); ++i)
    sum = sum + cos(angle * static_cast<double>(i)) * factors[i];
  return give(results, cast(sum, type));
}
static LogicalResult buildHann(NodeView &n, Values &r) { return buildWindow(n, r, {0.5, -0.5}); }
static LogicalResult buildHamming(NodeView &n, Values &r) { return buildWindow(n, r, {25.0 / 46, -21.0 / 46}); }
static LogicalResult buildBlackman(NodeView &n, Values &r) { return buildWindow(n, r, {0.42, -0.5, 0.08}); }

/// Triangles over the bins of a spectrum, their corners equidistant on the mel scale.
static LogicalResult buildMelWeightMatrix(NodeView &n, Values &results) {
  if (failed(expectInputs(n, 5, 5)))
    return failure();
  Type f64 = n.builder().getF64Type(), i64 = n.builder().getI64Type();
  Type type = elementTypeOf(n, n.getInt("output_datatype").value_or(1));
  if (!type)
    return failure();
  auto number = [&](unsigned i) { return cast(scalar(inputOf(n, i)), f64); };
  Tensor bins = cast(scalar(inputOf(n, 0)), i64), length = cast(scalar(inputOf(n, 1)), i64);
  const double scale = 2595 / std::log(10.0);
  auto mel = [&](Tensor hertz) { return log1p(hertz / 700.0) * scale; };
  Tensor low = mel(number(3)), step = (mel(number(4)) - low) / (number(0) + 2.0);
  auto corner = [&](double i) { // of each bin: its left, centre or right
    Tensor hertz = expm1(((cast(iota(bins), f64) + i) * step + low) / scale) * 700.0;
    return floor((number(1) + 1.0) * hertz / number(2));
  };
  Tensor left = corner(0), centre = corner(1), right = corner(2);
  Tensor place = unsqueeze(cast(iota(length / 2.0 + 1.0), f64), {1});
  Tensor rising = select(left == centre, 1.0, (place - left) / (centre - left));
  Tensor r = select((place >= left) & (place <= centre), rising, 0.0);
  r = select((place >= centre) & (place < right), (right - place) / (right - centre), r);
  return give(results, cast(r, type));
}

//===----------------------------------------------------------------------===//
// AffineGrid
//===----------------------------------------------------------------------===//

/// theta [N, k, k + 1] times the homogeneous coordinates of every pixel: [N, (D,) H, W, k], coordinates in [-1, 1] and the
/// last one first.
static LogicalResult buildAffineGrid(NodeView &n, Values &results) {
  if (failed(expectInputs(n, 2, 2)))
    return failure();
  Tensor theta = inputOf(n, 0), size = inputOf(n, 1);
  int64_t spatial = theta.rank() == 3 ? theta.type().getDimSize(1) : 0;
  if ((spatial != 2 && spatial != 3) || size.rank() != 1 || size.type().getDimSize(0) != spatial + 2)
    return n.error("expects theta [N, 2, 3] and 4 sizes, or theta [N, 3, 4] and 5 sizes");
  bool corners = n.getInt("align_corners").value_or(0);
  auto column = [&](int64_t i) { // of theta, as [N, 1.., k]
    return unsqueeze(squeeze(slice(theta, {i}, {1}, {2}), {2}), llvm::to_vector(llvm::seq<int64_t>(1, spatial + 1)));
  };
  Tensor sum = column(spatial);
  for (int64_t i = 0; i < spatial; ++i) {
    Tensor dim = slice(size, {2 + i}, {1}, {0}), extent = cast(dim, theta.elementType());
    Tensor place = cast(iota(dim), theta.elementType());
    Tensor at = corners ? place * 2.0 / maximum(extent - 1.0, 1.0) - 1.0 : (place * 2.0 + 1.0) / extent - 1.0;
    sum = sum + alongAxis(at, i, spatial + 1) * column(spatial - 1 - i);
  }
  return give(results, sum);
}

void appendGenerateForms(SmallVectorImpl<OnnxForm> &forms) {
  forms.push_back({"", "Range", 11, buildRange});
  forms.push_back({"", "EyeLike", 9, buildEyeLike});
  forms.push_back({"", "Trilu", 14, buildTrilu});
  forms.push_back({"", "OneHot", 9, buildOneHot});
  forms.push_back({"", "HannWindow", 17, buildHann});
  forms.push_back({"", "HammingWindow", 17, buildHamming});
  forms.push_back({"", "BlackmanWindow", 17, buildBlackman});
  forms.push_back({"", "MelWeightMatrix", 17, buildMelWeightMatrix});
  forms.push_back({"", "AffineGrid", 20, buildAffineGrid});
}

} // namespace dlc::dl
