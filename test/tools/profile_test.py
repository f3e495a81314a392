#!/usr/bin/env python3
"""dlc profile: times that add up, exact counts of work, a trace that covers every tile; and FLOPs of symbolic models."""
import json
import os
import subprocess
import sys
import tempfile
import unittest

import onnx
from onnx import TensorProto, helper

DLC, FAKE, ROOT = sys.argv[1:4]
del sys.argv[1:]
sys.path.insert(0, os.path.join(ROOT, "test", "models"))
import models


def run(*arguments):
    return subprocess.run([DLC, *arguments], capture_output=True, text=True, stdin=subprocess.DEVNULL, timeout=120)


def answer(*arguments):
    done = run(*arguments, "--json")
    assert done.returncode == 0 and not done.stderr, done.stdout + done.stderr
    return json.loads(done.stdout)


def attention(folder):
    """q, k f32[N,S,16] -> softmax(q k'): sizes that multiply each other."""
    floats = lambda name, *dims: helper.make_tensor_value_info(name, TensorProto.FLOAT, dims)
    nodes = [helper.make_node("Transpose", ["k"], ["t"], "turn", perm=[0, 2, 1]),
             helper.make_node("MatMul", ["q", "t"], ["scores"], "scores"), helper.make_node("Relu", ["scores"], ["y"], "relu")]
    graph = helper.make_graph(nodes, "attention", [floats("q", "N", "S", 16), floats("k", "N", "S", 16)],
                              [floats("y", "N", "S", "S")])
    path = os.path.join(folder, "attention.onnx")
    onnx.save(helper.make_model(graph, opset_imports=[helper.make_opsetid("", 21)], ir_version=10), path)
    return path


