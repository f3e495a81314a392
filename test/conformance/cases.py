"""The tests of the onnx package's backend suite: models, inputs, expected outputs."""
import dataclasses
import glob
import os
import warnings

import numpy as np
import onnx
from onnx import numpy_helper

KINDS = ("node", "simple", "pytorch-converted", "pytorch-operator")


@dataclasses.dataclass
class Case:
    name: str  # node/abs
    model: bytes
    data: list  # of (inputs by name, expected outputs in graph order)
    rtol: float
    atol: float
    op: str  # of a node test
    dtype: str  # of its first input, or else output


def _value(proto_bytes, value_info):
    kind = value_info.type.WhichOneof("value")
    if kind == "sequence_type":
        return numpy_helper.to_list(onnx.SequenceProto.FromString(proto_bytes))
    if kind == "optional_type":
        return numpy_helper.to_optional(onnx.OptionalProto.FromString(proto_bytes))
    return numpy_helper.to_array(onnx.TensorProto.FromString(proto_bytes))


def _data_set(folder, model):
    def read(what, values):
        count = len(glob.glob(os.path.join(folder, f"{what}_*.pb")))
        for i in range(count):
            with open(os.path.join(folder, f"{what}_{i}.pb"), "rb") as f:
                yield values[i].name, _value(f.read(), values[i])

    return dict(read("input", model.graph.input)), [v for _, v in read("output", model.graph.output)]


def _array(value):
    return numpy_helper.to_array(value) if isinstance(value, onnx.TensorProto) else value


def _node_data(model, data_set):
    inputs, outputs = data_set
    return {info.name: _array(v) for info, v in zip(model.graph.input, inputs)}, [_array(v) for v in outputs]


def _dtype_of(model):
    for info in list(model.graph.input) + list(model.graph.output):
        kind = info.type.WhichOneof("value")
        if kind != "tensor_type":
            return (kind or "none").removesuffix("_type")
        return onnx.TensorProto.DataType.Name(info.type.tensor_type.elem_type).lower()
    return "none"


def load(kind):
    """All cases of a kind, sorted by name. Expanded duplicates of node tests are left out."""
    with warnings.catch_warnings(), np.errstate(all="ignore"):
        warnings.simplefilter("ignore")
        from onnx.backend.test.loader import load_model_tests

        found = load_model_tests(kind=kind)
    cases = []
    for test in found:
        if kind == "node" and "_expanded" in test.name:
            continue
        if test.model_dir is None:
            model = test.model
            data = [_node_data(model, d) for d in test.data_sets]
        else:
            model = onnx.load(os.path.join(test.model_dir, "model.onnx"))
            data = [_data_set(d, model) for d in sorted(glob.glob(os.path.join(test.model_dir, "test_data_set*")))]
        node = model.graph.node[0] if kind == "node" else None
        op = f"{node.domain}:{node.op_type}".removeprefix(":").removeprefix("ai.onnx:") if node is not None else ""
        name = f"{kind}/{test.name.removeprefix('test_')}"
        cases.append(Case(name, model.SerializeToString(), data, test.rtol, test.atol, op, _dtype_of(model)))
    return sorted(cases, key=lambda case: case.name)
