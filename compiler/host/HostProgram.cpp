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
  auto resource = dyn_cast<DenseResourceElementsAttr>(value);
  auto *entry = resource ? resource.getRawHandle().getResource() : nullptr;
  auto [place, isNew] = known.try_emplace(entry ? entry : value.getAsOpaquePointer(), blobs.size());
  if (!isNew)
    return &blobs[place->second];

  ArrayRef<char> data;
  std::vector<char> expanded;
  if (resource) {
    if (!entry->getBlob()) {
      known.erase(place);
      return nullptr;
    }
    data = entry->getBlob()->getData();
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
      place->second = i;
      if (resource)
        entry->setBlob({});
      return &blobs[i];
    }
  std::function<void()> release;
  if (resource) {
    release = [entry] { entry->setBlob({}); };
  } else if (!expanded.empty()) {
    std::vector<char> &kept = owned.emplace_back(std::move(expanded));
    data = kept;
    release = [&kept] { std::vector<char>().swap(kept); };
  }
  candidates.push_back(blobs.size());
  blobs.push_back({"constant_" + std::to_string(blobs.size()), 64, data, std::move(release)});
  return &blobs.back();
}

} // namespace dlc
