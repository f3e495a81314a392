//===- OutlineKernels.cpp - A function for each distinct kernel -----------===//
//
// Before: dl.kernel regions in the model's functions. After: private functions with the attribute `dlc.kernel`, one for
// all kernels that are equal but for their locations, and an rt.call with a node number in each place. Here, because
// from now on kernels are compiled one by one and once each, while the host goes another way.
//
//===----------------------------------------------------------------------===//
#include "compiler/Passes.h"
#include "dialects/dl/Dialect.h"
#include "dialects/dl/Work.h"
#include "dialects/dl/ops/Extended.h"
#include "dialects/rt/Dialect.h"
#include "mlir/Analysis/SliceAnalysis.h"
#include "mlir/IR/SymbolTable.h"
#include "llvm/ADT/StringMap.h"
#include "llvm/Support/FormatVariadic.h"

using namespace mlir;

namespace dlc {

#define GEN_PASS_DEF_OUTLINEKERNELSPASS
#include "compiler/Passes.h.inc"

namespace {
/// All that makes a kernel, as bytes: attributes and types by address, since the context holds each once, and values by
/// number. Kernels with the same bytes are equal, so a hash table needs no other comparison.
class Fingerprint {
public:
  explicit Fingerprint(dl::KernelOp kernel) {
    add(kernel.getInputDims().getAsOpaquePointer());
    add(kernel.getResultDims().getAsOpaquePointer());
    add(kernel->getDiscardableAttrDictionary().getAsOpaquePointer());
    add(kernel.getBody());
  }
  StringRef bytes() const { return {reinterpret_cast<const char *>(words.data()), words.size() * sizeof(words[0])}; }

private:
  void add(uint64_t word) { words.push_back(word); }
  void add(const void *pointer) { add(reinterpret_cast<uint64_t>(pointer)); }

  void define(Value v) {
    numbers.try_emplace(v, numbers.size());
    add(v.getType().getAsOpaquePointer());
  }

  void add(Region &region) {
    llvm::SmallDenseMap<Block *, unsigned> blocks;
    for (Block &block : region)
      blocks.try_emplace(&block, blocks.size());
    add(blocks.size());
    for (Block &block : region) {
      add(block.getNumArguments());
      for (BlockArgument argument : block.getArguments())
        define(argument);
      for (Operation &op : block) {
        add(op.getName().getAsOpaquePointer());
        add(op.getAttrDictionary().getAsOpaquePointer());
        add(op.getNumOperands());
        for (Value v : op.getOperands())
          add(numbers.lookup(v));
        for (Block *successor : op.getSuccessors())
          add(blocks.lookup(successor));
        add(op.getNumRegions());
        for (Region &inner : op.getRegions())
          add(inner);
        add(op.getNumResults());
        for (Value v : op.getResults())
          define(v);
      }
    }
  }

