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
Makes SFace in 8-bit integers (PRECISION=int8) from the upstream file, and proves how near it comes to the prepared one.

    python models/quantize.py               write the model and its row in README.md, from the ranges in the file
    python models/quantize.py --check       write nothing; fail if what is there differs from what would be written
    python models/quantize.py --calibrate   measure the ranges on the test photos first, and write them

Needs the packages above and what prepare.py writes. The ranges are kept in a file because the last digits of a measurement
depend on the processor, and with them single bits of the model; --check measures again and allows for that.
"""

from __future__ import annotations

import argparse
import sys

import numpy as np
import onnx

import prepare
from prepare import HERE, README, SFACE, Failure
from rewrite import calibration, faces, int8, runtime, sface

MODEL = HERE / "sface_2021dec_int8.onnx"
RANGES = HERE / "sface_2021dec_int8.ranges.json"
TABLE_START, TABLE_END = "<!-- table: written by quantize.py -->", "<!-- end of table by quantize.py -->"

# Of the embeddings of the test photos' faces, and of those faces changed as in calibration.py.
MIN_COSINE = 0.99
MIN_COSINE_OF_VARIANTS = 0.97
MAX_RANGE_DIFFERENCE = 0.02
CONVERSIONS = ("QuantizeLinear", "DequantizeLinear", "DynamicQuantizeLinear", "Cast")


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--check", action="store_true", help="write nothing, only compare")
    parser.add_argument("--calibrate", action="store_true", help="measure the ranges and write them")
    arguments = parser.parse_args()
    try:
        upstream = prepare.read_upstream(SFACE)
        prepared = onnx.load(HERE / SFACE.file)
        detector = prepare.UPSTREAM / prepare.YUNET.upstream
        crops = [faces.aligned_face(faces.read_photo(path), detector) for path in prepare.photos()]
        variants = [variant for crop in crops for variant in calibration.variants(crop)]
        if arguments.calibrate or arguments.check:
            measured = calibration.measure(prepared, upstream, variants)
            if arguments.calibrate and not arguments.check:
                calibration.write(RANGES, measured)
            check_ranges(calibration.read(RANGES), measured)
        model = int8.rewrite(upstream, calibration.read(RANGES))
        content = prepare.serialise(model)
        prove_no_conversions(model)
        prove(content, crops, variants)
        prepare.settle(MODEL, content, arguments.check)
        print(f"{MODEL.name}  {len(content):,} bytes  sha256 {prepare.sha256(content)}")
        new_readme = prepare.readme_with(table(content), TABLE_START, TABLE_END)
        prepare.settle(README, new_readme.encode(), arguments.check)
    except Failure as failure:
        print(f"quantize.py: {failure}", file=sys.stderr)
        return 1
    return 0


def check_ranges(stored: int8.Ranges, measured: int8.Ranges) -> None:
    difference = calibration.largest_difference(stored, measured)
    print(f"ranges: largest difference to those measured here {difference:.4f} of a channel's range")
    if not difference <= MAX_RANGE_DIFFERENCE:
        raise Failure(f"{RANGES.name} is not what --calibrate would write")


def prove_no_conversions(model: onnx.ModelProto) -> None:
    """The pixels are made bytes once, and nothing is converted after that."""
    found = [node.name for node in model.graph.node if node.op_type in CONVERSIONS]
    if found != ["pixels"]:
        raise Failure(f"the graph converts at {', '.join(found)}")


def prove(content: bytes, crops: list[np.ndarray], variants: list[np.ndarray]) -> None:
    """Cosine to the prepared graph's embedding for each face, alone and in a batch."""
    before, after = runtime.session(HERE / SFACE.file), runtime.int8_session(content)
    for name, inputs, least in (("photos", crops, MIN_COSINE), ("their variants", variants, MIN_COSINE_OF_VARIANTS)):
        expected = before.run(None, {sface.INPUT: np.concatenate(inputs)})[0]
        batch = after.run(None, {sface.INPUT: np.concatenate(inputs)})[0]
        alone = np.concatenate([after.run(None, {sface.INPUT: crop})[0] for crop in inputs])
        if not np.allclose(batch, alone, rtol=0, atol=1e-4):
            raise Failure("a face's embedding depends on the batch it is in")
        cosines = [prepare.cosine_similarity(a, b) for a, b in zip(expected, batch)]
        print(f"{len(inputs)} {name}: cosine to the prepared graph's embedding {min(cosines):.4f} to {max(cosines):.4f}")
        if not min(cosines) >= least:
            raise Failure(f"a cosine of the {name} is below {least}")


def table(content: bytes) -> str:
    changes = "8-bit integers from the pixels to the embedding layer; see below"
    cells = [f"`{MODEL.name}`", f"{len(content):,}", f"`{prepare.sha256(content)}`", f"`{SFACE.upstream}`, `{RANGES.name}`"]
    cells += [f"[{SFACE.licence}](LICENSES/{SFACE.licence}.txt)", changes]
    return "\n".join(
        [
            "| file | bytes | sha256 | made from | licence | what was changed |",
            "| --- | --- | --- | --- | --- | --- |",
            f"| {' | '.join(cells)} |",
        ]
    )


if __name__ == "__main__":
    sys.exit(main())
