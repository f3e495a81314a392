//===- Signature.cpp ------------------------------------------------------===//

#include "compiler/import/Signature.h"
#include "compiler/import/Model.h"
#include "compiler/import/Types.h"
#include "llvm/ADT/StringSet.h"

namespace dlc::importer {
namespace {
/// A dim's own name, or "" when it has none that can be told from a size.
llvm::StringRef symbolOf(const onnx::TensorShapeProto::Dimension &dim) {
  llvm::StringRef symbol = dim.dim_param();
  return llvm::all_of(symbol, llvm::isDigit) ? "" : symbol;
}
} // namespace

llvm::SmallVector<Argument> readSignature(const onnx::GraphProto &graph, const ImportOptions &options, Report &report) {
  llvm::StringSet<> initializers, symbols;
  for (const onnx::TensorProto &tensor : graph.initializer())
    initializers.insert(tensor.name());
  for (const onnx::ValueInfoProto &input : graph.input())
    for (const onnx::TensorShapeProto::Dimension &dim : input.type().tensor_type().shape().dim())
      symbols.insert(symbolOf(dim));
  symbols.erase("");

  llvm::SmallVector<Argument> arguments;
  std::vector<std::string> inOrder;
  llvm::StringSet<> listed;
  for (const onnx::ValueInfoProto &input : graph.input()) {
    if (initializers.contains(input.name()))
      continue;
    const onnx::TypeProto::Tensor &tensor = input.type().tensor_type();
    Argument argument;
    argument.name = input.name();
    llvm::SmallVector<int64_t> shape;
    for (const onnx::TensorShapeProto::Dimension &dim : tensor.shape().dim()) {
      std::string name = symbolOf(dim).str();
      if (dim.has_dim_value())
        name = std::to_string(dim.dim_value());
      else if (name.empty()) {
        name = input.name() + "_" + std::to_string(shape.size());
        while (!symbols.insert(name).second)
          name += "_";
      }
      int64_t size = dim.has_dim_value() ? dim.dim_value() : mlir::ShapedType::kDynamic;
      auto fixed = options.dims.find(name);
      if (!dim.has_dim_value() && listed.insert(name).second)
        inOrder.push_back(name);
      if (!dim.has_dim_value() && fixed != options.dims.end()) {
        size = fixed->second;
        name = std::to_string(size);
      }
      shape.push_back(size);
      argument.dims.push_back(name);
    }
    // A negative size would read as an unknown dim.
    llvm::SmallVector<int64_t> sizes;
    for (int64_t size : shape)
      sizes.push_back(size == mlir::ShapedType::kDynamic ? 1 : size);
    int64_t elements;
    if (std::optional<std::string> why = checkDims(sizes, elements))
      report.error(report.file(), Code::BadDimOption,
                   "with the fixed dimensions, input " + quote(input.name()) + " " + *why);
    else
      argument.type = mlir::RankedTensorType::get(shape, elementTypeOf(tensor.elem_type(), report.context()));
    arguments.push_back(std::move(argument));
  }
  for (const auto &[name, size] : options.dims)
    if (!listed.contains(name))
      report.error(report.file(), Code::BadDimOption, "the model has no dimension " + quote(name) + " to fix",
                   {inOrder.empty() ? "all its dimensions are fixed" : "it has " + llvm::join(inOrder, ", ")});
  return arguments;
}

} // namespace dlc::importer
