#!/usr/bin/env python3
"""Runs reference-check over the onnx package's node tests: no result may differ, and so many must pass.

    test/ops/reference_test.py build/test/ops/reference-check --least 880 [--filter REGEX] [-v]
"""
import argparse
import collections
import os
import re
import subprocess
import sys
import tempfile

import numpy as np
import onnx
from onnx import numpy_helper

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
sys.path.insert(0, os.path.join(ROOT, "test", "conformance"))
import cases as suite


# What the suite expects here are roundings of its own: f16 at every step of attention, f32 noise where the exact result is 0.
# May only shrink.
ROUNDED = {"node/attention_4d_causal_fp16", "node/attention_4d_fp16", "node/attention_4d_gqa_with_past_and_present_fp16",
           "node/dft_inverse", "node/dft_inverse_opset19"}

# The numbers that numpy draws, which no other generator gives.
DRAWN = {"node/bernoulli", "node/bernoulli_double", "node/bernoulli_seed", "node/training_dropout", "node/training_dropout_default",
         "node/training_dropout_default_mask", "node/training_dropout_mask"}


def write(case, folder):
    """model.onnx and the first data set as files; False when a value is no tensor."""
    model = onnx.ModelProto.FromString(case.model)
    inputs, outputs = case.data[0]
    values = [("input", i, inputs[v.name]) for i, v in enumerate(model.graph.input)]
    values += [("output", i, v) for i, v in enumerate(outputs)]
    if not all(isinstance(v, (np.ndarray, np.generic)) for _, _, v in values):
        return False
    os.mkdir(folder)
    for what, i, value in values:
        with open(os.path.join(folder, f"{what}_{i}.pb"), "wb") as f:
            f.write(numpy_helper.from_array(np.asarray(value)).SerializeToString())
    with open(os.path.join(folder, "model.onnx"), "wb") as f:
        f.write(case.model)
    return True


def verdicts(program, folders):
    """(word, folder, why) of each; a crash is a verdict too, and the rest goes on."""
    while folders:
        done = subprocess.run([program, *folders], stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, text=True)
        lines = [line.split("\t") for line in done.stdout.splitlines()]
        yield from lines
        folders = folders[len(lines):]
        if folders:
            yield "crashed", folders[0], f"exit status {done.returncode}"
            folders = folders[1:]


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("program")
    parser.add_argument("--least", type=int, default=0, help="how many must pass")
    parser.add_argument("--filter", default="")
    parser.add_argument("-v", action="store_true", help="print every test that does not pass")
    options = parser.parse_args()
    counts = collections.Counter()
    ops = collections.defaultdict(collections.Counter)
    with tempfile.TemporaryDirectory() as root:
        folders = {}
        for case in suite.load("node"):
            folder = os.path.join(root, case.name.replace("/", "."))
            if not re.search(options.filter, case.name):
                continue
            if write(case, folder):
                folders[folder] = case
            else:
                counts["no tensors"] += 1
        for word, folder, why in verdicts(options.program, list(folders)):
            for names, fate in ((ROUNDED, "rounded otherwise"), (DRAWN, "drawn otherwise")):
                if folders[folder].name in names:
                    word = {"differs": fate, "passed": "differs"}.get(word, word)
                    why = why or "passes now: take it off the list"
            counts[word] += 1
            ops[folders[folder].op][word] += 1
            if word in ("differs", "crashed", "refused") or (options.v and word != "passed"):
                print(f"{word}: {folders[folder].name}: {why}")
    if options.v:
        for op, words in sorted(ops.items()):
            print(f"{op:40} " + ", ".join(f"{n} {word}" for word, n in sorted(words.items())))
    print(", ".join(f"{n} {word}" for word, n in counts.most_common()))
    return counts["differs"] + counts["crashed"] + counts["refused"] > 0 or counts["passed"] < options.least


if __name__ == "__main__":
    sys.exit(main())
