//===- Resize.cpp - Resampling, one axis after another --------------------===//
//
// Interpolation is separable: along an axis, result element o is the sum over taps t of w[o, t] x[i[o, t]]. Places and
// weights are small tensors of their own, computed in f64 (rounding a coordinate decides which pixel is taken).
//
//===----------------------------------------------------------------------===//
#include "dialects/dl/ops/Axes.h"
#include "dialects/dl/ops/Demand.h"
#include <cmath>

using namespace mlir;

namespace dlc::dl {

namespace {

class Resize {
public:
  explicit Resize(NodeView &n) : n(n), x(inputOf(n, 0)) {}

  /// Before opset 11 (and as Upsample) there was one way.
  void asUpsample() { coordinates = "asymmetric", nearest = "floor"; }

  LogicalResult build(Tensor roi, Tensor scales, Tensor sizes, Values &results);

private:
  struct Axis {
    int64_t axis;
    Tensor size;  ///< wanted, one i64
    Tensor scale; ///< f64 scalar
    Tensor begin, end; ///< of the region, f64 scalars, or null
  };

  NodeView &n;
  Tensor x;
  StringRef mode = "nearest", coordinates = "half_pixel", nearest = "round_prefer_floor", policy = "stretch";
  double cubic = -0.75, extrapolation = 0;
  bool antialias = false, excludeOutside = false;

