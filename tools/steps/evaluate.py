"""Measure a round's model, and keep the round only when it is better where it counts, beyond noise.

Images that decide (real_val, or synthetic_val without real photos) choose the working threshold and the best round.
Thirty photos seldom tell two rounds apart: where they do not, the new round is kept if it is better beyond noise on
synthetic_val. Test images are for the model that is kept: measured after that, and only reported.
"""

import hashlib
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any

import numpy as np
from langchain_core.tools import tool
from langgraph.prebuilt import ToolRuntime
from pydantic import BaseModel, ValidationError

from tools.core.errors import FixArguments, StepFailed
from tools.data.dataset import file_sha256
from tools.data.scores import EvaluatedOn, Evaluation, Interval
from tools.metrics.coco import Floats, independent, interval, number
from tools.metrics.judging import Sets, SetScorer, rules_for, scorer_of, sets_of
from tools.metrics.predictions import Answer, Recogniser, ask, join, load_answers, save_answers
from tools.runs.runtime import PHOTOS, Best, Round, RunContext, report, write_json

LoadModel = Callable[[Path], Recogniser]
TESTS: tuple[EvaluatedOn, ...] = ("synthetic_test", "real_test")
_METHOD = 7  # raised when the same images and weights would be scored or judged differently
# Of the score on some thirty photos: half of what neighbouring epochs of one training differ by: see
# docs/experiments/rounds.md.
_PHOTO_NOISE = 0.01
_SHOWN = ("mask_map50", "mask_map50_95", "box_map50", "accuracy", "precision", "recall", "f1")


class Gain(BaseModel):
    """A round against the best before, on the same images."""

    on: EvaluatedOn
    metric: str
    gain: float | None
    interval: Interval | None
    probability: float  # share of the resamples in which the new round is better
    better: bool  # beyond noise


class Decision(BaseModel):
    """`decision.json` of a round: what was measured, against what, and what was kept."""

    fingerprint: str
    on: EvaluatedOn
    accepted: bool
    against: int | None = None  # round of the best before
    gains: list[Gain] = []  # on the images that decide, then on rendered ones if photos could not tell
    best: Best
    scores: dict[EvaluatedOn, Evaluation]  # of this round's weights; on test images where they are kept
    best_scores: dict[str, Evaluation | None]  # of the best weights, on the test images and on what decided
    tested: dict[EvaluatedOn, str] = {}  # by test set, what those scores hold for


# What is kept -------------------------------------------------------------------------------------------------------


def better_beyond_noise(new: Floats, old: Floats, gain: float, probability: float) -> tuple[bool, float]:
    """Whether a model beats another on the same images.

    Both are scored on the same bootstrap resamples of the images, so what is hard for both cancels out. The new one
    must be better on the images as they are, and in at least `probability` of the resamples; a draw is no win.

    Args:
        new: (b,) scores of the new model in each resample.
        old: (b,) scores of the old model in the same resamples.
        gain: difference on the images as they are.
        probability: 0..1.

    Returns:
        The decision, and the share of the resamples that the new model wins.
    """
    known = ~(np.isnan(new) | np.isnan(old))
    share = float((new[known] > old[known]).mean()) if known.any() else 0.0
    return bool(gain > 0 and share >= probability), share


def _gain(run: RunContext, on: EvaluatedOn, new: SetScorer, old: SetScorer) -> Gain:
    gain = new.score - old.score
    better, share = better_beyond_noise(
        new.scores_resampled, old.scores_resampled, gain, run.settings.evaluation.accept_probability
    )
    return Gain(
        on=on, metric=new.metric, gain=number(gain),
        interval=interval(new.scores_resampled - old.scores_resampled, independent(new.images)),
        probability=share, better=better,
    )  # fmt: skip


def _photos_cannot_tell(run: RunContext, gain: Gain) -> bool:
    """Whether rendered images may decide instead.

    A little lower on the photos is noise as a little higher is. But it is told from the best that any kept round had
    there: many rounds, each a little worse, would lead away from them. Not for a round that learnt from photos, since
    those alone can show what it is for.
    """
    if gain.on != "real_val" or gain.better or gain.gain is None or run.round.focus == [PHOTOS]:
        return False
    kept = [r.scores["real_val"].score for r in run.record.rounds[:-1] if r.accepted and "real_val" in r.scores]
    known = [s for s in kept if s is not None]
    return gain.gain >= (max(known) - known[-1] if known else 0.0) - _PHOTO_NOISE


