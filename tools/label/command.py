"""One labelling from photos to a written data set: what the command line and the agent both call."""

import shutil
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path, PurePosixPath
from typing import Any

from tools.core import owned
from tools.core.errors import FixArguments, StepFailed
from tools.core.files import clear_leftovers, full_disk, is_full
from tools.core.locks import locked
from tools.core.settings import Settings
from tools.core.task import TaskSpec
from tools.data.formats.labels import LabelledImage, holdable
from tools.data.packed import unpacked
from tools.data.sample import Sample
from tools.data.videos import with_frames
from tools.label.choosing import Choice, choose, make_engine
from tools.label.confidence import Confidence, fit_confidence
from tools.label.engines import Engine
from tools.label.export import FORMATS, Written, is_known, write_export
from tools.label.folder import LabelFolder, joined_stem
from tools.label.improved import ImprovedEngine, worth_it
from tools.label.labeler import AutoLabeler, LabelSummary
from tools.label.queue import Queued, write_queue
from tools.label.report import write_report
from tools.repair.improve import Repair
from tools.repair.network import RepairNetwork
from tools.runs.photo_sets import labelled_folder, photos_folder

Told = Callable[[int, int], None]
REPORT = "labels.html"
_FRAME_S = 1.0  # between two frames of a video, where nothing else is asked


@dataclass(frozen=True)
class Labelling:
    """What is to be done."""

    photos: Sequence[Path]
    task: TaskSpec
    form: str = "coco"
    to: Path | None = None  # None: "<photos>_labels" in the current folder; beside it where that is somebody's
    model: str | None = None
    second: str | None = None
    labelled: Path | None = None
    precision: float | None = None
    images: bool = True
    improve: bool = False  # photos first, where labelled ones say that it helps
    networks: Sequence[Path] = ()  # model files that improve them; none: the classical ways
    every: int | None = None  # of a video each nth frame; None: one a second


@dataclass(frozen=True)
class LabellingResult:
    """What was done."""

    summary: LabelSummary
    queue: list[Queued]
    written: Written
    report: Path
    store: Path  # the set of photos, which the review page opens
    about: str
    confidence: Confidence
    wished: Path  # where it was to be written
    cut: list[str] = field(default_factory=list)  # videos that could not be read to their end

    def plain(self) -> dict[str, Any]:
        """As values that JSON holds."""
        checked = self.confidence.checked
        return {
            "photos": self.summary.photos,
            "new": self.summary.new,
            "labels": dict(self.summary.labels),
            "without_labels": self.summary.empty,
            "left_out": dict(self.summary.problems),
            "read_with_care": dict(self.summary.notes),
            "to_review": len(self.queue),
            "by": self.about,
            "calibration": None if checked is None else {
                "photos": checked.photos, "ece_before": round(checked.ece_before, 4),
                "ece_after": round(checked.ece_after, 4), "precision": checked.precision, "recall": checked.recall,
            },
            "notes": [*self.confidence.notes, *self.cut, *self._written_beside()],
            "format": self.written.format,
            "lost": dict(self.written.lost),
            "names_replaced": self.written.renamed,
            "written_to": str(self.written.folder),
            "report": str(self.report),
            "set": self.store.name,
        }  # fmt: skip

    def _written_beside(self) -> list[str]:
        if self.written.folder == self.wished:
            return []
        return [f"{self.wished} holds other labels, or was changed since it was written: left alone, written beside it"]


def label_photos(wanted: Labelling, settings: Settings, told: Told | None = None) -> LabellingResult:
    """Label photos, weigh the labels, queue the doubtful, write the rest for other tools.

    Called again with the same photos and task it goes on where it was, and takes up what a person corrected since.

    Args:
        wanted: what is to be done.
        settings: engines, runs, thresholds.
        told: called with how far it is; may raise to stop, which loses nothing.

    Raises:
        FixArguments: a folder, format or model is not there, or another process labels the same photos.
        StepFailed: nothing can be labelled, or nothing here can tell the classes apart.
        NeedsUser: the classes of `labelled` cannot be matched with the task's.
    """
    if wanted.task.kind != "classify" and wanted.form not in FORMATS:
        raise FixArguments(f"--out {wanted.form}: known are {', '.join(FORMATS)}")
    for path in wanted.photos:
        if not path.exists():
            raise FixArguments(f"{path}: there is no such photo or folder")
    if wanted.labelled is not None:
        wanted = replace(wanted, labelled=labelled_folder(wanted.labelled, settings))
    if wanted.labelled is not None and not wanted.labelled.is_dir():
        raise FixArguments(f"--labelled {wanted.labelled}: there is no such folder")
    owned.refuse_foreign(_place(wanted), "--to")
    told_apart_by = (
        wanted.model, wanted.second, wanted.labelled, wanted.precision, wanted.every, wanted.improve or None,
        *wanted.networks,
    )  # fmt: skip
    options = [str(v) for v in told_apart_by if v is not None]
    photos_folder(settings.runs_dir).mkdir(parents=True, exist_ok=True)
    kept = LabelFolder.open(settings.runs_dir, wanted.photos, wanted.task, options)
    refusal = FixArguments(f"another process is labelling these photos ({kept.folder})")
    try:
        with locked(kept.folder / ".lock", 0.5, refusal):
            clear_leftovers(kept.folder)
            return _label(wanted, settings, kept, told)
    finally:
        kept.close()


