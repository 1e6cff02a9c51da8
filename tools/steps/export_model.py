"""Write the best weights for other tools: a .pt for Ultralytics and an ONNX file, checked against each other."""

import json
import platform
import shutil
import time
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from statistics import median
from typing import Any

import numpy as np
import numpy.typing as npt
from langchain_core.tools import tool
from langgraph.prebuilt import ToolRuntime

from tools.core import owned
from tools.core.errors import FixArguments, StepFailed
from tools.core.files import DiskFull, is_full, write_text
from tools.data.dataset import file_sha256
from tools.data.geometry import box_ious
from tools.data.images import read_image
from tools.models.checkpoint import Card, load, to_ultralytics_pt
from tools.models.postprocess import Detections, centre_crop, detections, letterbox
from tools.models.rescorer import stored
from tools.runs.runtime import RunContext, report, write_json
from tools.steps.export_dataset import BY

STAGE = "export_model"
FILES = ("model.pt", "model.onnx")
MAX_SCORE_DIFFERENCE = 1e-3  # between the two files on the same pixels; 32-bit sums in another order give 1e-5
MIN_IOU = 0.98  # of a detection in one with its twin in the other
_IMAGES = 8
_RUNS = 20  # for the latency; the first 3 more warm up
_OPSET = 17  # read by every runtime since 2022

Batch = npt.NDArray[np.float32]


@tool
def export_model(runtime: ToolRuntime[RunContext]) -> str:
    """Write the best model as export/model.pt (Ultralytics) and export/model.onnx, check that both agree, time them."""
    return export_best(runtime.context)


def export_best(run: RunContext) -> str:
    """Export a run's best weights; see `export_model`. Done before with the same weights: nothing is written.

    Files that somebody changed since stay as they are, and the new ones are written beside: model-2.pt and so on.

    Raises:
        FixArguments: there are no best weights yet.
        StepFailed: the weights cannot be read, converted, or the two files disagree.
    """
    if run.record.best is None:
        raise FixArguments("There is no best model yet. Call train_model and evaluate_model first.")
    with run.stage(STAGE):
        weights = run.path(run.record.best.weights)
        source = {"weights": run.record.best.weights, "threshold": run.record.best.threshold}
        card = load(weights)[1]  # refuses a damaged file with its name
        source["sha256"] = file_sha256(weights)
        exported = _stored(run, source) or _export(run, weights, card, source)
        run.record.exports["model"] = exported
        run.save()
    check = exported["check"]
    return report(
        done=f"best model (round {run.record.best.round}) exported as {' and '.join(exported['files'])}",
        folder="export",
        agreement=f"scores differ by at most {check['max_score_difference']:.1e} on {check['pictures']} pictures, "
        f"detections overlap by at least {check['min_iou']:.3f}",
        latency_ms=exported["latency_ms"],
        threads=exported["threads"],
    )


def _stored(run: RunContext, source: dict[str, Any]) -> dict[str, Any] | None:
    """What was exported from these very weights, when its files are whole."""
    folder = run.folder / "export"
    for stem in _stems():
        try:
            stored: dict[str, Any] = json.loads((folder / f"{stem}.json").read_text(encoding="utf-8"))
            whole = all(file_sha256(folder / name) == digest for name, digest in stored["files"].items())
        except FileNotFoundError:
            if not any((folder / name).exists() for name in _names(stem)):
                return None
        except (OSError, ValueError, KeyError, AttributeError):
            continue
        else:
            if whole and stored.get("source") == source and (folder / f"{stem}.md").is_file():
                return stored
    return None


def _stems() -> Iterator[str]:
    """model, model-2, model-3 ..."""
    return (path.name for path in owned.siblings(Path("model")))


def _names(stem: str) -> tuple[str, str, str, str]:
    """The files of an export: the model twice, what is to be known of them, and that as data."""
    return f"{stem}.pt", f"{stem}.onnx", f"{stem}.md", f"{stem}.json"


def _free_stem(folder: Path) -> str:
    """The first under which no file is somebody else's, or was changed since it was written."""
    taken = owned.foreign(folder) - _written_before_signing(folder)
    return next(stem for stem in _stems() if not taken.intersection(_names(stem)))


def _written_before_signing(folder: Path) -> set[str]:
    """Files of an export that no manifest knows yet and that are as they were written, by its own digests."""
    if "model.json" in owned.manifest(folder).get("files", {}):
        return set()
    try:
        files = json.loads((folder / "model.json").read_text(encoding="utf-8"))["files"]
        return {"model.json", *(name for name, digest in files.items() if owned.is_same(folder / name, digest))}
    except (OSError, ValueError, KeyError, AttributeError, TypeError):
        return set()


