"""YuNet for onnxruntime: any height and width that are multiples of 32, and one head per level instead of four."""

from __future__ import annotations

import numpy as np
import onnx

from .parts import GraphWriter, Shape, Upstream

# The order in which the four predictions are stacked into one 16-channel head, and their channels.
HEADS = {"cls": 1, "obj": 1, "bbox": 4, "kps": 10}
STRIDES = (8, 16, 32)
SCORES = ("cls", "obj")


def rewrite(upstream: onnx.ModelProto) -> onnx.ModelProto:
    """
    Returns the fp32 graph: input `input` [1,3,height,width], outputs `cls_8` ... `kps_32` as upstream.

    Upstream predicts class, objectness, box and landmarks with four pairs of convolutions per level: a pointwise one,
    then one that keeps channels apart. Stacked they have 1 + 1 + 4 + 10 = 16 channels, which is the block
    onnxruntime's vectorised convolutions work in; separately they fall back to scalar ones.
    """
    source = Upstream(upstream)
    out = GraphWriter()
    heads = {f"{name}_{stride}": _head(source, f"{name}_{stride}") for name in HEADS for stride in STRIDES}
    in_heads = {id(node) for pair in heads.values() for node in pair}

    for node in source.graph.node:
        if id(node) in in_heads or node.op_type in ("DequantizeLinear", "Reshape", "Transpose", "Sigmoid"):
            continue
        inputs = list(node.input)
        for position, name in enumerate(inputs):
            if name in source.constants or _is_dequantised(source, name):
                inputs[position] = out.constant(name, source.weight(name))
        copied = onnx.NodeProto()
        copied.CopyFrom(node)
        del copied.input[:]
        copied.input.extend(inputs)
        out.nodes.append(copied)

    outputs: dict[str, Shape] = {}
    for stride in STRIDES:
        _write_level(source, out, heads, stride)
    for name, channels in HEADS.items():
        for stride in STRIDES:
            outputs[f"{name}_{stride}"] = [1, f"anchors_{stride}", channels]
    ordered = {o.name: outputs[o.name] for o in source.graph.output}
    return out.model("yunet_2023mar", {"input": [1, 3, "height", "width"]}, ordered)


def _is_dequantised(source: Upstream, name: str) -> bool:
    node = source.producer.get(name)
    if node is not None and node.op_type == "Reshape":
        node = source.producer.get(node.input[0])
    return node is not None and node.op_type == "DequantizeLinear"


def _head(source: Upstream, output: str) -> tuple[onnx.NodeProto, onnx.NodeProto]:
    """The pointwise and the channel-wise convolution that lead to one of the twelve outputs."""
    node = source.producer[output]
    while node.op_type != "Conv":
        assert node.op_type in ("Sigmoid", "Reshape", "Transpose"), f"unexpected {node.op_type} before {output}"
        node = source.producer[node.input[0]]
    pointwise = source.producer[node.input[0]]
    assert pointwise.op_type == "Conv" and source.weight(node.input[1]).shape[1:] == (1, 3, 3)
    return pointwise, node


def _write_level(
    source: Upstream, out: GraphWriter, heads: dict[str, tuple[onnx.NodeProto, onnx.NodeProto]], stride: int
) -> None:
    pairs = [heads[f"{name}_{stride}"] for name in HEADS]
    features = pairs[0][0].input[0]
    assert all(pointwise.input[0] == features for pointwise, _ in pairs)

    def stacked(which: int, position: int, name: str) -> str:
        parts = [source.weight(pair[which].input[position]) for pair in pairs]
        return out.constant(f"head_{stride}_{name}", np.concatenate(parts))

    channels = sum(HEADS.values())
    x = out.node(
        "Conv",
        [features, stacked(0, 1, "pointwise_weight"), stacked(0, 2, "pointwise_bias")],
        f"head_{stride}_pointwise",
        kernel_shape=[1, 1],
    )
    x = out.node(
        "Conv",
        [x, stacked(1, 1, "depthwise_weight"), stacked(1, 2, "depthwise_bias")],
        f"head_{stride}_depthwise",
        kernel_shape=[3, 3],
        pads=[1, 1, 1, 1],
        group=channels,
    )
    x = out.node("Transpose", [x], f"head_{stride}_channels_last", perm=[0, 2, 3, 1])
    x = out.node("Reshape", [x, out.constant("per_anchor", np.array([1, -1, channels]))], f"head_{stride}_anchors")
    sizes = out.constant("head_sizes", np.array(list(HEADS.values())))
    raw = [f"{name}_{stride}_raw" if name in SCORES else f"{name}_{stride}" for name in HEADS]
    out.nodes.append(onnx.helper.make_node("Split", [x, sizes], raw, name=f"head_{stride}_split", axis=2))
    for name in SCORES:
        out.node("Sigmoid", [f"{name}_{stride}_raw"], f"{name}_{stride}")
