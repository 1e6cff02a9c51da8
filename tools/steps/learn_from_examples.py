"""Learn a person's own thing from the photos that they show: one training on all of them, judged by cross-validation.

The model that is handed over has seen every photo, so nothing is left to judge it by. Models that have not seen a third
of the photos each say on that third what such a training is worth; their answers together choose the threshold too.
Where the starter knows such things, and nothing but where they are is to be learnt, the mean of all their weights is
handed over: what they learnt is not thrown away.

Photos without labels, where some are given, are labelled by these models where they are sure, and learnt from in a
second training of each. It is handed over only if the cross-validation says that it is better.
"""

import json
import math
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
from langchain_core.tools import tool
from langgraph.prebuilt import ToolRuntime

from tools.core.errors import FixArguments
from tools.data.photo_files import PhotoFile
from tools.data.real import load_real
from tools.data.sample import Sample
from tools.data.scores import EvaluatedOn, Evaluation
from tools.metrics.coco import number as number_of
from tools.metrics.judging import SetScorer, rules_for, scorer_of
from tools.metrics.predictions import Answer, ask, join, save_answers
from tools.metrics.scoring import DetectionScorer
from tools.models.checkpoint import averaged
from tools.models.predict import Predictor
from tools.runs.runtime import Best, Round, RunContext, report, write_json
from tools.shown import unlabelled
from tools.shown.folds import Fold, folds, of_all_photos
from tools.shown.outlines import AgreedSegmenter, starter_predictor
from tools.shown.photos import ENGINE, keep_copies, read_shown
from tools.shown.recipe import MORE_MINUTES, is_known, job_of, known_share, trainer_of
from tools.steps.evaluate import better_beyond_noise, brief, predictions_path
from tools.trainers import TrainingResult
from tools.trainers.yolo import WEIGHTS_NAME

RESERVED_SHARE = 0.1  # of the minutes left goes to measuring, exports and the report
# Of the minutes for training, at most: the model that is handed over comes first, and what it leaves judges it: two
# thirds of the photos for as many epochs, once. With a half a busy machine cut it to 9 of 20 epochs, and it was worse
# than the photos alone trained to the end.
WHOLE_SHARE = 0.6
_AS_LONG = 0.8  # of the whole training's epochs, from which on those of the cross-validation tell of the same
_MIN_DEADLINE_S = 5.0
_DECIDES: EvaluatedOn = "cross_val"
_MORE = "learn"  # the stage of photos without labels


def learn_examples(run: RunContext) -> str:
    """Train on the shown photos and cross-validate; see the module. What was done before is not done again.

    Raises:
        FixArguments: no photos are shown.
        StepFailed: they cannot be used; the message says why.
        Stopped: the person asked to stop; complete epochs are kept.
    """
    if run.record.few is None:
        raise FixArguments("The user showed no photos to learn from (--few DIR); leave this step out.")
    notes = _take_photos(run)
    samples = [s for s in run.dataset.samples(verdict="kept") if s.engine == ENGINE]
    if not run.record.rounds:
        run.record.rounds.append(Round(number=1))
    run.round.kept = len(samples)
    known = known_to_starter(run, samples)
    parts = list(folds(samples, run.task.class_names, run.settings.seed, run.settings.shown.folds))
    # Where the mean of all is handed over, all are to be as long; where nothing judges, one has all the minutes.
    alike = len(samples) / (len(samples) + sum(len(part.learnt) for part in parts))
    with run.stage("train"):
        _train_whole(run, samples, known, alike if known else max(alike, WHOLE_SHARE))
    with run.stage("evaluate"):
        answers, trainings = _fold_answers(run, _affordable(run, parts, len(samples)), known)
        if known and not _shorter(run, trainings):
            whole = run.round_folder() / "train" / WEIGHTS_NAME
            _average(run, whole, [t.weights for t in trainings], run.round_folder() / WEIGHTS_NAME)
        _measure(run, samples, answers, min((len(part.learnt) / len(samples) for part in parts), default=1.0))
    if run.record.unlabelled is not None:
        with run.stage(_MORE):
            notes += _learn_unlabelled(run, samples, parts, answers, trainings, known)
    run.record.photo_notes = notes
    run.save()
    return _report(run, trainings, notes)


def _take_photos(run: RunContext) -> list[str]:
    """Copy the photos into the run; sentences on what was left out."""
    assert run.record.few is not None
    judges = None if run.record.real is None else Path(run.record.real)
    with run.stage("shown"):
        others = None if run.record.unlabelled is None else Path(run.record.unlabelled)
        shown = read_shown(Path(run.record.few), run.task, run.settings.evaluation.class_map, judges, others)
        segmenter = AgreedSegmenter(starter_predictor() if run.task.kind == "segment" else None)
        painted = keep_copies(run, shown.samples, segmenter)
    return [*shown.notes, *painted]


