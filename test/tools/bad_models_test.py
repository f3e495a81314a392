#!/usr/bin/env python3
"""dlc compile on bad input: a located message, the exit code of the mistake, no output, little time and memory."""
import ctypes
import os
import random
import resource
import signal
import subprocess
import sys
import tempfile
import time
import unittest

import numpy as np
import onnx
from onnx import TensorProto, helper, numpy_helper

DLC = sys.argv[1]
del sys.argv[1:]
USAGE, UNSUPPORTED = 2, 3
SECONDS, KIBIBYTES = 5, 2 << 20


def value(name, shape=("N", 4), dtype=TensorProto.FLOAT):
    return helper.make_tensor_value_info(name, dtype, shape)


def model(nodes, inputs=("x",), outputs=("y",), initializers=(), opset=21, functions=(), domains=()):
    graph = helper.make_graph(list(nodes), "g", [v if not isinstance(v, str) else value(v) for v in inputs],
                              [v if not isinstance(v, str) else value(v) for v in outputs], list(initializers))
    imports = [helper.make_opsetid("", opset), *(helper.make_opsetid(d, 1) for d in domains)]
    return helper.make_model(graph, opset_imports=imports, functions=list(functions), ir_version=10)


def node(op, inputs, outputs, **attributes):
    return helper.make_node(op, inputs, outputs, name=f"the_{op}", **attributes)


def relu():
    return model([node("Relu", ["x"], ["y"])])


def weighted(**changes):
    """y = x + w, with the initializer changed."""
    w = numpy_helper.from_array(np.arange(4, dtype=np.float32), "w")
    for key, change in changes.items():
        if isinstance(change, list):
            del getattr(w, key)[:]
            getattr(w, key).extend(change)
        else:
            setattr(w, key, change)
    return model([node("Add", ["x", "w"], ["y"])], initializers=[w])


def external(location, offset=0, length=16):
    m = weighted()
    w = m.graph.initializer[0]
    w.ClearField("raw_data")
    w.data_location = TensorProto.EXTERNAL
    for key, v in (("location", location), ("offset", str(offset)), ("length", str(length))):
        w.external_data.add(key=key, value=v)
    return m


def field(number, payload):
    """A length-delimited protobuf field."""
    n, size = len(payload), b""
    while n > 127:
        size += bytes([n & 127 | 128])
        n >>= 7
    return bytes([number << 3 | 2]) + size + bytes([n]) + payload


def nested(depth):
    """If in the then-branch of If, `depth` times, written inside out: no recursion here."""
    graph = field(1, field(1, b"c") + field(2, b"o") + field(4, b"Identity")) + field(12, field(1, b"o"))
    for _ in range(depth):
        branch = field(5, field(1, b"then_branch") + field(6, graph) + b"\xa0\x01\x05")
        graph = field(1, field(1, b"c") + field(2, b"o") + field(4, b"If") + branch) + field(12, field(1, b"o"))
    return b"\x08\x0a" + field(7, graph) + field(8, b"\x10\x15")


def recursive():
    f = helper.make_function("local", "f", ["a"], ["b"], [helper.make_node("g", ["a"], ["b"], domain="local")],
                             [helper.make_opsetid("local", 1)])
    g = helper.make_function("local", "g", ["a"], ["b"], [helper.make_node("f", ["a"], ["b"], domain="local")],
                             [helper.make_opsetid("local", 1)])
    return model([node("f", ["x"], ["y"], domain="local")], functions=[f, g], domains=["local"])


def chain(length):
    names = ["x", *(f"t{i}" for i in range(length - 1)), "y"]
    ops = ("Tanh", "Relu", "Neg", "Exp")
    return model(helper.make_node(ops[i % 4], [names[i]], [names[i + 1]], name=f"n{i}") for i in range(length))


def limit(before):
    """Ends a compile that hangs; then whatever else the test wants in the child."""
    resource.setrlimit(resource.RLIMIT_CPU, (30, 30))
    if before:
        before()