class Profile(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.temporary = tempfile.TemporaryDirectory()
        cls.folder = cls.temporary.name
        cls.mlp = models.compile_model(DLC, models.mlp(cls.folder), cls.folder)

    @classmethod
    def tearDownClass(cls):
        cls.temporary.cleanup()

    def path(self, name):
        return os.path.join(self.folder, name)

    def profile(self, model, *arguments):
        return answer("profile", model, "--seconds", "0.02", *arguments)

    def test_counts_are_exact(self):
        for n in (3, 40):
            report = self.profile(self.mlp, "--dim", f"N={n}")
            products = {r["nodes"][0]: r for r in report["kernels"] if "packed_matmul" in r["ops"]}
            self.assertEqual(set(products), {"first", "second"})
            first, second = products["first"], products["second"]
            self.assertEqual(first["ops"], "packed_matmul+add+relu")
            self.assertEqual(len(first["nodes"]), 3)
            self.assertEqual(first["flops"], n * 96 * (2 * 64 + 2))
            self.assertEqual(first["bytes"], 4 * (n * 64 + 64 * 96 + 96 + n * 96))
            # Ten columns are stored as a panel of 32.
            self.assertEqual(second["bytes"], 4 * (n * 96 + 96 * 32 + 10 + n * 10))
            for row in report["kernels"]:
                self.assertEqual((row["calls"], len(row["launches"])), (1, 1))
                self.assertIn(row["limit"], ("compute", "memory"))
            for what in ("seconds", "flops", "bytes", "calls"):
                self.assertAlmostEqual(sum(r[what] for r in report["kernels"]), report["all_kernels"][what])

    def test_times_add_up(self):
        report = self.profile(self.mlp, "--dim", "N=64", "--threads", "2")
        self.assertEqual((report["name"], report["threads"], report["exit"]), ("mlp", 2, 0))
        times = [r["seconds"] for r in report["kernels"]]
        self.assertEqual(times, sorted(times, reverse=True))
        self.assertAlmostEqual(report["all_kernels"]["seconds"] + report["between_kernels"]["seconds"], report["seconds"])
        self.assertAlmostEqual(report["all_kernels"]["share"] + report["between_kernels"]["share"], 1)
        for row in report["kernels"]:
            self.assertAlmostEqual(row["gflops"], row["flops"] / row["seconds"] * 1e-9)
            self.assertLessEqual(row["busy"], 1)
        for peak in ("peak_gflops", "peak_read_gb_s", "peak_copy_gb_s"):
            self.assertGreater(report[peak], 0.5)
        self.assertGreaterEqual(report["runs"], 10)

    def test_sizes_that_multiply(self):
        path = attention(self.folder)
        library = models.compile_model(DLC, path, self.folder)
        for n, s in ((2, 5), (3, 64)):
            flops = n * s * s * (2 * 16 + 1)
            dims = ["--dim", f"N={n}", "--dim", f"S={s}"]
            self.assertEqual(answer("bench", library, *dims, "--seconds", "0.01")["flops"], flops)
            self.assertEqual(self.profile(library, *dims)["all_kernels"]["flops"], flops)
            self.assertEqual(answer("inspect", path, *dims)["functions"][0]["flops"], flops)
        self.assertEqual(answer("inspect", path)["functions"][0]["flops"], [[33, "N", "S", "S"]])
        self.assertIn("33 N S S FLOPs", run("inspect", path).stdout)

    def test_few_rows_of_a_large_table(self):
        nodes = [helper.make_node("Gather", ["table", "i"], ["y"], "rows")]
        table = onnx.numpy_helper.from_array(models.random_floats(0, 1000, 32), "table")
        graph = helper.make_graph(nodes, "rows", [helper.make_tensor_value_info("i", TensorProto.INT64, ["N"])],
                                  [helper.make_tensor_value_info("y", TensorProto.FLOAT, ["N", 32])], [table])
        onnx.save(helper.make_model(graph, opset_imports=[helper.make_opsetid("", 21)], ir_version=10), self.path("rows.onnx"))
        for n, rows in ((3, 3), (2000, 1000)):
            row, = self.profile(self.path("rows.onnx"), "--dim", f"N={n}")["kernels"]
            self.assertEqual((row["flops"], row["bytes"]), (0, rows * 32 * 4 + n * 8 + n * 32 * 4))
            self.assertEqual(row["limit"], "memory")

    def test_kernels_in_loops(self):
        import numpy as np
        np.save(self.path("m.npy"), np.array(4))
        np.save(self.path("limit.npy"), np.float32(1e9))
        arguments = ["-i", f"m=@{self.path('m.npy')}", "-i", f"limit=@{self.path('limit.npy')}", "--dim", "N=6"]
        path = models.loops(self.folder)
        report = self.profile(path, *arguments)
        calls = {r["ops"]: r["calls"] for r in report["kernels"]}
        self.assertIn(6 * 4, calls.values())
        self.assertIn(6, calls.values())
        added, = [r for r in report["kernels"] if r["calls"] == 24 and r["ops"].startswith("add")][:1]
        self.assertGreaterEqual(added["flops"], 24 * 3)
        # What the model alone does not tell, a run does.
        self.assertEqual(answer("inspect", path)["functions"][0]["ops_of_unknown_flops"] > 0, True)
        self.assertEqual(answer("bench", path, *arguments, "--seconds", "0.01")["flops"], report["all_kernels"]["flops"])

    def test_steps_of_a_recurrence(self):
        floats = lambda name, *dims: helper.make_tensor_value_info(name, TensorProto.FLOAT, dims)
        weights = [onnx.numpy_helper.from_array(models.random_floats(0, 1, 16, n), name) for name, n in (("w", 8), ("r", 16))]
        graph = helper.make_graph([helper.make_node("RNN", ["x", "w", "r"], ["y"], "rnn", hidden_size=16)], "rnn",
                                  [floats("x", "S", 2, 8)], [floats("y", "S", 1, 2, 16)], weights)
        path = self.path("rnn.onnx")
        onnx.save(helper.make_model(graph, opset_imports=[helper.make_opsetid("", 21)], ir_version=10), path)
        function, = answer("inspect", path)["functions"]
        self.assertEqual(function["ops_of_unknown_flops"], 0)
        flops = {s: answer("inspect", path, "--dim", f"S={s}")["functions"][0]["flops"] for s in (1, 5, 9)}
        self.assertEqual(flops[9] - flops[5], flops[5] - flops[1])
        step = (flops[5] - flops[1]) / 4
        self.assertGreaterEqual(step, 2 * 2 * 16 * (8 + 16))
        self.assertLess(step, 2 * 2 * 16 * (8 + 16) + 10 * 2 * 16)
        self.assertEqual(answer("bench", path, "--dim", "S=5", "--seconds", "0.01")["flops"], flops[5])
        calls = [r["calls"] for r in self.profile(path, "--dim", "S=5")["kernels"]]
        self.assertIn(5, calls)

    def test_merged_rows(self):
        # The same layer twice: one kernel, two launches.
        nodes = [helper.make_node("Sin", ["x"], ["a"], "one"), helper.make_node("MatMul", ["a", "w"], ["b"], "p"),
                 helper.make_node("MatMul", ["b", "w"], ["c"], "q")]
        square = onnx.numpy_helper.from_array(models.random_floats(0, 8, 8), "w")
        graph = helper.make_graph(nodes, "twice", [helper.make_tensor_value_info("x", TensorProto.FLOAT, ["N", 8])],
                                  [helper.make_tensor_value_info("c", TensorProto.FLOAT, ["N", 8])], [square])
        onnx.save(helper.make_model(graph, opset_imports=[helper.make_opsetid("", 21)], ir_version=10), self.path("twice.onnx"))
        for merge, rows in (([], [1, 1]), (["--merge"], [2])):
            report = self.profile(self.path("twice.onnx"), "--dim", "N=4", *merge)
            products = [r for r in report["kernels"] if "matmul" in r["ops"]]
            self.assertEqual([r["calls"] for r in products], rows)
            self.assertEqual(sorted(n for r in products for n in r["nodes"]), ["p", "q"])
            self.assertEqual(sum(r["flops"] for r in products), 2 * 2 * 4 * 8 * 8)

    def test_trace(self):
        path = self.path("new/trace.json")
        self.profile(self.mlp, "--dim", "N=200", "--threads", "2", "--trace", path)
        self.assertEqual(os.listdir(os.path.dirname(path)), ["trace.json"])
        with open(path) as f:
            events = json.load(f)["traceEvents"]
        rows = {e["tid"]: e["args"]["name"] for e in events if e["name"] == "thread_name"}
        self.assertEqual(rows[0], "caller")
        spans = [e for e in events if e["ph"] == "X"]
        self.assertLessEqual({e["tid"] for e in spans}, set(rows))
        runs = [e for e in spans if e["cat"] == "run"]
        self.assertEqual([e["name"] for e in runs], ["run"] * 3)
        launches = [e for e in spans if e["cat"] == "launch"]
        for launch in launches:
            self.assertTrue(any(r["ts"] <= launch["ts"] and launch["ts"] + launch["dur"] <= r["ts"] + r["dur"] + 0.01
                                for r in runs))
        # Tiles follow their launch and cover its range.
        covered = []
        for event in spans:
            if event["cat"] == "launch":
                covered.append((event["args"]["tiles"], []))
            elif event["cat"] == "tiles":
                covered[-1][1].append(event["args"]["tiles"])
        self.assertEqual(len(covered), len(launches))
        for (first, last), parts in covered:
            self.assertEqual(sorted(t for a, b in parts for t in range(a, b)), list(range(first, last)))

    def test_table(self):
        done = run("profile", self.mlp, "--dim", "N=8", "--seconds", "0.02", "--rows", "1")
        self.assertEqual((done.returncode, done.stderr), (0, ""))
        self.assertIn("mlp (", done.stdout)
        self.assertIn("more\n", done.stdout)
        self.assertIn("between kernels\n", done.stdout)
        whole = run("profile", self.mlp, "--dim", "N=8", "--seconds", "0.02").stdout
        self.assertIn("first .. ", whole)
        self.assertIn("(3 nodes)", whole)

    def test_mistakes(self):
        for arguments, message in [
            ([FAKE, "--dim", "N=2"], "fake: cannot be profiled: compile it again"),
            ([self.mlp], "give --dim N=SIZE"),
            ([self.mlp, "--dim", "N=2", "--threads", "0"], "threads"),
            ([self.mlp, "--dim", "N=2", "--seconds", "0"], "seconds"),
            ([self.mlp, "--dim", "N=2", "--rows", "-1"], "rows"),
            ([self.mlp, "--dim", "N=2", "--function", "train"], "no function 'train'"),
            ([self.mlp, "--dim", "N=2", "--trace", os.path.join(self.mlp, "t.json")], "mlp.so"),
            ([self.path("none.so")], "No such file"),
        ]:
            done = run("profile", *arguments)
            self.assertEqual(done.returncode, 2, (arguments, done.stdout, done.stderr))
            self.assertIn(message, done.stderr)
            self.assertTrue(done.stderr.startswith("error"), done.stderr)


if __name__ == "__main__":
    unittest.main(verbosity=2)
