#!/usr/bin/env python3
"""Integer convolutions through `dlc compile`, against ONNX Runtime; narrow weights, against ml_dtypes."""
import os
import sys
import tempfile
import unittest

import ml_dtypes
import numpy as np
import onnx
from onnx import TensorProto, helper, numpy_helper

DLC, ROOT = sys.argv[1:3]
del sys.argv[1:]
sys.path[:0] = [os.path.join(ROOT, "tools", "python"), os.path.dirname(os.path.abspath(__file__))]
import dlc
import models

TYPES = {"u8": (np.uint8, TensorProto.UINT8), "i8": (np.int8, TensorProto.INT8)}


class QuantizedTest(unittest.TestCase):
    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.folder = folder.name

    def save(self, node, inputs, output, weights, opset=21):
        infos = [helper.make_tensor_value_info(*v) for v in inputs]
        graph = helper.make_graph([node], "g", infos, [helper.make_tensor_value_info(*output)],
                                  [numpy_helper.from_array(v, k) for k, v in weights.items()])
        path = os.path.join(self.folder, "quantized.onnx")
        onnx.save(helper.make_model(graph, opset_imports=[helper.make_opsetid("", opset)], ir_version=10), path)
        return path

    def open(self, path, *options):
        """Each library in a folder of its own: the loader knows them by path."""
        return dlc.Model(models.compile_model(DLC, path, tempfile.mkdtemp(dir=self.folder), *options))

    def check(self, kind, x, w, window, group=1, channels=6, outputs=8, channelwise=False, bias=False, **attributes):
        random = np.random.default_rng(11)
        (dtype, code), (w_dtype, _) = TYPES[x], TYPES[w]
        shape = [2, channels] + [9] * len(window)

        def integers(like, size):
            info = np.iinfo(like)
            return random.integers(info.min, info.max, size, like, endpoint=True)

        zeros = np.zeros(outputs, w_dtype) if channelwise else w_dtype(3 if w == "u8" else 0)
        weights = {"w": integers(w_dtype, [outputs, channels // group, *window]), "zx": dtype(5 if x == "i8" else 131),
                   "zw": zeros}
        if kind == "ConvInteger":
            inputs, out = ["x", "w", "zx", "zw"], TensorProto.INT32
        else:
            inputs, out = ["x", "sx", "zx", "w", "sw", "zw", "sy", "zy"] + ["b"] * bias, code
            count = channels * np.prod(window) / group
            weights |= {"sx": np.float32(0.02), "sw": np.float32(0.01), "sy": np.float32(0.02 * np.sqrt(count)),
                        "zy": dtype(7 if x == "i8" else 120)}
            if channelwise:
                weights["sw"] = random.uniform(0.005, 0.02, outputs).astype(np.float32)
            if bias:
                weights["b"] = random.integers(-20000, 20000, outputs, np.int32)
        node = helper.make_node(kind, inputs, ["y"], group=group, **attributes)
        path = self.save(node, [("x", code, shape)], ("y", out, None), weights)
        inputs = {"x": integers(dtype, shape)}
        expected = models.run_onnxruntime(path, inputs)[0]
        self.assertGreater(len(np.unique(expected)), 50)
        for options in ([], ["--cpu", "x86-64-v3"], ["--cpu", "x86-64"]):
            actual = self.open(path, *options).run(inputs)["y"]
            self.assertEqual(actual.dtype, expected.dtype)
            if kind == "ConvInteger":
                np.testing.assert_array_equal(actual, expected)
            else:  # a product of scales may round to the other side of a half
                difference = np.abs(actual.astype(int) - expected.astype(int))
                self.assertLessEqual(difference.max(), 1)
                self.assertLess((difference > 0).mean(), 1e-3)

    def test_conv_integer(self):
        self.check("ConvInteger", "u8", "u8", (3, 3), pads=[1, 2, 0, 1])
        self.check("ConvInteger", "u8", "i8", (3, 3), group=2, strides=[2, 1], pads=[1, 1, 1, 1])
        self.check("ConvInteger", "u8", "u8", (3,), group=6, outputs=6, pads=[2, 2], dilations=[2])
        self.check("ConvInteger", "u8", "u8", (1, 1), channels=64, outputs=33)

    def test_qlinear_conv(self):
        self.check("QLinearConv", "u8", "u8", (3, 3), pads=[1, 2, 0, 1], bias=True)
        self.check("QLinearConv", "u8", "i8", (3, 3), group=2, strides=[2, 2], pads=[1, 1, 1, 1], channelwise=True)
        self.check("QLinearConv", "i8", "i8", (3, 3), group=6, outputs=6, pads=[1, 1, 1, 1], channelwise=True, bias=True)
        self.check("QLinearConv", "i8", "i8", (1, 1), channels=64, outputs=33, channelwise=True, bias=True)
        self.check("QLinearConv", "u8", "u8", (5,), auto_pad="SAME_UPPER", strides=[2])

    def test_narrow_weights(self):
        """Weights of every narrow type, packed in the file as ONNX says, small and large, of odd size."""
        types = {"uint4": TensorProto.UINT4, "int4": TensorProto.INT4, "uint2": TensorProto.UINT2, "int2": TensorProto.INT2,
                 "float4_e2m1fn": TensorProto.FLOAT4E2M1, "float8_e4m3fn": TensorProto.FLOAT8E4M3FN,
                 "float8_e5m2": TensorProto.FLOAT8E5M2, "float8_e4m3fnuz": TensorProto.FLOAT8E4M3FNUZ}
        for name, code in types.items():
            for size in (7, 4097):
                with self.subTest(name, size=size):
                    w = np.random.default_rng(5).uniform(-8, 8, size).astype(getattr(ml_dtypes, name))
                    node = helper.make_node("Cast", ["w"], ["y"], to=TensorProto.FLOAT)
                    gather = [helper.make_node("Gather", ["w", "i"], ["z"]), node]
                    graph = helper.make_graph(gather, "g", [helper.make_tensor_value_info("i", TensorProto.INT64, ["N"])],
                                              [helper.make_tensor_value_info("y", TensorProto.FLOAT, [size]),
                                               helper.make_tensor_value_info("z", code, ["N"])],
                                              [numpy_helper.from_array(w, "w")])
                    path = os.path.join(self.folder, "narrow.onnx")
                    onnx.save(helper.make_model(graph, opset_imports=[helper.make_opsetid("", 25)], ir_version=13), path)
                    i = np.array([size - 1, 0, 3, -2])
                    y = self.open(path).run({"i": i})
                    np.testing.assert_array_equal(y["y"], w.astype(np.float32))
                    self.assertEqual(y["z"].dtype, w.dtype)
                    np.testing.assert_array_equal(y["z"].astype(np.float32), w[i].astype(np.float32))


if __name__ == "__main__":
    unittest.main()
