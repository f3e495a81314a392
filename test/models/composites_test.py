#!/usr/bin/env python3
"""Nodes that are built of many ops, with dims that only the run knows, against ONNX Runtime."""
import os
import subprocess
import sys
import tempfile
import unittest

import numpy as np
import onnx
from onnx import helper

DLC, ROOT = sys.argv[1:3]
del sys.argv[1:]
HERE = os.path.dirname(os.path.abspath(__file__))
sys.path[:0] = [os.path.join(ROOT, "tools", "python"), HERE]
import dlc
import models

floats = models.random_floats


class Composites(unittest.TestCase):
    def setUp(self):
        temporary = tempfile.TemporaryDirectory()
        self.addCleanup(temporary.cleanup)
        self.folder = temporary.name

    def save(self, op, dims, dtypes, outputs, opset, attributes):
        names = [n for n in dims if n]
        infos = [helper.make_tensor_value_info(n, helper.np_dtype_to_tensor_dtype(np.dtype(dtypes.get(n, np.float32))), dims[n])
                 for n in names]
        results = [helper.make_empty_tensor_value_info(n) for n in outputs]
        node = helper.make_node(op, list(dims), outputs, **attributes)
        model = helper.make_model(helper.make_graph([node], "composite", infos, results),
                                  opset_imports=[helper.make_opsetid("", opset)], ir_version=10)
        folder = tempfile.mkdtemp(dir=self.folder)
        path = os.path.join(folder, "composite.onnx")
        onnx.save(onnx.shape_inference.infer_shapes(model), path)
        return path, folder

    def check(self, op, dims, runs, outputs=("y",), opset=21, tolerance=1e-5, **attributes):
        """`dims`: of the inputs by name, in order; `runs`: their values, each a list."""
        dtypes = {n: v.dtype for n, v in zip([n for n in dims if n], runs[0])}
        path, folder = self.save(op, dims, dtypes, list(outputs), opset, attributes)
        model = dlc.Model(models.compile_model(DLC, path, folder))
        for values in runs:
            inputs = dict(zip([n for n in dims if n], values))
            actual = model.run(inputs)
            for name, expected in zip(outputs, models.run_onnxruntime(path, inputs)):
                self.assertEqual(actual[name].shape, expected.shape, f"{op} {attributes}")
                np.testing.assert_allclose(actual[name], expected, rtol=tolerance, atol=tolerance, err_msg=f"{op} {attributes}")

    def test_deform_conv(self):
        def check(window, size, outputs=6, group=1, offset_group=1, masked=True, biased=True, scale=3, **attributes):
            # ONNX Runtime's, on two images of a batch that only the run knows.
            strides, dilations, pads = (attributes.get(n, d) for n, d in (("strides", [1, 1]), ("dilations", [1, 1]),
                                                                       ("pads", [0] * 4)))
            h, w = [(s + pads[i] + pads[i + 2] - (window[i] - 1) * dilations[i] - 1) // strides[i] + 1
                    for i, s in enumerate(size)]
            places = offset_group * window[0] * window[1]
            dims = {"x": ["N", 8, *size], "w": [outputs, 8 // group, *window], "offset": ["N", 2 * places, h, w]}
            if biased or masked:
                dims["b"] = [outputs]
            if masked:
                dims["mask"] = ["N", places, h, w]
            runs = [[floats(i + n, *[n if d == "N" else d for d in ds]) * (scale if name == "offset" else 1)
                     for i, (name, ds) in enumerate(dims.items())] for n in (1, 2)]
            self.check("DeformConv", dims, runs, opset=19, tolerance=2e-5, group=group, offset_group=offset_group,
                       **attributes)

        check((3, 3), (9, 8), pads=[1, 1, 1, 1])
        check((3, 3), (9, 8), masked=False, biased=False)
        check((2, 3), (9, 8), offset_group=4, group=2, strides=[2, 1], dilations=[1, 2], pads=[0, 2, 1, 1])
        check((1, 1), (5, 7), group=8, outputs=8, offset_group=2, scale=8)

    def test_grid_sample(self):
        x, grid = ["N", 3, "H", "W"], ["N", "A", "B", 2]
        runs = [[floats(1, n, 3, h, w), floats(2, n, 4, 5, 2) * 1.4] for n, h, w in ((1, 6, 7), (2, 5, 3))]
        for mode in ("linear", "nearest", "cubic"):
            for padding in ("zeros", "border", "reflection"):
                for corners in (0, 1):
                    self.check("GridSample", {"x": x, "grid": grid}, runs, opset=20, mode=mode, padding_mode=padding,
                               align_corners=corners)

    def test_non_max_suppression(self):
        random = np.random.default_rng(3)

        def run(batch, classes, boxes, most, overlap, least):
            corners = random.random((batch, boxes, 2)).astype(np.float32) * 4
            sizes = random.random((batch, boxes, 2)).astype(np.float32) + 0.5
            scores = random.permutation(batch * classes * boxes).reshape(batch, classes, boxes).astype(np.float32) / 100
            return [np.concatenate([corners, corners + sizes], 2), scores, np.array([most]), np.float32([overlap]),
                    np.float32([least])]

        runs = [run(1, 1, 9, 4, 0.3, 0.1), run(2, 3, 20, 100, 0.2, 0.05), run(1, 2, 5, 1, 0.5, 100.0)]
        dims = {"boxes": ["N", "B", 4], "scores": ["N", "C", "B"], "most": [1], "overlap": [1], "least": [1]}
        for centered in (0, 1):
            self.check("NonMaxSuppression", dims, runs, opset=11, center_point_box=centered)

    def test_fourier(self):
        runs = [[floats(n, 2, n, 1)] for n in (8, 15, 1)]
        for onesided in (0, 1):
            self.check("DFT", {"x": ["N", "T", 1]}, runs, opset=17, axis=1, onesided=onesided)
        self.check("DFT", {"x": ["N", "T", 2]}, [[floats(n, 2, n, 2)] for n in (8, 15)], opset=17, axis=1, inverse=1)
        runs = [[floats(t, 2, t, 1), np.array(3), floats(1, w)] for t, w in ((32, 8), (21, 8))]
        self.check("STFT", {"x": ["N", "T", 1], "step": [], "window": [8]}, runs, opset=17)

    def test_roi_align(self):
        x = floats(4, 2, 3, 9, 11)
        regions = np.float32([[0, 0, 10, 8], [2.5, 1.25, 7, 6], [-3, -2, 30, 5]])
        for mode in ("avg", "max"):
            for shift in ("half_pixel", "output_half_pixel"):
                self.check("RoiAlign", {"x": ["N", 3, "H", "W"], "rois": ["R", 4], "images": ["R"]},
                           [[x, regions, np.array([0, 1, 1])], [x[:1], regions[:1], np.array([0])]], opset=16, mode=mode,
                           output_height=3, output_width=2, sampling_ratio=2, coordinate_transformation_mode=shift)

    def reference_attention(self, q, k, v, allowed, heads_a_key):
        """In f64, a head at a time; q, k, v: [batch, heads, sequence, size]."""
        y = np.zeros((*q.shape[:3], v.shape[3]))
        for b in range(q.shape[0]):
            for h in range(q.shape[1]):
                s = q[b, h].astype(float) @ k[b, h // heads_a_key].astype(float).T / np.sqrt(q.shape[3])
                e = np.where(np.broadcast_to(allowed, (q.shape[0], q.shape[1], *s.shape))[b, h], np.exp(s - s.max()), 0)
                y[b, h] = e / np.maximum(e.sum(1, keepdims=True), 1e-300) @ v[b, h // heads_a_key]
        return y

    def test_attention(self):
        for heads, key_heads in ((4, 4), (4, 2)):
            for causal in (0, 1):
                for mask in (None, ["Q", "P"], ["N", 1, "Q", "P"], ["N", heads, "Q", "P"]):
                    dims = {"q": ["N", heads, "Q", 16], "k": ["N", key_heads, "L", 16], "v": ["N", key_heads, "L", 24],
                            "m" if mask else "": mask or [], "past_k": ["N", key_heads, "O", 16],
                            "past_v": ["N", key_heads, "O", 24]}
                    dtypes = {"m": np.bool_}
                    path, folder = self.save("Attention", dims, dtypes, ["y"], 23, {"is_causal": causal})
                    model = dlc.Model(models.compile_model(DLC, path, folder))
                    for n, queries, past in ((2, 5, 0), (1, 1, 7), (2, 3, 4)):
                        q, k, v = floats(1, n, heads, queries, 16), floats(2, n, key_heads, queries, 16), floats(3, n, key_heads, queries, 24)
                        pk, pv = floats(4, n, key_heads, past, 16), floats(5, n, key_heads, past, 24)
                        values = {"q": q, "k": k, "v": v, "past_k": pk, "past_v": pv}
                        allowed = np.ones((queries, past + queries), bool)
                        if causal:
                            allowed = np.arange(past + queries) <= np.arange(queries)[:, None] + past
                        if mask:
                            sizes = {"N": n, "Q": queries, "P": past + queries}
                            m = np.random.default_rng(6).random([sizes.get(d, d) for d in mask]) > 0.4
                            m[..., 0, :] = False  # a row of which nothing takes part
                            values["m"] = m
                            allowed = allowed & m
                        expected = self.reference_attention(q, np.concatenate([pk, k], 2), np.concatenate([pv, v], 2), allowed,
                                                            heads // key_heads)
                        np.testing.assert_allclose(model.run(values)["y"], expected, rtol=1e-5, atol=1e-5,
                                                   err_msg=f"{heads} {key_heads} {causal} {mask} {n} {queries} {past}")

    def test_mistakes(self):
        for words, op, dims, opset, attributes in (
                ("that the number of key heads divides, got 4 and 3", "Attention",
                 {"q": [1, 4, 2, 8], "k": [1, 3, 2, 8], "v": [1, 3, 2, 8]}, 23, {}),
                ("padding_mode zeros, border or reflection, got 'wrap'", "GridSample",
                 {"x": [1, 1, 4, 4], "grid": [1, 2, 2, 2]}, 20, {"padding_mode": "wrap"}),
                ("last dim is 1 (real) or 2 (complex)", "DFT", {"x": [1, 8, 3]}, 17, {}),
                ("dim 1 of the offsets to be 18, got 16", "DeformConv",
                 {"x": [1, 2, 5, 5], "w": [2, 2, 3, 3], "offset": [1, 16, 3, 3]}, 19, {}),
                ("an offset_group that divides the 2 channels, got 3", "DeformConv",
                 {"x": [1, 2, 5, 5], "w": [2, 2, 3, 3], "offset": [1, 54, 3, 3]}, 19, {"offset_group": 3}),
                ("weights of 2 groups that take the 2 channels", "DeformConv",
                 {"x": [1, 2, 5, 5], "w": [2, 2, 3, 3], "offset": [1, 18, 3, 3]}, 19, {"group": 2}),
                ("needs decay", "LinearAttention", {"q": [1, 2, 8], "k": [1, 2, 8], "v": [1, 2, 8]}, 27,
                 {"q_num_heads": 2, "kv_num_heads": 2, "update_rule": "gated"})):
            names = list(dims)
            infos = [helper.make_tensor_value_info(n, 1, d) for n, d in dims.items()]
            graph = helper.make_graph([helper.make_node(op, names, ["y"], **attributes)], "bad", infos,
                                      [helper.make_empty_tensor_value_info("y")])
            path = os.path.join(self.folder, "bad.onnx")
            onnx.save(helper.make_model(graph, opset_imports=[helper.make_opsetid("", opset)], ir_version=10), path)
            done = subprocess.run([DLC, "compile", path, "-o", self.folder], capture_output=True, text=True)
            self.assertIn(done.returncode, (2, 3), done.stderr)
            self.assertIn(words, done.stderr)


if __name__ == "__main__":
    unittest.main()