def best_before(run: RunContext) -> Round | None:
    """The last round before the current one that was kept."""
    kept = [r for r in run.record.rounds[:-1] if r.accepted and r.weights]
    return kept[-1] if kept else None


# The step -----------------------------------------------------------------------------------------------------------


def evaluate(run: RunContext, load_model: LoadModel | None = None) -> str:
    """Measure the current round's weights, decide whether the round is kept, and say so.

    Args:
        run: the run; its current round must be trained.
        load_model: opens weights. Anything that answers like a model is scored alike, which is also the place for a
            baseline on the same images.
    """
    current, weights = run.round, run.round.weights
    if weights is None or not run.path(weights).is_file():
        raise FixArguments(f"Round {current.number} has no trained weights yet. Call train_model first.")
    sets, before = sets_of(run), best_before(run)
    path, fingerprint = run.round_folder() / "decision.json", _fingerprint(run, sets, before)
    decision = _read(path)
    if (
        decision is None
        or decision.fingerprint != fingerprint
        or not all(predictions_path(run, on).is_file() for on in sets.samples if on not in TESTS)
    ):
        decision = _measure(run, sets, before, fingerprint, load_model or _load_predictor)
        for on, scores in decision.scores.items():
            write_json(run.round_folder() / f"evaluation_{on}.json", scores.model_dump(mode="json"))
        write_json(path, decision.model_dump(mode="json"))
    current.scores = {str(on): scores for on, scores in decision.scores.items()}
    current.accepted = decision.accepted
    current.by_renders = decision.accepted and len(decision.gains) > 1
    run.record.best = decision.best
    run.record.evaluation = dict(decision.best_scores)
    if "real_test" in sets.samples and run.settings.evaluation.zero_shot:
        from tools.steps.zero_shot import measure_zero_shot

        measure_zero_shot(run, sets)
    run.save()
    return _report(run, decision, sets.notes)


def _measure(run: RunContext, sets: Sets, before: Round | None, fingerprint: str, load_model: LoadModel) -> Decision:
    """Ask the models, score their answers, decide; then measure what is kept on the test images."""
    current, on = run.round, sets.deciding
    judging = [name for name in sets.samples if name not in TESTS]
    asking = _Asking(run, sets, load_model)
    asking.expect(current, [*judging, *TESTS])
    if before:
        asking.expect(before, [on])
    scorers = {name: asking.scorer(current, name) for name in judging}
    deciding = scorers[on]
    if np.isnan(deciding.score):
        raise StepFailed(f"None of the {len(sets.samples[on])} pictures of {on} shows an object to find: make more.")
    threshold = deciding.threshold()
    decision = Decision(
        fingerprint=fingerprint, on=on, accepted=True,
        best=Best(round=current.number, weights=str(current.weights), threshold=threshold),
        scores={name: scorer.evaluation(name, threshold) for name, scorer in scorers.items()}, best_scores={},
    )  # fmt: skip
    judged: dict[EvaluatedOn, SetScorer] = {}
    if before:
        if not run.path(str(before.weights)).is_file():
            raise StepFailed(
                f"{run.path(str(before.weights))}: the weights of round {before.number} are gone. Put them back."
            )
        judged[on] = old = asking.scorer(before, on)
        decision.against, decision.gains = before.number, [_gain(run, on, deciding, old)]
        if _photos_cannot_tell(run, decision.gains[0]) and "synthetic_val" in sets.samples:
            asking.expect(before, ["synthetic_val"])
            judged["synthetic_val"] = old_renders = asking.scorer(before, "synthetic_val")
            decision.gains.append(_gain(run, "synthetic_val", scorers["synthetic_val"], old_renders))
        decision.accepted = decision.gains[-1].better
        if not decision.accepted:
            # The best stays, but images were added: it gets its threshold and its scores on them too.
            threshold = old.threshold()
            decision.best = Best(round=before.number, weights=str(before.weights), threshold=threshold)
            decision.best_scores |= {judge: scorer.evaluation(judge, threshold) for judge, scorer in judged.items()}
    kept = before if before and not decision.accepted else current
    _test(run, sets, asking, kept, decision)
    return decision


