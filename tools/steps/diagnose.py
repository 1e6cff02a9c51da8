"""Find the slices where a round's model is weak, by what errors, and what the next images should show.

Only images that decide are looked at. A slice is called weak when it lies under the rest beyond noise, counting how
many slices were looked at; when none does, the lowest are named as a guess and called one.
"""

import math
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import chain

import numpy as np
from langchain_core.tools import tool
from langgraph.prebuilt import ToolRuntime

from tools.core.errors import FixArguments, StepFailed
from tools.core.settings import Settings
from tools.data.images import read_image
from tools.data.photo_files import PhotoFile, read_ahead
from tools.data.scores import Confusion, Diagnosis, EvaluatedOn, WeakSlice
from tools.metrics.coco import interval
from tools.metrics.error_kinds import Error, count_confused, count_errors, count_mistaken, errors_in, find_errors
from tools.metrics.judging import Sets, SetScorer, rules_for, scorer_of, sets_of
from tools.metrics.likeness import kinds_like
from tools.metrics.predictions import join, load_answers
from tools.metrics.scoring import Comparison
from tools.metrics.slices import Slice, aim_of, is_beside
from tools.runs.inherit import INHERITED_ROUND
from tools.runs.runtime import Round, RunContext, report, write_json
from tools.steps.evaluate import predictions_path
from tools.steps.photos_given import unlabelled_photos
from tools.trainers.looks import looks

_HARDLY_LEARNT = 0.05  # main metric under which every slice scores about 0 and a softer measure must tell them apart
_MIN_IMAGES = 3  # a slice in fewer images is an anecdote
_LISTED = 6  # weak slices kept
_GUESSED = 3  # lowest slices named when none is weak
_CHEAPEST_ROUND = (
    0.5  # a later round has fewer images to make; with less time than this share of the last it cannot end
)
_PLACES = 2
_AIMS = 4  # more aims at once would leave each with too few images
_MISTAKEN = 4  # look-alikes that the next images hold, whatever else they are aimed at
_CLASSES = 3  # weak classes, and pairs that are confused, that the next images show
_MIN_MISTAKES = 2  # one is an anecdote
_KEPT_PAIRS = 20  # of classes that were confused
_SOFT = {"segment": "mean best mask overlap", "detect": "mean best box overlap",
         "classify": "mean probability of the right class"}  # fmt: skip
_WORDS = {
    "missed": "not found at all",
    "merged": "taken together with a neighbour",
    "background": "false alarms where nothing is",
    "loose mask": "found, but with an outline that fits badly",
    "wrong class": "given the wrong class",
    "double": "found twice",
}
_REMEDIES = {
    "missed": "more pictures like those in which they are missed",
    "merged": "more crowded pictures in which the things touch",
    "background": "more pictures without the object, with look-alikes and clutter",
    "loose mask": "more large, sharp examples, and longer training",
    "wrong class": "more pictures that show the classes side by side",
    "double": "more pictures of partly hidden things",
}


@dataclass(frozen=True)
class Evidence:
    """A slice, how far it lies under the rest, and how likely that is by chance."""

    compared: Comparison
    gap: float
    p: float

    @property
    def rank(self) -> float:
        """Gap times evidence: a large gap seen rarely and a small one seen surely both give way to a clear one."""
        return self.gap * (1 - self.p)


# Weak slices --------------------------------------------------------------------------------------------------------


def weigh(comparisons: Sequence[Comparison], settings: Settings, binomial: bool = True) -> list[Evidence]:
    """Evidence for each slice that holds enough, the strongest first.

    The noise of a gap is its spread over the resamples, but at least that of two shares of so many instances: a
    slice of a few images, all alike, must not look certain.

    Args:
        comparisons: slices against their rests.
        settings: `min_slice_instances` must be inside the slice and outside.
        binomial: apply the floor; it fits shares and average precisions, and is far too wide for mean overlaps.
    """
    least, weighed = settings.evaluation.min_slice_instances, []
    for c in comparisons:
        if min(c.instances, c.instances_outside) < least or c.images < _MIN_IMAGES or math.isnan(c.score - c.rest):
            continue
        known = c.gaps[~np.isnan(c.gaps)]
        noise = float(known.std()) if known.size else math.inf
        if binomial:
            noise = max(noise, math.hypot(_spread(c.score, c.instances), _spread(c.rest, c.instances_outside)))
        gap = c.rest - c.score
        p = 0.5 * math.erfc(gap / max(noise, 1e-9) / math.sqrt(2))
        weighed.append(Evidence(c, gap, p))
    return sorted(weighed, key=lambda e: (-e.rank, e.compared.part.name))


