"""The peer that the benchmark compares with: the same verification with FastAPI and OpenCV, as such services are written.

POST /recognize_face with `employee_id` and `image`: the photo is decoded, the largest face found (YuNet), aligned and
embedded (SFace), and compared with every photo in the employee's folder. The folder is listed for every request; the
embedding of a reference photo is kept in memory as long as the file has not changed.

Environment: EMPLOYEES_DIR, DETECTOR and RECOGNISER (ONNX files). TUNED=1 does what a second look at such a service brings:
one OpenCV thread for each process, and one pair of networks behind a lock instead of one for each thread of the pool.
"""

import os
import threading
from contextlib import contextmanager
from functools import lru_cache
from pathlib import Path

import cv2
import numpy as np
from fastapi import FastAPI, File, Form, HTTPException, UploadFile

EMPLOYEES = Path(os.environ["EMPLOYEES_DIR"])
TUNED = os.environ.get("TUNED") == "1"
SCORE_THRESHOLD = 0.7
SIMILARITY_THRESHOLD = 0.363

if TUNED:
    cv2.setNumThreads(1)


class Networks:
    """The detector and the recogniser. OpenCV's networks must not be used by two threads at once."""

    def __init__(self):
        self.detector = cv2.FaceDetectorYN.create(os.environ["DETECTOR"], "", (320, 320), SCORE_THRESHOLD)
        self.recogniser = cv2.FaceRecognizerSF.create(os.environ["RECOGNISER"], "")

    def embed(self, photo: bytes) -> np.ndarray | None:
        """The embedding of the largest face; None where no face is found."""
        image = cv2.imdecode(np.frombuffer(photo, np.uint8), cv2.IMREAD_COLOR)
        if image is None:
            return None
        height, width = image.shape[:2]
        self.detector.setInputSize((width, height))
        _, faces = self.detector.detect(image)
        if faces is None:
            return None
        largest = max(faces, key=lambda face: face[2] * face[3])
        return self.recogniser.feature(self.recogniser.alignCrop(image, largest)).copy()


local = threading.local()
shared: list[Networks] = []
lock = threading.Lock()


@contextmanager
def networks():
    """Those of this thread; when tuned, those of the process."""
    if not TUNED:
        if not hasattr(local, "networks"):
            local.networks = Networks()
        yield local.networks
        return
    with lock:
        if not shared:
            shared.append(Networks())
        yield shared[0]


@lru_cache(maxsize=20_000)
def reference_embedding(path: Path, _modified: int) -> np.ndarray | None:
    with networks() as nets:
        return nets.embed(path.read_bytes())


app = FastAPI()


@app.post("/recognize_face")
def recognize_face(employee_id: str = Form(...), image: UploadFile = File(...)):
    folder = EMPLOYEES / employee_id
    if not folder.is_dir():
        raise HTTPException(404, "Employee face not added yet!")
    photo = image.file.read()
    references = [
        embedding
        for path in sorted(folder.glob("face_*"))
        if (embedding := reference_embedding(path, path.stat().st_mtime_ns)) is not None
    ]
    with networks() as nets:
        probe = nets.embed(photo)
        if probe is None:
            raise HTTPException(400, "Face not recognized")
        similarity = max(
            (nets.recogniser.match(probe, reference, cv2.FaceRecognizerSF_FR_COSINE) for reference in references),
            default=-1.0,
        )
    if similarity < SIMILARITY_THRESHOLD:
        raise HTTPException(400, "Face not recognized")
    return {"message": "Face recognized successfully", "employee_id": employee_id, "distance": 1 - similarity}


@app.get("/healthz")
def healthz():
    return {"status": "ok"}
