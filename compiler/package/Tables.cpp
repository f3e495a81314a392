//===- Tables.cpp - The constant tables of runtime/program.h --------------===//
#include "compiler/package/Tables.h"

#include "runtime/program.h"
#include "llvm/ADT/STLExtras.h"
#include "llvm/ADT/StringMap.h"
#include "llvm/IR/Constants.h"
#include "llvm/IR/DerivedTypes.h"

using namespace llvm;

namespace dlc {

TableTypes::TableTypes(LLVMContext &context) {
  Type *pointer = PointerType::get(context, 0), *i32 = Type::getInt32Ty(context), *i64 = Type::getInt64Ty(context);
  dim = StructType::get(context, {i64, i32, i32});
  port = StructType::get(context, {pointer, i32, i32, pointer});
  function =
      StructType::get(context, {pointer, i32, i32, i32, i32, pointer, pointer, pointer, pointer, pointer, pointer, pointer,
                                          i32, i32});
  state = StructType::get(context, {pointer, i32, i32, pointer, i64, pointer});
  variant = StructType::get(context, {pointer, i64});
  node = StructType::get(context, {i32, i32, pointer, pointer, pointer});
  program = StructType::get(context, {i32, i32, i32, i32, i32, i32, pointer, pointer, pointer, pointer, pointer});
  SmallVector<Type *> members = {i64, i32, i32, pointer, pointer, pointer};
  members.append(13, pointer); // the entry points
  description = StructType::get(context, members);
}

namespace {

/// Makes constants in one module.
class Builder {
public:
  explicit Builder(Module &module)
      : module(module), context(module.getContext()), types(context), pointer(PointerType::get(context, 0)) {}

  Constant *i32(int64_t value) { return ConstantInt::getSigned(Type::getInt32Ty(context), value); }
  Constant *i64(uint64_t value) { return ConstantInt::get(Type::getInt64Ty(context), value); }
  Constant *null() { return ConstantPointerNull::get(pointer); }

  GlobalVariable *global(Constant *value) {
    auto *result =
        new GlobalVariable(module, value->getType(), /*isConstant=*/true, GlobalValue::PrivateLinkage, value);
    result->setUnnamedAddr(GlobalValue::UnnamedAddr::Global);
    return result;
  }
  /// An array of them, or null if there is none.
  Constant *array(Type *element, ArrayRef<Constant *> values) {
    if (values.empty())
      return null();
    return global(ConstantArray::get(ArrayType::get(element, values.size()), values));
  }
  Constant *string(StringRef text) {
    Constant *&known = strings[text];
    if (!known)
      known = global(ConstantDataArray::getString(context, text));
    return known;
  }

  Constant *ports(ArrayRef<ProgramPort> ports) {
    SmallVector<Constant *> values;
    for (const ProgramPort &port : ports) {
      SmallVector<Constant *> dims;
      for (const ProgramDim &dim : port.dims)
        dims.push_back(ConstantStruct::get(types.dim, {i64(uint64_t(dim.value)), i32(dim.symbol), i32(0)}));
      values.push_back(ConstantStruct::get(
          types.port, {string(port.name), i32(port.dtype), i32(int64_t(dims.size())), array(types.dim, dims)}));
    }
    return array(types.port, values);
  }