  LogicalResult readAttributes();
  Type f64() { return n.builder().getF64Type(); }
  Tensor scalarAt(Tensor vector, int64_t i) {
    return cast(reshape(slice(vector, {i}, {1}, {0}), ArrayRef<int64_t>()), f64());
  }
  Tensor dimOf(int64_t axis) { return cast(reshape(dimsAt(x, {axis}), ArrayRef<int64_t>()), f64()); }
  Tensor scaledSize(int64_t axis, Tensor scale, std::optional<double> known);
  Tensor sourcePlaces(const Axis &a);
  Tensor weightOf(Tensor distance);
  void along(const Axis &a);
};

} // namespace

LogicalResult Resize::readAttributes() {
  mode = n.getString("mode").value_or("nearest");
  if (n.opset() < 7 && mode == "bilinear")
    mode = "linear";
  coordinates = n.getString("coordinate_transformation_mode").value_or(coordinates);
  nearest = n.getString("nearest_mode").value_or(nearest);
  policy = n.getString("keep_aspect_ratio_policy").value_or(policy);
  cubic = n.getFloat("cubic_coeff_a").value_or(cubic);
  extrapolation = n.getFloat("extrapolation_value").value_or(0);
  antialias = n.getInt("antialias").value_or(0);
  excludeOutside = n.getInt("exclude_outside").value_or(0);
  auto oneOf = [&](StringRef name, StringRef value, std::initializer_list<StringRef> known) -> LogicalResult {
    return llvm::is_contained(known, value) ? success() : n.error("does not know " + name + " '" + value + "'");
  };
  return failure(failed(oneOf("mode", mode, {"nearest", "linear", "cubic"})) ||
                 failed(oneOf("coordinate_transformation_mode", coordinates,
                              {"half_pixel", "half_pixel_symmetric", "pytorch_half_pixel", "align_corners", "asymmetric",
                               "tf_half_pixel_for_nn", "tf_crop_and_resize"})) ||
                 failed(oneOf("nearest_mode", nearest, {"round_prefer_floor", "round_prefer_ceil", "floor", "ceil"})) ||
                 failed(oneOf("keep_aspect_ratio_policy", policy, {"stretch", "not_larger", "not_smaller"})));
}

/// floor(dim * scale), as a constant where both are known and as a multiple where the scale is a whole number.
Tensor Resize::scaledSize(int64_t axis, Tensor scale, std::optional<double> known) {
  if (known && !x.type().isDynamicDim(axis))
    return constantInts(n.builder(), n.loc(), {static_cast<int64_t>(std::floor(x.type().getDimSize(axis) * *known))});
  if (known && *known == std::floor(*known))
    return dimsAt(x, {axis}) * *known;
  return reshape(cast(floor(dimOf(axis) * scale), n.builder().getI64Type()), {1});
}

/// The place in the operand, f64 [size], that each place of the result looks at.
Tensor Resize::sourcePlaces(const Axis &a) {
  Tensor place = cast(iota(a.size), f64()), dim = dimOf(a.axis), wanted = dim * a.scale, last = dim - 1.0;
  if (coordinates == "align_corners")
    return select(wanted == 1.0, 0.0, place * last / (wanted - 1.0));
  if (coordinates == "asymmetric")
    return place / a.scale;
  if (coordinates == "tf_half_pixel_for_nn")
    return (place + 0.5) / a.scale;
  if (coordinates == "tf_crop_and_resize") {
    Tensor extent = (a.end - a.begin) * last;
    return select(wanted == 1.0, extent / 2.0, place * extent / (wanted - 1.0)) + a.begin * last;
  }
  Tensor half = (place + 0.5) / a.scale - 0.5;
  if (coordinates == "pytorch_half_pixel")
    return select(wanted == 1.0, -0.5, half);
  if (coordinates == "half_pixel_symmetric") // the centre stays although the size was rounded
    return dim / 2.0 * (1.0 - cast(a.size, f64()) / wanted) + half;
  return half;
}

/// The kernel of linear or cubic interpolation at a distance from its centre.
Tensor Resize::weightOf(Tensor distance) {
  Tensor d = abs(distance);
  if (mode == "linear")
    return maximum(1.0 - d, 0.0);
  double a = cubic;
  Tensor inner = ((a + 2) * d - (a + 3)) * d * d + 1.0, outer = ((a * d - 5 * a) * d + 8 * a) * d - 4 * a;
  return select(d <= 1.0, inner, select(d < 2.0, outer, 0.0));
}

void Resize::along(const Axis &a) {
  Tensor source = sourcePlaces(a), last = dimOf(a.axis) - 1.0;
  Type i64 = n.builder().getI64Type(), type = x.elementType();
  Tensor r;
  auto inside = [&](Tensor place) { return cast(minimum(maximum(place, 0.0), last), i64); };
  if (mode == "nearest") {
    Tensor rounded = nearest == "floor"               ? floor(source)
                     : nearest == "ceil"              ? ceil(source)
                     : nearest == "round_prefer_ceil" ? floor(source + 0.5)
                                                      : ceil(source - 0.5);
    r = gather(x, inside(rounded), a.axis);
  } else {
    // With antialias a smaller scale widens the kernel, and with it the number of taps.
    double radius = mode == "linear" ? 1 : 2;
    Tensor stretch = antialias ? minimum(a.scale, 1.0) : Tensor();
    Tensor first, taps = constantInts(n.builder(), n.loc(), {static_cast<int64_t>(2 * radius)});
    if (antialias) {
      first = floor(-radius / stretch) + 1.0;
      taps = cast(2.0 - first * 2.0, i64);
    } else {
      first = like(source, 1 - radius);
    }
    Tensor places = unsqueeze(floor(source), {1}) + first + cast(iota(taps), f64());
    Tensor distance = places - unsqueeze(source, {1}), weights = weightOf(antialias ? distance * stretch : distance);
    if (excludeOutside)
      weights = select((places >= 0.0) & (places <= last), weights, 0.0);
    if (excludeOutside || antialias)
      weights = weights / reduceSum(weights, {1});
    Type compute = isa<FloatType>(type) ? type : Type(n.builder().getF32Type());
    SmallVector<int64_t> behind;
    for (int64_t i = a.axis + 1; i < x.rank(); ++i)
      behind.push_back(2 + i - a.axis - 1);
    weights = cast(behind.empty() ? weights : unsqueeze(weights, behind), compute);
    r = reduceSum(cast(gather(x, inside(places), a.axis), compute) * weights, {a.axis + 1}, /*keepDims=*/false);
    r = cast(isa<FloatType>(type) ? r : roundeven(r), type);
  }
  if (coordinates == "tf_crop_and_resize") {
    Tensor outside = alongAxis((source < 0.0) | (source > last), a.axis, x.rank());
    r = select(outside, extrapolation, r);
  }
  x = r;
}

/// Times a dim it stays a number that 64 bits hold.
static constexpr double largestScale = 1 << 30;

/// The f64 values of a small float constant.
static std::optional<SmallVector<double>> constantFloats(Tensor t) {
  auto op = t ? t.value().getDefiningOp<ConstantOp>() : ConstantOp();
  if (!op || op.getValue().getNumElements() > Inference::maxContents)
    return std::nullopt;
  Array array = Array::fromAttribute(op.getValue());
  SmallVector<double> values;
  for (int64_t i = 0; i < array.size(); ++i)
    values.push_back(array.at(i).asDouble());
  return values;
}

LogicalResult Resize::build(Tensor roi, Tensor scales, Tensor sizes, Values &results) {
  if (failed(readAttributes()))
    return failure();
  auto empty = [](Tensor t) { return t && t.rank() == 1 && t.type().getDimSize(0) == 0; };
  if (empty(scales))
    scales = Tensor();
  if (!scales == !sizes)
    return n.error("expects either scales or sizes");
  FailureOr<std::optional<Axes>> named = axesFrom(n, "axes", -1, x.rank());
  if (failed(named))
    return failure();
  SmallVector<int64_t> axes = *named ? (*named)->known : llvm::to_vector(llvm::seq<int64_t>(0, x.rank()));
  int64_t count = axes.size();
  Tensor given = scales ? scales : sizes;
  if (given.rank() != 1 || given.type().getDimSize(0) != count)
    return n.error("expects scales or sizes for the " + Twine(count) + " axes");
  bool cropped = coordinates == "tf_crop_and_resize";
  if (cropped && (!roi || roi.rank() != 1 || roi.type().getDimSize(0) != 2 * count))
    return n.error("expects a roi of " + Twine(2 * count) + " numbers");

  std::optional<SmallVector<double>> known = constantFloats(scales);
  SmallVector<Axis> work;
  for (auto [i, axis] : llvm::enumerate(axes)) {
    if (known && (*known)[i] == 1 && !cropped)
      continue;
    Axis a{axis, Tensor(), Tensor(), Tensor(), Tensor()};
    if (known && !((*known)[i] > 0 && (*known)[i] < largestScale))
      return n.error("expects scales above 0, got " + std::to_string((*known)[i]));
    if (scales) {
      a.scale = scalarAt(scales, i);
      if (!known && failed(demandTrue((a.scale > 0.0) & (a.scale < largestScale), "scales above 0")))
        return failure();
      a.size = scaledSize(axis, a.scale, known ? std::optional((*known)[i]) : std::nullopt);
    } else {
      a.size = cast(slice(sizes, {static_cast<int64_t>(i)}, {1}, {0}), n.builder().getI64Type());
      a.scale = scalarAt(sizes, i) / dimOf(axis);
    }
    if (cropped)
      a.begin = scalarAt(roi, i), a.end = scalarAt(roi, count + i);
    work.push_back(a);
  }
  if (sizes && policy != "stretch" && !work.empty()) {
    Tensor common = work[0].scale;
    for (const Axis &a : ArrayRef<Axis>(work).drop_front())
      common = policy == "not_larger" ? minimum(common, a.scale) : maximum(common, a.scale);
    for (Axis &a : work) {
      a.scale = common;
      a.size = reshape(cast(floor(dimOf(a.axis) * common + 0.5), n.builder().getI64Type()), {1});
    }
  }
  for (const Axis &a : work) {
    along(a);
    if (!x)
      return failure();
  }
  return give(results, x);
}

//===----------------------------------------------------------------------===//
// ONNX
//===----------------------------------------------------------------------===//

static LogicalResult buildResize(NodeView &n, Values &results) {
  if (failed(expectInputs(n, 1, 4)))
    return failure();
  return Resize(n).build(inputOf(n, 1), inputOf(n, 2), inputOf(n, 3), results);
}

/// Resize of opset 10 and Upsample: x and scales. Upsample had these as an attribute before opset 9, and as one of a row and
/// one of a column before 7.
static LogicalResult buildUpsample(NodeView &n, Values &results) {
  if (failed(expectInputs(n, 1, 2)))
    return failure();
  Tensor scales = inputOf(n, 1);
  std::optional<SmallVector<double>> fromAttribute = n.getFloats("scales");
  if (n.opset() < 7) {
    std::optional<double> height = n.getFloat("height_scale"), width = n.getFloat("width_scale");
    if (!height || !width)
      return n.error("expects the attributes height_scale and width_scale");
    fromAttribute = {1, 1, *height, *width};
  }
  if (fromAttribute) {
    SmallVector<float> narrowed(fromAttribute->begin(), fromAttribute->end());
    auto type = RankedTensorType::get({static_cast<int64_t>(narrowed.size())}, n.builder().getF32Type());
    scales = Tensor(n.builder(), n.loc(),
                    buildConstant(n.builder(), n.loc(), DenseElementsAttr::get(type, ArrayRef<float>(narrowed))));
  }
  Resize resize(n);
  resize.asUpsample();
  return resize.build(Tensor(), scales, Tensor(), results);
}

void appendResizeForms(SmallVectorImpl<OnnxForm> &forms) {
  forms.push_back({"", "Upsample", 1, buildUpsample});
  forms.push_back({"", "Resize", 10, buildUpsample});
  forms.push_back({"", "Resize", 11, buildResize});
}

} // namespace dlc::dl
