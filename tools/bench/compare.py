#!/usr/bin/env python3
"""Times compiled models beside ONNX Runtime, alternating in one process, and prints medians.

Products (f32, one thread, and two), a product with bias and gelu, a matrix-vector product, softmax, layer norm and gelu.
Beside each figure stands its limit: the measured multiply-add peak, the measured memory bandwidth, or a memcpy
of the same bytes. Example:

    build/venv/bin/python tools/bench/compare.py --dlc build/bin/dlc --only 'matmul.*'
"""
import argparse
import json
import pathlib
import re
import statistics
import subprocess
import sys
import tempfile
import time

import numpy as np
import onnx
import onnxruntime
from onnx import TensorProto, helper, numpy_helper

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "python"))
import dlc  # noqa: E402

rng = np.random.default_rng(0)


def tensor(*shape):
    return rng.standard_normal(shape, dtype=np.float32)


def model(nodes, inputs, outputs, constants=()):
    def info(values):
        return [helper.make_tensor_value_info(n, TensorProto.FLOAT, s) for n, s in values]

    graph = helper.make_graph(nodes, "bench", info(inputs), info(outputs),
                              [numpy_helper.from_array(a, n) for n, a in constants])
    return helper.make_model(graph, opset_imports=[helper.make_opsetid("", 21)], ir_version=10)


def cases():
    """(name, model, FLOPs, bytes that memory must move)"""
    node = helper.make_node
    for n in (512, 1024, 2048):
        square = [n, n]
        flops, traffic = 2 * n**3, 12 * n * n
        yield (f"matmul-{n}", model([node("MatMul", ["x", "w"], ["y"])], [("x", square)], [("y", square)],
                                    [("w", tensor(n, n))]), flops, traffic)
        yield (f"matmul-{n}-run-time", model([node("MatMul", ["x", "w"], ["y"])], [("x", square), ("w", square)],
                                             [("y", square)]), flops, traffic)
        yield (f"matmul-{n}-bias-gelu",
               model([node("MatMul", ["x", "w"], ["a"]), node("Add", ["a", "b"], ["c"]), node("Gelu", ["c"], ["y"])],
                     [("x", square)], [("y", square)], [("w", tensor(n, n)), ("b", tensor(n))]), flops, traffic)
    yield ("matvec-4096", model([node("MatMul", ["x", "w"], ["y"])], [("x", [1, 4096])], [("y", [1, 4096])],
                                [("w", tensor(4096, 4096))]), 2 * 4096**2, 4 * 4096**2)
    rows = [4096, 1024]
    traffic = 8 * 4096 * 1024
    yield "softmax", model([node("Softmax", ["x"], ["y"])], [("x", rows)], [("y", rows)]), 0, traffic
    yield "gelu", model([node("Gelu", ["x"], ["y"])], [("x", rows)], [("y", rows)]), 0, traffic
    yield ("layer-norm", model([node("LayerNormalization", ["x", "g", "b"], ["y"])], [("x", rows)], [("y", rows)],
                               [("g", tensor(1024)), ("b", tensor(1024))]), 0, traffic)


def seconds(call, least=0.05):
    """One measurement: the mean of as many calls as take `least` seconds."""
    start, count = time.perf_counter(), 0
    while True:
        call()
        count += 1
        spent = time.perf_counter() - start
        if spent >= least:
            return spent / count


def alternate(calls, rounds):
    for call in calls:
        seconds(call)
    times = [[] for _ in calls]
    for _ in range(rounds):
        for own, call in zip(times, calls):
            own.append(seconds(call))
    return [statistics.median(own) for own in times]


def runtime_session(serialized, threads):
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = threads
    return onnxruntime.InferenceSession(serialized, options, providers=["CPUExecutionProvider"])


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--dlc", default="build/bin/dlc")
    parser.add_argument("--only", default=".*", help="regular expression that a whole name must match")
    parser.add_argument("--rounds", type=int, default=9)
    parser.add_argument("--json", action="store_true", help="one JSON object a line instead of the table")
    arguments = parser.parse_args()
    copy_from, copy_to = tensor(4096, 1024), np.empty((4096, 1024), np.float32)
    if not arguments.json:
        print(f"{'case':26}{'dlc':>10}{'2 threads':>11}{'gain':>6}{'ORT':>10}{'dlc/ORT':>9}{'GFLOP/s':>9}{'of memcpy':>11}")
    with tempfile.TemporaryDirectory() as folder:
        for name, proto, flops, traffic in cases():
            if not re.fullmatch(arguments.only, name):
                continue
            path = pathlib.Path(folder) / f"{name}.onnx"
            onnx.save(proto, path)
            library = re.sub(r"\W", "_", name)
            subprocess.run([arguments.dlc, "compile", str(path), "-o", folder, "--name", library], check=True,
                           stdout=subprocess.DEVNULL)
            inputs = {i.name: tensor(*[d.dim_value for d in i.type.tensor_type.shape.dim]) for i in proto.graph.input}
            shared = f"{folder}/lib{library}.so"
            one, two = dlc.Model(shared, threads=1).bind(inputs), dlc.Model(shared, threads=2).bind(inputs)
            session = runtime_session(proto.SerializeToString(), 1)
            own, both, other, copy = alternate(
                [one, two, lambda: session.run(None, inputs), lambda: np.copyto(copy_to, copy_from)], arguments.rounds)
            # A memcpy of as many bytes as the case moves.
            copied = copy * traffic / (2 * copy_from.nbytes)
            row = {"case": name, "dlc_ms": own * 1e3, "two_threads_ms": both * 1e3, "ort_ms": other * 1e3,
                   "ratio": own / other, "gflops": flops / own / 1e9, "of_memcpy": own / copied}
            if arguments.json:
                print(json.dumps(row), flush=True)
                continue
            print(f"{name:26}{own * 1e3:8.3f}ms{both * 1e3:9.3f}ms{own / both:6.2f}{other * 1e3:8.3f}ms{own / other:9.2f}"
                  f"{flops / own / 1e9:9.1f}{own / copied:11.2f}", flush=True)
    peak = subprocess.run([arguments.dlc, "bench", "--peak", "--json"], capture_output=True, text=True)
    if peak.returncode == 0:
        print(peak.stdout.strip())


if __name__ == "__main__":
    main()
