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
What the rewrite of SFace is worth: milliseconds per face of upstream's graph, of the prepared one and of the int8 one.

    uv run models/bench.py [--rounds 100] [--min-ratio 2.2] [--min-int8-ratio 1.6]

Upstream's graph has only what keeps it from running removed, and has its weights dequantised at load like the prepared
one. All run in turn on the same face in one process, one thread, batch 1. Ends with a non-zero status when the prepared
graph is not that many times as fast as upstream's, the int8 one not that many times as fast as the prepared one (which
takes a processor with VNNI), or one of the two takes too long to load.
"""

from __future__ import annotations

import argparse
import statistics
import sys
import time

import onnx

import prepare
import quantize
from rewrite import faces, runtime, sface

WARM_UP = 5
MAX_LOAD_SECONDS = 1.0


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rounds", type=int, default=100)
    parser.add_argument("--min-ratio", type=float, default=2.2)
    parser.add_argument("--min-int8-ratio", type=float, default=1.6)
    arguments = parser.parse_args()

    original = onnx.load(prepare.UPSTREAM / prepare.SFACE.upstream)
    upstream = runtime.without_required_inputs(original, sface.INPUT)
    photo = faces.read_photo(prepare.photos()[0])
    face = faces.aligned_face(photo, prepare.UPSTREAM / prepare.YUNET.upstream)

    sessions, load = {}, {}
    for name, open_session in {
        "prepared": lambda: runtime.session(prepare.HERE / prepare.SFACE.file),
        "int8": lambda: runtime.int8_session(quantize.MODEL.read_bytes()),
        "upstream": lambda: runtime.session(upstream),
    }.items():
        started = time.perf_counter()
        sessions[name] = open_session()
        load[name] = time.perf_counter() - started

    milliseconds: dict[str, list[float]] = {name: [] for name in sessions}
    for round_number in range(-WARM_UP, arguments.rounds):
        for name, session in sessions.items():
            started = time.perf_counter()
            session.run(None, {sface.INPUT: face})
            if round_number >= 0:
                milliseconds[name].append((time.perf_counter() - started) * 1000)

    print(f"{'graph':10} {'median ms':>10} {'min ms':>8} {'load s':>8}")
    for name, times in milliseconds.items():
        print(f"{name:10} {statistics.median(times):10.2f} {min(times):8.2f} {load[name]:8.2f}")
    medians = {name: statistics.median(times) for name, times in milliseconds.items()}
    problems = []
    for slow, fast, least in (
        ("upstream", "prepared", arguments.min_ratio),
        ("prepared", "int8", arguments.min_int8_ratio),
    ):
        ratio = medians[slow] / medians[fast]
        print(f"{slow} / {fast}: ratio of the medians {ratio:.2f}")
        if ratio < least:
            problems.append(f"{slow} / {fast} is below {least}")
        if load[fast] >= MAX_LOAD_SECONDS:
            problems.append(f"loading {fast} takes {MAX_LOAD_SECONDS:g} s or longer")
    for problem in problems:
        print(f"bench.py: {problem}", file=sys.stderr)
    return 1 if problems else 0


if __name__ == "__main__":
    sys.exit(main())