def _place(wanted: Labelling) -> Path:
    """Where the labels are to be written."""
    return wanted.to or Path(f"{wanted.photos[0].resolve().stem}_labels")


def _label(wanted: Labelling, settings: Settings, kept: LabelFolder, told: Told | None) -> LabellingResult:
    choice, confidence = _decide(wanted, settings, kept)
    photos = unpacked(wanted.photos, kept.folder / ".unpacked", settings)
    photos, cut = with_frames(photos, kept.folder / ".frames", every=wanted.every, seconds=_FRAME_S, copies=True)
    better = None
    if kept.state.improved:
        better = ImprovedEngine(make_engine(wanted.task, settings, choice), _repair(wanted))
    labeler = AutoLabeler(
        wanted.task, settings, second=wanted.second, confidence=confidence, choice=choice, engine=better
    )
    with labeler:
        summary = labeler.run(photos, kept, told)
        about = labeler.about
    queue = write_queue(kept, settings)
    wished, by = _place(wanted), f"label {kept.folder.name}"
    building = owned.unfinished(wished)
    to = next(p for p in owned.siblings(wished) if owned.may_write(p, by))
    try:
        written = write_export(entries(kept), building, wanted.form, wanted.task, images=wanted.images)
        written = replace(written, folder=to)
        write_report(building / REPORT, kept, summary, confidence, queue, written, about)
        to = owned.install(building, to, by)
    except (OSError, StepFailed) as error:
        if is_full(error):
            raise StepFailed(full_disk(to)) from error
        raise
    finally:
        shutil.rmtree(building, ignore_errors=True)
    written = replace(written, folder=to)
    outcome = LabellingResult(summary, queue, written, to / REPORT, kept.folder, about, confidence, wished, cut)
    kept.state.summary = outcome.plain()
    kept.save()
    return outcome


def _decide(wanted: Labelling, settings: Settings, kept: LabelFolder) -> tuple[Choice, Confidence]:
    """Engine and thresholds, and whether photos are improved: what this labelling began with, else the best now."""
    if kept.state.engine:
        return Choice(**kept.state.engine), Confidence.model_validate(kept.state.confidence)
    choice = choose(wanted.task, settings, wanted.model)
    confidence = Confidence()
    if wanted.labelled is not None:
        engine = make_engine(wanted.task, settings, choice)
        try:
            improved, said = _improving(wanted, settings, engine)
            better = ImprovedEngine(engine, _repair(wanted)) if improved else engine
            confidence = fit_confidence(better, wanted.labelled, wanted.task, settings, wanted.precision)
            confidence.notes += said
        finally:
            engine.close()
        kept.state.improved = improved
    elif wanted.precision is not None or wanted.improve:
        flag = "--improve" if wanted.improve else "--precision"
        why = "whether improving helps" if wanted.improve else "what a score is worth"
        raise FixArguments(f"{flag} needs --labelled DIR: only labelled photos tell {why}")
    kept.state.engine, kept.state.confidence = vars(choice), confidence.model_dump()
    kept.save()
    return choice, confidence


def _improving(wanted: Labelling, settings: Settings, engine: Engine) -> tuple[bool, list[str]]:
    """Whether photos are improved first, and why, in a sentence."""
    if not wanted.improve or wanted.labelled is None:
        return False, []
    worth, said = worth_it(engine, _repair(wanted), wanted.labelled, wanted.task, settings)
    return worth, [said]


def _repair(wanted: Labelling) -> Repair:
    networks = [RepairNetwork(path) for path in wanted.networks]
    return Repair(() if networks else ("denoise", "deblur"), networks)


def entries(kept: LabelFolder) -> Iterator[tuple[LabelledImage, Path]]:
    """Labels and images of a set as they are written; what a person rejected is left out."""
    names = kept.state.task.class_names
    for sample in kept.samples():
        if sample.verdict != "dropped":
            yield is_known(names, labelled_image(sample)), kept.folder / sample.image


def labelled_image(sample: Sample) -> LabelledImage:
    """A labelled photo under its own name, or the nearest that formats can hold."""
    file = str(sample.provenance["file"])
    stem = joined_stem(file)
    written = PurePosixPath(str(sample.provenance["written"]))
    return LabelledImage(
        file=holdable(written.stem) + written.suffix, width=sample.width, height=sample.height,
        instances=sample.instances, label=sample.label, split=sample.split or "train",
        original="" if stem == holdable(stem) else file,
    )  # fmt: skip