def beyond_noise(evidence: Sequence[Evidence], settings: Settings) -> list[Evidence]:
    """The slices that are weak, out of all that were looked at, in the given order.

    Looking at thirty slices finds a low one by chance. After Benjamini and Hochberg (1995), the k-th least likely of m
    counts when p <= k/m x `slice_false_share`: of the slices called weak, about that share may be so by chance.
    """
    ordered = sorted(e.p for e in evidence)
    limits = [
        p for k, p in enumerate(ordered, start=1) if p <= k / len(ordered) * settings.evaluation.slice_false_share
    ]
    limit = max(limits, default=-1.0)
    return [e for e in evidence if e.p <= limit and e.gap >= settings.evaluation.min_slice_gap]


def _spread(share: float, count: int) -> float:
    """Standard error of a share, drawn a little to the middle so that 0 of 8 is not certain."""
    middled = (share * count + 1) / (count + 2)
    return math.sqrt(middled * (1 - middled) / count)


def class_slices(scorer: SetScorer) -> list[Slice]:
    """Each class against the others, where there are several."""
    everywhere = np.ones(len(scorer.images), dtype=bool)
    return [Slice("class", name, everywhere) for name in scorer.classes] if len(scorer.classes) > 1 else []


# One set ------------------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Finding:
    """What one set of images shows."""

    measured_by: str
    soft: bool
    weak: list[WeakSlice]
    lowest: list[WeakSlice]
    errors: dict[str, int]
    mistaken: dict[str, int]
    confused: dict[tuple[str, str], int]
    lookalikes: dict[str, int]
    empties_wrong: int
    empties: int


def examine(scorer: SetScorer, on: EvaluatedOn, threshold: float, kind: str, settings: Settings) -> Finding:
    """Weak slices and errors on one set of images."""
    soft = not scorer.score >= _HARDLY_LEARNT
    # A slice that no scene can be aimed at ("brightness=normal") would only make the others harder to tell from chance.
    parts = [s for s in scorer.slices if aim_of(s.name)] + class_slices(scorer)
    evidence = weigh([scorer.compare(part, soft) for part in parts], settings, binomial=not soft)
    errors = find_errors(scorer, threshold)
    weak = beyond_noise(evidence, settings)
    # A class that is low by chance would take most of the next images; a light or a place takes its turn.
    lowest = [e for e in evidence if e not in weak and e.gap > 0 and not is_beside(e.compared.part.name)]
    empty = {i for i, p in enumerate(scorer.images) if not p.truths} if kind != "classify" else set()
    return Finding(
        _SOFT[kind] if soft else scorer.metric,
        soft,
        [_weak_slice(e, errors, scorer, on) for e in weak[:_LISTED]],
        [_weak_slice(e, errors, scorer, on) for e in lowest[:_GUESSED]],
        count_errors(errors),
        count_mistaken(errors),
        count_confused(errors),
        Counter(k.class_name for p in scorer.images for k in p.lookalikes),
        len({e.image for e in errors} & empty),
        len(empty),
    )


def _weak_slice(evidence: Evidence, errors: list[Error], scorer: SetScorer, on: EvaluatedOn) -> WeakSlice:
    compared = evidence.compared
    return WeakSlice(
        axis=compared.part.axis, value=compared.part.value, score=round(compared.score, 4),
        rest=round(compared.rest, 4), instances=compared.instances,
        errors=count_errors(errors_in(errors, compared.part, scorer.images)),
        interval=interval(compared.gaps, compared.images), on=on,
    )  # fmt: skip


# The step -----------------------------------------------------------------------------------------------------------


def diagnose(run: RunContext) -> str:
    """Fill the round's diagnosis from the answers that its evaluation kept, and say what could be next."""
    current = run.round
    if current.accepted is None:
        raise FixArguments(f"Round {current.number} is not measured yet. Call evaluate_model first.")
    sets = sets_of(run)
    # Photos have few axes, so slices of rendered images are looked at as well; photos come first.
    names = [sets.deciding] + [n for n in ("synthetic_val",) if n in sets.samples and n != sets.deciding]
    findings = {}
    for done, on in enumerate(names, start=1):
        findings[on] = _examine_set(run, sets, on)
        run.progress("diagnose", done, len(names), on=on)
        run.check_stop()
    diagnosis = _diagnosis(current, sets.deciding, findings)
    _add_places(run, sets, diagnosis)
    diagnosis.aim += _beside(diagnosis)
    current.diagnosis = diagnosis
    write_json(run.round_folder() / "diagnosis.json", diagnosis.model_dump(mode="json"))
    run.save()
    return _report(run, diagnosis)


