"""Whole networks with random weights and symbolic batch: what networks_test.py checks and tools/bench/networks.py times.

The light models of the onnx package carry constant weights, whose outputs are uniform; here every weight is drawn anew
(He-scaled, batch-norm statistics not trivial). The others are built in the form that exporters write. Each function
returns a Network; INPUT_SIZES of it says what the inputs are for a batch.
"""
import dataclasses
import glob
import os
from typing import Callable

import numpy as np
import onnx
from onnx import TensorProto, helper, numpy_helper

FLOAT, INT64 = TensorProto.FLOAT, TensorProto.INT64


@dataclasses.dataclass
class Network:
    model: onnx.ModelProto
    inputs: Callable  # (batch, random generator) -> arrays by name


# ---- the light models ----

LIGHT = {"alexnet": "light_bvlc_alexnet", "densenet121": "light_densenet121", "inception_v1": "light_inception_v1",
         "inception_v2": "light_inception_v2", "resnet50": "light_resnet50", "shufflenet": "light_shufflenet",
         "squeezenet": "light_squeezenet", "vgg19": "light_vgg19", "zfnet512": "light_zfnet512"}


def _light_path(name):
    return os.path.join(os.path.dirname(onnx.__file__), "backend", "test", "data", "light", f"{LIGHT[name]}.onnx")


def _weight(role, shape, random):
    if role == "weight":
        return random.standard_normal(shape) * np.sqrt(2 / max(1, np.prod(shape[1:])))
    if role in ("variance", "scale"):
        return random.uniform(0.5, 1.5, shape)
    return random.normal(0, 0.2, shape)


def _roles(graph):
    """What each value is used for: by the place where a node reads it, seen through Unsqueeze."""
    roles = {}
    places = {"Conv": ["", "weight", "bias"], "Gemm": ["", "weight", "bias"], "Mul": ["scale", "scale"],
              "BatchNormalization": ["", "scale", "bias", "mean", "variance"]}
    for node in reversed(graph.node):
        for i, name in enumerate(node.input):
            if node.op_type == "Unsqueeze":
                roles.setdefault(name, roles.get(node.output[0], "bias"))
            else:
                roles.setdefault(name, dict(enumerate(places.get(node.op_type, []))).get(i, "bias"))
    return roles


def light(name):
    """A light model with other weights, symbolic batch, and what goes into the last Softmax as an output of its own."""
    model, random = onnx.load(_light_path(name)), np.random.default_rng(7)
    model.ir_version = 8  # before version 4 every weight had to be an input too
    graph = model.graph
    initializers = {t.name: numpy_helper.to_array(t) for t in graph.initializer}
    inputs = [i for i in graph.input if i.name not in initializers]
    roles, kept, shapes = _roles(graph), [], set()
    for node in graph.node:
        if node.op_type != "ConstantOfShape":
            kept.append(node)
            continue
        shapes.add(node.input[0])
        shape = tuple(int(d) for d in initializers[node.input[0]])
        initializers[node.output[0]] = _weight(roles[node.output[0]], shape, random).astype(np.float32)
    for node in kept:
        if node.op_type == "Reshape":  # written for a batch of 1
            initializers[node.input[1]] = np.concatenate([[-1], initializers[node.input[1]][1:]]).astype(np.int64)
    del graph.node[:], graph.initializer[:], graph.value_info[:]
    graph.node.extend(kept)
    graph.initializer.extend(numpy_helper.from_array(v, k) for k, v in initializers.items() if k not in shapes)
    del graph.input[:]
    graph.input.extend(inputs)
    for info in [*graph.input, *graph.output]:
        info.type.tensor_type.shape.dim[0].dim_param = "N"
    if kept[-1].op_type == "Softmax":
        shape = ["N"] + [d.dim_value for d in graph.output[0].type.tensor_type.shape.dim[1:]]
        graph.output.append(helper.make_tensor_value_info(kept[-1].input[0], FLOAT, shape))
    image, sizes = inputs[0].name, [d.dim_value for d in inputs[0].type.tensor_type.shape.dim[1:]]
    return Network(model, lambda n, r: {image: r.standard_normal((n, *sizes), dtype=np.float32)})


# ---- networks built here ----


