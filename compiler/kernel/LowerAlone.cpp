//===- LowerAlone.cpp - Kernels of one op with loops of its own ------------===//
//
// The op lowers itself on tensors; one-shot bufferization then puts its results into the kernel's memory. Temporaries
// that it asks for are on the stack or in the worker's scratch memory: a kernel never allocates.
//
//===----------------------------------------------------------------------===//
#include "compiler/kernel/KernelFrame.h"
#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Bufferization/IR/Bufferization.h"
#include "mlir/Dialect/Bufferization/Transforms/OneShotAnalysis.h"
#include "mlir/Dialect/Bufferization/Transforms/Transforms.h"
#include "mlir/Dialect/Linalg/IR/Linalg.h"
#include "mlir/Dialect/MemRef/IR/MemRef.h"
#include "mlir/Dialect/Tensor/IR/Tensor.h"

using namespace mlir;
using namespace dlc::dl;

namespace dlc {

static Value tensorOf(KernelFrame &f, Value view, bool writable) {
  auto type = cast<MemRefType>(view.getType());
  return bufferization::ToTensorOp::create(f.b, f.loc, RankedTensorType::get(type.getShape(), type.getElementType()), view,
                                           /*restrict=*/true, writable);
}

static LogicalResult lowerOp(KernelFrame &f, Operation *op, IRMapping &tensors) {
  if (auto none = dyn_cast<NoneOp>(op)) {
    auto type = cast<RankedTensorType>(none.getType());
    Value empty = tensor::EmptyOp::create(f.b, f.loc, f.dims(none.getResult()), storageType(type.getElementType()));
    tensors.map(none.getResult(), empty);
    return success();
  }
  if (auto constant = dyn_cast<ConstantOp>(op)) {
    Array array = Array::fromAttribute(constant.getValue());
    Array stored = array;
    stored.elementType = storageType(array.elementType);
    tensors.map(constant.getResult(), arith::ConstantOp::create(f.b, f.loc, stored.toAttribute()).getResult());
    return success();
  }
  SmallVector<Value> operands;
  for (Value v : op->getOperands())
    operands.push_back(tensors.lookup(v));
  SmallVector<SmallVector<OpFoldResult>> dims;
  for (Value r : op->getResults())
    dims.push_back(f.dims(r));
  auto temporary = [&](unsigned result, Type element) -> Value {
    Value r = op->getResult(result);
    Value buffer = f.temporary(dims[result], f.dimsOf(r).getResults(), element);
    return tensorOf(f, buffer, /*writable=*/true);
  };
  Lowering lowering(f.b, op, operands, dims, f.node, temporary);
  if (failed(cast<DlOp>(op).lower(lowering)))
    return failure();
  for (auto [r, v] : llvm::zip(op->getResults(), lowering.results))
    tensors.map(r, v);
  return success();
}

/// What bufferization had to allocate goes to the stack.
static LogicalResult placeAllocations(KernelFrame &f) {
  SmallVector<memref::AllocOp> allocations;
  f.function.walk([&](memref::AllocOp op) { allocations.push_back(op); });
  for (memref::AllocOp op : allocations) {
    auto type = op.getType();
    OpBuilder b(op);
    if (!type.hasStaticShape() || type.getNumElements() * byteWidth(type.getElementType()) > stackBytes)
      return op.emitError() << "a kernel cannot hold a temporary of " << type;
    b.setInsertionPointToStart(&f.function.getBody().front());
    Value buffer = memref::AllocaOp::create(b, op.getLoc(), type, b.getI64IntegerAttr(64));
    op.getResult().replaceAllUsesWith(buffer);
    op.erase();
  }
  return success();
}

LogicalResult lowerAlone(KernelFrame &f) {
  // The whole kernel is one tile.
  Value some = arith::CmpIOp::create(f.b, f.loc, arith::CmpIPredicate::slt, f.begin, f.end);
  for (Operation *op : f.ops)
    for (Value r : op->getResults())
      (void)f.dims(r);
  SmallVector<Value> inputs, outputs;
  for (BlockArgument a : f.source.getArguments())
    if (isa<TensorType>(a.getType()))
      inputs.push_back(f.view(a));
  for (Value v : f.outputs)
    outputs.push_back(f.view(v));
  auto branch = scf::IfOp::create(f.b, f.loc, some, /*withElseRegion=*/false);
  f.b.setInsertionPointToStart(branch.thenBlock());

  IRMapping tensors;
  for (auto [a, view] : llvm::zip(f.source.getArguments(), inputs))
    tensors.map(a, tensorOf(f, view, false));
  for (Operation *op : f.ops)
    if (failed(lowerOp(f, op, tensors)))
      return failure();
  for (auto [v, view] : llvm::zip(f.outputs, outputs)) {
    auto write = bufferization::MaterializeInDestinationOp::create(f.b, f.loc, TypeRange{}, tensors.lookup(v), view);
    write.setRestrict(true);
    write.setWritable(true);
  }
  f.finish();

  bufferization::OneShotBufferizationOptions options;
  options.bufferizeFunctionBoundaries = false;
  options.allowUnknownOps = true;
  bufferization::BufferizationState state;
  IRRewriter rewriter(f.function.getContext());
  if (failed(bufferization::eliminateEmptyTensors(rewriter, f.function)) ||
      failed(bufferization::runOneShotBufferize(f.function, options, state)))
    return failure();
  return placeAllocations(f);
}

} // namespace dlc
