#!/usr/bin/env python3
"""Runs whole networks, compiled, beside ONNX Runtime and an evaluation in f64 (onnx's reference implementation).

The error of an output is the norm of the difference to f64 over the norm of f64. Fails where dlc's is more than twice
ONNX Runtime's. Example:

    test/models/networks_test.py --only 'resnet50|bert' --batches 1,3
"""
import argparse
import os
import re
import subprocess
import sys
import tempfile
import time

import numpy as np
import onnx
import onnxruntime
from onnx import numpy_helper
from onnx.reference import ReferenceEvaluator
from onnx.reference.op_run import OpRun

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
sys.path[:0] = [os.path.join(ROOT, "tools", "python"), os.path.dirname(os.path.abspath(__file__))]
import dlc  # noqa: E402
from networks import NETWORKS  # noqa: E402

# Below this an output is as exact as f32 allows, whatever the ratio.
EXACT = 2e-7
# No f32 evaluation is farther off: where ONNX Runtime's is, the f64 one is of another model.
CREDIBLE = 1e-3


class BatchNormalization(OpRun):
    """At inference: onnx's own takes nodes of opset 9 for ones that train."""

    op_domain = ""

    def _run(self, x, scale, bias, mean, variance, epsilon=1e-5, **_):
        shape = [1, -1] + [1] * (x.ndim - 2)
        factor = scale / np.sqrt(variance + epsilon)
        return (x * factor.reshape(shape) + (bias - mean * factor).reshape(shape),)


class LRN(OpRun):
    """Over all channels: onnx's own stops at as many as there are images."""

    op_domain = ""

    def _run(self, x, alpha=1e-4, beta=0.75, bias=1.0, size=None):
        before, behind = (size - 1) // 2, size // 2
        squares = np.pad(x * x, [(0, 0), (before, behind)] + [(0, 0)] * (x.ndim - 2))
        total = sum(squares[:, i:i + x.shape[1]] for i in range(size))
        return (x / (bias + alpha / size * total) ** beta,)


class Softmax(OpRun):
    """Before opset 13 over all dims from the axis on: onnx's own takes the last one."""

    op_domain = ""

    def _run(self, x, axis=None):
        axis = 1 if axis in (None, -1) else axis  # the default of the newest opset comes as -1
        flat = x.reshape(int(np.prod(x.shape[:axis])), -1)
        powers = np.exp(flat - flat.max(axis=1, keepdims=True))
        return ((powers / powers.sum(axis=1, keepdims=True)).reshape(x.shape),)


def own_ops(model):
    """What takes the place of onnx's own."""
    opset = next(o.version for o in model.opset_import if not o.domain)
    return [BatchNormalization, LRN] + ([Softmax] if opset < 13 else [])


def in_f64(model):
    """The model with f64 for f32: weights, constants, casts, and the types of inputs and outputs."""
    wide = onnx.ModelProto()
    wide.CopyFrom(model)
    for tensor in wide.graph.initializer:
        if tensor.data_type == onnx.TensorProto.FLOAT:
            tensor.CopyFrom(numpy_helper.from_array(numpy_helper.to_array(tensor).astype(np.float64), tensor.name))
    for info in [*wide.graph.input, *wide.graph.output]:
        if info.type.tensor_type.elem_type == onnx.TensorProto.FLOAT:
            info.type.tensor_type.elem_type = onnx.TensorProto.DOUBLE
    for node in wide.graph.node:
        for attribute in node.attribute:
            if node.op_type == "Cast" and attribute.i == onnx.TensorProto.FLOAT:
                attribute.i = onnx.TensorProto.DOUBLE
            if attribute.HasField("t") and attribute.t.data_type == onnx.TensorProto.FLOAT:
                attribute.t.CopyFrom(numpy_helper.from_array(numpy_helper.to_array(attribute.t).astype(np.float64)))
    return wide


def error(actual, exact):
    return np.linalg.norm((actual - exact).ravel()) / max(np.linalg.norm(exact.ravel()), 1e-300)


def check(name, network, batches, tool, folder):
    path = os.path.join(folder, f"{name}.onnx")
    onnx.save(network.model, path)
    start = time.perf_counter()
    subprocess.run([tool, "compile", path, "-o", folder, "--name", name], check=True, stdout=subprocess.DEVNULL)
    compiled = time.perf_counter() - start
    ours = dlc.Model(os.path.join(folder, f"lib{name}.so"), threads=2)
    theirs = onnxruntime.InferenceSession(path, providers=["CPUExecutionProvider"])
    outputs = [o.name for o in theirs.get_outputs()]
    reference = ReferenceEvaluator(in_f64(network.model), new_ops=own_ops(network.model))
    good = True
    for batch in batches:
        inputs = network.inputs(batch, np.random.default_rng(batch))
        wide = {k: v.astype(np.float64) if v.dtype == np.float32 else v for k, v in inputs.items()}
        exact = dict(zip(outputs, reference.run(None, wide)))
        runtime = dict(zip(outputs, theirs.run(None, inputs)))
        got = ours.run(inputs)
        errors = {o: (error(got[o], exact[o]), error(runtime[o], exact[o])) for o in outputs}
        bad = [o for o, (own, other) in errors.items() if not own <= max(2 * other, EXACT) or not other <= CREDIBLE]
        worst = max(outputs, key=lambda o: errors[o][0] / max(errors[o][1], EXACT))
        own, other = errors[worst]
        print(f"{name:14} batch {batch}: {worst:20} error {own:.2e}, ONNX Runtime {other:.2e}, ratio {own / max(other, 1e-300):.2f}"
              f"{'' if batch != batches[0] else f', compiled in {compiled:.1f} s'}{'  TOO LARGE' if bad else ''}", flush=True)
        good &= not bad
    return good


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--dlc", default=os.path.join(ROOT, "build", "bin", "dlc"))
    parser.add_argument("--only", default=".*", help="regular expression that a whole name must match")
    parser.add_argument("--batches", default="1,3")
    arguments = parser.parse_args()
    names = [n for n in NETWORKS if re.fullmatch(arguments.only, n)]
    if not names:
        sys.exit(f"no network is called {arguments.only}; there are {', '.join(NETWORKS)}")
    batches, failed = [int(b) for b in arguments.batches.split(",")], []
    for name in names:
        with tempfile.TemporaryDirectory() as folder:
            try:
                good = check(name, NETWORKS[name](), batches, arguments.dlc, folder)
            except (subprocess.CalledProcessError, dlc.ModelError) as problem:
                print(f"{name:14} {problem}", flush=True)
                good = False
            failed += [] if good else [name]
    print(f"{len(names) - len(failed)} passed, {len(failed)} failed{': ' + ', '.join(failed) if failed else ''}")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
