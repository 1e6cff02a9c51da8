"""What finds things in a person's photos: open-vocabulary detectors, a trained model, or proposals without a class.

The best at hand is taken and named. What cannot tell the wanted classes apart says so and how to change it.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol

from tools.annotators import Picture, Segmenter
from tools.annotators.fusion import box_ious
from tools.data.class_names import match_classes
from tools.data.sample import BoolMask, Instance, encode_mask, mask_box
from tools.data.task import TaskKind, TaskSpec
from tools.errors import FixArguments, NeedsUser, StepFailed
from tools.label.views import predict_in_views
from tools.runtime import RunRecord
from tools.settings import Settings, Views

if TYPE_CHECKING:
    from tools.annotators.detect_and_segment import DetectAndSegment
    from tools.predict import Predictor
    from tools.scorers.clip import Embedder

OPEN_VOCABULARY, STARTER = "open-vocabulary", "starter"
_SAME_THING = 0.5  # IoU of GrabCut's mask with the proposal's own, under which GrabCut cut something else


class Engine(Protocol):
    """Finds the task's classes in photos."""

    name: str
    about: str  # one sentence for the person: what it is and why it was taken
    kind: TaskKind
    threshold: float  # score from which it holds something for a label, until thresholds are fitted

    def find(self, pictures: Sequence[Picture], least: float) -> list[list[Instance]]:
        """Objects of at least that score in each RGB picture, best first."""

    def classify(self, pictures: Sequence[Picture]) -> list[dict[str, float]]:
        """Probability of each class for each picture."""

    def close(self) -> None:
        """Release memory."""


class ModelEngine:
    """A trained model whose classes are those of the task, by whatever names.

    Args:
        predictor: the model.
        task: what is asked for.
        mapping: class of the model -> class of the task.
        threshold: its working confidence.
        name: what to call it.
        about: see `Engine`.
        segmenter: makes masks where the model only draws boxes.
        views: how often it looks at a photo; see `tools.label.views`.
        view_iou: overlap from which boxes of two views are one object.
    """

    def __init__(
        self, predictor: "Predictor", task: TaskSpec, mapping: Mapping[str, str], threshold: float, name: str,
        about: str, segmenter: Segmenter | None = None, views: Views = 1, view_iou: float = 0.55,
    ) -> None:  # fmt: skip
        self.predictor, self.task, self.mapping = predictor, task, mapping
        self.threshold, self.name, self.about = threshold, name, about
        self.kind: TaskKind = task.kind
        self.segmenter, self.views, self.view_iou = segmenter, views, view_iou

    def find(self, pictures: Sequence[Picture], least: float) -> list[list[Instance]]:
        """Objects of the task's classes, with masks when it is to segment."""
        found = predict_in_views(self.predictor, pictures, least, self.views, self.view_iou)
        results = []
        for picture, own in zip(pictures, found, strict=True):
            named = [self._named(i) for i in own if i.class_name in self.mapping]
            results.append(cut_out(picture, named, self.segmenter) if self.segmenter else named)
        return results

    def _named(self, instance: Instance) -> Instance:
        update: dict[str, Any] = {"class_name": self.mapping[instance.class_name], "source": self.name}
        if self.kind == "detect":
            update["counts"] = None
        return instance.model_copy(update=update)

    def classify(self, pictures: Sequence[Picture]) -> list[dict[str, float]]:
        """Probabilities of the task's classes."""
        answers = self.predictor.classify_many(pictures)
        return [{self.mapping[n]: p for n, p in own.items() if n in self.mapping} for own in answers]

    def close(self) -> None:
        """Nothing is held that the interpreter does not release."""


class WordsEngine:
    """Open-vocabulary detectors and a segmenter."""

    def __init__(self, annotator: "DetectAndSegment", task: TaskSpec) -> None:
        self.annotator, self.task = annotator, task
        self.kind: TaskKind = task.kind
        self.name = annotator.source
        self.about = f"labels by {annotator.version}, which finds what words say"
        self.threshold = annotator.confidence

    def find(self, pictures: Sequence[Picture], least: float) -> list[list[Instance]]:
        """Objects that the phrases of the task name."""
        return self.annotator.find(pictures, self.task, [least] * len(self.annotator.detectors), least, check=True)

    def classify(self, pictures: Sequence[Picture]) -> list[dict[str, float]]:
        """The best score of each class; nothing found is no class."""
        return [_best_scores(own, self.task) for own in self.find(pictures, self.threshold)]

    def close(self) -> None:
        """Release the models."""
        self.annotator.close()


