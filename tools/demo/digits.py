#!/usr/bin/env python3
"""Trains a digits classifier with scikit-learn, compiles it with dlc, and compares the two on held-out images.

    build/venv/bin/python tools/demo/digits.py --dlc build/bin/dlc --out build/demo
"""
import argparse
import os
import subprocess
import sys
import time

import numpy as np
from skl2onnx import to_onnx
from skl2onnx.common.data_types import FloatTensorType
from sklearn.datasets import load_digits
from sklearn.model_selection import train_test_split
from sklearn.neural_network import MLPClassifier
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
sys.path.insert(0, os.path.join(ROOT, "tools", "python"))
import dlc


def train():
    """The classifier, and the images and labels it has not seen. Fixed seeds: the same classifier each time."""
    images, labels = load_digits(return_X_y=True)
    images = images.astype(np.float32)
    seen, held_out, seen_labels, held_out_labels = train_test_split(
        images, labels, test_size=0.25, random_state=0, stratify=labels)
    classifier = make_pipeline(StandardScaler(), MLPClassifier((128, 64), max_iter=300, random_state=0))
    return classifier.fit(seen, seen_labels), held_out, held_out_labels


def export(classifier, path):
    model = to_onnx(classifier, initial_types=[("pixels", FloatTensorType([None, 64]))],
                    options={id(classifier.steps[-1][1]): {"zipmap": False}}, target_opset={"": 21, "ai.onnx.ml": 1})
    # skl2onnx leaves the batch dimension without a name; N becomes a parameter of the library.
    for value in list(model.graph.input) + list(model.graph.output):
        value.type.tensor_type.shape.dim[0].dim_param = "N"
    with open(path, "wb") as f:
        f.write(model.SerializeToString())


def draw(images, predictions, labels):
    """Images side by side, two characters a pixel, the prediction below each."""
    shades = " .:-=+*#%@"
    for y in range(8):
        rows = ["".join(shades[min(int(v * 10 / 17), 9)] * 2 for v in image.reshape(8, 8)[y]) for image in images]
        print("  " + "  ".join(rows))
    captions = [f"{p}" if p == t else f"{p} (is {t})" for p, t in zip(predictions, labels)]
    print("  " + "  ".join(caption.center(16) for caption in captions))


def latency(call, repeats=2000):
    """Median seconds of a call."""
    times = []
    for _ in range(repeats):
        start = time.perf_counter()
        call()
        times.append(time.perf_counter() - start)
    return float(np.median(times[repeats // 10:]))


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--dlc", default=os.path.join(ROOT, "build", "bin", "dlc"))
    parser.add_argument("--out", default=os.path.join(ROOT, "build", "demo"))
    options = parser.parse_args()
    os.makedirs(options.out, exist_ok=True)

    classifier, images, labels = train()
    path = os.path.join(options.out, "digits.onnx")
    export(classifier, path)
    start = time.perf_counter()
    subprocess.run([options.dlc, "compile", path, "-o", options.out], check=True)
    library = os.path.join(options.out, "libdigits.so")
    print(f"compiled {path} in {time.perf_counter() - start:.1f} s: {library}, {os.path.getsize(library) // 1024} KiB")

    expected = classifier.predict(images)
    model = dlc.Model(library)
    outputs = model.run({"pixels": images})
    predictions = outputs["label"]
    same = int((predictions == expected).sum())
    print(f"{len(images)} held-out images:")
    print(f"  scikit-learn {(expected == labels).mean():.4f} accuracy")
    print(f"  dlc          {(predictions == labels).mean():.4f} accuracy, {same} of {len(images)} predictions the same, "
          f"probabilities within {np.abs(outputs['probabilities'] - classifier.predict_proba(images)).max():.1e}")

    shown = [0, 1, 2, 3] + [int(np.flatnonzero(predictions != labels)[0])]
    draw(images[shown], predictions[shown], labels[shown])
    for count in (1, len(images)):
        batch = np.ascontiguousarray(images[:count])
        bound = model.bind({"pixels": batch})
        ours, theirs = latency(bound), latency(lambda: classifier.predict(batch), 200)
        print(f"  {count} image{'s' if count > 1 else ''}: dlc {ours * 1e6:.1f} us, scikit-learn {theirs * 1e6:.0f} us")
    return 0 if same == len(images) else 1


if __name__ == "__main__":
    sys.exit(main())
