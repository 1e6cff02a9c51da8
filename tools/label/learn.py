"""Learn from photos: rounds on photos without labels, or a few labelled ones, mixed with the run's own images.

The first round on photos without labels trains nothing: it lets them correct the model's scores
(`tools.models.rescorer`).

Nothing real is trained on unless the person names the folder: the flag is the asking. No photo of the real test or of
the photos that decide is ever among them, and a round is kept only when it is better on the photos that decide.
"""

from collections.abc import Iterator, Sequence
from itertools import takewhile
from pathlib import Path
from typing import Any

from langchain_core.tools import tool
from langgraph.prebuilt import ToolRuntime

from tools.core.errors import FixArguments, StepFailed
from tools.data.apart import Apart, apart_from, of_samples, set_apart
from tools.data.images import ImageArray
from tools.data.photo_files import PhotoFile, read_ahead
from tools.data.real import load_real, read_photos
from tools.data.sample import Sample, evenly
from tools.data.videos import with_frames
from tools.label.choosing import Choice, make_engine, make_segmenter
from tools.label.confidence import Confidence, scores_of
from tools.label.labeler import AutoLabeler
from tools.label.pseudo import copies, hand_labelled, mixed, pseudo_labelled
from tools.models.checkpoint import averaged, load
from tools.models.learn_rescorers import learn_rescorers
from tools.models.rescorer import store, stored
from tools.runs.photo_sets import labelled_folder
from tools.runs.runtime import PHOTOS, Round, RunContext, report, without_model, write_json
from tools.steps.evaluate import brief, evaluate
from tools.steps.train import deadline_s, make_trainer
from tools.trainers import TrainingJob
from tools.trainers.targets import MAX_SIDE_SHARE

STAGE = "learn"
_AGREED_ON = 1000  # photos at most that a classifier learns from without labels, from all over the folder
_TRAINING = "train"  # folder of a round
_FRAME_S = 0.5  # between two frames of a video, of which near-copies are left out
_PHOTOS = 200  # that scores are corrected by, from all over the folder; they hold thousands of examples
Told = dict[str, Any]


def learn(
    run: RunContext, unlabelled: Sequence[Path] = (), labelled: Path | None = None, rounds: int | None = None,
    tried: Sequence[Round] | None = None,
) -> str:  # fmt: skip
    """Train on photos too; see the module. Called again after a kill, with the same photos, it goes on where it was.

    Whoever calls it without `tried` says by `finish` that nothing more is to be done with what was learnt.

    Args:
        run: finished, with real photos that decide.
        unlabelled: photos and folders without labels.
        labelled: folder of a few labelled photos.
        rounds: of pseudo-labels, each made by the average of the one before; labelled photos alone take one.
        tried: rounds that were finished before a kill, the first one first; None: what the run's record says of them.

    Raises:
        FixArguments: no photos are named, or the run has no model or no real photos.
        StepFailed: no photo is left that does not judge, or the teacher is sure of nothing.
    """
    best = run.record.best
    labelled = None if labelled is None else labelled_folder(labelled, run.settings)
    if not unlabelled and labelled is None:
        raise FixArguments("name photos to learn from: --unlabelled DIR, --finetune DIR, or both")
    for place in (*unlabelled, *([] if labelled is None else [labelled])):
        if not place.exists():
            raise FixArguments(f"{place}: there is no such photo or folder")
    if best is None:
        raise without_model(run.folder)
    if run.record.real is None:
        raise FixArguments("learning from photos needs labelled photos that decide whether it helped: --real DIR")
    settings = run.settings
    real = load_real(Path(run.record.real), run.task, settings.evaluation.real_val_share, settings.evaluation.class_map)
    judges = [*real.val, *real.test]
    frames = run.folder / "photos" / ".frames"
    given, cut = with_frames(unlabelled, frames, every=None, seconds=_FRAME_S, copies=False)
    files, apart = apart_from(given, judges) if given else ([], Apart())
    few, few_apart, few_notes = _few(run, labelled, judges)
    dropped = len(apart.left_out) + len(few_apart.left_out)
    notes = [*cut, *apart.notes(), *few_notes, *few_apart.notes()]
    if not files and not few:
        if not dropped:
            named = ", ".join(str(p) for p in (*unlabelled, labelled) if p is not None)
            raise StepFailed(f"there is no photo that can be read in {named}")
        raise StepFailed(
            f"every photo ({dropped}) is one of those that judge the model, or of the same photo: nothing is "
            f"left to learn from. {' '.join(notes)}"
        )
    told: list[Told] = []
    scores_first = int(bool(files) and run.task.kind != "classify")
    whole = scores_first + ((rounds or settings.learn.rounds) if files else 1)
    before = _begun(run, unlabelled, labelled, rounds) if tried is None else tried
    if len(before) > scores_first and not before[-1].accepted:  # its teacher would be the same once more
        whole = 0
    for number in range(len(before), whole):
        run.check_stop()
        scores_alone = number < scores_first
        try:
            told.append(_correct(run, files) if scores_alone else _round(run, files, few, real.val))
        except StepFailed as error:
            if not (told or before):
                raise
            told.append(_given_up(run, error))  # what the rounds before brought stays
        if not (told[-1]["kept"] or scores_alone):
            break
    return _report(run, f"learnt from {len(files)} photos without labels and {len(few)} with", told, dropped, notes)