def _add_places(run: RunContext, sets: Sets, diagnosis: Diagnosis) -> None:
    """Aim at the places that look like those of the photos at hand, with labels or not, unless the user named places.

    No label is looked at, and no photo that only reports.
    """
    if run.task.contexts:
        return
    photos = [run.path(s.image) for s in sets.samples.get("real_val", [])]
    others: list[PhotoFile] = []
    try:
        others = unlabelled_photos(run, [s for on in ("real_val", "real_test") for s in sets.samples.get(on, [])])
    except (FixArguments, StepFailed) as error:  # the folder is the user's, and may have gone
        diagnosis.advice.append(f"The photos without labels could not be looked at: {error}")
    renders = [s for s in run.dataset.samples(verdict="kept") if "context" in s.axes]
    if not (photos or others) or not renders:
        return
    unlabelled = (p.image for p in read_ahead(iter(others)) if p.image is not None)
    try:
        seen = looks(chain(map(read_image, photos), unlabelled))
        drawn = looks(read_image(run.path(s.image)) for s in renders)
    except StepFailed as error:
        diagnosis.advice.append(f"Where the photos were taken could not be seen: {error}")
        return
    places = kinds_like(seen, drawn, [s.axes["context"] for s in renders])[:_PLACES]
    if places:
        diagnosis.aim = list(dict.fromkeys([*(f"context={place}" for place, _ in places), *diagnosis.aim]))[:_AIMS]
        named = ", ".join(place for place, _ in places)
        diagnosis.advice.append(f"The photos look most like the pictures made at: {named}. The next are made there.")


def _examine_set(run: RunContext, sets: Sets, on: EvaluatedOn) -> Finding:
    path, samples = predictions_path(run, on), sets.samples[on]
    answers, about = load_answers(path) if path.is_file() else ({}, {})
    scores = run.round.scores.get(on)
    if set(answers) != {s.id for s in samples} or scores is None or about["weights"] != run.round.weights:
        raise FixArguments(f"The answers on {on} are not those of the present pictures. Call evaluate_model again.")
    scorer = scorer_of(join(samples, answers, run.task), run.task, rules_for(run, on, about["seen_px"]))
    threshold = run.settings.evaluation.fallback_confidence if scores.threshold is None else scores.threshold
    return examine(scorer, on, threshold, run.task.kind, run.settings)


def _diagnosis(current: Round, deciding: EvaluatedOn, findings: dict[EvaluatedOn, Finding]) -> Diagnosis:
    main = findings[deciding]
    weak = [w for finding in findings.values() for w in finding.weak]
    lowest = [] if weak else [w for finding in findings.values() for w in finding.lowest]
    aims = [aim for w in (weak or lowest) if (aim := aim_of(w.name)) and not is_beside(aim)]
    confused = sum((Counter(finding.confused) for finding in findings.values()), Counter())
    mistaken = sum((Counter(finding.mistaken) for finding in findings.values()), Counter())
    shown = sum((Counter(finding.lookalikes) for finding in findings.values()), Counter())
    return Diagnosis(
        round=current.number, on=deciding, measured_by=main.measured_by, weak=weak, least_certain=lowest,
        aim=list(dict.fromkeys(aims))[:_AIMS], errors=main.errors,
        confused=[Confusion(truth=a, taken_for=b, count=n) for (a, b), n in confused.most_common(_KEPT_PAIRS)],
        mistaken=dict(mistaken.most_common()), lookalikes=dict(shown.most_common()),
        plateau=current.accepted is False, advice=_advice(current, weak, lowest, findings, mistaken, shown),
    )  # fmt: skip


def _beside(diagnosis: Diagnosis) -> list[str]:
    """What the next images hold whatever else they are aimed at: weak classes, confused pairs, look-alikes."""
    classes = [w.name for w in diagnosis.weak if w.axis == "class"]
    pairs: dict[frozenset[str], str] = {}  # which of the two was taken for the other does not matter to an image
    counts: Counter[frozenset[str]] = Counter()
    for c in diagnosis.confused:
        pairs.setdefault(frozenset((c.truth, c.taken_for)), f"confused={c.truth}/{c.taken_for}")
        counts[frozenset((c.truth, c.taken_for))] += c.count
    often = [pairs[both] for both, n in counts.most_common(_CLASSES) if n >= _MIN_MISTAKES]
    lookalikes = [f"lookalike={name}" for name, n in diagnosis.mistaken.items() if n >= _MIN_MISTAKES]
    return [*dict.fromkeys(classes[:_CLASSES]), *often, *lookalikes[:_MISTAKEN]]