class ProposalEngine:
    """Things found by the starter weights, which know no class; outlines by GrabCut; names by `namer`, if any.

    Args:
        predictor: of one class, "object".
        task: what is asked for.
        segmenter: refines outlines.
        threshold: least objectness of a proposal.
        namer: tells the classes apart; None where there is one class, which everything found is then called.
    """

    name = STARTER

    def __init__(
        self, predictor: "Predictor", task: TaskSpec, segmenter: Segmenter, threshold: float, namer: "Namer | None"
    ) -> None:
        self.predictor, self.task, self.segmenter, self.namer = predictor, task, segmenter, namer
        self.kind: TaskKind = task.kind
        self.threshold = threshold
        only = task.class_names[0]
        self.about = (
            f"things found without knowing classes, named by {namer.name}" if namer else
            f"the class was not recognised: every thing that stands out is called {only!r}. Train a model of it "
            "(`sightsmith build`), or fetch a detector that hears words (`sightsmith doctor`), for labels that are"
        )  # fmt: skip

    def find(self, pictures: Sequence[Picture], least: float) -> list[list[Instance]]:
        """What stands out, named."""
        results = []
        for picture, found in zip(pictures, self.predictor.predict_many(pictures, least), strict=True):
            if self.kind == "segment":
                found = _refined(picture, found, self.segmenter)
            else:
                found = [i.model_copy(update={"counts": None}) for i in found]
            names = self.namer.names(picture, found) if self.namer else [(self.task.class_names[0], 1.0)] * len(found)
            results.append([
                i.model_copy(update={"class_name": n, "score": i.score * share, "source": self.name})
                for i, (n, share) in zip(found, names, strict=True) if n and i.score * share >= least
            ])  # fmt: skip
        return results

    def classify(self, pictures: Sequence[Picture]) -> list[dict[str, float]]:
        """The best score of each class; nothing found is no class."""
        return [_best_scores(own, self.task) for own in self.find(pictures, self.threshold)]

    def close(self) -> None:
        """Release the segmenter and the namer."""
        self.segmenter.close()
        if self.namer is not None:
            self.namer.close()


class Namer(Protocol):
    """Says which class a cut-out shows."""

    name: str

    def names(self, picture: Picture, found: Sequence[Instance]) -> list[tuple[str | None, float]]:
        """Class (None: none of them) and how sure, for each object."""

    def close(self) -> None:
        """Release memory."""


class ModelNamer:
    """A classifier of an earlier run looks at each crop."""

    def __init__(self, predictor: "Predictor", mapping: Mapping[str, str], name: str) -> None:
        self.predictor, self.mapping, self.name = predictor, mapping, name

    def names(self, picture: Picture, found: Sequence[Instance]) -> list[tuple[str | None, float]]:
        """The likeliest class of each crop."""
        from tools.scorers.clip import crop

        results: list[tuple[str | None, float]] = []
        for instance in found:
            cut = crop(picture, instance.box)
            shares = {} if cut is None else self.predictor.classify(cut)
            best = max(shares, key=shares.__getitem__, default=None)
            results.append((None, 0.0) if best is None else (self.mapping.get(best), shares[best]))
        return results

    def close(self) -> None:
        """Nothing is held."""


class ClipNamer:
    """CLIP looks at each crop; what looks like something else gets no name."""

    def __init__(self, embedder: "Embedder", task: TaskSpec, least_share: float) -> None:
        self.embedder, self.task, self.least_share = embedder, task, least_share
        self.name = embedder.name

    def names(self, picture: Picture, found: Sequence[Instance]) -> list[tuple[str | None, float]]:
        """The class whose text is nearest and passes against the others."""
        from tools.scorers.clip import agreement, crop, distractors_of, prompt

        results: list[tuple[str | None, float]] = []
        for instance in found:
            cut = crop(picture, instance.box)
            best: tuple[str | None, float] = (None, 0.0)
            vector = None if cut is None else self.embedder.pictures([cut])[0]
            for spec in self.task.classes if vector is not None else ():
                others = distractors_of(self.task, {spec.name}, None, [])
                said = agreement(vector, prompt(spec.phrase), others, self.embedder, self.least_share)  # type: ignore[arg-type]
                if said.passed and said.share > best[1]:
                    best = (spec.name, said.share)
            results.append(best)
        return results

    def close(self) -> None:
        """Release the encoder."""
        self.embedder.close()


# Masks ----------------------------------------------------------------------------------------------------------------


def cut_out(picture: Picture, found: Sequence[Instance], segmenter: Segmenter) -> list[Instance]:
    """Give a mask to every object that has only a box; one that cannot be cut out keeps its box.

    Args:
        picture: (h, w, 3) RGB.
        found: objects.
        segmenter: cuts out what a box shows.
    """
    bare = [k for k, i in enumerate(found) if i.counts is None]
    result = list(found)
    for k, mask in zip(bare, segmenter.masks(picture, [found[k].box for k in bare]) if bare else [], strict=True):
        if mask is not None and mask.any():
            result[k] = result[k].model_copy(update={"counts": encode_mask(mask)})
    return result


