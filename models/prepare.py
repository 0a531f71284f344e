# /// script
# requires-python = ">=3.11"
# dependencies = [
#   "numpy==2.4.6",
#   "onnx==1.23.2",
#   "onnxruntime==1.30.0",
#   "opencv-python-headless==4.13.0.92",
# ]
# ///
"""
Makes the two model files the workers load from the two upstream ones, and proves that they say the same.

    uv run models/prepare.py            write the models and the table in README.md
    uv run models/prepare.py --check    write nothing; fail if what is there differs from what would be written

Ends with a non-zero status when a hash, the proof or (with --check) a file is not as it should be.
"""

from __future__ import annotations

import argparse
import hashlib
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Callable

import numpy as np
import onnx

from rewrite import faces, runtime, sface, yunet

HERE = Path(__file__).resolve().parent
UPSTREAM = HERE / "upstream"
PHOTOS = HERE.parent / "test" / "fixtures" / "photos"
README = HERE / "README.md"
TABLE_START, TABLE_END = "<!-- table: written by prepare.py -->", "<!-- end of table -->"

MIN_COSINE = 0.99999
MAX_DIFFERENCE = 1e-4
MAX_SFACE_BYTES = 12_000_000


class Failure(Exception):
    """The proof failed, or a file is not the one it should be."""


@dataclass(frozen=True)
class Model:
    file: str
    upstream: str
    upstream_sha256: str
    licence: str
    changes: str
    rewrite: Callable[[onnx.ModelProto], onnx.ModelProto]


YUNET = Model(
    file="yunet_2023mar.onnx",
    upstream="face_detection_yunet_2023mar_int8bq.onnx",
    upstream_sha256="49f000ec501fef24739071fc7e68267d32209045b6822c0c72dce1da25726f10",
    licence="MIT",
    changes="weights as fp32; any height and width that are multiples of 32; the four heads of a level as one",
    rewrite=yunet.rewrite,
)
SFACE = Model(
    file="sface_2021dec.onnx",
    upstream="face_recognition_sface_2021dec_int8bq.onnx",
    upstream_sha256="fb143eea07838aa532d1c95df5f69899974ea0140e1fba05e94204be13ed74ee",
    licence="Apache-2.0",
    changes="`data` is the only input; any batch size; BatchNormalization folded; PReLU as depthwise convolutions; "
    "the embedding layer as a convolution",
    rewrite=sface.rewrite,
)


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--check", action="store_true", help="write nothing, only compare")
    check = parser.parse_args().check
    try:
        originals = {model: read_upstream(model) for model in (YUNET, SFACE)}
        results = {model: serialise(model.rewrite(original)) for model, original in originals.items()}
        prove_yunet(originals[YUNET], results[YUNET])
        prove_sface(originals[SFACE], results[SFACE])
        for model, content in results.items():
            settle(HERE / model.file, content, check)
            print(f"{model.file}  {len(content):,} bytes  sha256 {sha256(content)}")
        settle(README, readme_with(table(results), TABLE_START, TABLE_END).encode(), check)
    except Failure as failure:
        print(f"prepare.py: {failure}", file=sys.stderr)
        return 1
    return 0


def read_upstream(model: Model) -> onnx.ModelProto:
    content = (UPSTREAM / model.upstream).read_bytes()
    if sha256(content) != model.upstream_sha256:
        raise Failure(f"upstream/{model.upstream} has sha256 {sha256(content)}, not {model.upstream_sha256}")
    return onnx.load_from_string(content)


def serialise(model: onnx.ModelProto) -> bytes:
    return model.SerializeToString(deterministic=True)


