"""Write a model in the forms of small devices, check what each still finds, and keep the table with the run."""

import shutil
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from tools.core import owned
from tools.core.errors import FixArguments
from tools.core.files import link_or_copy, write_json
from tools.core.settings import Settings
from tools.core.task import TaskSpec
from tools.data.real import load_real
from tools.data.sample import Sample, evenly
from tools.data.scores import EvaluatedOn
from tools.edge.forms import BASES, INT8, PT, Batch, Forward, ModelForm, wanted_forms, write
from tools.edge.measure import Exam, FormRow, fitted, measure
from tools.edge.prune import pruned
from tools.label.labeler import label_task
from tools.metrics.judging import rules_for, sets_of
from tools.metrics.scoring import ScoringRules
from tools.models.checkpoint import Card, load, load_model, to_ultralytics_pt, write_pt
from tools.models.pickled import load_pickled
from tools.runs.photo_sets import labelled_folder
from tools.runs.runtime import RunContext
from tools.steps.evaluate import TESTS
from tools.steps.export_model import cpu_threads, export_best, to_onnx
from tools.steps.photos_given import judging_photos

STAGE = "export_model"
TABLE = "devices.json"
CALIBRATION = 64  # images that ranges are taken of; more change nothing
_BY = "export --to"
Told = Callable[[int], None]


def export_to(
    run: RunContext, names: Sequence[str], prune: float | None = None, seconds: float | None = None
) -> tuple[list[FormRow], list[str]]:
    """Write a run's best model in other forms, beside `export/model.pt`, and measure them on its test images.

    Args:
        run: with a best model.
        names: of the forms; none where `prune` is given are model.pt and model.onnx alone.
        prune: share of the hidden channels that a second, narrower model does without; see `tools.edge.prune`.
        seconds: that its training may take.

    Returns:
        A row for model.pt, for model.onnx and for each form, the same of the narrower model, and what could not be
        done.

    Raises:
        FixArguments: no such form or share, or no model yet.
        StepFailed: nothing can be written here, or a file cannot be used.
    """
    forms, notes = wanted_forms(names) if names or prune is None else ([], [])
    narrow = None if prune is None else pruned(run, prune, seconds)
    export_best(run)
    assert run.record.best is not None
    card = load(run.path(run.record.best.weights))[1]
    samples, calibration = _images(run)
    calibration = calibration if INT8 in names else []
    if not samples:
        notes = [*notes, "no scores: all photos of this run were learnt from; others are measured on with --real"]
    exam = Exam(
        run.task, run.folder, samples, lambda on: rules_for(run, on, card.size_px),
        run.settings.evaluation.min_confidence,
    ) if samples else None  # fmt: skip
    folder = run.folder / "export"
    models = 1 + (narrow is not None)
    total, done = models * (len(forms) + 2) * sum(map(len, samples.values())), 0

    def told(count: int) -> None:
        nonlocal done
        done += count
        run.progress(STAGE, done, total)
        run.check_stop()

    with run.stage(STAGE):
        batches = fitted(evenly(calibration, CALIBRATION), run.folder, card)
        products = written(forms, folder, card, batches, told)
        if narrow is not None and prune is not None:
            products += _narrow(narrow, folder / f"pruned{round(100 * prune)}", prune, forms, batches, told)
        rows = measured(products, card, exam, told)
        known = run.record.exports.get("devices", {})
        run.record.exports["devices"] = _table(rows, known, card, notes)
        write_json(folder / TABLE, run.record.exports["devices"])
    return rows, notes


def _images(run: RunContext) -> tuple[dict[EvaluatedOn, Sequence[Sample]], Sequence[Sample]]:
    """What the forms of a run's model are measured on, and what an 8-bit form's ranges are taken of."""
    if run.record.few is None:
        sets = sets_of(run)
        return {on: sets.samples[on] for on in TESTS if on in sets.samples}, sets.samples.get("synthetic_val", [])
    judging = judging_photos(run)
    return {"real_test": judging} if judging else {}, list(run.dataset.samples(verdict="kept"))


