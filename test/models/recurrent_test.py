#!/usr/bin/env python3
"""RNN, GRU and LSTM of symbolic batch and length through `dlc compile`, against ONNX Runtime."""
import os
import subprocess
import sys
import tempfile
import unittest

import numpy as np
import onnx
from onnx import TensorProto, helper, numpy_helper

DLC, ROOT = sys.argv[1:3]
del sys.argv[1:]
HERE = os.path.dirname(os.path.abspath(__file__))
sys.path[:0] = [os.path.join(ROOT, "tools", "python"), HERE]
import dlc
import models

GATES = {"RNN": 1, "GRU": 3, "LSTM": 4}
INPUTS, HIDDEN = 10, 37


class Case:
    """A node of `kind`; `names` are the optional inputs it has, `fixed` those of its inputs that are initializers."""

    def __init__(self, kind, names=(), fixed=("W", "R", "B", "P"), **attributes):
        self.kind, self.attributes = kind, attributes
        self.directions = 2 if attributes.get("direction") == "bidirectional" else 1
        self.first = attributes.get("layout", 0)
        states = ["initial_h", "initial_c"] if kind == "LSTM" else ["initial_h"]
        every = ["X", "W", "R", "B", "sequence_lens", *states] + (["P"] if kind == "LSTM" else [])
        self.inputs = [n if n in ("X", "W", "R") or n in names else "" for n in every]
        self.outputs = ["Y", "Y_h", "Y_c"][:len(states) + 1]
        random = np.random.default_rng(7)
        rows = GATES[kind] * HIDDEN

        def weights(*shape):
            return random.uniform(-0.4, 0.4, shape).astype(np.float32)

        d = self.directions
        every = {"W": weights(d, rows, INPUTS), "R": weights(d, rows, HIDDEN), "B": weights(d, 2 * rows),
                 "P": weights(d, 3 * HIDDEN)}
        self.weights = {n: w for n, w in every.items() if n in self.inputs}
        self.fixed = [n for n in self.weights if n in fixed]

    def shape(self, name, length, batch):
        d = self.directions
        order = (lambda a, b, *rest: [b, a, *rest]) if self.first else (lambda a, b, *rest: [a, b, *rest])
        if name == "X":
            return order(length, batch, INPUTS)
        if name == "sequence_lens":
            return [batch]
        if name == "Y":
            return [batch, length, d, HIDDEN] if self.first else [length, d, batch, HIDDEN]
        return order(d, batch, HIDDEN)

    def save(self, folder):
        def info(name):
            if name in self.weights:
                return helper.make_tensor_value_info(name, TensorProto.FLOAT, self.weights[name].shape)
            kind = TensorProto.INT32 if name == "sequence_lens" else TensorProto.FLOAT
            return helper.make_tensor_value_info(name, kind, self.shape(name, "T", "N"))

        node = helper.make_node(self.kind, self.inputs, self.outputs, hidden_size=HIDDEN, **self.attributes)
        graph = helper.make_graph([node], "recurrent", [info(n) for n in self.inputs if n and n not in self.fixed],
                                  [info(n) for n in self.outputs],
                                  [numpy_helper.from_array(self.weights[n], n) for n in self.fixed])
        path = os.path.join(folder, "recurrent.onnx")
        onnx.save(helper.make_model(graph, opset_imports=[helper.make_opsetid("", 21)], ir_version=10), path)
        return path

    def values(self, length, batch):
        random = np.random.default_rng(length * 100 + batch)
        made = {}
        for name in self.inputs:
            if name == "sequence_lens":
                made[name] = random.integers(1, length + 1, batch).astype(np.int32)
                made[name][0] = length
            elif name in self.weights and name not in self.fixed:
                made[name] = self.weights[name]
            elif name and name not in self.fixed:
                made[name] = random.uniform(-1, 1, self.shape(name, length, batch)).astype(np.float32)
        return made


def swap(name, value):
    """Between batch first and length first."""
    if name == "Y":
        return value.transpose(1, 2, 0, 3)  # [batch, length, directions, hidden] to the other
    return value.swapaxes(0, 1) if name in ("X", "Y_h", "Y_c", "initial_h", "initial_c") else value


