"""Two runs side by side, as plain values."""

from dataclasses import dataclass

from agent.report.scores import METRIC_NAMES
from tools.data.scores import EvaluatedOn
from tools.runs.runtime import RunRecord

SHOWN: tuple[EvaluatedOn, ...] = ("synthetic_test", "real_test")
_METRICS = ("precision", "recall", "f1")


@dataclass(frozen=True)
class ComparedFact:
    """One fact of both runs; `better` is 0 or 1 where one is better beyond the intervals, else None."""

    name: str
    values: tuple[str, str]
    better: int | None = None


def compare(first: RunRecord, second: RunRecord) -> list[ComparedFact]:
    """What differs in two runs: request, size, time, scores with intervals, weak slices."""
    both = (first, second)
    rows = [
        _row("request", [r.request for r in both]),
        _row("status", [r.status for r in both]),
        _row("kind", [r.task.kind if r.task else "" for r in both]),
        _row("classes", [", ".join(r.task.class_names) if r.task else "" for r in both]),
        _row("pictures", ["{} / {}".format(*r.images) for r in both]),
        _row("rounds", [str(len(r.rounds)) for r in both]),
        _row("minutes", [f"{r.totals.get('seconds', 0.0) / 60:.1f}" for r in both]),
    ]
    for on in SHOWN:
        rows += _scores(on, first, second)
    rows.append(_row("weak", [", ".join(w.name for w in r.weak) for r in both]))
    return rows


def _scores(on: EvaluatedOn, first: RunRecord, second: RunRecord) -> list[ComparedFact]:
    measured = [r.scores.get(on) for r in (first, second)]
    if not any(measured):
        return []
    metrics = list(dict.fromkeys([*(e.metric for e in measured if e is not None), *_METRICS]))
    rows = []
    for metric in metrics:
        texts, ranges = [], []
        for e in measured:
            value = None if e is None else getattr(e, metric)
            interval = None if e is None else e.intervals.get(metric)
            ranges.append(interval)
            texts.append(
                "—"
                if value is None
                else f"{value:.2f}" + (f" ({interval[0]:.2f}–{interval[1]:.2f})" if interval else "")
            )
        a, b = ranges
        better = None
        if a is not None and b is not None:
            better = 0 if a[0] > b[1] else 1 if b[0] > a[1] else None
        rows.append(ComparedFact(f"{on}/{METRIC_NAMES.get(metric, metric)}", (texts[0], texts[1]), better))
    return rows


def _row(name: str, values: list[str]) -> ComparedFact:
    return ComparedFact(name, (values[0], values[1]))
