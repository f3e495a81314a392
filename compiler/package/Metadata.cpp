//===- Metadata.cpp - What a library says of itself -----------------------===//
#include "compiler/package/Metadata.h"

#include "runtime/model.h"
#include "llvm/Support/FormatVariadic.h"

using namespace llvm;

namespace dlc {

namespace {

/// Names come from model files, which need not hold UTF-8; JSON must.
json::Value text(StringRef name) { return json::isUTF8(name) ? name.str() : json::fixUTF8(name); }

json::Array ports(const ProgramFunction &function, ArrayRef<ProgramPort> ports, ArrayRef<std::string> fields) {
  json::Array result;
  for (auto [port, field] : zip_equal(ports, fields)) {
    json::Array dims;
    for (const ProgramDim &dim : port.dims) {
      if (dim.symbol == ProgramDim::isLater)
        dims.push_back(nullptr);
      else if (dim.symbol == ProgramDim::isConstant)
        dims.push_back(dim.value);
      else
        dims.push_back(text(function.symbols[size_t(dim.symbol)].name));
    }
    result.push_back(json::Object{{"name", text(port.name)},
                                  {"field", field},
                                  {"dtype", borderType(port.dtype).name},
                                  {"dims", std::move(dims)}});
  }
  return result;
}

json::Object describe(const ProgramFunction &function) {
  const IoFields fields = ioFields(function);
  json::Array symbols;
  for (auto [symbol, field] : zip_equal(function.symbols, fields.symbols)) {
    json::Object entry{{"name", text(symbol.name)}, {"field", field}, {"min", symbol.min}};
    entry["max"] = symbol.max == INT64_MAX ? json::Value(nullptr) : json::Value(symbol.max);
    symbols.push_back(std::move(entry));
  }
  return json::Object{{"name", function.name},
                      {"inputs", ports(function, function.inputs, fields.inputs)},
                      {"outputs", ports(function, function.outputs, fields.outputs)},
                      {"symbols", std::move(symbols)},
                      {"flops", function.flops}};
}

/// What `dlc profile` says of the events of a session.
json::Object describeWork(const Program &program) {
  json::Object kernels;
  for (const ProgramKernel &kernel : program.kernels)
    kernels[kernel.name] = kernel.work;
  json::Array launches;
  for (const ProgramLaunch &launch : program.launches) {
    json::Array nodes;
    for (StringRef name : launch.nodes)
      nodes.push_back(text(name));
    launches.push_back(json::Object{
        {"node", launch.node}, {"kernel", launch.kernel}, {"ops", text(launch.ops)}, {"nodes", std::move(nodes)}});
  }
  return json::Object{{"kernels", std::move(kernels)}, {"launches", std::move(launches)}};
}

} // namespace

std::string describeJson(const Program &program, const WeightLayout &weights) {
  json::Array functions, states, variants;
  for (const ProgramFunction &function : program.functions)
    functions.push_back(describe(function));
  for (const ProgramState &state : program.states)
    states.push_back(json::Object{{"name", text(state.name)},
                                  {"dtype", borderType(state.dtype).name},
                                  {"dims", json::Array(state.dims)}});
  for (const ProgramVariant &variant : program.variants)
    variants.push_back(variant.isa);
  json::Object result = program.facts;
  result["abi"] = DLC_ABI;
  result["name"] = program.name;
  result["functions"] = std::move(functions);
  result["states"] = std::move(states);
  result["variants"] = std::move(variants);
  result["work"] = describeWork(program);
  result["weight_bytes"] = int64_t(weights.bytes);
  return formatv("{0}", json::Value(std::move(result)));
}

} // namespace dlc
