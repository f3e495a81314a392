//===- TensorIO.cpp - Tensors in files --------------------------*- C++ -*-===//
#include "tools/dlc/TensorIO.h"

#include "dialects/dl/Narrow.h"
#include "llvm/ADT/APFloat.h"
#include "llvm/ADT/ScopeExit.h"
#include "llvm/ADT/StringExtras.h"
#include "llvm/Support/FileSystem.h"
#include "llvm/Support/MathExtras.h"
#include "llvm/Support/MemoryBuffer.h"
#include <cstring>
#include <zip.h>

using namespace llvm;

namespace dlc {

static constexpr DType dtypes[] = {
    {1, "f32", 4, "<f4"},  {2, "u8", 1, "|u1"},   {3, "i8", 1, "|i1"},   {4, "u16", 2, "<u2"},  {5, "i16", 2, "<i2"},
    {6, "i32", 4, "<i4"},  {7, "i64", 8, "<i8"},  {9, "bool", 1, "|b1"}, {10, "f16", 2, "<f2"}, {11, "f64", 8, "<f8"},
    {12, "u32", 4, "<u4"}, {13, "u64", 8, "<u8"}, {16, "bf16", 2, "<V2"},
    // As numpy writes the types of ml_dtypes: all alike.
    {17, "f8e4m3fn", 1, "|V1"}, {18, "f8e4m3fnuz", 1, "|V1"}, {19, "f8e5m2", 1, "|V1"}, {20, "f8e5m2fnuz", 1, "|V1"},
    {21, "u4", 1, "|V1", 2}, {22, "i4", 1, "|V1", 2}, {23, "f4e2m1fn", 1, "|V1", 2}, {24, "f8e8m0fnu", 1, "|V1"},
    {25, "u2", 1, "|V1", 4}, {26, "i2", 1, "|V1", 4},
};

const fltSemantics *DType::floatSemantics() const {
  switch (code) {
  case 1: return &APFloat::IEEEsingle();
  case 10: return &APFloat::IEEEhalf();
  case 11: return &APFloat::IEEEdouble();
  case 16: return &APFloat::BFloat();
  case 17: return &APFloat::Float8E4M3FN();
  case 18: return &APFloat::Float8E4M3FNUZ();
  case 19: return &APFloat::Float8E5M2();
  case 20: return &APFloat::Float8E5M2FNUZ();
  case 23: return &APFloat::Float4E2M1FN();
  case 24: return &APFloat::Float8E8M0FNU();
  default: return nullptr;
  }
}

const DType *DType::ofCode(int64_t code) {
  const DType *found = find_if(dtypes, [&](const DType &d) { return d.code == code; });
  return found == std::end(dtypes) ? nullptr : found;
}

const DType *DType::ofName(StringRef name) {
  const DType *found = find_if(dtypes, [&](const DType &d) { return d.name == name; });
  return found == std::end(dtypes) ? nullptr : found;
}

std::optional<int64_t> checkedBytes(ArrayRef<int64_t> dims, int64_t elementBytes) {
  int64_t bytes = elementBytes;
  bool empty = is_contained(dims, 0);
  for (int64_t dim : dims)
    if (dim < 0 || MulOverflow(bytes, std::max<int64_t>(dim, 1), bytes) || bytes > (int64_t(1) << 62))
      return std::nullopt;
  return empty ? 0 : bytes;
}

int64_t HostTensor::elements() const {
  int64_t n = 1;
  for (int64_t dim : dims)
    n *= dim;
  return n;
}

template <typename T> static double load(const char *p) {
  T v;
  std::memcpy(&v, p, sizeof v);
  return static_cast<double>(v);
}

static double loadSmallFloat(const char *p, const fltSemantics &semantics) {
  unsigned width = APFloat::semanticsSizeInBits(semantics);
  uint16_t bits = 0;
  std::memcpy(&bits, p, divideCeil(width, 8));
  return dl::valueOf(APFloat(semantics, APInt(width, bits, /*isSigned=*/false, /*implicitTrunc=*/true)));
}

double HostTensor::at(int64_t i) const {
  const char *p = data.data() + i * type->bytes;
  switch (type->code) {
  case 1: return load<float>(p);
  case 2: case 9: case 21: case 25: return load<uint8_t>(p);
  case 3: case 22: case 26: return load<int8_t>(p);
  case 4: return load<uint16_t>(p);
  case 5: return load<int16_t>(p);
  case 6: return load<int32_t>(p);
  case 7: return load<int64_t>(p);
  case 11: return load<double>(p);
  case 12: return load<uint32_t>(p);
  case 13: return load<uint64_t>(p);
  default: return loadSmallFloat(p, *type->floatSemantics());
  }
}

std::string typeText(StringRef dtype, ArrayRef<int64_t> dims) {
  return (dtype + "[" + join(map_range(dims, [](int64_t d) { return std::to_string(d); }), ",") + "]").str();
}

std::string HostTensor::typeText() const { return dlc::typeText(type->name, dims); }

//===- .npy ---------------------------------------------------------------===//

static Error bad(StringRef what, const Twine &message) {
  return createStringError(what + ": " + message);
}

namespace {
/// The header's Python dict, as far as numpy writes one: string keys; string, bool and tuple-of-integer values.
struct NpyHeader {
  StringRef descr;
  bool fortran = false;
  SmallVector<int64_t> shape;
};
} // namespace

static bool parseShape(StringRef &text, SmallVectorImpl<int64_t> &shape) {
  if (!text.consume_front("("))
    return false;
  while (!(text = text.ltrim()).consume_front(")")) {
    int64_t dim;
    if (text.consumeInteger(10, dim) || dim < 0)
      return false;
    text.consume_front("L");
    shape.push_back(dim);
    text = text.ltrim();
    if (!text.starts_with(")") && !text.consume_front(","))
      return false;
  }
  return true;
}

static bool parseHeader(StringRef text, NpyHeader &header) {
  text = text.trim(" \n\0");
  if (!text.consume_front("{"))
    return false;
  unsigned seen = 0;
  while (!(text = text.ltrim()).consume_front("}")) {
    char quote = text.empty() ? 0 : text.front();
    if (quote != '\'' && quote != '"')
      return false;
    auto [key, rest] = text.drop_front().split(quote);
    text = rest.ltrim();
    if (!text.consume_front(":"))
      return false;
    text = text.ltrim();
    if (key == "descr") {
      if (text.empty() || (text.front() != '\'' && text.front() != '"'))
        return false; // a list: structured elements
      std::tie(header.descr, text) = text.drop_front().split(text.front());
      seen |= 1;
    } else if (key == "fortran_order") {
      header.fortran = text.consume_front("True");
      if (!header.fortran && !text.consume_front("False"))
        return false;
      seen |= 2;
    } else if (key == "shape") {
      if (!parseShape(text, header.shape))
        return false;
      seen |= 4;
    } else {
      return false;
    }
    text = text.ltrim();
    text.consume_front(",");
  }
  return seen == 7;
}

/// Copies elements so that the last dim runs fastest, swapping bytes if asked.
static void toRowMajor(const char *from, bool fortran, bool swap, HostTensor &to) {
  int64_t bytes = to.type->bytes, n = to.elements();
  SmallVector<int64_t> place(to.dims.size(), 0), stride(to.dims.size(), 1);
  for (size_t d = 1; d < to.dims.size(); ++d)
    stride[d] = stride[d - 1] * to.dims[d - 1];
  for (int64_t i = 0; i < n; ++i) {
    int64_t source = fortran ? 0 : i;
    if (fortran)
      for (size_t d = 0; d < place.size(); ++d)
        source += place[d] * stride[d];
    char *out = to.data.data() + i * bytes;
    std::memcpy(out, from + source * bytes, bytes);
    if (swap)
      std::reverse(out, out + bytes);
    for (size_t d = place.size(); d-- > 0 && ++place[d] == to.dims[d];)
      place[d] = 0;
  }
}

Expected<HostTensor> parseNpy(StringRef bytes, StringRef what) {
  if (!bytes.starts_with("\x93NUMPY") || bytes.size() < 12)
    return bad(what, "not a .npy file");
  unsigned major = static_cast<uint8_t>(bytes[6]);
  if (major < 1 || major > 3)
    return bad(what, ".npy version " + Twine(major) + " is not known (1 to 3 are)");
  auto byte = [&](size_t i) { return static_cast<uint64_t>(static_cast<uint8_t>(bytes[i])); };
  size_t start = major == 1 ? 10 : 12;
  uint64_t length = byte(8) | byte(9) << 8;
  if (major > 1)
    length |= byte(10) << 16 | byte(11) << 24;
  if (length > bytes.size() - start)
    return bad(what, "the header is cut off");
  NpyHeader header;
  if (!parseHeader(bytes.substr(start, length), header))
    return bad(what, "the header is not one of a plain array");

  StringRef descr = header.descr;
  bool swap = descr.starts_with(">");
  StringRef kind = descr.ltrim("<>|=");
  HostTensor tensor;
  for (const DType &d : dtypes)
    if (StringRef(d.npy).drop_front() == kind)
      tensor.type = &d;
  if (!tensor.type)
    return bad(what, "elements of type '" + descr + "' are not supported");
  tensor.dims.assign(header.shape.begin(), header.shape.end());
  std::optional<int64_t> size = checkedBytes(tensor.dims, tensor.type->bytes);
  StringRef data = bytes.drop_front(start + length);
  if (!size || static_cast<uint64_t>(*size) != data.size())
    return bad(what, tensor.typeText() + " needs " + (size ? Twine(*size) : Twine("too many")) + " bytes, the file has " +
                         Twine(data.size()));
  tensor.data.resize(*size);
  bool oneByte = tensor.type->bytes == 1;
  if ((header.fortran && tensor.dims.size() > 1) || (swap && !oneByte))
    toRowMajor(data.data(), header.fortran, swap && !oneByte, tensor);
  else if (*size)
    std::memcpy(tensor.data.data(), data.data(), *size);
  return tensor;
}

std::string formatNpy(const HostTensor &tensor) {
  std::string shape;
  for (int64_t dim : tensor.dims)
    shape += std::to_string(dim) + ",";
  if (tensor.dims.size() > 1)
    shape.pop_back();
  std::string header =
      ("{'descr': '" + tensor.type->npy + "', 'fortran_order': False, 'shape': (" + shape + "), }").str();
  header.resize(alignTo(10 + header.size() + 1, 64) - 11, ' ');
  header += '\n';
  std::string out("\x93NUMPY\x01\0", 8);
  out += static_cast<char>(header.size() & 255);
  out += static_cast<char>(header.size() >> 8);
  out += header;
  out.append(tensor.data.begin(), tensor.data.end());
  return out;
}

//===- .npz ---------------------------------------------------------------===//

static Expected<HostTensor> readNpz(StringRef path, StringRef key) {
  int code = 0;
  zip_t *archive = zip_open(path.str().c_str(), ZIP_RDONLY, &code);
  if (!archive) {
    zip_error_t error;
    zip_error_init_with_code(&error, code);
    std::string text = zip_error_strerror(&error);
    zip_error_fini(&error);
    return bad(path, text);
  }
  scope_exit close([&] { zip_discard(archive); });

  std::vector<std::string> names;
  int64_t found = -1, count = zip_get_num_entries(archive, 0);
  for (int64_t i = 0; i < count; ++i) {
    StringRef name = zip_get_name(archive, i, 0);
    if (!key.empty() && (name == key || name == (key + ".npy").str()))
      found = i;
    name.consume_back(".npy");
    names.push_back(name.str());
  }
  if (key.empty() && count == 1)
    found = 0;
  if (found < 0)
    return bad(path, (key.empty() ? Twine("say which array as FILE.npz:NAME") : "no array '" + key + "'") +
                         "; there are: " + join(names, ", "));
  zip_stat_t stat;
  if (zip_stat_index(archive, found, 0, &stat) || !(stat.valid & ZIP_STAT_SIZE) || stat.size > uint64_t(1) << 40)
    return bad(path, "entry '" + names[found] + "' cannot be read");
  zip_file_t *file = zip_fopen_index(archive, found, 0);
  if (!file)
    return bad(path, zip_strerror(archive));
  // Read in pieces, so that a false size in the directory cannot make us allocate it.
  std::string bytes;
  std::vector<char> piece(1 << 20);
  int64_t got = 0;
  while ((got = zip_fread(file, piece.data(), piece.size())) > 0 && bytes.size() <= stat.size)
    bytes.append(piece.data(), got);
  zip_fclose(file);
  if (got < 0 || bytes.size() != stat.size)
    return bad(path, "entry '" + names[found] + "' is damaged");
  return parseNpy(bytes, (path + ":" + names[found]).str());
}

Error writeNpz(StringRef path, ArrayRef<std::pair<std::string, HostTensor>> tensors) {
  SmallString<128> temporary;
  sys::fs::createUniquePath(path + ".%%%%%%.tmp", temporary, /*MakeAbsolute=*/false);
  int code = 0;
  zip_t *archive = zip_open(temporary.c_str(), ZIP_CREATE | ZIP_EXCL, &code);
  if (!archive)
    return bad(path, "cannot be written");
  std::vector<std::string> contents; // libzip reads them at zip_close
  contents.reserve(tensors.size());
  bool ok = true;
  for (const auto &[name, tensor] : tensors) {
    contents.push_back(formatNpy(tensor));
    zip_source_t *source = zip_source_buffer(archive, contents.back().data(), contents.back().size(), 0);
    int64_t index = zip_file_add(archive, (name + ".npy").c_str(), source, ZIP_FL_ENC_UTF_8);
    // Stored, as numpy.savez does; the same date each time, so that equal results are equal files.
    ok &= index >= 0 && !zip_set_file_compression(archive, index, ZIP_CM_STORE, 0) &&
          !zip_file_set_dostime(archive, index, 0, 0x21, 0);
  }
  if (!ok || zip_close(archive)) {
    std::string text = zip_strerror(archive);
    zip_discard(archive);
    sys::fs::remove(temporary);
    return bad(path, "cannot be written: " + text);
  }
  if (std::error_code ec = sys::fs::rename(temporary, path)) {
    sys::fs::remove(temporary);
    return bad(path, "cannot be written: " + ec.message());
  }
  return Error::success();
}

Expected<HostTensor> readTensor(StringRef spec) {
  size_t npz = spec.find(".npz:");
  if (npz != StringRef::npos)
    return readNpz(spec.take_front(npz + 4), spec.drop_front(npz + 5));
  if (spec.ends_with(".npz"))
    return readNpz(spec, "");
  auto buffer = MemoryBuffer::getFile(spec, /*IsText=*/false, /*RequiresNullTerminator=*/false);
  if (!buffer)
    return bad(spec, buffer.getError().message());
  StringRef bytes = (*buffer)->getBuffer();
  if (spec.ends_with(".npy"))
    return parseNpy(bytes, spec);
  if (spec.ends_with(".pb"))
    return parseTensorProto(bytes, spec);
  return bad(spec, "expected a name that ends in .npy, .npz or .pb");
}

} // namespace dlc
