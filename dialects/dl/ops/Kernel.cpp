//===- Kernel.cpp - The fusion region -------------------------------------===//
#include "dialects/dl/ops/Forms.h"

using namespace mlir;

#define GET_OP_CLASSES
#include "dialects/dl/ops/Structural.cpp.inc"

namespace dlc::dl {

void DlDialect::registerStructuralOps() {
  addOperations<
#define GET_OP_LIST
#include "dialects/dl/ops/Structural.cpp.inc"
      >();
}

LogicalResult KernelOp::verify() {
  Block &body = block();
  if (body.getNumArguments() != getInputs().size() + getSymbols().size())
    return emitOpError("expects a block argument for each input and symbol, got ")
           << body.getNumArguments() << " for " << getInputs().size() + getSymbols().size();
  if (getInputDims().size() != getInputs().size() || getResultDims().size() != getNumResults())
    return emitOpError("expects the dims of every input and result");
  auto yield = dyn_cast<YieldOp>(body.getTerminator());
  if (!yield || yield->getOperandTypes() != getResultTypes())
    return emitOpError("expects the body to yield its results");
  return success();
}

// dl.kernel(%a = %x, %w = %y : tensor<..>, tensor<..>) symbols(%n = %d) input_dims [...] -> (tensor<..>) result_dims [...] { ... }
void KernelOp::print(OpAsmPrinter &p) {
  p << "(";
  unsigned n = getInputs().size();
  llvm::interleaveComma(llvm::zip(block().getArguments().take_front(n), getInputs()), p, [&](auto pair) {
    p.printRegionArgument(std::get<0>(pair), {}, /*omitType=*/true);
    p << " = " << std::get<1>(pair);
  });
  if (n)
    p << " : " << getInputs().getTypes();
  p << ") symbols(";
  llvm::interleaveComma(llvm::zip(block().getArguments().drop_front(n), getSymbols()), p, [&](auto pair) {
    p.printRegionArgument(std::get<0>(pair), {}, /*omitType=*/true);
    p << " = " << std::get<1>(pair);
  });
  p << ") input_dims " << getInputDims() << " -> (" << getResultTypes() << ") result_dims " << getResultDims();
  p.printOptionalAttrDictWithKeyword((*this)->getAttrs(), {"input_dims", "result_dims", getOperandSegmentSizeAttr()});
  p << " ";
  p.printRegion(getBody(), /*printEntryBlockArgs=*/false);
}

ParseResult KernelOp::parse(OpAsmParser &p, OperationState &state) {
  SmallVector<OpAsmParser::Argument> arguments;
  SmallVector<OpAsmParser::UnresolvedOperand> inputs, symbols;
  SmallVector<Type> inputTypes, resultTypes;
  auto parseBindings = [&](SmallVectorImpl<OpAsmParser::UnresolvedOperand> &operands, bool typed) -> ParseResult {
    if (p.parseLParen())
      return failure();
    if (succeeded(p.parseOptionalRParen()))
      return success();
    do {
      if (p.parseArgument(arguments.emplace_back()) || p.parseEqual() || p.parseOperand(operands.emplace_back()))
        return failure();
    } while (succeeded(p.parseOptionalComma()));
    return failure((typed && p.parseColonTypeList(inputTypes)) || p.parseRParen());
  };
  ArrayAttr inputDims, resultDims;
  if (parseBindings(inputs, true) || p.parseKeyword("symbols") || parseBindings(symbols, false) ||
      p.parseKeyword("input_dims") || p.parseAttribute(inputDims) || p.parseArrow() || p.parseLParen())
    return failure();
  if (failed(p.parseOptionalRParen()) && (p.parseTypeList(resultTypes) || p.parseRParen()))
    return failure();
  if (p.parseKeyword("result_dims") || p.parseAttribute(resultDims) || p.parseOptionalAttrDictWithKeyword(state.attributes))
    return failure();
  Type index = p.getBuilder().getIndexType();
  for (auto [i, a] : llvm::enumerate(arguments))
    a.type = i < inputTypes.size() ? inputTypes[i] : index;
  if (p.resolveOperands(inputs, inputTypes, p.getCurrentLocation(), state.operands) ||
      p.resolveOperands(symbols, index, state.operands) || p.parseRegion(*state.addRegion(), arguments))
    return failure();
  state.addAttribute("input_dims", inputDims);
  state.addAttribute("result_dims", resultDims);
  state.addAttribute(getOperandSegmentSizeAttr(),
                     p.getBuilder().getDenseI32ArrayAttr({int32_t(inputs.size()), int32_t(symbols.size())}));
  state.addTypes(resultTypes);
  return success();
}

} // namespace dlc::dl
