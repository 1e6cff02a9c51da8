"""The zero-shot baseline: what an untrained open-vocabulary model does on the real test, to say if training paid."""

import hashlib
import logging
from typing import TYPE_CHECKING

from tools.core.errors import StepFailed
from tools.core.model_files import local_folder
from tools.data.scores import EvaluatedOn, Evaluation
from tools.metrics.predictions import ask, join
from tools.runs.runtime import RunContext, write_json

if TYPE_CHECKING:
    from tools.annotators.detect_and_segment import ZeroShot
    from tools.metrics.judging import Sets

log = logging.getLogger(__name__)


def make_zero_shot(run: RunContext) -> "ZeroShot | None":
    """The untrained recogniser of the settings, or None where its weights are not on this machine.

    Raises:
        StepFailed: the weights are here and cannot be opened.
    """
    from tools.annotators.detect_and_segment import ZeroShot

    settings, task = run.settings, run.task
    if task.kind == "classify":
        if local_folder(settings.clip.model) is None:
            return None
        from tools.scorers.clip import ClipEmbedder

        return ZeroShot(None, task, ClipEmbedder(settings.clip.model, settings.clip.floor, offline=True))
    if local_folder(settings.annotation.detector) is None:
        return None
    from tools.annotators.choosing import make_detect_and_segment

    return ZeroShot(make_detect_and_segment(run), task)


def measure_zero_shot(run: RunContext, sets: "Sets", model: "ZeroShot | None" = None) -> None:
    """Measure it once a run on the real test and keep the scores in `run.record.baselines`.

    Its working threshold is chosen on real_val, as the trained model's is. It is measured by the very scorer that
    measures the trained model, on the same photos.

    Args:
        run: with real photos.
        sets: holds real_test.
        model: takes the place of the one in the settings.
    """
    from tools.metrics.judging import rules_for, scorer_of

    settings = run.settings
    samples = sets.samples["real_test"]
    path, fingerprint = run.folder / "zero_shot.json", _fingerprint(run, sets)
    if model is None and (known := _known(run, fingerprint)) is not None:
        run.record.baselines = known
        return
    try:
        model = model or make_zero_shot(run)
    except StepFailed as error:
        run.emit("warning", text=f"no zero-shot baseline: {error}")
        return
    if model is None:
        return

    def told(_count: int) -> None:
        run.check_stop()

    scorers = {}
    both: tuple[EvaluatedOn, ...] = ("real_val", "real_test")
    try:
        for on in both:
            chosen = sets.samples.get(on)
            if chosen:
                answers = ask(model, chosen, run.folder, settings.evaluation.min_confidence, told)
                images = join(chosen, answers, run.task)
                scorers[on] = scorer_of(images, run.task, rules_for(run, "real_test", model.size_px))
    finally:
        model.close()
    threshold = scorers.get("real_val", scorers["real_test"]).threshold()
    scores = scorers["real_test"].evaluation("real_test", threshold)
    run.record.baselines = {model.name: scores}
    run.emit("note", text=f"untrained {model.name} measured on {len(samples)} real test photos")
    write_json(path, {"fingerprint": fingerprint, "scores": {model.name: scores.model_dump(mode="json")}})


def _known(run: RunContext, fingerprint: str) -> dict[str, Evaluation] | None:
    """What was measured before on the same grounds."""
    import json

    try:
        value = json.loads((run.folder / "zero_shot.json").read_text(encoding="utf-8"))
        if value["fingerprint"] != fingerprint:
            return None
        return {name: Evaluation.model_validate(s) for name, s in value["scores"].items()}
    except (OSError, ValueError, KeyError):
        return None


def _fingerprint(run: RunContext, sets: "Sets") -> str:
    """Hash of engines, task and photos."""
    settings = run.settings
    engines = settings.model_dump_json(
        include={"detector", "second_detector", "detector_flip", "fusion_iou", "segmenter", "phrases", "clip_model"}
    )
    both: tuple[EvaluatedOn, ...] = ("real_val", "real_test")
    photos = [
        sample.model_dump_json(include={"id", "sha256", "instances", "label"})
        for on in both
        for sample in sets.samples.get(on, [])
    ]
    task = run.task.model_dump_json(include={"kind", "classes"})
    return hashlib.sha256("\n".join([engines, task, *photos]).encode()).hexdigest()