  Expected<Constant *> function(const ProgramFunction &function, ArrayRef<ProgramVariant> variants) {
    SmallVector<Constant *> names, minima, maxima, entries;
    for (const ProgramSymbol &symbol : function.symbols) {
      names.push_back(string(symbol.name));
      minima.push_back(i64(uint64_t(symbol.min)));
      maxima.push_back(i64(uint64_t(symbol.max)));
    }
    for (const ProgramVariant &variant : variants) {
      std::string name = function.name + "." + variant.isa;
      Function *entry = module.getFunction(name);
      if (!entry || entry->isDeclaration())
        return createStringError("the module does not define \"" + name + "\"");
      entries.push_back(entry);
    }
    Type *word = Type::getInt64Ty(context);
    SmallVector<Constant *> bytes;
    for (int32_t i = 0; i < function.segments; ++i)
      bytes.push_back(i64(i < int32_t(function.segmentBytes.size()) ? uint64_t(function.segmentBytes[i]) : 0));
    return ConstantStruct::get(types.function, {string(function.name), i32(int64_t(function.inputs.size())),
                                                i32(int64_t(function.outputs.size())),
                                                i32(int64_t(function.symbols.size())), i32(function.segments),
                                                ports(function.inputs), ports(function.outputs), array(pointer, names),
                                                array(word, minima), array(word, maxima), array(pointer, entries),
                                                array(word, bytes), i32(function.stateAccess), i32(0)});
  }

  Expected<Constant *> state(const ProgramState &state, const Program &program) {
    auto weight = find_if(program.weights, [&](const ProgramWeight &w) { return w.symbol == state.initial; });
    if (weight == program.weights.end())
      return createStringError("state \"" + state.name + "\" starts as \"" + state.initial + "\", which is no weight");
    SmallVector<Constant *> dims;
    for (int64_t d : state.dims)
      dims.push_back(i64(uint64_t(d)));
    Constant *initial = module.getOrInsertGlobal(state.initial, Type::getInt8Ty(context));
    return ConstantStruct::get(types.state, {string(state.name), i32(state.dtype), i32(int64_t(dims.size())),
                                             array(Type::getInt64Ty(context), dims), i64(weight->bytes.size()), initial});
  }

  Module &module;
  LLVMContext &context;
  TableTypes types;
  PointerType *pointer;

private:
  StringMap<Constant *> strings;
};

} // namespace

Expected<GlobalVariable *> addProgramTable(Module &module, const Program &program) {
  Builder b(module);
  SmallVector<Constant *> functions, states, variants, nodes;
  for (const ProgramFunction &function : program.functions) {
    Expected<Constant *> value = b.function(function, program.variants);
    if (!value)
      return value.takeError();
    functions.push_back(*value);
  }
  for (const ProgramState &state : program.states) {
    Expected<Constant *> value = b.state(state, program);
    if (!value)
      return value.takeError();
    states.push_back(*value);
  }
  for (const ProgramVariant &variant : program.variants)
    variants.push_back(ConstantStruct::get(b.types.variant, {b.string(variant.isa), b.i64(variant.features)}));
  for (const ProgramNode &node : program.nodes)
    nodes.push_back(ConstantStruct::get(b.types.node, {b.i32(node.id), b.i32(0), b.string(node.name),
                                                       b.string(node.op), b.string(node.expects)}));
  return b.global(ConstantStruct::get(b.types.program,
                                      {b.i32(DLC_ABI), b.i32(int64_t(functions.size())),
                                       b.i32(int64_t(variants.size())), b.i32(int64_t(nodes.size())),
                                       b.i32(int64_t(states.size())), b.i32(0), b.string(program.name), b.array(b.types.function, functions),
                                       b.array(b.types.variant, variants), b.array(b.types.node, nodes),
                                       b.array(b.types.state, states)}));
}

GlobalVariable *addDescription(Module &module, const Program &program, StringRef json) {
  Builder b(module);
  SmallVector<Constant *> names;
  for (const ProgramFunction &function : program.functions)
    names.push_back(b.string(function.name));
  SmallVector<Constant *> members = {b.i64(sizeof(dlc_description)), b.i32(DLC_ABI), b.i32(int64_t(names.size())),
                                     b.string(program.name),         b.string(json), b.array(b.pointer, names)};
  for (StringRef entry : {"open", "close", "variant", "session_new", "session_free", "call", "last_error",
                          "status_text", "pool_new", "pool_free", "get_state", "set_state", "set_profile"})
    members.push_back(module.getFunction(exportedName(program, entry)));
  return b.global(ConstantStruct::get(b.types.description, members));
}

} // namespace dlc
