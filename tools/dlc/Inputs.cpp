//===- Inputs.cpp - Tensors for a function's inputs -------------*- C++ -*-===//
#include "tools/dlc/Inputs.h"

#include "dialects/dl/Narrow.h"
#include "llvm/ADT/APFloat.h"
#include "llvm/ADT/StringExtras.h"
#include <cmath>
#include <cstring>

using namespace llvm;

namespace dlc {

Expected<std::map<std::string, int64_t>> parseDims(ArrayRef<std::string> options) {
  std::map<std::string, int64_t> dims;
  for (StringRef option : options) {
    auto [name, text] = option.split('=');
    int64_t size;
    if (name.empty() || text.getAsInteger(10, size) || size < 0)
      return createStringError("--dim expects NAME=SIZE, got '" + option + "'");
    dims[name.str()] = size;
  }
  return dims;
}

/// SplitMix64: a few lines, and the same numbers with every standard library.
static uint64_t next(uint64_t &state) {
  uint64_t z = (state += 0x9e3779b97f4a7c15);
  z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9;
  z = (z ^ (z >> 27)) * 0x94d049bb133111eb;
  return z ^ (z >> 31);
}

/// The bits of `v` as an element of a float type.
static uint64_t bitsOf(const DType &type, double v) {
  return dl::roundedTo(*type.floatSemantics(), v).bitcastToAPInt().getZExtValue();
}

static bool isFloat(const DType &type) { return type.floatSemantics() != nullptr; }

/// The values where formulas and instructions go wrong first.
static SmallVector<uint64_t> specialsOf(const DType &type) {
  unsigned width = type.floatSemantics() ? APFloat::semanticsSizeInBits(*type.floatSemantics()) : type.bytes * 8;
  uint64_t all = ~uint64_t(0) >> (64 - width), top = uint64_t(1) << (width - 1);
  if (type.name == "bool")
    return {0, 1};
  if (!isFloat(type))
    return {0, 1, 2, all, all - 1, top, top - 1}; // as signed: 0, 1, 2, -1, -2, lowest, highest
  if (!APFloat::semanticsHasSignedRepr(*type.floatSemantics()))
    return {0, 1, all / 2, all - 1, all}; // exponents
  uint64_t infinity = bitsOf(type, INFINITY);
  SmallVector<uint64_t> values;
  for (uint64_t magnitude : {uint64_t(0), uint64_t(1), bitsOf(type, 0.5), bitsOf(type, 1), bitsOf(type, 1.5),
                             bitsOf(type, 2.5), bitsOf(type, 40), infinity - 1, infinity})
    values.append({magnitude, magnitude | top});
  values.push_back(bitsOf(type, NAN));
  return values;
}

HostTensor randomTensor(const DType &type, ArrayRef<int64_t> dims, uint64_t seed, const InputValues &values) {
  HostTensor tensor{&type, dims.vec(), {}};
  int64_t n = tensor.elements();
  tensor.data.resize(n * type.bytes);
  auto [low, high] = values.range.value_or(isFloat(type) ? std::pair(-1.0, 1.0) : std::pair(1.0, 7.0));
  SmallVector<uint64_t> specials = values.specials ? specialsOf(type) : SmallVector<uint64_t>();
  for (int64_t i = 0; i < n; ++i) {
    uint64_t bits = next(seed), value;
    if (type.name == "bool") {
      value = bits >> 63;
    } else if (isFloat(type)) {
      double uniform = static_cast<double>(bits >> 11) * 0x1p-53;
      value = bitsOf(type, low + (high - low) * uniform);
    } else {
      value = static_cast<int64_t>(low) + (bits >> 32) % static_cast<uint64_t>(high - low + 1);
    }
    if (!specials.empty() && bits & 1)
      value = specials[(bits >> 1) % specials.size()];
    if (type.packed > 1 && !isFloat(type)) // within the few bits that it has
      value = type.name.front() == 'i' ? SignExtend64(value, 8 / type.packed) : value & ((1 << 8 / type.packed) - 1);
    std::memcpy(tensor.data.data() + i * type.bytes, &value, type.bytes);
  }
  return tensor;
}

/// The symbols' values that a tensor given for `port` shows; contradictions are left to the library to report.
static void learnSymbols(const Port &port, const HostTensor &tensor, std::map<std::string, int64_t> &symbols) {
  if (port.dims.size() == tensor.dims.size())
    for (auto [dim, size] : zip(port.dims, tensor.dims))
      if (!dim.symbol.empty())
        symbols.try_emplace(dim.symbol, size);
}

Expected<std::vector<HostTensor>> gatherInputs(const LibraryFunction &function, ArrayRef<std::string> given,
                                               bool randomByDefault, uint64_t seed,
                                               std::map<std::string, int64_t> &symbols, ArrayRef<InputValues> values) {
  std::vector<std::optional<HostTensor>> tensors(function.inputs.size());
  std::vector<bool> random(function.inputs.size(), randomByDefault);
  for (auto [index, value] : enumerate(values)) {
    tensors[index] = value.fixed;
    if (value.fixed)
      learnSymbols(function.inputs[index], *value.fixed, symbols);
  }
  for (StringRef option : given) {
    // ONNX names may contain '=': the value starts after the last one that makes sense.
    size_t at = option.rfind("=@");
    StringRef name = at != StringRef::npos ? option.take_front(at) : option.rsplit('=').first;
    StringRef value = option.drop_front(std::min(name.size() + 1, option.size()));
    auto port = find_if(function.inputs, [&](const Port &p) { return p.name == name; });
    if (port == function.inputs.end())
      return createStringError("no input '" + name + "'; there are: " +
                               join(map_range(function.inputs, [](const Port &p) { return p.name; }), ", "));
    size_t index = port - function.inputs.begin();
    if (value == "rand") {
      random[index] = true;
      tensors[index].reset();
    } else if (value.consume_front("@")) {
      Expected<HostTensor> tensor = readTensor(value);
      if (!tensor)
        return tensor.takeError();
      learnSymbols(*port, *tensor, symbols);
      // An .npy file does not tell these types apart.
      if (tensor->type->npy == port->type->npy)
        tensor->type = port->type;
      tensors[index] = std::move(*tensor);
    } else {
      return createStringError("--input expects NAME=@FILE or NAME=rand, got '" + option + "'");
    }
  }

  std::vector<HostTensor> inputs;
  for (auto [index, port] : enumerate(function.inputs)) {
    if (!tensors[index]) {
      if (!random[index])
        return createStringError("input '" + port.name + "' " + port.typeText() + " is missing: give --input " +
                                 port.name + "=@FILE or =rand");
      Expected<std::vector<int64_t>> sizes = port.sizes(symbols);
      if (!sizes)
        return sizes.takeError();
      if (!checkedBytes(*sizes, port.type->bytes))
        return createStringError("input '" + port.name + "': " + dlc::typeText(port.type->name, *sizes) + " is too large");
      tensors[index] = randomTensor(*port.type, *sizes, seed + index, values.empty() ? InputValues() : values[index]);
    }
    inputs.push_back(std::move(*tensors[index]));
  }
  return inputs;
}

} // namespace dlc
