//===- HostProgram.cpp ----------------------------------------------------===//
#include "compiler/host/HostProgram.h"
#include "mlir/IR/DialectResourceBlobManager.h"
#include "llvm/Support/xxhash.h"

using namespace mlir;

namespace dlc {

HostProgram::Function &HostProgram::function(StringRef name) {
  for (Function &f : functions)
    if (f.name == name)
      return f;
  functions.emplace_back().name = name.str();
  return functions.back();
}

/// The bytes of a dense attribute that has them in another form.
static std::vector<char> expand(DenseElementsAttr value) {
  std::vector<char> bytes;
  size_t count = value.getNumElements();
  if (value.getElementType().isInteger(1)) {
    bytes.reserve(count);
    for (bool v : value.getValues<bool>())
      bytes.push_back(v);
    return bytes;
  }
  ArrayRef<char> element = value.getRawData();
  bytes.resize(count * element.size());
  for (size_t i = 0; i < count; ++i)
    std::memcpy(bytes.data() + i * element.size(), element.data(), element.size());
  return bytes;
}

const HostProgram::Blob *HostProgram::addConstant(ElementsAttr value) {
  auto [known, isNew] = byAttribute.try_emplace(value, blobs.size());
  if (!isNew)
    return &blobs[known->second];

  ArrayRef<char> data;
  std::vector<char> expanded;
  if (auto resource = dyn_cast<DenseResourceElementsAttr>(value)) {
    AsmResourceBlob *blob = resource.getRawHandle().getBlob();
    if (!blob) {
      byAttribute.erase(known);
      return nullptr;
    }
    data = blob->getData();
  } else {
    auto dense = cast<DenseElementsAttr>(value);
    if (dense.isSplat() || dense.getElementType().isInteger(1)) {
      expanded = expand(dense);
      data = expanded;
    } else {
      data = dense.getRawData();
    }
  }

  auto &candidates = byHash[llvm::xxh3_64bits(ArrayRef(reinterpret_cast<const uint8_t *>(data.data()), data.size()))];
  for (size_t i : candidates)
    if (blobs[i].data == data) {
      known->second = i;
      return &blobs[i];
    }
  if (!expanded.empty())
    data = owned.emplace_back(std::move(expanded));
  candidates.push_back(blobs.size());
  blobs.push_back({"constant_" + std::to_string(blobs.size()), 64, data});
  return &blobs.back();
}

} // namespace dlc