def _advice(
    current: Round, weak: list[WeakSlice], lowest: list[WeakSlice], findings: dict[EvaluatedOn, Finding],
    mistaken: Counter[str], shown: Counter[str],
) -> list[str]:  # fmt: skip
    """What was seen and what it calls for, in plain words."""
    main = next(iter(findings.values()))
    advice = []
    if main.soft:
        advice.append(
            f"The model has hardly learnt yet, so slices are compared by the {main.measured_by}; more pictures of"
            " everything and more epochs matter more than any slice."
        )
    for w in weak:
        kinds = ", ".join(f"{n} {_WORDS[k]}" for k, n in list(w.errors.items())[:2])
        aim = aim_of(w.name)
        toward = f": more pictures with {aim}" if aim else ""
        advice.append(f"{w.name} scores {w.score:.2f} against {w.rest:.2f} ({w.instances} on {w.on}; {kinds}){toward}.")
    if not weak:
        named = f" Lowest, but within noise: {', '.join(w.name for w in lowest)}." if lowest else ""
        advice.append(f"No slice is weak beyond noise.{named}")
    if main.errors:
        kind, count = next(iter(main.errors.items()))
        advice.append(f"Most frequent error: {count} {_WORDS[kind]}; what helps: {_REMEDIES[kind]}.")
    if mistaken:
        named = ", ".join(f"{name} ({n} of {shown[name]})" for name, n in mistaken.most_common(_MISTAKEN))
        advice.append(
            f"In rendered pictures, taken for what is looked for: {named}. The next hold more of the frequent."
        )
    if main.empties and main.empties_wrong:
        advice.append(f"False alarms on {main.empties_wrong} of {main.empties} pictures without the object.")
    if current.accepted is False:
        advice.append("This round was not better than the best before, beyond noise.")
    return advice


# The report ---------------------------------------------------------------------------------------------------------


def reason_to_stop(run: RunContext) -> str | None:
    """Why no further round should or can follow; None when one can."""
    record, budget, number = run.record, run.task.budget, run.round.number
    scores = record.deciding_scores
    if run.task.target is not None and scores and scores.score is not None and scores.score >= run.task.target:
        return f"the target of {run.task.target:g} is reached on {scores.on} ({scores.score:.3f})"
    if number >= budget.rounds:
        return f"all {budget.rounds} rounds of the budget are used"
    if run.dataset.count() - run.dataset.count(round_number=INHERITED_ROUND) >= budget.images:
        return f"all {budget.images} pictures of the budget are used"
    spent = sum(s.seconds for s in record.stages if s.round == number)
    if run.remaining_s() < spent * _CHEAPEST_ROUND:
        return f"{max(0.0, run.remaining_s()) / 60:.1f} minutes are left, round {number} took {spent / 60:.1f}"
    if [r.accepted for r in record.rounds[-2:]] == [False, False]:
        return "two rounds in a row brought nothing beyond noise"
    return None


def _report(run: RunContext, diagnosis: Diagnosis) -> str:
    stop = reason_to_stop(run)
    aims = ", ".join(diagnosis.aim)
    return report(
        done=f"diagnosed round {diagnosis.round} on {diagnosis.on}",
        round=diagnosis.round,
        measured_by="share_right" if diagnosis.measured_by == "accuracy" else diagnosis.measured_by,
        weak=[_line(w) for w in diagnosis.weak],
        least_certain=[_line(w) for w in diagnosis.least_certain],
        errors=diagnosis.errors,
        confused=[f"{c.truth} taken for {c.taken_for}: {c.count}" for c in diagnosis.confused[:_MISTAKEN]],
        plateau=diagnosis.plateau,
        aim=diagnosis.aim,
        stop=stop,
        next=f"stop: {stop}" if stop else f"design_scenes for another round{f', aimed at {aims}' if aims else ''}",
        advice=[a for a in diagnosis.advice if not a.startswith(tuple(f"{w.name} " for w in diagnosis.weak))],
    )


def _line(w: WeakSlice) -> dict[str, object]:
    return {"slice": w.name, "score": round(w.score, 3), "rest": round(w.rest, 3), "instances": w.instances,
            "errors": dict(list(w.errors.items())[:2]), "on": w.on}  # fmt: skip


@tool
def diagnose_model(runtime: ToolRuntime[RunContext]) -> str:
    """Find where the current round's model is weak, by which errors, and what the next images should show.

    `aim` lists slices ('axis=value') to design the next scenes for, weak classes ('class=name') and confused pairs
    ('confused=one/other') among them; `least_certain` ones are within noise. `next` says
    whether another round makes sense. Call it after evaluate_model.
    """
    run = runtime.context
    with run.stage("diagnose"):
        return diagnose(run)
