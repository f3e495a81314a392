#!/usr/bin/env python3
"""Random nodes through `dlc compile`: their bits, their distributions, and that no draw comes twice."""
import os
import struct
import subprocess
import sys
import tempfile
import unittest

import numpy as np
import onnx
from onnx import TensorProto, helper, numpy_helper

DLC, ROOT = sys.argv[1:3]
del sys.argv[1:]
sys.path[:0] = [os.path.join(ROOT, "tools", "python"), os.path.dirname(os.path.abspath(__file__))]
import dlc
import models

STEP = "random_step"
FLOAT, DOUBLE, HALF, BOOL, INT64 = (TensorProto.FLOAT, TensorProto.DOUBLE, TensorProto.FLOAT16, TensorProto.BOOL,
                                    TensorProto.INT64)


def philox(count, stream, step, seed):
    """64 bits of Philox4x32-10 for each of `count` elements, written from the paper."""
    low, element = np.uint64(0xFFFFFFFF), np.arange(count, dtype=np.uint64)
    c = [element & low, element >> np.uint64(32) | np.uint64(stream << 8), np.full(count, step & 0xFFFFFFFF, np.uint64),
         np.full(count, step >> 32, np.uint64)]
    keys = [seed & 0xFFFFFFFF, seed >> 32]
    for _ in range(10):
        p, q = c[0] * np.uint64(0xD2511F53), c[2] * np.uint64(0xCD9E8D57)
        c = [q >> np.uint64(32) ^ c[1] ^ np.uint64(keys[0]), q & low, p >> np.uint64(32) ^ c[3] ^ np.uint64(keys[1]), p & low]
        keys = [(keys[0] + 0x9E3779B9) & 0xFFFFFFFF, (keys[1] + 0xBB67AE85) & 0xFFFFFFFF]
    return c[0] | c[1] << np.uint64(32)


def bits_of(seed):
    return struct.unpack("<I", struct.pack("<f", seed))[0]