class Recurrent(unittest.TestCase):
    def setUp(self):
        temporary = tempfile.TemporaryDirectory()
        self.addCleanup(temporary.cleanup)
        self.folder = temporary.name

    def check(self, kind, names=(), tolerance=2e-6, **attributes):
        case = Case(kind, names, **attributes)
        folder = tempfile.mkdtemp(dir=self.folder)
        path = case.save(folder)
        model = dlc.Model(models.compile_model(DLC, path, folder))
        reference = path
        if case.first:  # ONNX Runtime knows the other layout only
            other = {k: v for k, v in attributes.items() if k != "layout"}
            reference = Case(kind, names, **other).save(tempfile.mkdtemp(dir=self.folder))
        for length, batch in ((7, 3), (1, 1), (12, 1), (5, 3)):
            values = case.values(length, batch)
            given = {n: swap(n, v) for n, v in values.items()} if case.first else values
            actual = model.run(values)
            for name, expected in zip(case.outputs, models.run_onnxruntime(reference, given)):
                got = swap(name, actual[name]) if case.first else actual[name]
                self.assertEqual(got.shape, expected.shape, name)
                np.testing.assert_allclose(got, expected, rtol=tolerance, atol=tolerance,
                                           err_msg=f"{name} of {kind} {attributes}, {length} steps of {batch}")

    def test_plain(self):
        for kind in GATES:
            self.check(kind)
            self.check(kind, ["B"])

    def test_directions_and_states(self):
        states = ["B", "initial_h", "initial_c"]
        for kind in GATES:
            self.check(kind, states, direction="reverse")
            self.check(kind, states, direction="bidirectional")

    def test_lengths(self):
        for kind in GATES:
            for direction in ("forward", "reverse", "bidirectional"):
                self.check(kind, ["B", "sequence_lens", "initial_h", "initial_c"], direction=direction)

    def test_weights_at_run_time(self):
        for kind in GATES:
            self.check(kind, ["B"], fixed=())

    def test_batch_first(self):
        for kind in GATES:
            self.check(kind, ["B", "initial_h", "initial_c"], layout=1, direction="bidirectional")

    def test_variants(self):
        self.check("GRU", ["B"], linear_before_reset=1)
        self.check("GRU", ["B", "sequence_lens"], linear_before_reset=1, direction="bidirectional")
        self.check("GRU", linear_before_reset=1)
        self.check("LSTM", ["B", "P", "initial_c"])
        self.check("LSTM", ["B", "P"], direction="bidirectional")
        self.check("LSTM", ["B"], input_forget=1)
        self.check("RNN", ["B"], clip=0.25)
        self.check("GRU", ["B"], clip=0.25)
        self.check("LSTM", ["B"], clip=0.25)

    def test_activations(self):
        for name in ("Relu", "Tanh", "Sigmoid", "Softsign", "Softplus"):
            self.check("RNN", ["B"], activations=[name])
        for name, alpha, beta in (("LeakyRelu", 0.1, None), ("ThresholdedRelu", 0.3, None), ("Elu", 0.7, None),
                                  ("Affine", 0.4, 0.1), ("ScaledTanh", 0.8, 0.6), ("HardSigmoid", 0.3, 0.4)):
            extra = {"activation_alpha": [alpha]} | ({} if beta is None else {"activation_beta": [beta]})
            self.check("RNN", ["B"], activations=[name], **extra)
        self.check("LSTM", ["B"], activations=["HardSigmoid", "Tanh", "LeakyRelu"], activation_alpha=[0.3, 0.2],
                   activation_beta=[0.45])
        self.check("GRU", ["B"], activations=["Sigmoid", "Tanh", "HardSigmoid", "Softsign"], direction="bidirectional",
                   activation_alpha=[0.25], activation_beta=[0.4])

    def expect_error(self, words, path):
        done = subprocess.run([DLC, "compile", path, "-o", self.folder], capture_output=True, text=True)
        self.assertIn(done.returncode, (2, 3), done.stderr)
        self.assertIn(words, done.stderr)

    def test_mistakes(self):
        def save(kind, names=(), **changes):
            case = Case(kind, names, **{k: v for k, v in changes.items() if k != "weights"})
            case.weights.update(changes.get("weights", {}))
            return case.save(self.folder)

        self.expect_error("input 1 to be [1,148,10], got [1,111,10]",
                          save("LSTM", weights={"W": np.zeros((1, 3 * HIDDEN, INPUTS), np.float32)}))
        self.expect_error("an activation such as Tanh, got 'Cosine'", save("RNN", activations=["Cosine"]))
        self.expect_error("expects 2 activations, got 1", save("GRU", activations=["Tanh"]))
        self.expect_error("got 'sideways'", save("RNN", direction="sideways"))

    def test_scan(self):
        """Axes and directions of rows, one of them not known before the run."""
        body = helper.make_graph(
            [helper.make_node("Add", ["sum", "row"], ["next"]), helper.make_node("Mul", ["next", "k"], ["scaled"]),
             helper.make_node("MatMul", ["scaled", "w"], ["product"])], "body",
            [helper.make_tensor_value_info(n, TensorProto.FLOAT, ["N", 6]) for n in ("sum", "row")] +
            [helper.make_tensor_value_info("k", TensorProto.FLOAT, [])],
            [helper.make_tensor_value_info("next", TensorProto.FLOAT, ["N", 6]),
             helper.make_tensor_value_info("product", TensorProto.FLOAT, ["N", 5])])
        node = helper.make_node("Scan", ["start", "x", "factors"], ["end", "products"], body=body, num_scan_inputs=2,
                                scan_input_axes=[1, 0], scan_input_directions=[1, 0], scan_output_axes=[-1],
                                scan_output_directions=[1])
        values = {"start": ["N", 6], "x": ["N", "T", 6], "factors": ["T"], "end": ["N", 6], "products": ["N", 5, "T"]}
        infos = {n: helper.make_tensor_value_info(n, TensorProto.FLOAT, s) for n, s in values.items()}
        weights = numpy_helper.from_array(models.random_floats(1, 6, 5), "w")
        graph = helper.make_graph([node], "scan", [infos[n] for n in ("start", "x", "factors")],
                                  [infos["end"], infos["products"]], [weights])
        path = os.path.join(self.folder, "scan.onnx")
        onnx.save(helper.make_model(graph, opset_imports=[helper.make_opsetid("", 21)], ir_version=10), path)
        model = dlc.Model(models.compile_model(DLC, path, self.folder))
        for n, t in ((3, 4), (1, 1), (2, 9)):
            inputs = {"start": models.random_floats(2, n, 6), "x": models.random_floats(3, n, t, 6),
                      "factors": models.random_floats(4, t)}
            actual = model.run(inputs)
            for name, expected in zip(("end", "products"), models.run_onnxruntime(path, inputs)):
                np.testing.assert_allclose(actual[name], expected, rtol=1e-5, atol=1e-6, err_msg=name)
        with self.assertRaises(dlc.ModelError):
            model.run({"start": models.random_floats(2, 3, 6), "x": models.random_floats(3, 3, 4, 6),
                       "factors": models.random_floats(4, 5)})


if __name__ == "__main__":
    unittest.main()