def _begun(
    run: RunContext, unlabelled: Sequence[Path], labelled: Path | None, rounds: int | None
) -> list[Round]:  # fmt: skip
    """The finished rounds of this very learning where a kill broke it off; else none, and it is written down."""
    asked = {
        "unlabelled": [str(p.resolve()) for p in unlabelled], "rounds": rounds,
        "labelled": None if labelled is None else str(labelled.resolve()),
    }  # fmt: skip
    known = run.record.learning or {}
    since = [r for r in run.record.rounds if r.number > known.get("after", 0)]
    if known.get("asked") == asked and all(r.focus == [PHOTOS] for r in since):
        return [r for r in since if r.accepted is not None]
    run.record.learning = {"asked": asked, "after": run.round.number}
    run.save()
    return []


def finish(run: RunContext) -> None:
    """Say that a learning is done with, so that the next one begins anew."""
    run.record.learning = None
    run.save()


def _report(
    run: RunContext, done: str, told: Sequence[Told] = (), left_out: int = 0, notes: Sequence[str] = ()
) -> str:  # fmt: skip
    best = run.record.best.round if run.record.best else None
    accepted = any(r.accepted for r in _tried(run))
    return report(
        done=done,
        left_out_because_they_judge=left_out,
        notes=list(notes),
        rounds=list(told),
        best_round=best,
        decided_on="real_val",
        accepted=accepted,
        verdict="better on the photos that decide, and kept" if accepted else "not better on the photos that decide",
        scores={on: brief(s) for on, s in run.record.scores.items()},
    )


def _tried(run: RunContext) -> list[Round]:
    """The finished rounds on photos since the last one on made images, latest first."""
    return [r for r in takewhile(lambda r: r.focus == [PHOTOS], reversed(run.record.rounds)) if r.accepted is not None]


def _few(run: RunContext, labelled: Path | None, judges: Sequence[Sample]) -> tuple[list[Sample], Apart, list[str]]:
    """Labelled photos to learn from, what was left out because it judges, and what their labels are taken for."""
    if labelled is None:
        return [], Apart(), []
    samples, notes = read_photos(labelled, run.task, run.settings.evaluation.class_map)
    apart = set_apart(of_samples(samples), of_samples(judges))
    chosen = [s for s in samples if apart.keeps(s.image)]
    segmenter = make_segmenter(run.settings)
    return list(hand_labelled(chosen, run.task, segmenter, run.folder / "photos")), apart, notes


def _begin(run: RunContext) -> None:
    """Append a round on photos, unless the last one was killed half-way."""
    if run.round.focus != [PHOTOS] or run.round.accepted is not None:
        run.record.rounds.append(Round(number=run.round.number + 1, focus=[PHOTOS]))
        run.save()


def _correct(run: RunContext, files: Sequence[PhotoFile]) -> Told:
    """A round that trains nothing: the photos correct the scores of the best weights."""
    best = run.record.best
    assert best is not None
    _begin(run)
    with run.stage(STAGE):
        weights = run.round_folder() / "weights.safetensors"
        examples = _learn_rescorers(run, run.path(best.weights), files, weights)
        run.round.weights = run.relative(weights)
        run.save()
    return {"scores_alone": True, "examples": examples, **_measured(run)}


def _given_up(run: RunContext, error: StepFailed) -> Told:
    """Close a round that cannot be done."""
    run.round.accepted = False
    run.save()
    return {"round": run.round.number, "kept": False, "failed": str(error)}


def _learn_rescorers(run: RunContext, weights: Path, files: Sequence[PhotoFile], out: Path) -> Told:
    """Let photos correct scores. Returns what each class was learnt from: sure findings, and doubted ones."""
    learnt = learn_rescorers(weights, _images(run, evenly(files, _PHOTOS)), out)
    return {name: {"sure": r.sure, "doubted": r.doubted} for name, r in learnt.items()}


def _images(run: RunContext, files: Sequence[PhotoFile]) -> Iterator[ImageArray]:
    """The photos that can be read, with progress."""
    for number, photo in enumerate(read_ahead(iter(files)), 1):
        run.check_stop()
        run.progress(STAGE, number, len(files))
        if photo.image is not None:
            yield photo.image


def _measured(run: RunContext) -> Told:
    """Measure the round, which decides whether it is kept."""
    with run.stage("evaluate"):
        evaluate(run)
    scores = run.round.scores.get("real_val")
    score = None if scores is None or scores.score is None else round(scores.score, 3)
    return {"round": run.round.number, "kept": bool(run.round.accepted), "real_val": score}


