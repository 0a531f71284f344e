"""SFace for onnxruntime: the same embedding without PReLU and BatchNormalization, weights still 8-bit in the file."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import onnx

from .parts import GraphWriter, Upstream

INPUT, OUTPUT = "data", "fc1"
SIZE = 112
EMBEDDING = 128

# What a layer reads: the sum of these tensors, each times its factor per channel.
Terms = list[tuple[str, np.ndarray]]


@dataclass(frozen=True)
class Layer:
    """
    A convolution and the BatchNormalization and PReLU behind it, both of which act per output channel.

    `values` are the stored integers in the shape the convolution uses; `scales` and `zeros` have one entry per output
    channel and block of input channels, [out, blocks, 1, 1].
    """

    name: str
    values: np.ndarray
    scales: np.ndarray
    zeros: np.ndarray
    depthwise: bool
    strides: list[int]
    gain: np.ndarray
    shift: np.ndarray
    slope: np.ndarray


def rewrite(upstream: onnx.ModelProto) -> onnx.ModelProto:
    """
    Returns the graph `data` [batch,3,112,112] (RGB, 0-255) -> `fc1` [batch,128], not normalised.

    Factors per output channel go into the scales of the quantised weights, so the integers stay upstream's.
    """
    source = Upstream(upstream)
    mean, spread = source.constants["scalar_op1"], source.constants["scalar_op2"]
    # A power of two, so multiplying the first weights by it loses nothing. The subtraction must stay: the convolution
    # pads with zeros after it.
    assert np.frexp(spread.item())[0] == 0.5, "the input's scale is not a power of two"

    out = GraphWriter()
    terms: Terms = [(out.node("Sub", [INPUT, out.constant("mean", mean)], "centred"), np.ones(3))]
    factor = float(spread.item())
    layers, norm = read_layers(source)
    for layer, following in zip(layers, [*layers[1:], None]):
        x = _convolution(out, terms, layer, factor)
        if following and following.depthwise and following.strides == [2, 2]:
            terms = _prelu_as_two_terms(out, x, layer.name, layer.slope)
        else:
            terms = _prelu(out, x, layer.name, layer.slope)
        factor = 1.0
    _embedding(source, out, terms, norm)
    return out.model("sface_2021dec", {INPUT: ["batch", 3, SIZE, SIZE]}, {OUTPUT: ["batch", EMBEDDING]})


def read_layers(source: Upstream) -> tuple[list[Layer], onnx.NodeProto]:
    """The convolutions in the order data takes, and the BatchNormalization that follows the last."""
    consumer = {node.input[0]: node for node in source.graph.node if node.input}
    layers: list[Layer] = []
    node = consumer[source.producer["_mulscalar0"].output[0]]
    while node.op_type == "Conv":
        norm = consumer[node.output[0]]
        prelu = consumer[norm.output[0]]
        assert (norm.op_type, prelu.op_type) == ("BatchNormalization", "PRelu"), node.name
        attributes = source.attributes(node)
        values, scales, zeros, shape = source.quantised(node.input[1])
        blocks = (shape[0], scales.shape[1], 1, 1)
        gain, shift = batchnorm(source, norm)
        layers.append(
            Layer(
                name=node.name.removesuffix("_conv2d"),
                values=values.reshape(shape),
                scales=scales.reshape(blocks),
                zeros=zeros.reshape(blocks),
                depthwise=attributes["group"] > 1,
                strides=attributes["strides"],
                gain=gain,
                shift=shift,
                slope=source.constants[prelu.input[1]].reshape(-1).astype(np.float64),
            )
        )
        node = consumer[prelu.output[0]]
    assert node.op_type == "BatchNormalization", node.name
    return layers, node


def batchnorm(source: Upstream, node: onnx.NodeProto) -> tuple[np.ndarray, np.ndarray]:
    """BatchNormalization as `gain * x + shift`."""
    gamma, beta, mean, variance = (source.constants[name].astype(np.float64) for name in node.input[1:])
    gain = gamma / np.sqrt(variance + source.attributes(node)["epsilon"])
    return gain, beta - mean * gain


def _convolution(out: GraphWriter, terms: Terms, layer: Layer, factor: float) -> str:
    """The layer up to its PReLU: one convolution per term, the first with the bias, and the sum of them."""
    size = layer.values.shape[2]
    total = ""
    for position, (x, per_channel) in enumerate(terms):
        name = layer.name if position == 0 else f"{layer.name}_{position}"
        inputs = [x, _weight(out, layer, f"{name}_weight", factor, per_channel)]
        if position == 0:
            inputs.append(out.constant(f"{layer.name}_bias", layer.shift.astype(np.float32)))
        result = out.node(
            "Conv",
            inputs,
            name,
            kernel_shape=[size, size],
            pads=[size // 2] * 4,
            strides=layer.strides,
            group=len(layer.values) if layer.depthwise else 1,
        )
        total = out.node("Add", [total, result], f"{name}_sum") if total else result
    return total


def _weight(out: GraphWriter, layer: Layer, name: str, factor: float, per_channel: np.ndarray) -> str:
    """The dequantised weight times `factor` and, per input channel, times `per_channel`."""
    gain = layer.gain * factor * (per_channel if layer.depthwise else 1)
    scales = (layer.scales * gain.reshape(-1, 1, 1, 1)).astype(np.float32)
    blocks = scales.shape[1]
    per_row = blocks == 1
    inputs = [
        out.constant(f"{layer.name}_values", layer.values),
        out.constant(f"{name}_scales", scales.reshape(-1) if per_row else scales),
        out.constant(f"{layer.name}_zeros", layer.zeros.reshape(-1) if per_row else layer.zeros),
    ]
    if per_row:
        weight = out.node("DequantizeLinear", inputs, name, axis=0)
    else:
        weight = out.node("DequantizeLinear", inputs, name, axis=1, block_size=layer.values.shape[1] // blocks)
    return weight if layer.depthwise else _per_input(out, weight, per_channel)


def _per_input(out: GraphWriter, weight: str, per_channel: np.ndarray) -> str:
    """
    The weight [out, in, height, width] times a factor per input channel.

    A scale holds for a block of input channels and cannot do this. Like the dequantisation it happens once, at load.
    """
    if np.all(per_channel == 1):
        return weight
    factor = out.constant(f"{weight}_factor", per_channel.astype(np.float32).reshape(-1, 1, 1))
    return out.node("Mul", [weight, factor], f"{weight}_scaled")


def _prelu(out: GraphWriter, x: str, name: str, slope: np.ndarray) -> Terms:
    """
    Writes PReLU(x) as operations that onnxruntime runs in its vectorised layout and fuses.

    PReLU(x) = slope x + (1 - slope) relu(x) = slope x + s relu(|1 - slope| x), where s is the sign of 1 - slope: a 1x1
    depthwise convolution with the Relu fused into it, one with the Add fused into it, and nothing else. A channel with
    a slope above 1 has s = -1; it is written negated, and its factor tells whoever reads it.
    """
    sign = np.where(slope > 1, -1.0, 1.0)
    rectified = out.node("Relu", [_scale(out, x, f"{name}_positive", np.abs(1 - slope))], f"{name}_rectified")
    linear = _scale(out, x, f"{name}_linear", slope * sign)
    return [(out.node("Add", [linear, rectified], f"{name}_prelu"), sign)]


def _prelu_as_two_terms(out: GraphWriter, x: str, name: str, slope: np.ndarray) -> Terms:
    """
    PReLU(x) with the addition left to the layer that reads it, which has to be a depthwise one of stride 2.

    That saves one of the two passes over the map for a second depthwise convolution, whose output is a quarter of the
    size. With stride 1, or with the layer before PReLU written twice, the second convolution costs at least what the
    pass saves.
    """
    return [(x, slope), (out.node("Relu", [x], f"{name}_rectified"), 1 - slope)]


def _scale(out: GraphWriter, x: str, name: str, factor: np.ndarray) -> str:
    inputs = [x, out.constant(f"{name}_factor", factor.astype(np.float32).reshape(-1, 1, 1, 1))]
    return out.node("Conv", inputs, name, kernel_shape=[1, 1], group=len(factor))


def _embedding(source: Upstream, out: GraphWriter, terms: Terms, norm: onnx.NodeProto) -> None:
    """
    The fully connected layer with the BatchNormalization before it, `norm`, and the one behind it folded in.

    It is written as the convolution whose kernel covers the whole feature map: the same sums, and onnxruntime streams
    the 25 MB of weights faster that way than through Gemm with one row.
    """
    [(x, factor)] = terms
    gain_before, shift_before = batchnorm(source, norm)
    gain, shift = batchnorm(source, source.producer[OUTPUT])
    gemm = source.producer[source.producer[OUTPUT].input[0]]
    assert gemm.op_type == "Gemm" and source.attributes(gemm)["transB"] == 1
    values, scales, zeros, (rows, columns) = source.quantised(gemm.input[1])
    side = SIZE // 16
    flat = out.node(
        "DequantizeLinear",
        [
            out.constant("embedding_values", values),
            out.constant("embedding_scales", (scales * gain.reshape(-1, 1)).astype(np.float32)),
            out.constant("embedding_zeros", zeros),
        ],
        "embedding_weight_flat",
        axis=1,
        block_size=columns // scales.shape[1],
    )
    # Blocks run across the feature map's rows, so the weight takes its shape only once it is dequantised.
    shape = out.constant("embedding_shape", np.array([rows, -1, side, side]))
    weight = _per_input(out, out.node("Reshape", [flat, shape], "embedding_weight"), gain_before * factor)
    from_shift = source.weight(gemm.input[1]).astype(np.float64) @ np.repeat(shift_before, side * side)
    bias = (source.weight(gemm.input[2]) + from_shift) * gain + shift
    inputs = [x, weight, out.constant("embedding_bias", bias.astype(np.float32))]
    out.node("Flatten", [out.node("Conv", inputs, "embedding", kernel_shape=[side, side])], OUTPUT)
