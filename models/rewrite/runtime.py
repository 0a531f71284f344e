"""Sessions as the workers open them, and upstream's graphs with nothing changed but what keeps them from running."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import onnx
import onnxruntime as ort
from onnx import numpy_helper


def session(model: onnx.ModelProto | Path) -> ort.InferenceSession:
    """One thread, no spinning, and dequantisation of weights folded at load."""
    options = _options()
    options.add_session_config_entry("session.disable_quant_qdq", "1")
    content = model.read_bytes() if isinstance(model, Path) else model.SerializeToString()
    return ort.InferenceSession(content, options, providers=["CPUExecutionProvider"])


def int8_session(content: bytes) -> ort.InferenceSession:
    """One thread, no spinning; the graph has its quantised operators already."""
    return ort.InferenceSession(content, _options(), providers=["CPUExecutionProvider"])


def _options() -> ort.SessionOptions:
    options = ort.SessionOptions()
    options.intra_op_num_threads = 1
    options.inter_op_num_threads = 1
    options.add_session_config_entry("session.intra_op.allow_spinning", "0")
    options.log_severity_level = 3
    return options


def without_required_inputs(upstream: onnx.ModelProto, keep: str) -> onnx.ModelProto:
    """SFace as upstream has it, less the graph inputs that no node reads and no constant supplies."""
    model = _copy(upstream)
    constants = {tensor.name for tensor in model.graph.initializer}
    inputs = [i for i in model.graph.input if i.name == keep or i.name in constants]
    del model.graph.input[:]
    model.graph.input.extend(inputs)
    return model


def with_scalar_scales(upstream: onnx.ModelProto) -> onnx.ModelProto:
    """YuNet as upstream has it, but where a single scale serves the whole tensor it is written as a scalar."""
    model = _copy(upstream)
    constants = {tensor.name: tensor for tensor in model.graph.initializer}
    for node in model.graph.node:
        if node.op_type != "DequantizeLinear" or np.prod(constants[node.input[1]].dims) != 1:
            continue
        for name in node.input[1:]:
            constants[name].CopyFrom(numpy_helper.from_array(numpy_helper.to_array(constants[name]).reshape(()), name))
        del node.attribute[:]
    return model


def _copy(model: onnx.ModelProto) -> onnx.ModelProto:
    copy = onnx.ModelProto()
    copy.CopyFrom(model)
    return copy
