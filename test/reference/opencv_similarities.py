# /// script
# requires-python = ">=3.11"
# dependencies = [
#   "numpy==2.4.6",
#   "opencv-python-headless==4.13.0.92",
# ]
# ///
"""
What OpenCV's own face detector and recogniser say about the test photos, from the unchanged upstream models.

    uv run test/reference/opencv_similarities.py

Writes, beside this file, photos_320/*.png (the photos with the longer side at most 320 px, lossless, so that whoever
compares reads the very same pixels) and opencv_similarities.json (each photo's main face, and the cosine similarity of
every pair).
"""

from __future__ import annotations

import hashlib
import json
from itertools import combinations
from pathlib import Path

import cv2
import numpy as np

HERE = Path(__file__).resolve().parent
PHOTOS = HERE.parent / "fixtures" / "photos"
SHRUNK = HERE / "photos_320"
RESULT = HERE / "opencv_similarities.json"
UPSTREAM = HERE.parent.parent / "models" / "upstream"
DETECTOR = UPSTREAM / "face_detection_yunet_2023mar_int8bq.onnx"
RECOGNISER = UPSTREAM / "face_recognition_sface_2021dec_int8bq.onnx"

LONGER_SIDE = 320
SCORE_THRESHOLD, NMS_THRESHOLD, TOP_K = 0.7, 0.3, 5000


def main() -> None:
    cv2.setNumThreads(1)
    recogniser = cv2.FaceRecognizerSF.create(str(RECOGNISER), "")
    SHRUNK.mkdir(exist_ok=True)
    photos, embeddings = [], {}
    for path in sorted(PHOTOS.glob("*.jpg")):
        image = shrink(cv2.imread(str(path), cv2.IMREAD_COLOR))  # imread applies the EXIF orientation
        name = f"{path.stem}.png"
        cv2.imwrite(str(SHRUNK / name), image)
        face = main_face(image)
        embeddings[name] = recogniser.feature(recogniser.alignCrop(image, face)).copy()
        photos.append(describe(name, image, face))

    def cosine(a: str, b: str) -> float:
        return round(recogniser.match(embeddings[a], embeddings[b], cv2.FaceRecognizerSF_FR_COSINE), 6)

    pairs = [{"a": a, "b": b, "cosine": cosine(a, b)} for a, b in combinations(embeddings, 2)]
    result = {
        "opencv": cv2.__version__,
        "models": {path.name: hashlib.sha256(path.read_bytes()).hexdigest() for path in (DETECTOR, RECOGNISER)},
        "photos": photos,
        "pairs": pairs,
    }
    RESULT.write_text(json.dumps(result, indent=2) + "\n")
    for pair in pairs:
        print(f"{pair['a']:16} {pair['b']:16} {pair['cosine']:.4f}")


def shrink(image: np.ndarray) -> np.ndarray:
    height, width = image.shape[:2]
    scale = LONGER_SIDE / max(height, width)
    if scale >= 1:
        return image
    return cv2.resize(image, (round(width * scale), round(height * scale)), interpolation=cv2.INTER_AREA)


def main_face(image: np.ndarray) -> np.ndarray:
    """The face with the greatest area times score: x, y, w, h, five landmarks, score."""
    height, width = image.shape[:2]
    detector = cv2.FaceDetectorYN.create(str(DETECTOR), "", (width, height), SCORE_THRESHOLD, NMS_THRESHOLD, TOP_K)
    _, faces = detector.detect(image)
    return faces[np.argmax(faces[:, 2] * faces[:, 3] * faces[:, 14])]


def describe(name: str, image: np.ndarray, face: np.ndarray) -> dict[str, object]:
    numbers = [round(float(value), 4) for value in face]
    return {
        "file": name,
        "width": image.shape[1],
        "height": image.shape[0],
        "box": numbers[:4],
        "landmarks": [numbers[i : i + 2] for i in range(4, 14, 2)],
        "score": round(float(face[14]), 6),
    }


if __name__ == "__main__":
    main()
