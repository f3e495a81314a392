#!/usr/bin/env python3
"""compile, run, check, inspect and ops on small models: what they write, print and return."""
import json
import os
import subprocess
import sys
import tempfile
import unittest

import numpy as np
from onnx import numpy_helper

DLC, ROOT = sys.argv[1:3]
del sys.argv[1:]
sys.path.insert(0, os.path.join(ROOT, "test", "models"))
import models


def run(*arguments):
    return subprocess.run([DLC, *arguments], capture_output=True, text=True, stdin=subprocess.DEVNULL, timeout=120)


def answer(*arguments):
    done = run(*arguments, "--json")
    assert not done.stderr, done.stderr
    return json.loads(done.stdout)


class Commands(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.temporary = tempfile.TemporaryDirectory()
        cls.folder = cls.temporary.name
        cls.mlp, cls.values = models.mlp(cls.folder), models.values(cls.folder)

    @classmethod
    def tearDownClass(cls):
        cls.temporary.cleanup()

    def path(self, name):
        return os.path.join(self.folder, name)

    def test_compile_writes_a_library(self):
        report = answer("compile", self.mlp, "-o", self.path("library"), "--name", "net")
        self.assertEqual({os.path.basename(f) for f in report["files"]}, set(os.listdir(self.path("library"))))
        self.assertLessEqual({"libnet.so", "libnet.a", "net.h", "net.pc"}, set(os.listdir(self.path("library"))))
        self.assertEqual([p["name"] for p in report["phases"]][:2], ["import", "graph"])
        self.assertGreater(report["weight_bytes"], 28000)

    def test_compile_stops_after_any_phase(self):
        for phase, found in [("import", "dl.matmul"), ("graph", "dlc.kernel"), ("kernels", "vector."),
                             ("host", "llvm"), ("target", "target-cpu")]:
            report = answer("compile", self.mlp, "-o", self.path("stopped"), "--stop-after", phase)
            self.assertEqual(len(report["files"]), 1, phase)
            with open(report["files"][0]) as f:
                self.assertIn(found, f.read(), phase)

    def test_compile_emits_text_and_objects(self):
        for emit, start in [("mlir", b""), ("llvm", b"; ModuleID"), ("asm", b"\t"), ("obj", b"\x7fELF")]:
            report = answer("compile", self.values, "-o", self.path("emitted"), "--emit", emit)
            with open(report["files"][0], "rb") as f:
                self.assertTrue(f.read().startswith(start), emit)

    def test_run_of_a_model(self):
        x = models.random_floats(0, 5, 64)
        np.save(self.path("x.npy"), x)
        done = run("run", self.mlp, "-i", f"x=@{self.path('x.npy')}", "-o", self.path("out.npz"))
        self.assertEqual((done.returncode, done.stderr), (0, ""))
        expected, = models.run_onnxruntime(self.mlp, {"x": x})
        np.testing.assert_allclose(np.load(self.path("out.npz"))["probs"], expected, rtol=1e-5, atol=1e-6)
        self.assertTrue(done.stdout.startswith("probs  f32[5,10]  min "), done.stdout)

    def test_check_with_the_interpreter(self):
        done = run("check", self.mlp, "--dim", "N=9")
        self.assertEqual((done.returncode, done.stderr), (0, ""))
        self.assertIn("run: probs f32[9,10] ok", done.stdout)
        results = answer("check", self.values)["results"]
        self.assertEqual([(r["output"], r["ok"], r["max_error"]) for r in results], [("picked", True, 0), ("quotient", True, 0)])

    def test_check_with_a_folder(self):
        x = models.random_floats(1, 3, 64)
        expected, = models.run_onnxruntime(self.mlp, {"x": x})
        folder = self.path("data")
        os.makedirs(folder, exist_ok=True)
        for name, array in (("input_0", x), ("output_0", expected)):
            with open(os.path.join(folder, name + ".pb"), "wb") as f:
                f.write(numpy_helper.from_array(array).SerializeToString())
        self.assertEqual(run("check", self.mlp, "--ref", folder).returncode, 0)
        expected[1, 2] += 0.5
        with open(os.path.join(folder, "output_0.pb"), "wb") as f:
            f.write(numpy_helper.from_array(expected).SerializeToString())
        done = run("check", self.mlp, "--ref", folder)
        self.assertEqual(done.returncode, 1)
        self.assertIn("DIFFERS: 1 of 30 elements differ, most at [1,2]", done.stdout)
        self.assertEqual(run("check", self.mlp, "--ref", folder, "--atol", "1").returncode, 0)

    def test_check_of_a_text(self):
        with open(self.path("double.mlir"), "w") as f:
            f.write('func.func @run(%x: tensor<?x3xf32> {dl.name = "x", dl.dims = ["N", "3"]}) -> (tensor<?x3xf32> '
                    '{dl.name = "y"}) {\n  %0 = dl.add %x, %x : (tensor<?x3xf32>, tensor<?x3xf32>) -> tensor<?x3xf32>\n'
                    "  return %0 : tensor<?x3xf32>\n}\n")
        done = run("check", self.path("double.mlir"), "--dim", "N=4")
        self.assertEqual((done.returncode, done.stderr), (0, ""))
        with open(self.path("wrong.mlir"), "w") as f:
            f.write("func.func @run(%x: tensor<3xf32>) {\n  %0 = dl.no_such_op %x\n}\n")
        done = run("check", self.path("wrong.mlir"))
        self.assertEqual(done.returncode, 2)
        self.assertIn("wrong.mlir:2:", done.stderr)

    def test_check_of_variants(self):
        """Every variant named is either checked or listed as skipped; none left is an error."""
        names = ["sapphirerapids", "x86-64-v4", "x86-64-v3", "x86-64"]
        report = answer("check", self.mlp, "--dim", "N=3", "--cpu", ",".join(names))
        self.assertEqual([r["variant"] for r in report["results"]], [n for n in names if n not in report["skipped"]])
        self.assertIn("x86-64", [r["variant"] for r in report["results"]])
        self.assertTrue(all(r["ok"] for r in report["results"]))
        self.assertIn("run: probs f32[3,10], x86-64: ok", run("check", self.mlp, "--dim", "N=3", "--cpu", "x86-64").stdout)
        for name in report["skipped"]:
            done = run("check", self.mlp, "--dim", "N=3", "--cpu", name)
            self.assertEqual(done.returncode, 3)
            self.assertIn(f"{name}: skipped, this machine lacks it", done.stdout)
            self.assertIn(f"this machine runs none of {name}", done.stderr)

    def write_text(self, argument, result="", function=""):
        """A function of one argument that doubles it."""
        with open(self.path("text.mlir"), "w") as f:
            f.write(f"func.func @run(%x: tensor<?xf32> {{dl.dims = [\"N\"]{argument}}}) -> (tensor<?xf32> {{{result}}})\n"
                    f"    attributes {{{function}}} {{\n  %0 = dl.add %x, %x : (tensor<?xf32>, tensor<?xf32>) -> "
                    "tensor<?xf32>\n  return %0 : tensor<?xf32>\n}\n")
        return self.path("text.mlir")

    def test_check_as_the_text_says(self):
        text = self.write_text(', dl.range = [3.0, 4.0]', "", "dl.sizes = {N = [0, 1, 17]}")
        self.assertEqual([r["type"] for r in answer("check", text)["results"]], ["f32[0]", "f32[1]", "f32[17]"])
        given = ", dl.value = dense<[1.0, -2.5]> : tensor<2xf32>"
        text = self.write_text(given, "dl.expect = dense<[2.0, -5.0]> : tensor<2xf32>")
        self.assertEqual([r.get("variant") for r in answer("check", text)["results"]], ["reference", None])
        # A golden vector that nobody computes: reference and compiled code agree with each other, and are still wrong.
        done = run("check", self.write_text(given, "dl.expect = dense<[2.0, -5.5]> : tensor<2xf32>"))
        self.assertEqual(done.returncode, 1)
        self.assertIn("run: output0 f32[2], reference: DIFFERS: 1 of 2 elements differ", done.stdout)
        # Without any tolerance the sign of a zero counts.
        text = self.write_text(", dl.value = dense<-0.0> : tensor<1xf32>", "dl.expect = dense<0.0> : tensor<1xf32>")
        self.assertEqual(run("check", text).returncode, 0)
        self.assertEqual(run("check", text, "--rtol", "0", "--atol", "0").returncode, 1)
        # What must be refused, and is not.
        done = run("check", self.write_text(given, "", "dl.fails"))
        self.assertEqual(done.returncode, 1)
        self.assertIn("run, reference: DIFFERS: accepts the inputs", done.stdout)

    def test_check_refuses_mistakes_in_the_text(self):
        for argument, result, function, message in [
            (", dl.range = [1.0]", "", "dl.sizes = {N = [1]}", "dl.range = [LOW, HIGH]"),
            (", dl.range = [2, 1]", "", "dl.sizes = {N = [1]}", "dl.range = [LOW, HIGH]"),
            (", dl.value = dense<1> : tensor<2xi32>", "", "", "of the type that they stand at"),
            ("", "dl.expect = 1 : i64", "dl.sizes = {N = [1]}", "of the type that they stand at"),
            ("", "", "dl.sizes = [1, 2]", "dl.sizes = {N = [1, 2], ...}"),
            ("", "", "dl.sizes = {N = [1, 2], M = [3]}", "as many dl.sizes"),
            ("", "", "", "give --dim N=SIZE"),
        ]:
            done = run("check", self.write_text(argument, result, function))
            self.assertEqual(done.returncode, 2, message)
            self.assertIn(message, done.stderr)

    def test_inspect(self):
        function, = answer("inspect", self.mlp, "--dim", "N=2")["functions"]
        self.assertEqual(function["inputs"], [{"name": "x", "type": "f32[2,64]"}])
        self.assertEqual(function["parameters"], 64 * 96 + 96 + 96 * 10 + 10)
        self.assertEqual(function["ops"]["matmul"], 2)
        self.assertGreater(function["flops"], 2 * 2 * (64 * 96 + 96 * 10))
        self.assertIn("x  f32[N,64]", run("inspect", self.mlp).stdout)
        step = answer("inspect", os.path.join(ROOT, "test/models/train.mlir"))["functions"][1]
        self.assertEqual([p["name"] for p in step["inputs"]], ["x", "y", "rate"])
        self.assertEqual(step["states"][-1], {"name": "steps", "type": "i64[]"})

    def test_ops(self):
        known = {op["op"] for op in answer("ops")["ops"]}
        self.assertLess({"Add", "MatMul", "Softmax"}, known)
        self.assertEqual(run("ops", self.mlp).returncode, 0)


if __name__ == "__main__":
    unittest.main(verbosity=2)