def _test(run: RunContext, sets: Sets, asking: "_Asking", kept: Round, decision: Decision) -> None:
    """Score the model that is kept on the test images; what was scored before of the same counts still."""
    there: list[EvaluatedOn] = [t for t in TESTS if t in sets.samples]
    threshold = decision.best.threshold
    decision.tested = {t: f"{_asked_of(run, sets, kept, t)} {threshold!r} {rules_for(run, t, 0)!r}" for t in there}
    earlier = _read(run.path(f"rounds/{run.round.number - 1:02d}/decision.json"))
    same = [t for t in there if earlier and earlier.tested.get(t) == decision.tested[t]]
    missing = [t for t in there if t not in same]
    asking.total = asking.done
    asking.expect(kept, missing)
    if not missing:
        asking.tell(0, decision.on)  # done before it was thought to be
    decision.best_scores |= dict.fromkeys(TESTS)
    if earlier:
        decision.best_scores |= {t: earlier.best_scores[t] for t in same}
    for on in missing:
        decision.best_scores[on] = scores = asking.scorer(kept, on).evaluation(on, threshold)
        if decision.accepted:
            decision.scores[on] = scores


class _Asking:
    """Asks the models of rounds about the sets and tells how far it is; what a round answered before is read again."""

    def __init__(self, run: RunContext, sets: Sets, load_model: LoadModel) -> None:
        self.run, self.sets, self.load_model = run, sets, load_model
        self.done = self.total = 0
        self._models: dict[int, Recogniser] = {}

    def expect(self, of: Round, names: Iterable[EvaluatedOn]) -> None:
        """Count the images that the model of a round is yet to be asked about."""
        there = [on for on in names if on in self.sets.samples]
        self.total += sum(len(self.sets.samples[on]) for on in there if self._answered(of, on) is None)

    def scorer(self, of: Round, on: EvaluatedOn) -> SetScorer:
        """Score the model of a round on a set; its answers are kept in its folder, but for those on test images."""
        run, samples = self.run, self.sets.samples[on]
        answered = self._answered(of, on)
        if answered is None:
            model = self._model(of)
            found = ask(model, samples, run.folder, run.settings.evaluation.min_confidence, lambda n: self.tell(n, on))
            answered = found, model.size_px
            if on not in TESTS:
                about = {"on": on, "round": of.number, "weights": of.weights, "seen_px": model.size_px}
                save_answers(predictions_path(run, on, of), found, **about, of=_asked_of(run, self.sets, of, on))
        answers, seen_px = answered
        return scorer_of(join(samples, answers, run.task), run.task, rules_for(run, on, seen_px))

    def _answered(self, of: Round, on: EvaluatedOn) -> tuple[dict[str, Answer], int] | None:
        """What these weights answered about these very images, and the side they saw them at."""
        try:
            answers, about = load_answers(predictions_path(self.run, on, of))
            same = on not in TESTS and about["of"] == _asked_of(self.run, self.sets, of, on)
            return (answers, int(about["seen_px"])) if same else None
        except (OSError, ValueError, KeyError, TypeError):
            return None

    def _model(self, of: Round) -> Recogniser:
        if of.number not in self._models:
            self._models[of.number] = self.load_model(self.run.path(str(of.weights)))
        return self._models[of.number]

    def tell(self, count: int, on: EvaluatedOn) -> None:
        self.done += count
        self.run.progress("evaluate", self.done, self.total, on=on)
        self.run.check_stop()


def _asked_of(run: RunContext, sets: Sets, of: Round, on: EvaluatedOn) -> str:
    """Hash of all that answers about a set depend on: weights, images, their labels, the least confidence."""
    path = run.path(str(of.weights))
    digest = hashlib.sha256((file_sha256(path) if path.is_file() else "none").encode())
    digest.update(repr((_METHOD, run.settings.evaluation.min_confidence)).encode())
    for sample in sets.samples[on]:
        digest.update(sample.model_dump_json(include={"id", "sha256", "axes", "label", "instances"}).encode())
    return digest.hexdigest()


def _load_predictor(weights: Path) -> Recogniser:
    from tools.models.predict import Predictor

    return Predictor.load(weights)


def predictions_path(run: RunContext, on: EvaluatedOn, of: Round | None = None) -> Path:
    """Where a round's answers on a deciding set are kept, the current one's at first; those on test sets never are."""
    return run.round_folder(of.number if of else None) / f"predictions_{on}.json"


