"""What values SFace's layers take: measured with the prepared graph on the test photos, and kept in a file."""

from __future__ import annotations

import json
from pathlib import Path

import cv2
import numpy as np
import onnx
from onnx import TensorProto, helper

from . import faces, runtime
from .int8 import Ranges
from .parts import Upstream
from .sface import INPUT, read_layers

SEED = 7
VARIANTS = 15
# Of the smallest (and largest) value that a channel takes per crop, this percentile over all crops is used: the most
# extreme variants may saturate a little, so that all others get finer steps.
PERCENTILE = 3
DIGITS = 3


def variants(crop: np.ndarray) -> list[np.ndarray]:
    """The crop [1,3,112,112] and the same face mirrored, turned, moved, lit and blurred in ways a gate's photo may be."""
    random = np.random.default_rng(SEED)
    height, width = crop.shape[2:]
    found = [crop]
    for _ in range(VARIANTS):
        image = np.ascontiguousarray(crop[0].transpose(1, 2, 0)[:, :: random.choice([1, -1])])
        turn = cv2.getRotationMatrix2D((width / 2, height / 2), random.uniform(-8, 8), random.uniform(0.92, 1.1))
        turn[:, 2] += random.uniform(-4, 4, 2)
        image = cv2.warpAffine(image, turn, (width, height))
        contrast, brightness, light = random.uniform(0.4, 1.3), random.uniform(-60, 60), random.uniform(0.5, 1)
        image = np.clip((image - 127.5) * contrast + 127.5 + brightness, 0, 255) * light
        image = cv2.GaussianBlur(image, (0, 0), random.uniform(0.1, 2))
        found.append(faces.planar(image))
    return found


def measure(prepared: onnx.ModelProto, upstream: onnx.ModelProto, crops: list[np.ndarray]) -> Ranges:
    """Low and high end of every channel before each PReLU, over the crops."""
    layers, _ = read_layers(Upstream(upstream))
    model = onnx.ModelProto()
    model.CopyFrom(prepared)
    produced = {node.output[0] for node in model.graph.node}
    # A layer written as two convolutions is their sum.
    tensors = [f"{layer.name}_1_sum" if f"{layer.name}_1_sum" in produced else layer.name for layer in layers]
    del model.graph.output[:]
    model.graph.output.extend(helper.make_tensor_value_info(name, TensorProto.FLOAT, None) for name in tensors)
    session = runtime.session(model)
    lows: list[list[np.ndarray]] = [[] for _ in layers]
    highs: list[list[np.ndarray]] = [[] for _ in layers]
    for crop in crops:
        for position, values in enumerate(session.run(tensors, {INPUT: crop})):
            lows[position].append(values.min(axis=(0, 2, 3)))
            highs[position].append(values.max(axis=(0, 2, 3)))
    return {
        layer.name: (np.percentile(low, PERCENTILE, axis=0), np.percentile(high, 100 - PERCENTILE, axis=0))
        for layer, low, high in zip(layers, lows, highs)
    }


def read(path: Path) -> Ranges:
    stored = json.loads(path.read_text())
    return {name: (np.array(low), np.array(high)) for name, (low, high) in stored.items()}


def write(path: Path, ranges: Ranges) -> None:
    """Rounded, one layer per line."""

    def rounded(values: np.ndarray) -> str:
        return json.dumps([float(f"{value:.{DIGITS}g}") for value in values], separators=(",", ":"))

    lines = [f'"{name}":[{rounded(low)},\n{rounded(high)}]' for name, (low, high) in ranges.items()]
    path.write_text("{\n" + ",\n".join(lines) + "\n}\n")


def largest_difference(one: Ranges, other: Ranges) -> float:
    """Relative to each channel's range."""
    assert one.keys() == other.keys(), "not the same layers"
    worst = 0.0
    for (low, high), (other_low, other_high) in ((one[name], other[name]) for name in one):
        moved = np.maximum(np.abs(low - other_low), np.abs(high - other_high))
        worst = max(worst, float((moved / (high - low)).max()))
    return worst
