#!/usr/bin/env python3
"""Memory of a GPT grows with the length, not with its square: neither scores nor the mask that layers share are kept.

Also prints, with --measure, the memory of a process that runs it.
"""
import argparse
import json
import os
import subprocess
import sys
import tempfile

import numpy as np
import onnx

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
sys.path[:0] = [os.path.join(ROOT, "tools", "python"), os.path.dirname(os.path.abspath(__file__))]
from networks import gpt  # noqa: E402

LENGTHS = (1024, 2048, 4096)
# Prints how many KiB a first run adds to what a process has that holds the model and its inputs.
MEASURE = """import re, sys
import numpy as np, dlc
model, inputs = dlc.Model(sys.argv[1], threads=2), dict(np.load(sys.argv[2]))
run = model.bind(inputs)
def read(what):
    with open("/proc/self/status") as f:
        return int(re.search(what + r":\\s+(\\d+)", f.read()).group(1))
with open("/proc/self/clear_refs", "w") as f:
    f.write("5")  # the peak counts from here
before = read("VmRSS")
run()
print(read("VmHWM") - before)"""


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--dlc", default=os.path.join(ROOT, "build", "bin", "dlc"))
    parser.add_argument("--measure", action="store_true")
    arguments = parser.parse_args()
    network, arenas = gpt(layers=3, width=64, heads=2, vocabulary=50, places=LENGTHS[-1]), []
    with tempfile.TemporaryDirectory() as folder:
        path, data = os.path.join(folder, "gpt.onnx"), os.path.join(folder, "inputs.npz")
        onnx.save(network.model, path)
        for length in LENGTHS:
            dims = [a for dim in (f"S={length}", "P=0", "N=1") for a in ("--dim", dim)]
            subprocess.run([arguments.dlc, "compile", path, "-o", folder, *dims], check=True, stdout=subprocess.DEVNULL)
            with open(os.path.join(folder, "gpt.json")) as f:
                arenas.append(json.load(f)["arena_bytes"])
            print(f"length {length}: arena {arenas[-1] / 2**20:.2f} MiB", end="")
            if arguments.measure:
                inputs = network.inputs(1, np.random.default_rng(1), past=0)
                np.savez(data, **{**inputs, "ids": np.arange(length)[None] % 50})
                environment = {**os.environ, "PYTHONPATH": os.path.join(ROOT, "tools", "python")}
                run = [sys.executable, "-c", MEASURE, os.path.join(folder, "libgpt.so"), data]
                added = int(subprocess.run(run, check=True, capture_output=True, text=True, env=environment).stdout)
                print(f", resident memory of a run {added / 1024:.1f} MiB", end="")
            print()
    growth = [b / a for a, b in zip(arenas, arenas[1:])]
    print("growth", *(f"{g:.2f}" for g in growth))
    return 0 if all(g < 2.2 for g in growth) else 1


if __name__ == "__main__":
    sys.exit(main())
