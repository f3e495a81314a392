//===- BuildTest.cpp - What a valid model becomes -------------------------===//

#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "test/import/Models.h"
#include "gtest/gtest.h"

using namespace dlc;
using namespace dlc::test;

namespace {

mlir::func::FuncOp run(Imported &imported) { return imported.module->lookupSymbol<mlir::func::FuncOp>("run"); }

std::string dimsOf(Imported &imported, unsigned argument) {
  std::string text;
  for (mlir::Attribute dim : run(imported).getArgAttrOfType<mlir::ArrayAttr>(argument, "dl.dims"))
    text += llvm::cast<mlir::StringAttr>(dim).str() + " ";
  return text;
}

std::vector<std::string> opsIn(mlir::Operation *root) {
  std::vector<std::string> names;
  root->walk([&](mlir::Operation *op) {
    if (op->getName().getStringRef().starts_with("test."))
      names.push_back(op->getName().getStringRef().drop_front(5).str());
  });
  return names;
}

TEST(Build, namesTypesAndLocations) {
  Imported r = importModel(makeAddModel());
  ASSERT_TRUE(r.module) << r.all();
  mlir::func::FuncOp function = run(r);
  ASSERT_EQ(function.getNumArguments(), 1u);
  EXPECT_EQ(dimsOf(r, 0), "N 4 ");
  EXPECT_EQ(function.getArgAttrOfType<mlir::StringAttr>(0, "dl.name"), "X");
  EXPECT_EQ(function.getResultAttrOfType<mlir::StringAttr>(0, "dl.name"), "Y");
  mlir::Operation *add = function.getBody().front().getTerminator()->getOperand(0).getDefiningOp();
  auto name = llvm::cast<mlir::NameLoc>(add->getLoc());
  EXPECT_EQ(name.getName(), "sum");
  auto file = llvm::cast<mlir::FileLineColLoc>(name.getChildLoc());
  EXPECT_EQ(file.getLine(), 0u);
  EXPECT_TRUE(file.getFilename().getValue().ends_with("model.onnx"));
}

TEST(Build, namesUnnamedDimsAndFixesOthers) {
  onnx::ModelProto model = makeAddModel();
  *model.mutable_graph()->mutable_input(0) = makeValue("X", {"", "N", "7", "X_0"});
  model.mutable_graph()->mutable_output(0)->clear_type();
  Imported r = importModel(model);
  ASSERT_TRUE(r.module) << r.all();
  EXPECT_EQ(dimsOf(r, 0), "X_0_ N 7 X_0 ");
  ImportOptions options;
  options.dims = {{"N", 3}, {"X_0_", 0}};
  Imported fixed = importModel(model, options);
  ASSERT_TRUE(fixed.module) << fixed.all();
  EXPECT_EQ(dimsOf(fixed, 0), "0 3 7 X_0 ");
  EXPECT_NE(fixed.text.find("tensor<0x3x7x?xf32>"), std::string::npos);
  options.dims = {{"Q", 3}, {"N", -1}};
  Imported wrong = importModel(model, options);
  EXPECT_FALSE(wrong.module);
  EXPECT_TRUE(wrong.has("has no dimension \"Q\" to fix | it has X_0_, N, X_0")) << wrong.all();
  EXPECT_TRUE(wrong.has("dim 1 is -1, expected a size")) << wrong.all();
}

TEST(Build, everyElementType) {
  const std::pair<int, const char *> types[] = {
      {1, "f32"}, {2, "ui8"},  {3, "i8"},   {4, "ui16"},  {5, "i16"},   {6, "i32"},   {7, "i64"},
      {9, "i1"},  {10, "f16"}, {11, "f64"}, {12, "ui32"}, {13, "ui64"}, {16, "bf16"},
  };
  for (auto [dtype, name] : types) {
    onnx::ModelProto model = makeModel();
    *model.mutable_graph()->add_input() = makeValue("X", {"2"}, dtype);
    *model.mutable_graph()->add_output() = makeValue("Y", {"2"}, dtype);
    addNode(*model.mutable_graph()->mutable_node(), "Relu", {"X"}, {"Y"});
    Imported r = importModel(model);
    ASSERT_TRUE(r.module) << r.all();
    EXPECT_NE(r.text.find("%arg0: tensor<2x" + std::string(name) + ">"), std::string::npos) << r.text;
  }
  onnx::ModelProto model = makeAddModel();
  *model.mutable_graph()->mutable_input(0) = makeValue("X", {"2"}, onnx::TensorProto::STRING);
  EXPECT_TRUE(importModel(model).has("[E0603] input \"X\" has element type string, which is not supported"));
}

TEST(Build, unusedInitializersStayOut) {
  onnx::ModelProto model = makeAddModel();
  *model.mutable_graph()->add_initializer() = makeTensor("unused", {1000});
  Imported r = importModel(model);
  ASSERT_TRUE(r.module) << r.all();
  EXPECT_EQ(opsIn(*r.module), (std::vector<std::string>{"constant", "Add"}));
}

TEST(Build, inputsWithInitializersAreConstants) {
  onnx::ModelProto model = makeAddModel();
  *model.mutable_graph()->add_input() = makeValue("B", {"4"});
  Imported r = importModel(model);
  ASSERT_TRUE(r.module) << r.all();
  EXPECT_EQ(run(r).getNumArguments(), 1u);
  *model.mutable_graph()->mutable_input(1) = makeValue("B", {"5"});
  EXPECT_TRUE(importModel(model).has("[E0208] input \"B\" and the initializer of this name differ"));
}

TEST(Build, graphAttributesSeeTheNamesAround) {
  Imported r = importModel(makeRichModel());
  ASSERT_TRUE(r.module) << r.all();
  std::vector<std::string> ops = opsIn(*r.module);
  EXPECT_EQ(std::count(ops.begin(), ops.end(), "If"), 1);
  EXPECT_EQ(std::count(ops.begin(), ops.end(), "yield"), 2);
  std::vector<std::string> names;
  r.module->walk([&](mlir::Operation *op) {
    if (op->getName().getStringRef() == "test.Add")
      names.push_back(llvm::cast<mlir::NameLoc>(op->getLoc()).getName().str());
  });
  EXPECT_EQ(names,
            (std::vector<std::string>{"sum", "choice/then_branch/Add_0", "choice/else_branch/Add_0", "call/inner"}));
}

TEST(Build, functionsAreInlinedWithTheirAttributes) {
  onnx::ModelProto model = makeRichModel();
  Imported r = importModel(model);
  ASSERT_TRUE(r.module) << r.all();
  EXPECT_NE(r.text.find("axis = 1 : i64"), std::string::npos) << r.text;
  EXPECT_EQ(r.text.find("AddRelu"), std::string::npos);
  // Without the attribute its reference is left out; a default takes its place.
  model.mutable_graph()->mutable_node(model.graph().node_size() - 1)->clear_attribute();
  EXPECT_EQ(importModel(model).text.find("axis"), std::string::npos);
  model.mutable_functions(0)->clear_attribute();
  onnx::AttributeProto &fallback = *model.mutable_functions(0)->add_attribute_proto();
  fallback.set_name("axis");
  fallback.set_type(onnx::AttributeProto::INT);
  fallback.set_i(9);
  EXPECT_NE(importModel(model).text.find("axis = 9 : i64"), std::string::npos);
}

TEST(Build, aGraphPassedToAFunctionSeesTheCallersNames) {
  onnx::ModelProto model = makeAddModel();
  onnx::FunctionProto &function = *model.add_functions();
  function.set_name("Choose");
  function.set_domain("local");
  function.add_input("c");
  function.add_output("r");
  function.add_attribute("then");
  function.add_attribute("else");
  onnx::NodeProto &choice = addNode(*function.mutable_node(), "If", {"c"}, {"r"});
  for (const char *name : {"then", "else"}) {
    onnx::AttributeProto &attribute = addGraph(choice, std::string(name) + "_branch");
    attribute.clear_g();
    attribute.set_ref_attr_name(name);
  }
  onnx::GraphProto &graph = *model.mutable_graph();
  onnx::NodeProto &call = addNode(*graph.mutable_node(), "Choose", {"X"}, {"Z"});
  call.set_domain("local");
  for (const char *name : {"then", "else"}) {
    onnx::GraphProto &branch = *addGraph(call, name).mutable_g();
    addNode(*branch.mutable_node(), "Add", {"Y", "B"}, {"s"});
    *branch.add_output() = makeValue("s", {});
  }
  *graph.add_output() = makeValue("Z", {"N", "4"});
  Imported r = importModel(model);
  ASSERT_TRUE(r.module) << r.all();
  std::vector<std::string> ops = opsIn(*r.module);
  EXPECT_EQ(std::count(ops.begin(), ops.end(), "Add"), 3);
}

TEST(Build, mistakesOfOpsNameNodeAndOperands) {
  onnx::ModelProto model = makeAddModel();
  onnx::GraphProto &graph = *model.mutable_graph();
  auto &nodes = *graph.mutable_node();
  *graph.add_input() = makeValue("I", {"M"}, onnx::TensorProto::INT32);
  addNode(nodes, "Add", {"Y", "I"}, {"a"}, "mixed");
  addNode(nodes, "Relu", {"a"}, {"skipped"});
  addNode(nodes, "Add", {"Y"}, {"b"}, "alone");
  addNode(nodes, "Silent", {"Y"}, {"c"});
  addNode(nodes, "Unsupported", {"Y"}, {"d"});
  addNode(nodes, "Absent", {"Y"}, {"e", "f"});
  onnx::AttributeProto &axis = addInt(addNode(nodes, "Relu", {"Y"}, {"g"}), "axis", 0);
  axis.clear_i();
  axis.set_type(onnx::AttributeProto::STRING);
  axis.set_s("x");
  Imported r = importModel(model);
  EXPECT_FALSE(r.module);
  ASSERT_EQ(r.errors.size(), 7u) << r.all();
  EXPECT_EQ(r.errors[0], "[E0102] Add: expects operands of one type | Y f32[?,4]  from \"sum\" | "
                         "I i32[M]  input of the graph");
  EXPECT_EQ(r.places[0], "mixed (#1)");
  EXPECT_EQ(r.errors[1], "[E0102] Add: expects 2 inputs, got 1 | Y f32[?,4]  from \"sum\"");
  EXPECT_EQ(r.errors[2].substr(0, 8), "[E0901] ");
  EXPECT_EQ(r.errors[3], "[E0601] Unsupported: mode 3 is not supported | Y f32[?,4]  from \"sum\"");
  EXPECT_EQ(r.errors[4], "[E0601] Absent: output 0, \"e\", is not supported | Y f32[?,4]  from \"sum\"");
  EXPECT_EQ(r.errors[6], "[E0101] Relu: attribute \"axis\" expects ints or an int, found a string");
}

TEST(Build, outputsMustBeWhatTheyAreDeclared) {
  onnx::ModelProto model = makeAddModel();
  *model.mutable_graph()->mutable_output(0) = makeValue("Y", {"N", "4"}, onnx::TensorProto::INT64);
  EXPECT_TRUE(importModel(model).has("[E0208] output \"Y\" is f32[?,4], declared with element type i64 and 2 dims"));
}

TEST(Build, bothSpellingsOfTheDefaultDomain) {
  onnx::ModelProto model = makeAddModel();
  model.mutable_graph()->mutable_node(0)->set_domain("ai.onnx");
  EXPECT_TRUE(importModel(model).module);
  model.mutable_opset_import(0)->set_domain("ai.onnx");
  model.mutable_graph()->mutable_node(0)->clear_domain();
  EXPECT_TRUE(importModel(model).module);
}

} // namespace
