"""Single nodes as cases: what they are given, and what must come out.

A case is one ONNX node and a list of runs. Cases of one opset become one library, each with its own inputs and dims, so
that a table of them costs one compile; libraries run in a process of their own, which may crash without the test.
A test file has tables of cases, NodeTest runs them. Example: test/models/bad_windows_test.py build/bin/dlc -k pools
"""
import concurrent.futures
import os
import pickle
import re
import subprocess
import sys
import tempfile
import unittest

import numpy as np
import onnx
from onnx import helper, numpy_helper

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
sys.path[:0] = [os.path.join(ROOT, "tools", "python")]
import dlc  # noqa: E402

SECONDS = 60  # more is a hang

F, I, I32, B = np.float32, np.int64, np.int32, np.bool_
NAN, INF, HUGE, MOST = np.nan, np.inf, 1 << 62, 1 << 31


def f(*shape, seed=1):
    return np.random.default_rng(seed).uniform(-1, 1, shape).astype(F)


def ints(*values):
    return np.array(values, I)


def zeros(*shape, dtype=F):
    return np.zeros(shape, dtype)


def _short(value):
    return f"{value.dtype}{list(value.shape)}" if isinstance(value, np.ndarray) and value.size > 6 else str(value)


class Run:
    """Values of a case's inputs in order; `expect` is None for what ONNX Runtime says, arrays, or words of an error,
    which names the node unless it is not `located`."""

    def __init__(self, *values, expect=None, located=True):
        self.values, self.expect, self.located = [np.asarray(v) for v in values], expect, located

    def text(self):
        return ", ".join(_short(v) for v in self.values)


def good(*values, expect=None):
    return Run(*values, expect=expect)


def bad(words, *values, located=True):
    return Run(*values, expect=words, located=located)


def large(*values):
    """Sizes that no memory holds: what is first to know is an output, or the plan of the memory."""
    return bad("expects|exceed the address space|its size overflows", *values, located=False)


class Case:
    """`inputs`: an initializer (an array), dims of f32, (dtype, dims), or None for one that is absent."""

    def __init__(self, op, inputs, *runs, outputs=1, opset=21, domain="", tolerance=1e-5, **attributes):
        self.op, self.runs, self.opset, self.domain, self.tolerance = op, runs, opset, domain, tolerance
        self.attributes = attributes
        self.inputs = [np.asarray(i) if isinstance(i, np.generic) else i for i in inputs]
        self.outputs = [f"y{i}" for i in range(outputs)]
        self.name = f"the_{op}"

    def text(self):
        return f"{self.op} {[_short(i) for i in self.inputs]} {self.attributes}"

    def parts(self, prefix=""):
        """Node, inputs (name, dtype, dims) and initializers, all names with `prefix`."""
        names, infos, weights = [], [], []
        for i, given in enumerate(self.inputs):
            name = f"{prefix}x{i}"
            names.append("" if given is None else name)
            if isinstance(given, np.ndarray):
                weights.append(numpy_helper.from_array(given, name))
            elif given is not None:
                dtype, dims = given if isinstance(given, tuple) else (np.float32, given)
                infos.append((name, helper.np_dtype_to_tensor_dtype(np.dtype(dtype)),
                              [prefix + d if isinstance(d, str) else d for d in dims]))
        node = helper.make_node(self.op, names, [prefix + y for y in self.outputs], prefix + self.name,
                                domain=self.domain, **self.attributes)
        return node, infos, weights

    def model(self):
        return _model([self.parts()], [self.outputs], self.opset, self.domain)


def _model(parts, outputs, opset, domain=""):
    infos = [helper.make_tensor_value_info(*info) for _, inputs, _ in parts for info in inputs]
    graph = helper.make_graph([node for node, _, _ in parts], "nodes", infos,
                              [helper.make_empty_tensor_value_info(y) for names in outputs for y in names],
                              [w for _, _, weights in parts for w in weights])
    imports = [helper.make_opsetid("", opset)] + ([helper.make_opsetid(domain, 1)] if domain else [])
    return helper.make_model(graph, opset_imports=imports, ir_version=10)


