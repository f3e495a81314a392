#!/usr/bin/env python3
"""Whole models through `dlc compile`: C programs that link them, results against ONNX Runtime, what the files are."""
import filecmp
import itertools
import os
import re
import subprocess
import sys
import tempfile
import unittest

import numpy as np

DLC, CC, ROOT = sys.argv[1:4]
del sys.argv[1:]
HERE = os.path.dirname(os.path.abspath(__file__))
sys.path[:0] = [os.path.join(ROOT, "tools", "python"), HERE]
import dlc
import models

LLVM = "/usr/lib/llvm-22/bin"
VARIANTS = "x86-64-v4,x86-64-v3,x86-64"


def tool(*command):
    return subprocess.run(command, check=True, capture_output=True, text=True).stdout


class Libraries(unittest.TestCase):
    def setUp(self):
        temporary = tempfile.TemporaryDirectory()
        self.addCleanup(temporary.cleanup)
        self.folder = temporary.name

    def archives(self, *builders):
        paths = [build(self.folder) for build in builders]
        for path in paths:
            models.compile_model(DLC, path, self.folder)
        return paths, [os.path.join(self.folder, "lib" + os.path.basename(p).replace(".onnx", ".a")) for p in paths]

    def run_program(self, program, *arguments):
        done = subprocess.run([program, *arguments], capture_output=True, text=True, timeout=120)
        self.assertEqual(done.returncode, 0, done.stdout + done.stderr)

    def test_two_models_in_one_program(self):
        (mlp, norm), archives = self.archives(models.mlp, models.norm)
        x, a, b = (models.random_floats(i, *s) for i, s in enumerate([(37, 64), (48, 200), (48, 200)]))
        probs, = models.run_onnxruntime(mlp, {"x": x})
        y, total = models.run_onnxruntime(norm, {"a": a, "b": b})
        for name, value in dict(x=x, probs=probs, a=a, b=b, y=y, total=total).items():
            value.tofile(os.path.join(self.folder, name))
        program = models.compile_c(CC, os.path.join(HERE, "two_models.c"), self.folder, archives)
        self.run_program(program, self.folder)

    def test_no_allocation_in_run(self):
        _, archives = self.archives(models.mlp, models.norm, models.lstm)
        program = models.compile_c(CC, os.path.join(HERE, "no_allocation.c"), self.folder, archives, standard="c11")
        for threads in ("1", "2"):
            self.run_program(program, threads)

    def test_bad_values(self):
        _, archives = self.archives(models.values, models.product)
        program = models.compile_c(CC, os.path.join(HERE, "bad_values.c"), self.folder, archives, standard="c11")
        self.run_program(program)

    def test_symbolic_batch(self):
        path = models.mlp(self.folder)
        model = dlc.Model(models.compile_model(DLC, path, self.folder))
        for n in (0, 1, 7, 12, 13, 33, 100, 1, 0):
            x = models.random_floats(n, n, 64)
            expected, = models.run_onnxruntime(path, {"x": x}) if n else [np.zeros((0, 10), np.float32)]
            actual = model.run({"x": x})["probs"]
            self.assertEqual(actual.shape, expected.shape)
            np.testing.assert_allclose(actual, expected, rtol=1e-5, atol=1e-6, err_msg=f"N = {n}")

    def test_loops_and_branches(self):
        path = models.loops(self.folder)
        model = dlc.Model(models.compile_model(DLC, path, self.folder))
        random = np.random.default_rng(3)
        for n, trips, limit in itertools.product((1, 2, 7, 3), (0, 1, 4, 9), (0.5, 5, 1e9)):
            x = random.random((n, 3), np.float32) * (random.random((n, 3)) > 0.3).astype(np.float32)
            inputs = {"x": x, "m": np.array(trips), "limit": np.array(limit, np.float32), "init": np.zeros(3, np.float32)}
            actual = model.run(inputs)
            for name, expected in zip(("final", "maxes", "branch"), models.run_onnxruntime(path, inputs)):
                self.assertEqual(actual[name].shape, expected.shape, name)
                np.testing.assert_allclose(actual[name], expected, rtol=1e-5, err_msg=f"{name} {n} {trips} {limit}")

    def test_branch_that_is_known(self):
        model = dlc.Model(models.compile_model(DLC, models.squeezed(self.folder), self.folder))
        x = models.random_floats(0, 5, 1, 3)
        np.testing.assert_array_equal(model.run({"x": x})["y"], -x[:, 0])

    def test_loop_that_stacks_what_does_not_fit(self):
        model = dlc.Model(models.compile_model(DLC, models.ragged(self.folder), self.folder))
        self.assertEqual(model.run({"n": np.array(1)})["rows"].shape, (1, 0))
        self.assertEqual(model.run({"n": np.array(0)})["rows"].shape, (0, 0))
        with self.assertRaisesRegex(dlc.ModelError, "grow"):
            model.run({"n": np.array(2)})

    def test_training(self):
        """Steps of train.mlir follow numpy's, whose gradients finite differences confirm, and change what `run` sees."""
        library = models.compile_model(DLC, os.path.join(HERE, "train.mlir"), self.folder, "--cpu", VARIANTS)
        random = np.random.default_rng(5)
        start = {"w1": random.normal(0, 0.5, (8, 24)), "b1": random.normal(0, 0.1, 24), "w2": random.normal(0, 0.5, (24, 5))}

        def loss(state, x, y):
            h = np.maximum(x @ state["w1"] + state["b1"], 0)
            d = h @ state["w2"] - y
            da = (d @ state["w2"].T) * (h > 0)
            return (d * d).sum() / 2, {"w1": x.T @ da, "b1": da.sum(0), "w2": h.T @ d}

        x, y = random.normal(size=(13, 8)), random.normal(size=(13, 5))
        _, gradients = loss(start, x, y)
        for name, place in (("w1", (3, 7)), ("b1", (11,)), ("w2", (20, 4))):
            ends = []
            for step in (1e-6, -1e-6):
                moved = {k: v.copy() for k, v in start.items()}
                moved[name][place] += step
                ends.append(loss(moved, x, y)[0])
            self.assertAlmostEqual((ends[0] - ends[1]) / 2e-6, gradients[name][place], places=4, msg=name)

        for variant in VARIANTS.split(","):
            try:
                model = dlc.Model(library, variant=variant)
            except dlc.ModelError as error:
                if error.status != 7:  # a variant that this machine does not run
                    raise
                print("this machine does not run", variant)
                continue
            state = {k: v.copy() for k, v in start.items()}
            for name, value in state.items():
                model.set_state(name, value)
            losses = []
            for step, n in enumerate((13, 1, 33, 0, 7) * 8):
                x, y = random.normal(size=(n, 8)), random.normal(size=(n, 5))
                expected, gradients = loss(state, x, y)
                state = {k: v - 0.002 * gradients[k] for k, v in state.items()}
                inputs = {"x": x.astype(np.float32), "y": y.astype(np.float32), "rate": np.float32([0.002]).reshape(())}
                losses.append(float(model.run(inputs, "train_step")["loss"][0, 0]))
                self.assertAlmostEqual(losses[-1], expected, delta=1e-4 * (1 + expected))
            for name, value in state.items():
                np.testing.assert_allclose(model.get_state(name), value, rtol=1e-4, atol=1e-5, err_msg=name)
            self.assertEqual(model.get_state("steps"), 40)
            x = random.normal(size=(9, 8))
            np.testing.assert_allclose(model.run({"x": x.astype(np.float32)})["p"],
                                       np.maximum(x @ state["w1"] + state["b1"], 0) @ state["w2"], rtol=1e-3, atol=1e-4)

    def test_same_bits_on_any_number_of_threads(self):
        for build, inputs in [(models.mlp, {"x": models.random_floats(0, 100, 64)}),
                              (models.norm, {k: models.random_floats(i, 48, 200) for i, k in enumerate("ab")}),
                              (models.product, {k: models.random_floats(i, 512, 512) for i, k in enumerate("ab")})]:
            library = models.compile_model(DLC, build(self.folder), self.folder)
            reference = dlc.Model(library, threads=1).run(inputs)
            for threads in (1, 2, 3):
                model = dlc.Model(library, threads=threads)
                for _ in range(5):
                    for name, value in model.run(inputs).items():
                        self.assertEqual(value.tobytes(), reference[name].tobytes(), f"{library} {name}")

    def test_compiles_are_the_same_everywhere(self):
        folders = [os.path.join(self.folder, name) for name in ("one", "another/deeper")]
        for folder in folders:
            os.makedirs(os.path.join(folder, "out"))
            models.compile_model(DLC, models.mlp(folder), os.path.join(folder, "out"), "--cpu", VARIANTS)
        one, other = (os.path.join(folder, "out") for folder in folders)
        files = {os.path.relpath(os.path.join(at, f), one) for at, _, names in os.walk(one) for f in names}
        self.assertIn("libmlp.so", files)
        same, different, missing = filecmp.cmpfiles(one, other, files, shallow=False)
        self.assertEqual((different, missing), ([], []))
        self.assertEqual(len(same), len(files))

    def test_weights_are_not_copied(self):
        features = 2048
        library = models.compile_model(DLC, models.mlp(self.folder, features=features, hidden=4096), self.folder)
        weights = features * 4096 * 4
        self.assertGreater(os.path.getsize(library), weights)
        grown = int(tool(sys.executable, os.path.join(HERE, "mapped_weights.py"), ROOT, library, str(features)))
        print(f"{weights >> 20} MiB of weights: {grown / 2**20:.1f} MiB of memory beside the mapped library")
        self.assertLess(grown, weights / 8)

    def test_library_is_small_and_keeps_to_itself(self):
        path = models.mlp(self.folder, features=64, hidden=128)
        weights = os.path.getsize(path)
        for cpus in ("x86-64-v3", VARIANTS):
            library = models.compile_model(DLC, path, self.folder, "--cpu", cpus)
            tool(f"{LLVM}/llvm-strip", library)
            size = os.path.getsize(library) - weights
            self.assertLess(size, 200 * 1024, cpus)
            print(f"mlp for {cpus}: {size / 1024:.0f} KiB without weights")
        dynamic = tool(f"{LLVM}/llvm-readelf", "--dynamic", library)
        self.assertLessEqual(set(re.findall(r"\(NEEDED\).*\[(.*)\]", dynamic)), {"libc.so.6", "libm.so.6", "libpthread.so.0"})
        exported = tool(f"{LLVM}/llvm-nm", "--dynamic", "--defined-only", "--format=just-symbols", library).split()
        self.assertTrue(exported)
        self.assertEqual([name for name in exported if not name.startswith("mlp_")], [])
        sections = tool(f"{LLVM}/llvm-readelf", "--sections", library)
        self.assertNotRegex(sections, r"\.(init_array|ctors|fini_array)")
        sizes = re.findall(r"\s\.(data|bss)\s+\S+\s+\S+\s+\S+\s+([0-9a-f]+)", sections)
        self.assertEqual([s for s in sizes if int(s[1], 16)], [], "writable globals")


if __name__ == "__main__":
    unittest.main(verbosity=2)
