#!/usr/bin/env python3
"""Compiles models of 1,000 and 10,000 nodes and prints seconds and peak memory: both must grow linearly.

A chain of elementwise ops, and matrix products of 200 distinct shapes with a weight each. Example:

    build/venv/bin/python tools/bench/scale.py --dlc build/bin/dlc
"""
import argparse
import os
import pathlib
import subprocess
import tempfile
import time

import numpy as np
import onnx
from onnx import TensorProto, helper, numpy_helper

rng = np.random.default_rng(0)


def save(path, nodes, first, last, weights=()):
    def info(value):
        return [helper.make_tensor_value_info(value[0], TensorProto.FLOAT, value[1])]

    graph = helper.make_graph(nodes, "scale", info(first), info(last),
                              [numpy_helper.from_array(a, n) for n, a in weights])
    onnx.save(helper.make_model(graph, opset_imports=[helper.make_opsetid("", 21)], ir_version=10), path)


def chain(path, count):
    ops = ["Relu", "Neg", "Abs", "Sigmoid", "Tanh"]
    nodes = [helper.make_node(ops[i % len(ops)], [f"t{i}"], [f"t{i + 1}"]) for i in range(count)]
    save(path, nodes, ("t0", [64, 64]), (f"t{count}", [64, 64]))


def products(path, count):
    widths = [16 + i for i in range(200)]  # each product takes one width to the next
    nodes, weights, columns = [], [], widths[-1]
    for i in range(count):
        rows, columns = columns, widths[i % 200]
        weights.append((f"w{i}", rng.standard_normal((rows, columns), dtype=np.float32)))
        nodes.append(helper.make_node("MatMul", [f"t{i}", f"w{i}"], [f"t{i + 1}"]))
    save(path, nodes, ("t0", [4, widths[-1]]), (f"t{count}", [4, columns]), weights)


def compile_model(dlc, path, folder):
    """Seconds and peak resident MiB of one compile."""
    start = time.perf_counter()
    child = subprocess.Popen([dlc, "compile", str(path), "-o", str(folder)], stdout=subprocess.DEVNULL)
    _, status, usage = os.wait4(child.pid, 0)
    if status != 0:
        raise SystemExit(f"{path.name}: dlc compile failed")
    return time.perf_counter() - start, usage.ru_maxrss / 1024


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--dlc", default="build/bin/dlc")
    arguments = parser.parse_args()
    print(f"{'model':12}{'nodes':>8}{'seconds':>10}{'peak MiB':>10}{'file MiB':>10}")
    with tempfile.TemporaryDirectory() as folder:
        for name, make in (("chain", chain), ("products", products)):
            for count in (1000, 2500, 5000, 10000):
                path = pathlib.Path(folder) / f"{name}{count}.onnx"
                make(path, count)
                seconds, peak = compile_model(arguments.dlc, path, folder)
                print(f"{name:12}{count:8}{seconds:10.2f}{peak:10.0f}{path.stat().st_size / 2**20:10.1f}", flush=True)


if __name__ == "__main__":
    main()