  SmallVector<uint64_t, 128> words;
  llvm::DenseMap<Value, uint64_t> numbers;
};

/// "matmul+add+relu": what messages and profiles call a kernel.
std::string opsOf(dl::KernelOp kernel) {
  constexpr unsigned shown = 6;
  SmallVector<StringRef> names;
  for (Operation &op : kernel.block().without_terminator())
    if (!isa<dl::ConstantOp, dl::NoneOp>(op))
      names.push_back(op.getName().stripDialect());
  bool more = names.size() > shown;
  names.truncate(std::min<size_t>(names.size(), shown));
  return llvm::join(names, "+") + (more ? "+..." : "");
}

/// For each result, the inputs whose place in memory it may take: those that one pointwise op reads once, of the same dims,
/// on the way to the only result, in a kernel where no op reads an element at another place, but contractions those of
/// their own operands.
ArrayAttr inPlaceOf(dl::KernelOp kernel) {
  Block &body = kernel.block();
  Builder b(kernel.getContext());
  bool isLocal = kernel.getNumResults() == 1 && llvm::all_of(body.without_terminator(), [](Operation &op) {
    return isa<dl::PointwiseOp, dl::ProductOp, dl::ConvolutionOp, dl::TransformedConvolutionOp, dl::NoneOp>(op) ||
           op.hasTrait<OpTrait::ConstantLike>();
  });
  SmallVector<Attribute> all;
  for (auto [r, result] : llvm::enumerate(body.getTerminator()->getOperands())) {
    SetVector<Operation *> leading;
    if (Operation *producer = result.getDefiningOp(); isLocal && producer) {
      (void)getBackwardSlice(producer, &leading);
      leading.insert(producer);
    }
    SmallVector<int64_t> inputs;
    for (auto [i, argument] : llvm::enumerate(body.getArguments().take_front(kernel.getInputs().size())))
      if (argument.hasOneUse() && leading.contains(*argument.user_begin()) && isa<dl::PointwiseOp>(*argument.user_begin()) &&
          argument.getType() == result.getType() && kernel.getInputDims()[i] == kernel.getResultDims()[r])
        inputs.push_back(i);
    all.push_back(b.getDenseI64ArrayAttr(inputs));
  }
  return b.getArrayAttr(all);
}

struct OutlineKernels : impl::OutlineKernelsPassBase<OutlineKernels> {
  void runOnOperation() override {
    ModuleOp module = getOperation();
    SymbolTable symbols(module);
    llvm::StringMap<func::FuncOp> known;
    int64_t node = 0;
    SmallVector<dl::KernelOp> kernels;
    module.walk<WalkOrder::PreOrder>([&](dl::KernelOp kernel) { kernels.push_back(kernel); });
    for (dl::KernelOp kernel : kernels) {
      // A literal's name is a location in disguise.
      kernel.getBody().walk([](dl::ConstantOp constant) { constant.removeNameAttr(); });
      func::FuncOp &function = known[Fingerprint(kernel).bytes()];
      OpBuilder b(kernel);
      bool isNew = !function;
      if (isNew)
        function = declare(kernel, "kernel_" + std::to_string(known.size() - 1), symbols);
      auto call = rt::CallOp::create(b, kernel.getLoc(), kernel.getResultTypes(),
                                     FlatSymbolRefAttr::get(function.getSymNameAttr()), kernel.getInputs(),
                                     kernel.getSymbols(), kernel.getResultDims(), b.getI64IntegerAttr(++node));
      kernel.replaceAllUsesWith(call.getResults());
      if (isNew)
        moveBody(kernel, function);
      kernel.erase();
    }
  }

  static func::FuncOp declare(dl::KernelOp kernel, const std::string &name, SymbolTable &symbols) {
    OpBuilder b(kernel.getContext());
    auto type = b.getFunctionType(TypeRange(kernel.block().getArguments()), kernel.getResultTypes());
    auto function = func::FuncOp::create(kernel.getLoc(), name, type);
    function.setPrivate();
    function->setAttr("dlc.kernel", b.getUnitAttr());
    function->setAttr(inPlaceAttrName, inPlaceOf(kernel));
    function->setAttr("dlc.ops", b.getStringAttr(opsOf(kernel)));
    function->setAttr("dlc.work", b.getStringAttr(llvm::formatv("{0}", llvm::json::Value(dl::workOf(kernel))).str()));
    function->setAttr("dlc.input_dims", kernel.getInputDims());
    function->setAttr("dlc.result_dims", kernel.getResultDims());
    for (NamedAttribute a : kernel->getDiscardableAttrs())
      function->setAttr(a.getName(), a.getValue());
    symbols.insert(function);
    return function;
  }

  static void moveBody(dl::KernelOp kernel, func::FuncOp function) {
    function.getBody().takeBody(kernel.getBody());
    Operation *yield = function.getBody().front().getTerminator();
    OpBuilder b(yield);
    func::ReturnOp::create(b, yield->getLoc(), yield->getOperands());
    yield->erase();
  }
};
} // namespace
} // namespace dlc