def _export(run: RunContext, weights: Path, card: Card, source: dict[str, Any]) -> dict[str, Any]:
    folder = run.folder / "export"
    scratch = folder / ".model"
    shutil.rmtree(scratch, ignore_errors=True)  # ours alone: what a kill left
    scratch.mkdir(parents=True)
    try:
        to_ultralytics_pt(weights, scratch / "model.pt")
        run.check_stop()
        to_onnx(scratch / "model.pt", card.size_px, dynamic=card.kind != "classify")
        run.check_stop()
        images = _images(run, card)
        torch_run, onnx_run = open_pt(scratch / "model.pt"), open_onnx(scratch / "model.onnx")
        check = compare(torch_run, onnx_run, images, card, source["threshold"])
        if not check["agree"]:
            raise StepFailed(
                f"model.pt and model.onnx disagree on the same pictures (scores by up to "
                f"{check['max_score_difference']:.2g}, least overlap {check['min_iou']:.3f}); nothing was exported. "
                "Report this with the run's events.jsonl."
            )
        names = _names(_free_stem(folder))
        exported = {
            "source": source,
            "files": {name: file_sha256(scratch / made) for name, made in zip(names, FILES, strict=False)},
            "check": check,
            "latency_ms": {
                names[0]: _latency_ms(torch_run, images[0][None]),
                names[1]: _latency_ms(onnx_run, images[0][None]),
            },
            "threads": cpu_threads(),
        }
        owned.announce(folder, BY, names)
        for name, made in zip(names, FILES, strict=False):
            (scratch / made).replace(folder / name)
        write_text(folder / names[2], _readme(run, card, exported))
        write_json(folder / names[3], exported)
        owned.add(folder, BY, names)
    finally:
        shutil.rmtree(scratch, ignore_errors=True)
    return exported


def to_onnx(pt: Path, size_px: int, *, dynamic: bool) -> Path:
    """Convert a .pt beside itself; offline, nothing is installed.

    Args:
        pt: written by `to_ultralytics_pt`.
        size_px: side of the example input.
        dynamic: let batch and sides vary.

    Raises:
        StepFailed: the conversion failed; the message says why.
        DiskFull: there is no space for it.
    """
    made = pt.with_suffix(".onnx")
    _convert(pt, "ONNX", format="onnx", imgsz=size_px, dynamic=dynamic, simplify=False, opset=_OPSET)
    if not made.is_file():
        raise StepFailed(f"the conversion to ONNX left no {made.name}")
    return made


def to_other(pt: Path, exporter: str, name: str, size_px: int) -> Path:
    """Convert a .pt beside itself into a form for squares of one size; offline, nothing is installed.

    Args:
        pt: written by `to_ultralytics_pt`.
        exporter: Ultralytics' name for the form.
        name: ours, for messages.
        size_px: side of the squares.

    Returns:
        The file or folder.

    Raises:
        StepFailed: the conversion failed; the message says why.
        DiskFull: there is no space for it.
    """
    made = Path(_convert(pt, name, format=exporter, imgsz=size_px))
    if not made.exists():
        raise StepFailed(f"the conversion to {name} left no {made.name}")
    return made


def _convert(pt: Path, name: str, **options: Any) -> str:
    from tools.models.networks import quiet_ultralytics

    quiet_ultralytics()
    from ultralytics.models import YOLO

    try:
        return str(YOLO(str(pt)).export(device="cpu", verbose=False, **options))
    except Exception as error:  # the converter has no error class of its own
        if is_full(error):
            raise DiskFull(pt.with_suffix("")) from error
        raise StepFailed(f"the model could not be converted to {name} ({type(error).__name__}: {error})") from error


def open_pt(path: Path) -> Callable[[Batch], list[Batch]]:
    """Raw outputs of a .pt, as Ultralytics loads it, for an (n, 3, h, w) batch in 0..1.

    Only for files that this process wrote itself: a .pt may hold code.
    """
    from tools.models.networks import quiet_ultralytics

    quiet_ultralytics()
    import torch
    from ultralytics.models import YOLO

    network: Any = YOLO(str(path)).model
    network = network.float().eval()

    def run(batch: Batch) -> list[Batch]:
        with torch.no_grad():
            raw = network(torch.from_numpy(batch))
        first = raw[0]
        return [t.numpy() for t in first] if isinstance(first, list | tuple) else [first.numpy()]

    return run


def open_onnx(path: Path) -> Callable[[Batch], list[Batch]]:
    """Raw outputs of an ONNX file for an (n, 3, h, w) batch in 0..1."""
    import onnxruntime

    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = cpu_threads()
    options.log_severity_level = 3
    session = onnxruntime.InferenceSession(str(path), options, providers=["CPUExecutionProvider"])
    name = session.get_inputs()[0].name
    return lambda batch: [np.asarray(o) for o in session.run(None, {name: batch})]


