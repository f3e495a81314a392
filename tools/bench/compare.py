#!/usr/bin/env python3
"""Times compiled models beside ONNX Runtime, alternating in one process, and prints medians.

Products (f32, one thread, and two), a product with bias and gelu, a matrix-vector product, passes over rows, and layers
over windows.
Beside each figure stands its limit: the multiply-add peak measured before and after the case, and a memcpy that moves
as many bytes, which alternates with the rest. ONNX Runtime writes into bound outputs, as the library does. Example:

    build/venv/bin/python tools/bench/compare.py --dlc build/bin/dlc --only 'matmul.*'
"""
import argparse
import itertools
import json
import math
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
    yield "log-softmax", model([node("LogSoftmax", ["x"], ["y"])], [("x", rows)], [("y", rows)]), 0, traffic
    yield ("rms-norm",
           model([node("Mul", ["x", "x"], ["s"]), node("ReduceMean", ["s", "last"], ["m"]), node("Add", ["m", "e"], ["v"]),
                  node("Sqrt", ["v"], ["d"]), node("Div", ["x", "d"], ["n"]), node("Mul", ["n", "g"], ["y"])],
                 [("x", rows)], [("y", rows)],
                 [("last", np.array([-1])), ("e", np.array([1e-6], np.float32)), ("g", tensor(1024))]), 0, traffic)
    yield ("sum-of-rows", model([node("ReduceSum", ["x", "first"], ["y"], keepdims=0)], [("x", rows)], [("y", [1024])],
                                [("first", np.array([0]))]), 0, traffic // 2)
    yield ("chain", model([node("Mul", ["x", "g"], ["a"]), node("Add", ["a", "b"], ["c"]), node("Tanh", ["c"], ["d"]),
                           node("Sub", ["d", "x"], ["y"])], [("x", rows)], [("y", rows)],
                          [("g", tensor(1024)), ("b", tensor(1024))]), 0, traffic)
    yield ("transpose", model([node("Transpose", ["x"], ["y"], perm=[1, 0])], [("x", rows)], [("y", rows[::-1])]), 0,
           traffic)


def window_cases():
    """Layers over windows in whose model channels come last, and for ONNX Runtime first, as it likes them."""
    last, first = [0, 2, 3, 1], [0, 3, 1, 2]

    def case(name, op, size, channels, weights=None, flops=0, **attributes):
        x = [1, channels, size, size]
        constants = [("w", weights)] if weights is not None else []
        node = helper.make_node(op, ["a", *(n for n, _ in constants)], ["b"], **attributes)
        proto = model([node], [("a", x)], [("b", None)], constants)
        shape = onnx.shape_inference.infer_shapes(proto).graph.output[0].type.tensor_type.shape
        y = [d.dim_value for d in shape.dim]
        own = model([helper.make_node("Transpose", ["x"], ["a"], perm=first), node,
                     helper.make_node("Transpose", ["b"], ["y"], perm=last)],
                    [("x", [x[i] for i in last])], [("y", [y[i] for i in last])], constants)
        theirs = model([node], [("a", x)], [("b", y)], constants)
        return name, own, flops * math.prod(y), 4 * (math.prod(x) + math.prod(y)), theirs

    for size, channels, kernel, stride in ((112, 32, 3, 1), (112, 64, 3, 2), (56, 128, 3, 1), (28, 240, 5, 1), (14, 512, 3, 1),
                                           (7, 1024, 3, 1)):
        yield case(f"depthwise-{kernel}x{kernel}-{size}-{channels}" + ("-stride-2" if stride > 1 else ""), "Conv", size, channels,
                   tensor(channels, 1, kernel, kernel), 2 * kernel**2, group=channels, strides=[stride] * 2,
                   pads=[kernel // 2] * 4)
    yield case("max-pool-3x3-112-64", "MaxPool", 112, 64, kernel_shape=[3, 3], strides=[2, 2], pads=[1] * 4)
    yield case("max-pool-2x2-56-256", "MaxPool", 56, 256, kernel_shape=[2, 2], strides=[2, 2])
    yield case("average-pool-3x3-28-256", "AveragePool", 28, 256, kernel_shape=[3, 3], pads=[1] * 4)
    yield case("global-average-7-1280", "GlobalAveragePool", 7, 1280)
    yield case("conv-transpose-2x2-64-128", "ConvTranspose", 64, 128, tensor(128, 64, 2, 2), 2 * 128, kernel_shape=[2, 2],
               strides=[2, 2])
    yield case("conv-transpose-4x4-32-128", "ConvTranspose", 32, 128, tensor(128, 64, 4, 4), 8 * 128, kernel_shape=[4, 4],
               strides=[2, 2], pads=[1] * 4)


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


def runtime_call(serialized, inputs):
    """A call of ONNX Runtime on one thread, its outputs allocated once."""
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = 1
    session = onnxruntime.InferenceSession(serialized, options, providers=["CPUExecutionProvider"])
    binding = session.io_binding()
    for name, value in inputs.items():
        binding.bind_cpu_input(name, value)
    for output in session.get_outputs():
        binding.bind_ortvalue_output(output.name, onnxruntime.OrtValue.ortvalue_from_shape_and_type(
            output.shape, np.float32))
    return lambda: session.run_with_iobinding(binding)


def peak_gflops(dlc_tool, library):
    """Multiply-adds on one thread and on two."""
    report = subprocess.run([dlc_tool, "bench", library, "--threads", "1,2", "--seconds", "0.001", "--json"], check=True,
                            capture_output=True, text=True).stdout
    return [timing["peak_gflops"] for timing in json.loads(report)["timings"]]


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--dlc", default="build/bin/dlc")
    parser.add_argument("--only", default=".*", help="regular expression that a whole name must match")
    parser.add_argument("--rounds", type=int, default=9)
    parser.add_argument("--json", action="store_true", help="one JSON object a line instead of the table")
    arguments = parser.parse_args()
    copy_from, copy_to = tensor(4096, 1024), np.empty((4096, 1024), np.float32)
    if not arguments.json:
        print(f"{'case':30}{'dlc':>10}{'2 threads':>11}{'gain':>6}{'ORT':>10}{'dlc/ORT':>9}{'GFLOP/s':>9}{'of peak':>9}"
              f"{'of memcpy':>11}")
    with tempfile.TemporaryDirectory() as folder:
        for name, proto, flops, traffic, *other_proto in itertools.chain(cases(), window_cases()):
            if not re.fullmatch(arguments.only, name):
                continue
            path = pathlib.Path(folder) / f"{name}.onnx"
            onnx.save(proto, path)
            library = re.sub(r"\W", "_", name)
            subprocess.run([arguments.dlc, "compile", str(path), "-o", folder, "--name", library], check=True,
                           stdout=subprocess.DEVNULL)
            inputs = {i.name: tensor(*[d.dim_value for d in i.type.tensor_type.shape.dim]) for i in proto.graph.input}
            theirs = other_proto[0] if other_proto else proto
            their_inputs = {i.name: tensor(*[d.dim_value for d in i.type.tensor_type.shape.dim]) for i in theirs.graph.input}
            shared = f"{folder}/lib{library}.so"
            one, two = dlc.Model(shared, threads=1).bind(inputs), dlc.Model(shared, threads=2).bind(inputs)
            before = peak_gflops(arguments.dlc, shared)
            own, both, other, copy = alternate(
                [one, two, runtime_call(theirs.SerializeToString(), their_inputs), lambda: np.copyto(copy_to, copy_from)],
                arguments.rounds)
            peaks = [(x + y) / 2 for x, y in zip(before, peak_gflops(arguments.dlc, shared))]
            # A memcpy of as many bytes as the case moves.
            copied = copy * traffic / (2 * copy_from.nbytes)
            row = {"case": name, "dlc_ms": own * 1e3, "two_threads_ms": both * 1e3, "ort_ms": other * 1e3,
                   "ratio": own / other, "gflops": flops / own / 1e9, "of_peak": flops / own / 1e9 / peaks[0],
                   "peak_gain": peaks[1] / peaks[0], "of_memcpy": own / copied}
            if arguments.json:
                print(json.dumps(row), flush=True)
                continue
            print(f"{name:30}{own * 1e3:8.3f}ms{both * 1e3:9.3f}ms{own / both:6.2f}{other * 1e3:8.3f}ms{own / other:9.2f}"
                  f"{flops / own / 1e9:9.1f}{row['of_peak']:9.2f}{own / copied:11.2f}", flush=True)


if __name__ == "__main__":
    main()