def _refined(picture: Picture, found: Sequence[Instance], segmenter: Segmenter) -> list[Instance]:
    """Masks of the segmenter where they show the same thing as the proposals' own."""
    height, width = picture.shape[:2]
    cut = segmenter.masks(picture, [i.box for i in found]) if found else []
    result = []
    for instance, mask in zip(found, cut, strict=True):
        own = instance.mask(height, width)
        if mask is not None and own is not None and _iou(mask, own) >= _SAME_THING:
            instance = instance.model_copy(update={"counts": encode_mask(mask), "box": mask_box(mask)})
        result.append(instance)
    return result


def _iou(a: BoolMask, b: BoolMask) -> float:
    both, either = int((a & b).sum()), int((a | b).sum())
    return both / either if either else 0.0


def _best_scores(found: Sequence[Instance], task: TaskSpec) -> dict[str, float]:
    scores = dict.fromkeys(task.class_names, 0.0)
    for instance in found:
        scores[instance.class_name] = max(scores[instance.class_name], instance.score)
    return scores


def disagreements(first: Sequence[Instance], second: Sequence[Instance], iou: float) -> int:
    """How many objects only one of two annotators found, or both and by another name.

    Args:
        first: what one found.
        second: what the other found.
        iou: overlap of boxes from which both mean the same thing.
    """

    def alone(ours: Sequence[Instance], theirs: Sequence[Instance]) -> int:
        missing = 0
        for one in ours:
            same = [t.box for t in theirs if t.class_name == one.class_name]
            missing += not bool((box_ious(one.box, same) >= iou).any())
        return missing

    return alone(first, second) + alone(second, first)


