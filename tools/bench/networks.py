#!/usr/bin/env python3
"""Times whole networks beside ONNX Runtime, alternating in one process, and prints medians.

Beside each figure stands what limits it: the share of the multiply-add peak of as many threads, measured before and
after, and the rate at which the weights pass, which is all that counts where each weight is used once. Example:

    build/venv/bin/python tools/bench/networks.py --only 'resnet50|bert' --batches 1 --threads 1,2
"""
import argparse
import json
import math
import os
import pathlib
import re
import subprocess
import sys
import tempfile

import numpy as np
import onnx
import onnxruntime
from onnx import numpy_helper

ROOT = pathlib.Path(__file__).resolve().parents[2]
sys.path[:0] = [str(ROOT / "tools" / "python"), str(ROOT / "test" / "models"), str(ROOT / "tools" / "bench")]
import dlc  # noqa: E402
from compare import alternate  # noqa: E402
from networks import NETWORKS  # noqa: E402

TIMED = "resnet50|vgg19|densenet121|mobilenet_v2|bert|gpt|lstm"


def runtime_call(path, inputs, threads):
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = threads
    # Its threads would go on spinning while dlc is timed.
    options.add_session_config_entry("session.force_spinning_stop", "1")
    options.log_severity_level = 3
    session = onnxruntime.InferenceSession(path, options, providers=["CPUExecutionProvider"])
    return lambda: session.run(None, inputs)


def peak_gflops(tool, library, threads, dims):
    arguments = [a for d in dims for a in ("--dim", d)]
    report = subprocess.run([tool, "bench", library, *arguments, "--threads", str(threads), "--seconds", "0.001", "--json"],
                            check=True, capture_output=True, text=True).stdout
    report = json.loads(report)
    return report["timings"][0]["peak_gflops"], report["flops"] or 0


def dims_of(model, inputs):
    """NAME=VALUE for each symbolic dim of the inputs."""
    found = {}
    for info in model.graph.input:
        for dim, size in zip(info.type.tensor_type.shape.dim, inputs[info.name].shape):
            if dim.dim_param:
                found[dim.dim_param] = size
    return [f"{k}={v}" for k, v in found.items()]


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--dlc", default=str(ROOT / "build" / "bin" / "dlc"))
    parser.add_argument("--only", default=TIMED, help="regular expression that a whole name must match")
    parser.add_argument("--batches", default="1,8")
    parser.add_argument("--threads", default="1,2")
    parser.add_argument("--rounds", type=int, default=7)
    parser.add_argument("--json", action="store_true", help="one JSON object a line instead of the table")
    arguments = parser.parse_args()
    if not arguments.json:
        print(f"{'network':14}{'batch':>6}{'threads':>8}{'dlc':>11}{'ORT':>11}{'dlc/ORT':>9}{'GFLOP/s':>9}{'of peak':>9}"
              f"{'weights GB/s':>14}")
    ratios = []
    for name in NETWORKS:
        if not re.fullmatch(arguments.only, name):
            continue
        network = NETWORKS[name]()
        weights = sum(numpy_helper.to_array(t).nbytes for t in network.model.graph.initializer)
        with tempfile.TemporaryDirectory() as folder:
            path = os.path.join(folder, f"{name}.onnx")
            onnx.save(network.model, path)
            subprocess.run([arguments.dlc, "compile", path, "-o", folder, "--name", name], check=True, stdout=subprocess.DEVNULL)
            library = os.path.join(folder, f"lib{name}.so")
            for batch in map(int, arguments.batches.split(",")):
                inputs = network.inputs(batch, np.random.default_rng(batch))
                for threads in map(int, arguments.threads.split(",")):
                    dims = dims_of(network.model, inputs)
                    before, flops = peak_gflops(arguments.dlc, library, threads, dims)
                    own, other = alternate([dlc.Model(library, threads=threads).bind(inputs),
                                            runtime_call(path, inputs, threads)], arguments.rounds)
                    peak = (before + peak_gflops(arguments.dlc, library, threads, dims)[0]) / 2
                    row = {"network": name, "batch": batch, "threads": threads, "dlc_ms": own * 1e3, "ort_ms": other * 1e3,
                           "ratio": own / other, "gflops": flops / own / 1e9, "of_peak": flops / own / 1e9 / peak,
                           "weights_gb_s": weights / own / 1e9}
                    ratios.append(own / other)
                    if arguments.json:
                        print(json.dumps(row), flush=True)
                        continue
                    print(f"{name:14}{batch:6}{threads:8}{own * 1e3:9.2f}ms{other * 1e3:9.2f}ms{own / other:9.2f}"
                          f"{row['gflops']:9.1f}{row['of_peak']:9.2f}{row['weights_gb_s']:14.1f}", flush=True)
    if ratios and not arguments.json:
        mean = math.exp(sum(map(math.log, ratios)) / len(ratios))
        print(f"geometric mean of dlc/ORT over {len(ratios)} cases: {mean:.2f}, largest {max(ratios):.2f}")


if __name__ == "__main__":
    main()
