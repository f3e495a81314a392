#!/usr/bin/env python3
"""find_package(dlc) and dlc_add_model: a project is built, rebuilt when what it was made of changes, and only then."""
import os
import pathlib
import subprocess
import sys
import tempfile
import time
import unittest

import numpy as np
import onnx
from onnx import TensorProto, helper

PREFIX, CMAKE, ROOT = sys.argv[1:4]
del sys.argv[1:]
PROJECT = pathlib.Path(ROOT) / "test" / "package" / "add-model"


def run(*command):
    return subprocess.run([str(c) for c in command], capture_output=True, text=True, timeout=300)


def write_model(folder, weight):
    """y = x w, with w in a file of its own."""
    tensor = onnx.numpy_helper.from_array(np.asarray(weight, np.float32), "w")
    graph = helper.make_graph([helper.make_node("MatMul", ["x", "w"], ["y"], "product")], "net",
                              [helper.make_tensor_value_info("x", TensorProto.FLOAT, ["N", 2])],
                              [helper.make_tensor_value_info("y", TensorProto.FLOAT, ["N", 2])], [tensor])
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 21)], ir_version=10)
    onnx.save_model(model, folder / "net.onnx", save_as_external_data=True, location="w.bin", size_threshold=0)


class AddModel(unittest.TestCase):
    def setUp(self):
        temporary = tempfile.TemporaryDirectory()
        self.addCleanup(temporary.cleanup)
        # A name that rules must quote.
        self.models, self.build = pathlib.Path(temporary.name) / "my models", pathlib.Path(temporary.name) / "build"
        self.models.mkdir()
        write_model(self.models, [[1, 2], [3, 4]])

    def configure(self, *arguments, source=PROJECT, prefix=PREFIX):
        return run(CMAKE, "-G", "Ninja", "-S", source, "-B", self.build, f"-DCMAKE_PREFIX_PATH={prefix}",
                   f"-DMODELS={self.models}", *arguments)

    def make(self):
        """What the build said: the names of the models that it compiled."""
        done = run(CMAKE, "--build", self.build)
        self.assertEqual(done.returncode, 0, done.stdout + done.stderr)
        return sorted(line.split()[-1] for line in done.stdout.splitlines() if "Compiling the model" in line), done.stdout

    def printed(self):
        done = run(self.build / "use")
        self.assertEqual(done.returncode, 0, done.stderr)
        return [line.split() for line in done.stdout.splitlines()]

    def test_builds_when_something_changed_and_only_then(self):
        done = self.configure()
        self.assertEqual(done.returncode, 0, done.stdout + done.stderr)
        both = ["shared_net", "static_net"]
        self.assertEqual(self.make()[0], both)
        self.assertEqual(self.printed(), [["1", "1"], ["2", "2"], ["3", "3"], ["4", "4"]])
        self.assertIn("no work to do", self.make()[1])

        (self.models / "other.onnx").write_bytes(b"")
        (self.models / "net.json").write_text("{}")
        self.assertIn("no work to do", self.make()[1])

        time.sleep(0.01)
        os.utime(self.models / "net.onnx")
        self.assertEqual(self.make()[0], both)
        self.assertIn("no work to do", self.make()[1])

        # The data alone: the model names the file, and is the same as before.
        data = self.models / "w.bin"
        stamp = (self.models / "net.onnx").stat().st_mtime_ns
        data.write_bytes(np.array([[5, 6], [7, 8]], np.float32).tobytes())
        self.assertEqual((self.models / "net.onnx").stat().st_mtime_ns, stamp)
        self.assertEqual(self.make()[0], both)
        self.assertEqual(self.printed(), [["5", "5"], ["6", "6"], ["7", "7"], ["8", "8"]])
        self.assertIn("no work to do", self.make()[1])

    def test_builds_again_with_another_dlc(self):
        # A prefix of its own, whose program is a script that this test may touch.
        prefix = self.build.parent / "prefix"
        (prefix / "bin").mkdir(parents=True)
        program = prefix / "bin" / "dlc"
        program.write_text(f"#!/bin/sh\nexec '{PREFIX}/bin/dlc' \"$@\"\n")
        program.chmod(0o755)
        package = prefix / "lib" / "cmake" / "dlc"
        package.mkdir(parents=True)
        for file in (pathlib.Path(PREFIX) / "lib" / "cmake" / "dlc").iterdir():
            (package / file.name).write_text(file.read_text())
        self.assertEqual(self.configure(prefix=prefix).returncode, 0)
        self.make()
        self.assertIn("no work to do", self.make()[1])
        time.sleep(0.01)
        os.utime(program)
        self.assertEqual(self.make()[0], ["shared_net", "static_net"])

    def test_a_model_that_does_not_compile_stops_the_build(self):
        (self.models / "net.onnx").write_bytes(b"no model")
        self.assertEqual(self.configure().returncode, 0)
        done = run(CMAKE, "--build", self.build)
        self.assertNotEqual(done.returncode, 0)
        self.assertIn("error[", done.stdout + done.stderr)

    def test_mistakes(self):
        source = self.build.parent / "source"
        source.mkdir()
        for call, message in [
            ("dlc_add_model(net m.onnx CPUS native)", 'does not know what "CPUS"'),
            ("dlc_add_model(net m.onnx DIM)", 'does not know what "DIM"'),
            ("dlc_add_model(my-net m.onnx)", "expects a C identifier"),
        ]:
            (source / "CMakeLists.txt").write_text("cmake_minimum_required(VERSION 3.25)\nproject(p LANGUAGES C)\n"
                                                   f"find_package(dlc REQUIRED)\n{call}\n")
            done = self.configure(source=source)
            self.assertNotEqual(done.returncode, 0, call)
            self.assertIn(message, " ".join(done.stderr.split()))


if __name__ == "__main__":
    unittest.main(verbosity=2)
