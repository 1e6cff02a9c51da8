"""What finds things in a person's photos: open-vocabulary detectors, a trained model, or proposals without a class."""

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any, Protocol

from tools.annotators import Segmenter
from tools.annotators.cut_out import cut_out
from tools.core.setting_groups import ViewCount
from tools.core.task import TaskKind, TaskSpec
from tools.data.formats.labels import counts_box
from tools.data.geometry import box_ious, mask_iou
from tools.data.images import ImageArray
from tools.data.sample import Instance, encode_mask, mask_box
from tools.label.views import predict_in_views

if TYPE_CHECKING:
    from tools.annotators.detect_and_segment import DetectAndSegment
    from tools.models.predict import Predictor
    from tools.scorers.clip import Embedder

OPEN_VOCABULARY, STARTER = "open-vocabulary", "starter"
_SAME_THING = 0.5  # IoU of GrabCut's mask with the proposal's own, under which GrabCut cut something else


class Engine(Protocol):
    """Finds the task's classes in photos."""

    name: str
    about: str  # one sentence for the person: what it is and why it was taken
    kind: TaskKind
    threshold: float  # score from which it holds something for a label, until thresholds are fitted

    def find(self, images: Sequence[ImageArray], least: float) -> list[list[Instance]]:
        """Objects of at least that score in each RGB image, best first."""

    def classify(self, images: Sequence[ImageArray]) -> list[dict[str, float]]:
        """Probability of each class for each image."""

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
        about: str, segmenter: Segmenter | None = None, views: ViewCount = 1, view_iou: float = 0.55,
    ) -> None:  # fmt: skip
        self.predictor, self.task, self.mapping = predictor, task, mapping
        self.threshold, self.name, self.about = threshold, name, about
        self.kind: TaskKind = task.kind
        self.segmenter, self.views, self.view_iou = segmenter, views, view_iou

    def find(self, images: Sequence[ImageArray], least: float) -> list[list[Instance]]:
        """Objects of the task's classes, with masks when it is to segment."""
        found = predict_in_views(self.predictor, images, least, self.views, self.view_iou)
        results = []
        for image, own in zip(images, found, strict=True):
            named = [self._named(i, image) for i in own if i.class_name in self.mapping]
            results.append(cut_out(image, named, self.segmenter) if self.segmenter else named)
        return results

    def _named(self, instance: Instance, image: ImageArray) -> Instance:
        update: dict[str, Any] = {"class_name": self.mapping[instance.class_name], "source": self.name}
        if self.kind == "detect":
            update["counts"] = None
        elif instance.counts is not None:  # a model's box is of the whole object, a label's beside a mask of the mask
            update |= {"box": counts_box(instance.counts, *image.shape[:2]), "full_box": instance.box}
        return instance.model_copy(update=update)

    def classify(self, images: Sequence[ImageArray]) -> list[dict[str, float]]:
        """Probabilities of the task's classes."""
        answers = self.predictor.classify_many(images)
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

    def find(self, images: Sequence[ImageArray], least: float) -> list[list[Instance]]:
        """Objects that the phrases of the task name."""
        return self.annotator.find(images, self.task, [least] * len(self.annotator.detectors), least, check=True)

    def classify(self, images: Sequence[ImageArray]) -> list[dict[str, float]]:
        """The best score of each class; nothing found is no class."""
        return [_best_scores(own, self.task) for own in self.find(images, self.threshold)]

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
            f"the class was not recognised: every thing that stands out is called {only!r}. Build a model of it, "
            "or fetch a detector that hears words (docs/labelling.md), for labels that are"
        )  # fmt: skip

    def find(self, images: Sequence[ImageArray], least: float) -> list[list[Instance]]:
        """What stands out, named."""
        results = []
        for image, found in zip(images, self.predictor.predict_many(images, least), strict=True):
            if self.kind == "segment":
                found = _refined(image, found, self.segmenter)
            else:
                found = [i.model_copy(update={"counts": None}) for i in found]
            names = self.namer.names(image, found) if self.namer else [(self.task.class_names[0], 1.0)] * len(found)
            results.append([
                i.model_copy(update={"class_name": n, "score": i.score * share, "source": self.name})
                for i, (n, share) in zip(found, names, strict=True) if n and i.score * share >= least
            ])  # fmt: skip
        return results

    def classify(self, images: Sequence[ImageArray]) -> list[dict[str, float]]:
        """The best score of each class; nothing found is no class."""
        return [_best_scores(own, self.task) for own in self.find(images, self.threshold)]

    def close(self) -> None:
        """Release the segmenter and the namer."""
        self.segmenter.close()
        if self.namer is not None:
            self.namer.close()


class Namer(Protocol):
    """Says which class a cut-out shows."""

    name: str

    def names(self, image: ImageArray, found: Sequence[Instance]) -> list[tuple[str | None, float]]:
        """Class (None: none of them) and how sure, for each object."""

    def close(self) -> None:
        """Release memory."""


class ModelNamer:
    """A classifier of an earlier run looks at each crop."""

    def __init__(self, predictor: "Predictor", mapping: Mapping[str, str], name: str) -> None:
        self.predictor, self.mapping, self.name = predictor, mapping, name

    def names(self, image: ImageArray, found: Sequence[Instance]) -> list[tuple[str | None, float]]:
        """The likeliest class of each crop."""
        from tools.scorers.clip import crop

        results: list[tuple[str | None, float]] = []
        for instance in found:
            cut = crop(image, instance.box)
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

    def names(self, image: ImageArray, found: Sequence[Instance]) -> list[tuple[str | None, float]]:
        """The class whose text is nearest and passes against the others."""
        from tools.scorers.clip import agreement, crop, distractors_of, prompt

        results: list[tuple[str | None, float]] = []
        for instance in found:
            cut = crop(image, instance.box)
            best: tuple[str | None, float] = (None, 0.0)
            vector = None if cut is None else self.embedder.images([cut])[0]
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


def _refined(image: ImageArray, found: Sequence[Instance], segmenter: Segmenter) -> list[Instance]:
    """Masks of the segmenter where they show the same thing as the proposals' own."""
    height, width = image.shape[:2]
    cut = segmenter.masks(image, [i.box for i in found]) if found else []
    result = []
    for instance, mask in zip(found, cut, strict=True):
        own = instance.mask(height, width)
        if mask is not None and own is not None and mask_iou(mask, own) >= _SAME_THING:
            instance = instance.model_copy(update={"counts": encode_mask(mask), "box": mask_box(mask)})
        result.append(instance)
    return result


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
            missing += not bool((box_ious([one.box], same) >= iou).any())
        return missing

    return alone(first, second) + alone(second, first)