# Training -----------------------------------------------------------------------------------------------------------


def known_to_starter(run: RunContext, samples: Sequence[Sample]) -> bool:
    """Whether the starter sees such things already, and there is only one kind to see.

    Looked at once, since it decides how everything is trained.
    """
    path = run.round_folder() / "known.json"
    if path.is_file():
        return bool(json.loads(path.read_text(encoding="utf-8"))["known"])
    share = 0.0 if run.task.kind == "classify" else known_share(samples, run.folder, starter_predictor())
    known = is_known(run.task, share)
    write_json(path, {"known": known, "share": round(share, 3)})
    return known


def _train_whole(run: RunContext, samples: Sequence[Sample], known: bool, share: float) -> None:
    """The model that is handed over, from all photos, in a share of the minutes; usable before it is judged."""
    deadline_s = _deadline_s(run, share)
    result = _train(run, samples, run.round_folder() / "train", deadline_s, "all photos", known)
    _hand_over(run, result, len(samples))
    weights = run.relative(result.weights)
    if run.record.best is None:
        run.record.best = Best(round=1, weights=weights, threshold=run.settings.evaluation.fallback_confidence)
    trainer = trainer_of(run.settings, known)
    run.record.engines["trainer"] = {
        "name": trainer.name, "version": trainer.version, "licence": trainer.licence,
        "model": run.settings.training.model, "started_from": result.started_from,
    }  # fmt: skip
    run.save()


def _hand_over(run: RunContext, result: TrainingResult, photos: int) -> None:
    """What a training made is the round's."""
    run.round.weights = run.relative(result.weights)
    write_json(
        run.round_folder() / "training.json",
        {
            "history": result.history, "epochs": result.epochs, "started_from": result.started_from,
            "train_images": photos, "stopped_by": result.stopped_by, "weights": run.round.weights,
        },
    )  # fmt: skip


def _train(
    run: RunContext, samples: Sequence[Sample], folder: Path, deadline_s: float, what: str, known: bool,
    more: Sequence[Sample] = (),
) -> TrainingResult:  # fmt: skip
    """One training; one that was cut goes on, one that is done is not repeated."""
    job = job_of(
        run.task, samples, run.folder, folder, run.settings, seed=run.settings.seed + 1, known=known,
        of=run.round.kept, more=more, deadline_s=deadline_s,
    )  # fmt: skip

    def on_epoch(entry: dict[str, Any]) -> None:
        run.emit("loss", **entry)
        run.progress("train", entry["epoch"], entry["epochs"], loss=entry["loss"], what=what)
        run.check_stop()

    return trainer_of(run.settings, known).train(job, on_epoch)


def _deadline_s(run: RunContext, share: float) -> float:
    """Seconds that a training may take: a share of what is left of the minutes, or of those that this usually takes."""
    left, more = run.remaining_s(), run.record.unlabelled is not None
    if math.isinf(left):
        left = run.settings.shown.minutes * 60 * (MORE_MINUTES if more else 1.0) - run.elapsed_s()
    if more and run.round.accepted is None:
        left -= (left + run.elapsed_s()) * (1 - 1 / MORE_MINUTES)  # that is for the photos without labels
    return max(_MIN_DEADLINE_S, left * (1 - RESERVED_SHARE) * share)


# Measuring ----------------------------------------------------------------------------------------------------------


def _affordable(run: RunContext, parts: Sequence[Fold], photos: int) -> Sequence[Fold]:
    """As many parts as can be trained for as many epochs as the whole in the minutes left; at least one.

    Three short trainings tell too little: of circuit boards, with a fifth of the epochs, 0.09 where the model handed
    over was worth 0.55. One that is as long judges fewer photos, and its interval says so.
    """
    whole_s = sum(stage.seconds for stage in run.record.stages if stage.name == "train")
    spent, left, fit = 0.0, _deadline_s(run, 1.0), 0
    for part in parts:
        spent += _AS_LONG * whole_s * len(part.learnt) / photos
        fit += spent <= left
    begun = sum((run.round_folder() / "folds" / f"{part.number + 1}").exists() for part in parts)
    return parts[: max(1, fit, begun)]


def _fold_answers(
    run: RunContext, parts: Sequence[Fold], known: bool
) -> tuple[dict[str, Answer], list[TrainingResult]]:  # fmt: skip
    """What models that have not seen a photo say about it (sample id -> answer), and their trainings."""
    answers: dict[str, Answer] = {}
    trainings = []
    for done, part in enumerate(parts):
        folder = run.round_folder() / "folds" / f"{part.number + 1}"
        what = f"photos it will not be judged by, {done + 1} of {len(parts)}"
        result = _train(run, part.learnt, folder, _deadline_s(run, 1 / (len(parts) - done)), what, known)
        answers |= _asked(run, result.weights, part.judged)
        trainings.append(result)
    return answers, trainings


