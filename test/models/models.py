"""Models with random weights, built with onnx.helper, and what the model tests share."""
import os
import subprocess

import numpy as np
import onnx
from onnx import TensorProto, helper, numpy_helper

OPSET = 21


def _save(folder, name, nodes, inputs, outputs, weights=None):
    initializers = [numpy_helper.from_array(value, key) for key, value in (weights or {}).items()]
    infos = [[helper.make_tensor_value_info(n, t, s) for n, t, s in values] for values in (inputs, outputs)]
    graph = helper.make_graph(nodes, name, *infos, initializers)
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", OPSET)], ir_version=10)
    onnx.checker.check_model(model, full_check=True)
    path = os.path.join(folder, f"{name}.onnx")
    onnx.save(model, path)
    return path


def mlp(folder, batch="N", features=64, hidden=96, classes=10):
    """x f32[N,64] -> probs f32[N,10]: contraction with epilogue, softmax."""
    random = np.random.default_rng(1)
    weights = {"w0": random.normal(0, 0.2, (features, hidden)), "b0": random.normal(0, 0.2, hidden),
               "w1": random.normal(0, 0.2, (hidden, classes)), "b1": random.normal(0, 0.2, classes)}
    nodes = [helper.make_node("MatMul", ["x", "w0"], ["t0"], "first"), helper.make_node("Add", ["t0", "b0"], ["t1"]),
             helper.make_node("Relu", ["t1"], ["t2"]), helper.make_node("MatMul", ["t2", "w1"], ["t3"], "second"),
             helper.make_node("Add", ["t3", "b1"], ["t4"]), helper.make_node("Softmax", ["t4"], ["probs"], axis=-1)]
    return _save(folder, "mlp", nodes, [("x", TensorProto.FLOAT, [batch, features])],
                 [("probs", TensorProto.FLOAT, [batch, classes])], {k: v.astype(np.float32) for k, v in weights.items()})


def norm(folder, rows=48, columns=200):
    """a, b f32[48,200] -> y f32[200,48], total f32[48,1]: elementwise chain, reductions, transpose."""
    scale = np.random.default_rng(2).normal(1, 0.1, columns).astype(np.float32)
    nodes = [helper.make_node("Add", ["a", "b"], ["s"]), helper.make_node("Tanh", ["s"], ["t"]),
             helper.make_node("ReduceMean", ["t", "axes"], ["m"]), helper.make_node("Sub", ["t", "m"], ["c"]),
             helper.make_node("Mul", ["c", "scale"], ["z"]), helper.make_node("Transpose", ["z"], ["y"], perm=[1, 0]),
             helper.make_node("ReduceSum", ["z", "axes"], ["total"])]
    shape = [rows, columns]
    return _save(folder, "norm", nodes, [("a", TensorProto.FLOAT, shape), ("b", TensorProto.FLOAT, shape)],
                 [("y", TensorProto.FLOAT, shape[::-1]), ("total", TensorProto.FLOAT, [rows, 1])],
                 {"scale": scale, "axes": np.array([1], np.int64)})


def lstm(folder, steps=9, features=24, hidden=40):
    """x f32[9,1,24] -> y f32[9,1,1,40]."""
    random = np.random.default_rng(4)
    weights = {"w": (1, 4 * hidden, features), "r": (1, 4 * hidden, hidden), "b": (1, 8 * hidden)}
    return _save(folder, "lstm", [helper.make_node("LSTM", ["x", "w", "r", "b"], ["y"], hidden_size=hidden)],
                 [("x", TensorProto.FLOAT, [steps, 1, features])], [("y", TensorProto.FLOAT, [steps, 1, 1, hidden])],
                 {k: random.uniform(-0.3, 0.3, s).astype(np.float32) for k, s in weights.items()})


def values(folder):
    """Integer division and Gather by run-time values: table i32[10], index i64[4], p, q i32[4]."""
    nodes = [helper.make_node("Gather", ["table", "index"], ["picked"], "pick", axis=0),
             helper.make_node("Div", ["p", "q"], ["quotient"], "divide")]
    ints = ("p", TensorProto.INT32, [4]), ("q", TensorProto.INT32, [4])
    return _save(folder, "values", nodes, [("table", TensorProto.INT32, [10]), ("index", TensorProto.INT64, [4]), *ints],
                 [("picked", TensorProto.INT32, [4]), ("quotient", TensorProto.INT32, [4])])


def _body(name, nodes, inputs, outputs):
    infos = [[helper.make_tensor_value_info(n, t, s) for n, t, s in values] for values in (inputs, outputs)]
    return helper.make_graph(nodes, name, *infos)


