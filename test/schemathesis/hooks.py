"""What schemathesis cannot make up: photos, ids of employees, a URL that may be called back.

SCHEMATHESIS_HOOKS names this file; ROLLCALL_PHOTOS a folder of photos, ROLLCALL_CALLBACK_URL a URL that CALLBACK_HOSTS allows.
"""

import os
from pathlib import Path

import schemathesis
from hypothesis import strategies as st

photos = [path.read_bytes() for path in sorted(Path(os.environ["ROLLCALL_PHOTOS"]).glob("*.jpg"))]

schemathesis.openapi.format("binary", st.sampled_from(photos))
schemathesis.openapi.format("employee-id", st.sampled_from(["1001", "1002", "O'Neill".replace("'", " "), "Zoë"]))
schemathesis.openapi.format("uri", st.just(os.environ["ROLLCALL_CALLBACK_URL"]))