# Choosing -------------------------------------------------------------------------------------------------------------


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
    if (found := _earlier_model(task, settings)) is not None:
        return found
    return Choice(STARTER)


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
    from tools.predict import Predictor

    weights = Path(choice.name)
    predictor = Predictor.load(weights, half=settings.label_half, nms_iou=settings.label_nms_iou)
    mapping = covering(predictor.names, task)
    fits = predictor.kind == task.kind or "classify" not in (predictor.kind, task.kind)
    if mapping is None or not fits:
        raise FixArguments(
            f"{weights} {_does(predictor.kind)} {', '.join(predictor.names)}; asked for is to {task.kind} "
            f"{', '.join(task.class_names)}. Name another model, or leave --model out"
        )
    segmenter = make_segmenter(settings) if (task.kind, predictor.kind) == ("segment", "detect") else None
    threshold = settings.fallback_confidence if choice.threshold is None else choice.threshold
    name = f"model {weights.parent.name if weights.stem == 'weights' else weights.stem}"
    return ModelEngine(
        predictor, task, mapping, threshold, name, choice.why or f"labels by {weights}", segmenter,
        settings.label_views, settings.fusion_iou,
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
    from tools.models import local_folder

    name = settings.sam_model if settings.segmenter == "grabcut" else settings.segmenter
    if ("segmenter" in settings.model_fields_set and settings.segmenter == "grabcut") or local_folder(name) is None:
        return GrabCutSegmenter()
    from tools.annotators.sam import make_sam

    return make_sam(name, offline=True, batch=settings.segmenter_batch, min_quality=settings.min_mask_quality)


def _words_are_here(task: TaskSpec, settings: Settings) -> bool:
    from tools.models import local_folder

    return task.kind != "classify" and local_folder(settings.detector) is not None


def _words_engine(task: TaskSpec, settings: Settings) -> WordsEngine:
    from tools.annotators.detect_and_segment import DetectAndSegment, LabelRules, Ontology
    from tools.annotators.grabcut import GrabCutSegmenter
    from tools.annotators.open_vocabulary import make_detector, usual_confidence
    from tools.models import local_folder

    detectors = [make_detector(settings.detector, offline=True, batch=settings.detector_batch)]
    embedder = None
    if settings.crop_agreement and local_folder(settings.clip_model) is not None:
        from tools.scorers.clip import ClipEmbedder

        embedder = ClipEmbedder(settings.clip_model, settings.clip_floor, offline=True)
    rules = LabelRules(
        tuple(settings.detector_confidence or usual_confidence(d) for d in detectors), settings.detector_flip,
        settings.fusion_iou, settings.min_box_mask_iou, settings.min_instance_px, settings.clip_least_share,
    )  # fmt: skip
    segmenter = make_segmenter(settings) if task.kind == "segment" else GrabCutSegmenter()
    return WordsEngine(
        DetectAndSegment(detectors, segmenter, Ontology.of(task, settings.phrases), rules, embedder), task
    )


def _known(task: TaskSpec, settings: Settings) -> ModelEngine | None:
    """The starter, where it knows every class by name: what can be drawn, told apart from renders alone."""
    from tools.generators.blender.catalogue import find_object
    from tools.predict import Predictor
    from tools.trainers.known import load_known
    from tools.trainers.starter import load_starter

    starter, known = load_starter(), load_known()
    meant = [find_object(name) for name in task.class_names]
    keys = [found[0] for found in meant if found is not None and not found[1]]  # it knows apples, no ripe ones
    if starter is None or known is None or task.kind == "classify" or len(set(keys)) < len(meant):
        return None
    if not set(keys) <= set(known.names):
        return None
    from tools.label.by_name import network_of

    predictor = Predictor(
        network_of(starter, known, keys), "segment", task.class_names, starter[1].size_px, half=settings.label_half,
        nms_iou=settings.label_nms_iou,
    )  # fmt: skip
    about = (
        f"labels by the starter weights, which know {len(known.names)} things from renders alone: rough, and not "
        "measured on photos like yours. A model of your things is better (`sightsmith build`)"
    )
    return ModelEngine(
        predictor, task, {n: n for n in task.class_names}, settings.starter_confidence, STARTER, about, None,
        settings.label_views, settings.fusion_iou,
    )  # fmt: skip


def _proposals(task: TaskSpec, settings: Settings) -> ProposalEngine:
    from tools.predict import Predictor
    from tools.trainers.networks import build_network
    from tools.trainers.starter import load_starter

    namer = _namer(task, settings) if len(task.class_names) > 1 else None
    if len(task.class_names) > 1 and namer is None:
        raise StepFailed(
            f"nothing on this machine can tell {', '.join(task.class_names)} apart in photos. Ways out: build a model "
            f"of them first (`sightsmith build \"{task.kind} {' and '.join(task.class_names)}\"`) and label with it; "
            "name a model with --model; fetch a detector that hears words (`sightsmith doctor` says how); or label one "
            "class"
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
    predictor = Predictor(fused, "segment", card.names, card.size_px, half=settings.label_half)
    return ProposalEngine(predictor, task, make_segmenter(settings), settings.proposal_confidence, namer)


def _namer(task: TaskSpec, settings: Settings) -> Namer | None:
    """What can tell the classes apart on crops: a classifier of an earlier run, or CLIP; None: nothing."""
    from tools.models import local_folder

    classify = task.model_copy(update={"kind": "classify"})
    if (found := _earlier_model(classify, settings)) is not None:
        from tools.predict import Predictor

        predictor = Predictor.load(Path(found.name))
        return ModelNamer(predictor, covering(predictor.names, task) or {}, found.why)
    if local_folder(settings.clip_model) is not None:
        from tools.scorers.clip import ClipEmbedder

        embedder = ClipEmbedder(settings.clip_model, settings.clip_floor, offline=True)
        return ClipNamer(embedder, task, settings.clip_least_share)
    return None


def _named_model(task: TaskSpec, settings: Settings, wanted: str) -> Choice:
    path = Path(wanted)
    for folder in (path, settings.runs_dir / wanted):
        if (record := _record(folder)) is not None:
            if record.best is None:
                raise FixArguments(f"run {folder.name} has no trained model yet")
            weights = (folder / record.best.weights).resolve()
            return Choice(str(weights), record.best.threshold, f"labels by the model of run {folder.name}")
    if path.is_file():
        return Choice(str(path.resolve()), None, f"labels by {path.name}")
    raise FixArguments(f"--model {wanted}: no such run in {settings.runs_dir} and no such file")


def _earlier_model(task: TaskSpec, settings: Settings) -> Choice | None:
    """The model of an earlier run that knows the classes: best on real photos, then newest."""
    found = []
    for path in settings.runs_dir.glob("*/run.json"):
        record = _record(path.parent)
        if record is None or record.best is None or record.task is None:
            continue
        weights = path.parent / record.best.weights
        same_kind = record.task.kind == task.kind
        boxes_do = (record.task.kind, task.kind) in (("segment", "detect"), ("detect", "segment"))
        if not (same_kind or boxes_do) or not weights.is_file() or covering(record.task.class_names, task) is None:
            continue
        real = record.evaluation.get("real_test")
        score = real.score if real is not None and real.score is not None else -1.0
        measured = f"{score:.2f} on real photos" if score >= 0 else "never measured on real photos"
        why = f"labels by the model of run {record.name}, which knows {', '.join(task.class_names)} ({measured})"
        found.append((same_kind, score, record.created, Choice(str(weights.resolve()), record.best.threshold, why)))
    return max(found, key=lambda f: f[:3])[3] if found else None


def _record(folder: Path) -> RunRecord | None:
    try:
        return RunRecord.model_validate_json((folder / "run.json").read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return None


def _does(kind: TaskKind) -> str:
    return {"segment": "segments", "detect": "detects", "classify": "classifies"}[kind]
