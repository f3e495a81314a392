//===- Thunk.cpp ----------------------------------------------------------===//
#include "compiler/host/Thunk.h"

using namespace mlir;

namespace dlc {

SmallVector<Value> buffersOf(rt::LaunchOp launch) {
  SmallVector<Value> buffers(launch.getInputs());
  llvm::append_range(buffers, launch.getOutputs());
  if (launch.getScratch())
    buffers.push_back(launch.getScratch());
  return buffers;
}

int64_t Thunks::closureBytes(rt::LaunchOp launch, const Thunk &thunk) const {
  return 8 * (buffersOf(launch).size() + launch.getDims().size() + thunk.status);
}

/// The descriptor of a rank-0 memref at `pointer`, which the bare-pointer convention takes apart again at the call.
static Value memrefAt(OpBuilder &b, Location loc, Value pointer, MemRefType type) {
  auto ptr = LLVM::LLVMPointerType::get(b.getContext());
  auto descriptor = LLVM::LLVMStructType::getLiteral(b.getContext(), {ptr, ptr, b.getI64Type()});
  Value v = LLVM::PoisonOp::create(b, loc, descriptor);
  v = LLVM::InsertValueOp::create(b, loc, v, pointer, ArrayRef<int64_t>{0});
  v = LLVM::InsertValueOp::create(b, loc, v, pointer, ArrayRef<int64_t>{1});
  Value zero = LLVM::ConstantOp::create(b, loc, b.getI64IntegerAttr(0));
  v = LLVM::InsertValueOp::create(b, loc, v, zero, ArrayRef<int64_t>{2});
  return UnrealizedConversionCastOp::create(b, loc, type, v).getResult(0);
}

const Thunks::Thunk *Thunks::get(rt::LaunchOp launch) {
  auto [it, isNew] = thunks.try_emplace(launch.getCalleeAttr().getAttr());
  if (!isNew)
    return it->second.function ? &it->second : nullptr;

  auto kernel = symbols.lookup<func::FuncOp>(launch.getCallee());
  if (!kernel) {
    launch.emitError() << "launches '" << launch.getCallee() << "', which is no function";
    return nullptr;
  }
  unsigned buffers = buffersOf(launch).size(), dims = launch.getDims().size();
  ArrayRef<Type> types = kernel.getFunctionType().getInputs();
  auto isBare = [](Type t) { return isa<MemRefType>(t) && cast<MemRefType>(t).getRank() == 0; };
  bool fits = types.size() == buffers + dims + 4 && llvm::all_of(types.take_front(buffers), isBare) &&
              llvm::all_of(types.slice(buffers, dims + 3), [](Type t) { return t.isIndex(); }) && isBare(types.back()) &&
              kernel.getNumResults() == 0;
  if (!fits) {
    launch.emitError() << "expects '" << launch.getCallee() << "' to take " << buffers << " rank-0 memrefs, " << dims
                       << " dims, the first tile, the last, the worker and the status word, got "
                       << kernel.getFunctionType();
    return nullptr;
  }
  Thunk &thunk = it->second;
  thunk.status = kernel.isDeclaration() || !kernel.getArguments().back().use_empty();

  OpBuilder b(kernel);
  Location loc = kernel.getLoc();
  Type ptr = LLVM::LLVMPointerType::get(b.getContext()), i64 = b.getI64Type(), index = b.getIndexType();
  b.setInsertionPointAfter(kernel);
  thunk.function = LLVM::LLVMFuncOp::create(
      b, loc, (kernel.getSymName() + ".thunk").str(),
      LLVM::LLVMFunctionType::get(LLVM::LLVMVoidType::get(b.getContext()), {ptr, i64, i64, b.getI32Type()}),
      LLVM::Linkage::Internal);
  symbols.insert(thunk.function);
  Block *body = thunk.function.addEntryBlock(b);
  b.setInsertionPointToStart(body);
  auto word = [&](unsigned i) -> Value {
    if (i == 0)
      return body->getArgument(0);
    return LLVM::GEPOp::create(b, loc, ptr, i64, body->getArgument(0), ArrayRef<LLVM::GEPArg>{int32_t(i)});
  };
  SmallVector<Value> arguments;
  for (unsigned i = 0; i < buffers; ++i)
    arguments.push_back(memrefAt(b, loc, LLVM::LoadOp::create(b, loc, ptr, word(i)), cast<MemRefType>(types[i])));
  for (unsigned i = buffers; i < buffers + dims; ++i)
    arguments.push_back(arith::IndexCastOp::create(b, loc, index, LLVM::LoadOp::create(b, loc, i64, word(i))));
  for (unsigned i = 1; i < 4; ++i)
    arguments.push_back(arith::IndexCastOp::create(b, loc, index, body->getArgument(i)));
  Value status = thunk.status ? word(buffers + dims) : LLVM::ZeroOp::create(b, loc, ptr).getResult();
  arguments.push_back(memrefAt(b, loc, status, cast<MemRefType>(types.back())));
  func::CallOp::create(b, loc, kernel, arguments);
  LLVM::ReturnOp::create(b, loc, ValueRange());
  return &thunk;
}

} // namespace dlc
