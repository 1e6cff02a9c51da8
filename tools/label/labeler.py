"""Label photos that are there already, as many as there are, in memory that does not grow with their number."""

from collections import Counter, deque
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from tools.core.errors import FixArguments, StepFailed
from tools.core.settings import Settings
from tools.core.task import Budget, ClassSpec, TaskKind, TaskSpec, clean_name
from tools.data.photo_files import PhotoFile, ReadPhoto, find_photos, read_ahead
from tools.data.sample import Instance
from tools.label.choosing import Choice, choose, make_engine
from tools.label.confidence import Confidence, weighed
from tools.label.engines import Engine, disagreements
from tools.label.folder import LabelFolder

Told = Callable[[int, int], None]  # done, total
_SHOWN_DOUBTS = 20  # of a photo, kept for the person who looks at it


@dataclass(frozen=True)
class PhotoLabels:
    """What was found in one photo."""

    path: Path
    width: int = 0
    height: int = 0
    instances: list[Instance] = field(default_factory=list)
    label: str | None = None  # class of the whole image, in a classification
    certainty: float = 1.0  # 0 undecided .. 1 certain
    problem: str = ""  # why there are no labels


@dataclass
class LabelSummary:
    """What became of all photos."""

    photos: int = 0  # labelled, those of before included
    new: int = 0  # labelled by this call
    labels: Counter[str] = field(default_factory=Counter)
    empty: int = 0
    problems: Counter[str] = field(default_factory=Counter)  # reason -> photos
    notes: Counter[str] = field(default_factory=Counter)


def label_task(classes: str | Sequence[str], kind: TaskKind = "segment", request: str = "") -> TaskSpec:
    """A task of its own: what to look for, without anything that only a training needs.

    Args:
        classes: names, or one text with commas between them.
        kind: of labels.
        request: what the person said, if anything.

    Raises:
        FixArguments: no name, or one twice.
    """
    listed = classes.replace("，", ",").replace("、", ",").split(",") if isinstance(classes, str) else classes
    names: list[str] = []
    for text in listed:
        if not text.strip():
            continue
        try:
            name = clean_name(text)
        except ValueError as error:
            raise FixArguments(f"{text!r}: {error}") from None
        if name.casefold() in (n.casefold() for n in names):
            raise FixArguments(f"{name!r} is named twice")
        names.append(name)
    if not names:
        raise FixArguments('name at least one thing to label, such as "apple" or "apple,pear"')
    return TaskSpec(
        kind=kind, classes=[ClassSpec(name=n) for n in names], budget=Budget(images=1, rounds=1), request=request
    )


