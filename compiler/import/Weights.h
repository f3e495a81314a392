//===- Weights.h - The data of tensors, in place where possible --*- C++ -*-===//
#pragma once

#include "compiler/import/MappedFile.h"
#include "compiler/import/Report.h"
#include "mlir/IR/BuiltinAttributes.h"
#include "llvm/ADT/StringMap.h"
#include "llvm/Support/Error.h"

namespace onnx {
class TensorProto;
}

namespace dlc::importer {

/// A tensor's elements as a file holds them.
struct TensorData {
  std::shared_ptr<const MappedFile> file;
  uint32_t field = 0; ///< of TensorProto; raw_data for external data too; 0 when there is none
  llvm::SmallVector<llvm::ArrayRef<uint8_t>, 1> pieces; ///< of the field, in order; each holds whole elements
};

/// Tensors of a skeleton (Scan.h) and where their data lies: in the model's file, or in others beside it.
class Weights {
public:
  /// `folder`: the model's; external data must lie in it.
  Weights(std::shared_ptr<const MappedFile> model, llvm::StringRef folder, Report &report)
      : model_(std::move(model)), folder_(folder), report_(report) {}

  /// Reports everything wrong with `tensor`, called `what` in messages ("initializer "W""); true when it is fine.
  bool check(const onnx::TensorProto &tensor, mlir::Location loc, const std::string &what);
  /// The value of a tensor that has passed check(). Up to 1 KiB is a DenseElementsAttr; more is a
  /// DenseResourceElementsAttr keyed `name`, one byte per bool.
  mlir::ElementsAttr read(const onnx::TensorProto &tensor, llvm::StringRef name);
  /// The paths of files beside the model that hold data of it, in the order in which they were opened.
  llvm::ArrayRef<std::string> files() const { return files_; }

private:
  /// A mistake: its code, and the end of a sentence that begins with the tensor; no sentence when it has been said
  /// of another tensor of the same file.
  struct Mistake {
    Code code;
    std::string text;
  };
  std::optional<Mistake> locate(const onnx::TensorProto &tensor, TensorData &data);
  std::optional<Mistake> locateInline(const onnx::TensorProto &tensor, TensorData &data) const;
  std::optional<Mistake> locateExternal(const onnx::TensorProto &tensor, TensorData &data);
  std::optional<Mistake> openExternal(llvm::StringRef location, std::shared_ptr<const MappedFile> &file);
  std::optional<Mistake> checkData(const onnx::TensorProto &tensor, const TensorData &data, int64_t elements) const;

  std::shared_ptr<const MappedFile> model_;
  std::string folder_;
  Report &report_;
  llvm::StringMap<std::shared_ptr<const MappedFile>> external_; ///< by location; null: refused
  std::vector<std::string> files_;
};

} // namespace dlc::importer
