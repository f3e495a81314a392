//===- Models.cpp ---------------------------------------------------------===//

#include "test/import/Models.h"
#include "mlir/IR/Diagnostics.h"
#include "llvm/ADT/StringExtras.h"
#include "llvm/Support/raw_ostream.h"
#include <cstdlib>
#include <fstream>

namespace dlc::test {

onnx::ModelProto makeModel() {
  onnx::ModelProto model;
  model.set_ir_version(10);
  model.add_opset_import()->set_version(21);
  model.mutable_graph()->set_name("g");
  return model;
}

onnx::ValueInfoProto makeValue(llvm::StringRef name, std::vector<std::string> dims, int dtype) {
  onnx::ValueInfoProto value;
  value.set_name(name.str());
  auto *type = value.mutable_type()->mutable_tensor_type();
  type->set_elem_type(dtype);
  type->mutable_shape();
  for (const std::string &dim : dims) {
    auto *d = type->mutable_shape()->add_dim();
    int64_t size;
    if (!llvm::StringRef(dim).getAsInteger(10, size))
      d->set_dim_value(size);
    else if (!dim.empty())
      d->set_dim_param(dim);
  }
  return value;
}

onnx::NodeProto &addNode(google::protobuf::RepeatedPtrField<onnx::NodeProto> &nodes, llvm::StringRef op,
                         std::vector<std::string> inputs, std::vector<std::string> outputs, llvm::StringRef name) {
  onnx::NodeProto &node = *nodes.Add();
  node.set_op_type(op.str());
  for (const std::string &input : inputs)
    node.add_input(input);
  for (const std::string &output : outputs)
    node.add_output(output);
  if (!name.empty())
    node.set_name(name.str());
  return node;
}

onnx::TensorProto makeTensor(llvm::StringRef name, std::vector<int64_t> dims) {
  onnx::TensorProto tensor;
  tensor.set_name(name.str());
  tensor.set_data_type(onnx::TensorProto::FLOAT);
  int64_t count = 1;
  for (int64_t dim : dims) {
    tensor.add_dims(dim);
    count *= dim;
  }
  std::vector<float> data(count);
  for (int64_t i = 0; i < count; ++i)
    data[i] = static_cast<float>(i);
  tensor.set_raw_data(data.data(), data.size() * sizeof(float));
  return tensor;
}

static onnx::AttributeProto &addAttribute(onnx::NodeProto &node, llvm::StringRef name,
                                          onnx::AttributeProto::AttributeType type) {
  onnx::AttributeProto &attribute = *node.add_attribute();
  attribute.set_name(name.str());
  attribute.set_type(type);
  return attribute;
}

onnx::AttributeProto &addInt(onnx::NodeProto &node, llvm::StringRef name, int64_t value) {
  onnx::AttributeProto &attribute = addAttribute(node, name, onnx::AttributeProto::INT);
  attribute.set_i(value);
  return attribute;
}

onnx::AttributeProto &addGraph(onnx::NodeProto &node, llvm::StringRef name) {
  onnx::AttributeProto &attribute = addAttribute(node, name, onnx::AttributeProto::GRAPH);
  attribute.mutable_g()->set_name(name.str());
  return attribute;
}

onnx::ModelProto makeAddModel() {
  onnx::ModelProto model = makeModel();
  onnx::GraphProto &graph = *model.mutable_graph();
  *graph.add_input() = makeValue("X", {"N", "4"});
  *graph.add_output() = makeValue("Y", {"N", "4"});
  *graph.add_initializer() = makeTensor("B", {4});
  addNode(*graph.mutable_node(), "Add", {"X", "B"}, {"Y"}, "sum");
  return model;
}

onnx::ModelProto makeRichModel() {
  onnx::ModelProto model = makeAddModel();
  onnx::GraphProto &graph = *model.mutable_graph();
  auto &nodes = *graph.mutable_node();
  *graph.add_initializer() = makeTensor("W", {300});
  *graph.add_input() = makeValue("C", {}, onnx::TensorProto::BOOL);
  onnx::TensorProto &ints = *graph.add_initializer();
  ints.set_name("I");
  ints.set_data_type(onnx::TensorProto::INT64);
  ints.add_dims(3);
  for (int64_t v : {1, -1, 1 << 20})
    ints.add_int64_data(v);

  onnx::NodeProto &constant = addNode(nodes, "Constant", {}, {"k"});
  *addAttribute(constant, "value", onnx::AttributeProto::TENSOR).mutable_t() = makeTensor("", {4});
  addNode(nodes, "Relu", {"W"}, {"w"});
  addNode(nodes, "Relu", {"I"}, {"i"});

  onnx::NodeProto &choice = addNode(nodes, "If", {"C"}, {"c"}, "choice");
  for (const char *name : {"then_branch", "else_branch"}) {
    onnx::GraphProto &branch = *addGraph(choice, name).mutable_g();
    *branch.add_initializer() = makeTensor("b", {4});
    addNode(*branch.mutable_node(), "Add", {"Y", "b"}, {"r"});
    *branch.add_output() = makeValue("r", {"N", "4"});
  }

  onnx::FunctionProto &function = *model.add_functions();
  function.set_name("AddRelu");
  function.set_domain("local");
  function.add_input("x");
  function.add_input("y");
  function.add_output("z");
  function.add_attribute("axis");
  *function.add_opset_import() = model.opset_import(0);
  addNode(*function.mutable_node(), "Add", {"x", "y"}, {"s"}, "inner");
  addInt(addNode(*function.mutable_node(), "Relu", {"s"}, {"z"}), "axis", 0).clear_i();
  function.mutable_node(1)->mutable_attribute(0)->set_ref_attr_name("axis");
  model.add_opset_import()->set_domain("local");
  model.mutable_opset_import(1)->set_version(1);
  onnx::NodeProto &call = addNode(nodes, "AddRelu", {"c", "k"}, {"Z"}, "call");
  call.set_domain("local");
  addInt(call, "axis", 1);
  *graph.add_output() = makeValue("Z", {"N", "4"});
  return model;
}

TemporaryFolder::TemporaryFolder() {
  std::string name = (std::filesystem::temp_directory_path() / "dlc-import-XXXXXX").string();
  path = std::filesystem::path(::mkdtemp(name.data()));
}

TemporaryFolder::~TemporaryFolder() {
  std::error_code ignored;
  std::filesystem::remove_all(path, ignored);
}

bool Imported::has(llvm::StringRef part) const {
  return llvm::any_of(errors, [&](llvm::StringRef error) { return error.contains(part); });
}

std::string Imported::all() const { return llvm::join(errors, "\n"); }

Imported importFile(const std::string &path, const ImportOptions &options) {
  Imported result;
  result.context = std::make_unique<mlir::MLIRContext>(mlir::MLIRContext::Threading::DISABLED);
  loadFormDialects(*result.context);
  result.context->printOpOnDiagnostic(false);
  mlir::ScopedDiagnosticHandler handler(result.context.get(), [&](mlir::Diagnostic &diagnostic) {
    if (diagnostic.getSeverity() != mlir::DiagnosticSeverity::Error)
      return mlir::success();
    std::string text = diagnostic.str();
    for (mlir::Diagnostic &note : diagnostic.getNotes())
      text += " | " + note.str();
    result.errors.push_back(text);
    std::string place;
    if (auto name = llvm::dyn_cast<mlir::NameLoc>(diagnostic.getLocation()))
      place = name.getName().str() + " (#" +
              std::to_string(llvm::cast<mlir::FileLineColLoc>(name.getChildLoc()).getLine()) + ")";
    result.places.push_back(place);
    return mlir::success();
  });
  result.module = importOnnx(path, options, *result.context);
  if (result.module) {
    llvm::raw_string_ostream os(result.text);
    result.module->print(os);
  }
  return result;
}

Imported importBytes(llvm::StringRef bytes, const ImportOptions &options) {
  TemporaryFolder folder;
  std::string path = folder.file("model.onnx");
  std::ofstream(path, std::ios::binary).write(bytes.data(), static_cast<std::streamsize>(bytes.size()));
  return importFile(path, options);
}

Imported importModel(const onnx::ModelProto &model, const ImportOptions &options) {
  return importBytes(model.SerializeAsString(), options);
}

} // namespace dlc::test
