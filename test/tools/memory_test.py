#!/usr/bin/env python3
"""The compiler's memory: a few times the bytes of the weights, in whatever form the model has them."""
import pathlib
import subprocess
import sys
import tempfile
import unittest

import numpy as np
import onnx
from onnx import TensorProto, helper, numpy_helper

DLC = sys.argv[1]
del sys.argv[1:]
MIB = 1 << 20
LARGE = (12288, 4096, 2048)  # of two products: 235 MB in f32
SMALL = (320, 256, 64)
COMPILER = 250 * MIB  # the compiler itself, beside the weights
# Runs a command and prints its peak in KiB. In a process of its own, because a child's peak begins with its parent's.
MEASURE = """import resource, subprocess, sys
code = subprocess.call(sys.argv[1:], stdout=subprocess.DEVNULL)
print(resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss)
sys.exit(code)"""


def weights_model(dtype=np.float32, transposed=False, cast=False, twice=False, sizes=LARGE):
    nodes, initializers, value = [], [numpy_helper.from_array(np.zeros(1, np.int64), "zero")], "x"
    random = np.random.default_rng(0)
    for i, (rows, columns) in enumerate(zip(sizes, sizes[1:])):
        shape = (columns, rows) if transposed else (rows, columns)
        weight = name = f"w{i}"
        initializers.append(numpy_helper.from_array(random.random(shape, np.float32).astype(dtype), name))
        if transposed:
            nodes.append(helper.make_node("Transpose", [name], [f"{name}t"], perm=[1, 0]))
            weight = f"{name}t"
        if cast:
            nodes.append(helper.make_node("Cast", [name], [f"{name}c"], to=TensorProto.FLOAT))
            weight = f"{name}c"
        nodes.append(helper.make_node("MatMul", [value, weight], [f"t{i}"]))
        value = f"t{i}"
        if twice:
            nodes += [helper.make_node("Gather", [name, "zero"], [f"row{i}"]),
                      helper.make_node("Add", [value, f"row{i}"], [f"u{i}"])]
            value = f"u{i}"
    element = TensorProto.FLOAT if cast or dtype == np.float32 else TensorProto.FLOAT16
    graph = helper.make_graph(nodes, "weights", [helper.make_tensor_value_info("x", element, [1, sizes[0]])],
                              [helper.make_tensor_value_info(value, element, [1, sizes[-1]])], initializers)
    return helper.make_model(graph, opset_imports=[helper.make_opsetid("", 21)], ir_version=10)


class Memory(unittest.TestCase):
    def setUp(self):
        temporary = tempfile.TemporaryDirectory()
        self.addCleanup(temporary.cleanup)
        self.folder = pathlib.Path(temporary.name)

    def check(self, model, times, **save):
        """Compiles `model` within `times` the bytes of its library and what the compiler needs for itself."""
        path = self.folder / "m.onnx"
        onnx.save(model, path, **save)
        done = subprocess.run([sys.executable, "-c", MEASURE, DLC, "compile", path, "-o", self.folder],
                              capture_output=True, text=True)
        self.assertEqual(done.returncode, 0, done.stderr)
        library = (self.folder / "libm.so").stat().st_size
        peak = int(done.stdout) * 1024
        print(f"  {self.id().split('.')[-1]}: library {library / MIB:.0f} MiB, peak {peak / MIB:.0f} MiB")
        self.assertLess(peak, times * library + COMPILER)

    def test_values(self):
        for options in ({}, {"transposed": True}, {"dtype": np.float16, "cast": True}, {"twice": True}):
            path = self.folder / "m.onnx"
            onnx.save(weights_model(sizes=SMALL, **options), path)
            done = subprocess.run([DLC, "check", str(path)], capture_output=True, text=True)
            self.assertEqual(done.returncode, 0, f"{options}\n{done.stdout}{done.stderr}")

    def test_weights_in_the_model(self):
        self.check(weights_model(), 2)

    def test_external_weights(self):
        self.check(weights_model(), 2, save_as_external_data=True, location="m.data", size_threshold=1024)

    def test_transposed_weights(self):
        self.check(weights_model(transposed=True), 2)

    def test_half_weights(self):
        self.check(weights_model(np.float16), 2)

    def test_weights_that_are_cast(self):
        self.check(weights_model(np.float16, cast=True), 3)

    def test_weights_in_two_forms(self):
        self.check(weights_model(twice=True), 2)


if __name__ == "__main__":
    unittest.main(verbosity=1)
