"""Networks of other sizes on the same images: what each scores, how long it takes, in which form.

Each is trained as the run's first round would have been, from random weights where there is no starter of its size. The
run itself keeps the model it has.
"""

import dataclasses
import re
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from tools.core.errors import FixArguments
from tools.core.files import write_text
from tools.data.sample import evenly
from tools.edge.export import CALIBRATION, STAGE, measured, written
from tools.edge.forms import INT8, PT, ModelForm, wanted_forms
from tools.edge.measure import Exam, fitted
from tools.metrics.judging import rules_for, sets_of
from tools.models.checkpoint import load, to_ultralytics_pt
from tools.runs.runtime import RunContext, without_model
from tools.steps.evaluate import TESTS
from tools.steps.export_model import to_onnx
from tools.steps.train import make_job, trainer_of
from tools.trainers.fingerprint import job_fingerprint

_SIZES = "nsmlx"
_FAMILY = re.compile(rf"(yolo\d+)[{_SIZES}]")


def compare_sizes(
    run: RunContext, sizes: Sequence[str], names: Sequence[str] = (), seconds: float | None = None
) -> list[dict[str, Any]]:
    """Train networks of some sizes on a run's images, unless that is done, and measure each.

    Args:
        run: with a best model.
        sizes: letters of the family of the run's network: n, s, m, l, x.
        names: other forms of each that are measured too.
        seconds: that each training may take; None: as long as its epochs take.

    Returns:
        A row for each size and form, as `tools.edge.measure.FormRow` has them; losses and speeds are against the first.

    Raises:
        FixArguments: no such size or form, or the run has no model.
        StepFailed: a form cannot be written here, or a training failed.
        Stopped: the person asked to stop; the same call goes on.
    """
    unknown = [size for size in sizes if size not in _SIZES or len(size) != 1]
    if unknown or not sizes:
        raise FixArguments(f"--sizes {','.join(unknown) or '(nothing)'}: known are {', '.join(_SIZES)}")
    if run.record.best is None:
        raise without_model(run.folder)
    if run.record.few is not None:
        raise FixArguments(
            "this run learnt from photos, which a larger network can do as well: build it again with another --model"
        )
    forms = wanted_forms(names)[0] if names else []
    family = _FAMILY.match(run.settings.training.model)
    if family is None:
        raise FixArguments(f"the run's network {run.settings.training.model} is of no family with sizes")
    rows: list[dict[str, Any]] = []
    for size in dict.fromkeys(sizes):
        model = f"{family[1]}{size}"
        weights = _trained(run, model, seconds)
        with run.stage(STAGE):
            rows += _measured(run, model, weights, forms)
    for row in rows:
        first = rows[0]
        row["speed"] = None if row["ms"] is None else round(first["ms"] / row["ms"], 2)
        row["loss"] = {on: round(first["scores"][on] - score, 4) for on, score in row["scores"].items()}
    run.record.exports["sizes"] = {"rows": rows}
    return rows


def _trained(run: RunContext, model: str, seconds: float | None) -> Path:
    """Weights of a network of that size, from `compare/MODEL` in the run's folder."""
    folder = run.folder / "compare" / model
    weights, known = folder / "weights.safetensors", folder / "fingerprint"
    job = dataclasses.replace(
        make_job(run, run.settings.planned_epochs()), folder=folder / "train", initial=None,
        deadline_s=float("inf") if seconds is None else seconds,
    )  # fmt: skip
    fingerprint = job_fingerprint(job, model, run.settings.training.recipe)  # later rounds add images
    if weights.is_file() and known.is_file() and known.read_text(encoding="utf-8") == fingerprint:
        return weights

    def on_epoch(entry: dict[str, Any]) -> None:
        run.progress("train", entry["epoch"], entry["epochs"], loss=entry["loss"], model=model)
        run.check_stop()

    with run.stage("train"):
        result = trainer_of(run.settings.model_copy(update={"model": model})).train(job, on_epoch)
    result.weights.replace(weights)
    write_text(known, fingerprint)
    return weights


def _measured(run: RunContext, model: str, weights: Path, forms: Sequence[ModelForm]) -> list[dict[str, Any]]:
    card, folder = load(weights)[1], weights.parent
    to_ultralytics_pt(weights, folder / PT)
    to_onnx(folder / PT, card.size_px, dynamic=card.kind != "classify")
    sets = sets_of(run)
    samples = {on: sets.samples[on] for on in TESTS if on in sets.samples}
    exam = Exam(
        run.task, run.folder, samples, lambda on: rules_for(run, on, card.size_px),
        run.settings.evaluation.min_confidence,
    )  # fmt: skip
    chosen = sets.samples.get("synthetic_val", []) if any(f.name == INT8 for f in forms) else []
    calibration = fitted(evenly(chosen, CALIBRATION), run.folder, card)

    def told(_: int) -> None:
        run.check_stop()

    rows = measured(written(forms, folder, card, calibration, told), card, exam, told)
    return [row.plain() | {"form": f"{model} {row.form}"} for row in rows]