class RandomTest(unittest.TestCase):
    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.folder = folder.name

    def compile(self, nodes, inputs=(), outputs=(("y", FLOAT, None),), weights=None, opset=22):
        infos = [[helper.make_tensor_value_info(n, t, s) for n, t, s in values] for values in (inputs, outputs)]
        graph = helper.make_graph(nodes, "g", *infos, [numpy_helper.from_array(v, k) for k, v in (weights or {}).items()])
        path = os.path.join(self.folder, "random.onnx")
        onnx.save(helper.make_model(graph, opset_imports=[helper.make_opsetid("", opset)], ir_version=10), path)
        subprocess.run([DLC, "compile", path, "-o", self.folder, "--cpu", "x86-64-v4,x86-64-v3,x86-64"], check=True,
                       capture_output=True)
        self.path = path
        return os.path.join(self.folder, "librandom.so")

    def check(self, *arguments):
        subprocess.run([DLC, "check", self.path, "--cpu", "x86-64-v4,x86-64-v3,x86-64", *arguments], check=True,
                       capture_output=True)

    def test_bits(self):
        """A uniform draw is the leading bits, at each step, with any number of threads."""
        node = helper.make_node("RandomUniform", [], ["y"], shape=[513, 129], seed=1.5)
        library = self.compile([node], outputs=[("y", FLOAT, [513, 129])])
        for threads in (1, 2):
            model = dlc.Model(library, threads=threads)
            for step in range(3):
                expected = (philox(513 * 129, 0, step, bits_of(1.5)) >> np.uint64(40)).astype(np.float32) / 2**24
                np.testing.assert_array_equal(model.run({})["y"].ravel(), expected)
            model.set_state(STEP, 1 << 40)
            expected = (philox(513 * 129, 0, 1 << 40, bits_of(1.5)) >> np.uint64(40)).astype(np.float32) / 2**24
            np.testing.assert_array_equal(model.run({})["y"].ravel(), expected)
            self.assertEqual(model.get_state(STEP), (1 << 40) + 1)

    def test_distributions(self):
        n = 1 << 20
        nodes = [helper.make_node("RandomUniform", [], ["u"], shape=[n], low=-3.0, high=5.0),
                 helper.make_node("RandomUniform", [], ["u64"], shape=[n], dtype=DOUBLE),
                 helper.make_node("RandomUniform", [], ["u16"], shape=[n], dtype=HALF),
                 helper.make_node("RandomNormal", [], ["z"], shape=[n], mean=2.0, scale=3.0),
                 helper.make_node("RandomNormal", [], ["z64"], shape=[n], dtype=DOUBLE),
                 helper.make_node("RandomNormal", [], ["z2"], shape=[n])]
        outputs = [("u", FLOAT, [n]), ("u64", DOUBLE, [n]), ("u16", HALF, [n]), ("z", FLOAT, [n]), ("z64", DOUBLE, [n]),
                   ("z2", FLOAT, [n])]
        y = dlc.Model(self.compile(nodes, outputs=outputs)).run({})
        y = {k: v.astype(np.float64) for k, v in y.items()}
        # Five standard errors of the mean and of the variance; the ends are nearly reached and not passed.
        for name, mean, variance, low, high in (("u", 1, 64 / 12, -3, 5), ("u64", 0.5, 1 / 12, 0, 1), ("u16", 0.5, 1 / 12, 0, 1)):
            v = y[name]
            self.assertTrue(low <= v.min() < low + (high - low) * 1e-4 and high * (1 - 1e-3) < v.max() < high, name)
            self.assertLess(abs(v.mean() - mean), 5 * np.sqrt(variance / n) + (2**-12 if name == "u16" else 0), name)
            self.assertLess(abs(v.var() - variance), 5 * variance * np.sqrt(0.8 / n) + 1e-4, name)
        for name, mean, scale in (("z", 2, 3), ("z64", 0, 1), ("z2", 0, 1)):
            v = (y[name] - mean) / scale
            self.assertLess(abs(v.mean()), 5 / np.sqrt(n), name)
            self.assertLess(abs(v.var() - 1), 5 * np.sqrt(2 / n), name)
            self.assertLess(abs((v**3).mean()), 5 * np.sqrt(15 / n), name)
            self.assertLess(abs((v**4).mean() - 3), 5 * np.sqrt(96 / n), name)
            self.assertTrue(4 < np.abs(v).max() < 7, name)
        # Nodes are independent, neighbours too.
        for a, b in (("z", "z2"), ("z2", "z64")):
            self.assertLess(abs(np.corrcoef(y[a], y[b])[0, 1]), 5 / np.sqrt(n))
        self.assertLess(abs(np.corrcoef(y["z2"][1:], y["z2"][:-1])[0, 1]), 5 / np.sqrt(n))
        self.assertEqual(len(np.unique(y["u64"])), n)
        self.check()

    def test_runs_and_loads(self):
        """No draw twice, between runs and nodes; another load draws the same again."""
        nodes = [helper.make_node("RandomNormalLike", ["x"], [name], seed=7.0, dtype=DOUBLE) for name in "ab"]
        library = self.compile(nodes, [("x", FLOAT, ["N", 3])], [("a", DOUBLE, ["N", 3]), ("b", DOUBLE, ["N", 3])])
        x = np.zeros((1000, 3), np.float32)
        runs = []
        for _ in range(2):
            model = dlc.Model(library)
            runs.append([v for _ in range(4) for v in model.run({"x": x}).values()])
        np.testing.assert_array_equal(runs[0], runs[1])
        self.assertEqual(len(np.unique(runs[0])), 8 * x.size)
        self.check("--dim", "N=50")

    def test_bernoulli(self):
        p = np.repeat(np.array([0, 0.1, 0.5, 0.9, 1], np.float32), 100000).reshape(5, -1)
        node = helper.make_node("Bernoulli", ["p"], ["y"], dtype=INT64)
        y = dlc.Model(self.compile([node], [("p", FLOAT, p.shape)], [("y", INT64, p.shape)])).run({"p": p})["y"]
        self.assertEqual(set(np.unique(y)), {0, 1})
        np.testing.assert_array_less(np.abs(y.mean(1) - p[:, 0]), 5 * np.sqrt(p[:, 0] * (1 - p[:, 0]) / 1e5) + 1e-9)
        self.check()

    def test_multinomial(self):
        weights = np.array([[1, 0, 3, 4, 2], [0, 0, 0, 5, 0], [0.1, 0.1, 0.1, 0.1, 9.6]])
        with np.errstate(divide="ignore"):
            logits = (np.log(weights) + 7).astype(np.float32)
        node = helper.make_node("Multinomial", ["x"], ["y"], sample_size=100000, dtype=INT64)
        library = self.compile([node], [("x", FLOAT, ["N", 5])], [("y", INT64, ["N", 100000])])
        y = dlc.Model(library).run({"x": logits})["y"]
        share = np.stack([np.bincount(row, minlength=5) for row in y]) / 1e5
        p = weights / weights.sum(1, keepdims=True)
        self.assertEqual(share.shape, p.shape)
        np.testing.assert_array_less(np.abs(share - p), 5 * np.sqrt(p * (1 - p) / 1e5) + 1e-9)
        self.check("--dim", "N=2")

    def test_dropout(self):
        x = np.random.default_rng(3).uniform(1, 2, (64, 999)).astype(np.float32)
        node = helper.make_node("Dropout", ["x", "ratio", "training"], ["y", "mask"], seed=3)
        scalars = [("ratio", FLOAT, []), ("training", BOOL, [])]
        library = self.compile([node], [("x", FLOAT, ["N", 999]), *scalars], [("y", FLOAT, ["N", 999]), ("mask", BOOL, ["N", 999])])
        model = dlc.Model(library)
        before = None
        for ratio in (0, 0.25, 0.9, 0.25):
            r = np.float32(ratio)
            out = model.run({"x": x, "ratio": r, "training": np.bool_(True)})
            kept = out["mask"].mean()
            self.assertLess(abs(kept - (1 - ratio)), 5 * np.sqrt(ratio * (1 - ratio) / x.size) + 1e-9)
            np.testing.assert_allclose(out["y"], np.where(out["mask"], x / (1 - r), 0), rtol=1e-6)
            if ratio == 0.25:
                self.assertFalse(before is not None and (before == out["mask"]).all())
                before = out["mask"]
        out = model.run({"x": x, "ratio": np.float32(0.9), "training": np.bool_(False)})
        np.testing.assert_array_equal(out["y"], x)
        self.assertTrue(out["mask"].all())

    def test_old_dropout(self):
        """In training unless is_test says otherwise; the mask is of the data's type."""
        x = np.random.default_rng(3).uniform(1, 2, (64, 999)).astype(np.float32)
        for is_test in (0, 1):
            self.folder = tempfile.mkdtemp(dir=self.folder)
            node = helper.make_node("Dropout", ["x"], ["y", "mask"], is_test=is_test, ratio=0.25)
            library = self.compile([node], [("x", FLOAT, x.shape)], [("y", FLOAT, x.shape), ("mask", FLOAT, x.shape)], opset=6)
            out = dlc.Model(library).run({"x": x})
            np.testing.assert_allclose(out["y"], x * out["mask"] / (1 if is_test else 0.75), rtol=1e-6)
            self.assertLess(abs(out["mask"].mean() - (1 if is_test else 0.75)), 5 * np.sqrt(0.1875 / x.size))

    def body(self, name, nodes, inputs, outputs, weights=None):
        infos = [[helper.make_tensor_value_info(n, t, s) for n, t, s in values] for values in (inputs, outputs)]
        return helper.make_graph(nodes, name, *infos, [numpy_helper.from_array(v, k) for k, v in (weights or {}).items()])

    def test_loop(self):
        """Each turn draws anew, in loops inside of branches and loops too, and so does what comes behind them."""
        def draw(name):
            return helper.make_node("RandomUniform", [], [name], shape=[50], dtype=DOUBLE)

        turn = [("i", INT64, []), ("c", BOOL, [])]
        inner = self.body("inner", [draw("d"), helper.make_node("Identity", ["c"], ["c1"])], turn,
                          [("c1", BOOL, []), ("d", DOUBLE, [50])])
        then = self.body("then", [helper.make_node("Loop", ["three", ""], ["all"], body=inner)], [], [("all", DOUBLE, [3, 50])])
        other = self.body("other", [helper.make_node("Expand", ["zero", "shape"], ["none"])], [], [("none", DOUBLE, [3, 50])],
                          {"zero": np.float64(0), "shape": np.array([3, 50])})
        nodes = [draw("e"), helper.make_node("Greater", ["i", "one"], ["late"]),
                 helper.make_node("If", ["late"], ["f"], then_branch=then, else_branch=other),
                 helper.make_node("Identity", ["c"], ["c1"])]
        outer = self.body("outer", nodes, turn, [("c1", BOOL, []), ("e", DOUBLE, [50]), ("f", DOUBLE, [3, 50])])
        nodes = [draw("a"), helper.make_node("Loop", ["turns", ""], ["b", "g"], body=outer), draw("z")]
        weights = {"one": np.int64(1), "three": np.int64(3)}
        outputs = [("a", DOUBLE, [50]), ("b", DOUBLE, ["T", 50]), ("g", DOUBLE, ["T", 3, 50]), ("z", DOUBLE, [50])]
        model = dlc.Model(self.compile(nodes, [("turns", INT64, [])], outputs, weights))
        seen = []
        for turns in (4, 0, 5):
            y = model.run({"turns": np.int64(turns)})
            self.assertTrue((y["g"][:2] == 0).all())
            seen += [y["a"], y["b"].ravel(), y["g"][2:].ravel(), y["z"]]
        seen = np.concatenate(seen)
        self.assertEqual(len(seen), 3 * 100 + (4 + 5) * 50 + (2 + 3) * 150)
        self.assertEqual(len(np.unique(seen)), len(seen))
        self.check("-i", "turns=@" + self.number(3))

    def number(self, v):
        path = os.path.join(self.folder, "number.npy")
        np.save(path, np.int64(v))
        return path

    def test_scan(self):
        nodes = [helper.make_node("RandomUniformLike", ["row"], ["d"]), helper.make_node("Add", ["s", "d"], ["s1"]),
                 helper.make_node("Identity", ["d"], ["r"])]
        body = self.body("body", nodes, [("s", DOUBLE, [40]), ("row", DOUBLE, [40])], [("s1", DOUBLE, [40]), ("r", DOUBLE, [40])])
        node = helper.make_node("Scan", ["start", "x"], ["sum", "rows"], body=body, num_scan_inputs=1)
        library = self.compile([node], [("start", DOUBLE, [40]), ("x", DOUBLE, ["T", 40])],
                               [("sum", DOUBLE, [40]), ("rows", DOUBLE, ["T", 40])])
        model = dlc.Model(library)
        y = [model.run({"start": np.zeros(40), "x": np.zeros((t, 40))}) for t in (5, 3)]
        rows = np.concatenate([v["rows"] for v in y])
        self.assertEqual(len(np.unique(rows)), rows.size)
        np.testing.assert_allclose(y[0]["sum"], y[0]["rows"].sum(0), rtol=1e-12)
        self.check("--dim", "T=4")


if __name__ == "__main__":
    unittest.main()
