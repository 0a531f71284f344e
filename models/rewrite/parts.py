"""The few ONNX operations both rewrites share: reading constants, undoing quantisation, writing a graph."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any, Sequence

import numpy as np
import onnx
from onnx import TensorProto, helper, numpy_helper

# What onnxruntime-node 1.30 reads, and the opset that introduced block-wise DequantizeLinear.
IR_VERSION = 10
OPSET = 21

# A number per dimension, or the name of one that is decided at run time.
Shape = list[int | str]


class Upstream:
    """An upstream graph with its constants by name and its nodes by the tensor they produce."""

    def __init__(self, model: onnx.ModelProto) -> None:
        self.graph = model.graph
        self.constants = {t.name: numpy_helper.to_array(t) for t in model.graph.initializer}
        self.producer = {name: node for node in model.graph.node for name in node.output}

    def attributes(self, node: onnx.NodeProto) -> dict[str, Any]:
        return {a.name: helper.get_attribute_value(a) for a in node.attribute}

    def quantised(self, name: str) -> tuple[np.ndarray, np.ndarray, np.ndarray, tuple[int, ...]]:
        """Integers, scales, zero points (both one per block of the second axis) and the shape the weight is used in."""
        node = self.producer[name]
        shape: tuple[int, ...] | None = None
        if node.op_type == "Reshape":
            shape = tuple(int(d) for d in self.constants[node.input[1]])
            node = self.producer[node.input[0]]
        assert node.op_type == "DequantizeLinear", f"{name} is not a quantised weight"
        values, scales, zeros = (self.constants[i] for i in node.input)
        return values, scales, zeros, shape or values.shape

    def weight(self, name: str) -> np.ndarray:
        """A constant as fp32, whether it is stored as such or block-quantised."""
        if name in self.constants:
            return self.constants[name]
        values, scales, zeros, shape = self.quantised(name)
        axis = values.ndim - 1
        block = -(-values.shape[axis] // scales.shape[axis])

        def per_value(array: np.ndarray) -> np.ndarray:
            return np.repeat(array, block, axis=axis)[..., : values.shape[axis]]

        centred = values.astype(np.float32) - per_value(zeros).astype(np.float32)
        return (centred * per_value(scales)).reshape(shape)


@dataclass
class GraphWriter:
    """Collects nodes and constants; every constant is written once."""

    nodes: list[onnx.NodeProto] = field(default_factory=list)
    constants: dict[str, np.ndarray] = field(default_factory=dict)

    def constant(self, name: str, value: np.ndarray) -> str:
        known = self.constants.setdefault(name, value)
        assert known is value or np.array_equal(known, value), f"two constants are called {name}"
        return name

    def node(self, op: str, inputs: Sequence[str], output: str, **attributes: Any) -> str:
        self.nodes.append(helper.make_node(op, inputs, [output], name=output, **attributes))
        return output

    def model(
        self, name: str, inputs: dict[str, Shape], outputs: dict[str, Shape], domains: Sequence[str] = ()
    ) -> onnx.ModelProto:
        """`domains` are those of operators outside the standard, each at version 1."""

        def describe(tensors: dict[str, Shape]) -> list[onnx.ValueInfoProto]:
            return [helper.make_tensor_value_info(n, TensorProto.FLOAT, shape) for n, shape in tensors.items()]

        graph = helper.make_graph(
            self.nodes,
            name,
            describe(inputs),
            describe(outputs),
            [numpy_helper.from_array(np.asarray(v, order="C"), n) for n, v in self.constants.items()],
        )
        opsets = [helper.make_opsetid("", OPSET), *(helper.make_opsetid(domain, 1) for domain in domains)]
        model = helper.make_model(graph, opset_imports=opsets, ir_version=IR_VERSION)
        model.producer_name = "rollcall"
        onnx.checker.check_model(model, full_check=True)
        return model