class AutoLabeler:
    """Finds a task's classes in photos.

    Args:
        task: what to look for; see `label_task` for one of class names alone.
        settings: engines, runs and thresholds.
        model: a run, a file of weights, "open-vocabulary" or "starter"; None takes the best at hand.
        second: another one that is asked too; where the two differ a person should look.
        confidence: how scores are read; None takes them as they are.
        choice: takes the place of `model` with what was chosen before.

    Raises:
        FixArguments: a model is not there or does not know the classes.
        StepFailed: several classes, and nothing here can tell them apart.
    """

    def __init__(
        self, task: TaskSpec, settings: Settings | None = None, *, model: str | None = None, second: str | None = None,
        confidence: Confidence | None = None, choice: Choice | None = None, engine: Engine | None = None,
    ) -> None:  # fmt: skip
        self.task, self.settings = task, settings or Settings()
        self.choice = choice or Choice("given") if engine else choice or choose(task, self.settings, model)
        self.engine = engine or make_engine(task, self.settings, self.choice)
        self.second = None if second is None else make_engine(task, self.settings, choose(task, self.settings, second))
        self.confidence = confidence or Confidence()

    def __enter__(self) -> "AutoLabeler":
        return self

    def __exit__(self, *_error: object) -> None:
        self.close()

    def close(self) -> None:
        """Release the models."""
        self.engine.close()
        if self.second is not None:
            self.second.close()

    @property
    def about(self) -> str:
        """What labels, in one sentence."""
        return self.engine.about

    def threshold(self, class_name: str) -> float:
        """Score from which an object of a class is a label."""
        return self.confidence.thresholds.get(class_name, self.engine.threshold)

    def predict(self, paths: Path | Iterable[Path]) -> Iterator[PhotoLabels]:
        """Labels of photos and of folders of photos, as they are made; a photo that cannot be read says why.

        Args:
            paths: any number; originals are only read.
        """
        given = [paths] if isinstance(paths, Path) else list(paths)
        for photo, found, about in self.label(find_photos(given)):
            if photo.image is None:
                yield PhotoLabels(photo.file.path, problem=photo.problem)
                continue
            height, width = photo.image.shape[:2]
            yield PhotoLabels(
                photo.file.path, width, height, found, about["label"], about["quality"] if about else 1.0
            )  # fmt: skip

    def label(
        self, files: Iterator[PhotoFile]
    ) -> Iterator[tuple[ReadPhoto, list[Instance], dict[str, Any]]]:  # fmt: skip
        """Photos with their labels and what is to be kept beside them: label, scores, quality, reasons, provenance."""
        batch: list[ReadPhoto] = []
        pixels = 0
        for photo in read_ahead(files):
            batch.append(photo)
            pixels += 0 if photo.image is None else photo.image.size // 3
            # Twelve photos of a camera are a gigabyte with all that is computed on them.
            if len(batch) >= self.settings.label.batch or pixels > _BATCH_PX:
                yield from self._batch(batch)
                batch, pixels = [], 0
        yield from self._batch(batch)

    def _batch(self, batch: list[ReadPhoto]) -> Iterator[tuple[ReadPhoto, list[Instance], dict[str, Any]]]:
        images = [p.image for p in batch if p.image is not None]
        if self.task.kind == "classify":
            answers = iter(self.engine.classify(images) if images else [])
            for photo in batch:
                yield (photo, [], {} if photo.image is None else self._whole(next(answers)))
            return
        least = min(map(self.threshold, self.task.class_names))
        least = max(_LEAST, self.confidence.raw(least) * self.settings.review.doubt_share)
        found = iter(self.engine.find(images, least) if images else [])
        others = iter(self.second.find(images, self.second.threshold) if self.second and images else [])
        for photo in batch:
            if photo.image is None:
                yield photo, [], {}
            else:
                yield photo, *self._decide(next(found), next(others, None))

    def _whole(self, shares: dict[str, float]) -> dict[str, Any]:
        """What is kept of a whole image's class."""
        best = max(shares, key=shares.__getitem__, default=None)
        p = 0.0 if best is None else self.confidence(shares[best])
        sure = best is not None and p >= self.confidence.thresholds.get(best, 0.0)
        certainty = _certainty(p, max(self.confidence.thresholds.get(best or "", 0.5), 1e-6))
        undecided = certainty < self.settings.review.certainty
        return {
            "label": best if sure else None, "scores": {"confidence": round(p, 4), "undecided": float(undecided)},
            "quality": round(certainty, 4), "reasons": [],
            "provenance": {"labelled_by": self.engine.name, "shares": shares},
        }  # fmt: skip

    def _decide(
        self, found: Sequence[Instance], others: Sequence[Instance] | None
    ) -> tuple[list[Instance], dict[str, Any]]:
        """Labels, and what is known about them."""
        found = weighed(found, self.confidence)
        labels = [i for i in found if i.score >= self.threshold(i.class_name)]
        doubts = [i for i in found if i.score < self.threshold(i.class_name)]
        doubts = [i for i in doubts if i.score >= self.threshold(i.class_name) * self.settings.review.doubt_share]
        certainties = [_certainty(i.score, self.threshold(i.class_name)) for i in [*labels, *doubts]]
        undecided = [c for c in certainties if c < self.settings.review.certainty]
        contested = 0 if others is None else disagreements(labels, others, self.settings.review.contest_iou)
        return labels, {
            "label": None,
            "scores": {"undecided": float(len(undecided)), "contested": float(contested)},
            "quality": round(1 / (1 + sum(1 - c for c in undecided)), 4),
            "reasons": [f"contested by {self.second.name}: {contested}"] if contested and self.second else [],
            "provenance": {
                "labelled_by": self.engine.name,
                "doubts": [[i.class_name, round(i.score, 4), *map(round, i.box)] for i in doubts[:_SHOWN_DOUBTS]],
            },
        }

    # Many photos ------------------------------------------------------------------------------------------------

    def run(self, photos: Sequence[Path], kept: LabelFolder, told: Told | None = None) -> LabelSummary:
        """Label photos into a folder that remembers them; what it holds already is left as it is.

        Args:
            photos: files and folders.
            kept: where labels go.
            told: called with how far it is; may raise to stop, which loses nothing.

        Raises:
            StepFailed: the photos are not there any more; what is labelled is kept.
        """
        total = sum(1 for _ in find_photos(photos))
        if not total:
            raise StepFailed(f"no photo in {', '.join(map(str, photos))}: labelled are {', '.join(_KINDS)} files")
        skipped = 0

        def missing() -> Iterator[PhotoFile]:
            nonlocal skipped
            for file in find_photos(photos):
                if kept.is_done(file):
                    skipped += 1
                else:
                    yield file

        new = 0
        # The network does not wait for the disk: photos are written meanwhile, in their order, by one thread.
        waiting: deque[Future[None]] = deque()
        with ThreadPoolExecutor(1, thread_name_prefix="labels") as writer:
            for photo, found, about in self.label(missing()):
                if photo.image is None:
                    _still_there(photo, new + skipped)
                waiting.append(writer.submit(_keep, kept, photo, found, about))
                while len(waiting) > self.settings.label.batch:
                    waiting.popleft().result()
                new += 1
                if told is not None:
                    told(min(total, new + skipped), total)
            for last in waiting:
                last.result()
        return summarise(kept, new)


_LEAST = 0.01  # under it engines draw hundreds of boxes that nobody will look at
_BATCH_PX = 24_000_000
_KINDS = ("jpg", "png", "webp", "bmp", "tiff", "gif")


def _keep(kept: LabelFolder, photo: ReadPhoto, found: Sequence[Instance], about: dict[str, Any]) -> None:
    if photo.image is None:
        kept.refuse(photo)
    else:
        kept.add(photo, found, about["label"], about)


def summarise(kept: LabelFolder, new: int = 0) -> LabelSummary:
    """What a folder of labels holds."""
    summary = LabelSummary(new=new, notes=kept.notes())
    for sample in kept.samples():
        summary.photos += 1
        summary.labels.update([sample.label] if sample.label else [i.class_name for i in sample.instances])
        summary.empty += not sample.instances and not sample.label
    for _, problem in kept.problems():
        summary.problems["the same file twice" if problem.startswith("the same file as") else problem[:90]] += 1
    return summary


def _still_there(photo: ReadPhoto, done: int) -> None:
    """A vanished share is one reason, not one for each of its photos."""
    if not photo.file.root.exists():
        raise StepFailed(
            f"{photo.file.root} is not there any more (after {done} photos). Bring it back and call again: what is "
            "labelled is kept, and the rest is done then"
        )


def _certainty(score: float, threshold: float) -> float:
    """How far a score is from the threshold that decides, 0 at it, 1 at either end."""
    room = 1 - threshold if score >= threshold else threshold
    return min(1.0, abs(score - threshold) / max(room, 1e-6))
