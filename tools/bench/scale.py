#!/usr/bin/env python3
"""Compiles models of growing size and prints seconds and peak memory.

`chain` (elementwise ops) and `products` (matrix products of 200 distinct shapes with a weight each) have 1,000 to
10,000 nodes: both figures must grow linearly. `weights` has 548 MiB of them in f32, as many as VGG-19, in several
forms: in the model, beside it, transposed, in f16, cast from f16, and used twice in two layouts. Example:

    build/venv/bin/python tools/bench/scale.py --dlc build/bin/dlc weights
"""
import argparse
import pathlib
import subprocess
import sys
import tempfile
import time

import numpy as np
import onnx
from onnx import TensorProto, helper, numpy_helper

rng = np.random.default_rng(0)


def save(path, nodes, first, last, weights=(), element=TensorProto.FLOAT, external=False):
    def info(value):
        return [helper.make_tensor_value_info(value[0], element, value[1])]

    graph = helper.make_graph(nodes, "scale", info(first), info(last),
                              [numpy_helper.from_array(a, n) for n, a in weights])
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 21)], ir_version=10)
    onnx.save(model, path, save_as_external_data=external, location=f"{path.name}.data")


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


def weights(path, form):
    """Three large products and twenty of 4 MB."""
    shapes = [(25088, 4096), (4096, 4096), (4096, 1000)] + [(1000, 1000)] * 20
    half = form in ("f16", "cast")
    nodes, initializers, value = [], [("zero", np.zeros(1, np.int64))], "x"
    for i, (rows, columns) in enumerate(shapes):
        w = rng.standard_normal((columns, rows) if form == "transposed" else (rows, columns), dtype=np.float32) / rows
        name = weight = f"w{i}"
        initializers.append((name, w.astype(np.float16) if half else w))
        if form in ("transposed", "cast"):
            weight = f"c{i}"
            nodes.append(helper.make_node("Cast", [name], [weight], to=TensorProto.FLOAT) if form == "cast" else
                         helper.make_node("Transpose", [name], [weight], perm=[1, 0]))
        nodes.append(helper.make_node("MatMul", [value, weight], [f"t{i}"]))
        value = f"t{i}"
        if form == "twice":
            nodes += [helper.make_node("Gather", [name, "zero"], [f"g{i}"]),
                      helper.make_node("Add", [value, f"g{i}"], [f"u{i}"])]
            value = f"u{i}"
    save(path, nodes, ("x", [1, shapes[0][0]]), (value, [1, 1000]), initializers,
         element=TensorProto.FLOAT16 if form == "f16" else TensorProto.FLOAT, external=form == "external")


# A command's peak in KiB, from a process of its own, because a child's peak begins with its parent's.
MEASURE = """import resource, subprocess, sys
code = subprocess.call(sys.argv[1:], stdout=subprocess.DEVNULL)
print(resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss)
sys.exit(code)"""


def compile_model(dlc, path, folder):
    """Seconds and peak resident MiB of one compile."""
    start = time.perf_counter()
    done = subprocess.run([sys.executable, "-c", MEASURE, dlc, "compile", str(path), "-o", str(folder)],
                          stdout=subprocess.PIPE)
    if done.returncode != 0:
        raise SystemExit(f"{path.name}: dlc compile failed")
    return time.perf_counter() - start, int(done.stdout) / 1024


def scale_nodes(dlc, name, make):
    print(f"{'model':12}{'nodes':>8}{'seconds':>10}{'peak MiB':>10}{'file MiB':>10}")
    for count in (1000, 2500, 5000, 10000):
        with tempfile.TemporaryDirectory() as folder:
            path = pathlib.Path(folder) / f"{name}{count}.onnx"
            make(path, count)
            seconds, peak = compile_model(dlc, path, folder)
            print(f"{name:12}{count:8}{seconds:10.2f}{peak:10.0f}{path.stat().st_size / 2**20:10.1f}", flush=True)


def scale_weights(dlc):
    print(f"{'weights':12}{'MiB':>8}{'seconds':>10}{'peak MiB':>10}{'peak/weights':>14}{'library MiB':>13}")
    for form in ("model", "external", "transposed", "f16", "cast", "twice"):
        with tempfile.TemporaryDirectory() as folder:
            path = pathlib.Path(folder) / "weights.onnx"
            weights(path, form)
            size = sum(file.stat().st_size for file in path.parent.iterdir()) / 2**20
            seconds, peak = compile_model(dlc, path, folder)
            library = (path.parent / "libweights.so").stat().st_size / 2**20
            print(f"{form:12}{size:8.0f}{seconds:10.2f}{peak:10.0f}{peak / size:14.2f}{library:13.0f}", flush=True)


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--dlc", default="build/bin/dlc")
    parser.add_argument("models", nargs="*", help="chain, products, weights (default: all)")
    arguments = parser.parse_args()
    for name in arguments.models or ("chain", "products", "weights"):
        if name == "weights":
            scale_weights(arguments.dlc)
        else:
            scale_nodes(arguments.dlc, name, {"chain": chain, "products": products}[name])


if __name__ == "__main__":
    main()