def _average(run: RunContext, whole: Path, others: Sequence[Path], mean: Path) -> None:
    """Hand over the mean of the model of all photos and of those of the cross-validation: better than each of them.

    Only of gentle trainings that had as long, which end near to each other: of things unlike all that the starter knows
    the mean is worse than each (docs/experiments/few_photos.md).
    """
    if not others:
        return
    averaged([*others, whole], mean)
    run.round.weights = run.relative(mean)
    run.save()


def _asked(run: RunContext, weights: Path, samples: Sequence[Sample]) -> dict[str, Answer]:
    def told(count: int) -> None:
        run.check_stop()

    return ask(Predictor.load(weights), samples, run.folder, run.settings.evaluation.min_confidence, told)


def _measure(run: RunContext, samples: Sequence[Sample], answers: dict[str, Answer], learnt_share: float) -> None:
    """Score the answers of the folds, choose the working threshold by them, and look at photos that judge."""
    assert run.round.weights is not None
    scores: dict[EvaluatedOn, Evaluation] = {}
    threshold = run.settings.evaluation.fallback_confidence
    seen_px = _seen_px(run)
    judged = [s for s in samples if s.id in answers]
    if judged:
        scorer = _scorer(run, _DECIDES, judged, answers, seen_px)
        if not np.isnan(scorer.score):
            threshold = scorer.threshold()
            own = len({s.family for s in judged})
            scores[_DECIDES] = of_all_photos(scorer.evaluation(_DECIDES, threshold), learnt_share, own)
            save_answers(predictions_path(run, _DECIDES), answers, on=_DECIDES, round=1, seen_px=seen_px)
    for on, photos in _judging_photos(run).items():
        given = _asked(run, run.path(run.round.weights), photos)
        scores[on] = _scorer(run, on, photos, given, seen_px).evaluation(on, threshold)
    for on, score in scores.items():
        write_json(run.round_folder() / f"evaluation_{on}.json", score.model_dump(mode="json"))
    run.round.scores = {str(on): score for on, score in scores.items()}
    run.round.accepted = True
    run.record.best = Best(round=run.round.number, weights=run.round.weights, threshold=threshold)
    run.record.evaluation |= {on: scores.get(on) for on in ("real_test", _DECIDES)}
    run.save()


def _scorer(
    run: RunContext, on: EvaluatedOn, samples: Sequence[Sample], answers: dict[str, Answer], seen_px: int
) -> SetScorer:
    return scorer_of(join(samples, answers, run.task), run.task, rules_for(run, on, seen_px))


def _judging_photos(run: RunContext) -> dict[EvaluatedOn, list[Sample]]:
    """Labelled photos of --real, none of which is learnt from; both halves only report here."""
    if run.record.real is None:
        return {}
    real = load_real(
        Path(run.record.real), run.task, run.settings.evaluation.real_val_share, run.settings.evaluation.class_map
    )
    found: dict[EvaluatedOn, list[Sample]] = {"real_val": real.val, "real_test": real.test}
    return {on: photos for on, photos in found.items() if photos}


def _seen_px(run: RunContext) -> int:
    from tools.models.checkpoint import load

    assert run.round.weights is not None
    return load(run.path(run.round.weights))[1].size_px


# Photos without labels ----------------------------------------------------------------------------------------------


