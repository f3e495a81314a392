//===- HostCode.cpp -------------------------------------------------------===//
#include "compiler/host/HostCode.h"
#include "mlir/IR/Matchers.h"

using namespace mlir;

namespace dlc {

bool isKept(Value v) {
  return !isa<rt::InputOp, rt::ConstantOp, rt::SliceOp, rt::OffsetOp, rt::SymbolOp, arith::ConstantOp>(
      v.getDefiningOp());
}

HostCode::HostCode(ModuleOp module, SymbolTable &symbols, func::FuncOp function, const Slots *slots)
    : b(function.getContext()), loc(function.getLoc()), module(module), symbols(symbols), function(function),
      slots(slots), entry(function.addEntryBlock()) {
  b.setInsertionPointToStart(entry);
}

//===----------------------------------------------------------------------===//
// Values of the rt function
//===----------------------------------------------------------------------===//

void HostCode::define(Value v, Value here) {
  local[v] = here;
  if (!slots)
    return;
  Value stored = here;
  if (here.getType().isIndex())
    stored = arith::IndexCastOp::create(b, loc, b.getI64Type(), here);
  else if (here.getType().isInteger(1))
    stored = arith::ExtUIOp::create(b, loc, b.getI64Type(), here);
  storeWord(stored, frame(), slots->lookup(v));
}

Value HostCode::kept(Value v) {
  Value &here = local[v];
  if (here)
    return here;
  Value address = word(frame(), slots->lookup(v));
  if (!v.getType().isIntOrIndex())
    return here = LLVM::LoadOp::create(b, loc, ptr(), address);
  Value stored = LLVM::LoadOp::create(b, loc, b.getI64Type(), address);
  if (v.getType().isIndex())
    return here = toIndex(stored);
  return here = arith::TruncIOp::create(b, loc, v.getType(), stored);
}

Value HostCode::number(Value v) {
  Operation *op = v.getDefiningOp();
  if (isa<arith::ConstantOp>(op))
    return b.clone(*op)->getResult(0);
  if (auto symbol = dyn_cast<rt::SymbolOp>(op))
    return toIndex(LLVM::LoadOp::create(b, loc, b.getI64Type(), word(entry->getArgument(2), symbol.getIndex())));
  if (auto offset = dyn_cast<rt::OffsetOp>(op))
    return toIndex(LLVM::LoadOp::create(b, loc, b.getI64Type(), word(kept(offset.getPlan()), offset.getIndex())));
  return kept(v);
}

SmallVector<Value> HostCode::numbers(ValueRange dynamic, ArrayRef<int64_t> fixed) {
  SmallVector<Value> all;
  for (int64_t d : fixed) {
    if (ShapedType::isDynamic(d)) {
      all.push_back(number(dynamic.front()));
      dynamic = dynamic.drop_front();
    } else {
      all.push_back(arith::ConstantIndexOp::create(b, loc, d));
    }
  }
  return all;
}

Value HostCode::i64(Value v) {
  APInt constant;
  if (matchPattern(v, m_ConstantInt(&constant)))
    return i64(constant.getSExtValue());
  return arith::IndexCastOp::create(b, loc, b.getI64Type(), number(v));
}

Value HostCode::pointer(Value buffer) {
  Operation *op = buffer.getDefiningOp();
  if (auto input = dyn_cast<rt::InputOp>(op))
    return LLVM::LoadOp::create(b, loc, ptr(), word(entry->getArgument(1), input.getIndex()));
  if (auto constant = dyn_cast<rt::ConstantOp>(op)) {
    StringRef name = constant.getBlob();
    if (!symbols.lookup(name)) {
      OpBuilder free(b.getContext());
      auto global = LLVM::GlobalOp::create(free, loc, LLVM::LLVMArrayType::get(b.getI8Type(), 0),
                                           /*isConstant=*/true, LLVM::Linkage::External, name, Attribute(),
                                           /*alignment=*/64);
      global.setVisibility_(LLVM::Visibility::Hidden);
      symbols.insert(global, module.getBody()->begin());
    }
    return LLVM::AddressOfOp::create(b, loc, ptr(), name);
  }
  if (auto slice = dyn_cast<rt::SliceOp>(op)) {
    Value block = kept(slice.getBlock());
    APInt offset;
    if (matchPattern(slice.getOffset(), m_ConstantInt(&offset)) && offset.isSignedIntN(31))
      return LLVM::GEPOp::create(b, loc, ptr(), b.getI8Type(), block,
                                 ArrayRef<LLVM::GEPArg>{int32_t(offset.getSExtValue())});
    return LLVM::GEPOp::create(b, loc, ptr(), b.getI8Type(), block, ArrayRef<LLVM::GEPArg>{i64(slice.getOffset())});
  }
  return kept(buffer);
}

//===----------------------------------------------------------------------===//
// Instructions
//===----------------------------------------------------------------------===//

Value HostCode::i32(int64_t v) { return LLVM::ConstantOp::create(b, loc, b.getI32IntegerAttr(v)); }
Value HostCode::i64(int64_t v) { return LLVM::ConstantOp::create(b, loc, b.getI64IntegerAttr(v)); }
Value HostCode::toIndex(Value v) { return arith::IndexCastOp::create(b, loc, b.getIndexType(), v); }

LLVM::LLVMFuncOp HostCode::runtimeFunction(StringRef name, Type result, TypeRange operands) {
  if (auto known = symbols.lookup<LLVM::LLVMFuncOp>(name))
    return known;
  Type type = result ? result : LLVM::LLVMVoidType::get(b.getContext());
  OpBuilder free(b.getContext());
  auto made = LLVM::LLVMFuncOp::create(free, module.getLoc(), name,
                                       LLVM::LLVMFunctionType::get(type, SmallVector<Type>(operands)));
  symbols.insert(made, module.getBody()->begin());
  return made;
}

Value HostCode::call(StringRef name, Type result, ValueRange operands) {
  auto made = LLVM::CallOp::create(b, loc, runtimeFunction(name, result, operands.getTypes()), operands);
  return result ? made.getResult() : Value();
}

Value HostCode::alloca(int64_t bytes) {
  OpBuilder::InsertionGuard guard(b);
  b.setInsertionPointToStart(entry);
  return LLVM::AllocaOp::create(b, loc, ptr(), b.getI8Type(), i64(std::max<int64_t>(bytes, 8)), /*alignment=*/8);
}

Value HostCode::closure(int64_t bytes) {
  if (!closureMemory)
    closureMemory = alloca(bytes).getDefiningOp<LLVM::AllocaOp>();
  closureSize = std::max(closureSize, std::max<int64_t>(bytes, 8));
  closureMemory.getArraySize().getDefiningOp<LLVM::ConstantOp>().setValueAttr(b.getI64IntegerAttr(closureSize));
  return closureMemory;
}

Value HostCode::word(Value base, int64_t i) {
  if (i == 0)
    return base;
  return LLVM::GEPOp::create(b, loc, ptr(), b.getI64Type(), base, ArrayRef<LLVM::GEPArg>{int32_t(i)});
}

void HostCode::storeWord(Value v, Value base, int64_t i) { LLVM::StoreOp::create(b, loc, v, word(base, i)); }

Value HostCode::load(Type type, Value base, int64_t i) {
  return LLVM::LoadOp::create(b, loc, type, word(base, i));
}

Value HostCode::store(ArrayRef<Value> numbers, Value to) {
  if (!to)
    to = alloca(8 * numbers.size());
  for (auto [i, v] : llvm::enumerate(numbers))
    storeWord(arith::IndexCastOp::create(b, loc, b.getI64Type(), v), to, i);
  return to;
}

Value HostCode::bytes(ArrayRef<Value> dims, int64_t width) {
  Value product = i64(width), overflow = arith::ConstantIntOp::create(b, loc, 0, 1);
  Value zero = i64(int64_t(0));
  for (Value d : dims) {
    Value factor = arith::IndexCastOp::create(b, loc, b.getI64Type(), d);
    auto wide = arith::MulUIExtendedOp::create(b, loc, product, factor);
    product = wide.getLow();
    Value lost = arith::CmpIOp::create(b, loc, arith::CmpIPredicate::ne, wide.getHigh(), zero);
    overflow = arith::OrIOp::create(b, loc, overflow, lost);
  }
  Value negative = arith::CmpIOp::create(b, loc, arith::CmpIPredicate::slt, product, zero);
  overflow = arith::OrIOp::create(b, loc, overflow, negative);
  Value most = i64(std::numeric_limits<int64_t>::max());
  return toIndex(arith::SelectOp::create(b, loc, overflow, most, product));
}

/// `v`, or the least number or the largest where it has overflown.
Value HostCode::limited(Value v, Value overflows, Value isNegative) {
  Value least = i64(std::numeric_limits<int64_t>::min()), most = i64(std::numeric_limits<int64_t>::max());
  return toIndex(arith::SelectOp::create(b, loc, overflows, arith::SelectOp::create(b, loc, isNegative, least, most), v));
}

Value HostCode::saturatingSum(Value x, Value y) {
  Type type = b.getI64Type();
  Value p = arith::IndexCastOp::create(b, loc, type, x), q = arith::IndexCastOp::create(b, loc, type, y);
  Value sum = arith::AddIOp::create(b, loc, p, q), zero = i64(int64_t(0));
  auto isNegative = [&](Value v) { return arith::CmpIOp::create(b, loc, arith::CmpIPredicate::slt, v, zero); };
  // Both have the sign that the sum has not.
  Value changed = arith::AndIOp::create(b, loc, arith::XOrIOp::create(b, loc, p, sum), arith::XOrIOp::create(b, loc, q, sum));
  return limited(sum, isNegative(changed), isNegative(p));
}

Value HostCode::saturatingProduct(Value x, Value y) {
  Type type = b.getI64Type();
  Value p = arith::IndexCastOp::create(b, loc, type, x), q = arith::IndexCastOp::create(b, loc, type, y);
  auto wide = arith::MulSIExtendedOp::create(b, loc, p, q);
  Value sign = arith::ShRSIOp::create(b, loc, wide.getLow(), i64(int64_t(63))), zero = i64(int64_t(0));
  Value overflows = arith::CmpIOp::create(b, loc, arith::CmpIPredicate::ne, wide.getHigh(), sign);
  return limited(wide.getLow(), overflows, arith::CmpIOp::create(b, loc, arith::CmpIPredicate::slt, wide.getHigh(), zero));
}

Value HostCode::expand(AffineExpr e, ArrayRef<Value> dims, ArrayRef<Value> symbolValues) {
  if (auto c = dyn_cast<AffineConstantExpr>(e))
    return arith::ConstantIndexOp::create(b, loc, c.getValue());
  if (auto d = dyn_cast<AffineDimExpr>(e))
    return dims[d.getPosition()];
  if (auto s = dyn_cast<AffineSymbolExpr>(e))
    return symbolValues[s.getPosition()];
  auto binary = cast<AffineBinaryOpExpr>(e);
  Value x = expand(binary.getLHS(), dims, symbolValues), y = expand(binary.getRHS(), dims, symbolValues);
  if (e.getKind() == AffineExprKind::Add)
    return saturatingSum(x, y);
  if (e.getKind() == AffineExprKind::Mul)
    return saturatingProduct(x, y);
  if (!isa<AffineConstantExpr>(binary.getRHS()))
    y = arith::MaxSIOp::create(b, loc, y, arith::ConstantIndexOp::create(b, loc, 1));
  if (e.getKind() == AffineExprKind::CeilDiv)
    return arith::CeilDivSIOp::create(b, loc, x, y);
  Value quotient = arith::FloorDivSIOp::create(b, loc, x, y);
  if (e.getKind() == AffineExprKind::FloorDiv)
    return quotient;
  return arith::SubIOp::create(b, loc, x, arith::MulIOp::create(b, loc, quotient, y));
}

Value HostCode::read(Value from, int64_t index, Type elementType) {
  auto type = cast<IntegerType>(elementType);
  Type stored = b.getIntegerType(type.getWidth() == 1 ? 8 : type.getWidth());
  Value address = LLVM::GEPOp::create(b, loc, ptr(), stored, from, ArrayRef<LLVM::GEPArg>{int32_t(index)});
  Value v = LLVM::LoadOp::create(b, loc, stored, address);
  if (type.isUnsigned() || type.getWidth() == 1)
    return arith::IndexCastUIOp::create(b, loc, b.getIndexType(), v);
  return toIndex(v);
}

Value HostCode::table(StringRef name, ArrayRef<int32_t> values) {
  auto type = LLVM::LLVMArrayType::get(b.getI32Type(), values.size());
  auto tensor = RankedTensorType::get(int64_t(values.size()), b.getI32Type());
  OpBuilder free(b.getContext());
  auto global = LLVM::GlobalOp::create(free, loc, type, /*isConstant=*/true, LLVM::Linkage::Internal, name,
                                       DenseElementsAttr::get(tensor, values), /*alignment=*/8);
  symbols.insert(global, module.getBody()->begin());
  return LLVM::AddressOfOp::create(b, loc, ptr(), global.getSymName());
}

Value HostCode::launch(rt::LaunchOp op, StringRef task, int64_t firstDim) {
  Type i32Type = b.getI32Type();
  auto type = LLVM::LLVMStructType::getLiteral(b.getContext(), {ptr(), b.getI64Type(), i32Type, i32Type, i32Type, i32Type});
  std::string name = (function.getSymName() + ".launch" + Twine(op.getNode())).str();
  OpBuilder free(b.getContext());
  auto global = LLVM::GlobalOp::create(free, loc, type, /*isConstant=*/true, LLVM::Linkage::Internal, name, Attribute(),
                                       /*alignment=*/8);
  symbols.insert(global, module.getBody()->begin());
  {
    OpBuilder::InsertionGuard guard(b);
    b.createBlock(&global.getInitializerRegion());
    Value members[] = {LLVM::AddressOfOp::create(b, loc, ptr(), task), i64(int64_t(op.getGrain())), i32(op.getNode()),
                       i32(op.getDims().size()), i32(firstDim), i32(0)};
    Value v = LLVM::PoisonOp::create(b, loc, type);
    for (auto [i, member] : llvm::enumerate(members))
      v = LLVM::InsertValueOp::create(b, loc, v, member, ArrayRef<int64_t>{int64_t(i)});
    LLVM::ReturnOp::create(b, loc, v);
  }
  return LLVM::AddressOfOp::create(b, loc, ptr(), global.getSymName());
}

void HostCode::unlessProfiled(llvm::function_ref<void()> quick, llvm::function_ref<void()> otherwise) {
  Value profile = LLVM::LoadOp::create(b, loc, ptr(), context()); // the first word of a dlc_context
  Value isNone = LLVM::ICmpOp::create(b, loc, LLVM::ICmpPredicate::eq, profile, LLVM::ZeroOp::create(b, loc, ptr()));
  auto branch = scf::IfOp::create(b, loc, isNone, /*withElseRegion=*/true);
  OpBuilder::InsertionGuard guard(b);
  b.setInsertionPointToStart(branch.thenBlock());
  quick();
  b.setInsertionPointToStart(branch.elseBlock());
  otherwise();
}

Value HostCode::plan(rt::PlanOp op) {
  // Few sizes differ, however many buffers there are: each is computed once and a table says whose it is.
  llvm::MapVector<Value, int32_t> distinct;
  SmallVector<int32_t> which;
  for (Value v : op.getSizes())
    which.push_back(distinct.try_emplace(v, distinct.size()).first->second);
  SmallVector<Value> values;
  for (auto &[v, i] : distinct)
    values.push_back(number(v));
  Value from = store(values), sizes = alloca(8 * which.size());
  std::string suffix = std::to_string(op.getSegment());
  Value whose = table((function.getSymName() + ".sizes" + suffix).str(), which);
  auto constant = [&](int64_t v) { return arith::ConstantIndexOp::create(b, loc, v); };
  auto loop = scf::ForOp::create(b, loc, constant(0), constant(which.size()), constant(1));
  {
    OpBuilder::InsertionGuard guard(b);
    b.setInsertionPointToStart(loop.getBody());
    Type i32 = b.getI32Type(), i64 = b.getI64Type();
    Value i = arith::IndexCastOp::create(b, loc, i64, loop.getInductionVar());
    auto element = [&](Type type, Value base, Value at) -> Value {
      return LLVM::GEPOp::create(b, loc, ptr(), type, base, ArrayRef<LLVM::GEPArg>{at});
    };
    Value number = LLVM::LoadOp::create(b, loc, i32, element(i32, whose, i));
    Value size = LLVM::LoadOp::create(b, loc, i64, element(i64, from, number));
    LLVM::StoreOp::create(b, loc, size, element(i64, sizes, i));
  }
  Value live = table((function.getSymName() + ".live" + suffix).str(), op.getLive());
  Value offsets = call("dlc_rt_plan", ptr(),
                       {context(), i32(op.getSegment()), i32(which.size()), live, sizes});
  returnStatusIfNull(offsets);
  return offsets;
}

/// void dlc.report(ptr context, i64 word, i64 node)
LLVM::LLVMFuncOp HostCode::reportFunction() {
  constexpr llvm::StringLiteral name = "dlc.report";
  if (auto known = symbols.lookup<LLVM::LLVMFuncOp>(name))
    return known;
  Type i64 = b.getI64Type();
  OpBuilder::InsertionGuard guard(b);
  b.clearInsertionPoint();
  auto type = LLVM::LLVMFunctionType::get(LLVM::LLVMVoidType::get(b.getContext()), {ptr(), i64, i64});
  auto made = LLVM::LLVMFuncOp::create(b, module.getLoc(), name, type, LLVM::Linkage::Internal);
  made.setNoInline(true);
  symbols.insert(made, module.getBody()->begin());
  Block *body = made.addEntryBlock(b);
  b.setInsertionPointToStart(body);
  Value word = body->getArgument(1), node = body->getArgument(2);
  Value session = call("dlc_rt_status_word", ptr(), body->getArgument(0));
  Value old = LLVM::LoadOp::create(b, loc, i64, session);
  Value zero = LLVM::ConstantOp::create(b, loc, b.getI64IntegerAttr(0));
  Value eight = LLVM::ConstantOp::create(b, loc, b.getI64IntegerAttr(8));
  Value mine = LLVM::AddOp::create(b, loc, word, LLVM::ShlOp::create(b, loc, node, eight));
  auto compare = [&](LLVM::ICmpPredicate p, Value x, Value y) { return LLVM::ICmpOp::create(b, loc, p, x, y); };
  Value first = LLVM::OrOp::create(b, loc, compare(LLVM::ICmpPredicate::eq, old, zero),
                                   compare(LLVM::ICmpPredicate::ult, mine, old));
  Value merged = LLVM::SelectOp::create(b, loc, first, mine, old);
  Value nothing = compare(LLVM::ICmpPredicate::eq, word, zero);
  LLVM::StoreOp::create(b, loc, LLVM::SelectOp::create(b, loc, nothing, old, merged), session);
  LLVM::ReturnOp::create(b, loc, ValueRange());
  return made;
}

void HostCode::report(Value word, int64_t node) {
  Value value = LLVM::LoadOp::create(b, loc, b.getI64Type(), word);
  LLVM::CallOp::create(b, loc, reportFunction(), ValueRange{context(), value, i64(node)});
}

//===----------------------------------------------------------------------===//
// Ends of the function
//===----------------------------------------------------------------------===//

void HostCode::branch(Value condition, Block *otherwise, ValueRange operands) {
  Block *next = function.addBlock();
  next->moveBefore(otherwise);
  cf::CondBranchOp::create(b, loc, condition, next, ValueRange(), otherwise, operands);
  b.setInsertionPointToStart(next);
}

void HostCode::returnStatusIfNull(Value pointer) {
  Value null = LLVM::ZeroOp::create(b, loc, ptr());
  Value there = LLVM::ICmpOp::create(b, loc, LLVM::ICmpPredicate::ne, pointer, null);
  if (!statusExit) {
    OpBuilder::InsertionGuard guard(b);
    statusExit = b.createBlock(&function.getBody(), function.end());
    returnStatus();
  }
  branch(there, statusExit, {});
}

void HostCode::require(rt::RequireOp op) {
  Type i32Type = b.getI32Type(), i64Type = b.getI64Type();
  if (!mismatchExit) {
    OpBuilder::InsertionGuard guard(b);
    mismatchExit =
        b.createBlock(&function.getBody(), function.end(), {i32Type, i32Type, i64Type, i64Type}, {loc, loc, loc, loc});
    SmallVector<Value> arguments{context()};
    llvm::append_range(arguments, mismatchExit->getArguments());
    func::ReturnOp::create(b, loc, call("dlc_rt_mismatch", i32Type, arguments));
  }
  Value lhs = i64(op.getA()), rhs = op.getB() ? i64(op.getB()) : i64(int64_t(0));
  auto predicate = !op.getB()       ? arith::CmpIPredicate::sge
                   : op.getAtMost() ? arith::CmpIPredicate::sle
                                    : arith::CmpIPredicate::eq;
  Value fits = arith::CmpIOp::create(b, loc, predicate, lhs, rhs);
  if (op.getOrOne())
    fits = arith::OrIOp::create(b, loc, fits,
                                arith::CmpIOp::create(b, loc, arith::CmpIPredicate::eq, lhs, i64(int64_t(1))));
  branch(fits, mismatchExit, {i32(op.getNode()), i32(op.getB() ? 2 : 1), lhs, rhs});
}

void HostCode::callPart(func::FuncOp part, Value frame) {
  bool isBody = entry->getNumArguments() > 3;
  Value described = isBody ? results() : Value(LLVM::ZeroOp::create(b, loc, ptr()));
  Value status = func::CallOp::create(b, loc, part,
                                      ValueRange{context(), entry->getArgument(1), entry->getArgument(2), described, frame})
                     .getResult(0);
  returnUnlessZero(status);
}

void HostCode::returnUnlessZero(Value status) {
  if (!codeExit) {
    OpBuilder::InsertionGuard guard(b);
    codeExit = b.createBlock(&function.getBody(), function.end(), b.getI32Type(), loc);
    func::ReturnOp::create(b, loc, codeExit->getArgument(0));
  }
  Value ok = LLVM::ICmpOp::create(b, loc, LLVM::ICmpPredicate::eq, status, i32(0));
  branch(ok, codeExit, status);
}

void HostCode::returnStatus() {
  func::ReturnOp::create(b, loc, call("dlc_rt_status", b.getI32Type(), context()));
}

void HostCode::returnOk() { func::ReturnOp::create(b, loc, i32(0)); }

} // namespace dlc
