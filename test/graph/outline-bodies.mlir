// RUN: dlc-opt %s --dlc-outline-bodies --split-input-file --verify-diagnostics | FileCheck %s

// What a body captures becomes arguments behind its own; constants go along. Equal dims have equal names.

// CHECK-LABEL: func.func private @run.body(
// CHECK-SAME: %{{.*}}: tensor<i64> {dl.dims = []}, %[[GO:.*]]: tensor<i1> {dl.dims = []}
// CHECK-SAME: %[[P:.*]]: tensor<?xf32> {dl.dims = ["N"]}, %[[K:.*]]: tensor<?xf32> {dl.dims = ["N"]})
// CHECK-SAME: attributes {dlc.body}
// CHECK: %[[ONE:.*]] = dl.constant
// CHECK: %[[S:.*]] = dl.add %[[P]], %[[K]]
// CHECK: %[[T:.*]] = dl.add %[[S]], %[[ONE]]
// CHECK: return %[[GO]], %[[T]], %[[S]]
// CHECK-LABEL: func.func @run(
// CHECK: dl.loop %arg0 while %{{.*}}(%arg1, %arg2) carried 1 bodies [@run.body] {result_dims = {{\[}}["N"], ["", ""]]}
func.func @run(%n: tensor<i64>, %a: tensor<?xf32> {dl.dims = ["N"]}, %k: tensor<?xf32> {dl.dims = ["N"]}) -> tensor<?xf32> {
  %go = dl.constant dense<true> : tensor<i1> : tensor<i1>
  %one = dl.constant dense<1.0> : tensor<f32> : tensor<f32>
  %r:2 = dl.loop %n while %go (%a) carried 1 : (tensor<i64>, tensor<i1>, tensor<?xf32>) -> (tensor<?xf32>, tensor<?x?xf32>) {
  ^bb0(%turn: tensor<i64>, %c: tensor<i1>, %p: tensor<?xf32>):
    %s = dl.add %p, %k : (tensor<?xf32>, tensor<?xf32>) -> tensor<?xf32>
    %t = dl.add %s, %one : (tensor<?xf32>, tensor<f32>) -> tensor<?xf32>
    dl.yield %c, %t, %s : tensor<i1>, tensor<?xf32>, tensor<?xf32>
  }
  return %r#0 : tensor<?xf32>
}

// -----

// A carried dim that grows is a symbol of the body, and not one of the function's.

// CHECK-LABEL: func.func private @grows.body(
// CHECK-SAME: tensor<?xf32> {dl.dims = ["%0"]}
// CHECK-LABEL: func.func @grows(
// CHECK: dl.loop {{.*}} {result_dims = {{\[}}[""]]}
func.func @grows(%n: tensor<i64>, %a: tensor<?xf32> {dl.dims = ["N"]}) -> tensor<?xf32> {
  %go = dl.constant dense<true> : tensor<i1> : tensor<i1>
  %r = dl.loop %n while %go (%a) carried 1 : (tensor<i64>, tensor<i1>, tensor<?xf32>) -> (tensor<?xf32>) {
  ^bb0(%turn: tensor<i64>, %c: tensor<i1>, %p: tensor<?xf32>):
    %q = dl.concat %p, %p {axis = 0 : i64} : (tensor<?xf32>, tensor<?xf32>) -> tensor<?xf32>
    dl.yield %c, %q : tensor<i1>, tensor<?xf32>
  }
  return %r : tensor<?xf32>
}

// -----

// Bodies in bodies are functions too. Both branches take what either captures.

// CHECK-DAG: func.func private @[[INNER:.*]](%{{.*}}: tensor<3xf32> {dl.dims = [""]}) -> tensor<3xf32> attributes {dlc.body}
// CHECK-DAG: dl.if %{{.*}} bodies [@[[INNER]], @{{.*}}](%{{.*}} : tensor<3xf32>)
// CHECK-LABEL: func.func @nested(
// CHECK: dl.if %arg0 bodies [@nested.body{{.*}}, @nested.body{{.*}}](%arg2, %arg1 : tensor<3xf32>, tensor<i1>)
func.func @nested(%c: tensor<i1>, %d: tensor<i1>, %x: tensor<3xf32>) -> tensor<3xf32> {
  %r = dl.if %c : tensor<i1> -> (tensor<3xf32>) {
    %i = dl.if %d : tensor<i1> -> (tensor<3xf32>) {
      %v = dl.mul %x, %x : (tensor<3xf32>, tensor<3xf32>) -> tensor<3xf32>
      dl.yield %v : tensor<3xf32>
    }, {
      dl.yield %x : tensor<3xf32>
    }
    dl.yield %i : tensor<3xf32>
  }, {
    dl.yield %x : tensor<3xf32>
  }
  return %r : tensor<3xf32>
}

// -----

func.func @ranks(%c: tensor<i1>, %x: tensor<3xf32>, %y: tensor<3x1xf32>) -> tensor<3xf32> {
  // expected-error @+1 {{expects result 0 of both branches to have one rank, got 1 and 2}}
  %r = dl.if %c : tensor<i1> -> (tensor<3xf32>) {
    dl.yield %x : tensor<3xf32>
  }, {
    dl.yield %y : tensor<3x1xf32>
  }
  return %r : tensor<3xf32>
}
