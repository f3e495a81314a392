#!/usr/bin/env python3
"""Nodes as opsets 1 to 10 meant them, through `dlc compile`, against numpy."""
import os
import subprocess
import sys
import tempfile
import unittest

import numpy as np
import onnx
from onnx import helper

DLC, ROOT = sys.argv[1:3]
del sys.argv[1:]
sys.path[:0] = [os.path.join(ROOT, "tools", "python")]
import dlc

RANDOM = np.random.default_rng(1)


def floats(*shape):
    return RANDOM.normal(size=shape).astype(np.float32)


def flat_softmax(x, axis):
    e = np.exp(x - x.max(axis=tuple(range(axis, x.ndim)), keepdims=True))
    return e / e.sum(axis=tuple(range(axis, x.ndim)), keepdims=True)


class OldOpsets(unittest.TestCase):
    def setUp(self):
        temporary = tempfile.TemporaryDirectory()
        self.addCleanup(temporary.cleanup)
        self.folder = temporary.name

    def save(self, opset, op, inputs, outputs, constants, attributes):
        names = [f"i{k}" for k in range(len(inputs))]
        infos = [helper.make_tensor_value_info(n, helper.np_dtype_to_tensor_dtype(v.dtype), v.shape)
                 for n, v in zip(names, inputs) if n not in constants]
        weights = [onnx.numpy_helper.from_array(inputs[int(n[1:])], n) for n in constants]
        node = helper.make_node(op, names, [f"o{k}" for k in range(outputs)], **attributes)
        results = [helper.make_empty_tensor_value_info(f"o{k}") for k in range(outputs)]
        model = helper.make_model(helper.make_graph([node], "old", infos, results, weights),
                                  opset_imports=[helper.make_opsetid("", opset)], ir_version=10)
        path = os.path.join(self.folder, "old.onnx")
        onnx.save(model, path)
        return path, {n: v for n, v in zip(names, inputs) if n not in constants}

    def run_node(self, opset, op, inputs, outputs=1, constants=(), **attributes):
        path, values = self.save(opset, op, inputs, outputs, constants, attributes)
        folder = tempfile.mkdtemp(dir=self.folder)  # a library that is loaded keeps its name
        done = subprocess.run([DLC, "compile", path, "-o", folder], capture_output=True, text=True)
        self.assertEqual(done.returncode, 0, done.stderr)
        return list(dlc.Model(os.path.join(folder, "libold.so")).run(values).values())

    def expect(self, expected, *arguments, **attributes):
        actual, = self.run_node(*arguments, **attributes)
        self.assertEqual(actual.shape, np.shape(expected))
        np.testing.assert_allclose(actual, expected, rtol=2e-6, atol=1e-6)

    def expect_error(self, words, *arguments, **attributes):
        path, _ = self.save(*arguments, 1, (), attributes)
        done = subprocess.run([DLC, "compile", path, "-o", self.folder], capture_output=True, text=True)
        self.assertIn(done.returncode, (2, 3), done.stderr)
        self.assertIn(words, done.stderr)

    def test_broadcast_from_axis(self):
        a = floats(2, 3, 4, 5)
        for shape, axis, along in (((), None, ()), ((5,), None, (5,)), ((4, 5), None, (4, 5)), ((3, 4), 1, (3, 4, 1)),
                                   ((2,), 0, (2, 1, 1, 1)), ((1, 1), 2, (1, 1))):
            b = np.abs(floats(*shape)) + 1
            attributes = {"broadcast": 1} | ({} if axis is None else {"axis": axis})
            wide = b.reshape(along)
            self.expect(a + wide, 6, "Add", [a, b], **attributes)
            self.expect(a / wide, 6, "Div", [a, b], **attributes)
            self.expect(np.abs(a) ** wide, 6, "Pow", [np.abs(a), b], **attributes)
            self.expect(a < wide, 1, "Less", [a, b], **attributes)
        p, q = a > 0, floats(3, 4) > 0
        self.expect(p ^ q[..., None], 1, "Xor", [p, q], broadcast=1, axis=1)
        self.expect(a - a[::-1], 6, "Sub", [a, a[::-1].copy()])
        self.expect_error("as broadcast is 0", 6, "Add", [a, floats(5)])
        self.expect_error("got axis 3", 6, "Mul", [a, floats(4, 5)], broadcast=1, axis=3)

    def test_slopes_by_channel(self):
        x, slope = floats(2, 3, 4), floats(3)
        self.expect(np.where(x < 0, x * slope[:, None], x), 6, "PRelu", [x, slope])
        self.expect(np.where(x < 0, x * slope[0], x), 1, "PRelu", [x, slope[:1]])
        self.expect_error("slopes of rank 0 or 1", 6, "PRelu", [x, floats(3, 1)])

    def test_batch_normalization(self):
        x, scale, bias, mean, variance = floats(4, 3, 5), floats(3), floats(3), floats(3), np.abs(floats(3)) + 0.5
        given = [x, scale, bias, mean, variance]

        def normalized(mean, variance, shape=(3, 1)):
            scaled = scale.reshape(shape) / np.sqrt(variance.reshape(shape) + 1e-3)
            return (x - mean.reshape(shape)) * scaled + bias.reshape(shape)

        for constants in ((), ("i1", "i2", "i3", "i4")):
            for opset in (1, 6, 7, 9, 15):
                attributes = {"is_test": 1} if opset < 7 else {}
                self.expect(normalized(mean, variance), opset, "BatchNormalization", given, constants=constants,
                            epsilon=1e-3, **attributes)
        now = x.mean((0, 2)), x.var((0, 2))
        wanted = [normalized(*now), 0.75 * mean + 0.25 * now[0], 0.75 * variance + 0.25 * now[1], *now]
        for actual, expected in zip(self.run_node(6, "BatchNormalization", given, 5, epsilon=1e-3, momentum=0.75), wanted):
            np.testing.assert_allclose(actual, expected, rtol=1e-5, atol=1e-5)
        scale, bias, mean, variance = floats(3, 5), floats(3, 5), floats(3, 5), np.abs(floats(3, 5)) + 0.5
        given = [x, scale, bias, mean, variance]
        self.expect(normalized(mean, variance, (3, 5)), 7, "BatchNormalization", given, epsilon=1e-3, spatial=0)
        self.expect_error("parameters of rank 1, got rank 2", 9, "BatchNormalization", given)

    def test_dropout(self):
        x = floats(3, 4)
        for actual, expected in zip(self.run_node(6, "Dropout", [x], 2, is_test=1, ratio=0.3), (x, np.ones_like(x))):
            np.testing.assert_array_equal(actual, expected)
        # Without is_test it trains, and its mask has the type of the data.
        x = floats(50, 40)
        y, mask = self.run_node(6, "Dropout", [x], 2, ratio=0.25)
        self.assertEqual(set(np.unique(mask)), {0, 1})
        np.testing.assert_allclose(y, x * mask / 0.75, rtol=1e-6)
        self.assertAlmostEqual(mask.mean(), 0.75, delta=0.05)

    def test_clip(self):
        x = np.array([-np.inf, -2, -0.25, 0, 3, np.inf], np.float32)
        largest = np.finfo(np.float32).max
        self.expect(np.clip(x, -1, 2), 1, "Clip", [x], min=-1.0, max=2.0)
        actual, = self.run_node(6, "Clip", [x], min=0.0)
        np.testing.assert_array_equal(actual, np.clip(x, 0, largest))
        actual, = self.run_node(1, "Clip", [x], min=0.0)
        np.testing.assert_array_equal(actual, np.maximum(x, 0))

    def test_cast_to_named(self):
        x = np.array([-1.5, 0, 2.75], np.float32)
        self.expect(np.array([-1, 0, 2]), 1, "Cast", [x], to="INT64")
        self.expect(x, 1, "Cast", [x], to="DOUBLE")
        self.expect_error("'WORD'", 1, "Cast", [x], to="WORD")

    def test_layout_by_attributes(self):
        x = floats(2, 3, 4)
        self.expect(x.reshape(2, 12), 1, "Reshape", [x], shape=[0, -1])
        self.expect(np.concatenate([x, x], 1), 1, "Concat", [x, x])
        self.expect(np.pad(x, ((0, 1), (2, 0), (0, 0)), constant_values=0.5), 1, "Pad", [x], paddings=[0, 2, 0, 1, 0, 0],
                    value=0.5)
        self.expect(np.pad(x, ((0, 0), (1, 1), (2, 0)), "reflect"), 2, "Pad", [x], pads=[0, 1, 2, 0, 1, 0], mode="reflect")
        self.expect(np.tile(x, (1, 3, 1)), 1, "Tile", [x, np.array([3], np.int64), np.array([1], np.int64)],
                    constants=("i1", "i2"))
        self.expect(x[:, 1:, :-1], 1, "Slice", [x], axes=[1, 2], starts=[1, 0], ends=[10, -1])
        self.expect(x[:, None, :, :, None], 1, "Unsqueeze", [x], axes=[1, 4])
        self.expect(x[:1].squeeze(0), 1, "Squeeze", [x[:1].copy()], axes=[0])
        for actual, expected in zip(self.run_node(2, "Split", [x], 2, axis=2, split=[1, 3]), (x[..., :1], x[..., 1:])):
            np.testing.assert_array_equal(actual, expected)
        image = floats(1, 2, 2, 3)
        self.expect(image.repeat(2, 2).repeat(3, 3), 1, "Upsample", [image], height_scale=2.0, width_scale=3.0)
        self.expect(image.repeat(2, 2).repeat(3, 3), 7, "Upsample", [image], scales=[1.0, 1.0, 2.0, 3.0])

    def test_functions_whose_defaults_changed(self):
        x = floats(2, 3, 4)
        for axis in (1, 2):
            self.expect(flat_softmax(x, axis), 1, "Softmax", [x], **({} if axis == 1 else {"axis": 2}))
            self.expect(np.log(flat_softmax(x, axis)), 11, "LogSoftmax", [x], axis=axis)
        for opset, alpha, gamma in ((1, 1.6732, 1.0507), (6, 1.67326319217681884765625, 1.05070102214813232421875)):
            self.expect(gamma * np.where(x > 0, x, alpha * np.expm1(x)), opset, "Selu", [x])
        self.expect(x.sum(), 1, "ReduceSum", [x], keepdims=0)
        self.expect(x.mean((0, 2), keepdims=True), 1, "ReduceMean", [x], axes=[0, 2])
        a, b, c = floats(3, 4), floats(5, 4), floats(5)
        self.expect(0.5 * a @ b.T + 2 * c, 6, "Gemm", [a, b, c], alpha=0.5, beta=2.0, transB=1, broadcast=1)
        values, places = self.run_node(1, "TopK", [x], 2, k=2)
        np.testing.assert_array_equal(values, -np.sort(-x)[..., :2])
        np.testing.assert_array_equal(places, np.argsort(-x, kind="stable")[..., :2])


if __name__ == "__main__":
    unittest.main()
