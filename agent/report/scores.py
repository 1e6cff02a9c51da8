"""What a report says about scores: one honest sentence, and tables of every metric on every set side by side."""

from collections.abc import Callable
from dataclasses import dataclass

from tools.annotators.audit import sentence
from tools.data.scores import EvaluatedOn, Evaluation, LabelQuality
from tools.runs.expected import said
from tools.runs.runtime import RunRecord

ScoredSets = list[tuple[str, Evaluation | None]]
REPORTED: tuple[EvaluatedOn, ...] = ("synthetic_test", "real_test")
SET_NAMES: dict[EvaluatedOn, str] = {
    "synthetic_val": "synthetic validation", "synthetic_test": "synthetic test",
    "real_val": "real photos, validation", "real_test": "real photos, test",
    "cross_val": "shown photos, cross-validated",
}  # fmt: skip
METRIC_NAMES = {
    "mask_map50": "mask mAP50", "mask_map50_95": "mask mAP50-95", "box_map50": "box mAP50",
    "box_map50_95": "box mAP50-95", "accuracy": "share named right", "precision": "precision",
    "recall": "recall", "f1": "F1",
}  # fmt: skip
NO_REAL = "— bring labelled photos with --real"


@dataclass(frozen=True)
class ScoreRow:
    """One metric on every set; None where it was not or cannot be measured."""

    name: str
    values: list[tuple[float, tuple[float, float] | None] | None]
    main: bool = False


@dataclass(frozen=True)
class AuditTable:
    """How far an annotator's labels can be trusted: a sentence, and rows of name, objects, Dice, IoU, missed, false."""

    sentence: str
    rows: list[list[str]]


def audits_of(record: RunRecord) -> list[AuditTable]:
    """One table for each annotator that was measured on exact masks."""
    tables = []
    for measured in record.audits.values():
        parts = {"all": measured.overall, **(measured.per_class if len(measured.per_class) > 1 else {})}
        rows = [
            [
                name,
                str(q.objects),
                *(_with_interval(q, figure_name) for figure_name in ("dice", "iou", "missed", "false")),
            ]
            for name, q in parts.items()
        ]
        tables.append(AuditTable(sentence(measured), rows))
    return tables


def _with_interval(quality: LabelQuality, name: str) -> str:
    value, known = getattr(quality, name), quality.intervals.get(name)
    if value is None:
        return "—"
    return f"{value:.3f}" + (f" ({known[0]:.3f}–{known[1]:.3f})" if known else "")


def headline_of(record: RunRecord) -> tuple[str, bool]:
    """One honest sentence, and whether it is a caution."""
    reason = (record.error or "").rstrip(".")
    if record.best is None:
        states = {"stopped": "The run was stopped", "failed": "The run failed"}
        state = states.get(record.status, "The run has not come to an end")
        return f"No model was made. {state}{f': {reason}' if reason else ''}.", True
    broken = record.status in ("failed", "stopped")
    after = f" The run {record.status} after this was measured: {reason or 'no reason is known'}." if broken else ""
    real = record.scores.get("real_test")
    if real is not None:
        return real_sentence(real) + after, broken
    crossed = record.scores.get("cross_val")
    if crossed is not None:
        return real_sentence(crossed, "shown photos, each looked at by a model that had not seen it") + after, broken
    if record.few is not None:
        return f"Not measured: too few photos to keep any aside. Bring more, or others with --real.{after}", True
    why = "its real photos left none for a test" if record.real else "no labelled real photo was given"
    worth = f" {said(record.expected)}" if record.expected is not None else ""
    return (
        f"Not measured on real photos ({why}): synthetic scores only, expect less on your own pictures.{worth}{after}",
        True,
    )


def reported(record: RunRecord) -> tuple[EvaluatedOn, ...]:
    """What is reported of a run: of one that learnt from shown photos, in place of renders, its cross-validation."""
    return REPORTED if record.few is None else ("cross_val", "real_test")


def real_sentence(real: Evaluation, which: str = "") -> str:
    """What the model does on real photos, in words.

    Args:
        real: its scores.
        which: photos they are, in words; ones that it never saw when left out.
    """
    usual = f"real picture{'s' if real.images != 1 else ''} that it never saw"
    photos = f"{real.images} {which or usual}"
    low, high = real.intervals.get(real.metric, (None, None))
    if real.accuracy is not None:
        known = "" if low is None or high is None else f" (95 % interval {percent(low)} to {percent(high)})"
        return f"Of {photos}, the model names {percent(real.accuracy)} right{known}."
    parts = []
    if real.recall is not None:
        parts.append(f"finds {percent(real.recall)} of the {real.instances} objects")
    if real.precision is not None:
        parts.append(f"{percent(real.precision)} of what it reports is right")
    said = ", and ".join(parts) or "was measured"
    if real.score is not None:
        known = "" if low is None or high is None else f", 95 % interval {low:.2f} to {high:.2f}"
        said += f" ({metric_name(real.metric)} {real.score:.2f}{known})"
    return f"On {photos}, the model {said}."


def metric_name(metric: str) -> str:
    """A metric in words. The share of images named right is not called accuracy: on synthetic ones it is none."""
    return METRIC_NAMES.get(metric, metric)


def percent(value: float) -> str:
    """0.483 as "48 %"."""
    return f"{100 * value:.0f} %"


def score_rows(sets: ScoredSets) -> list[ScoreRow]:
    """Main metrics first; a row that no set has is left out."""
    measured = [e for _, e in sets if e is not None]
    if not measured:
        return []
    mains = {e.metric for e in measured}
    rows = []
    for metric in METRIC_NAMES:
        values = [
            None if e is None or getattr(e, metric) is None else (float(getattr(e, metric)), e.intervals.get(metric))
            for _, e in sets
        ]
        if any(v is not None for v in values):
            rows.append(ScoreRow(metric_name(metric), values, metric in mains))
    return sorted(rows, key=lambda row: not row.main)


def about_sets(sets: ScoredSets) -> list[tuple[str, list[str]]]:
    """What was measured on, row by row."""

    def each(show: Callable[[Evaluation], str]) -> list[str]:
        return ["" if e is None else show(e) for _, e in sets]

    measured = [e for _, e in sets if e is not None]
    if not measured:
        return []
    rows = [("pictures", each(lambda e: str(e.images)))]
    if any(e.metric != "accuracy" for e in measured):
        rows += [
            ("labelled objects", each(lambda e: str(e.instances))),
            ("pictures with nothing to find", each(lambda e: str(e.empties))),
            ("false alarms on one of those", each(lambda e: figure(e.false_positives_per_empty))),
            ("working threshold", each(lambda e: figure(e.threshold))),
        ]
    return rows


def per_class(sets: ScoredSets) -> list[tuple[str, list[str]]]:
    """The main metric of each class, when there are several."""
    names = dict.fromkeys(name for _, e in sets if e is not None for name in e.per_class)
    if len(names) < 2:
        return []
    return [
        (name, [figure(e.per_class[name].score) if e is not None and name in e.per_class else "" for _, e in sets])
        for name in names
    ]


def figure(value: float | None) -> str:
    """Two digits, or a dash."""
    return "—" if value is None else f"{value:.2f}"
