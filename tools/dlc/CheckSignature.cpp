//===- CheckSignature.cpp -------------------------------------------------===//
#include "tools/dlc/CheckSignature.h"

#include "tools/dlc/ElementTypes.h"

using namespace llvm;

namespace dlc {

static Port portOf(StringRef state, mlir::Type type) {
  auto tensor = cast<mlir::RankedTensorType>(type);
  Port port{state.str(), dtypeOf(tensor.getElementType()), {}};
  for (int64_t size : tensor.getShape())
    port.dims.push_back({size, ""});
  return port;
}

Signature::Signature(mlir::func::FuncOp function, const LibraryFunction &compiled) : all(compiled) {
  for (auto [i, type] : enumerate(function.getArgumentTypes())) {
    auto state = function.getArgAttrOfType<mlir::StringAttr>(i, "dl.state");
    isStateArgument.push_back(bool(state));
    if (state)
      all.inputs.insert(all.inputs.begin() + i, portOf(state.getValue(), type));
  }
  for (auto [i, type] : enumerate(function.getResultTypes())) {
    auto state = function.getResultAttrOfType<mlir::StringAttr>(i, "dl.state");
    isStateResult.push_back(bool(state));
    if (state)
      all.outputs.insert(all.outputs.begin() + i, portOf(state.getValue(), type));
  }
}

std::vector<HostTensor> Signature::inputsOf(ArrayRef<HostTensor> arguments) const {
  std::vector<HostTensor> inputs;
  for (auto [isState, value] : zip(isStateArgument, arguments))
    if (!isState)
      inputs.push_back(value);
  return inputs;
}

Expected<std::vector<HostTensor>> Signature::call(Session &session, int32_t index, ArrayRef<HostTensor> arguments) const {
  for (auto [isState, port, value] : zip(isStateArgument, all.inputs, arguments))
    if (isState)
      if (Error error = session.setState(port.name, value))
        return error;
  Expected<std::vector<HostTensor>> results = session.call(index, inputsOf(arguments));
  if (!results)
    return results;
  for (auto [i, isState] : enumerate(isStateResult)) {
    if (!isState)
      continue;
    auto argument = find_if(all.inputs, [&](const Port &p) { return p.name == all.outputs[i].name; });
    HostTensor next = arguments[argument - all.inputs.begin()];
    if (Error error = session.getState(all.outputs[i].name, next))
      return error;
    results->insert(results->begin() + i, std::move(next));
  }
  return results;
}

} // namespace dlc
