//===- Program.h - What a compiled model is, beside its code ----*- C++ -*-===//
//
// The description from which the tables, the header and the metadata of a library are made. Plain values.
//
//===----------------------------------------------------------------------===//
#pragma once

#include "llvm/ADT/ArrayRef.h"
#include "llvm/Support/Error.h"
#include "llvm/Support/JSON.h"
#include <cstdint>
#include <functional>
#include <string>
#include <vector>

namespace dlc {

/// A dimension of an input or output.
struct ProgramDim {
  static constexpr int32_t isConstant = -1, isLater = -2;

  int64_t value = 0;
  int32_t symbol = isConstant; ///< index into the function's symbols, or one of the above

  static ProgramDim constant(int64_t value) { return {value, isConstant}; }
  static ProgramDim symbolic(int32_t symbol) { return {0, symbol}; }
  /// Neither constant nor a symbol: the run says it in dlc_rt_output. Outputs only.
  static ProgramDim later() { return {0, isLater}; }
};

struct ProgramPort {
  std::string name;  ///< as in the model
  int32_t dtype = 1; ///< dlc_dtype, which is ONNX's number
  std::vector<ProgramDim> dims;
};

/// A dimension that the caller chooses.
struct ProgramSymbol {
  std::string name;
  int64_t min = 0, max = INT64_MAX; ///< inclusive
};

struct ProgramFunction {
  std::string name = "run"; ///< of the exported PREFIX_name; the module defines `name.<isa>` for each variant
  std::vector<ProgramPort> inputs, outputs;
  std::vector<ProgramSymbol> symbols;
  int32_t segments = 0; ///< memory blocks it uses: those numbered below this
  std::vector<int64_t> segmentBytes = {}; ///< their sizes where known, else 0; a session takes these when it is made
  int32_t stateAccess = 0;           ///< DLC_STATE_UNUSED, _READ or _WRITTEN
  llvm::json::Value flops = nullptr;     ///< of a run, over its symbols, as dl::Amount writes it; null: not known
};

/// A named value that the model keeps from call to call.
struct ProgramState {
  std::string name;
  int32_t dtype = 1;
  std::vector<int64_t> dims;
  std::string initial; ///< the weight that it starts as
};

struct ProgramVariant {
  std::string isa;       ///< Target::name
  uint64_t features = 0; ///< Target::runtimeFeatures
};

/// A node that an error at run time can name.
struct ProgramNode {
  int32_t id;
  std::string name, op;
  std::string expects = {}; ///< empty: nothing is said of it
};

/// One start of a kernel in the program.
struct ProgramLaunch {
  int32_t node; ///< dlc_launch::node
  std::string kernel, ops;
  std::vector<std::string> nodes; ///< of the model, that it does
};

/// What a kernel has to do: "flops" and "bytes" over the sizes d0, d1, ... that a launch gives it.
struct ProgramKernel {
  std::string name;
  llvm::json::Value work;
};

/// Constant data. The module declares an external global of that name; the bytes stay the caller's until they are
/// written, which `release` says once, and are never copied into LLVM's memory.
struct ProgramWeight {
  std::string symbol;
  uint64_t alignment = 64; ///< a power of two
  llvm::ArrayRef<char> bytes;
  std::function<void()> release = {};
};

struct Program {
  std::string name; ///< prefix of the exported symbols, a C identifier (see cIdentifier)
  std::vector<ProgramFunction> functions;
  std::vector<ProgramState> states;
  std::vector<ProgramVariant> variants; ///< best first
  std::vector<ProgramNode> nodes;       ///< by rising id
  std::vector<ProgramLaunch> launches;  ///< likewise
  std::vector<ProgramKernel> kernels;
  std::vector<ProgramWeight> weights;
  llvm::json::Object facts; ///< further members of the description: hash, peak bytes
};

/// An element type at the border of a library.
struct BorderType {
  llvm::StringRef name;  ///< "f32" and so on; empty if the type is none of ours
  llvm::StringRef cType; ///< of the header
};
BorderType borderType(int32_t dtype);

/// `name` with what C does not allow in an identifier replaced by '_', not a keyword of C or C++, not empty.
std::string cIdentifier(llvm::StringRef name);

/// Names of the members of a function's io struct, all different.
struct IoFields {
  std::vector<std::string> inputs, outputs, symbols;
};
IoFields ioFields(const ProgramFunction &function);

/// Whether the port has a dimension known only after the run; its io struct then has its capacity and dims.
bool hasLaterDims(const ProgramPort &port);

/// Everything that C names a function of the library: PREFIX_run for "run".
std::string exportedName(const Program &program, llvm::StringRef what);

/// `text` with the library's name for each `@name@`, and in capitals for `@NAME@`.
std::string withName(llvm::StringRef text, const Program &program);

/// Says what is wrong with the names, numbers and references of `program`, if anything is.
llvm::Error verify(const Program &program);

} // namespace dlc
