"""A service without Ray: the model is a rule on real pixels."""

import asyncio
import io
import zipfile

import numpy as np
from fastapi.testclient import TestClient
from PIL import Image

from tools.core.errors import StepFailed
from tools.core.settings import Settings
from tools.data.images import decode_image
from tools.data.sample import mask_box
from tools.service.app import Service, create_app
from tools.service.engine import Look, Unavailable
from tools.service.feedback import Feedback
from tools.service.jobs import Jobs
from tools.service.keys import Keys
from tools.service.metrics import Drift, Metrics
from tools.service.versions import Version, Versions


def photo(box=(10, 12, 40, 30), *, size=(64, 48), seed=0, kind="PNG", **save):
    """Bytes of a grey image with one red rectangle; `size` is width and height."""
    pixels = np.random.default_rng(seed).integers(90, 110, (size[1], size[0], 3), np.uint8)
    if box:
        pixels[box[1] : box[3], box[0] : box[2]] = (250, 10, 10)
    out = io.BytesIO()
    Image.fromarray(pixels).save(out, kind, **save)
    return out.getvalue()


def zipped(**files):
    """Bytes of a zip; names may be anything a zip can hold."""
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as packed:
        for name, content in files.items():
            packed.writestr(name, content)
    return out.getvalue()


class RedEngine:
    """Finds what is red. A version may be blind, or away; a gate holds answers back."""

    def __init__(self):
        self.asked = []
        self.blind, self.away = set(), set()
        self.hold = None

    async def look(self, version, content, confidence):
        self.asked.append((version, confidence))
        if self.hold is not None:
            while self.hold:
                await asyncio.sleep(0.005)
        if version in self.away:
            raise Unavailable(f"no replica of {version} answered")
        try:
            pixels = decode_image(content, "the picture")
        except StepFailed as error:
            return Look(broken=str(error))
        red = (pixels[..., 0] > 200) & (pixels[..., 1] < 60)
        h, w = red.shape
        if version in self.blind or not red.any():
            return Look(h, w)
        return Look(h, w, [{"class": "apple", "score": 0.9, "box": list(mask_box(red))}])

    async def problem(self):
        return f"no replica of {sorted(self.away)[0]} answers" if self.away else None


def version(name="red", mode="main", share=0.0):
    return Version(
        name=name, weights=f"{name}.safetensors", threshold=0.5, classes=["apple", "pear"], kind="detect", mode=mode,
        share=share,
    )  # fmt: skip


def make_service(folder, *, engine=None, versions=(), keys=False, photos=None, callback_hosts=(), **settings):
    """A service on a folder; called again on the same folder it is the restarted one."""
    settings = Settings(service_keys=folder / "keys.json", **settings)
    served = list(versions) or [version()]
    metrics = Metrics()
    for v in served:
        metrics.watch_drift(v.name, Drift([0.9] * 100, settings.drift.window, settings.drift.least))
    return Service(
        settings, engine or RedEngine(), Versions(folder / "versions.json", served), Jobs(folder / "jobs", settings),
        Feedback(folder / "feedback.sqlite", settings), metrics, Keys(settings.service.keys) if keys else None, photos,
        frozenset(callback_hosts),
    )  # fmt: skip


def client(service, **options):
    return TestClient(create_app(service), **options)


def predict(http, content=None, **query):
    return http.post("/predict", files={"file": ("a.png", photo() if content is None else content)}, params=query)
