"""How to use a model elsewhere: a few lines to copy for Python, a phone, a Raspberry Pi and other programs by HTTP."""

import shlex
from pathlib import Path

import streamlit as st

from tools.core.task import slug
from tools.runs.runtime import DEFAULT_RUNS, RunRecord
from ui import widgets
from ui.session import t

_WAYS = ("python", "phone", "pi", "http")


def render(folder: Path, record: RunRecord) -> None:
    """The ways side by side, each with what to install, what to copy, and what comes out."""
    st.header(t("howto_title"), anchor=False)
    for place, way in zip(st.tabs([t(f"howto_{w}") for w in _WAYS]), _WAYS, strict=True):
        with place:
            widgets.plain(t(f"howto_{way}_about"))
            for language, code in snippets(way, folder, record):
                st.code(code, language=language, wrap_lines=True)
            widgets.plain(t(f"howto_{way}_then"), "small")


def snippets(way: str, folder: Path, record: RunRecord) -> list[tuple[str, str]]:
    """What to copy: language and text, in order.

    Args:
        way: python, phone, pi or http.
        folder: of the run.
        record: of a run with a model.
    """
    stem, kind = slug(record.name) or "sightsmith", record.task.kind if record.task else "segment"
    least = f"{record.best.threshold:.2f}" if record.best else "0.25"
    size = f", imgsz={px}" if (px := record.settings.get("size_px")) else ""
    if way == "python":
        return [("bash", "pip install ultralytics"), ("python", _python(f"{stem}-model.pt", kind, least, size))]
    if way == "phone":
        return [("bash", f"yolo export model={stem}-model.pt format=tflite    # Android\n"
                         f"yolo export model={stem}-model.pt format=coreml    # iPhone, on a Mac")]  # fmt: skip
    if way == "pi":
        file = f"{stem}-model.onnx"
        return [("bash", "pip install ultralytics onnxruntime"), ("python", _camera(file, kind, least, size))]
    return [("bash", _serve(folder)), ("bash", f"curl -F file=@photo.jpg '127.0.0.1:8000/predict?confidence={least}'"),
            ("python", _HTTP)]  # fmt: skip


def _python(file: str, kind: str, least: str, size: str) -> str:
    if kind == "classify":
        return (
            "from ultralytics import YOLO\n\n"
            f'model = YOLO("{file}")\n'
            f'result = model("photo.jpg"{size})[0]\n'
            "print(result.names[result.probs.top1], float(result.probs.top1conf))\n"
        )
    return (
        "from ultralytics import YOLO\n\n"
        f'model = YOLO("{file}")\n'
        f'result = model("photo.jpg", conf={least}{size})[0]\n'
        'print(len(result.boxes), "found")\n'
        "for box in result.boxes:\n"
        "    print(result.names[int(box.cls)], round(float(box.conf), 2), box.xyxy[0].tolist())\n"
        'result.save("found.jpg")\n'
    )


def _camera(file: str, kind: str, least: str, size: str) -> str:
    said = "result.names[result.probs.top1]" if kind == "classify" else "len(result.boxes)"
    return (
        "import cv2\n"
        "from ultralytics import YOLO\n\n"
        f'model = YOLO("{file}", task="{kind}")\n'
        "camera = cv2.VideoCapture(0)\n"
        "while True:\n"
        "    whole, picture = camera.read()\n"
        "    if not whole:\n"
        "        break\n"
        f"    result = model(picture, conf={least}{size}, verbose=False)[0]\n"
        f"    print({said})\n"
    )


_HTTP = (
    "import httpx\n\n"
    'with open("photo.jpg", "rb") as file:\n'
    '    answer = httpx.post("http://127.0.0.1:8000/predict", files={"file": file}).raise_for_status().json()\n'
    'print([(one["class"], one["score"], one["box"]) for one in answer["instances"]])\n'
)


def _serve(folder: Path) -> str:
    words = ["sightsmith", "serve", folder.name]
    if folder.parent.resolve() != DEFAULT_RUNS.resolve():
        words += ["--runs-dir", str(folder.parent)]
    return shlex.join(words)
