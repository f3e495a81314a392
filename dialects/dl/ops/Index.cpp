//===- Index.cpp - Elements at computed places ----------------------------===//
#include "dialects/dl/ops/Forms.h"

using namespace mlir;

namespace dlc::dl {

//===----------------------------------------------------------------------===//
// gather
//===----------------------------------------------------------------------===//

LogicalResult GatherOp::infer(Inference &shapes) {
  Dims data = shapes.dims(getData()), indices = shapes.dims(getIndices());
  int64_t axis = getAxis();
  if (axis < 0 || axis >= static_cast<int64_t>(data.size()))
    return emitOpError("expects an axis below the rank ") << data.size() << ", got " << axis;
  Dims dims(data.begin(), data.begin() + axis);
  dims.append(indices);
  dims.append(data.begin() + axis + 1, data.end());
  shapes.set(getResult(), shapes.elementType(getData()), dims);
  std::optional<Dims> contents = shapes.contents(getData());
  std::optional<SmallVector<int64_t>> places = shapes.constantContents(getIndices());
  if (contents && places && data.size() == 1) {
    Dims picked;
    for (int64_t p : *places) {
      int64_t wrapped = p < 0 ? p + static_cast<int64_t>(contents->size()) : p;
      if (wrapped < 0 || wrapped >= static_cast<int64_t>(contents->size()))
        return emitOpError("expects indices below ") << contents->size() << ", got " << p;
      picked.push_back((*contents)[wrapped]);
    }
    shapes.setContents(getResult(), picked);
  }
  return success();
}

/// out[pre..., q..., post...] = data[pre..., indices[q...], post...].
template <class T> static T gathered(ElementReader<T> &in, ArrayRef<T> place, int64_t axis, int64_t indexRank) {
  T i = in.toPlace(in.read(1, place.slice(axis, indexRank)));
  SmallVector<T> source(place.take_front(axis));
  source.push_back(in.wrap(i, in.dim(0, axis)));
  source.append(place.begin() + axis + indexRank, place.end());
  return in.read(0, source);
}
Scalar GatherOp::emitElement(ElementReader<Scalar> &in, ArrayRef<Scalar> p) {
  return gathered(in, p, getAxis(), cast<ShapedType>(getIndices().getType()).getRank());
}
Number GatherOp::evaluateElement(ElementReader<Number> &in, ArrayRef<Number> p) {
  return gathered(in, p, getAxis(), cast<ShapedType>(getIndices().getType()).getRank());
}

//===----------------------------------------------------------------------===//
// ONNX
//===----------------------------------------------------------------------===//

static LogicalResult buildGather(NodeView &n, Values &results) {
  if (failed(expectInputs(n, 2, 2)))
    return failure();
  FailureOr<int64_t> axis = axisIn(n, n.getInt("axis").value_or(0), inputOf(n, 0).rank());
  if (failed(axis))
    return failure();
  return give(results, gather(inputOf(n, 0), inputOf(n, 1), *axis));
}

void appendIndexForms(SmallVectorImpl<OnnxForm> &forms) { forms.push_back({"", "Gather", 1, buildGather}); }

} // namespace dlc::dl
