//===- Library.h - A compiled model, driven through its ABI ----*- C++ -*-===//
//
// Opens any library made by `dlc compile`, knowing only runtime/model.h.
//
//===----------------------------------------------------------------------===//
#pragma once

#include "runtime/model.h"
#include "tools/dlc/Amount.h"
#include "tools/dlc/TensorIO.h"
#include <map>
#include <memory>

namespace dlc {

/// A dimension: a size, a symbol's name, or neither (known only after the run).
struct PortDim {
  std::optional<int64_t> size;
  std::string symbol;
};

struct Port {
  std::string name; ///< as in the model
  const DType *type = nullptr;
  std::vector<PortDim> dims;

  std::string typeText() const; ///< f32[N,64], ? for a dim known only after the run
  /// Sizes with the symbols' values put in; an error names the first symbol that has none.
  llvm::Expected<std::vector<int64_t>> sizes(const std::map<std::string, int64_t> &symbols) const;
};

struct LibraryFunction {
  std::string name;
  std::vector<Port> inputs, outputs;
  Amount flops; ///< of a run, over its symbols

  std::optional<int64_t> flopsFor(const std::map<std::string, int64_t> &symbols) const;
};

/// One start of a kernel in the library's program.
struct LibraryLaunch {
  std::string kernel, ops;
  std::vector<std::string> nodes; ///< of the model, that it does
  Amount flops, bytes;            ///< over d0, d1, ...
};

/// The code of one library. Stays loaded as long as this object lives.
class Library {
public:
  static llvm::Expected<std::unique_ptr<Library>> open(llvm::StringRef path);
  ~Library();
  Library(const Library &) = delete;

  const dlc_description &abi() const { return *abi_; }
  const std::vector<LibraryFunction> &functions() const { return functions_; }
  /// By dlc_event::node.
  const std::map<int32_t, LibraryLaunch> &launches() const { return launches_; }
  /// Index of the function called `name`, or an error that lists them.
  llvm::Expected<int32_t> find(llvm::StringRef name) const;
  /// Whether this machine runs that variant, which the library must have.
  bool runs(const std::string &variant) const;

private:
  Library() = default;
  llvm::Error readDescription(llvm::StringRef path);

  void *handle_ = nullptr;
  const dlc_description *abi_ = nullptr;
  std::vector<LibraryFunction> functions_;
  std::map<int32_t, LibraryLaunch> launches_;
};

/// An open model with one session.
class Session {
public:
  /// `threads` as in dlc_options; `pool` (may be null) must outlive the session; an empty `variant` is the best.
  static llvm::Expected<std::unique_ptr<Session>> open(const Library &library, int32_t threads,
                                                       dlc_pool *pool = nullptr, const std::string &variant = "");
  ~Session();
  Session(const Session &) = delete;

  /// The CPU variant that runs.
  llvm::StringRef variant() const { return library_.abi().variant(model_); }
  /// Runs a function and copies its outputs. An error has the library's own message.
  llvm::Expected<std::vector<HostTensor>> call(int32_t function, llvm::ArrayRef<HostTensor> inputs);
  /// A state of the model, by name, whose type and shape the caller knows.
  llvm::Error setState(llvm::StringRef name, const HostTensor &value);
  llvm::Error getState(llvm::StringRef name, HostTensor &value);
  /// Runs it and leaves the outputs with the session: what `bench` times.
  llvm::Error callInPlace(int32_t function, llvm::ArrayRef<HostTensor> inputs);
  bool canProfile() const;
  /// Where events go from now on; null: nowhere. It must stay.
  llvm::Error setProfile(dlc_profile *profile);

private:
  explicit Session(const Library &library) : library_(library) {}
  const Library &library_;
  dlc_model *model_ = nullptr;
  dlc_session *session_ = nullptr;
  std::vector<dlc_tensor> inputs_, outputs_;
  std::vector<std::vector<int64_t>> outputDims_;
};

} // namespace dlc
