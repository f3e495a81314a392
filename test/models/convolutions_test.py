#!/usr/bin/env python3
"""Convolutions drawn at random, with symbolic batch and image, against ONNX Runtime.

Windows, strides, dilations, pads, groups and channels cover what decides how a convolution is computed: transformed
windows, an implicit product, each channel on its own. Three in four weights are known when compiling. Behind some stand a
shift of each channel or an activation. Example:

    test/models/convolutions_test.py --count 500 --seed 3
"""
import argparse
import os
import subprocess
import sys
import tempfile

import numpy as np
import onnx
import onnxruntime
from onnx import TensorProto, helper, numpy_helper

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
sys.path[:0] = [os.path.join(ROOT, "tools", "python")]
import dlc  # noqa: E402

IN_ONE_MODEL = 12
SIZES = [dict(N=1, H=14, W=14), dict(N=3, H=9, W=31), dict(N=2, H=27, W=10)]
CLOSE = 3e-6  # norm of the difference over the norm, of two f32 evaluations


def pick(random, *choices):
    return choices[random.integers(len(choices))]


class Convolution:
    """One Conv node, its weights, and how it is named in a message."""

    def __init__(self, i, random):
        self.i = i
        transformed = random.random() < 0.5  # of the form that Winograd's filtering takes
        window = [3, 3] if transformed else [int(random.integers(1, 6)) for _ in range(2)]
        strides = [1, 1] if transformed else [int(pick(random, 1, 1, 2, 3)) for _ in range(2)]
        dilations = [1, 1] if transformed else [int(pick(random, 1, 1, 2)) for _ in range(2)]
        groups = 1 if transformed else int(pick(random, 1, 1, 2, 4, 8))
        inputs, outputs = groups * int(pick(random, 1, 3, 8, 16, 33, 64)), groups * int(pick(random, 1, 5, 16, 32, 40, 96))
        self.channels = inputs
        self.attributes = dict(kernel_shape=window, strides=strides, dilations=dilations, group=groups,
                               pads=[int(p) for p in random.integers(0, 4, 4)])
        self.weights = (random.standard_normal((outputs, inputs // groups, *window)) / np.sqrt(inputs)).astype(np.float32)
        self.bias = random.standard_normal(outputs).astype(np.float32)
        self.known, self.behind = random.random() < 0.75, pick(random, "", "Relu", "shift", "Sigmoid")

    def __str__(self):
        known = "known" if self.known else "given"
        return f"conv{self.i} {self.weights.shape} {known} {self.behind} {self.attributes}"

    def nodes(self):
        x, y = f"x{self.i}", f"y{self.i}"
        conv = helper.make_node("Conv", [x, f"w{self.i}", f"b{self.i}"], [y if not self.behind else f"c{self.i}"],
                                f"conv{self.i}", **self.attributes)
        if not self.behind:
            return [conv]
        if self.behind == "shift":
            return [conv, helper.make_node("Add", [f"c{self.i}", f"r{self.i}"], [y])]
        return [conv, helper.make_node(self.behind, [f"c{self.i}"], [y])]


def build(convolutions):
    info = helper.make_tensor_value_info
    nodes, inputs, outputs, weights = [], [], [], []
    for c in convolutions:
        nodes += c.nodes()
        inputs.append(info(f"x{c.i}", TensorProto.FLOAT, ["N", c.channels, "H", "W"]))
        if c.behind == "shift":
            inputs.append(info(f"r{c.i}", TensorProto.FLOAT, [1, len(c.bias), 1, 1]))
        if c.known:
            weights.append(numpy_helper.from_array(c.weights, f"w{c.i}"))
        else:
            inputs.append(info(f"w{c.i}", TensorProto.FLOAT, c.weights.shape))
        weights.append(numpy_helper.from_array(c.bias, f"b{c.i}"))
        outputs.append(info(f"y{c.i}", TensorProto.FLOAT, ["N", len(c.bias), None, None]))
    graph = helper.make_graph(nodes, "convolutions", inputs, outputs, weights)
    return helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=9)


def check(convolutions, random, tool, folder):
    """Messages on those that differ."""
    path = os.path.join(folder, "convolutions.onnx")
    onnx.save(build(convolutions), path)
    subprocess.run([tool, "compile", path, "-o", folder], check=True, stdout=subprocess.DEVNULL)
    ours = dlc.Model(os.path.join(folder, "libconvolutions.so"), threads=2)
    theirs = onnxruntime.InferenceSession(path, providers=["CPUExecutionProvider"])
    wrong = []
    for sizes in SIZES:
        inputs = {}
        for c in convolutions:
            inputs[f"x{c.i}"] = random.standard_normal((sizes["N"], c.channels, sizes["H"], sizes["W"]), dtype=np.float32)
            if c.behind == "shift":
                inputs[f"r{c.i}"] = random.standard_normal((1, len(c.bias), 1, 1), dtype=np.float32)
            if not c.known:
                inputs[f"w{c.i}"] = c.weights
        expected = dict(zip([f"y{c.i}" for c in convolutions], theirs.run([f"y{c.i}" for c in convolutions], inputs)))
        got = ours.run(inputs)
        for c in convolutions:
            y, e = got[f"y{c.i}"], expected[f"y{c.i}"]
            error = np.linalg.norm(y - e) / max(np.linalg.norm(e), 1e-30) if y.shape == e.shape else np.inf
            if not error <= CLOSE:
                wrong.append(f"{c} of {sizes}: error {error:.1e}, {y.shape} where ONNX Runtime gives {e.shape}")
    return wrong


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--dlc", default=os.path.join(ROOT, "build", "bin", "dlc"))
    parser.add_argument("--count", type=int, default=120)
    parser.add_argument("--seed", type=int, default=0)
    arguments = parser.parse_args()
    random, failed = np.random.default_rng(arguments.seed), 0
    for first in range(0, arguments.count, IN_ONE_MODEL):
        convolutions = [Convolution(i, random) for i in range(first, min(first + IN_ONE_MODEL, arguments.count))]
        with tempfile.TemporaryDirectory() as folder:
            wrong = check(convolutions, random, arguments.dlc, folder)
        failed += len({w.split()[0] for w in wrong})
        print("\n".join(wrong), end="\n" if wrong else "", flush=True)
    print(f"{arguments.count - failed} passed, {failed} failed")
    sys.exit(1 if failed else 0)


if __name__ == "__main__":
    main()