def _fingerprint(run: RunContext, sets: Sets, before: Round | None) -> str:
    """Hash of all that decides the outcome: weights, images, labels, settings."""
    digest = hashlib.sha256()
    for item in (run.round, before):
        path = run.path(item.weights) if item and item.weights else None
        digest.update((file_sha256(path) if path and path.is_file() else "none").encode())
    settings = run.settings
    rules = rules_for(run, "real_val", 0)
    digest.update(
        repr((_METHOD, rules, settings.evaluation.min_confidence, settings.evaluation.accept_probability)).encode()
    )
    digest.update(run.task.model_dump_json(include={"kind", "classes"}).encode())
    for on, samples in sets.samples.items():
        digest.update(on.encode())
        for sample in samples:
            digest.update(sample.model_dump_json(include={"id", "sha256", "axes", "label", "instances"}).encode())
    return digest.hexdigest()


def _read(path: Path) -> Decision | None:
    try:
        return Decision.model_validate_json(path.read_text(encoding="utf-8"))
    except (FileNotFoundError, ValidationError):
        return None


# The report ---------------------------------------------------------------------------------------------------------


def brief(scores: Evaluation) -> dict[str, Any]:
    """The figures of an evaluation that a reader needs, rounded."""
    figures: dict[str, Any] = {}
    for name in _SHOWN:
        value = getattr(scores, name)
        if value is not None:
            figures[_shown_as(name, scores.on)] = round(value, 3)
    if scores.metric in scores.intervals:
        figures["interval"] = [round(v, 3) for v in scores.intervals[scores.metric]]
    if scores.empties:
        figures["false_alarms_per_empty"] = round(scores.false_positives_per_empty or 0.0, 2)
    return figures | {"pictures": scores.images, "objects": scores.instances}


def gap_sentence(scores: dict[EvaluatedOn, Evaluation]) -> str | None:
    """How far the real score lies from the synthetic one, on the test images if possible, in one sentence."""
    for pair in (("real_test", "synthetic_test"), ("real_val", "synthetic_val")):
        real, synthetic = (scores.get(name) for name in pair)
        if real is None or synthetic is None:
            continue
        for metric in (real.metric, "box_map50"):
            a, b = getattr(real, metric), getattr(synthetic, metric)
            if a is not None and b is not None:
                return (
                    f"On real photos ({pair[0]}, {real.images}) {_shown_as(metric, 'synthetic_test')} is {a:.3f}, on"
                    f" rendered pictures ({pair[1]}, {synthetic.images}) {b:.3f}: a gap of {b - a:+.3f}."
                )
    return None


def _shown_as(metric: str, on: EvaluatedOn) -> str:
    """A synthetic score is never called accuracy."""
    return "share_right" if metric == "accuracy" and on.startswith("synthetic") else metric


def _report(run: RunContext, decision: Decision, notes: list[str]) -> str:
    scores = decision.scores[decision.on]
    verdict = f"round {run.round.number} is kept: the first that was measured"
    if decision.gains:
        asked = round(100 * run.settings.evaluation.accept_probability)
        said = [
            f"{_shown_as(g.metric, g.on)} on {g.on} {g.gain or 0.0:+.3f}, better in {round(100 * g.probability)} %"
            for g in decision.gains
        ]
        verdict = (
            f"round {run.round.number} is {'kept' if decision.accepted else 'not kept'} against round"
            f" {decision.against}: {'; the photos cannot tell, and '.join(said)} of the resamples"
            f" ({asked} % are asked for)"
        )
    own_notes = [f"{on}: {note}" for on, s in decision.scores.items() for note in s.notes]
    return report(
        done=f"measured round {run.round.number}",
        decided_on=decision.on,
        score=None if scores.score is None else round(scores.score, 3),
        accepted=decision.accepted,
        verdict=verdict,
        best_round=decision.best.round,
        threshold=round(decision.best.threshold, 3),
        scores_of_round=decision.best.round,  # of the model that would be handed over now, not of a refused one
        scores={on: brief(s) for on, s in run.record.scores.items()},
        gap=gap_sentence(run.record.scores),
        untrained_on_real_test={name: brief(s) for name, s in run.record.baselines.items()},
        notes=[*own_notes, *notes][:4],
    )


@tool
def evaluate_model(runtime: ToolRuntime[RunContext]) -> str:
    """Measure the current round's model on held-out rendered images and on the real photos, if there are any.

    Says whether the round is kept: only if it is better than the best round before, beyond noise, on the photos, or on
    rendered images where the photos cannot tell. Call it after train_model and before diagnose_model.
    """
    run = runtime.context
    with run.stage("evaluate"):
        return evaluate(run)
