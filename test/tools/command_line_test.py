#!/usr/bin/env python3
"""dlc's run, bench and exit codes, and tools/python/dlc.py, against a library written by hand (fake_model.c)."""
import json
import os
import subprocess
import sys
import tempfile
import unittest

import numpy as np
import onnx

DLC, FAKE, ROOT = sys.argv[1:4]
del sys.argv[1:]
sys.path.insert(0, os.path.join(ROOT, "tools", "python"))
import dlc


def run(*arguments):
    return subprocess.run([DLC, *arguments], capture_output=True, text=True, stdin=subprocess.DEVNULL, timeout=60)


class CommandLine(unittest.TestCase):
    def setUp(self):
        self.folder = tempfile.TemporaryDirectory()
        self.addCleanup(self.folder.cleanup)
        self.x = np.array([[1, 2], [3, 4], [5, 0.5]], np.float32)
        np.save(self.path("x.npy"), self.x)
        np.savez(self.path("two.npz"), a=self.x, b=self.x.T)
        np.save(self.path("fortran.npy"), np.asfortranarray(self.x))
        with open(self.path("x.pb"), "wb") as f:
            f.write(onnx.numpy_helper.from_array(self.x).SerializeToString())

    def path(self, name):
        return os.path.join(self.folder.name, name)

    def test_inputs_of_every_kind(self):
        for source in ("x.npy", "fortran.npy", "two.npz:a", "x.pb"):
            done = run("run", FAKE, "-i", f"x:0=@{self.path(source)}", "-o", self.path("out.npz"))
            self.assertEqual((done.returncode, done.stderr), (0, ""), source)
            out = np.load(self.path("out.npz"))
            np.testing.assert_array_equal(out["y:0"], 2 * self.x)
            self.assertEqual((out["count"].dtype, out["count"].shape, int(out["count"])), (np.int64, (), 3))

    def test_json(self):
        done = run("run", FAKE, "-i", f"x:0=@{self.path('x.npy')}", "--json")
        answer = json.loads(done.stdout)
        self.assertEqual((answer["exit"], answer["variant"], answer["diagnostics"]), (0, "by-hand", []))
        self.assertEqual([o["name"] for o in answer["outputs"]], ["y:0", "count"])
        self.assertEqual(answer["outputs"][0]["dims"], [3, 2])
        self.assertEqual(answer["outputs"][0]["max"], 10)

    def test_random_inputs_are_the_same_each_time(self):
        one, two = (run("run", FAKE, "-i", "x:0=rand", "--dim", "N=4", "--json").stdout for _ in range(2))
        self.assertEqual(json.loads(one), json.loads(two))
        other = run("run", FAKE, "-i", "x:0=rand", "--dim", "N=4", "--seed", "1", "--json").stdout
        self.assertNotEqual(json.loads(one)["outputs"][0]["mean"], json.loads(other)["outputs"][0]["mean"])

    def test_mistakes(self):
        np.save(self.path("i.npy"), np.zeros((2, 2), np.int32))
        np.save(self.path("bad.npy"), np.full((1, 2), -5, np.float32))
        given = f"x:0=@{self.path('x.npy')}"
        for arguments, message in [
            (["run", FAKE], "input 'x:0' f32[N,2] is missing"),
            (["run", FAKE, "-i", "x:0=rand"], "give --dim N=SIZE"),
            (["run", FAKE, "-i", "z=rand"], "no input 'z'; there are: x:0"),
            (["run", FAKE, "-i", "x:0=3"], "expects NAME=@FILE or NAME=rand"),
            (["run", FAKE, "-i", f"x:0=@{self.path('none.npy')}"], "No such file"),
            (["run", FAKE, "-i", f"x:0=@{self.path('i.npy')}"], "input x is f32"),
            (["run", FAKE, "-i", f"x:0=@{self.path('two.npz:b')}"], "input x is f32[N,2]"),
            (["run", FAKE, "-i", f"x:0=@{self.path('bad.npy')}"], 'node "first" (Double): bad value'),
            (["run", FAKE, "-i", given, "--function", "train"], "no function 'train'"),
            (["run", FAKE, "-i", given, "--threads", "99"], "no such threads"),
            (["run", FAKE, "-i", "x:0=rand", "--dim", "N=many"], "--dim expects NAME=SIZE, got 'N=many'"),
            (["run", FAKE, "-i", given, "-o", self.path("none/out.npz")], "cannot be written"),
            (["run", self.path("x.so"), "-i", given], "not a shared library"),
            (["bench", FAKE, "--threads", "0"], "threads"),
            (["nonsense"], "subcommand"),
            ([], "subcommand"),
        ]:
            done = run(*arguments)
            self.assertEqual(done.returncode, 2, arguments)
            self.assertIn(message, done.stderr)
            self.assertTrue(done.stderr.startswith("error"), done.stderr)

    def test_mistakes_as_json(self):
        done = run("run", FAKE, "--json")
        answer = json.loads(done.stdout)
        self.assertEqual((done.returncode, answer["exit"], done.stderr), (2, 2, ""))
        self.assertIn("is missing", answer["diagnostics"][0]["message"])

    def test_bench(self):
        answer = json.loads(run("bench", FAKE, "--dim", "N=8", "--threads", "1,2", "--seconds", "0.05", "--json").stdout)
        self.assertEqual(answer["flops"], 16)
        self.assertEqual([t["threads"] for t in answer["timings"]], [1, 2])
        for timing in answer["timings"]:
            self.assertLessEqual(timing["p50"], timing["p99"])
            self.assertGreater(timing["peak_gflops"], 1)

    def test_every_command_has_an_example(self):
        for command in ("compile", "run", "check", "bench", "profile", "inspect", "ops"):
            done = run(command, "--help")
            self.assertEqual(done.returncode, 0)
            self.assertIn(f"Example:\n  dlc {command} ", done.stdout)

    def test_python(self):
        model = dlc.Model(FAKE)
        self.assertEqual(model.variant, "by-hand")
        outputs = model.run({"x:0": self.x})
        np.testing.assert_array_equal(outputs["y:0"], 2 * self.x)
        self.assertEqual(int(outputs["count"]), 3)
        with self.assertRaisesRegex(dlc.ModelError, "input x is f32") as caught:
            model.run({"x:0": self.x.astype(np.int64)})
        self.assertEqual(caught.exception.status, 2)
        with self.assertRaisesRegex(ValueError, "expects inputs x:0, got y"):
            model.run({"y": self.x})
        with self.assertRaisesRegex(dlc.ModelError, "no such threads"):
            dlc.Model(FAKE, threads=99)


if __name__ == "__main__":
    unittest.main()
