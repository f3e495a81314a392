//===- Weights.cpp --------------------------------------------------------===//

#include "compiler/import/Weights.h"
#include "compiler/import/Types.h"
#include "compiler/import/Wire.h"
#include "mlir/IR/BuiltinTypes.h"
#include "mlir/IR/DialectResourceBlobManager.h"
#include "onnx-ml.pb.h"
#include "llvm/Support/MathExtras.h"
#include <climits>
#include <cstdlib>
#include <cstring>

static_assert(std::endian::native == std::endian::little, "ONNX data is little-endian and used in place");

namespace dlc::importer {
namespace {
using onnx::TensorProto;

constexpr int64_t largestDense = 1024;   // bytes; what is larger stays out of MLIR's uniqued attributes
constexpr size_t copiedAtOnce = 4 << 20; // bytes; fewer are not worth a system call

bool isDataField(uint32_t number) {
  return (number >= TensorProto::kFloatDataFieldNumber && number <= TensorProto::kInt64DataFieldNumber) ||
         (number >= TensorProto::kRawDataFieldNumber && number <= TensorProto::kUint64DataFieldNumber);
}

/// The typed field that holds elements of `dtype`.
uint32_t dataFieldOf(int32_t dtype) {
  switch (dtype) {
  case TensorProto::FLOAT:
    return TensorProto::kFloatDataFieldNumber;
  case TensorProto::DOUBLE:
    return TensorProto::kDoubleDataFieldNumber;
  case TensorProto::INT64:
    return TensorProto::kInt64DataFieldNumber;
  case TensorProto::UINT32:
  case TensorProto::UINT64:
    return TensorProto::kUint64DataFieldNumber;
  default:
    return TensorProto::kInt32DataFieldNumber;
  }
}

std::string nameOfField(uint32_t number) {
  return TensorProto::descriptor()->FindFieldByNumber(static_cast<int>(number))->name();
}

/// Fields whose bytes in the file are the elements' bytes in memory.
bool isPlain(uint32_t field) {
  return field == TensorProto::kRawDataFieldNumber || field == TensorProto::kFloatDataFieldNumber ||
         field == TensorProto::kDoubleDataFieldNumber;
}

int64_t sizeOf(const TensorData &data) {
  int64_t size = 0;
  for (llvm::ArrayRef<uint8_t> piece : data.pieces)
    size += static_cast<int64_t>(piece.size());
  return size;
}

/// Whether an int32_data or uint64_data number is an element of `dtype`: both fields also carry narrower types.
bool fits(uint64_t value, int32_t dtype) {
  auto asInt = static_cast<int32_t>(value);
  switch (dtype) {
  case TensorProto::BOOL:
    return value <= 1;
  case TensorProto::INT8:
    return asInt >= INT8_MIN && asInt <= INT8_MAX;
  case TensorProto::INT16:
    return asInt >= INT16_MIN && asInt <= INT16_MAX;
  case TensorProto::UINT8:
  case TensorProto::FLOAT8E4M3FN:
  case TensorProto::FLOAT8E4M3FNUZ:
  case TensorProto::FLOAT8E5M2:
  case TensorProto::FLOAT8E5M2FNUZ:
  case TensorProto::FLOAT8E8M0:
  case TensorProto::FLOAT4E2M1: // these are a byte of several
  case TensorProto::UINT4:
  case TensorProto::INT4:
  case TensorProto::UINT2:
  case TensorProto::INT2:
    return value <= UINT8_MAX;
  case TensorProto::UINT16:
  case TensorProto::FLOAT16:
  case TensorProto::BFLOAT16:
    return value <= UINT16_MAX;
  case TensorProto::UINT32:
    return value <= UINT32_MAX;
  default:
    return true;
  }
}

/// Calls `visit` with each number of a field of varints; false when one is malformed.
template <class Visit> bool forEachNumber(const TensorData &data, Visit visit) {
  for (llvm::ArrayRef<uint8_t> piece : data.pieces) {
    WireReader reader(piece);
    while (!reader.atEnd()) {
      uint64_t value;
      if (!reader.readVarint(value))
        return false;
      visit(value);
    }
  }
  return true;
}

/// Writes the elements of checked data to `out`, giving back the file's pages on the way, so that large weights are
/// not in memory twice.
void copyElements(const TensorData &data, unsigned width, char *out) {
  if (isPlain(data.field)) {
    for (llvm::ArrayRef<uint8_t> piece : data.pieces)
      while (!piece.empty()) {
        llvm::ArrayRef<uint8_t> part = piece.take_front(copiedAtOnce);
        std::memcpy(out, part.data(), part.size());
        out += part.size();
        piece = piece.drop_front(part.size());
        if (part.size() == copiedAtOnce)
          data.file->release(part);
      }
    return;
  }
  forEachNumber(data, [&](uint64_t value) {
    std::memcpy(out, &value, width);
    out += width;
  });
}

/// Spreads out elements of which several share a byte, the first in its lowest bits: one a byte, integers with their sign.
void unpackElements(const TensorData &data, const TensorProto &tensor, mlir::Type type, llvm::MutableArrayRef<char> out) {
  unsigned shared = packedIn(tensor.data_type()), width = 8 / shared;
  std::vector<char> packed(llvm::divideCeil(out.size(), shared));
  copyElements(data, /*width=*/1, packed.data());
  for (size_t i = 0; i < out.size(); ++i) {
    int v = static_cast<uint8_t>(packed[i / shared]) >> (i % shared * width) & ((1 << width) - 1);
    out[i] = static_cast<char>(type.isSignlessInteger() ? llvm::SignExtend32(v, width) : v);
  }
}

std::optional<uint64_t> parseSize(llvm::StringRef text) {
  uint64_t value;
  if (text.empty() || !llvm::all_of(text, llvm::isDigit) || text.getAsInteger(10, value) || value > INT64_MAX)
    return std::nullopt;
  return value;
}

int64_t countElements(const TensorProto &tensor) {
  int64_t elements = 1;
  for (int64_t dim : tensor.dims())
    elements *= dim;
  return elements;
}
} // namespace

std::optional<Weights::Mistake> Weights::locateInline(const TensorProto &tensor, TensorData &data) const {
  // The scan has checked every length and wire type of these bytes.
  WireReader reader(model_->bytes().slice(tensor.segment().begin(), tensor.segment().end() - tensor.segment().begin()));
  data.file = model_;
  uint32_t number;
  WireType wire;
  while (!reader.atEnd() && reader.readTag(number, wire)) {
    llvm::ArrayRef<uint8_t> bytes;
    const uint8_t *start = reader.position();
    if (wire == WireType::Bytes ? !reader.readBytes(bytes) : !reader.skip(wire))
      break;
    if (!isDataField(number))
      continue;
    if (wire != WireType::Bytes)
      bytes = {start, reader.position()};
    if (data.field && data.field != number && !bytes.empty())
      return Mistake{Code::BadData, "has data in both " + nameOfField(data.field) + " and " + nameOfField(number)};
    if (bytes.empty())
      continue;
    data.field = number;
    // Protobuf's rule: the last of several raw_data counts, pieces of a repeated field add up.
    if (number == TensorProto::kRawDataFieldNumber)
      data.pieces.clear();
    data.pieces.push_back(bytes);
  }
  return std::nullopt;
}

std::optional<Weights::Mistake> Weights::openExternal(llvm::StringRef location,
                                                      std::shared_ptr<const MappedFile> &file) {
  auto [it, isNew] = external_.try_emplace(location);
  if (!isNew) {
    file = it->second;
    return file ? std::nullopt : std::optional(Mistake{Code::CannotRead, ""});
  }
  std::string name = "external data file " + quote(location);
  if (location.empty() || location.contains('\0'))
    return Mistake{Code::BadLocation, "names no external data file"};
  if (location.starts_with("/"))
    return Mistake{Code::BadLocation, "has the absolute path " + quote(location) +
                                          " for its external data, expected "
                                          "one relative to the model's folder"};
  llvm::SmallVector<llvm::StringRef> parts;
  location.split(parts, '/');
  if (llvm::is_contained(parts, ".."))
    return Mistake{Code::BadLocation, "has the path " + quote(location) +
                                          " for its external data, expected one "
                                          "without \"..\""};
  char folder[PATH_MAX], path[PATH_MAX];
  std::string given = (folder_.empty() ? "." : folder_) + "/" + location.str();
  if (!::realpath(folder_.empty() ? "." : folder_.c_str(), folder) || !::realpath(given.c_str(), path))
    return Mistake{Code::CannotRead, "needs " + name + ": " + std::strerror(errno)};
  llvm::StringRef inside(folder);
  inside.consume_back("/");
  llvm::StringRef rest(path);
  if (!rest.consume_front(inside) || !rest.starts_with("/"))
    return Mistake{Code::BadLocation, "needs " + name + ", a symbolic link out of the model's folder"};
  std::string why;
  file = MappedFile::openUntrusted(path, why);
  if (!file)
    return Mistake{Code::BadLocation, "needs " + name + ": " + why};
  it->second = file;
  files_.push_back(given);
  return std::nullopt;
}

std::optional<Weights::Mistake> Weights::locateExternal(const TensorProto &tensor, TensorData &data) {
  std::optional<std::string> location;
  uint64_t offset = 0;
  std::optional<uint64_t> length;
  for (const onnx::StringStringEntryProto &entry : tensor.external_data()) {
    if (entry.key() == "location") {
      if (location)
        return Mistake{Code::BadLocation, "has two locations of external data"};
      location = entry.value();
    } else if (entry.key() == "offset" || entry.key() == "length") {
      std::optional<uint64_t> size = parseSize(entry.value());
      if (!size)
        return Mistake{Code::BadRange, "has " + quote(entry.value()) + " as the " + entry.key() +
                                           " of its external data, expected a number of bytes"};
      entry.key() == "offset" ? offset = *size : *(length = size);
    }
  }
  if (!location)
    return Mistake{Code::BadLocation, "names no external data file"};
  if (std::optional<Mistake> mistake = openExternal(*location, data.file))
    return mistake;
  uint64_t size = data.file->bytes().size();
  if (!length && offset <= size)
    length = size - offset;
  if (!length || *length > size || offset > size - *length)
    return Mistake{Code::BadRange, "needs " + (length ? plural(*length, "byte") : "bytes") + " at offset " +
                                       std::to_string(offset) + " of external data file " + quote(*location) +
                                       ", which has " + plural(size, "byte")};
  data.field = TensorProto::kRawDataFieldNumber;
  data.pieces.assign(1, data.file->bytes().slice(offset, *length));
  return std::nullopt;
}

std::optional<Weights::Mistake> Weights::locate(const TensorProto &tensor, TensorData &data) {
  std::optional<Mistake> mistake = locateInline(tensor, data);
  if (mistake || tensor.data_location() != TensorProto::EXTERNAL)
    return mistake;
  if (data.field)
    return Mistake{Code::BadData, "has external data and also " + nameOfField(data.field)};
  return locateExternal(tensor, data);
}

std::optional<Weights::Mistake> Weights::checkData(const TensorProto &tensor, const TensorData &data,
                                                   int64_t elements) const {
  int32_t dtype = tensor.data_type();
  unsigned width = widthOf(dtype);
  const int64_t stored = llvm::divideCeil(elements, packedIn(dtype)); // numbers in the file
  auto wrongCount = [&](uint64_t found, uint64_t expected, llvm::StringRef noun) {
    return Mistake{Code::BadData, "has " + plural(found, noun) + " of data, expected " + std::to_string(expected) +
                                      " for " + plural(elements, "element") + " of " + nameOf(dtype)};
  };
  if (data.field == 0)
    return elements == 0 ? std::nullopt : std::optional(wrongCount(0, stored * width, "byte"));
  if (data.field != TensorProto::kRawDataFieldNumber && data.field != dataFieldOf(dtype))
    return Mistake{Code::BadData, "has its data in " + nameOfField(data.field) + ", expected raw_data or " +
                                      nameOfField(dataFieldOf(dtype)) + " for " + nameOf(dtype)};
  if (isPlain(data.field)) {
    if (sizeOf(data) != stored * width)
      return wrongCount(sizeOf(data), stored * width, "byte");
    // Anything but 0 and 1 would be a third truth value in memory.
    if (dtype == TensorProto::BOOL)
      for (uint8_t byte : data.pieces.front())
        if (byte > 1)
          return Mistake{Code::BadData, "has the byte " + std::to_string(byte) + " for a bool, expected 0 or 1"};
    return std::nullopt;
  }
  int64_t count = 0;
  std::optional<uint64_t> misfit;
  bool isWellFormed = forEachNumber(data, [&](uint64_t value) {
    ++count;
    if (!misfit && !fits(value, dtype))
      misfit = value;
  });
  if (!isWellFormed)
    return Mistake{Code::Malformed, "has a malformed number in " + nameOfField(data.field)};
  if (misfit)
    return Mistake{Code::BadData, "has the value " + std::to_string(static_cast<int64_t>(*misfit)) + " in " +
                                      nameOfField(data.field) + ", which is no " + nameOf(dtype)};
  if (count != stored)
    return wrongCount(count, stored, "number");
  return std::nullopt;
}

bool Weights::check(const TensorProto &tensor, mlir::Location loc, const std::string &what) {
  unsigned before = report_.count();
  int64_t elements = 0;
  std::optional<std::string> badDims =
      checkDims({tensor.dims().data(), static_cast<size_t>(tensor.dims_size())}, elements);
  if (badDims)
    report_.error(loc, Code::BadDims, what + " " + *badDims);
  if (tensor.data_type() == TensorProto::UNDEFINED)
    report_.error(loc, Code::Incomplete, what + " has no element type");
  else if (widthOf(tensor.data_type()) == 0)
    report_.error(loc, Code::UnsupportedType,
                  what + " has element type " + nameOf(tensor.data_type()) + ", which is not supported");
  TensorData data;
  bool isTyped = !badDims && widthOf(tensor.data_type()) > 0;
  std::optional<Mistake> mistake = locate(tensor, data);
  if (!mistake && isTyped)
    mistake = checkData(tensor, data, elements);
  if (mistake && !mistake->text.empty())
    report_.error(loc, mistake->code, what + " " + mistake->text);
  return !mistake && report_.count() == before;
}

mlir::ElementsAttr Weights::read(const TensorProto &tensor, llvm::StringRef name) {
  TensorData data;
  if (locate(tensor, data))
    return nullptr;
  unsigned width = widthOf(tensor.data_type());
  int64_t size = countElements(tensor) * width;
  mlir::Type elementType = elementTypeOf(tensor.data_type(), report_.context());
  auto type = mlir::RankedTensorType::get({tensor.dims().data(), static_cast<size_t>(tensor.dims_size())}, elementType);
  bool isPacked = packedIn(tensor.data_type()) > 1;
  auto fill = [&](llvm::MutableArrayRef<char> out) {
    isPacked ? unpackElements(data, tensor, elementType, out) : copyElements(data, width, out.data());
  };
  if (size <= largestDense) {
    llvm::SmallVector<char, largestDense> bytes(size);
    fill(bytes);
    if (!elementType.isInteger(1))
      return mlir::DenseElementsAttr::getFromRawBuffer(type, bytes);
    llvm::SmallVector<bool> bits(bytes.begin(), bytes.end());
    return mlir::DenseElementsAttr::get(type, bits);
  }
  if (!isPacked && isPlain(data.field) && data.pieces.size() == 1) {
    llvm::ArrayRef<uint8_t> piece = data.pieces.front();
    llvm::ArrayRef<char> bytes(reinterpret_cast<const char *>(piece.data()), piece.size());
    mlir::AsmResourceBlob blob(
        bytes, /*dataAlignment=*/1, [file = data.file, piece](void *, size_t, size_t) { file->release(piece); },
        /*dataIsMutable=*/false);
    return mlir::DenseResourceElementsAttr::get(type, name, std::move(blob));
  }
  mlir::AsmResourceBlob blob = mlir::HeapAsmResourceBlob::allocate(size, /*align=*/64, /*dataIsMutable=*/true);
  fill(blob.getMutableData());
  return mlir::DenseResourceElementsAttr::get(type, name, std::move(blob));
}

} // namespace dlc::importer