def export_file(
    weights: Path, names: Sequence[str], out: Path, real: Path | None, settings: Settings
) -> tuple[list[FormRow], list[str], Path]:
    """Write a file of weights in other forms; pickled ones are opened without running what else is in them.

    Args:
        weights: a .safetensors of Sightsmith, or a .pt of Ultralytics.
        names: of the forms.
        out: folder to write; beside it where that is somebody's.
        real: labelled photos: those that decide calibrate, the others measure. None: only times are measured.
        settings: how photos are split and scored.

    Returns:
        The rows, what could not be done, and where everything is.

    Raises:
        FixArguments: no such form, or the file or folder is none.
        StepFailed: nothing can be written here, or a file cannot be used.
    """
    forms, notes = wanted_forms(names)
    owned.refuse_foreign(out, "--out")
    if INT8 in names and real is None:
        raise FixArguments(f"{INT8} is fitted to pictures: name labelled ones with --real DIR")
    network, card = open_weights(weights)
    task = label_task(card.names, card.kind)
    real = None if real is None else labelled_folder(real, settings)
    judging = settings.evaluation
    photos = None if real is None else load_real(real, task, judging.real_val_share, judging.class_map)
    notes = [*notes, *([] if photos is None else photos.notes)]
    exam = None if photos is None else _exam_of(photos.test, task, card, settings)
    building = owned.unfinished(out)
    building.mkdir(parents=True)
    try:
        write_pt(network, card, building / PT)
        to_onnx(building / PT, card.size_px, dynamic=card.kind != "classify")
        calibration = [] if photos is None else fitted(evenly(photos.val, CALIBRATION), Path(), card)
        rows = measured(written(forms, building, card, calibration, lambda _: None), card, exam, lambda _: None)
        write_json(building / TABLE, _table(rows, {}, card, notes))
        return rows, notes, owned.install(building, out, _BY)
    finally:
        shutil.rmtree(building, ignore_errors=True)


def open_weights(path: Path) -> tuple[Any, Card]:
    """The network of a file, and what it is.

    Raises:
        StepFailed: the file is missing, damaged, or holds more than a network of boxes, masks or classes.
    """
    if path.suffix == ".safetensors":
        return load_model(path)
    return load_pickled(path)


def _exam_of(photos: Sequence[Sample], task: TaskSpec, card: Card, settings: Settings) -> Exam:
    judging = settings.evaluation

    def rules(_on: EvaluatedOn) -> ScoringRules:
        return ScoringRules(match_iou=judging.match_iou, ignore_side_px=judging.ignore_side_px, seen_px=card.size_px)

    return Exam(task, Path(), {"real_test": list(photos)}, rules, judging.min_confidence)


@dataclass(frozen=True)
class Product:
    """One form of a model on the disk."""

    form: str
    place: str  # in the folder of all
    mb: float
    forward: Forward | None  # None: it runs on the device alone


def written(
    forms: Sequence[ModelForm], folder: Path, card: Card, calibration: Sequence[Batch], told: Told
) -> list[Product]:
    """Write the forms beside model.pt and model.onnx; those two come first."""
    made = [Product(name, name, _megabytes(folder / name), way(folder / name)) for name, way in BASES.items()]
    for form in forms:
        told(0)
        path = write(form, folder / PT, card.size_px, folder, calibration)
        made.append(Product(form.name, path.name, _megabytes(path), form.open(path) if form.open is not None else None))
    return made


def _narrow(
    weights: Path, folder: Path, share: float, forms: Sequence[ModelForm], calibration: Sequence[Batch], told: Told
) -> list[Product]:
    """The forms of a narrower model, in a folder of its own; its weights lie with them, for `predict`."""
    card = load(weights)[1]
    folder.mkdir(parents=True, exist_ok=True)
    link_or_copy(weights, folder / weights.name)
    to_ultralytics_pt(weights, folder / PT)
    to_onnx(folder / PT, card.size_px, dynamic=card.kind != "classify")
    return [
        replace(product, form=f"{product.form}, {share:.0%} pruned", place=f"{folder.name}/{product.place}")
        for product in written(forms, folder, card, calibration, told)
    ]


def measured(products: Sequence[Product], card: Card, exam: Exam | None, told: Told) -> list[FormRow]:
    """Measure all products that run here."""
    run_here = {p.form: (p.place, p.mb, p.forward) for p in products if p.forward is not None}
    rows = measure(run_here, card, exam, told)
    return rows + [FormRow(p.form, p.place, p.mb) for p in products if p.forward is None]


def _megabytes(path: Path) -> float:
    files = [p for p in path.rglob("*") if p.is_file()] if path.is_dir() else [path]
    return round(sum(p.stat().st_size for p in files) / 2**20, 2)


def _table(rows: Sequence[FormRow], known: dict[str, Any], card: Card, notes: Sequence[str]) -> dict[str, Any]:
    """What is kept: these rows, and those of other forms that were made of the same weights before."""
    new = {row.form: row.plain() for row in rows}
    old = {r["form"]: r for r in known.get("rows", [])} if known.get("weights") == card.sha256 else {}
    return {
        "weights": card.sha256, "size_px": card.size_px, "threads": cpu_threads(), "rows": list((old | new).values()),
        "notes": list(notes),
    }  # fmt: skip