class Library:
    """Cases compiled together."""

    def __init__(self, tool, cases, folder):
        self.cases, self.folder = cases, folder
        prefixes = [f"c{i}_" for i in range(len(cases))]
        parts = [case.parts(prefix) for case, prefix in zip(cases, prefixes)]
        outputs = [[prefix + y for y in case.outputs] for case, prefix in zip(cases, prefixes)]
        self.names = [[name for name, _, _ in inputs] for _, inputs, _ in parts]
        path = os.path.join(folder, "nodes.onnx")
        onnx.save(_model(parts, outputs, cases[0].opset, cases[0].domain), path)
        try:
            command = [tool, "compile", path, "-o", folder]
            done = subprocess.run(command, capture_output=True, text=True, timeout=SECONDS)
            self.error = f"code {done.returncode}: {done.stderr}" if done.returncode else ""
        except subprocess.TimeoutExpired:
            self.error = "compiling does not end"
        self.path = os.path.join(folder, "libnodes.so")

    def run(self):
        """For each run of each case (case, run, outputs or the text of an error). The other cases are given their first
        run."""
        base = {name: v for case, names in zip(self.cases, self.names) for name, v in zip(names, case.runs[0].values)}
        jobs = [(case, run, {**base, **dict(zip(names, run.values))})
                for case, names in zip(self.cases, self.names) for run in case.runs]
        results = []
        while len(results) < len(jobs):
            results += self._in_process([inputs for _, _, inputs in jobs[len(results):]])
        for (case, run, _), result in zip(jobs, results):
            prefix = f"c{self.cases.index(case)}_"
            yield case, run, result if isinstance(result, str) else [result[prefix + y] for y in case.outputs]

    def _in_process(self, jobs):
        given, got = (os.path.join(self.folder, name) for name in ("given.pickle", "got.pickle"))
        with open(given, "wb") as f:
            pickle.dump(jobs, f)
        open(got, "wb").close()
        try:
            command = [sys.executable, __file__, self.path, given, got]
            done = subprocess.run(command, timeout=SECONDS, capture_output=True, text=True)
            how = f"crashed with code {done.returncode}: {done.stderr[-300:]}"
        except subprocess.TimeoutExpired:
            how = "did not end"
        results = []
        with open(got, "rb") as f:
            while True:
                try:
                    results.append(pickle.load(f))
                except EOFError:
                    break
        return results if len(results) == len(jobs) else results + [how]


def _serve(library, given, got):
    """In the process of its own: runs every job, each result on disk before the next begins."""
    model = dlc.Model(library, threads=2)
    with open(given, "rb") as f:
        jobs = pickle.load(f)
    with open(got, "ab") as f:
        for inputs in jobs:
            try:
                result = model.run(inputs)
            except dlc.ModelError as error:
                result = f"error: {error}"
            pickle.dump(result, f)
            f.flush()


def problem(case, run, result):
    """What is wrong with a result, or None."""
    if isinstance(run.expect, str):
        if not isinstance(result, str):
            return f"expects an error '{run.expect}', got {result}"
        where = result.startswith("error: ") and (case.name in result or not run.located)
        fits = where and re.search(run.expect, result)
        return None if fits else f"expects an error '{run.expect}' that names the node, got {result}"
    if isinstance(result, str):
        return result
    expected = run.expect
    if expected is None:
        try:
            expected = run_onnxruntime(case, run.values)
        except Exception as error:
            return f"ONNX Runtime has no answer: {error}, got {result}"
    for got, want in zip(result, expected):
        want = np.asarray(want)
        if got.shape != want.shape or got.dtype != want.dtype:
            return f"expects {want.dtype}{want.shape}, got {got.dtype}{got.shape}"
        try:
            np.testing.assert_allclose(got, want, case.tolerance, case.tolerance)
        except AssertionError as difference:
            return str(difference)
    return None


def run_onnxruntime(case, values):
    import onnxruntime

    onnxruntime.set_default_logger_severity(4)
    names = [name for name, _, _ in case.parts()[1]]
    session = onnxruntime.InferenceSession(case.model().SerializeToString(), providers=["CPUExecutionProvider"])
    return session.run(None, dict(zip(names, values)))


class NodeTest(unittest.TestCase):
    tool = None  # dlc

    def setUp(self):
        temporary = tempfile.TemporaryDirectory()
        self.addCleanup(temporary.cleanup)
        self.folder = temporary.name

    def run_all(self, *cases):
        """Every run of every case, by the library."""
        for opset, domain in sorted({(case.opset, case.domain) for case in cases}):
            self._run_library([c for c in cases if (c.opset, c.domain) == (opset, domain)])

    def _run_library(self, cases):
        library = Library(self.tool, cases, tempfile.mkdtemp(dir=self.folder))
        if library.error and len(cases) > 1:  # which of them?
            for case in cases:
                self._run_library([case])
            return
        with self.subTest(cases=cases[0].text()):
            self.assertEqual(library.error, "")
        for case, run, result in [] if library.error else library.run():
            with self.subTest(case=case.text(), values=run.text()):
                self.assertIsNone(problem(case, run, result))

    def refuse(self, *cases):
        """(words of the message, case): what compiling says, and leaves behind."""
        def compile_case(case):
            folder = tempfile.mkdtemp(dir=self.folder)
            path, out = os.path.join(folder, "bad.onnx"), os.path.join(folder, "out")
            onnx.save(case.model(), path)
            try:
                command = [self.tool, "compile", path, "-o", out]
                done = subprocess.run(command, capture_output=True, text=True, timeout=SECONDS)
            except subprocess.TimeoutExpired:
                return None, "does not end", []
            return done.returncode, done.stderr, os.listdir(out) if os.path.exists(out) else []

        with concurrent.futures.ThreadPoolExecutor(2) as pool:
            results = pool.map(compile_case, [case for _, case in cases])
        for (words, case), (code, error, files) in zip(cases, results):
            with self.subTest(case=case.text(), words=words):
                self.assertIn(code, (2, 3), error)
                self.assertRegex(error, "(?s)^error\\[E0.*" + case.name)
                self.assertRegex(error, words)
                self.assertEqual(files, [])


def main():
    """Of a test file: the first argument is dlc."""
    NodeTest.tool = sys.argv.pop(1)
    unittest.main()


if __name__ == "__main__":
    _serve(*sys.argv[1:])
