//===- Program.cpp - What a compiled model is, beside its code ------------===//
#include "compiler/package/Program.h"

#include "runtime/program.h"
#include "llvm/ADT/STLExtras.h"
#include "llvm/ADT/SmallVector.h"
#include "llvm/ADT/StringExtras.h"
#include "llvm/ADT/StringSet.h"
#include "llvm/Support/MathExtras.h"
#include <utility>

namespace dlc {

static_assert(ProgramDim::isConstant == DLC_DIM_CONSTANT && ProgramDim::isLater == DLC_DIM_LATER);

BorderType borderType(int32_t dtype) {
  static constexpr std::pair<int32_t, BorderType> types[] = {
      {DLC_F32, {"f32", "float"}},     {DLC_U8, {"u8", "uint8_t"}},     {DLC_I8, {"i8", "int8_t"}},
      {DLC_U16, {"u16", "uint16_t"}},  {DLC_I16, {"i16", "int16_t"}},   {DLC_I32, {"i32", "int32_t"}},
      {DLC_I64, {"i64", "int64_t"}},   {DLC_BOOL, {"bool", "uint8_t"}}, {DLC_F16, {"f16", "uint16_t"}},
      {DLC_F64, {"f64", "double"}},    {DLC_U32, {"u32", "uint32_t"}},  {DLC_U64, {"u64", "uint64_t"}},
      {DLC_BF16, {"bf16", "uint16_t"}},
      {DLC_F8E4M3FN, {"f8e4m3fn", "uint8_t"}},
      {DLC_F8E4M3FNUZ, {"f8e4m3fnuz", "uint8_t"}},
      {DLC_F8E5M2, {"f8e5m2", "uint8_t"}},
      {DLC_F8E5M2FNUZ, {"f8e5m2fnuz", "uint8_t"}},
      {DLC_F8E8M0FNU, {"f8e8m0fnu", "uint8_t"}},
      {DLC_F4E2M1FN, {"f4e2m1fn", "uint8_t"}},
      {DLC_U4, {"u4", "uint8_t"}},     {DLC_I4, {"i4", "int8_t"}},      {DLC_U2, {"u2", "uint8_t"}},
      {DLC_I2, {"i2", "int8_t"}}};
  for (const auto &[known, type] : types)
    if (known == dtype)
      return type;
  return {};
}

namespace {
const llvm::StringSet<> &keywords() {
  static const llvm::StringSet<> words = {
      "alignas",      "alignof",       "and",         "and_eq",    "asm",       "auto",
      "bitand",       "bitor",         "bool",        "break",     "case",      "catch",
      "char",         "class",         "co_await",    "co_return", "co_yield",  "compl",
      "concept",      "const",         "consteval",   "constexpr", "constinit", "const_cast",
      "continue",     "decltype",      "default",     "delete",    "do",        "double",
      "dynamic_cast", "else",          "enum",        "explicit",  "export",    "extern",
      "false",        "float",         "for",         "friend",    "goto",      "if",
      "inline",       "int",           "long",        "mutable",   "namespace", "new",
      "noexcept",     "not",           "not_eq",      "nullptr",   "operator",  "or",
      "or_eq",        "private",       "protected",   "public",    "register",  "reinterpret_cast",
      "requires",     "restrict",      "return",      "short",     "signed",    "sizeof",
      "static",       "static_assert", "static_cast", "struct",    "switch",    "template",
      "this",         "thread_local",  "throw",       "true",      "try",       "typedef",
      "typeid",       "typename",      "typeof",      "union",     "unsigned",  "using",
      "virtual",      "void",          "volatile",    "wchar_t",   "while",     "xor",
      "xor_eq",       "linux",         "unix"};
  return words;
}

/// What the library exports under its prefix whatever its functions are, and the types of its header.
constexpr llvm::StringLiteral reserved[] = {
    "open",     "close",    "variant",   "session_new", "session_free", "call",    "last_error", "status_text",
    "describe", "pool_new", "pool_free", "get_state", "set_state", "set_profile", "io",          "model",        "session", "options",    "weights"};

/// `name`, numbered until neither it nor it with one of `endings` is taken; takes them.
std::string claimName(const std::string &name, llvm::StringSet<> &taken, llvm::ArrayRef<llvm::StringRef> endings = {}) {
  std::string candidate = name;
  auto isTaken = [&](llvm::StringRef ending) { return taken.contains(candidate + ending.str()); };
  for (int i = 2; isTaken("") || llvm::any_of(endings, isTaken); ++i)
    candidate = name + "_" + std::to_string(i);
  taken.insert(candidate);
  for (llvm::StringRef ending : endings)
    taken.insert(candidate + ending.str());
  return candidate;
}
} // namespace

std::string cIdentifier(llvm::StringRef name) {
  std::string result;
  for (char c : name)
    result += llvm::isAlnum(c) ? c : '_';
  if (result.empty() || llvm::isDigit(result[0]))
    result.insert(result.begin(), '_');
  if (keywords().contains(result))
    result += '_';
  return result;
}

bool hasLaterDims(const ProgramPort &port) {
  for (const ProgramDim &dim : port.dims)
    if (dim.symbol == ProgramDim::isLater)
      return true;
  return false;
}

IoFields ioFields(const ProgramFunction &function) {
  IoFields fields;
  llvm::StringSet<> taken;
  for (const ProgramPort &port : function.inputs)
    fields.inputs.push_back(claimName(cIdentifier(port.name), taken));
  for (const ProgramPort &port : function.outputs) {
    llvm::SmallVector<llvm::StringRef, 2> endings;
    if (hasLaterDims(port))
      endings = {"_capacity", "_dims"};
    fields.outputs.push_back(claimName(cIdentifier(port.name), taken, endings));
  }
  for (const ProgramSymbol &symbol : function.symbols)
    fields.symbols.push_back(claimName(cIdentifier(symbol.name), taken));
  return fields;
}

std::string exportedName(const Program &program, llvm::StringRef what) { return program.name + "_" + what.str(); }

std::string withName(llvm::StringRef text, const Program &program) {
  const std::string capitals = llvm::StringRef(program.name).upper();
  std::string result;
  while (!text.empty()) {
    const bool small = text.consume_front("@name@");
    if (small || text.consume_front("@NAME@")) {
      result += small ? program.name : capitals;
      continue;
    }
    const size_t plain = text.find('@', 1);
    result += text.substr(0, plain);
    text = text.substr(plain);
  }
  return result;
}

namespace {
llvm::Error verifyPort(const ProgramFunction &function, const ProgramPort &port, bool output) {
  auto wrong = [&](const llvm::Twine &what) {
    return llvm::createStringError(llvm::Twine(output ? "output \"" : "input \"") + port.name + "\" of " +
                                   function.name + ": " + what);
  };
  if (borderType(port.dtype).name.empty())
    return wrong("dtype " + llvm::Twine(port.dtype) + " is not supported at the border of a library");
  for (const ProgramDim &dim : port.dims) {
    if (dim.symbol == ProgramDim::isLater && output)
      continue;
    if (dim.symbol < ProgramDim::isConstant || dim.symbol >= int32_t(function.symbols.size()))
      return wrong("no symbol " + llvm::Twine(dim.symbol));
    if (dim.symbol == ProgramDim::isConstant && dim.value < 0)
      return wrong("dimension " + llvm::Twine(dim.value) + " is negative");
  }
  return llvm::Error::success();
}
} // namespace

llvm::Error verify(const Program &program) {
  if (cIdentifier(program.name) != program.name)
    return llvm::createStringError("library name \"" + program.name + "\" is no C identifier");
  if (program.functions.empty() || program.variants.empty())
    return llvm::createStringError("library \"" + program.name + "\" has no function or no variant");
  llvm::StringSet<> names;
  for (llvm::StringRef name : reserved)
    names.insert(name);
  for (const ProgramFunction &function : program.functions) {
    if (cIdentifier(function.name) != function.name)
      return llvm::createStringError("function name \"" + function.name + "\" is no C identifier");
    const bool ioTaken = function.name != "run" && !names.insert(function.name + "_io").second;
    if (!names.insert(function.name).second || ioTaken)
      return llvm::createStringError("function name \"" + function.name + "\" is taken");
    for (const ProgramSymbol &symbol : function.symbols)
      if (symbol.min < 0 || symbol.min > symbol.max)
        return llvm::createStringError("symbol " + symbol.name + " of " + function.name + ": bounds " +
                                       llvm::Twine(symbol.min) + " to " + llvm::Twine(symbol.max) + " hold no size");
    for (const ProgramPort &port : function.inputs)
      if (llvm::Error error = verifyPort(function, port, /*output=*/false))
        return error;
    for (const ProgramPort &port : function.outputs)
      if (llvm::Error error = verifyPort(function, port, /*output=*/true))
        return error;
  }
  llvm::StringSet<> states;
  for (const ProgramState &state : program.states) {
    if (!states.insert(state.name).second)
      return llvm::createStringError("state \"" + state.name + "\" is there twice");
    if (borderType(state.dtype).name.empty())
      return llvm::createStringError("state \"" + state.name + "\": dtype " + llvm::Twine(state.dtype) +
                                     " is not supported at the border of a library");
  }
  for (const ProgramWeight &weight : program.weights)
    if (!llvm::isPowerOf2_64(weight.alignment))
      return llvm::createStringError("weight \"" + weight.symbol + "\": alignment " + llvm::Twine(weight.alignment) +
                                     " is no power of two");
  return llvm::Error::success();
}

} // namespace dlc
