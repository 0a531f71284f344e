"""
SFace in 8-bit integers from the pixels to the embedding layer, which alone gives floats.

Written in onnxruntime's own quantised operators with channels last, the form its kernels compute in, so that nothing is
converted between two layers.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, replace

import numpy as np
import onnx

from .parts import GraphWriter, Upstream
from .sface import EMBEDDING, INPUT, OUTPUT, SIZE, Layer, batchnorm, read_layers

MICROSOFT = "com.microsoft"
# Smallest and largest value per channel before each PReLU, by the layer's name.
Ranges = dict[str, tuple[np.ndarray, np.ndarray]]

LEVELS = 255
WEIGHT_LIMIT = 127
# Processors with AVX2 but not VNNI add two products of an unsigned activation and a signed weight in 16 bits, and
# saturate. 255 * 128 is the most that fits, so this is what two neighbours of the same sign may have together.
PAIR_LIMIT = 128
# Of the ranges of a layer whose channels a pointwise convolution mixes: 0 leaves them as they are, which is coarse for
# narrow channels; 1 makes them equal, which is coarse for the weights.
EQUALISATION = 0.5


@dataclass(frozen=True)
class Quantised:
    """A tensor of bytes q [batch, height, width, channels] that stands for (q - zero) * scale * factor per channel."""

    name: str
    scale: float
    zero: int
    factor: np.ndarray


# What a layer reads: the sum of these, each times its factor.
Terms = list[Quantised]


def rewrite(upstream: onnx.ModelProto, ranges: Ranges) -> onnx.ModelProto:
    """Returns the graph `data` [batch,3,112,112] (RGB, 0-255) -> `fc1` [batch,128], not normalised, as fp32."""
    source = Upstream(upstream)
    mean, spread = source.constants["scalar_op1"].item(), source.constants["scalar_op2"].item()
    layers, norm = read_layers(source)
    out = GraphWriter()

    pixels = out.node("QuantizeLinear", [INPUT, _scalar(out, 1.0), _zero(out, 0)], "pixels")
    middle = math.ceil(mean)
    terms = [Quantised(out.node("Transpose", [pixels], "channels_last", perm=[0, 2, 3, 1]), 1.0, middle, np.ones(3))]
    for position, (layer, following) in enumerate(zip(layers, [*layers[1:], None])):
        weight, bias = _weight(layer), layer.shift
        if position == 0:
            # The mean is no whole number; what is left of it goes into the bias.
            weight = weight * spread
            bias = bias + (middle - mean) * weight.sum(axis=(1, 2, 3))
        before_depthwise = following is not None and following.depthwise
        plan = _plan(*ranges[layer.name], layer.slope, equalise=1.0 if before_depthwise else EQUALISATION)
        x = _convolution(out, terms, layer, weight, bias, plan.before)
        if before_depthwise and following.strides == [2, 2]:
            terms = _prelu_as_two_terms(out, x, layer)
        else:
            terms = [_prelu(out, x, layer, plan)]
    _embedding(source, out, terms, norm)
    return out.model(
        "sface_2021dec_int8", {INPUT: ["batch", 3, SIZE, SIZE]}, {OUTPUT: ["batch", EMBEDDING]}, [MICROSOFT]
    )


@dataclass(frozen=True)
class Plan:
    """How a layer's output is stored before its PReLU and behind it (without names), and how wide the step between is."""

    before: Quantised
    behind: Quantised
    rectified_scale: float


def _plan(low: np.ndarray, high: np.ndarray, slope: np.ndarray, equalise: float) -> Plan:
    """
    Scales and zero points for values between `low` and `high` per channel.

    A PReLU's output is proportional to its input, so each channel may be stored with a positive factor of its own that
    whoever reads it divides its weights by. A depthwise convolution has weights of its own per channel, so `equalise` is 1
    there and each channel gets as many levels as the shared zero points leave it.
    """
    low, high = np.minimum(low, -1e-6), np.maximum(high, 1e-6)
    sign = np.where(slope > 1, -1.0, 1.0)
    ends = np.stack([low * sign, high * sign])
    outputs = np.stack([low * slope * sign, high * sign, np.zeros_like(low)])
    before = ends.min(axis=0), ends.max(axis=0)
    behind = outputs.min(axis=0), outputs.max(axis=0)
    if equalise == 1:
        gain, (scale, zero), (scale_behind, zero_behind) = _fill(before, behind)
    else:
        gain = np.maximum(behind[1], -behind[0]) ** -equalise
        scale, zero = _scale_and_zero(before, gain)
        scale_behind, zero_behind = _scale_and_zero(behind, gain)
    rectified = np.maximum((slope - 1) * low, (slope - 1) * high) * gain
    factor = sign / gain
    return Plan(
        Quantised("", scale, zero, factor),
        Quantised("", scale_behind, zero_behind, factor),
        float(np.float32(rectified.max() / LEVELS)),
    )


