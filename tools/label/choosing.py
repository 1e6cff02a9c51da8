"""The best engine at hand for a labelling, by name.

What cannot tell the wanted classes apart says so and how to change it.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple

from tools.annotators import Segmenter
from tools.core.errors import FixArguments, NeedsUser, StepFailed
from tools.core.settings import Settings
from tools.core.task import TaskKind, TaskSpec
from tools.data.class_names import match_classes
from tools.data.scores import EvaluatedOn
from tools.label.engines import (
    OPEN_VOCABULARY,
    STARTER,
    ClipNamer,
    Engine,
    ModelEngine,
    ModelNamer,
    Namer,
    ProposalEngine,
    WordsEngine,
)
from tools.runs.runtime import RunRecord, read_record, readable_runs, without_model

_LEAST_IMAGES = 5  # a score on fewer says nothing


@dataclass(frozen=True)
class Choice:
    """An engine by name, so that a labelling that goes on uses the one it began with."""

    name: str  # open-vocabulary, starter, or a file of weights
    threshold: float | None = None
    why: str = ""


def choose(task: TaskSpec, settings: Settings, wanted: str | None = None) -> Choice:
    """The best engine at hand for a task, or the one that is wanted.

    Args:
        task: kind and classes.
        settings: names detectors, and where the runs are.
        wanted: a run, a file of weights, "open-vocabulary" or "starter".

    Raises:
        FixArguments: the wanted model is not there, or does not know the classes.
        StepFailed: several classes, and nothing here can tell them apart.
    """
    if wanted in (OPEN_VOCABULARY, STARTER):
        return Choice(wanted)
    if wanted is not None:
        return _named_model(task, settings, wanted)
    if _words_are_here(task, settings):
        return Choice(OPEN_VOCABULARY)
    measured = _measured_models(task, settings)
    if measured and measured[0].score < settings.label.least_score and _known_keys(task):
        return Choice(STARTER)
    return measured[0].choice if measured else Choice(STARTER)


def make_engine(task: TaskSpec, settings: Settings, choice: Choice) -> Engine:
    """The engine of a choice.

    Raises:
        FixArguments: a model does not know the classes.
        StepFailed: weights are missing or damaged, or several classes cannot be told apart.
    """
    if choice.name == OPEN_VOCABULARY:
        return _words_engine(task, settings)
    if choice.name == STARTER:
        return _known(task, settings) or _proposals(task, settings)
    from tools.models.predict import Predictor

    weights = Path(choice.name)
    predictor = Predictor.load(
        weights, half=settings.label.half, nms_iou=settings.label.nms_iou, closer=settings.label.closer
    )
    mapping = covering(predictor.names, task)
    fits = predictor.kind == task.kind or "classify" not in (predictor.kind, task.kind)
    if mapping is None or not fits:
        raise FixArguments(
            f"{weights} {_does(predictor.kind)} {', '.join(predictor.names)}; asked for is to {task.kind} "
            f"{', '.join(task.class_names)}. Name another model, or leave --model out"
        )
    segmenter = make_segmenter(settings) if (task.kind, predictor.kind) == ("segment", "detect") else None
    threshold = settings.evaluation.fallback_confidence if choice.threshold is None else choice.threshold
    name = f"model {weights.parent.name if weights.stem == 'weights' else weights.stem}"
    return ModelEngine(
        predictor, task, mapping, threshold, name, choice.why or f"labels by {weights}", segmenter,
        settings.label.views, settings.annotation.fusion_iou,
    )  # fmt: skip


def covering(names: Sequence[str], task: TaskSpec) -> dict[str, str] | None:
    """Class of a model -> class of the task, where the model knows them all; else None."""
    try:
        mapping = match_classes(dict.fromkeys(names, 1), task).mapping
    except NeedsUser:
        return None
    return mapping if set(mapping.values()) == set(task.class_names) else None


def make_segmenter(settings: Settings) -> Segmenter:
    """SAM where its weights are on this machine, else GrabCut."""
    from tools.annotators.grabcut import GrabCutSegmenter
    from tools.core.model_files import local_folder

    own = settings.annotation
    name = own.sam_model if own.segmenter == "grabcut" else own.segmenter
    if ("segmenter" in settings.given and own.segmenter == "grabcut") or local_folder(name) is None:
        return GrabCutSegmenter()
    from tools.annotators.sam import make_sam

    return make_sam(name, offline=True, batch=own.segmenter_batch, min_quality=own.min_mask_quality)


def _words_are_here(task: TaskSpec, settings: Settings) -> bool:
    from tools.core.model_files import local_folder

    return task.kind != "classify" and local_folder(settings.annotation.detector) is not None


def _words_engine(task: TaskSpec, settings: Settings) -> WordsEngine:
    from tools.annotators.detect_and_segment import DetectAndSegment, LabelRules, Ontology, crop_checker
    from tools.annotators.grabcut import GrabCutSegmenter
    from tools.annotators.open_vocabulary import make_detector

    detectors = [make_detector(settings.annotation.detector, offline=True, batch=settings.annotation.detector_batch)]
    segmenter = make_segmenter(settings) if task.kind == "segment" else GrabCutSegmenter()
    ontology, rules = Ontology.of(task, settings.annotation.phrases), LabelRules.of(settings, detectors)
    return WordsEngine(DetectAndSegment(detectors, segmenter, ontology, rules, crop_checker(settings)), task)


def _known_keys(task: TaskSpec) -> list[str]:
    """What the starter calls the classes, where it knows every one of them by name; else empty."""
    from tools.generators.blender.catalogue import find_object
    from tools.trainers.known import load_known
    from tools.trainers.starter_files import load_starter

    known = load_known()
    meant = [find_object(name) for name in task.class_names]
    keys = [found[0] for found in meant if found is not None and not found[1]]  # it knows apples, no ripe ones
    if known is None or load_starter() is None or task.kind == "classify" or len(set(keys)) < len(meant):
        return []
    return keys if set(keys) <= set(known.names) else []


def _known(task: TaskSpec, settings: Settings) -> ModelEngine | None:
    """The starter, where it knows every class by name: what can be drawn, told apart from renders alone."""
    from tools.models.predict import Predictor
    from tools.trainers.known import load_known
    from tools.trainers.starter_files import load_starter

    keys, starter, known = _known_keys(task), load_starter(), load_known()
    if not keys or starter is None or known is None:
        return None
    from tools.label.by_name import network_of

    predictor = Predictor(
        network_of(starter, known, keys), "segment", task.class_names, starter[1].size_px, half=settings.label.half,
        nms_iou=settings.label.nms_iou, closer=settings.label.closer,
    )  # fmt: skip
    about = (
        f"labels by the starter weights, which know {len(known.names)} things from renders alone: rough (they find "
        "apples in orchards, and hardly anything in everyday scenes), and not measured on photos like yours. A model "
        "of your things is better: build one"
    )
    return ModelEngine(
        predictor, task, {n: n for n in task.class_names}, settings.label.starter_confidence, STARTER, about, None,
        settings.label.views, settings.annotation.fusion_iou,
    )  # fmt: skip


def _proposals(task: TaskSpec, settings: Settings) -> ProposalEngine:
    from tools.models.networks import build_network
    from tools.models.predict import Predictor
    from tools.trainers.starter_files import load_starter

    namer = _namer(task, settings) if len(task.class_names) > 1 else None
    if len(task.class_names) > 1 and namer is None:
        raise StepFailed(
            f"nothing on this machine can tell {', '.join(task.class_names)} apart in photos. Ways out: build a model "
            f"of them first (\"{task.kind} {' and '.join(task.class_names)}\") and label with it; name a model with "
            "--model; fetch a detector that hears words (docs/labelling.md says how); or label one class"
        )  # fmt: skip
    if task.kind == "classify":
        raise StepFailed("proposals find things and do not name whole photos; name a classifier with --model")
    starter = load_starter()
    if starter is None:
        raise StepFailed("this copy of the project has no starter weights; name a model with --model")
    tensors, card = starter
    network = build_network(card.architecture, card.names)
    network.load_state_dict({k: v.float() if v.is_floating_point() else v for k, v in tensors.items()})
    fused = network.eval().fuse(verbose=False)
    predictor = Predictor(fused, "segment", card.names, card.size_px, half=settings.label.half, closer=False)
    return ProposalEngine(predictor, task, make_segmenter(settings), settings.label.proposal_confidence, namer)


def _namer(task: TaskSpec, settings: Settings) -> Namer | None:
    """What can tell the classes apart on crops: a classifier of an earlier run, or CLIP; None: nothing."""
    from tools.core.model_files import local_folder

    classify = task.model_copy(update={"kind": "classify"})
    if measured := _measured_models(classify, settings):
        from tools.models.predict import Predictor

        choice = measured[0].choice
        predictor = Predictor.load(Path(choice.name))
        return ModelNamer(predictor, covering(predictor.names, task) or {}, choice.why)
    if local_folder(settings.clip.model) is not None:
        from tools.scorers.clip import ClipEmbedder

        embedder = ClipEmbedder(settings.clip.model, settings.clip.floor, offline=True)
        return ClipNamer(embedder, task, settings.clip.least_share)
    return None


def _named_model(task: TaskSpec, settings: Settings, wanted: str) -> Choice:
    path = Path(wanted)
    for folder in (path, settings.runs_dir / wanted):
        if (record := _record(folder)) is not None:
            if record.best is None:
                raise without_model(folder)
            weights = (folder / record.best.weights).resolve()
            return Choice(str(weights), record.best.threshold, f"labels by the model of run {folder.name}")
    if path.is_file():
        return Choice(str(path.resolve()), None, f"labels by {path.name}")
    raise FixArguments(f"--model {wanted}: no such run in {settings.runs_dir} and no such file")


class _Measured(NamedTuple):
    """A model of an earlier run, what comes first in which order."""

    on_photos: bool
    same_kind: bool
    score: float
    created: str
    choice: Choice


def _measured_models(task: TaskSpec, settings: Settings) -> list[_Measured]:
    """Models of earlier runs that know the classes and were measured, best first: on photos, or else on renders.

    One that was never measured labels only where a person names it.
    """
    found = []
    for folder, record in readable_runs(settings.runs_dir):
        if record.best is None or record.task is None:
            continue
        weights = folder / record.best.weights
        same_kind = record.task.kind == task.kind
        boxes_do = (record.task.kind, task.kind) in (("segment", "detect"), ("detect", "segment"))
        if not (same_kind or boxes_do) or not weights.is_file() or covering(record.task.class_names, task) is None:
            continue
        on_photos, score, measured = _measured(record)
        if score is None:
            continue
        why = f"labels by the model of run {record.name}, which knows {', '.join(task.class_names)} ({measured})"
        choice = Choice(str(weights.resolve()), record.best.threshold, why)
        found.append(_Measured(on_photos, same_kind, score, record.created, choice))
    return sorted(found, key=lambda m: m[:4], reverse=True)


def _measured(record: RunRecord) -> tuple[bool, float | None, str]:
    """Whether a run's model was measured on real photos, its score there or else on renders, and both in words."""
    sets: dict[EvaluatedOn, str] = {
        "real_test": "real photos",
        "cross_val": "the photos it was shown, by cross-validation",
        "synthetic_test": "rendered pictures, never on real photos",
    }
    for on, where in sets.items():
        evaluation = record.evaluation.get(on)
        if evaluation is not None and evaluation.score is not None and evaluation.images >= _LEAST_IMAGES:
            return on != "synthetic_test", evaluation.score, f"{evaluation.score:.2f} on {where}"
    return False, None, ""


def _record(folder: Path) -> RunRecord | None:
    try:
        return read_record(folder)
    except FixArguments:
        return None


def _does(kind: TaskKind) -> str:
    return {"segment": "segments", "detect": "detects", "classify": "classifies"}[kind]