def sha256(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()


def settle(path: Path, content: bytes, check: bool) -> None:
    """Writes the file, or in check mode fails unless it has this content already."""
    if not check:
        path.write_bytes(content)
    elif not path.exists() or path.read_bytes() != content:
        raise Failure(f"{path.name} is not what prepare.py would write")


def photos() -> list[Path]:
    found = sorted(PHOTOS.glob("*.jpg"))
    if len(found) < 2:
        raise Failure(f"no photos to prove anything with in {PHOTOS.name}/")
    return found


def prove_yunet(original: onnx.ModelProto, content: bytes) -> None:
    """Every output at 640x640, and the number of anchors at a size that upstream does not take."""
    before = runtime.session(runtime.with_scalar_scales(original))
    after = runtime.session(onnx.load_from_string(content))
    names = [output.name for output in before.get_outputs()]
    if [output.name for output in after.get_outputs()] != names:
        raise Failure("YuNet's outputs are named differently")
    worst = 0.0
    for path in photos():
        frame = np.zeros((640, 640, 3), np.uint8)
        image = faces.read_photo(path)
        frame[: image.shape[0], : image.shape[1]] = image
        x = faces.planar(frame)
        for name, a, b in zip(names, before.run(names, {"input": x}), after.run(names, {"input": x})):
            if a.shape != b.shape:
                raise Failure(f"YuNet's {name} has shape {b.shape}, not {a.shape}")
            worst = max(worst, float(np.abs(a - b).max()))
        height, width = 320, 256
        for name, y in zip(names, after.run(names, {"input": x[:, :, :height, :width]})):
            stride = int(name.rsplit("_", 1)[1])
            if y.shape[1] != height // stride * (width // stride):
                raise Failure(f"YuNet's {name} has {y.shape[1]} anchors at {width}x{height}")
    print(f"YuNet at 640x640: largest difference to upstream {worst:.1e}")
    if not worst <= MAX_DIFFERENCE:
        raise Failure(f"YuNet differs from upstream by {worst}")


def prove_sface(original: onnx.ModelProto, content: bytes) -> None:
    """The embedding of every photo's face, one at a time and all in one batch."""
    if len(content) > MAX_SFACE_BYTES:
        raise Failure(f"{SFACE.file} has {len(content):,} bytes")
    before = runtime.session(runtime.without_required_inputs(original, sface.INPUT))
    after = runtime.session(onnx.load_from_string(content))
    detector = UPSTREAM / YUNET.upstream
    crops = [faces.aligned_face(faces.read_photo(path), detector) for path in photos()]
    batch = after.run(None, {sface.INPUT: np.concatenate(crops)})[0]
    for path, crop, batched in zip(photos(), crops, batch):
        expected = before.run(None, {sface.INPUT: crop})[0][0]
        for embedding in (after.run(None, {sface.INPUT: crop})[0][0], batched):
            cosine = cosine_similarity(expected, embedding)
            if not cosine >= MIN_COSINE:
                raise Failure(f"{path.name}: cosine to upstream's embedding is {cosine:.7f}")
        difference = np.abs(expected - batched).max()
        print(f"SFace on {path.name}: cosine to upstream {cosine:.10f}, largest difference {difference:.1e}")


def cosine_similarity(a: np.ndarray, b: np.ndarray) -> float:
    a, b = a.astype(np.float64), b.astype(np.float64)
    return float(a @ b / (np.linalg.norm(a) * np.linalg.norm(b)))


def table(results: dict[Model, bytes]) -> str:
    lines = [
        "| file | bytes | sha256 | made from (in `upstream/`) | licence | what was changed |",
        "| --- | --- | --- | --- | --- | --- |",
    ]
    for model, content in results.items():
        cells = [
            f"`{model.file}`",
            f"{len(content):,}",
            f"`{sha256(content)}`",
            f"`{model.upstream}`, sha256 `{model.upstream_sha256}`",
            f"[{model.licence}](LICENSES/{model.licence}.txt)",
            model.changes,
        ]
        lines.append(f"| {' | '.join(cells)} |")
    return "\n".join(lines)


def readme_with(new_table: str, start: str, end: str) -> str:
    """README.md with the new table between the two markers, which stay."""
    text = README.read_text()
    try:
        before, rest = text.split(start)
        after = rest.split(end)[1]
    except (ValueError, IndexError):
        raise Failure(f"README.md has lost the markers of a table: {start} and {end}") from None
    return f"{before}{start}\n\n{new_table}\n\n{end}{after}"


if __name__ == "__main__":
    sys.exit(main())
