#!/usr/bin/env python3
"""Input that makes no sense, and input that is legal but extreme, for each family of ops.

What a compile can see is refused by `dlc compile`; what only a run knows (values, dims that turn out 0) by the library.
"""
import os
import re
import subprocess
import sys
import tempfile
import unittest

import numpy as np
import onnx
from onnx import helper, numpy_helper

DLC = sys.argv[1]
del sys.argv[1:2]
sys.path[:0] = [os.path.dirname(os.path.abspath(__file__))]
from nodes import SECONDS, Case, Library, bad, good, problem  # noqa: E402

F, I, I32, B = np.float32, np.int64, np.int32, np.bool_
NAN, INF, HUGE, MOST = np.nan, np.inf, 1 << 62, (1 << 31)


def f(*shape, seed=1):
    return np.random.default_rng(seed).uniform(-1, 1, shape).astype(F)


def ints(*values):
    return np.array(values, I)


def large(*values):
    """Sizes that no memory holds: what is first to know is an output, or the plan of the memory."""
    return bad("expects|exceed the address space|its size overflows", *values, located=False)


def zeros(*shape, dtype=F):
    return np.zeros(shape, dtype)


class Families(unittest.TestCase):
    def setUp(self):
        temporary = tempfile.TemporaryDirectory()
        self.addCleanup(temporary.cleanup)
        self.folder = temporary.name

    def run_all(self, *cases):
        for opset, domain in sorted({(case.opset, case.domain) for case in cases}):
            self.run_library([c for c in cases if (c.opset, c.domain) == (opset, domain)])

    def run_library(self, cases):
        library = Library(DLC, cases, tempfile.mkdtemp(dir=self.folder))
        if library.error and len(cases) > 1:  # which of them?
            for case in cases:
                self.run_library([case])
            return
        with self.subTest(cases=cases[0].text()):
            self.assertEqual(library.error, "")
        for case, run, result in [] if library.error else library.run():
            with self.subTest(case=case.text(), values=run.text()):
                self.assertIsNone(problem(case, run, result))

    def refuse(self, *cases):
        """(words of the message, case): what compiling says."""
        for words, case in cases:
            with self.subTest(case=case.text(), words=words):
                path, out = os.path.join(self.folder, "bad.onnx"), tempfile.mkdtemp(dir=self.folder)
                onnx.save(case.model(), path)
                done = subprocess.run([DLC, "compile", path, "-o", out], capture_output=True, text=True, timeout=SECONDS)
                self.assertIn(done.returncode, (2, 3), done.stderr)
                self.assertRegex(done.stderr, "(?s)^error\\[E0.*" + case.name)
                self.assertRegex(done.stderr, words)
                self.assertEqual(os.listdir(out), [])

    # ---- windows ----

    def test_convolution(self):
        w2, w1, w3 = f(4, 3, 3, 3), f(4, 3, 3), f(4, 3, 2, 2, 2)
        self.run_all(
            Case("Conv", [["N", 3, "H", "W"], w2], good(f(2, 3, 5, 6)), good(f(0, 3, 5, 5)), good(f(1, 3, 3, 3)),
                 bad("window of at most the padded spatial dim 0, got 3 and 2", f(1, 3, 2, 5)),
                 bad("window of at most the padded spatial dim 1, got 3 and 0", f(1, 3, 5, 0))),
            Case("Conv", [["N", 3, "T"], w1], good(f(2, 3, 5)), good(f(0, 3, 5)), bad("got 3 and 0", f(1, 3, 0)), pads=[0, 0]),
            Case("Conv", [["N", 3, "T"], w1], good(f(2, 3, 5)), good(f(1, 3, 1)), good(f(2, 3, 0)), pads=[2, 2]),
            Case("Conv", [["N", 3, "D", "H", "W"], w3], good(f(2, 3, 3, 4, 5)), good(f(0, 3, 2, 2, 2)),
                 bad("got 2 and 1", f(1, 3, 2, 1, 2))),
            Case("Conv", [["N", "C", "H", "W"], f(6, 2, 3, 3)], good(f(1, 4, 5, 5)),
                 bad("as many channels as the weights take, got 5 and 4", f(1, 5, 5, 5)),
                 bad("as many channels", f(1, 0, 5, 5)), group=2),
            Case("Conv", [["N", 4, "H", "W"], f(4, 1, 3, 3)], good(f(1, 4, 5, 5)), good(f(0, 4, 5, 5)),
                 bad("got 3 and 1", f(1, 4, 1, 5)), group=4),
            Case("Conv", [["N", 4, "H", "W"], f(8, 1, 3, 3)], good(f(1, 4, 5, 5)), good(f(0, 4, 5, 5)), group=4,
                 auto_pad="SAME_UPPER"),
            Case("Conv", [["N", 0, "H", "W"], zeros(2, 0, 3, 3)], good(zeros(1, 0, 4, 4), expect=[zeros(1, 2, 2, 2)])),
            Case("Conv", [["N", 3, "H", "W"], zeros(0, 3, 3, 3)], good(f(1, 3, 4, 4), expect=[zeros(1, 0, 2, 2)])),
            Case("Conv", [["N", 1, "H", "W"], f(1, 1, 2, 2)], good(f(1, 1, 4, 4)), strides=[MOST - 1, MOST - 1]),
            Case("Conv", [["N", 1, "H", "W"], f(1, 1, 1, 1)], good(f(1, 1, 4, 4)), dilations=[MOST - 1, MOST - 1]),
            Case("ConvTranspose", [["N", 3, "H", "W"], f(3, 2, 3, 3)], good(f(2, 3, 4, 5)), good(f(0, 3, 4, 5)),
                 bad("at least 1 window along spatial dim 0, got 1 and 0", f(1, 3, 0, 4)), strides=[2, 2]),
            Case("ConvTranspose", [["N", "C", "T"], f(4, 1, 3)], good(f(2, 4, 4)), bad("channels", f(1, 3, 4)), group=2),
            Case("ConvTranspose", [["N", 2, "T"], f(2, 1, 3)], good(f(2, 2, 4)), bad("a window of at most", f(1, 2, 1)),
                 pads=[2, 2]),
        )
        x = [1, 3, 8, 8]
        self.refuse(
            ("got 9 and 8", Case("Conv", [x, f(2, 3, 9, 9)])),
            ("strides of 1 to 2147483647, got 0", Case("Conv", [x, w2], strides=[0, 1])),
            (f"got {HUGE}", Case("Conv", [x, w2], strides=[HUGE, 1])),
            (f"got {MOST}", Case("Conv", [x, w2], dilations=[1, MOST])),
            ("got 4294967295 and 8", Case("Conv", [x, w2], dilations=[MOST - 1] * 2)),
            ("got -1", Case("Conv", [x, w2], dilations=[1, -1])),
            ("got -1", Case("Conv", [x, w2], pads=[0, 0, 0, -1])),
            (f"got {HUGE}", Case("Conv", [x, w2], pads=[0, 0, 0, HUGE])),
            ("divides the 4 output channels, got 3", Case("Conv", [x, w2], group=3)),
            ("got 0", Case("Conv", [x, w2], group=0)),
            ("got -2", Case("Conv", [x, w2], group=-2)),
            ("6 channels, 2 groups of 3, got 3", Case("Conv", [x, w2], group=2)),
            ("rank 4, got 3", Case("Conv", [x, w1])),
            ("rank 3 or more, got 2", Case("Conv", [[3, 8], w1])),
            ("kernel_shape", Case("Conv", [x, w2], kernel_shape=[3, 2])),
            ("4 pads, got 2", Case("Conv", [x, w2], pads=[1, 1])),
            ("NOTSET", Case("Conv", [x, w2], auto_pad="SAME")),
            ("fits into memory", Case("Conv", [x, w2], pads=[MOST - 1] * 4)),
            ("fits into memory", Case("ConvTranspose", [x, f(3, 2, 3, 3)], strides=[MOST - 1] * 2)),
            ("bias|broadcast", Case("Conv", [x, w2, f(5)])),
        )

    def test_pools(self):
        nan = f(1, 1, 4, 4)
        nan[0, 0, 1, 2] = NAN  # larger than any number
        pooled_nan = np.lib.stride_tricks.sliding_window_view(nan, (2, 2), (2, 3)).max((-1, -2))
        cases = []
        for op in ("MaxPool", "AveragePool", "LpPool"):
            own = {"opset": 21}
            cases += [
                Case(op, [["N", "C", "H", "W"]], good(f(1, 2, 5, 6)), good(f(0, 2, 5, 6)),
                     good(f(1, 0, 5, 6), expect=[zeros(1, 0, 4, 5)]), good(f(1, 2, 2, 2)),
                     good(nan, expect=[pooled_nan] if op == "MaxPool" else None), bad("got 2 and 1", f(1, 2, 1, 5)), bad("got 2 and 0", f(1, 2, 5, 0)),
                     kernel_shape=[2, 2], **own),
                Case(op, [["N", 2, "T"]], good(f(1, 2, 5)), good(f(3, 2, 2)), bad("got 4 and 3", f(1, 2, 1)), kernel_shape=[4],
                     pads=[1, 1], **own),
                Case(op, [["N", 2, "A", "B", "C"]], good(f(1, 2, 3, 4, 5)), good(f(0, 2, 3, 3, 3)),
                     bad("got 3 and 1", f(1, 2, 3, 0, 3)), kernel_shape=[3, 3, 3], ceil_mode=1, strides=[2, 2, 2], **own),
                Case(op, [["N", 1, "H", "W"]], good(f(1, 1, 3, 3)), kernel_shape=[2, 2], strides=[MOST - 1] * 2, **own),
            ]
        self.run_all(
            *cases,
            Case("MaxPool", [["N", 1, "H", "W"]], good(f(1, 1, 4, 4)), good(f(0, 1, 4, 4)), outputs=2,
                 kernel_shape=[3, 3], pads=[1, 1, 1, 1]),
            Case("GlobalMaxPool", [["N", "C", "H", "W"]], good(f(1, 2, 5, 6)), good(f(0, 2, 5, 6)),
                 good(nan, expect=[np.full((1, 1, 1, 1), NAN, F)])),
            Case("GlobalAveragePool", [["N", "C", "H", "W"]], good(f(1, 2, 5, 6)), good(f(0, 2, 5, 6)), good(nan),
                 good(f(1, 2, 0, 6), expect=[np.full((1, 2, 1, 1), NAN, F)])),
            Case("MaxUnpool", [["N", 1, "H", "W"], (I, ["N", 1, "H", "W"])],
                 good(f(1, 1, 1, 2), ints(5, 2).reshape(1, 1, 1, 2)), good(f(0, 1, 1, 2), zeros(0, 1, 1, 2, dtype=I)),
                 bad("index out of range", f(1, 1, 1, 2), ints(5, 8).reshape(1, 1, 1, 2)), kernel_shape=[2, 2], strides=[2, 2]),
        )

    # ---- norms ----

    def test_norms(self):
        s, b = f(3), f(3, seed=2)
        self.run_all(
            Case("BatchNormalization", [["N", 3, "H"], s, b, f(3), f(3) ** 2], good(f(2, 3, 4)), good(f(0, 3, 4)), good(f(2, 3, 0))),
            Case("BatchNormalization", [["N", "C", "H"], s, b, f(3), f(3) ** 2], good(f(2, 3, 4)), bad("expects", f(2, 4, 4)),
                 bad("expects", f(2, 0, 4))),
            Case("InstanceNormalization", [["N", 3, "H"], s, b], good(f(2, 3, 4)), good(f(0, 3, 4)),
                 good(f(2, 3, 0), expect=[zeros(2, 3, 0)])),
            Case("LayerNormalization", [["N", "D"], f(4), f(4)], good(f(2, 4)), good(f(0, 4)), bad("expects", f(2, 5)),
                 bad("expects", f(2, 0))),
            Case("LayerNormalization", [["N", "D"], ["D"]], good(f(2, 4), f(4)), good(f(2, 0), f(0), expect=[zeros(2, 0)])),
            Case("GroupNormalization", [["N", "C", "H"], f(4), f(4)], good(f(2, 4, 3)), good(f(0, 4, 3), expect=[zeros(0, 4, 3)]),
                 good(f(2, 4, 0), expect=[zeros(2, 4, 0)]), bad("expects", f(2, 5, 3)), bad("expects", f(2, 6, 3)), num_groups=2),
            Case("LRN", [["N", "C", "H", "W"]], good(f(2, 4, 3, 3)), good(f(0, 4, 3, 3)), good(f(1, 0, 3, 3), expect=[f(1, 0, 3, 3)]),
                 good(f(1, 1, 3, 3)), size=3),
            Case("RMSNormalization", [["N", "D"], f(4)], good(f(2, 4)), good(f(0, 4)), bad("expects", f(2, 5)), opset=23),
            Case("LpNormalization", [["N", "D"]], good(f(2, 4)), good(f(0, 4)), good(f(2, 0), expect=[zeros(2, 0)])),
            Case("MeanVarianceNormalization", [["N", "C", "H", "W"]], good(f(2, 3, 4, 4)), good(f(0, 3, 4, 4), expect=[f(0, 3, 4, 4)])),
            Case("Softmax", [["N", "D"]], good(f(2, 4)), good(f(0, 4)), good(f(2, 0)), good(np.float32([[NAN, 1]])),
                 good(np.float32([[-INF, -INF], [INF, 0], [3e38, -3e38]]))),
            Case("LogSoftmax", [["N", "D"]], good(f(2, 4)), good(f(0, 4)), good(f(2, 0))),
        )
        x = [2, 4, 3]
        self.refuse(
            ("expects", Case("GroupNormalization", [x, f(4), f(4)], num_groups=3)),
            ("expects", Case("GroupNormalization", [x, f(4), f(4)], num_groups=0)),
            ("expects", Case("GroupNormalization", [x, f(4), f(4)], num_groups=-2)),
            ("expects", Case("BatchNormalization", [x, f(3), f(3), f(3), f(3)])),
            ("expects", Case("LayerNormalization", [x, f(4)])),
            ("axis", Case("LayerNormalization", [x, f(3)], axis=3)),
            ("axis", Case("LayerNormalization", [x, f(3)], axis=-4)),
            ("size|expects", Case("LRN", [[1, 4, 3, 3]], size=0)),
            ("size|expects", Case("LRN", [[1, 4, 3, 3]], size=-3)),
            ("size|expects", Case("LRN", [[1, 4, 3, 3]], size=HUGE)),
            ("axis", Case("LpNormalization", [x], axis=5)),
            ("p ", Case("LpNormalization", [x], p=3)),
            ("axis", Case("Softmax", [x], axis=3)),
        )

    # ---- attention ----

    def test_attention(self):
        q, k = ["N", 2, "Q", 8], ["N", 2, "L", 8]
        caches = [f(6, 4), f(6, 4)]
        self.run_all(
            Case("Attention", [q, k, k], good(f(2, 2, 3, 8), f(2, 2, 5, 8), f(2, 2, 5, 8)),
                 good(*[f(0, 2, 3, 8)] * 3, expect=[zeros(0, 2, 3, 8)]),
                 good(f(1, 2, 0, 8), f(1, 2, 4, 8), f(1, 2, 4, 8), expect=[zeros(1, 2, 0, 8)]),
                 good(f(1, 2, 3, 8), f(1, 2, 0, 8), f(1, 2, 0, 8), expect=[zeros(1, 2, 3, 8)]), opset=23),
            Case("Attention", [q, k, k, ["Q", "L"]], good(f(1, 2, 3, 8), f(1, 2, 5, 8), f(1, 2, 5, 8), f(3, 5)),
                 good(f(1, 2, 3, 8), f(1, 2, 5, 8), f(1, 2, 5, 8), np.full((3, 5), -INF, F), expect=None), opset=23),
            Case("RotaryEmbedding", [["N", 2, "S", 8], *caches, (I, ["N", "S"])], good(f(1, 2, 3, 8), ints([0, 5, -1]) * 0 + ints([0, 5, 1])),
                 good(f(0, 2, 3, 8), zeros(0, 3, dtype=I)), good(f(1, 2, 0, 8), zeros(1, 0, dtype=I)),
                 bad("out of range", f(1, 2, 3, 8), ints([0, 6, 1])), bad("out of range", f(1, 2, 3, 8), ints([0, -7, 1])), opset=23),
            Case("MatMul", [["N", "A", "B"], ["N", "B", "C"]], good(f(2, 3, 4), f(2, 4, 5)), good(f(2, 3, 0), f(2, 0, 5)),
                 good(f(0, 3, 4), f(0, 4, 5)), good(f(2, 0, 4), f(2, 4, 5)), good(f(2, 3, 4), f(2, 4, 0))),
            Case("MatMul", [["N", "A"], ["B", "C"]], good(f(3, 4), f(4, 5)), bad("got 4 and 3", f(3, 4), f(3, 5))),
            Case("Gemm", [["N", "A"], ["A", "C"], ["C"]], good(f(3, 4), f(4, 5), f(5)), good(f(3, 0), f(0, 5), f(5))),
        )
        self.refuse(
            ("4 and 3", Case("Attention", [[1, 4, 2, 8], [1, 3, 2, 8], [1, 3, 2, 8]], opset=23)),
            ("expects", Case("Attention", [[1, 2, 2, 8], [1, 2, 2, 6], [1, 2, 2, 6]], opset=23)),
            ("expects", Case("Attention", [[1, 2, 2, 8], [1, 2, 3, 8], [1, 2, 4, 8]], opset=23)),
            ("num_heads", Case("Attention", [[1, 2, 16], [1, 2, 16], [1, 2, 16]], opset=23)),
            ("expects", Case("Attention", [[1, 2, 16], [1, 2, 16], [1, 2, 16]], q_num_heads=3, kv_num_heads=3, opset=23)),
            ("expects", Case("Attention", [[1, 2, 16], [1, 2, 16], [1, 2, 16]], q_num_heads=-2, kv_num_heads=-2, opset=23)),
            ("expects", Case("Attention", [[1, 2, 2, 8]] * 3 + [[3, 3]], opset=23)),
            ("expects", Case("RotaryEmbedding", [[1, 2, 3, 8], *caches, (I, [1, 4])], opset=23)),
            ("expects", Case("RotaryEmbedding", [[1, 2, 3, 8], f(6, 3), f(6, 3), (I, [1, 3])], opset=23)),
            ("num_heads", Case("RotaryEmbedding", [[1, 3, 16], *caches, (I, [1, 3])], opset=23)),
            ("expects", Case("RotaryEmbedding", [[1, 3, 16], *caches, (I, [1, 3])], num_heads=3, opset=23)),
            ("expects", Case("RotaryEmbedding", [[1, 2, 3, 8], *caches, (I, [1, 3])], rotary_embedding_dim=10, opset=23)),
            ("expects", Case("RotaryEmbedding", [[1, 2, 3, 8], *caches, (I, [1, 3])], rotary_embedding_dim=-4, opset=23)),
        )

    # ---- elements elsewhere ----

    def test_resize_and_pad(self):
        none = zeros(0)
        self.run_all(
            Case("Resize", [["N", 1, "H", "W"], None, np.float32([1, 1, 2, 1.5])], good(f(1, 1, 3, 4)), good(f(0, 1, 3, 4), expect=[zeros(0, 1, 6, 6)]),
                 good(f(1, 1, 0, 4), expect=[zeros(1, 1, 0, 6)])),
            Case("Resize", [["N", 1, "H"], None, None, (I, [3])], good(f(1, 1, 4), ints(1, 1, 7)),
                 bad("at least 1 element to choose from", f(1, 1, 0), ints(1, 1, 7)),
                 bad("expects", f(1, 1, 4), ints(1, 1, -7)), good(f(1, 1, 4), ints(1, 1, 0), expect=[zeros(1, 1, 0)]), mode="linear"),
            Case("Resize", [["N", 1, "H"], None, (F, [3])], good(f(1, 1, 4), np.float32([1, 1, 2])),
                 bad("expects", f(1, 1, 4), np.float32([1, 1, -2])), bad("expects", f(1, 1, 4), np.float32([1, 1, NAN])),
                 bad("scales above 0", f(1, 1, 4), np.float32([1, 1, 1e30])), mode="linear"),
            Case("Pad", [["H", "W"], (I, [4])], good(f(2, 3), ints(1, 0, 2, 1)), good(f(3, 4), ints(-1, 0, -1, -2)),
                 good(f(0, 3), ints(1, 0, 1, 0), expect=[zeros(2, 3)]), bad("dims of at least 0, got -1", f(2, 3), ints(-2, 0, -1, 0)),
                 large(f(2, 3), ints(HUGE, HUGE, HUGE, HUGE)), large(f(2, 3), ints(1 << 40, 1 << 40, 0, 0)),
                 good(f(2, 3), ints(-2, 0, 0, 0), expect=[zeros(0, 3)])),
            Case("Pad", [["H"], (I, [2])], good(f(4), ints(3, 3)), good(f(4), ints(-1, 2), expect=None),
                 good(f(4), ints(9, 5), expect=[np.pad(f(4), (9, 5), "reflect")]),
                 good(f(1), ints(2, 1), expect=[np.pad(f(1), (2, 1), "edge")]), bad("expects", f(0), ints(1, 0)), mode="reflect"),
            Case("Pad", [["H"], (I, [2])], good(f(4), ints(7, 3)), bad("expects", f(0), ints(1, 0)), good(f(0), ints(0, 0), expect=[zeros(0)]), mode="edge"),
            Case("Pad", [["H"], (I, [2])], good(f(4), ints(3, 3)), good(f(4), ints(9, 11), expect=[np.pad(f(4), (9, 11), "wrap")]),
                 bad("expects", f(0), ints(1, 0)), mode="wrap"),
            Case("Tile", [["H", 2], (I, [2])], good(f(2, 2), ints(2, 3)), good(f(0, 2), ints(2, 3)), good(f(2, 2), ints(0, 3)),
                 bad("expects", f(2, 2), ints(-1, 3)), large(f(2, 2), ints(HUGE, 4))),
            Case("Expand", [["H", 1], (I, [2])], good(f(2, 1), ints(2, 3)), good(f(0, 1), ints(1, 3)), good(f(2, 1), ints(2, 0)),
                 bad("broadcast", f(2, 1), ints(3, 3)), bad("expects", f(2, 1), ints(2, -3)), large(f(1, 1), ints(HUGE, 4))),
            Case("Reshape", [["H", "W"], (I, [2])], good(f(2, 3), ints(3, 2)), good(f(2, 3), ints(-1, 2)), bad("expects", f(0, 3), ints(3, 0)), good(f(0, 3), ints(0, 7)), bad("expects", f(2, 3), ints(4, 2)), bad("expects", f(2, 3), ints(-1, 4)), bad("expects", f(2, 3), ints(-1, -1)),
                 bad("expects", f(2, 3), ints(-2, -3)), bad("expects", f(2, 3), ints(HUGE, 4)), good(f(0, 3), ints(-1, 0))),
            Case("Slice", [["H"], (I, [1]), (I, [1]), ints(0), (I, [1])], good(f(5), ints(1), ints(4), ints(2)), good(f(5), ints(-1), ints(-9), ints(-1)),
                 good(f(0), ints(1), ints(4), ints(2)), good(f(5), ints(HUGE), ints(-HUGE), ints(-HUGE)), good(f(5), ints(0), ints(5), ints(HUGE)),
                 good(f(5), ints(-HUGE), ints(HUGE), ints((1 << 63) - 1)), good(f(5), ints(4), ints(-9), ints(-(1 << 63)), expect=[f(5)[4:]]),
                 bad("steps other than 0|division by zero", f(5), ints(0), ints(5), ints(0))),
            Case("Concat", [["A", 2], ["B", 2]], good(f(2, 2), f(3, 2)), good(f(0, 2), f(3, 2)), good(f(0, 2), f(0, 2)), axis=0),
            Case("Concat", [["A", "X"], ["A", "Y"]], good(f(2, 2), f(2, 3)), good(f(2, 0), f(2, 3)), axis=1),
            Case("Concat", [["A", "X"], ["B", "Y"]], good(f(2, 2), f(2, 3)), bad("same dim 0, got 2 and 3", f(2, 2), f(3, 3)), axis=1),
            Case("Split", [["A"], (I, [2])], good(f(5), ints(2, 3)), good(f(5), ints(0, 5)), bad("expects", f(5), ints(2, 2)), bad("expects", f(5), ints(-1, 6)),
                 bad("expects|range", f(5), ints(2, 4)), good(f(0), ints(0, 0)), outputs=2),
            Case("Split", [["A"]], good(f(5)), good(f(0), expect=[zeros(0)] * 3), good(f(1), expect=[f(1), zeros(0), zeros(0)]), outputs=3, num_outputs=3),
            Case("Transpose", [["A", "B", 3]], good(f(2, 4, 3)), good(f(0, 4, 3)), good(f(2, 0, 3)), perm=[2, 0, 1]),
            Case("DepthToSpace", [["N", "C", "H", "W"]], good(f(1, 8, 2, 3)), good(f(0, 8, 2, 3)), bad("expects", f(1, 6, 2, 3)), blocksize=2),
            Case("SpaceToDepth", [["N", "C", "H", "W"]], good(f(1, 2, 4, 6)), good(f(0, 8, 2, 4)), bad("expects", f(1, 6, 3, 4)), blocksize=2),
            Case("CenterCropPad", [["H", "W"], (I, [2])], good(f(3, 8), ints(5, 4)), good(f(0, 3), ints(2, 2), expect=[zeros(2, 2)]), bad("expects", f(3, 3), ints(-1, 2))),
        )
        x = [2, 3]
        self.refuse(
            ("expects", Case("Pad", [x, ints(-1, 0, -2, 0)])),
            ("fits into memory|below 2\\^63", Case("Pad", [x, ints(HUGE, HUGE, HUGE, HUGE)])),
            ("fits into memory", Case("Pad", [x, ints(1 << 40, 1 << 40, 0, 0)])),
            ("two pads", Case("Pad", [x, ints(0, 1, 0)])),
            ("mode", Case("Pad", [x, ints(0, 1, 0, 0)], mode="mirror")),
            ("expects", Case("Resize", [[1, 1, 4, 4], None, np.float32([1, 1, -1, 2])])),
            ("expects", Case("Resize", [[1, 1, 4, 4], None, np.float32([1, 1, 0, 2])])),
            ("expects", Case("Resize", [[1, 1, 4, 4], None, np.float32([1, 1, NAN, 2])])),
            ("scales above 0", Case("Resize", [[1, 1, 4, 4], None, np.float32([1, 1, 1e30, 2])])),
            ("expects", Case("Resize", [[1, 1, 4, 4], None, None, ints(1, 1, -4, 2)])),
            ("at least 1 element", Case("Resize", [[1, 1, 0, 4], None, None, ints(1, 1, 4, 2)])),
            ("expects scales", Case("Resize", [[1, 1, 4, 4], None, np.float32([2, 2])])),
            ("either", Case("Resize", [[1, 1, 4, 4]])),
            ("expects", Case("Tile", [x, ints(-1, 2)])),
            ("fits into memory|below 2\\^63|expects", Case("Tile", [x, ints(HUGE, HUGE)])),
            ("expects", Case("Expand", [x, ints(-1, 3)])),
            ("fits into memory", Case("Expand", [[1, 1], ints(1 << 40, 1 << 40)])),
            ("expects", Case("Reshape", [x, ints(4, 2)])),
            ("expects", Case("Reshape", [x, ints(-1, 4)])),
            ("expects", Case("Reshape", [x, ints(-1, -1)])),
            ("expects", Case("Reshape", [x, ints(-2, 3)])),
            ("expects", Case("Reshape", [x, ints(HUGE, 4)])),
            ("expects", Case("Slice", [x, ints(0), ints(1), ints(0), ints(0)])),
            ("axis", Case("Slice", [x, ints(0), ints(1), ints(2)])),
            ("expects", Case("Concat", [x, [3, 3]], axis=1)),
            ("axis", Case("Concat", [x, x], axis=2)),
            ("add up", Case("Split", [x, ints(1, 2)], outputs=2)),
            ("expects", Case("Split", [x, ints(3, -1)], outputs=2)),
            ("permutation|perm", Case("Transpose", [x], perm=[0, 0])),
            ("permutation|perm", Case("Transpose", [x], perm=[0, HUGE])),
            ("blocksize", Case("DepthToSpace", [[1, 8, 2, 2]], blocksize=0)),
            ("blocksize|expects", Case("DepthToSpace", [[1, 8, 2, 2]], blocksize=HUGE)),
            ("expects", Case("DepthToSpace", [[1, 6, 2, 2]], blocksize=2)),
            ("blocksize|expects", Case("DepthToSpace", [[1, 8, 2, 2]], blocksize=1 << 32)),
            ("blocksize|expects", Case("SpaceToDepth", [[1, 8, 2, 2]], blocksize=1 << 32)),
        )

    def test_indices(self):
        x = f(4, 3)
        self.run_all(
            Case("Gather", [["A", 3], (I, ["K"])], good(x, ints(0, 3, -4, -1)), good(x, ints()), good(f(0, 3), ints(), expect=[zeros(0, 3)]),
                 bad("out of range", x, ints(4)), bad("out of range", x, ints(-5)), bad("out of range", x, ints(HUGE)), bad("out of range", x, ints(-(1 << 63))),
                 bad("at least 1 element", f(0, 3), ints(0)), axis=0),
            Case("Gather", [["A", 3], (I32, [2])], good(x, np.array([2, -3], I32)), bad("out of range", x, np.array([3, 0], I32)), axis=1),
            Case("GatherElements", [["A", "B"], (I, ["K", "L"])], good(x, ints([0, -1, 2], [1, 1, -3])), good(x, zeros(0, 3, dtype=I)),
                 bad("out of range", x, ints([0, 0, 3])), bad("out of range", x, ints([0, 0, -4])), bad("expects", x, zeros(5, 3, dtype=I)),
                 bad("expects", f(4, 0), zeros(4, 1, dtype=I)), axis=1),
            Case("GatherND", [["A", "B"], (I, ["K", 2])], good(x, ints([0, -1], [-4, 2])), good(x, zeros(0, 2, dtype=I)), bad("out of range", x, ints([0, 3])),
                 bad("out of range", x, ints([-5, 0])), bad("expects", f(0, 3), ints([0, 0]))),
            Case("ScatterElements", [["A", "B"], (I, ["K", "L"]), ["K", "L"]], good(x, ints([0, -1, 2]), f(1, 3)), good(x, zeros(0, 3, dtype=I), f(0, 3)),
                 bad("out of range", x, ints([0, 0, 3]), f(1, 3)), bad("out of range", x, ints([0, 0, -4]), f(1, 3)), bad("expects|range", f(4, 0), ints([0]), f(1, 1)),
                 bad("expects", x, zeros(5, 3, dtype=I), f(5, 3)), axis=1),
            Case("ScatterElements", [["A"], (I, ["K"]), ["K"]], good(f(3), ints(0, -1, 0), f(3)), bad("out of range", f(0), ints(0), f(1)),
                 good(F([NAN, 1, 2]), ints(0, 1, 1), F([1, NAN, 3]), expect=[F([NAN, NAN, 2])]), axis=0, reduction="max"),
            Case("ScatterND", [["A", "B"], (I, ["K", 1]), ["K", "B"]], good(x, ints([0], [-1]), f(2, 3)), good(x, zeros(0, 1, dtype=I), f(0, 3)),
                 bad("out of range", x, ints([4]), f(1, 3)), bad("out of range", x, ints([-5]), f(1, 3)), bad("out of range", x, ints([HUGE]), f(1, 3)),
                 bad("expects|range", f(0, 3), ints([0]), f(1, 3)), good(f(0, 3), zeros(0, 1, dtype=I), f(0, 3)), reduction="add"),
            Case("TensorScatter", [["N", "S", 2], ["N", "K", 2], (I, ["N"])], good(zeros(2, 4, 2), np.ones((2, 2, 2), F), ints(0, 2),
                                                                                    expect=[np.repeat(F([[1, 1, 0, 0], [0, 0, 1, 1]])[:, :, None], 2, 2)]),
                 bad("out of range", f(2, 4, 2), f(2, 2, 2), ints(0, 3)), bad("out of range", f(2, 4, 2), f(2, 5, 2), ints(0, 0)), opset=24),
            Case("OneHot", [(I, ["N"]), (I, []), (F, [2])], good(ints(0, 2, -1, -3), np.array(3), np.float32([0, 1])), good(ints(), np.array(3), np.float32([0, 1])),
                 good(ints(5, -7), np.array(3), np.float32([0, 1])), good(ints(0), np.array(0), np.float32([0, 1]), expect=[zeros(1, 0)]),
                 bad("expects", ints(0), np.array(-1), np.float32([0, 1])), large(ints(0), np.array(HUGE), np.float32([0, 1]))),
            Case("ReverseSequence", [["T", "N"], (I, ["N"])], good(f(3, 2), ints(3, 1)), good(f(3, 0), ints()), bad("does not allow|out of range", f(3, 2), ints(4, 1)),
                 bad("does not allow|out of range", f(3, 2), ints(-1, 1)), good(f(0, 2), ints(0, 0), expect=[zeros(0, 2)]) ),
            Case("Compress", [["N", 2], (B, ["K"])], good(x[:, :2], np.array([1, 0, 1], B)), good(x[:, :2], zeros(0, dtype=B)), good(f(0, 2), zeros(0, dtype=B), expect=[zeros(0, 2)]),
                 bad("range|expects", f(2, 2), np.array([0, 0, 1], B)), axis=0),
            Case("NonZero", [["A", "B"]], good(np.float32([[1, 0], [0, NAN]])), good(f(0, 3)), good(f(3, 0)), good(zeros(2, 2))),
            Case("Unique", [["N"]], good(np.float32([2, 1, 2])), good(f(0), expect=[zeros(0)] + [zeros(0, dtype=I)] * 3), outputs=4),
            Case("Range", [(I, []), (I, []), (I, [])], good(np.array(1), np.array(7), np.array(2)), good(np.array(7), np.array(1), np.array(1)), good(np.array(5), np.array(-3), np.array(-3)),
                 bad("delta other than 0", np.array(1), np.array(7), np.array(0)), large(np.array(0), np.array(HUGE), np.array(1))),
            Case("Range", [(F, []), (F, []), (F, [])], good(F(1), F(7), F(2)), bad("delta other than 0", F(1), F(7), F(0)), bad("finite", F(1), F(NAN), F(1)), bad("finite", F(1), F(INF), F(1))),
        )
        s = [4, 3]
        self.refuse(
            ("axis", Case("Gather", [s, (I, [2])], axis=2)),
            ("axis", Case("Gather", [s, ints(1)], axis=-3)),
            ("expects", Case("GatherElements", [s, (I, [5, 3])], axis=1)),
            ("rank", Case("GatherElements", [s, (I, [3])])),
            ("expects", Case("GatherND", [s, (I, [2, 3])])),
            ("expects", Case("GatherND", [s, (I, [2, 1])], batch_dims=2)),
            ("expects", Case("GatherND", [s, (I, [2, 1])], batch_dims=-1)),
            ("expects", Case("ScatterElements", [s, (I, [2, 3]), [3, 3]])),
            ("reduction", Case("ScatterElements", [s, (I, [2, 3]), [2, 3]], reduction="sub")),
            ("expects", Case("ScatterND", [s, (I, [2, 3]), [2]])),
            ("expects", Case("ScatterND", [s, (I, [2, 1]), [2, 4]])),
            ("expects", Case("OneHot", [(I, [2]), np.array(-3), F([0, 1])])),
            ("axis", Case("OneHot", [(I, [2]), np.array(3), F([0, 1])], axis=3)),
            ("expects", Case("OneHot", [(I, [2]), np.array(3), F([0])])),
            ("fits into memory", Case("OneHot", [(I, [2]), np.array(HUGE), F([0, 1])])),
            ("expects", Case("ReverseSequence", [s, (I, [4])], batch_axis=1, time_axis=0)),
            ("expects", Case("ReverseSequence", [s, (I, [4])], batch_axis=0, time_axis=0)),
            ("expects", Case("Range", [np.array(1), np.array(5), np.array(0)])),
        )

    def test_order(self):
        x, nans = f(3, 4), F([[1, NAN, 3], [NAN, NAN, 0]])
        self.run_all(
            Case("TopK", [["A", "B"], (I, [1])], good(x, ints(2)), good(x, ints(0)), good(x, ints(4)), good(nans, ints(2), expect=[F([[NAN, 3], [NAN, NAN]]), ints([1, 2], [0, 1])]),
                 good(f(0, 4), ints(2)), good(f(3, 0), ints(0)),
                 bad("k of at most the dim that it selects from, got 5 and 4", x, ints(5)), bad("k of at least 0, got -1", x, ints(-1)), bad("expects k", x, ints(HUGE)),
                 bad("expects", f(3, 0), ints(1)), outputs=2),
            Case("TopK", [["A", "B"], ints(2)], good(x), bad("got 2 and 1", f(3, 1)), bad("got 2 and 0", f(3, 0)), outputs=2, largest=0),
            Case("ArgMax", [["A", "B"]], good(x), good(nans, expect=[ints([1], [0])]), good(f(0, 4), expect=[zeros(0, 1, dtype=I)]), bad("at least 1 element", f(3, 0)), axis=1),
            Case("ArgMin", [["A", "B"]], good(x), bad("at least 1 element", f(0, 4)), axis=0, select_last_index=1),
            Case("CumSum", [["A", "B"], (I, [])], good(x, np.array(0)), good(x, np.array(-1)), good(f(0, 4), np.array(0)), good(f(3, 0), np.array(0)),
                 bad("axis of at most 1", x, np.array(2)), bad("axis of at least -2", x, np.array(-3)), exclusive=1),
            Case("CumSum", [["A", "B"], np.array(1)], good(x), good(f(0, 4)), good(f(3, 0)), reverse=1),
            Case("Max", [["A"], ["A"]], good(F([1, NAN, 2]), F([NAN, 0, 5])), good(f(0), f(0))),
            Case("ReduceSum", [["A", "B"], ints(1)], good(x), good(f(3, 0)), good(f(0, 3))),
            Case("ReduceMean", [["A", "B"], ints(1)], good(x), good(f(0, 3)), good(f(3, 0), expect=[np.full((3, 1), NAN, F)])),
            Case("ReduceMax", [["A", "B"], ints(1)], good(x), good(f(0, 3), expect=[zeros(0, 1)]), good(f(3, 0), expect=[np.full((3, 1), -INF, F)]), good(nans, expect=[F([[NAN], [NAN]])])),
            Case("ReduceMin", [(I, ["A", "B"]), ints(1)], good(ints([3, 1], [4, 2])), good(zeros(3, 0, dtype=I), expect=[np.full((3, 1), (1 << 63) - 1)])),
            Case("ReduceProd", [["A", "B"], ints(1)], good(x), good(f(3, 0), expect=[np.ones((3, 1), F)])),
            Case("ReduceLogSumExp", [["A", "B"], ints(1)], good(x), good(F([[-INF, -INF], [INF, 1]])), good(f(3, 0), expect=[np.full((3, 1), -INF, F)])),
            Case("ReduceL2", [["A", "B"], ints(1)], good(x), good(f(3, 0), expect=[zeros(3, 1)])),
            Case("ReduceSum", [["A", "B"], (I, [1])], good(x, ints(0)), good(x, ints(-1)), bad("axis of at most 1", x, ints(2)), bad("axis of at least -2", x, ints(-3))),
            Case("Einsum", [["A", "B"], ["B", "C"]], good(x, f(4, 2)), good(f(3, 0), f(0, 2)), good(f(0, 4), f(4, 2)), good(f(1, 1), f(1, 1)), equation="ij,jk->ik"),
            Case("Einsum", [["A", "B"], ["D", "C"]], good(x, f(4, 2)), bad("expects", x, f(3, 2)), equation="ij,jk->ik"),
            Case("Einsum", [["A", "B"]], good(f(3, 3)), good(f(0, 0)), bad("one label to be equal", f(3, 4)), equation="ii->i"),
        )
        s = [4, 3]
        self.refuse(
            ("got 4 and 3", Case("TopK", [s, ints(4)], outputs=2)),
            ("got -1", Case("TopK", [s, ints(-1)], outputs=2)),
            ("expects k", Case("TopK", [s, ints(1, 2)], outputs=2)),
            ("axis", Case("TopK", [s, ints(1)], outputs=2, axis=2)),
            ("axis", Case("ArgMax", [s], axis=-3)),
            ("at least 1 element", Case("ArgMax", [[4, 0]], axis=1)),
            ("axis", Case("CumSum", [s, np.array(2)])),
            ("axis", Case("ReduceSum", [s, ints(2)])),
            ("twice", Case("ReduceSum", [s, ints(1, -1)])),
            ("expects", Case("Einsum", [s, s], equation="ij,jk->ik")),
            ("expects", Case("Einsum", [s], equation="ijk->i")),
            ("expects", Case("Einsum", [s], equation="ij->k")),
            ("expects", Case("Einsum", [s], equation="i$->i")),
            ("expects", Case("Einsum", [s], equation="")),
            ("one label to be equal", Case("Einsum", [s], equation="ii->i")),
            ("expects", Case("Einsum", [s], equation="......->i")),
        )

    def test_numbers(self):
        x = F([0.5, -0.5, 1.5, NAN, INF, -INF, 1e20, -1e20, 300, -300])
        saturated = np.array([0, 0, 1, 0, MOST - 1, -MOST, MOST - 1, -MOST, 300, -300], I32)  # NaN as 0
        self.run_all(
            Case("QuantizeLinear", [["N"], F(0.5), np.uint8(3)], good(f(7)), good(f(0)), good(F([INF, -INF, 1e30, -1e30]))),
            Case("QuantizeLinear", [["N", 3], (F, [3]), (np.int8, [3])], good(f(2, 3), F([0.5, 0.1, 2]), np.array([1, 2, 3], np.int8)), good(f(0, 3), F([1, 1, 1]), zeros(3, dtype=np.int8)), axis=1),
            Case("DequantizeLinear", [(np.uint8, ["N"]), F(0.5), np.uint8(3)], good(np.array([1, 255], np.uint8)), good(zeros(0, dtype=np.uint8))),
            Case("DynamicQuantizeLinear", [["N"]], good(f(7)), good(f(1)), good(zeros(3)), good(F([5, 5])), outputs=3),
            Case("Cast", [["N"]], good(F([0.5, -3.9, 100])), good(f(0)), good(x, expect=[saturated]), to=6),
            Case("Cast", [["N"]], good(x), good(f(0)), to=9),
            Case("Cast", [["N"]], good(x), good(F([65504, 65520, 1e-8])), to=10),
            Case("Div", [(I32, ["N"]), (I32, ["N"])], good(np.array([7, -7], I32), np.array([2, 2], I32)), bad("zero", np.array([1], I32), np.array([0], I32)),
                 bad("does not allow", np.array([-1 << 31], I32), np.array([-1], I32)), good(zeros(0, dtype=I32), zeros(0, dtype=I32))),
            Case("Mod", [(I32, ["N"]), (I32, ["N"])], good(np.array([7, -7], I32), np.array([2, 2], I32)), bad("zero", np.array([1], I32), np.array([0], I32)),
                 good(np.array([-1 << 31], I32), np.array([-1], I32), expect=[np.array([0], I32)])),
            Case("BitShift", [(np.uint32, ["N"]), (np.uint32, ["N"])], good(np.array([5, 5], np.uint32), np.array([2, 32], np.uint32), expect=[np.array([20, 0], np.uint32)]), direction="LEFT"),
            Case("Clip", [["N"], [], []], good(f(4), F(-0.2), F(0.2)), good(F([NAN, 5]), F(0), F(1)), good(f(3), F(1), F(-1)), good(f(0), F(0), F(1))),
            Case("Add", [["N", "M"], ["M"]], good(f(2, 3), f(3)), good(f(0, 3), f(3)), good(f(2, 0), f(0))),
            Case("Add", [["N", "M"], ["K"]], good(f(2, 3), f(3)), bad("got 3 and 4", f(2, 3), f(4)), bad("got 3 and 0", f(2, 3), f(0))),
            Case("Where", [(B, ["N"]), ["N"], ["N"]], good(np.array([1, 0], B), f(2), f(2)), good(zeros(0, dtype=B), f(0), f(0))),
        )
        self.refuse(
            ("expects", Case("QuantizeLinear", [[2, 3], f(4), zeros(4, dtype=np.int8)], axis=1)),
            ("axis", Case("QuantizeLinear", [[2, 3], f(3), zeros(3, dtype=np.int8)], axis=4)),
            ("expects", Case("QuantizeLinear", [[2, 4], f(2, 3), zeros(2, 3, dtype=np.int8)], axis=1, block_size=2)),
            ("expects", Case("DequantizeLinear", [(np.int8, [2, 4]), f(2, 2), zeros(2, 2, dtype=np.int8)], axis=1, block_size=-2)),
            ("expects", Case("DequantizeLinear", [(np.int8, [2, 4]), f(2, 2), zeros(2, 2, dtype=np.int8)], axis=1, block_size=HUGE)),
            ("supported", Case("Cast", [[2]], to=99)),
            ("the attribute to", Case("Cast", [[2]])),
            ("expects", Case("Add", [[2, 3], [4]])),
            ("direction", Case("BitShift", [(np.uint32, [2]), (np.uint32, [2])], direction="UP")),
        )

    def test_draws(self):
        scalar, ratio = (B, []), "a ratio of at least 0 and below 1"
        self.run_all(
            Case("Dropout", [["N"], [], scalar], good(f(7), F(0), B(True), expect=[f(7)]), good(f(0), F(0.5), B(True), expect=[f(0)]), good(f(3), F(NAN), B(False), expect=[f(3)]), *[bad(ratio, f(7), F(r), B(True)) for r in (1, -0.5, NAN)]),
            Case("Dropout", [["N"], [], np.array(True)], good(f(7), F(0), expect=[f(7)]), bad(ratio, f(7), F(2))),
            Case("RandomUniformLike", [["N", 4]], good(f(0, 4), expect=[f(0, 4)])),
            Case("Bernoulli", [["N"]], good(F([0, 1, 2, -1, NAN]), expect=[F([0, 1, 1, 0, 0])]), good(f(0), expect=[f(0)])),
            Case("Multinomial", [["N", "C"]], good(f(3, 1), expect=[zeros(3, 1, dtype=I32)]), good(F([[-INF, 3, -INF]]), expect=[np.array([[1]], I32)]), good(f(0, 4), expect=[zeros(0, 1, dtype=I32)]), bad("one class or more", f(3, 0))),
        )
        self.refuse(("fits into memory", Case("RandomNormal", [], shape=[HUGE, 8])))

    def test_deformable(self):
        w = f(3, 2, 3, 3)
        self.run_all(
            Case("DeformConv", [["N", 2, "H", 5], w, ["M", 18, "A", 3]], good(f(2, 2, 6, 5), f(2, 18, 4, 3)), good(f(0, 2, 6, 5), f(0, 18, 4, 3), expect=[zeros(0, 3, 4, 3)]), good(f(1, 2, 5, 5), f(1, 18, 3, 3) * 1e30, expect=[zeros(1, 3, 3, 3)]), bad("offsets for each image", f(2, 2, 5, 5), f(1, 18, 3, 3)), bad("offsets for each place along spatial dim 0", f(1, 2, 5, 5), f(1, 18, 4, 3)), bad("offsets for each place along spatial dim 0", f(1, 2, 5, 5), f(1, 18, 1, 3)), opset=19),
        )
        self.refuse(("each place along spatial dim 1", Case("DeformConv", [[1, 2, 5, 5], w, [1, 18, 3, 4]], opset=19)))

    def test_recurrence(self):
        d = 3

        def case(kind, gates, *runs, outputs=2, inputs=None, **more):
            w, r = f(1, gates * d, 2), f(1, gates * d, d)
            return Case(kind, inputs or [["T", "N", 2], w, r, None, (I32, ["N"])], *runs, outputs=outputs, hidden_size=d, **more)

        cases = []
        for kind, gates in (("RNN", 1), ("GRU", 3), ("LSTM", 4)):
            cases.append(case(kind, gates, good(f(4, 2, 2), np.array([4, 2], I32)), good(f(4, 0, 2), zeros(0, dtype=I32), expect=[zeros(4, 1, 0, d), zeros(1, 0, d)]),
                              good(f(0, 2, 2), zeros(2, dtype=I32), expect=[zeros(0, 1, 2, d), zeros(1, 2, d)]),
                              good(f(4, 2, 2), np.array([0, 4], I32)), bad("does not allow", f(4, 2, 2), np.array([5, 1], I32)),
                              bad("does not allow", f(4, 2, 2), np.array([-1, 1], I32))))
            cases.append(case(kind, gates, good(f(4, 2, 2)), good(f(0, 2, 2), expect=[zeros(0, 1, 2, d), zeros(1, 2, d)]), inputs=[["T", "N", 2], f(1, gates * d, 2), f(1, gates * d, d)]))
        self.run_all(*cases)
        for kind, gates in (("RNN", 1), ("GRU", 3), ("LSTM", 4)):
            w, r, x = f(1, gates * d, 2), f(1, gates * d, d), [4, 2, 2]
            self.refuse(
                ("expects", Case(kind, [[4, 2, 5], w, r], hidden_size=d)),
                ("expects", Case(kind, [x, w, f(1, gates * d, d + 1)], hidden_size=d)),
                ("expects", Case(kind, [x, w, r], hidden_size=d + 1)),
                ("expects", Case(kind, [x, w, r], hidden_size=-3)),
                ("expects", Case(kind, [x, w, r, f(1, 5)], hidden_size=d)),
                ("expects", Case(kind, [x, w, r], hidden_size=d, direction="bidirectional")),
                ("direction", Case(kind, [x, w, r], hidden_size=d, direction="sideways")),
                ("activation|Swish", Case(kind, [x, w, r], hidden_size=d, activations=["Swish"] * 3)),
                ("expects", Case(kind, [x, w, r], hidden_size=d, layout=7)),
                ("expects", Case(kind, [x, w, r, None, (I32, [3])], hidden_size=d)),
                ("expects", Case(kind, [[4, 2], w, r], hidden_size=d)),
            )

    def test_control(self):
        def graph(nodes, inputs, outputs):
            infos = [[helper.make_tensor_value_info(*v) for v in values] for values in (inputs, outputs)]
            return helper.make_graph(nodes, "body", *infos)

        number, flag, row = (7, []), (9, []), (1, ["N"])
        step = [helper.make_node("Add", ["before", "before"], ["after"]), helper.make_node("Identity", ["go"], ["again"]),
                helper.make_node("Neg", ["after"], ["element"])]
        loop = graph(step, [("i", *number), ("go", *flag), ("before", *row)],
                     [("again", *flag), ("after", *row), ("element", *row)])
        scan = graph([helper.make_node("Add", ["sum", "x"], ["after"]), helper.make_node("Neg", ["after"], ["y"])],
                     [("sum", *row), ("x", *row)], [("after", *row), ("y", *row)])
        some, none = (graph([helper.make_node("Constant", [], ["c"], value=numpy_helper.from_array(v))], [], [("c", 7, ["K"])])
                      for v in (ints(3, 4), ints()))
        yes, no = np.array(True), np.array(False)
        self.run_all(
            Case("Loop", [(I, []), (B, []), ["N"]], good(np.array(3), yes, f(2)), good(np.array(3), yes, f(0)),
                 good(np.array(0), yes, f(2)), good(np.array(-5), yes, f(2)), good(np.array(HUGE), no, f(2)),
                 outputs=2, body=loop),
            Case("Scan", [["N"], ["T", "N"]], good(f(2), f(3, 2)), good(f(0), f(3, 0)), good(f(2), f(0, 2), expect=[f(2), zeros(0, 2)]),
                 bad("expects", f(2), f(3, 3), located=False), outputs=2, body=scan, num_scan_inputs=1),
            Case("If", [(B, [])], good(yes), good(no), then_branch=some, else_branch=none),
        )
        self.refuse(
            ("expects", Case("Scan", [[2], [3, 2]], outputs=2, body=scan, num_scan_inputs=3)),
            ("expects", Case("Scan", [[2], [3, 2]], outputs=2, body=scan, num_scan_inputs=-1)),
            ("axis|expects", Case("Scan", [[2], [3, 2]], outputs=2, body=scan, num_scan_inputs=1, scan_input_axes=[5])),
            ("expects", Case("Loop", [(I, []), (B, [])], outputs=2, body=loop)),
        )

    def test_signals(self):
        self.run_all(
            Case("DFT", [["N", "T", 1]], good(f(2, 8, 1)), good(f(0, 8, 1), expect=[zeros(0, 8, 2)]), good(f(2, 1, 1)), good(f(1, 3, 1)), opset=17, axis=1),
            Case("DFT", [["N", "T", 1], (I, [])], good(f(2, 8, 1), np.array(8)), bad("expects", f(2, 8, 1), np.array(0)), bad("expects", f(2, 8, 1), np.array(-3)),
                 large(f(2, 8, 1), np.array(HUGE)), opset=17, axis=1),
            Case("STFT", [["N", "T", 1], (I, []), f(4)], good(f(1, 16, 1), np.array(3)), bad("a frame of at most the signal", f(1, 3, 1), np.array(2)), bad("frame_step of at least 1|division by zero", f(1, 16, 1), np.array(0)),
                 bad("expects", f(1, 16, 1), np.array(-2)), good(f(0, 16, 1), np.array(3), expect=[zeros(0, 5, 3, 2)]), opset=17),
            Case("GridSample", [["N", 1, "H", "W"], ["N", "A", "B", 2]], good(f(1, 1, 4, 4), f(1, 2, 2, 2)), good(f(1, 1, 4, 4), f(1, 0, 2, 2), expect=[zeros(1, 1, 0, 2)]), good(f(0, 1, 4, 4), f(0, 2, 2, 2), expect=[zeros(0, 1, 2, 2)]),
                 good(f(1, 1, 4, 4), F([[[[NAN, 0], [INF, 0], [-INF, 1e30]]]]) , expect=[zeros(1, 1, 1, 3)] ), bad("expects", f(1, 1, 0, 4), f(1, 2, 2, 2)), opset=20) ,
            Case("GridSample", [["N", 1, "H", "W"], ["N", "A", "B", 2]], good(f(1, 1, 4, 4), f(1, 2, 2, 2) * 9), good(np.ones((1, 1, 4, 4), F), F([[[[NAN, 0], [INF, 0], [-INF, 1e30]]]]), expect=[np.ones((1, 1, 1, 3), F)]), opset=20, mode="nearest", padding_mode="reflection"),
            Case("GridSample", [["N", 1, "H", "W"], ["N", "A", "B", 2]], good(f(1, 1, 4, 4), f(1, 2, 2, 2) * 9), good(np.ones((1, 1, 4, 4), F), F([[[[INF, 0], [-INF, 1e30]]]]), expect=[np.ones((1, 1, 1, 2), F)]), opset=20, mode="nearest", padding_mode="border"),
            Case("RoiAlign", [["N", 1, "H", "W"], ["R", 4], (I, ["R"])], good(f(2, 1, 6, 6), F([[0, 0, 5, 5]]), ints(1)), good(f(2, 1, 6, 6), f(0, 4), ints(), expect=[zeros(0, 1, 2, 2)]), bad("range", f(2, 1, 6, 6), F([[0, 0, 5, 5]]), ints(2)), good(f(2, 1, 6, 6), F([[3, 3, 1, 1]]), ints(0)),
                 good(f(2, 1, 6, 6), F([[-1e30, -1e30, -1e29, -1e29]]), ints(0), expect=[zeros(1, 1, 2, 2)]), output_height=2, output_width=2, sampling_ratio=2),
            Case("NonMaxSuppression", [["N", "B", 4], ["N", "C", "B"], (I, [1]), (F, [1]), (F, [1])],
                 good(F([[[0, 0, 1, 1], [0, 0, 1, 1.1], [5, 5, 6, 6]]]), F([[[0.9, 0.8, 0.7]]]), ints(3), F([0.5]), F([0])),
                 good(F([[[0, 0, 1, 1], [0, 0, 1, 1.1], [5, 5, 6, 6]]]), F([[[0.9, NAN, 0.7]]]), ints(3), F([0.5]), F([0]), expect=[ints([0, 0, 0], [0, 0, 2])]),
                 good(f(1, 0, 4), f(1, 1, 0), ints(3), F([0.5]), F([0]), expect=[zeros(0, 3, dtype=I)]), good(f(0, 3, 4), f(0, 1, 3), ints(3), F([0.5]), F([0]), expect=[zeros(0, 3, dtype=I)]),
                 good(f(1, 3, 4), f(1, 1, 3), ints(0), F([0.5]), F([0]), expect=[zeros(0, 3, dtype=I)]), good(f(1, 3, 4), f(1, 1, 3), ints(-4), F([0.5]), F([0]), expect=[zeros(0, 3, dtype=I)])),
            Case("Col2Im", [["N", 4, "L"], ints(4, 4), ints(2, 2)], good(f(1, 4, 9)), good(f(0, 4, 9), expect=[zeros(0, 1, 4, 4)]), bad("expects", f(1, 4, 8)), bad("expects", f(1, 4, 0))),
            Case("Col2Im", [["N", 4, "L"], (I, [2]), (I, [2])], good(f(1, 4, 9), ints(4, 4), ints(2, 2)), bad("expects", f(1, 4, 9), ints(4, 5), ints(2, 2)), bad("expects", f(1, 4, 9), ints(4, 4), ints(0, 2)), bad("expects", f(1, 4, 9), ints(-4, 4), ints(2, 2)),
                 large(f(1, 4, 9), ints(HUGE, 4), ints(2, 2))),
            Case("Det", [["N", "A", "A"]], good(f(2, 3, 3)), good(f(0, 3, 3)), good(f(2, 0, 0), expect=[np.ones(2, F)]), good(zeros(1, 2, 2)), good(F([[[NAN, 1], [1, 2]]]))),
            Case("HannWindow", [(I, [])], good(np.array(5)), good(np.array(0), expect=[zeros(0)]), bad("expects", np.array(-3)), good(np.array(1)), opset=17),
            Case("EyeLike", [["A", "B"]], good(f(2, 3)), good(f(0, 3)), k=1),
            Case("Trilu", [["A", "B"], (I, [])], good(f(2, 3), np.array(1)), good(f(0, 3), np.array(1)), good(f(2, 3), np.array((1 << 63) - 1)), good(f(2, 3), np.array(-(1 << 63)))),
        )
        x = [1, 1, 6, 6]
        self.refuse(
            ("axis", Case("DFT", [[1, 8, 1]], opset=17, axis=5)),
            ("axis", Case("DFT", [[1, 8, 1]], opset=17, axis=2)),
            ("expects", Case("DFT", [[1, 8, 1], np.array(0)], opset=17, axis=1)),
            ("expects", Case("DFT", [[1, 8, 1], np.array(-8)], opset=17, axis=1)),
            ("fits into memory", Case("DFT", [[1, 8, 1], np.array(HUGE)], opset=17, axis=1)),
            ("expects", Case("STFT", [[1, 16, 1], np.array(0), f(4)], opset=17)),
            ("expects", Case("STFT", [[1, 16, 1], np.array(-2), f(4)], opset=17)),
            ("expects", Case("STFT", [[1, 3, 1], np.array(2), f(4)], opset=17)),
            ("expects", Case("STFT", [[1, 16, 1], np.array(2), f(4), np.array(5)], opset=17)),
            ("expects", Case("GridSample", [x, [2, 2, 2, 2]], opset=20)),
            ("expects", Case("GridSample", [x, [1, 2, 2, 3]], opset=20)),
            ("expects", Case("GridSample", [[1, 1, 0, 6], [1, 2, 2, 2]], opset=20)),
            ("mode", Case("GridSample", [x, [1, 2, 2, 2]], mode="quintic", opset=20)),
            ("expects", Case("RoiAlign", [x, [3, 5], (I, [3])], output_height=2, output_width=2)),
            ("an image for each region", Case("RoiAlign", [x, [3, 4], (I, [2])], sampling_ratio=2)),
            ("expects", Case("RoiAlign", [x, [3, 4], (I, [3])], output_height=0, output_width=2)),
            ("expects", Case("RoiAlign", [x, [3, 4], (I, [3])], output_height=-2, output_width=2)),
            ("fewer than", Case("RoiAlign", [x, [3, 4], (I, [3])], output_height=HUGE, output_width=2)),
            ("expects", Case("RoiAlign", [x, [3, 4], (I, [3])], sampling_ratio=-1)),
            ("fewer than", Case("RoiAlign", [x, [3, 4], (I, [3])], sampling_ratio=HUGE)),
            ("expects", Case("NonMaxSuppression", [[1, 5, 3], [1, 1, 5]])),
            ("expects", Case("NonMaxSuppression", [[1, 5, 4], [1, 1, 6]])),
            ("expects", Case("NonMaxSuppression", [[1, 5, 4], [2, 1, 5]])),
            ("expects", Case("Col2Im", [[1, 4, 9], ints(4, 5), ints(2, 2)])),
            ("expects", Case("Col2Im", [[1, 5, 9], ints(4, 4), ints(2, 2)])),
            ("expects", Case("Col2Im", [[1, 4, 9], ints(4, 4), ints(2, 0)])),
            ("expects", Case("Col2Im", [[1, 4, 9], ints(4, 4), ints(2, 2)], strides=[0, 1])),
            ("expects", Case("Col2Im", [[1, 4, 9], ints(4, 4), ints(2, 2)], dilations=[HUGE, 1])),
            ("expects", Case("Col2Im", [[1, 4, 9], ints(HUGE, 4), ints(2, 2)])),
            ("expects", Case("Det", [[2, 3]])),
            ("fits into memory", Case("HannWindow", [np.array(HUGE)], opset=17)),
            ("expects", Case("HannWindow", [np.array(-1)], opset=17)),
            ("rank", Case("EyeLike", [[2]])),
            ("rank", Case("Trilu", [[2]])),
        )


if __name__ == "__main__":
    unittest.main()
