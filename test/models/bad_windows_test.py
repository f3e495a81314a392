#!/usr/bin/env python3
"""Input that makes no sense, and input that is legal but extreme: windows, norms and signals.

See nodes.py; what compiling sees it refuses, what only a run knows (values, dims that turn out 0) the library does.
"""
import os
import sys

import numpy as np

sys.path[:0] = [os.path.dirname(os.path.abspath(__file__))]
from nodes import B, F, HUGE, I, INF, MOST, NAN, Case, NodeTest, bad, f, good, ints, large, main, zeros  # noqa: E402


class Windows(NodeTest):
    def test_convolution(self):
        w2, w1, w3 = f(4, 3, 3, 3), f(4, 3, 3), f(4, 3, 2, 2, 2)
        self.run_all(
            Case("Conv", [["N", 3, "H", "W"], w2], good(f(2, 3, 5, 6)), good(f(0, 3, 5, 5)), good(f(1, 3, 3, 3)),
                 bad("window of at most the padded spatial dim 0, got 3 and 2", f(1, 3, 2, 5)),
                 bad("window of at most the padded spatial dim 1, got 3 and 0", f(1, 3, 5, 0))),
            Case("Conv", [["N", 3, "T"], w1], good(f(2, 3, 5)), good(f(0, 3, 5)), bad("got 3 and 0", f(1, 3, 0)),
                 pads=[0, 0]),
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
            Case("ConvTranspose", [["N", "C", "T"], f(4, 1, 3)], good(f(2, 4, 4)), bad("channels", f(1, 3, 4)),
                 group=2),
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

    def test_deformable(self):
        w = f(3, 2, 3, 3)
        self.run_all(
            Case("DeformConv", [["N", 2, "H", 5], w, ["M", 18, "A", 3]],
                 good(f(2, 2, 6, 5), f(2, 18, 4, 3)),
                 good(f(0, 2, 6, 5), f(0, 18, 4, 3), expect=[zeros(0, 3, 4, 3)]),
                 good(f(1, 2, 5, 5), f(1, 18, 3, 3) * 1e30, expect=[zeros(1, 3, 3, 3)]),
                 bad("offsets for each image", f(2, 2, 5, 5), f(1, 18, 3, 3)),
                 bad("offsets for each place along spatial dim 0", f(1, 2, 5, 5), f(1, 18, 4, 3)),
                 bad("offsets for each place along spatial dim 0", f(1, 2, 5, 5), f(1, 18, 1, 3)), opset=19),
        )
        self.refuse(("each place along spatial dim 1", Case("DeformConv", [[1, 2, 5, 5], w, [1, 18, 3, 4]], opset=19)))

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
                     good(nan, expect=[pooled_nan] if op == "MaxPool" else None), bad("got 2 and 1", f(1, 2, 1, 5)),
                     bad("got 2 and 0", f(1, 2, 5, 0)),
                     kernel_shape=[2, 2], **own),
                Case(op, [["N", 2, "T"]], good(f(1, 2, 5)), good(f(3, 2, 2)), bad("got 4 and 3", f(1, 2, 1)),
                     kernel_shape=[4],
                     pads=[1, 1], **own),
                Case(op, [["N", 2, "A", "B", "C"]], good(f(1, 2, 3, 4, 5)), good(f(0, 2, 3, 3, 3)),
                     bad("got 3 and 1", f(1, 2, 3, 0, 3)), kernel_shape=[3, 3, 3], ceil_mode=1,
                     strides=[2, 2, 2], **own),
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
                 bad("index out of range", f(1, 1, 1, 2), ints(5, 8).reshape(1, 1, 1, 2)), kernel_shape=[2, 2],
                 strides=[2, 2]),
        )

    def test_norms(self):
        s, b = f(3), f(3, seed=2)
        self.run_all(
            Case("BatchNormalization", [["N", 3, "H"], s, b, f(3), f(3) ** 2], good(f(2, 3, 4)), good(f(0, 3, 4)),
                 good(f(2, 3, 0))),
            Case("BatchNormalization", [["N", "C", "H"], s, b, f(3), f(3) ** 2], good(f(2, 3, 4)),
                 bad("expects", f(2, 4, 4)),
                 bad("expects", f(2, 0, 4))),
            Case("InstanceNormalization", [["N", 3, "H"], s, b], good(f(2, 3, 4)), good(f(0, 3, 4)),
                 good(f(2, 3, 0), expect=[zeros(2, 3, 0)])),
            Case("LayerNormalization", [["N", "D"], f(4), f(4)], good(f(2, 4)), good(f(0, 4)), bad("expects", f(2, 5)),
                 bad("expects", f(2, 0))),
            Case("LayerNormalization", [["N", "D"], ["D"]], good(f(2, 4), f(4)),
                 good(f(2, 0), f(0), expect=[zeros(2, 0)])),
            Case("GroupNormalization", [["N", "C", "H"], f(4), f(4)], good(f(2, 4, 3)),
                 good(f(0, 4, 3), expect=[zeros(0, 4, 3)]),
                 good(f(2, 4, 0), expect=[zeros(2, 4, 0)]), bad("expects", f(2, 5, 3)), bad("expects", f(2, 6, 3)),
                 num_groups=2),
            Case("LRN", [["N", "C", "H", "W"]], good(f(2, 4, 3, 3)), good(f(0, 4, 3, 3)),
                 good(f(1, 0, 3, 3), expect=[f(1, 0, 3, 3)]),
                 good(f(1, 1, 3, 3)), size=3),
            Case("RMSNormalization", [["N", "D"], f(4)], good(f(2, 4)), good(f(0, 4)), bad("expects", f(2, 5)),
                 opset=23),
            Case("LpNormalization", [["N", "D"]], good(f(2, 4)), good(f(0, 4)), good(f(2, 0), expect=[zeros(2, 0)])),
            Case("MeanVarianceNormalization", [["N", "C", "H", "W"]], good(f(2, 3, 4, 4)),
                 good(f(0, 3, 4, 4), expect=[f(0, 3, 4, 4)])),
            Case("Softmax", [["N", "D"]], good(f(2, 4)), good(f(0, 4)), good(f(2, 0)), good(F([[NAN, 1]])),
                 good(F([[-INF, -INF], [INF, 0], [3e38, -3e38]]))),
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

    def test_signals(self):
        self.run_all(
            Case("DFT", [["N", "T", 1]], good(f(2, 8, 1)), good(f(0, 8, 1), expect=[zeros(0, 8, 2)]),
                 good(f(2, 1, 1)), good(f(1, 3, 1)), opset=17, axis=1),
            Case("DFT", [["N", "T", 1], (I, [])], good(f(2, 8, 1), np.array(8)),
                 bad("expects", f(2, 8, 1), np.array(0)), bad("expects", f(2, 8, 1), np.array(-3)),
                 large(f(2, 8, 1), np.array(HUGE)), opset=17, axis=1),
            Case("STFT", [["N", "T", 1], (I, []), f(4)], good(f(1, 16, 1), np.array(3)),
                 bad("a frame of at most the signal", f(1, 3, 1), np.array(2)),
                 bad("frame_step of at least 1|division by zero", f(1, 16, 1), np.array(0)),
                 bad("expects", f(1, 16, 1), np.array(-2)),
                 good(f(0, 16, 1), np.array(3), expect=[zeros(0, 5, 3, 2)]), opset=17),
            Case("GridSample", [["N", 1, "H", "W"], ["N", "A", "B", 2]], good(f(1, 1, 4, 4), f(1, 2, 2, 2)),
                 good(f(1, 1, 4, 4), f(1, 0, 2, 2), expect=[zeros(1, 1, 0, 2)]),
                 good(f(0, 1, 4, 4), f(0, 2, 2, 2), expect=[zeros(0, 1, 2, 2)]),
                 good(f(1, 1, 4, 4), F([[[[NAN, 0], [INF, 0], [-INF, 1e30]]]]) , expect=[zeros(1, 1, 1, 3)] ),
                 bad("expects", f(1, 1, 0, 4), f(1, 2, 2, 2)), opset=20) ,
            Case("GridSample", [["N", 1, "H", "W"], ["N", "A", "B", 2]], good(f(1, 1, 4, 4), f(1, 2, 2, 2) * 9),
                 good(np.ones((1, 1, 4, 4), F), F([[[[NAN, 0], [INF, 0], [-INF, 1e30]]]]),
                      expect=[np.ones((1, 1, 1, 3), F)]), opset=20, mode="nearest", padding_mode="reflection"),
            Case("GridSample", [["N", 1, "H", "W"], ["N", "A", "B", 2]], good(f(1, 1, 4, 4), f(1, 2, 2, 2) * 9),
                 good(np.ones((1, 1, 4, 4), F), F([[[[INF, 0], [-INF, 1e30]]]]), expect=[np.ones((1, 1, 1, 2), F)]),
                 opset=20, mode="nearest", padding_mode="border"),
            Case("RoiAlign", [["N", 1, "H", "W"], ["R", 4], (I, ["R"])],
                 good(f(2, 1, 6, 6), F([[0, 0, 5, 5]]), ints(1)),
                 good(f(2, 1, 6, 6), f(0, 4), ints(), expect=[zeros(0, 1, 2, 2)]),
                 bad("range", f(2, 1, 6, 6), F([[0, 0, 5, 5]]), ints(2)),
                 good(f(2, 1, 6, 6), F([[3, 3, 1, 1]]), ints(0)),
                 good(f(2, 1, 6, 6), F([[-1e30, -1e30, -1e29, -1e29]]), ints(0), expect=[zeros(1, 1, 2, 2)]),
                 output_height=2, output_width=2, sampling_ratio=2),
            Case("NonMaxSuppression", [["N", "B", 4], ["N", "C", "B"], (I, [1]), (F, [1]), (F, [1])],
                 good(F([[[0, 0, 1, 1], [0, 0, 1, 1.1], [5, 5, 6, 6]]]), F([[[0.9, 0.8, 0.7]]]), ints(3), F([0.5]),
                      F([0])),
                 good(F([[[0, 0, 1, 1], [0, 0, 1, 1.1], [5, 5, 6, 6]]]), F([[[0.9, NAN, 0.7]]]), ints(3), F([0.5]),
                      F([0]), expect=[ints([0, 0, 0], [0, 0, 2])]),
                 good(f(1, 0, 4), f(1, 1, 0), ints(3), F([0.5]), F([0]), expect=[zeros(0, 3, dtype=I)]),
                 good(f(0, 3, 4), f(0, 1, 3), ints(3), F([0.5]), F([0]), expect=[zeros(0, 3, dtype=I)]),
                 good(f(1, 3, 4), f(1, 1, 3), ints(0), F([0.5]), F([0]), expect=[zeros(0, 3, dtype=I)]),
                 good(f(1, 3, 4), f(1, 1, 3), ints(-4), F([0.5]), F([0]), expect=[zeros(0, 3, dtype=I)])),
            Case("Col2Im", [["N", 4, "L"], ints(4, 4), ints(2, 2)], good(f(1, 4, 9)),
                 good(f(0, 4, 9), expect=[zeros(0, 1, 4, 4)]), bad("expects", f(1, 4, 8)), bad("expects", f(1, 4, 0))),
            Case("Col2Im", [["N", 4, "L"], (I, [2]), (I, [2])], good(f(1, 4, 9), ints(4, 4), ints(2, 2)),
                 bad("expects", f(1, 4, 9), ints(4, 5), ints(2, 2)),
                 bad("expects", f(1, 4, 9), ints(4, 4), ints(0, 2)),
                 bad("expects", f(1, 4, 9), ints(-4, 4), ints(2, 2)),
                 large(f(1, 4, 9), ints(HUGE, 4), ints(2, 2))),
            Case("Det", [["N", "A", "A"]], good(f(2, 3, 3)), good(f(0, 3, 3)),
                 good(f(2, 0, 0), expect=[np.ones(2, F)]), good(zeros(1, 2, 2)), good(F([[[NAN, 1], [1, 2]]]))),
            Case("HannWindow", [(I, [])], good(np.array(5)), good(np.array(0), expect=[zeros(0)]),
                 bad("expects", np.array(-3)), good(np.array(1)), opset=17),
            Case("EyeLike", [["A", "B"]], good(f(2, 3)), good(f(0, 3)), k=1),
            Case("Trilu", [["A", "B"], (I, [])], good(f(2, 3), np.array(1)), good(f(0, 3), np.array(1)),
                 good(f(2, 3), np.array((1 << 63) - 1)), good(f(2, 3), np.array(-(1 << 63)))),
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
    main()
