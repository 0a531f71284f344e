"""Real inputs for the proof: the test photos, and the aligned face of each."""

from __future__ import annotations

from pathlib import Path

import cv2
import numpy as np

# Where the eyes, the nose tip and the corners of the mouth belong in the 112x112 crop SFace was trained on.
TEMPLATE = np.array(
    [[38.2946, 51.6963], [73.5318, 51.5014], [56.0252, 71.7366], [41.5493, 92.3655], [70.7299, 92.2041]]
)
CROP = 112
LONGER_SIDE = 640


def read_photo(path: Path) -> np.ndarray:
    """BGR, orientation applied, the longer side at most 640 px."""
    image = cv2.imdecode(np.frombuffer(path.read_bytes(), np.uint8), cv2.IMREAD_COLOR)
    assert image is not None, f"{path} is not an image"
    height, width = image.shape[:2]
    scale = LONGER_SIDE / max(height, width)
    if scale >= 1:
        return image
    return cv2.resize(image, (round(width * scale), round(height * scale)), interpolation=cv2.INTER_AREA)


def aligned_face(image: np.ndarray, detector: Path) -> np.ndarray:
    """The best-scored face as SFace's input: RGB, 0-255, [1,3,112,112]. Detected by OpenCV from the upstream file."""
    height, width = image.shape[:2]
    yunet = cv2.FaceDetectorYN.create(str(detector), "", (width, height), 0.7, 0.3, 5000)
    _, faces = yunet.detect(image)
    assert faces is not None, "no face found"
    best = faces[np.argmax(faces[:, 14])]
    crop = cv2.warpAffine(image, similarity(best[4:14].reshape(5, 2).astype(np.float64), TEMPLATE), (CROP, CROP))
    return planar(crop[:, :, ::-1])


def planar(image: np.ndarray) -> np.ndarray:
    """Height x width x 3 bytes as fp32 [1,3,height,width]."""
    return np.ascontiguousarray(image.transpose(2, 0, 1)[None], dtype=np.float32)


def similarity(source: np.ndarray, target: np.ndarray) -> np.ndarray:
    """
    The 2x3 rotation, scale and shift that brings `source` nearest to `target` (least squares).

    With points as complex numbers it is target = a source + b, so a is a one-variable regression.
    """
    p, q = (points[:, 0] + 1j * points[:, 1] for points in (source, target))
    centred = p - p.mean()
    a = np.vdot(centred, q - q.mean()) / np.vdot(centred, centred).real
    b = q.mean() - a * p.mean()
    return np.array([[a.real, -a.imag, b.real], [a.imag, a.real, b.imag]])
