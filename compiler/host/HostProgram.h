//===- HostProgram.h - What the library's tables say of its functions -----===//
//
// Filled by dlc-convert-to-rt (ports, symbols, nodes, blobs) and dlc-plan-memory (segments, bytes), once for each
// variant: a second variant finds the blobs of the first. compiler/package writes dlc_program and the data section
// from it.
//
//===----------------------------------------------------------------------===//
#pragma once

#include "mlir/IR/BuiltinAttributes.h"
#include "llvm/ADT/DenseMap.h"
#include <deque>
#include <functional>
#include <map>
#include <string>
#include <vector>

namespace dlc {

struct HostProgram {
  struct Dim {
    enum Kind { Constant, Symbol, Later } kind;
    int64_t value; ///< of a constant; the index of a symbol
  };
  struct Port {
    std::string name;
    int32_t dtype; ///< dlc_dtype
    std::vector<Dim> dims;
  };
  struct Symbol {
    std::string name;
    int64_t min, max; ///< inclusive
  };
  /// Bytes that a run needs, of what is known when compiling.
  struct Memory {
    int64_t arena = 0;   ///< all intermediate values, as they are placed
    int64_t live = 0;    ///< the most that exist at one time: no placement takes less
    int64_t scratch = 0; ///< of each thread
    void raiseTo(const Memory &other) {
      arena = std::max(arena, other.arena);
      live = std::max(live, other.live);
      scratch = std::max(scratch, other.scratch);
    }
  };
  struct Function {
    std::string name;
    std::vector<Port> inputs, outputs;
    std::vector<Symbol> symbols;
    int64_t launches = 0;
    int64_t segments = 0;   ///< blocks of memory that a session holds; the most that a variant needs
    int32_t stateAccess = 0; ///< DLC_STATE_UNUSED, _READ or _WRITTEN
    std::vector<std::string> copiedStates; ///< whose next value is not written in place
    std::vector<int64_t> segmentBytes; ///< of the blocks whose size is known, else 0
    Memory memory; ///< likewise
  };
  struct State {
    std::string name;
    int32_t dtype;
    std::vector<int64_t> dims;
    std::string initial; ///< the blob that it starts as
  };
  struct Node {
    int64_t id;
    std::vector<std::string> names; ///< of the model's nodes that it stands for
    std::string op;
    std::string expects; ///< of dims, where a run ends if they do not fit
    std::string kernel = {}; ///< that it launches, if it does
  };
  struct Blob {
    std::string symbol;
    int64_t alignment;
    llvm::ArrayRef<char> data; ///< lives as long as the context and this struct, or until `release` is called
    std::function<void()> release;
  };

  std::vector<Function> functions;
  std::vector<State> states;
  std::vector<Node> nodes; ///< by rising id, from 1
  std::map<std::string, std::string> kernels; ///< by name, the work that each does: see dl::workOf
  std::vector<Blob> blobs;

  HostProgram() = default;
  HostProgram(const HostProgram &) = delete;
  HostProgram &operator=(const HostProgram &) = delete;

  /// The function of that name, added if it is new.
  Function &function(llvm::StringRef name);
  /// The symbol of the blob that holds `value` in the layout that kernels expect: row-major, splats written out, a
  /// boolean a byte. Equal bytes are stored once. Null if `value` is a resource whose data is gone.
  const Blob *addConstant(mlir::ElementsAttr value);

private:
  llvm::DenseMap<const void *, size_t> known; ///< by resource, which several types may share, or by attribute
  llvm::DenseMap<uint64_t, llvm::SmallVector<size_t, 1>> byHash;
  std::deque<std::vector<char>> owned; ///< bytes that are not those of an attribute
};

} // namespace dlc