def compare(
    first: Callable[[Batch], list[Batch]], second: Callable[[Batch], list[Batch]], images: Batch, card: Card,
    threshold: float,
) -> dict[str, Any]:  # fmt: skip
    """Whether two forms of a model say the same of the same images.

    Returns:
        {"agree", "pictures", "detections", "max_difference" of raw values, "max_score_difference", "min_iou"}.
    """
    raw_difference = score_difference = 0.0
    overlaps: list[float] = []
    found = 0
    for image in images:
        one, two = first(image[None]), second(image[None])
        raw_difference = max(raw_difference, *(float(np.abs(a - b).max()) for a, b in zip(one, two, strict=True)))
        scores = slice(0, None) if card.kind == "classify" else slice(4, 4 + len(card.names))
        score_difference = max(score_difference, float(np.abs(one[0][:, scores] - two[0][:, scores]).max()))
        if card.kind != "classify":
            a, b = (_detect(raw, len(card.names), threshold) for raw in (one, two))
            found += len(a.scores)
            overlaps += _overlaps(a, b, threshold) + _overlaps(b, a, threshold)
    least = min(overlaps, default=1.0)
    return {
        "agree": bool(score_difference <= MAX_SCORE_DIFFERENCE and least >= MIN_IOU),
        "pictures": len(images),
        "detections": found,
        "max_difference": raw_difference,
        "max_score_difference": score_difference,
        "min_iou": least,
    }


def _detect(raw: Sequence[Batch], classes: int, threshold: float) -> Detections:
    import torch

    tensors = [torch.from_numpy(np.ascontiguousarray(a)) for a in raw]
    return detections((tensors[0] if len(tensors) == 1 else tensors, None), classes, threshold)[0]


def _overlaps(one: Detections, other: Detections, threshold: float) -> list[float]:
    """Of each detection the IoU with its best twin; what sits on the very threshold may have none."""
    sure = one.scores > threshold + 2 * MAX_SCORE_DIFFERENCE
    if not sure.any():
        return []
    if not len(other.scores):
        return [0.0]
    same = one.classes[sure][:, None] == other.classes[None]
    return [float(v) for v in (box_ious(one.boxes[sure], other.boxes) * same).max(axis=1)]


def _images(run: RunContext, card: Card) -> Batch:
    """(n, 3, size, size) images of the run, those it did not learn from first."""
    samples = [s for split in ("test", "val", "train") for s in run.dataset.samples(verdict="kept", split=split)]
    if not samples:
        raise StepFailed("there is no kept picture to check the export on; call generate_images and curate_dataset")
    fitted = []
    for sample in samples[:_IMAGES]:
        image = read_image(run.path(sample.image))
        if card.kind == "classify":
            fitted.append(centre_crop(image, card.size_px))
        else:
            fitted.append(letterbox(image, card.size_px, square=True)[0])
    stacked = np.stack(fitted).transpose(0, 3, 1, 2).astype(np.float32) / 255
    return np.ascontiguousarray(stacked)


def cpu_threads() -> int:
    """How many threads a model gets here."""
    from tools.core.devices import cpu_count

    return cpu_count()


def _latency_ms(run: Callable[[Batch], list[Batch]], batch: Batch) -> float:
    """Median milliseconds of one image, without reading and drawing it."""
    times = []
    for _ in range(_RUNS + 3):
        began = time.perf_counter()
        run(batch)
        times.append(1000 * (time.perf_counter() - began))
    return round(median(times[3:]), 2)


def _readme(run: RunContext, card: Card, exported: dict[str, Any]) -> str:
    threshold = exported["source"]["threshold"]
    check, latency = exported["check"], exported["latency_ms"]
    pt, onnx = exported["files"]
    names = "\n".join(f"- {i}: {' '.join(name.split())}" for i, name in enumerate(card.names))
    use = (
        "print(result.names[result.probs.top1], float(result.probs.top1conf))"
        if card.kind == "classify"
        else "print(result.boxes.xyxy, result.boxes.conf, result.boxes.cls)"
    )
    masks = ", retina_masks=True" if card.kind == "segment" else ""
    mask_line = "\nprint(result.masks.data.shape)  # one mask an object" if card.kind == "segment" else ""
    confidence = "" if card.kind == "classify" else f", conf={threshold:.3f}"
    return f"""# Exported model

A {card.kind} model ({card.architecture}, {card.size_px} px) made by Sightsmith, run `{run.record.name}`.

```python
from ultralytics import YOLO

model = YOLO("{pt}")  # or "{onnx}"
result = model.predict("photo.jpg", imgsz={card.size_px}{confidence}{masks})[0]
{use}{mask_line}
```

Working threshold: {threshold:.3f}.{_own_looks(card)} Classes:

{names}

Both files were run on the same {check["pictures"]} pictures: scores differ by at most
{check["max_score_difference"]:.1e}, detections overlap by at least {check["min_iou"]:.3f}. Median time of a picture
with {exported["threads"]} CPU threads ({platform.machine()}): {pt} {latency[pt]} ms,
{onnx} {latency[onnx]} ms.

The network's code is Ultralytics' (AGPL-3.0). The weights were trained on pictures made by this project's generators.
"""


def _own_looks(card: Card) -> str:
    """What other programs leave out when they run the files."""
    if card.kind == "classify":
        return ""
    corrected = " and corrects scores by what your photos without labels showed," if stored(card) else ""
    looks = (
        "at a photo in which it finds something once more, mirrored, and smaller where that is large"
        if card.fitted
        else "again at photos of small objects, larger, and of large ones, smaller"
    )
    return (
        f" It was chosen as Sightsmith itself looks: {looks}{corrected or ','}"
        " so other programs find less, and may need a threshold of their own."
    )
