//===- ValidateTest.cpp - Mistakes that need no knowledge of ops ----------===//

#include "test/import/Models.h"
#include "gtest/gtest.h"

using namespace dlc;
using namespace dlc::test;

namespace {

/// The model's nodes, for short.
auto &nodesOf(onnx::ModelProto &model) { return *model.mutable_graph()->mutable_node(); }

TEST(Validate, reportsEveryMistakeOfAFile) {
  onnx::ModelProto model = makeAddModel();
  model.clear_ir_version();
  addNode(nodesOf(model), "Foo", {"Y"}, {"f"});
  addNode(nodesOf(model), "Relu", {"nowhere"}, {"r"}, "lost");
  addNode(nodesOf(model), "Relu", {"Y"}, {"Y"});
  model.mutable_graph()->add_output()->set_name("missing");
  Imported r = importModel(model);
  EXPECT_EQ(r.errors.size(), 5u) << r.all();
  EXPECT_TRUE(r.has("[E0206] the model has no ir_version"));
  EXPECT_TRUE(r.has("[E0601] Foo: the op is not supported"));
  EXPECT_TRUE(r.has("[E0202] Relu: input 0, \"nowhere\", is not defined | no input, initializer or node of the graph"));
  EXPECT_TRUE(r.has("[E0201] the name \"Y\" is defined twice | by node \"sum\" (#0) | by node \"Relu_3\" (#3)"));
  EXPECT_TRUE(r.has("[E0202] output \"missing\" of the graph is not defined"));
  EXPECT_EQ(r.places[2], "lost (#2)") << r.all();
}

TEST(Validate, stopsPrintingAtAHundred) {
  onnx::ModelProto model = makeAddModel();
  for (int i = 0; i < 1000; ++i)
    addNode(nodesOf(model), "Relu", {"nowhere" + std::to_string(i)}, {"r" + std::to_string(i)});
  EXPECT_EQ(importModel(model).errors.size(), 100u);
}

TEST(Validate, unsupportedOpsAreSaidOnceEach) {
  onnx::ModelProto model = makeAddModel();
  model.add_opset_import()->set_domain("com.acme");
  model.mutable_opset_import(1)->set_version(3);
  for (int i = 0; i < 5; ++i)
    addNode(nodesOf(model), "Foo", {"Y"}, {"f" + std::to_string(i)});
  addNode(nodesOf(model), "Foo", {"Y"}, {"g"}).set_domain("com.acme");
  addNode(nodesOf(model), "Foo", {"Y"}, {"h"}).set_domain("nobody");
  Imported r = importModel(model);
  EXPECT_EQ(r.errors.size(), 3u) << r.all();
  EXPECT_TRUE(r.has("[E0601] Foo: the op is not supported | and 4 more nodes of this op"));
  EXPECT_TRUE(r.has("[E0601] com.acme.Foo: the domain \"com.acme\" is not supported"));
  EXPECT_TRUE(r.has("[E0207] nobody.Foo: the model imports no opset of domain nobody"));
}

TEST(Validate, opsetsAndVersions) {
  auto withOpset = [](int64_t version) {
    onnx::ModelProto model = makeAddModel();
    model.mutable_opset_import(0)->set_version(version);
    return model;
  };
  EXPECT_TRUE(importModel(withOpset(7)).module);
  EXPECT_TRUE(importModel(withOpset(6)).has("[E0601] Add: opset 6 of ai.onnx is not supported for this op, 7 and newer are"));
  EXPECT_TRUE(importModel(withOpset(1000)).has("[E0602] the model needs opset 1000 of ai.onnx, newer than "));
  EXPECT_TRUE(importModel(withOpset(0)).has("[E0207] the model imports version 0 of ai.onnx, which is none"));
  EXPECT_TRUE(importModel(withOpset(-5)).has("[E0207]"));
  onnx::ModelProto model = withOpset(10);
  addNode(nodesOf(model), "Late", {"Y"}, {"l"});
  EXPECT_TRUE(importModel(model).has("opset 10 of ai.onnx is not supported for this op, 15 and newer are"));
  model.add_opset_import()->set_version(11);
  EXPECT_TRUE(importModel(model).has("[E0207] the model imports ai.onnx in the versions 10 and 11"));
  model.clear_opset_import();
  EXPECT_TRUE(importModel(model).has("[E0207] the model imports no opset"));
  model.set_ir_version(1'000'000);
  EXPECT_TRUE(importModel(model).has("[E0602] the file format is version 1000000, newer than "));
}

TEST(Validate, partsThatAreMissingOrNotSupported) {
  onnx::ModelProto model = makeAddModel();
  model.add_training_info();
  EXPECT_TRUE(importModel(model).has("[E0604] the model has training_info"));
  model = makeAddModel();
  model.mutable_graph()->add_sparse_initializer();
  EXPECT_TRUE(importModel(model).has("[E0604] the graph has 1 sparse initializer"));
  model = makeAddModel();
  model.clear_graph();
  EXPECT_TRUE(importModel(model).has("[E0206] the model has no graph"));
  model = makeAddModel();
  model.mutable_graph()->clear_output();
  EXPECT_TRUE(importModel(model).has("[E0206] the graph has no outputs"));
  model = makeAddModel();
  model.mutable_graph()->mutable_input(0)->clear_type();
  model.mutable_graph()->add_input();
  model.mutable_graph()->add_initializer()->set_data_type(1);
  addNode(nodesOf(model), "", {}, {});
  Imported r = importModel(model);
  EXPECT_TRUE(r.has("[E0206] input \"X\" has no type")) << r.all();
  EXPECT_TRUE(r.has("[E0206] input 1 has no name"));
  EXPECT_TRUE(r.has("[E0206] an initializer has no name"));
  EXPECT_TRUE(r.has("[E0206] a node has no op_type"));
}

TEST(Validate, inputDims) {
  auto refuse = [](std::vector<std::string> dims) {
    onnx::ModelProto model = makeAddModel();
    *model.mutable_graph()->mutable_input(0) = makeValue("X", dims);
    return importModel(model).all();
  };
  EXPECT_EQ(refuse({"-1"}), "[E0301] input \"X\" dim 0 is -1, expected a size");
  EXPECT_EQ(refuse({"N", "1099511627776", "2"}), "[E0301] input \"X\" has more than 2^40 elements");
  EXPECT_EQ(refuse({"4294967296", "4294967296"}), "[E0301] input \"X\" has more than 2^40 elements");
  EXPECT_EQ(refuse(std::vector<std::string>(65, "N")), "[E0301] input \"X\" has 65 dims, more than 64");
  onnx::ModelProto model = makeAddModel();
  model.mutable_graph()->mutable_input(0)->mutable_type()->mutable_tensor_type()->clear_shape();
  EXPECT_TRUE(importModel(model).has("[E0603] input \"X\" has no shape"));
  model.mutable_graph()->mutable_input(0)->mutable_type()->mutable_sequence_type();
  EXPECT_TRUE(importModel(model).has("[E0603] input \"X\" is no tensor"));
}

TEST(Validate, cyclesAndOrder) {
  onnx::ModelProto model = makeAddModel();
  addNode(nodesOf(model), "Relu", {"c"}, {"a"}, "first");
  addNode(nodesOf(model), "Relu", {"a"}, {"b"}, "second");
  addNode(nodesOf(model), "Relu", {"b"}, {"c"}, "third");
  addNode(nodesOf(model), "Add", {"self", "Y"}, {"self"}, "selfish");
  addNode(nodesOf(model), "Relu", {"after"}, {"early"}, "early");
  addNode(nodesOf(model), "Relu", {"Y"}, {"after"}, "after");
  Imported r = importModel(model);
  EXPECT_EQ(r.errors.size(), 3u) << r.all();
  EXPECT_TRUE(r.has("[E0204] 3 nodes in a cycle | node \"first\" (#1) needs node \"third\" (#3)")) << r.all();
  EXPECT_TRUE(r.has("[E0204] 1 node in a cycle | node \"selfish\" (#4) needs node \"selfish\" (#4)"));
  EXPECT_TRUE(r.has("[E0203] Relu: needs the result of node \"after\" (#6), which comes later in the file"));
}

TEST(Validate, cyclesThroughGraphAttributes) {
  onnx::ModelProto model = makeRichModel();
  onnx::NodeProto &choice = *model.mutable_graph()->mutable_node(4);
  ASSERT_EQ(choice.op_type(), "If");
  choice.mutable_attribute(0)->mutable_g()->mutable_node(0)->set_input(0, "c");
  EXPECT_TRUE(importModel(model).has("[E0204] 1 node in a cycle | node \"choice\"")) << importModel(model).all();
}

TEST(Validate, aLongCycleIsFoundFast) {
  onnx::ModelProto model = makeAddModel();
  for (int i = 0; i < 10'000; ++i)
    addNode(nodesOf(model), "Relu", {"v" + std::to_string((i + 1) % 10'000)}, {"v" + std::to_string(i)});
  EXPECT_TRUE(importModel(model).has("[E0204] 10000 nodes in a cycle"));
}

TEST(Validate, subgraphNames) {
  onnx::ModelProto model = makeRichModel();
  onnx::GraphProto &branch = *model.mutable_graph()->mutable_node(4)->mutable_attribute(0)->mutable_g();
  addNode(*branch.mutable_node(), "Relu", {"nothing"}, {"r"});
  branch.add_output()->set_name("unknown");
  Imported r = importModel(model);
  EXPECT_TRUE(r.has("[E0202] Relu: input 0, \"nothing\", is not defined | no input, initializer or node of graph "
                    "\"then_branch\" or the graphs around it has this name"))
      << r.all();
  EXPECT_TRUE(r.has("[E0201] the name \"r\" is defined twice")) << r.all();
  EXPECT_TRUE(r.has("[E0202] output \"unknown\" of graph \"then_branch\" is not defined")) << r.all();
}

TEST(Validate, attributes) {
  auto refuse = [](auto change) {
    onnx::ModelProto model = makeAddModel();
    onnx::NodeProto &node = addNode(nodesOf(model), "Relu", {"Y"}, {"r"});
    change(node, addInt(node, "axis", 1));
    return importModel(model).all();
  };
  using A = onnx::AttributeProto;
  EXPECT_EQ(refuse([](auto &, A &a) { a.clear_type(); }),
            "[E0101] Relu: attribute \"axis\" has no type, or one that this format does not have");
  EXPECT_EQ(refuse([](auto &, A &a) { a.set_type(A::FLOAT); }),
            "[E0101] Relu: attribute \"axis\" is declared as float but holds int");
  EXPECT_EQ(refuse([](auto &n, A &) { addInt(n, "axis", 2); }), "[E0101] Relu: attribute \"axis\" is given twice");
  EXPECT_EQ(refuse([](auto &, A &a) { a.clear_i(), a.set_ref_attr_name("x"); }),
            "[E0101] Relu: attribute \"axis\" refers to \"x\", which only works in a function");
  EXPECT_EQ(refuse([](auto &, A &a) { a.set_ref_attr_name("x"); }),
            "[E0101] Relu: attribute \"axis\" has a value and also refers to \"x\"");
  EXPECT_EQ(refuse([](auto &, A &a) { a.clear_i(), a.set_type(A::TENSOR); }),
            "[E0101] Relu: attribute \"axis\" is declared as tensor but holds nothing");
  EXPECT_EQ(refuse([](auto &, A &a) { a.clear_i(), a.set_type(A::SPARSE_TENSOR); }),
            "[E0604] Relu: attribute \"axis\" holds sparse tensor, which is not supported");
  EXPECT_EQ(refuse([](auto &, A &a) { a.clear_name(); }), "[E0101] Relu: an attribute has no name");
  EXPECT_EQ(refuse([](auto &, A &a) {
              a.clear_i(), a.set_type(A::TENSOR);
              *a.mutable_t() = makeTensor("", {2});
              a.mutable_t()->set_dims(0, 3);
            }),
            "[E0302] Relu: attribute \"axis\" has 8 bytes of data, expected 12 for 3 elements of f32");
}

//===----------------------------------------------------------------------===//
// Functions
//===----------------------------------------------------------------------===//

onnx::FunctionProto &addFunction(onnx::ModelProto &model, const std::string &name, std::vector<std::string> calls) {
  onnx::FunctionProto &function = *model.add_functions();
  function.set_name(name);
  function.set_domain("local");
  function.add_input("v0");
  for (size_t i = 0; i < calls.size(); ++i)
    addNode(*function.mutable_node(), calls[i], {"v" + std::to_string(i)}, {"v" + std::to_string(i + 1)})
        .set_domain(calls[i] == "Relu" ? "" : "local");
  function.add_output("v" + std::to_string(calls.size()));
  return function;
}

void addCall(onnx::ModelProto &model, const std::string &name) {
  addNode(nodesOf(model), name, {"Y"}, {"call"}).set_domain("local");
}

TEST(Functions, recursionIsRefused) {
  onnx::ModelProto model = makeAddModel();
  addFunction(model, "Self", {"Self"});
  EXPECT_TRUE(importModel(model).has("[E0205] function \"local.Self\" calls itself | function \"local.Self\" calls "
                                     "\"local.Self\""))
      << importModel(model).all();
  model = makeAddModel();
  addFunction(model, "A", {"Relu", "B"});
  addFunction(model, "B", {"C"});
  addFunction(model, "C", {"A"});
  addCall(model, "A");
  EXPECT_TRUE(
      importModel(model).has("[E0205] function \"local.A\" calls itself | function \"local.A\" calls \"local.B\" "
                             "| function \"local.B\" calls \"local.C\" | function \"local.C\" calls \"local.A\""));
}

TEST(Functions, depthAndSizeAreCapped) {
  onnx::ModelProto model = makeAddModel();
  addFunction(model, "F0", {"Relu"});
  for (int i = 1; i < 63; ++i)
    addFunction(model, "F" + std::to_string(i), {"F" + std::to_string(i - 1)});
  addCall(model, "F62");
  Imported fine = importModel(model);
  EXPECT_TRUE(fine.module) << fine.all();
  for (int i = 63; i < 100'000; ++i)
    addFunction(model, "F" + std::to_string(i), {"F" + std::to_string(i - 1)});
  nodesOf(model).RemoveLast();
  addCall(model, "F99999");
  EXPECT_TRUE(importModel(model).has("[E0605] graphs and function calls are nested deeper than 64"));

  // 2^60 nodes.
  model = makeAddModel();
  addFunction(model, "F0", {"Relu"});
  for (int i = 1; i < 60; ++i)
    addFunction(model, "F" + std::to_string(i), {"F" + std::to_string(i - 1), "F" + std::to_string(i - 1)});
  addCall(model, "F59");
  EXPECT_TRUE(importModel(model).has("[E0605] the model has more than 250000 nodes once its functions are inlined"));
}

TEST(Functions, graphsPassedDownAreCounted) {
  // Each function builds the graph it is given twice; 20 of them in a row make 2^20 nodes of one.
  onnx::ModelProto model = makeAddModel();
  *model.mutable_graph()->add_input() = makeValue("C", {}, onnx::TensorProto::BOOL);
  auto refer = [](onnx::NodeProto &node, const char *name) {
    onnx::AttributeProto &attribute = addGraph(node, name);
    attribute.clear_g();
    attribute.set_ref_attr_name("body");
  };
  for (int i = 0; i < 13; ++i) {
    onnx::FunctionProto &function = *model.add_functions();
    function.set_name("F" + std::to_string(i));
    function.set_domain("local");
    function.add_input("c");
    function.add_output("r");
    function.add_attribute("body");
    for (int copy = 0; copy < (i ? 2 : 1); ++copy) {
      onnx::NodeProto &node = addNode(*function.mutable_node(), i ? "F" + std::to_string(i - 1) : "If", {"c"},
                                      {copy ? "r"
                                       : i  ? "s"
                                            : "r"});
      if (i) {
        node.set_domain("local");
        refer(node, "body");
      } else {
        refer(node, "then_branch");
        refer(node, "else_branch");
      }
    }
  }
  onnx::NodeProto &call = addNode(nodesOf(model), "F12", {"C"}, {"Z"});
  call.set_domain("local");
  onnx::GraphProto &body = *addGraph(call, "body").mutable_g();
  for (int i = 0; i < 200; ++i)
    addNode(*body.mutable_node(), "Relu", {"Y"}, {"v" + std::to_string(i)});
  body.add_output()->set_name("v199");
  EXPECT_TRUE(importModel(model).has("[E0605] the model has more than 250000 nodes, or is nested"))
      << importModel(model).all();
}

TEST(Functions, badCalls) {
  onnx::ModelProto model = makeAddModel();
  addFunction(model, "F", {"Relu"});
  addFunction(model, "F", {"Relu"});
  EXPECT_TRUE(importModel(model).has("[E0201] function \"local.F\" is defined twice"));
  model.mutable_functions()->RemoveLast();
  onnx::NodeProto &call = addNode(nodesOf(model), "F", {"Y", "Y"}, {"a", "b"}, "call");
  call.set_domain("local");
  addInt(call, "extra", 1);
  Imported r = importModel(model);
  EXPECT_EQ(r.errors.size(), 3u);
  EXPECT_TRUE(r.has("[E0103] local.F: function \"F\" has 1 input, got 2")) << r.all();
  EXPECT_TRUE(r.has("[E0103] local.F: function \"F\" has 1 output, got 2"));
  EXPECT_TRUE(r.has("[E0103] local.F: function \"F\" has no attribute \"extra\""));
}

TEST(Functions, unusedOnesMayUseUnsupportedOps) {
  onnx::ModelProto model = makeAddModel();
  addFunction(model, "F", {"Foo"}).mutable_node(0)->clear_domain();
  EXPECT_TRUE(importModel(model).module);
  addCall(model, "F");
  EXPECT_TRUE(importModel(model).has("[E0601] Foo: the op is not supported"));
}

} // namespace
