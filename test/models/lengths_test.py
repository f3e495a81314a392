#!/usr/bin/env python3
"""One library of a BERT whose batch and length are symbolic serves every length, compared with ONNX Runtime.

A small BERT at some lengths is quick; the whole one at every length from 1 to 512 takes a while:

    test/models/lengths_test.py --full --all
"""
import argparse
import os
import subprocess
import sys
import tempfile

import numpy as np
import onnx
import onnxruntime

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
sys.path[:0] = [os.path.join(ROOT, "tools", "python"), os.path.dirname(os.path.abspath(__file__))]
import dlc  # noqa: E402
from networks import bert  # noqa: E402

# Around what kernels cut rows and columns into, and the ends.
LENGTHS = [1, 2, 3, 7, 16, 31, 33, 64, 100, 128, 200, 255, 256, 257, 384, 511, 512]


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--dlc", default=os.path.join(ROOT, "build", "bin", "dlc"))
    parser.add_argument("--all", action="store_true", help="every length from 1 to 512, not a sample")
    parser.add_argument("--full", action="store_true", help="BERT base, not a small one")
    parser.add_argument("--tolerance", type=float, default=2e-5, help="of the largest difference to the largest value")
    arguments = parser.parse_args()
    network = bert() if arguments.full else bert(layers=2, width=128, heads=4, vocabulary=500)
    failed = []
    with tempfile.TemporaryDirectory() as folder:
        path = os.path.join(folder, "bert.onnx")
        onnx.save(network.model, path)
        subprocess.run([arguments.dlc, "compile", path, "-o", folder], check=True, stdout=subprocess.DEVNULL)
        model = dlc.Model(os.path.join(folder, "libbert.so"), threads=2)
        session = onnxruntime.InferenceSession(path, providers=["CPUExecutionProvider"])
        names, worst = [o.name for o in session.get_outputs()], 0.0
        for length in range(1, 513) if arguments.all else LENGTHS:
            inputs = network.inputs(1 + length % 2, np.random.default_rng(length), length)
            got = model.run(inputs)
            for name, expected in zip(names, session.run(None, inputs)):
                same = got[name].shape == expected.shape
                error = np.abs(got[name] - expected).max() / np.abs(expected).max() if same else np.inf
                worst = max(worst, error)
                if not error <= arguments.tolerance:
                    failed.append(f"length {length}: {name} {got[name].shape} differs by {error:.1e}")
    print(*failed, f"largest difference {worst:.1e}", sep="\n")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