def _learn_unlabelled(
    run: RunContext, samples: Sequence[Sample], parts: Sequence[Fold], answers: dict[str, Answer],
    trainings: Sequence[TrainingResult], known: bool,
) -> list[str]:  # fmt: skip
    """Train once more with what the models are sure of on photos without labels; sentences on what came of it.

    Each part is judged by a model whose teacher has not seen it either.
    """
    files, notes = unlabelled.usable(run, samples, [s for own in _judging_photos(run).values() for s in own])
    if not files:
        return [*notes, f"no photo in {run.record.unlabelled} can be learnt from: all are shown, judge or are damaged"]
    if not trainings:
        return [*notes, "photos without labels are not learnt from: with one labelled photo nothing tells if they help"]
    judged = [s for s in samples if s.id in answers]
    before = _scorer(run, _DECIDES, judged, answers, _seen_px(run))
    sure = _sure_from(run, before)
    own, students = dict(answers), list[Path]()
    for number, (part, teacher) in enumerate(zip(parts, trainings, strict=False), 1):
        more = _material(run, teacher.weights, files, sure, f"part{number}")
        if not more:
            continue  # it is sure of nothing
        folder = run.round_folder() / "students" / f"{part.number + 1}"
        what = f"photos without labels too, {number} of {len(trainings)}"
        deadline_s = _deadline_s(run, 1 / (len(trainings) + 2 - number))
        result = _train(run, part.learnt, folder, deadline_s, what, known, more)
        own |= _asked(run, result.weights, part.judged)
        students.append(result.weights)
    if not students:
        return [
            *notes,
            f"{len(files)} photos without labels are not learnt from: by cross-validation the models are right often "
            f"enough at no score ({run.settings.learn.precision:.0%} is wanted)",
        ]
    after = _scorer(run, _DECIDES, judged, own, _seen_px(run))
    probability = run.settings.evaluation.accept_probability
    kept, share = better_beyond_noise(
        after.scores_resampled, before.scores_resampled, after.score - before.score, probability
    )
    told = f"{after.metric.replace('_', ' ')} {before.score:.3f} without them, {after.score:.3f} with them"
    write_json(
        run.round_folder() / "unlabelled.json",
        {"photos": len(files), "sure_from": sure, "before": number_of(before.score), "after": number_of(after.score),
         "better_in": share, "kept": kept},
    )  # fmt: skip
    if not kept:
        return [*notes, f"{len(files)} photos without labels are not learnt from: by cross-validation {told}"]
    assert run.round.weights is not None
    more = _material(run, run.path(run.round.weights), files, sure, "all")
    if not more:
        return [*notes, f"{len(files)} photos without labels are not learnt from: the model of all is sure of nothing"]
    folder = run.round_folder() / "students" / "all"
    result = _train(run, samples, folder, _deadline_s(run, 1.0), "photos without labels too, all", known, more)
    _hand_over(run, result, len(samples) + len(more))
    if known:
        _average(run, result.weights, students, run.round_folder() / "students" / WEIGHTS_NAME)
    _measure(run, samples, own, min(len(part.learnt) / len(samples) for part in parts))
    learnt = f"{len(more)} of {len(files)} photos without labels are learnt from too"
    return [*notes, f"{learnt}: by cross-validation {told}"]


def _sure_from(run: RunContext, scorer: SetScorer) -> dict[str, float]:
    """Class -> score from which what the models find is taken for true; a classifier needs none."""
    if not isinstance(scorer, DetectionScorer):
        return {}
    rules = run.settings.learn
    return unlabelled.sure_from(scorer, rules.precision, rules.pseudo_confidence)


def _material(
    run: RunContext, teacher: Path, files: Sequence[PhotoFile], sure: dict[str, float], name: str
) -> list[Sample]:
    """The photos without labels as a training takes them."""
    if run.task.kind == "classify":
        return unlabelled.whole(run, files)
    return unlabelled.self_labelled(run, Predictor.load(teacher), files, sure, name)


def _judged(run: RunContext, trainings: Sequence[TrainingResult]) -> str:
    """By what the model is judged, in a sentence."""
    decided = run.round.scores.get(_DECIDES)
    if decided is None:
        return "too few photos to judge by: bring more, or others with --real"
    photos = f"{decided.images} photos" if decided.images == run.round.kept else f"{decided.images} of the photos"
    said = f"cross-validated on {photos}: each judged by a model that has not seen it"
    if _shorter(run, trainings):
        said += f" and had {_least(trainings)} epochs in place of {_whole_epochs(run)}"
    return said


def _shorter(run: RunContext, trainings: Sequence[TrainingResult]) -> bool:
    """Whether the trainings that judge were cut: the minutes went to the model that is handed over, which is better."""
    return bool(trainings) and _least(trainings) < _AS_LONG * _whole_epochs(run)


def _least(trainings: Sequence[TrainingResult]) -> int:
    return min(t.epochs for t in trainings)


def _whole_epochs(run: RunContext) -> int:
    return int(json.loads((run.round_folder() / "training.json").read_text(encoding="utf-8"))["epochs"])


def _report(run: RunContext, trainings: Sequence[TrainingResult], notes: Sequence[str]) -> str:
    scores, best = run.round.scores, run.record.best
    photos, said = run.round.kept, _judged(run, trainings)
    return report(
        done=f"learnt from {photos} photos, {len(trainings)} more trainings for the cross-validation",
        accepted=True,
        best_round=run.round.number,
        judged=said,
        shorter={"epochs": _least(trainings), "of": _whole_epochs(run)} if _shorter(run, trainings) else None,
        threshold=None if best is None else round(best.threshold, 3),
        scores={on: brief(s) for on, s in scores.items()},
        notes=list(notes),
        next="export_model",
    )


@tool
def learn_from_examples(runtime: ToolRuntime[RunContext]) -> str:
    """Learn from the labelled photos that the user shows (define_task's report names them as `shown`).

    Takes the place of design_scenes to diagnose_model: nothing is drawn, the photos themselves are trained on, and the
    model is judged by cross-validation over them. Call it once after define_task, then export.
    """
    return learn_examples(runtime.context)