class Graph:
    """Nodes and weights of a model that is being built; every method returns the name of its result."""

    def __init__(self, seed=3):
        self.nodes, self.weights, self.random = [], [], np.random.default_rng(seed)

    def op(self, kind, *inputs, outputs=1, **attributes):
        names = [f"t{len(self.nodes)}_{i}" for i in range(outputs)]
        self.nodes.append(helper.make_node(kind, list(inputs), names, f"{kind}_{len(self.nodes)}", **attributes))
        return names[0] if outputs == 1 else names

    def constant(self, value, dtype=np.float32):
        self.weights.append(numpy_helper.from_array(np.asarray(value, dtype), f"w{len(self.weights)}"))
        return self.weights[-1].name

    def normal(self, *shape, scale=1.0):
        return self.constant(self.random.standard_normal(shape) * scale)

    def ints(self, *values):
        return self.constant(values, np.int64)

    def model(self, name, inputs, outputs):
        """`outputs`: (name of the value, name of the output, type, shape)."""
        for value, output, *_ in outputs:
            self.nodes.append(helper.make_node("Identity", [value], [output]))
        graph = helper.make_graph(self.nodes, name, [helper.make_tensor_value_info(*i) for i in inputs],
                                  [helper.make_tensor_value_info(*o[1:]) for o in outputs], self.weights)
        return helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=8)

    # layers

    def conv(self, x, inputs, outputs, kernel, stride=1, group=1, norm=True):
        fan = inputs // group * kernel * kernel
        w = self.normal(outputs, inputs // group, kernel, kernel, scale=np.sqrt(2 / fan))
        bias = [] if norm else [self.normal(outputs, scale=0.1)]
        y = self.op("Conv", x, w, *bias, kernel_shape=[kernel] * 2, strides=[stride] * 2, pads=[kernel // 2] * 4, group=group)
        if not norm:
            return y
        statistics = [_weight(role, (outputs,), self.random) for role in ("scale", "bias", "mean", "variance")]
        return self.op("BatchNormalization", y, *[self.constant(s) for s in statistics])

    def linear(self, x, inputs, outputs):
        return self.op("Add", self.op("MatMul", x, self.normal(inputs, outputs, scale=inputs**-0.5)),
                       self.normal(outputs, scale=0.02))

    def layer_norm(self, x, size):
        """As exporters before opset 17 write it."""
        centered = self.op("Sub", x, self.op("ReduceMean", x, axes=[-1]))
        variance = self.op("ReduceMean", self.op("Pow", centered, self.constant(2.0)), axes=[-1])
        deviation = self.op("Sqrt", self.op("Add", variance, self.constant(1e-5)))
        scaled = self.op("Mul", self.op("Div", centered, deviation), self.constant(self.random.uniform(0.5, 1.5, size)))
        return self.op("Add", scaled, self.normal(size, scale=0.1))

    def gelu(self, x):
        erf = self.op("Erf", self.op("Div", x, self.constant(np.sqrt(2))))
        return self.op("Mul", self.op("Mul", x, self.op("Add", erf, self.constant(1.0))), self.constant(0.5))

    def dim(self, x, axis):
        """As a vector of one element."""
        return self.op("Unsqueeze", self.op("Gather", self.op("Shape", x), self.constant(axis, np.int64)), self.ints(0))

    def heads(self, x, heads, size, order):
        shape = self.op("Concat", self.dim(x, 0), self.dim(x, 1), self.ints(heads, size), axis=0)
        return self.op("Transpose", self.op("Reshape", x, shape), perm=order)

    def merge(self, x, width):
        """[N, heads, S, size] to [N, S, width]."""
        x = self.op("Transpose", x, perm=[0, 2, 1, 3])
        return self.op("Reshape", x, self.op("Concat", self.dim(x, 0), self.dim(x, 1), self.ints(width), axis=0))


def mobilenet_v2():
    g = Graph()
    six = [g.constant(0.0), g.constant(6.0)]
    x, channels = g.op("Clip", g.conv("image", 3, 32, 3, 2), *six), 32
    for expand, outputs, count, stride in ((1, 16, 1, 1), (6, 24, 2, 2), (6, 32, 3, 2), (6, 64, 4, 2), (6, 96, 3, 1),
                                           (6, 160, 3, 2), (6, 320, 1, 1)):
        for i in range(count):
            y, hidden, step = x, channels * expand, stride if i == 0 else 1
            if expand != 1:
                y = g.op("Clip", g.conv(y, channels, hidden, 1), *six)
            y = g.op("Clip", g.conv(y, hidden, hidden, 3, step, group=hidden), *six)
            y = g.conv(y, hidden, outputs, 1)
            x, channels = g.op("Add", x, y) if step == 1 and channels == outputs else y, outputs
    x = g.op("Clip", g.conv(x, channels, 1280, 1), *six)
    x = g.op("Flatten", g.op("GlobalAveragePool", x))
    x = g.op("Gemm", x, g.normal(1000, 1280, scale=1280**-0.5), g.normal(1000, scale=0.1), transB=1)
    model = g.model("mobilenet_v2", [("image", FLOAT, ["N", 3, 224, 224])], [(x, "logits", FLOAT, ["N", 1000])])
    return Network(model, lambda n, r: {"image": r.standard_normal((n, 3, 224, 224), dtype=np.float32)})


def unet(size=128, base=32, depth=3):
    g, skips = Graph(), []

    def double(x, inputs, outputs):
        x = g.op("Relu", g.conv(x, inputs, outputs, 3))
        return g.op("Relu", g.conv(x, outputs, outputs, 3))

    x, channels = double("image", 3, base), base
    for _ in range(depth):
        skips.append((x, channels))
        x = double(g.op("MaxPool", x, kernel_shape=[2, 2], strides=[2, 2]), channels, 2 * channels)
        channels *= 2
    for skip, outputs in reversed(skips):
        w = g.normal(channels, outputs, 2, 2, scale=channels**-0.5)
        x = g.op("ConvTranspose", x, w, g.normal(outputs, scale=0.1), kernel_shape=[2, 2], strides=[2, 2])
        x, channels = double(g.op("Concat", skip, x, axis=1), 2 * outputs, outputs), outputs
    x = g.conv(x, channels, 4, 1, norm=False)
    shape = ["N", 4, size, size]
    model = g.model("unet", [("image", FLOAT, ["N", 3, size, size])], [(x, "classes", FLOAT, shape)])
    return Network(model, lambda n, r: {"image": r.standard_normal((n, 3, size, size), dtype=np.float32)})


def bert(layers=12, width=768, heads=12, vocabulary=30522, length=128):
    g, size = Graph(), width // heads
    words = g.op("Gather", g.normal(vocabulary, width, scale=0.5), "ids")
    steps = g.op("Range", g.constant(0, np.int64), g.op("Squeeze", g.dim("ids", 1), g.ints(0)), g.constant(1, np.int64))
    places = g.op("Gather", g.normal(512, width, scale=0.5), steps)
    x = g.layer_norm(g.op("Add", words, places), width)
    mask = g.op("Cast", g.op("Unsqueeze", "mask", g.ints(1, 2)), to=FLOAT)
    mask = g.op("Mul", g.op("Sub", g.constant(1.0), mask), g.constant(-10000.0))
    for _ in range(layers):
        q, k, v = (g.heads(g.linear(x, width, width), heads, size, order)
                   for order in ([0, 2, 1, 3], [0, 2, 3, 1], [0, 2, 1, 3]))
        scores = g.op("Add", g.op("Div", g.op("MatMul", q, k), g.constant(np.sqrt(size))), mask)
        mixed = g.merge(g.op("MatMul", g.op("Softmax", scores, axis=-1), v), width)
        x = g.layer_norm(g.op("Add", x, g.linear(mixed, width, width)), width)
        hidden = g.gelu(g.linear(x, width, 4 * width))
        x = g.layer_norm(g.op("Add", x, g.linear(hidden, 4 * width, width)), width)
    first = g.op("Gather", x, g.constant(0, np.int64), axis=1)
    pooled = g.op("Tanh", g.linear(first, width, width))
    model = g.model("bert", [("ids", INT64, ["N", "S"]), ("mask", INT64, ["N", "S"])],
                    [(x, "hidden", FLOAT, ["N", "S", width]), (pooled, "pooled", FLOAT, ["N", width])])

    def inputs(n, r, length=length):
        mask = np.ones((n, length), np.int64)
        mask[0, length - length // 4:] = 0
        return {"ids": r.integers(0, vocabulary, (n, length)), "mask": mask}

    return Network(model, inputs)


def gpt(layers=12, width=768, heads=12, vocabulary=50257, past=256, places=1024):
    """One step of decoding: new tokens ids[N, S] behind a cache of P steps."""
    g, size = Graph(), width // heads
    words = g.normal(vocabulary, width, scale=0.5)
    begin = g.op("Squeeze", g.dim("key_0", 2), g.ints(0))
    end = g.op("Add", begin, g.op("Squeeze", g.dim("ids", 1), g.ints(0)))
    steps = g.op("Range", begin, end, g.constant(1, np.int64))
    x = g.op("Add", g.op("Gather", words, "ids"), g.op("Gather", g.normal(places, width, scale=0.5), steps))
    # Step i sees what is not behind it.
    every = g.op("Range", g.constant(0, np.int64), end, g.constant(1, np.int64))
    later = g.op("Greater", every, g.op("Unsqueeze", steps, g.ints(1)))
    mask = g.op("Where", later, g.constant(-10000.0), g.constant(0.0))
    inputs, outputs = [("ids", INT64, ["N", "S"])], []
    for i in range(layers):
        normed = g.layer_norm(x, width)
        q, k, v = g.op("Split", g.linear(normed, width, 3 * width), g.ints(width, width, width), outputs=3, axis=-1)
        q, k, v = (g.heads(t, heads, size, [0, 2, 1, 3]) for t in (q, k, v))
        k, v = g.op("Concat", f"key_{i}", k, axis=2), g.op("Concat", f"value_{i}", v, axis=2)
        inputs += [(f"{kind}_{i}", FLOAT, ["N", heads, "P", size]) for kind in ("key", "value")]
        outputs += [(t, f"present_{kind}_{i}", FLOAT, ["N", heads, "P_S", size]) for t, kind in ((k, "key"), (v, "value"))]
        scores = g.op("MatMul", q, g.op("Transpose", k, perm=[0, 1, 3, 2]))
        scores = g.op("Add", g.op("Div", scores, g.constant(np.sqrt(size))), mask)
        mixed = g.merge(g.op("MatMul", g.op("Softmax", scores, axis=-1), v), width)
        x = g.op("Add", x, g.linear(mixed, width, width))
        hidden = g.gelu(g.linear(g.layer_norm(x, width), width, 4 * width))
        x = g.op("Add", x, g.linear(hidden, 4 * width, width))
    logits = g.op("MatMul", g.layer_norm(x, width), g.op("Transpose", words, perm=[1, 0]))
    model = g.model("gpt", inputs, [(logits, "logits", FLOAT, ["N", "S", vocabulary]), *outputs])

    def values(n, r, past=past):
        cache = {name: r.standard_normal((n, heads, past, size), dtype=np.float32) for name, *_ in inputs[1:]}
        return {"ids": r.integers(0, vocabulary, (n, 1)), **cache}

    return Network(model, values)


def recurrent(kind, gates, hidden=512, layers=2, length=100):
    """x[S, N, hidden] through layers of LSTM or GRU."""
    g, x = Graph(), "x"
    for _ in range(layers):
        w, r = (g.normal(1, gates * hidden, hidden, scale=hidden**-0.5) for _ in range(2))
        extra = {"linear_before_reset": 1} if kind == "GRU" else {}
        y = g.op(kind, x, w, r, g.normal(1, 2 * gates * hidden, scale=0.1), hidden_size=hidden, **extra)
        x = g.op("Squeeze", y, g.ints(1))
    model = g.model(kind.lower(), [("x", FLOAT, ["S", "N", hidden])], [(x, "y", FLOAT, ["S", "N", hidden])])
    return Network(model, lambda n, r, length=length: {"x": r.standard_normal((length, n, hidden), dtype=np.float32)})


NETWORKS = {**{name: (lambda name=name: light(name)) for name in LIGHT}, "mobilenet_v2": mobilenet_v2, "unet": unet,
            "bert": bert, "gpt": gpt, "lstm": lambda: recurrent("LSTM", 4), "gru": lambda: recurrent("GRU", 3)}