def _round(run: RunContext, files: Sequence[Any], few: Sequence[Sample], deciding: Sequence[Sample]) -> Told:
    """One round: labels by the best weights, a training, a measurement."""
    best = run.record.best
    assert best is not None
    _begin(run)
    with run.stage(STAGE):
        photos, without = list(few), []
        threshold: dict[str, float] = {}
        whole = run.task.kind == "classify"
        if files and whole:
            most_px = MAX_SIDE_SHARE * run.settings.size_px
            without = list(copies(evenly(files, _AGREED_ON), run.folder / "photos", most_px))
        elif files:
            with _teacher(run, deciding) as teacher:
                threshold = {n: round(teacher.threshold(n), 3) for n in run.task.class_names}
                photos += list(pseudo_labelled(teacher, files, run.folder / "photos"))
        synthetic = list(run.dataset.samples(verdict="kept", split="train"))
        share = run.settings.learn.labelled_share if few else run.settings.learn.pseudo_share
        train = mixed(synthetic, photos, share) if photos or not without else synthetic
        _train(run, train, without, deciding)
        weights = run.path(str(run.round.weights))
        if files and not whole:
            _learn_rescorers(run, weights, files, weights)
        else:  # what earlier photos said holds for the same things
            store(weights, stored(load(run.path(best.weights))[1]), weights)
    labels = sum(len(p.instances) for p in photos)
    return {
        "photos": len(photos) + len(without), "labels": labels, "sure_from": threshold,
        "pictures_of_an_epoch": len(train),
        **_measured(run),
    }  # fmt: skip


def _teacher(run: RunContext, deciding: Sequence[Sample]) -> AutoLabeler:
    """The best weights, looking several times; sure from where the photos that decide show the wanted precision."""
    from tools.models.calibration import threshold_for

    settings, best = run.settings, run.record.best
    assert best is not None
    choice = Choice(str(run.path(best.weights)), best.threshold)
    engine = make_engine(run.task, settings.model_copy(update={"label_views": settings.learn.views}), choice)
    scored, _ = scores_of(engine, deciding, run.task, settings.evaluation.match_iou, settings.evaluation.ignore_side_px)
    sure = Confidence()
    for name in run.task.class_names:
        own = [(s, r) for c, s, r in scored if c == name]
        found = threshold_for([s for s, _ in own], [r for _, r in own], settings.learn.precision)
        sure.thresholds[name] = settings.learn.pseudo_confidence if found is None else found
    return AutoLabeler(run.task, settings, confidence=sure, engine=engine)


def _train(
    run: RunContext, train: Sequence[Sample], without: Sequence[Sample], deciding: Sequence[Sample]
) -> None:  # fmt: skip
    """From the best weights, on images with labels and (to classify) photos without; then averaged with them."""
    best, settings = run.record.best, run.settings
    assert best is not None
    job = TrainingJob(
        task=run.task, train=train, val=deciding, image_root=run.folder, folder=run.round_folder() / _TRAINING,
        epochs=settings.learn.epochs, size_px=settings.size_px, batch=settings.training.batch,
        seed=settings.seed + run.round.number, initial=run.path(best.weights), deadline_s=deadline_s(run),
        patience=settings.training.patience, threads=settings.training.threads, unlabelled=without,
    )  # fmt: skip

    def on_epoch(entry: dict[str, Any]) -> None:
        run.emit("loss", **entry)
        run.progress(STAGE, entry["epoch"], entry["epochs"], loss=entry["loss"], val_score=entry.get("val_score"))
        run.check_stop()

    result = make_trainer(run).train(job, on_epoch)
    weights = run.round_folder() / "weights.safetensors"
    averaged([run.path(best.weights), result.weights], weights)
    run.round.weights = run.relative(weights)
    write_json(
        run.round_folder() / "training.json",
        {"history": result.history, "epochs": result.epochs, "started_from": best.weights, "train_images": len(train)},
    )
    run.save()


@tool
def learn_from_photos(runtime: ToolRuntime[RunContext]) -> str:
    """Learn from the photos without labels that the user gave for it, mixed with the made images.

    First they correct the model's scores; then it labels what it is sure of and is trained on that too. Each round is
    measured, and kept only if it is better on the real photos that decide. Call it once, after the last round and
    before the exports, when define_task's report names `unlabelled` photos.
    """
    run = runtime.context
    if run.record.unlabelled is None:
        raise FixArguments("The user gave no photos to learn from; leave this step out.")
    tried = _tried(run)  # before a kill
    without_training = int(run.task.kind != "classify")
    if len(tried) > run.settings.learn.rounds or (len(tried) > without_training and not tried[0].accepted):
        return _report(run, f"learnt from {run.record.unlabelled} in {len(tried)} rounds")
    return learn(run, [Path(run.record.unlabelled)], tried=tried[::-1])