def loops(folder):
    """x f32[N,3], m i64, limit f32, init f32[3] -> final f32[3], maxes f32[N], branch f32[?,?]: a loop over rows with a loop
    inside that ends early, and a branch whose dims depend on the data."""
    number, yes, floats = (TensorProto.INT64, []), (TensorProto.BOOL, []), (TensorProto.FLOAT, None)
    inner = _body("inner", [helper.make_node("Add", ["acc", "row"], ["acc2"]),
                            helper.make_node("ReduceSum", ["acc2"], ["sum"], keepdims=0),
                            helper.make_node("Less", ["sum", "limit"], ["again"]),
                            helper.make_node("Identity", ["acc2"], ["element"])],
                  [("j", *number), ("go", *yes), ("acc", TensorProto.FLOAT, [3])],
                  [("again", *yes), ("acc2", TensorProto.FLOAT, [3]), ("element", TensorProto.FLOAT, [3])])
    outer = _body("outer", [helper.make_node("Gather", ["x", "i"], ["row"], axis=0),
                            helper.make_node("Loop", ["m", "always", "state"], ["state2", "stack"], "inner", body=inner),
                            helper.make_node("ReduceMax", ["stack"], ["max"], keepdims=0),
                            helper.make_node("Identity", ["on"], ["still_on"])],
                  [("i", *number), ("on", *yes), ("state", TensorProto.FLOAT, [3])],
                  [("still_on", *yes), ("state2", TensorProto.FLOAT, [3]), ("max", TensorProto.FLOAT, [])])
    places = _body("places", [helper.make_node("NonZero", ["x"], ["found"]),
                              helper.make_node("Cast", ["found"], ["as_floats"], to=TensorProto.FLOAT)],
                   [], [("as_floats", TensorProto.FLOAT, ["a", "b"])])
    squares = _body("squares", [helper.make_node("Mul", ["x", "x"], ["square"])], [],
                    [("square", TensorProto.FLOAT, ["a", "b"])])
    nodes = [helper.make_node("Shape", ["x"], ["shape"]), helper.make_node("Gather", ["shape", "zero"], ["n"], axis=0),
             helper.make_node("Loop", ["n", "", "init"], ["final", "maxes"], "outer", body=outer),
             helper.make_node("ReduceSum", ["x"], ["total"], keepdims=0),
             helper.make_node("Greater", ["total", "two"], ["large"]),
             helper.make_node("If", ["large"], ["found_or_square"], "choose", then_branch=places, else_branch=squares),
             helper.make_node("Exp", ["found_or_square"], ["branch"])]
    return _save(folder, "loops", nodes,
                 [("x", TensorProto.FLOAT, ["N", 3]), ("m", *number), ("limit", TensorProto.FLOAT, []),
                  ("init", TensorProto.FLOAT, [3])],
                 [("final", TensorProto.FLOAT, [3]), ("maxes", TensorProto.FLOAT, ["N"]),
                  ("branch", TensorProto.FLOAT, ["a", "b"])],
                 {"zero": np.array(0), "always": np.array(True), "two": np.float32(2)})


def squeezed(folder):
    """x[N,1,3] -> y[N,3]: an If as exporters write squeeze, whose branches differ in rank and whose answer is known."""
    then = _body("then", [helper.make_node("Squeeze", ["x", "one"], ["then_y"])], [],
                 [("then_y", TensorProto.FLOAT, ["N", 3])])
    other = _body("other", [helper.make_node("Identity", ["x"], ["else_y"])], [],
                  [("else_y", TensorProto.FLOAT, ["N", 1, 3])])
    nodes = [helper.make_node("Shape", ["x"], ["shape"]), helper.make_node("Gather", ["shape", "one"], ["size"], axis=0),
             helper.make_node("Equal", ["size", "one"], ["is_one"]),
             helper.make_node("If", ["is_one"], ["squeezed"], "squeeze", then_branch=then, else_branch=other),
             helper.make_node("Neg", ["squeezed"], ["y"])]
    return _save(folder, "squeezed", nodes, [("x", TensorProto.FLOAT, ["N", 1, 3])], [("y", TensorProto.FLOAT, ["N", 3])],
                 {"one": np.array([1])})


def ragged(folder):
    """n i64 -> rows: a loop that stacks values of growing length, which no tensor holds."""
    body = _body("body", [helper.make_node("Range", ["zero", "i", "one"], ["element"]),
                          helper.make_node("Identity", ["go"], ["again"])],
                 [("i", TensorProto.INT64, []), ("go", TensorProto.BOOL, [])],
                 [("again", TensorProto.BOOL, []), ("element", TensorProto.INT64, ["k"])])
    return _save(folder, "ragged", [helper.make_node("Loop", ["n", ""], ["rows"], "grow", body=body)],
                 [("n", TensorProto.INT64, [])], [("rows", TensorProto.INT64, ["n", "k"])],
                 {"zero": np.array(0), "one": np.array(1)})


def product(folder, size=512):
    """a, b f32[512,512] -> c: long enough to be caught running."""
    shape = [size, size]
    return _save(folder, "product", [helper.make_node("MatMul", ["a", "b"], ["c"], "product")],
                 [("a", TensorProto.FLOAT, shape), ("b", TensorProto.FLOAT, shape)], [("c", TensorProto.FLOAT, shape)])


def compile_model(dlc, path, folder, *options):
    """Compiles into folder; returns the path of the shared library."""
    subprocess.run([dlc, "compile", path, "-o", folder, *options], check=True, stdin=subprocess.DEVNULL,
                   stdout=subprocess.DEVNULL)
    return os.path.join(folder, f"lib{os.path.splitext(os.path.basename(path))[0]}.so")


def compile_c(compiler, source, folder, archives, standard="c99"):
    """Links a C program with archives made by dlc; nothing but libc, libm and threads beside them."""
    program = os.path.join(folder, os.path.splitext(os.path.basename(source))[0])
    subprocess.run([compiler, f"-std={standard}", "-Wall", "-Wextra", "-Werror", "-pedantic", "-O1", "-I", folder, source, "-o",
                    program, *archives, "-lm", "-lpthread"], check=True)
    return program


def run_onnxruntime(path, inputs):
    """Outputs in graph order."""
    import onnxruntime

    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = 1
    return onnxruntime.InferenceSession(path, options, providers=["CPUExecutionProvider"]).run(None, inputs)


def random_floats(seed, *shape):
    return np.random.default_rng(seed).uniform(-1, 1, shape).astype(np.float32)