Bounds = tuple[np.ndarray, np.ndarray]


def _scale_and_zero(bounds: Bounds, gain: np.ndarray) -> tuple[float, int]:
    low, high = (bounds[0] * gain).min(), (bounds[1] * gain).max()
    scale = (high - low) / LEVELS
    return float(np.float32(scale)), int(np.rint(-low / scale))


def _fill(before: Bounds, behind: Bounds) -> tuple[np.ndarray, tuple[float, int], tuple[float, int]]:
    """
    The zero points and the ratio of the two scales with the least rounding noise relative to the channels' ranges, tried
    on a grid; a channel's gain is the largest at which it fits.
    """
    amplitude = np.maximum(behind[1], -behind[0])
    best = (np.inf, amplitude, (1.0, 0), (1.0, 0))
    for zero_behind in range(10, LEVELS, 10):
        for zero in range(10, LEVELS, 10):
            for scale in (0.5, 0.7, 1.0, 1.4, 2.0, 2.8, 4.0):
                gain = np.minimum(_room(before, zero) * scale, _room(behind, zero_behind))
                noise = np.mean((1 + scale**2) / (gain * amplitude) ** 2)
                if noise < best[0]:
                    best = (noise, gain, (scale, zero), (1.0, zero_behind))
    return best[1:]


def _room(bounds: Bounds, zero: int) -> np.ndarray:
    """The largest factor per channel at which the bounds fit into a byte, in steps of 1 around `zero`."""
    low, high = np.minimum(bounds[0], -1e-9), np.maximum(bounds[1], 1e-9)
    return np.minimum(zero / -low, (LEVELS - zero) / high)


