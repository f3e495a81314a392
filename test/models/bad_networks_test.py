#!/usr/bin/env python3
"""Input that makes no sense, and input that is legal but extreme: attention, numbers, recurrence and control flow.

See nodes.py; what compiling sees it refuses, what only a run knows (values, dims that turn out 0) the library does.
"""
import os
import sys

import numpy as np
from onnx import helper, numpy_helper

sys.path[:0] = [os.path.dirname(os.path.abspath(__file__))]
from nodes import B, F, HUGE, I, I32, INF, MOST, NAN, Case, NodeTest, bad, f, good, ints, main, zeros  # noqa: E402


class Networks(NodeTest):
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
            Case("RotaryEmbedding", [["N", 2, "S", 8], *caches, (I, ["N", "S"])],
                 good(f(1, 2, 3, 8), ints([0, 5, -1]) * 0 + ints([0, 5, 1])),
                 good(f(0, 2, 3, 8), zeros(0, 3, dtype=I)), good(f(1, 2, 0, 8), zeros(1, 0, dtype=I)),
                 bad("out of range", f(1, 2, 3, 8), ints([0, 6, 1])),
                 bad("out of range", f(1, 2, 3, 8), ints([0, -7, 1])), opset=23),
            Case("MatMul", [["N", "A", "B"], ["N", "B", "C"]], good(f(2, 3, 4), f(2, 4, 5)),
                 good(f(2, 3, 0), f(2, 0, 5)),
                 good(f(0, 3, 4), f(0, 4, 5)), good(f(2, 0, 4), f(2, 4, 5)), good(f(2, 3, 4), f(2, 4, 0))),
            Case("MatMul", [["N", "A"], ["B", "C"]], good(f(3, 4), f(4, 5)), bad("got 4 and 3", f(3, 4), f(3, 5))),
            Case("Gemm", [["N", "A"], ["A", "C"], ["C"]], good(f(3, 4), f(4, 5), f(5)), good(f(3, 0), f(0, 5), f(5))),
        )
        self.refuse(
            ("4 and 3", Case("Attention", [[1, 4, 2, 8], [1, 3, 2, 8], [1, 3, 2, 8]], opset=23)),
            ("expects", Case("Attention", [[1, 2, 2, 8], [1, 2, 2, 6], [1, 2, 2, 6]], opset=23)),
            ("expects", Case("Attention", [[1, 2, 2, 8], [1, 2, 3, 8], [1, 2, 4, 8]], opset=23)),
            ("num_heads", Case("Attention", [[1, 2, 16], [1, 2, 16], [1, 2, 16]], opset=23)),
            ("expects", Case("Attention", [[1, 2, 16], [1, 2, 16], [1, 2, 16]], q_num_heads=3, kv_num_heads=3,
                             opset=23)),
            ("expects", Case("Attention", [[1, 2, 16], [1, 2, 16], [1, 2, 16]], q_num_heads=-2, kv_num_heads=-2,
                             opset=23)),
            ("expects", Case("Attention", [[1, 2, 2, 8]] * 3 + [[3, 3]], opset=23)),
            ("expects", Case("RotaryEmbedding", [[1, 2, 3, 8], *caches, (I, [1, 4])], opset=23)),
            ("expects", Case("RotaryEmbedding", [[1, 2, 3, 8], f(6, 3), f(6, 3), (I, [1, 3])], opset=23)),
            ("num_heads", Case("RotaryEmbedding", [[1, 3, 16], *caches, (I, [1, 3])], opset=23)),
            ("expects", Case("RotaryEmbedding", [[1, 3, 16], *caches, (I, [1, 3])], num_heads=3, opset=23)),
            ("expects", Case("RotaryEmbedding", [[1, 2, 3, 8], *caches, (I, [1, 3])], rotary_embedding_dim=10,
                             opset=23)),
            ("expects", Case("RotaryEmbedding", [[1, 2, 3, 8], *caches, (I, [1, 3])], rotary_embedding_dim=-4,
                             opset=23)),
        )

    def test_numbers(self):
        x = F([0.5, -0.5, 1.5, NAN, INF, -INF, 1e20, -1e20, 300, -300])
        saturated = np.array([0, 0, 1, 0, MOST - 1, -MOST, MOST - 1, -MOST, 300, -300], I32)  # NaN as 0
        self.run_all(
            Case("QuantizeLinear", [["N"], F(0.5), np.uint8(3)], good(f(7)), good(f(0)),
                 good(F([INF, -INF, 1e30, -1e30]))),
            Case("QuantizeLinear", [["N", 3], (F, [3]), (np.int8, [3])],
                 good(f(2, 3), F([0.5, 0.1, 2]), np.array([1, 2, 3], np.int8)),
                 good(f(0, 3), F([1, 1, 1]), zeros(3, dtype=np.int8)), axis=1),
            Case("DequantizeLinear", [(np.uint8, ["N"]), F(0.5), np.uint8(3)], good(np.array([1, 255], np.uint8)),
                 good(zeros(0, dtype=np.uint8))),
            Case("DynamicQuantizeLinear", [["N"]], good(f(7)), good(f(1)), good(zeros(3)), good(F([5, 5])), outputs=3),
            Case("Cast", [["N"]], good(F([0.5, -3.9, 100])), good(f(0)), good(x, expect=[saturated]), tolerance=0, to=6),
            Case("Cast", [["N"]], good(x), good(f(0)), to=9),
            Case("Cast", [["N"]], good(x), good(F([65504, 65520, 1e-8])), to=10),
            Case("Div", [(I32, ["N"]), (I32, ["N"])], good(np.array([7, -7], I32), np.array([2, 2], I32)),
                 bad("zero", np.array([1], I32), np.array([0], I32)),
                 bad("does not allow", np.array([-1 << 31], I32), np.array([-1], I32)),
                 good(zeros(0, dtype=I32), zeros(0, dtype=I32))),
            Case("Mod", [(I32, ["N"]), (I32, ["N"])], good(np.array([7, -7], I32), np.array([2, 2], I32)),
                 bad("zero", np.array([1], I32), np.array([0], I32)),
                 good(np.array([-1 << 31], I32), np.array([-1], I32), expect=[np.array([0], I32)])),
            Case("BitShift", [(np.uint32, ["N"]), (np.uint32, ["N"])],
                 good(np.array([5, 5], np.uint32), np.array([2, 32], np.uint32),
                      expect=[np.array([20, 0], np.uint32)]), direction="LEFT"),
            Case("Clip", [["N"], [], []], good(f(4), F(-0.2), F(0.2)), good(F([NAN, 5]), F(0), F(1)),
                 good(f(3), F(1), F(-1)), good(f(0), F(0), F(1))),
            Case("Add", [["N", "M"], ["M"]], good(f(2, 3), f(3)), good(f(0, 3), f(3)), good(f(2, 0), f(0))),
            Case("Add", [["N", "M"], ["K"]], good(f(2, 3), f(3)), bad("got 3 and 4", f(2, 3), f(4)),
                 bad("got 3 and 0", f(2, 3), f(0))),
            Case("Where", [(B, ["N"]), ["N"], ["N"]], good(np.array([1, 0], B), f(2), f(2)),
                 good(zeros(0, dtype=B), f(0), f(0))),
        )
        self.refuse(
            ("expects", Case("QuantizeLinear", [[2, 3], f(4), zeros(4, dtype=np.int8)], axis=1)),
            ("axis", Case("QuantizeLinear", [[2, 3], f(3), zeros(3, dtype=np.int8)], axis=4)),
            ("expects", Case("QuantizeLinear", [[2, 4], f(2, 3), zeros(2, 3, dtype=np.int8)], axis=1, block_size=2)),
            ("expects", Case("DequantizeLinear", [(np.int8, [2, 4]), f(2, 2), zeros(2, 2, dtype=np.int8)], axis=1,
                             block_size=-2)),
            ("expects", Case("DequantizeLinear", [(np.int8, [2, 4]), f(2, 2), zeros(2, 2, dtype=np.int8)], axis=1,
                             block_size=HUGE)),
            ("supported", Case("Cast", [[2]], to=99)),
            ("the attribute to", Case("Cast", [[2]])),
            ("expects", Case("Add", [[2, 3], [4]])),
            ("direction", Case("BitShift", [(np.uint32, [2]), (np.uint32, [2])], direction="UP")),
        )

    def test_draws(self):
        scalar, ratio = (B, []), "a ratio of at least 0 and below 1"
        self.run_all(
            Case("Dropout", [["N"], [], scalar],
                 good(f(7), F(0), B(True), expect=[f(7)]),
                 good(f(0), F(0.5), B(True), expect=[f(0)]),
                 good(f(3), F(NAN), B(False), expect=[f(3)]),
                 *[bad(ratio, f(7), F(r), B(True)) for r in (1, -0.5, NAN)]),
            Case("Dropout", [["N"], [], np.array(True)],
                 good(f(7), F(0), expect=[f(7)]),
                 bad(ratio, f(7), F(2))),
            Case("RandomUniformLike", [["N", 4]],
                 good(f(0, 4), expect=[f(0, 4)])),
            Case("Bernoulli", [["N"]],
                 good(F([0, 1, 2, -1, NAN]), expect=[F([0, 1, 1, 0, 0])]),
                 good(f(0), expect=[f(0)])),
            Case("Multinomial", [["N", "C"]],
                 good(f(3, 1), expect=[zeros(3, 1, dtype=I32)]),
                 good(F([[-INF, 3, -INF]]), expect=[np.array([[1]], I32)]),
                 good(f(0, 4), expect=[zeros(0, 1, dtype=I32)]),
                 bad("one class or more", f(3, 0))),
        )
        self.refuse(("fits into memory", Case("RandomNormal", [], shape=[HUGE, 8])))

    def test_recurrence(self):
        d = 3

        def case(kind, gates, *runs, outputs=2, inputs=None, **more):
            w, r = f(1, gates * d, 2), f(1, gates * d, d)
            return Case(kind, inputs or [["T", "N", 2], w, r, None, (I32, ["N"])], *runs, outputs=outputs,
                        hidden_size=d, **more)

        cases = []
        for kind, gates in (("RNN", 1), ("GRU", 3), ("LSTM", 4)):
            cases.append(case(kind, gates, good(f(4, 2, 2), np.array([4, 2], I32)),
                              good(f(4, 0, 2), zeros(0, dtype=I32), expect=[zeros(4, 1, 0, d), zeros(1, 0, d)]),
                              good(f(0, 2, 2), zeros(2, dtype=I32), expect=[zeros(0, 1, 2, d), zeros(1, 2, d)]),
                              good(f(4, 2, 2), np.array([0, 4], I32)),
                              bad("does not allow", f(4, 2, 2), np.array([5, 1], I32)),
                              bad("does not allow", f(4, 2, 2), np.array([-1, 1], I32))))
            cases.append(case(kind, gates, good(f(4, 2, 2)),
                              good(f(0, 2, 2), expect=[zeros(0, 1, 2, d), zeros(1, 2, d)]),
                              inputs=[["T", "N", 2], f(1, gates * d, 2), f(1, gates * d, d)]))
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
        step = [helper.make_node("Add", ["before", "before"], ["after"]),
                helper.make_node("Identity", ["go"], ["again"]),
                helper.make_node("Neg", ["after"], ["element"])]
        loop = graph(step, [("i", *number), ("go", *flag), ("before", *row)],
                     [("again", *flag), ("after", *row), ("element", *row)])
        scan = graph([helper.make_node("Add", ["sum", "x"], ["after"]), helper.make_node("Neg", ["after"], ["y"])],
                     [("sum", *row), ("x", *row)], [("after", *row), ("y", *row)])
        some, none = (graph([helper.make_node("Constant", [], ["c"], value=numpy_helper.from_array(v))], [],
                            [("c", 7, ["K"])])
                      for v in (ints(3, 4), ints()))
        yes, no = np.array(True), np.array(False)
        self.run_all(
            Case("Loop", [(I, []), (B, []), ["N"]], good(np.array(3), yes, f(2)), good(np.array(3), yes, f(0)),
                 good(np.array(0), yes, f(2)), good(np.array(-5), yes, f(2)), good(np.array(HUGE), no, f(2)),
                 outputs=2, body=loop),
            Case("Scan", [["N"], ["T", "N"]], good(f(2), f(3, 2)), good(f(0), f(3, 0)),
                 good(f(2), f(0, 2), expect=[f(2), zeros(0, 2)]),
                 bad("expects", f(2), f(3, 3), located=False), outputs=2, body=scan, num_scan_inputs=1),
            Case("If", [(B, [])], good(yes), good(no), then_branch=some, else_branch=none),
        )
        self.refuse(
            ("expects", Case("Scan", [[2], [3, 2]], outputs=2, body=scan, num_scan_inputs=3)),
            ("expects", Case("Scan", [[2], [3, 2]], outputs=2, body=scan, num_scan_inputs=-1)),
            ("axis|expects", Case("Scan", [[2], [3, 2]], outputs=2, body=scan, num_scan_inputs=1, scan_input_axes=[5])),
            ("expects", Case("Loop", [(I, []), (B, [])], outputs=2, body=loop)),
        )


if __name__ == "__main__":
    main()
