#!/usr/bin/env python3
"""The importer's time and memory: large models that are fine, and small files that ask for much."""
import os
import subprocess
import sys
import tempfile
import unittest

import numpy as np
import onnx
from onnx import TensorProto, helper, numpy_helper

PROBE = sys.argv[1]
del sys.argv[1:]
OK, USAGE, UNSUPPORTED = 0, 2, 3
MIB = 1 << 20


def model(nodes, inputs=("x",), outputs=("y",), initializers=(), functions=(), domains=()):
    def value(name):
        return helper.make_tensor_value_info(name, TensorProto.FLOAT, ["N", 4])
    graph = helper.make_graph(list(nodes), "g", [value(v) for v in inputs], [value(v) for v in outputs],
                              list(initializers))
    imports = [helper.make_opsetid("", 21), *(helper.make_opsetid(d, 1) for d in domains)]
    return helper.make_model(graph, opset_imports=imports, functions=list(functions), ir_version=10)


def chain(length):
    names = ["x", *(f"t{i}" for i in range(length - 1)), "y"]
    w = numpy_helper.from_array(np.ones(4, np.float32), "w")
    nodes = (helper.make_node("Add", [names[i], "w"], [names[i + 1]], name=f"/block.{i}/Add") for i in range(length))
    return model(nodes, initializers=[w])


def functions(count, calls):
    """f0 is one Relu; each next one calls the one before `calls` times."""
    made = []
    for i in range(count):
        op, domain, n = (f"f{i - 1}", "local", calls) if i else ("Relu", "", 1)
        made.append(helper.make_function("local", f"f{i}", ["v0"], [f"v{n}"],
                                         [helper.make_node(op, [f"v{k}"], [f"v{k + 1}"], domain=domain) for k in range(n)],
                                         [helper.make_opsetid("", 21)]))
    return model([helper.make_node(f"f{count - 1}", ["x"], ["y"], domain="local")], functions=made, domains=["local"])


def varint(n):
    out = b""
    while n > 127:
        out += bytes([n & 127 | 128])
        n >>= 7
    return out + bytes([n])


def field(number, payload, size=None):
    """A length-delimited protobuf field; with `size`, only its head."""
    return varint(number << 3 | 2) + varint(len(payload) if size is None else size) + payload


class Limits(unittest.TestCase):
    def setUp(self):
        temporary = tempfile.TemporaryDirectory()
        self.addCleanup(temporary.cleanup)
        self.path = os.path.join(temporary.name, "m.onnx")

    def probe(self, data, seconds=5, mebibytes=2048):
        """(exit code, messages), within `seconds` of processor time, since the machine may be busy; `data` None: the file
        is there."""
        if data is not None:
            with open(self.path, "wb") as f:
                f.write(data if isinstance(data, bytes) else data.SerializeToString())
        done = subprocess.run([PROBE, "--usage", self.path], capture_output=True, text=True, errors="replace")
        took, used = done.stdout.split()
        took, used = float(took), int(used) / 1024
        print(f"  {self.id().split('.')[-1]}: {took:.2f} s, {used:.0f} MiB, {done.stderr[:80]!r}")
        self.assertLess(took, seconds, done.stderr)
        self.assertLess(used, mebibytes, done.stderr)
        return done.returncode, done.stderr

    def refused(self, data, code, words):
        exit_code, text = self.probe(data)
        self.assertEqual(exit_code, code, text)
        self.assertIn(words, text)

    def test_ten_thousand_nodes(self):
        self.assertEqual(self.probe(chain(10_000), seconds=1, mebibytes=200)[0], OK)

    def large(self, pad):
        """512 MiB of zeros as raw_data, at the end of the file, which is sparse; `pad` moves its start."""
        size = 512 * MIB
        m = model([helper.make_node("Relu", ["w"], ["y"])], inputs=[])
        m.producer_name = "p" * pad
        m.graph.output[0].type.tensor_type.ClearField("shape")
        graph = m.graph.SerializeToString()
        m.ClearField("graph")
        tensor = TensorProto(data_type=TensorProto.FLOAT, dims=[size // 4], name="w").SerializeToString()
        head = field(9, b"", size)
        initializer = field(5, b"", len(tensor) + len(head) + size) + tensor + head
        start = m.SerializeToString() + field(7, b"", len(graph) + len(initializer) + size) + graph + initializer
        with open(self.path, "wb") as f:
            f.write(start)
            f.truncate(len(start) + size)

    def test_large_weights_are_not_copied(self):
        for pad in range(1, 5):
            self.large(pad)
            self.assertEqual(self.probe(None, seconds=1, mebibytes=150)[0], OK)

    def test_more_than_two_gigabytes(self):
        with open(self.path, "wb") as f:
            f.truncate((2 << 30) + 1)
        self.refused(None, UNSUPPORTED, "[E0605] the file has 2147483649 bytes, and protobuf stops at 2 GB")

    def test_many_tiny_messages(self):
        self.refused(field(7, field(1, b"") * (20 * MIB)), UNSUPPORTED, "[E0605] the model without its tensor data")

    def test_many_tiny_unknown_fields(self):
        self.refused(b"\xf8\x7f\x00" * (60 * MIB), UNSUPPORTED, "[E0605] the model without its tensor data")

    def test_a_long_name(self):
        self.refused(field(7, field(1, field(4, b"x" * (100 * MIB)))), UNSUPPORTED, "[E0605] a name has 104857600 bytes")

    def test_functions_that_explode(self):
        self.refused(functions(60, 2), UNSUPPORTED, "[E0605] the model has more than 250000 nodes")

    def test_a_long_chain_of_functions(self):
        self.refused(functions(50_000, 1), UNSUPPORTED, "[E0605] graphs and function calls are nested deeper than 64")

    def test_a_cycle_of_a_hundred_thousand(self):
        nodes = [helper.make_node("Relu", [f"v{(i + 1) % 100_000}"], [f"v{i}"]) for i in range(100_000)]
        self.refused(model(nodes, outputs=["v0"]), USAGE, "[E0204] 100000 nodes in a cycle")

    def test_the_most_nodes_that_are_taken(self):
        self.assertEqual(self.probe(chain(250_000))[0], OK)


if __name__ == "__main__":
    unittest.main(verbosity=1)