class BadModels(unittest.TestCase):
    def setUp(self):
        temporary = tempfile.TemporaryDirectory()
        self.addCleanup(temporary.cleanup)
        self.folder = os.path.join(temporary.name, "models")
        self.out = os.path.join(temporary.name, "out")
        os.makedirs(self.folder)
        os.makedirs(self.out)

    def path(self, name):
        return os.path.join(self.folder, name)

    def compile(self, data, *arguments, before=None):
        """(exit code, standard error) of a compile, which must be quick, small and leave nothing when it fails."""
        with open(self.path("bad.onnx"), "wb") as f:
            f.write(data if isinstance(data, bytes) else data.SerializeToString())
        with tempfile.TemporaryFile() as err:
            start = time.monotonic()
            command = [DLC, "compile", self.path("bad.onnx"), "-o", self.out, *arguments]
            child = subprocess.Popen(command, preexec_fn=lambda: limit(before), stdin=subprocess.DEVNULL,
                                     stdout=subprocess.DEVNULL, stderr=err)
            _, status, usage = os.wait4(child.pid, 0)
            child.returncode = code = os.waitstatus_to_exitcode(status)
            err.seek(0)
            text = err.read().decode(errors="replace")
        self.assertLess(time.monotonic() - start, SECONDS, text)
        self.assertLess(usage.ru_maxrss, KIBIBYTES, text)
        if code:
            self.assertEqual(os.listdir(self.out), [], text)
        return code, text

    def refused(self, data, exit_code, *words, located=True):
        code, text = self.compile(data)
        self.assertEqual(code, exit_code, text)
        self.assertTrue(text.startswith("error[E0"), text)
        if located:
            self.assertIn("\n  --> ", text)
            self.assertIn("bad.onnx", text)
        for word in words:
            self.assertIn(word, text)

    def test_the_good_ones_are_good(self):
        for m in (relu(), weighted(), chain(50)):
            self.assertEqual(self.compile(m), (0, ""))

    def test_no_model_at_all(self):
        self.refused(b"", USAGE)
        done = subprocess.run([DLC, "compile", self.path("none.onnx"), "-o", self.out], capture_output=True, text=True)
        self.assertEqual(done.returncode, USAGE)
        self.assertIn("none.onnx", done.stderr)

    def test_truncated(self):
        whole = chain(12).SerializeToString()
        for i in range(50):
            self.refused(whole[:i * len(whole) // 50], USAGE)

    def test_random_bytes(self):
        source = random.Random(0)
        for size in (1, 10, 1000, 100000):
            self.refused(source.randbytes(size), USAGE)

    def test_flipped_bytes_never_crash(self):
        source, whole = random.Random(1), bytearray(chain(12).SerializeToString())
        for _ in range(50):
            flipped = bytearray(whole)
            flipped[source.randrange(len(flipped))] ^= 1 << source.randrange(8)
            code, text = self.compile(bytes(flipped))
            self.assertIn(code, (0, USAGE, UNSUPPORTED), text)
            for name in os.listdir(self.out):
                os.remove(os.path.join(self.out, name))

    def test_structure(self):
        self.refused(model([node("Relu", ["t"], ["y"]), node("Neg", ["y"], ["t"])]), USAGE, "the_")
        self.refused(model([node("Add", ["x", "w"], ["y"])]), USAGE, '"w"', "the_Add")
        self.refused(model([node("Relu", ["x"], ["y"]), node("Neg", ["x"], ["y"])]), USAGE, '"y"')
        self.refused(model([node("Relu", ["x"], ["x"])], outputs=["x"]), USAGE, '"x"')
        self.refused(model([node("Relu", ["x"], ["y"])], outputs=["z"]), USAGE, '"z"')
        self.refused(recursive(), USAGE)
        self.refused(nested(10000), UNSUPPORTED)

    def test_ops(self):
        self.refused(model([node("Frobnicate", ["x"], ["y"])]), UNSUPPORTED, "Frobnicate", "the_Frobnicate")
        self.refused(model([node("Relu", ["x"], ["y"], domain="com.example")], domains=["com.example"]), UNSUPPORTED,
                     "com.example")
        self.refused(model([node("Add", ["x"], ["y"])]), USAGE, "the_Add")
        self.refused(model([node("Relu", ["x", "x"], ["y"])]), USAGE, "the_Relu")
        self.refused(model([node("Softmax", ["x"], ["y"], axis="last")]), USAGE, "axis")
        self.refused(model([node("Softmax", ["x"], ["y"], axis=7)]), USAGE, "the_Softmax")
        self.refused(model([node("MatMul", ["x", "x"], ["y"])], inputs=[value("x", (2, 3))]), USAGE, "the_MatMul", "3", "2")
        self.refused(model([node("Relu", ["x"], ["y"])], opset=1000), UNSUPPORTED, "1000")

    def test_element_types(self):
        floats = value("x", (3, 4))
        places, few = value("i", (2, 4)), value("w", (4,), TensorProto.INT8)
        for op, inputs, words in (("Gather", [floats, value("i", (2,))], "integer indices, got 'f32'"),
                                  ("GatherElements", [floats, places], "integer indices, got 'f32'"),
                                  ("GatherND", [floats, value("i", (2, 1))], "integer indices, got 'f32'"),
                                  ("ScatterElements", [floats, places, value("u", (2, 4))],
                                   "integer indices, got 'f32'"),
                                  ("TopK", [floats, value("k", (1,))], "k to be one integer"),
                                  ("TopK", [floats, value("k", ("K",), TensorProto.INT64)], "k to be one integer"),
                                  ("Reshape", [floats, value("s", (2,))], "an integer shape"),
                                  ("ConstantOfShape", [value("s", (2,))], "1-D integer shape"),
                                  ("AffineGrid", [value("t", (1, 2, 3)), value("s", (4,))], "integer size, got 'f32'"),
                                  ("Where", [value("c", (4,)), floats, value("z", (4,))], "boolean condition, got 'f32'"),
                                  ("BitwiseNot", [floats], "integers or booleans, got 'f32'"),
                                  ("Not", [floats], "booleans, got 'f32'"),
                                  ("Clip", [floats, value("low", (), TensorProto.INT8)],
                                   "one type, got 'f32' and 'i8'"),
                                  ("Add", [floats, few], "one type, got f32 and i8")):
            outputs = ["y", "places"] if op == "TopK" else ["y"]
            with self.subTest(op=op, words=words):
                self.refused(model([node(op, [v.name for v in inputs], outputs)], inputs=inputs), USAGE, "[E0102]",
                             words, f"the_{op}")

    def test_random(self):
        truth = numpy_helper.from_array(np.array(True), "t")
        much = numpy_helper.from_array(np.float32(1.5), "r")
        integers, string = value("i", (4,), TensorProto.INT32), TensorProto.STRING
        for op, inputs, attributes, words in (
                ("RandomUniform", [], {}, "the attribute shape"),
                ("RandomUniform", [], {"shape": [2, -1]}, "dims of at least 0, got -1"),
                ("RandomNormal", [], {"shape": [2], "dtype": TensorProto.INT64}, "a dtype of floats"),
                ("RandomNormal", [], {"shape": [2], "seed": 3}, "seed"),
                ("RandomNormalLike", [integers], {}, "a dtype of floats"),
                ("RandomUniform", [], {"shape": [2], "dtype": TensorProto.FLOAT8E5M2}, "floats of 16 bits or more"),
                ("RandomUniformLike", [], {}, "1 inputs, got 0"),
                ("Bernoulli", [integers], {}, "probabilities that are floats"),
                ("Bernoulli", [value("x")], {"dtype": string}, "data type 8"),
                ("Multinomial", [value("x", (2, 3, 4))], {}, "[batch, classes], got rank 3"),
                ("Multinomial", [value("x")], {"dtype": TensorProto.FLOAT}, "32 or 64-bit integers"),
                ("Multinomial", [value("x")], {"sample_size": -1}, "sample_size of at least 0, got -1"),
                ("Dropout", [value("x"), much, truth], {}, "a ratio in [0, 1), got 1.5"),
                ("Dropout", [integers, "", truth], {}, "expects floats"),
                ("Dropout", [value("x"), "", value("m", (), TensorProto.INT32)], {}, "training_mode that is a bool")):
            names = [v if isinstance(v, str) else v.name for v in inputs]
            given = [v for v in inputs if isinstance(v, onnx.ValueInfoProto)]
            weights = [v for v in inputs if isinstance(v, onnx.TensorProto)]
            with self.subTest(op=op, words=words):
                code = UNSUPPORTED if "data type" in words else USAGE
                self.refused(model([node(op, names, ["y"], **attributes)], given, [value("y", None)], weights), code, words,
                             f"the_{op}")

    def test_integer_convolutions(self):
        x, w = value("x", (1, 4, 8, 8), TensorProto.UINT8), value("w", (6, 4, 3, 3), TensorProto.INT8)
        floats = value("f", (6, 4, 3, 3))
        for inputs, attributes, words in (
                ([x, floats], {}, "weights of 8-bit integers"),
                ([x, w, value("z", (2,), TensorProto.UINT8)], {}, "one zero point for the whole input"),
                ([x, w, "", value("z", (2, 3), TensorProto.INT8)], {}, "zero point of the weights of rank 0 or 1, got 2"),
                ([x, w, "", value("z", (5,), TensorProto.INT8)], {}, "5"),
                ([x, w], {"group": 2}, "an input of 8 channels"),
                ([x], {}, "2 to 4 inputs, got 1")):
            names = [v if isinstance(v, str) else v.name for v in inputs]
            with self.subTest(words=words):
                self.refused(model([node("ConvInteger", names, ["y"], **attributes)],
                                   [v for v in inputs if not isinstance(v, str)], [value("y", None)]), USAGE, words,
                             "the_ConvInteger")

    def test_narrow_types(self):
        def packed(data, count):
            w = onnx.TensorProto(name="w", data_type=TensorProto.INT4, dims=[count], raw_data=data)
            return model([node("Cast", ["w"], ["y"], to=TensorProto.FLOAT)], [], [value("y", None)], [w])

        self.assertEqual(self.compile(packed(b"12", 3)), (0, ""))
        for name in os.listdir(self.out):
            os.remove(os.path.join(self.out, name))
        self.refused(packed(b"12", 5), USAGE, "2 bytes of data, expected 3 for 5 elements of i4")
        self.refused(packed(b"12", 2), USAGE, "2 bytes of data, expected 1 for 2 elements of i4")
        self.refused(model([node("Cast", ["x"], ["y"], to=TensorProto.FLOAT8E8M0, round_mode="odd")], opset=24), USAGE,
                     "round_mode up, down or nearest, got 'odd'")

    def test_windows(self):
        image, huge, most = value("x", (1, 3, 8, 8)), 1 << 62, (1 << 31) - 1

        def bad(op, code, words, *weights, **attributes):
            constants = [numpy_helper.from_array(np.ones(w, np.float32), f"w{i}") for i, w in enumerate(weights)]
            inputs = ["x", *(c.name for c in constants)]
            with self.subTest(op=op, words=words, **attributes):
                self.refused(model([node(op, inputs, ["y"], **attributes)], [image], [value("y", None)], constants), code,
                             words)

        for op in ("MaxPool", "AveragePool", "LpPool"):
            bad(op, USAGE, "expects a kernel_shape")
            bad(op, USAGE, "expects 2 kernel_shape, got 1", kernel_shape=[3])
            bad(op, USAGE, "kernel_shape of 1 to 2147483647, got 0", kernel_shape=[0, 3])
            bad(op, USAGE, "a window of at most the padded spatial dim 0, got 9 and 8", kernel_shape=[9, 9])
            bad(op, USAGE, "strides of 1 to 2147483647, got 0", kernel_shape=[2, 2], strides=[0, 1])
            bad(op, USAGE, f"got {huge}", kernel_shape=[2, 2], dilations=[huge, 1])
            bad(op, USAGE, f"got {huge}", kernel_shape=[2, 2], pads=[0, huge, 0, 0])
            bad(op, USAGE, "expects 4 pads, got 3", kernel_shape=[2, 2], pads=[0, 0, 0])
            bad(op, USAGE, 'got "FULL"', kernel_shape=[2, 2], auto_pad="FULL")
        bad("MaxPool", USAGE, "storage_order of 0 or 1", kernel_shape=[2, 2], storage_order=2)
        bad("LpPool", USAGE, "a p above 0", kernel_shape=[2, 2], p=0)
        bad("Conv", USAGE, "window dims of 1", (6, 3, 0, 3))
        kernel = (3, 2, 3, 3)
        bad("ConvTranspose", USAGE, "groups that divides the 3 input channels, got 2", kernel, group=2)
        bad("ConvTranspose", USAGE, "expects 2 output_padding, got 1", kernel, output_padding=[1])
        bad("ConvTranspose", USAGE, "output_shape of 1", kernel, output_shape=[0, 3])
        bad("ConvTranspose", USAGE, "kernel_shape that is the weights'", kernel, kernel_shape=[2, 2])
        bad("ConvTranspose", USAGE, "got 3 and -188", kernel, pads=[100] * 4)
        places = [image, value("i", (1, 3, 8, 8), TensorProto.INT64)]
        unpool = node("MaxUnpool", ["x", "i"], ["y"], kernel_shape=[2, 2], strides=[most, most])
        code, text = self.compile(model([unpool], places, [value("y", None)]))
        self.assertEqual(code, USAGE, text)
        self.assertIn("expects a result that fits into memory, got f32[1,3,15032385531,15032385531]", text)

    def test_what_only_the_shapes_tell(self):
        # Known once the constants are: no word of MLIR, and the node.
        length = numpy_helper.from_array(np.array([3], np.int64), "length")
        nodes = [node("NonZero", ["x"], ["places"]), node("Shape", ["x"], ["dims"]),
                 node("Add", ["dims", "length"], ["more"]), node("Reshape", ["x", "more"], ["y"])]
        code, text = self.compile(model(nodes, inputs=[value("x", (2, 2))], initializers=[length]))
        self.assertEqual(code, USAGE, text)
        self.assertIn("the_Reshape", text)
        self.assertNotIn("dl.", text)

    def test_every_mistake_in_one_go(self):
        code, text = self.compile(model([node("Foo", ["x"], ["t"]), node("Bar", ["t"], ["y"])]))
        self.assertEqual(code, UNSUPPORTED)
        self.assertIn("Foo", text)
        self.assertIn("Bar", text)

    def test_dims_and_data(self):
        for shape in ([-3, 4], [1 << 40, 1 << 40], [1 << 62, 4]):
            self.refused(model([node("Relu", ["x"], ["y"])], inputs=[value("x", shape)], outputs=[value("y", None)]), USAGE)
        self.refused(weighted(raw_data=b"123"), USAGE, "w")
        self.refused(weighted(dims=[5]), USAGE, "w")
        self.refused(weighted(dims=[-4]), USAGE, "w")
        self.refused(weighted(dims=[1 << 32, 1 << 32]), USAGE, "w")
        shape = numpy_helper.from_array(np.array([10**15], np.int64), "s")
        huge = [node("ConstantOfShape", ["s"], ["t"]), node("ReduceSum", ["t"], ["y"], keepdims=0)]
        code, text = self.compile(model(huge, inputs=[], outputs=[value("y", ())], initializers=[shape]))
        self.assertIn(code, (0, USAGE, UNSUPPORTED), text)

    def test_external_data(self):
        with open(self.path("w.bin"), "wb") as f:
            f.write(bytes(16))
        self.assertEqual(self.compile(external("w.bin")), (0, ""))
        for name in os.listdir(self.out):
            os.remove(os.path.join(self.out, name))
        outside = os.path.join(os.path.dirname(self.folder), "outside.bin")
        with open(outside, "wb") as f:
            f.write(bytes(16))
        os.symlink(outside, self.path("symbolic.bin"))
        os.link(outside, self.path("hard.bin"))
        os.mkdir(self.path("folder"))
        for location in (self.path("w.bin"), "/etc/passwd", "../outside.bin", "folder/../../outside.bin", "symbolic.bin",
                         "hard.bin", "folder", "none.bin", "", "w.bin\0x"):
            with self.subTest(location=location):
                self.refused(external(location), USAGE)
        for offset, length in ((0, 17), (8, 16), (17, 16), (1 << 62, 16), (-1, 16), (0, -1), (0, 1 << 63), (0, 8)):
            with self.subTest(offset=offset, length=length):
                self.refused(external("w.bin", offset, length), USAGE)

    def test_options(self):
        for arguments in (["--dim", "Q=4"], ["--dim", "N=-1"], ["--cpu", "z80"], ["--stop-after", "lunch", "--emit", "mlir"],
                          ["--emit", "poetry"]):
            code, text = self.compile(relu(), *arguments)
            self.assertEqual(code, USAGE, f"{arguments} {text}")
            self.assertTrue(text.startswith("error"), text)

    def test_output_cannot_be_written(self):
        def without_override():
            # Root writes to read-only folders unless it gives this right away: CAP_DAC_OVERRIDE, PR_CAPBSET_DROP.
            ctypes.CDLL(None).prctl(24, 1, 0, 0, 0)

        def full():
            signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
            resource.setrlimit(resource.RLIMIT_FSIZE, (4096, 4096))

        os.chmod(self.out, 0o555)
        code, text = self.compile(relu(), before=without_override)
        self.assertEqual(code, USAGE, text)
        self.assertIn(self.out, text)
        os.chmod(self.out, 0o755)
        code, text = self.compile(relu(), before=full)
        self.assertEqual(code, USAGE, text)

    def test_killed(self):
        """Whatever is there under a final name afterwards is complete: the same as a compile that was left in peace."""
        with open(self.path("long.onnx"), "wb") as f:
            f.write(chain(400).SerializeToString())
        command = [DLC, "compile", self.path("long.onnx"), "--cpu", "x86-64-v3", "-o"]
        whole = os.path.join(self.folder, "whole")
        os.mkdir(whole)
        start = time.monotonic()
        subprocess.run([*command, whole], check=True, stdout=subprocess.DEVNULL)
        took = time.monotonic() - start
        for share in (0.2, 0.5, 0.7, 0.9, 0.95, 0.98, 1.0):
            child = subprocess.Popen([*command, self.out], stdout=subprocess.DEVNULL)
            time.sleep(share * took)
            child.kill()
            child.wait()
            for name in os.listdir(self.out):
                if os.path.exists(os.path.join(whole, name)):
                    with open(os.path.join(whole, name), "rb") as a, open(os.path.join(self.out, name), "rb") as b:
                        self.assertEqual(a.read(), b.read(), name)
        subprocess.run([*command, self.out], check=True, stdout=subprocess.DEVNULL)


if __name__ == "__main__":
    unittest.main(verbosity=2)