def _weight(layer: Layer) -> np.ndarray:
    """The layer's weights with its BatchNormalization's gain, [out, in, height, width]."""

    def per_value(array: np.ndarray) -> np.ndarray:
        return np.repeat(array, layer.values.shape[1] // array.shape[1], axis=1).astype(np.float64)

    return (layer.values - per_value(layer.zeros)) * per_value(layer.scales) * layer.gain.reshape(-1, 1, 1, 1)


def _convolution(
    out: GraphWriter, terms: Terms, layer: Layer, weight: np.ndarray, bias: np.ndarray, target: Quantised
) -> Quantised:
    """The layer up to its PReLU: one convolution per term, the first with the bias, and the sum of them."""
    total = ""
    for position, x in enumerate(terms):
        name = layer.name if position == 0 else f"{layer.name}_{position}"
        of_term = bias if position == 0 else np.zeros_like(bias)
        factor = x.factor.reshape((-1, 1, 1, 1) if layer.depthwise else (1, -1, 1, 1))
        result = _qlinear_conv(out, x, name, weight * factor, of_term, target, layer.depthwise, layer.strides)
        total = _sum(out, f"{name}_sum", replace(target, name=total), result, target) if total else result.name
    return replace(target, name=total)


def _qlinear_conv(
    out: GraphWriter,
    x: Quantised,
    name: str,
    weight: np.ndarray,
    bias: np.ndarray,
    target: Quantised,
    depthwise: bool,
    strides: list[int],
) -> Quantised:
    """`weight` applies to x without its factor, `bias` and the result are divided by the factor of `target`."""
    gain = 1 / target.factor
    size = weight.shape[2]
    rows = (weight * gain.reshape(-1, 1, 1, 1)).transpose(0, 2, 3, 1)
    values, scales = _quantise_rows(rows.reshape(len(rows), -1), limit_pairs=not depthwise)
    inputs = [
        x.name,
        _scalar(out, x.scale),
        _zero(out, x.zero),
        out.constant(f"{name}_weight", values.reshape(rows.shape).transpose(0, 3, 1, 2)),
        out.constant(f"{name}_scales", scales),
        out.constant(f"{name}_zeros", np.zeros(len(rows), np.int8)),
        _scalar(out, target.scale),
        _zero(out, target.zero),
        out.constant(f"{name}_bias", np.rint(bias * gain / (scales.astype(np.float64) * x.scale)).astype(np.int32)),
    ]
    out.node(
        "QLinearConv",
        inputs,
        name,
        domain=MICROSOFT,
        channels_last=1,
        kernel_shape=[size, size],
        pads=[size // 2] * 4,
        strides=strides,
        group=len(rows) if depthwise else 1,
    )
    return replace(target, name=name)


def _quantise_rows(rows: np.ndarray, limit_pairs: bool) -> tuple[np.ndarray, np.ndarray]:
    """Signed 8-bit integers and a scale per row; with `limit_pairs` such that no processor's sums can saturate."""
    largest = np.abs(rows).max(axis=1) / WEIGHT_LIMIT
    if limit_pairs:
        pairs = np.pad(rows, ((0, 0), (0, rows.shape[1] % 2))).reshape(len(rows), -1, 2)
        of_one_sign = np.maximum(np.maximum(pairs, 0).sum(axis=2), np.maximum(-pairs, 0).sum(axis=2))
        # Rounding may add a half to each of the two.
        largest = np.maximum(largest, of_one_sign.max(axis=1) / (PAIR_LIMIT - 1))
    scales = np.maximum(largest, 1e-12).astype(np.float32)
    values = np.rint(rows / scales.astype(np.float64).reshape(-1, 1))
    return np.clip(values, -WEIGHT_LIMIT, WEIGHT_LIMIT).astype(np.int8), scales


def _prelu(out: GraphWriter, x: Quantised, layer: Layer, plan: Plan) -> Quantised:
    """
    PReLU(x) = x + relu((slope - 1) x): a 1x1 depthwise convolution whose result has its zero point at 0, so that storing
    it is the relu, and an addition. For x <= 0 it is x + (slope - 1) x, for x > 0 nothing is added.

    A channel with a slope above 1 is stored negated, x' = -x: -PReLU(x) = x' + relu((slope - 1) x').
    """
    rectified = _qlinear_conv(
        out,
        x,
        f"{layer.name}_rectified",
        (layer.slope - 1).reshape(-1, 1, 1, 1) * x.factor.reshape(-1, 1, 1, 1),
        np.zeros_like(layer.slope),
        Quantised("", plan.rectified_scale, 0, x.factor),
        True,
        [1, 1],
    )
    name = _sum(out, f"{layer.name}_prelu", x, rectified, plan.behind)
    return replace(plan.behind, name=name)


def _prelu_as_two_terms(out: GraphWriter, x: Quantised, layer: Layer) -> Terms:
    """slope x + (1 - slope) relu(x), for a depthwise convolution of stride 2 to apply the factors and to add."""
    assert np.all(x.factor > 0), f"{layer.name} is stored negated"
    rectified = out.node("Clip", [x.name, _zero(out, x.zero)], f"{layer.name}_rectified")
    return [
        replace(x, factor=x.factor * layer.slope),
        replace(x, name=rectified, factor=x.factor * (1 - layer.slope)),
    ]


def _sum(out: GraphWriter, name: str, a: Quantised, b: Quantised, target: Quantised) -> str:
    inputs: list[str] = []
    for term in (a, b):
        inputs += [term.name, _scalar(out, term.scale), _zero(out, term.zero)]
    inputs += [_scalar(out, target.scale), _zero(out, target.zero)]
    return out.node("QLinearAdd", inputs, name, domain=MICROSOFT)


def _embedding(source: Upstream, out: GraphWriter, terms: Terms, norm: onnx.NodeProto) -> None:
    """The fully connected layer with the BatchNormalization before it and the one behind it folded in; floats come out."""
    [x] = terms
    gain_before, shift_before = batchnorm(source, norm)
    gain, shift = batchnorm(source, source.producer[OUTPUT])
    gemm = source.producer[source.producer[OUTPUT].input[0]]
    weight = source.weight(gemm.input[1]).astype(np.float64).reshape(EMBEDDING, len(gain_before), -1)
    bias = source.weight(gemm.input[2]) + np.einsum("ocp,c->o", weight, shift_before)
    weight = weight * (gain_before * x.factor).reshape(1, -1, 1) * gain.reshape(-1, 1, 1)
    values, scales = _quantise_rows(weight.transpose(0, 2, 1).reshape(EMBEDDING, -1), limit_pairs=True)
    inputs = [
        out.node("Flatten", [x.name], "flat"),
        out.constant("embedding_weight", values.T),
        _scalar(out, x.scale),
        out.constant("embedding_scales", scales),
        _zero(out, x.zero),
        out.constant("embedding_zeros", np.zeros(EMBEDDING, np.int8)),
        out.constant("embedding_bias", (bias * gain + shift).astype(np.float32)),
    ]
    out.node("MatMulIntegerToFloat", inputs, OUTPUT, domain=MICROSOFT)


def _scalar(out: GraphWriter, value: float) -> str:
    return out.constant(f"scale_{np.float32(value):.9g}", np.array(value, np.float32))


def _zero(out: GraphWriter, value: int) -> str:
    return out.constant(f"zero_{value}", np.array(value, np.uint8))
