"""What a report says, as plain values: sentences, tables and bars, the same for the HTML page and for Markdown."""

import json
import shlex
from collections import Counter
from dataclasses import dataclass, field
from typing import Any

from agent import spending
from agent.memory import changes_of
from agent.report.charts import Line
from agent.report.scores import (
    SET_NAMES,
    AuditTable,
    ScoredSets,
    ScoreRow,
    about_sets,
    audits_of,
    headline_of,
    metric_name,
    per_class,
    reported,
    score_rows,
)
from tools.core.settings import flat
from tools.data.credits import Credit, credits_of
from tools.data.scores import Diagnosis, EvaluatedOn
from tools.runs.runtime import PHOTOS, RunContext, RunRecord

STAGE_NAMES = {
    "define": "understanding the task", "design": "designing scenes", "generate": "making pictures",
    "score": "scoring pictures", "curate": "removing copies and outliers", "annotate": "checking labels",
    "train": "training", "evaluate": "measuring", "diagnose": "looking for weak spots",
    "export_model": "exporting the model", "export_dataset": "exporting the data set", "report": "writing this report",
}  # fmt: skip
_ENGINE = {"version": "", "licence": "", "for": "", "why": ""}
MAX_MISTAKEN = 6  # look-alikes named a round
KIND_NAMES = {"segment": "segmentation", "detect": "detection", "classify": "classification"}


@dataclass(frozen=True)
class SliceRow:
    """One slice by round: score (None: not measured) and whether the round aimed at it."""

    name: str
    cells: list[tuple[float | None, bool]]
    instances: int


@dataclass
class ReportFacts:
    """Everything the templates show but images and charts."""

    record: RunRecord
    title: str
    headline: str
    warning: bool  # the headline is a caution
    sets: ScoredSets
    rows: list[ScoreRow] = field(default_factory=list)
    about_sets: list[tuple[str, list[str]]] = field(default_factory=list)
    per_class: list[tuple[str, list[str]]] = field(default_factory=list)
    audits: list[AuditTable] = field(default_factory=list)
    rounds: list[dict[str, Any]] = field(default_factory=list)
    slices: list[SliceRow] = field(default_factory=list)
    slices_on: str = ""
    slice_notes: list[str] = field(default_factory=list)
    counts: list[tuple[str, int]] = field(default_factory=list)
    dropped: list[tuple[str, int]] = field(default_factory=list)
    failed: list[tuple[str, int]] = field(default_factory=list)
    stages: list[tuple[str, float, float]] = field(default_factory=list)  # name, seconds, share of the longest
    lessons: list[dict[str, Any]] = field(default_factory=list)
    engines: list[tuple[str, dict[str, Any]]] = field(default_factory=list)
    credits: list[Credit] = field(default_factory=list)  # of the 3D models by others that images show
    learnt_from: str = ""  # what else than made images the model was shown, and what images cost
    model_cost: str = ""  # of the language model; empty where none was asked
    settings: list[tuple[str, str]] = field(default_factory=list)
    command: str = ""
    exports: list[tuple[str, str]] = field(default_factory=list)
    forms: list[dict[str, str]] = field(default_factory=list)  # of the model, and what each costs


def facts_of(run: RunContext) -> ReportFacts:
    """What there is to say about a run, whatever state it is in."""
    record = run.record
    classes = ", ".join(record.task.class_names) if record.task else ""
    headline, warning = headline_of(record)
    facts = ReportFacts(
        record=record,
        title=f"{classes}: {KIND_NAMES[record.task.kind]}" if record.task else record.name,
        headline=headline,
        warning=warning,
        sets=[(SET_NAMES[on], record.scores.get(on)) for on in reported(record)],
    )
    facts.sets += [(f"untrained {name}, same real photos", scores) for name, scores in record.baselines.items()]
    facts.audits = audits_of(record)
    facts.rows, facts.about_sets = score_rows(facts.sets), about_sets(facts.sets)
    facts.per_class = per_class(facts.sets)
    facts.rounds = [_round(run, number) for number in range(len(record.rounds))]
    facts.slices, facts.slices_on = _slices(record)
    facts.slice_notes = [
        f"{c.slice} was aimed at in round {c.round}: {c.before:.2f} before, {c.after:.2f} after"
        for c in changes_of(record.rounds)
    ]
    facts.counts, facts.dropped, facts.failed = _counts(run)
    facts.stages = _stages(record)
    facts.lessons = [_lesson(record, lesson) for lesson in record.lessons]
    facts.engines = [(name, _ENGINE | about) for name, about in sorted(record.engines.items())]
    facts.credits = credits_of(run.dataset.samples())
    facts.learnt_from = _learnt_from(record)
    facts.model_cost = spending.sentence(record)
    facts.settings = [(k, _short(v)) for k, v in flat(record.settings).items() if v is not None]
    facts.command = command_of(record)
    facts.exports = _exports(record)
    facts.forms = _forms(record)
    return facts


# Rounds ---------------------------------------------------------------------------------------------------------


def _round(run: RunContext, position: int) -> dict[str, Any]:
    item = run.record.rounds[position]
    deciding = next((item.scores[on] for on in ("real_val", "synthetic_val") if on in item.scores), None)
    return {
        "number": item.number,
        "focus": item.focus,
        "generated": item.generated,
        "kept": item.kept,
        "accepted": item.accepted,
        "by_renders": item.by_renders,
        "on": SET_NAMES[deciding.on] if deciding else "",
        "on_photos": deciding is not None and deciding.on == "real_val",
        "metric": metric_name(deciding.metric) if deciding else "",
        "score": deciding.score if deciding else None,
        "interval": deciding.intervals.get(deciding.metric) if deciding else None,
        "mistaken": _mistaken(item.diagnosis) if item.diagnosis else [],
        "best": run.record.best is not None and run.record.best.round == item.number,
    }


def _mistaken(diagnosis: Diagnosis) -> list[str]:
    """Look-alikes that were taken for targets: "peach (16 of 40)"."""
    most = list(diagnosis.mistaken.items())[:MAX_MISTAKEN]
    return [f"{name} ({count} of {diagnosis.lookalikes.get(name, count)})" for name, count in most]


def curves_of(run: RunContext) -> tuple[list[Line], list[Line]]:
    """Loss and validation score by epoch, a line a round; from the rounds' folders, else from the events."""
    events = _losses(run)
    losses: list[Line] = []
    scores: list[Line] = []
    for item in run.record.rounds:
        history = _history(run, item.number) or events.get(item.number, [])
        name = f"round {item.number}"
        for key, lines in (("loss", losses), ("val_score", scores)):
            points = {float(e["epoch"]): float(e[key]) for e in history if e.get(key) is not None and "epoch" in e}
            lines.append(Line(name, sorted(points.items())))
    return losses, scores


def _history(run: RunContext, number: int) -> list[dict[str, Any]]:
    path = run.folder / "rounds" / f"{number:02d}" / "training.json"
    try:
        history = json.loads(path.read_text(encoding="utf-8")).get("history", [])
    except (OSError, ValueError, AttributeError):
        return []
    return [e for e in history if isinstance(e, dict)]


def _losses(run: RunContext) -> dict[int, list[dict[str, Any]]]:
    """Loss events by round; a resumed training says some epochs twice, the later one counts."""
    found: dict[int, list[dict[str, Any]]] = {}
    number = 1
    try:
        lines = (run.folder / "events.jsonl").read_text(encoding="utf-8").splitlines()
    except OSError:
        return {}
    for line in lines:
        try:
            event = json.loads(line)
        except ValueError:
            continue  # the last line of a killed run
        if event.get("kind") == "stage":
            number = event.get("round", number)
        elif event.get("kind") == "loss":
            found.setdefault(event.get("round", number), []).append(event)
    return found


def _slices(record: RunRecord) -> tuple[list[SliceRow], str]:
    """Slices that were weak or aimed at in any round, and the set they are scored on."""
    named = dict.fromkeys(
        name
        for r in record.rounds
        for name in [*([w.name for w in r.diagnosis.weak] if r.diagnosis else []), *r.focus]
        if not name.startswith(("lookalike=", "confused="))  # stand beside targets; no score is of them
    )
    on: EvaluatedOn = "real_val" if any("real_val" in r.scores for r in record.rounds) else "synthetic_val"
    rows = []
    for name in named:
        found = [r.scores[on].part(name) if on in r.scores else None for r in record.rounds]
        cells = [(None if s is None else s.score, name in r.focus) for s, r in zip(found, record.rounds, strict=True)]
        rows.append(SliceRow(name, cells, next((s.instances for s in reversed(found) if s is not None), 0)))
    return rows[:14], SET_NAMES[on]


# Work -----------------------------------------------------------------------------------------------------------


def _counts(run: RunContext) -> tuple[list[tuple[str, int]], list[tuple[str, int]], list[tuple[str, int]]]:
    splits: Counter[str] = Counter()
    dropped: Counter[str] = Counter()
    labels = empties = 0
    for sample in run.dataset.samples():
        if sample.verdict == "dropped":
            dropped[sample.reasons[0] if sample.reasons else "no reason given"] += 1
            continue
        splits[sample.split or "not split"] += 1
        labels += len(sample.instances)
        empties += not sample.instances
    failures = Counter(reason.splitlines()[0][:200] if reason else "" for reason in run.dataset.failures().values())
    counts = [("scenes planned", run.dataset.count_scenes()), ("pictures made", run.dataset.count())]
    counts += [("kept", run.dataset.count(verdict="kept")), ("dropped", sum(dropped.values()))]
    names = {"train": "for training", "val": "for validation", "test": "for the test"}
    counts += [(names[k], splits[k]) for k in names if splits[k]]
    counts += [("objects labelled", labels), ("pictures with nothing to find", empties)]
    return counts, dropped.most_common(), failures.most_common(6)


def _stages(record: RunRecord) -> list[tuple[str, float, float]]:
    seconds: dict[str, float] = {}
    for stage in record.stages:
        seconds[stage.name] = seconds.get(stage.name, 0.0) + stage.seconds
    outside = record.totals.get("seconds_outside_tools", 0.0)
    if seconds and outside:
        seconds["outside tools"] = outside
    longest = max(seconds.values(), default=0.0) or 1.0
    return [(STAGE_NAMES.get(name, name), s, s / longest) for name, s in sorted(seconds.items(), key=lambda i: -i[1])]


def _lesson(record: RunRecord, lesson: dict[str, Any]) -> dict[str, Any]:
    """A lesson, with what the first round aimed at because of it; every field is there, whoever wrote the record."""
    first = record.rounds[0].focus if record.rounds else []
    weak = list(lesson.get("weak") or [])
    return {
        "run": lesson.get("run", ""),
        "classes": list(lesson.get("classes") or []),
        "same_class": bool(lesson.get("same_class")),
        "similar": float(lesson.get("similar") or 0.0),
        "weak": weak,
        "used": [w for w in weak if w in first],
    }


# How to go on ---------------------------------------------------------------------------------------------------


def command_of(record: RunRecord) -> str:
    """The command that makes this run again."""
    settings = record.settings
    flags = {
        "--effort": settings.get("effort"), "--real": record.real, "--assets": record.assets,
        "--few": record.few, "--unlabelled": record.unlabelled, "--money": record.options.get("money"),
        "--images": record.options.get("images"), "--rounds": record.options.get("rounds"),
        "--minutes": record.options.get("minutes"), "--size": settings.get("size_px"), "--seed": settings.get("seed"),
    }  # fmt: skip
    words = [w for name, value in flags.items() if value is not None for w in (name, str(value))]
    return shlex.join(["sightsmith", "build", record.request, *words])


def _learnt_from(record: RunRecord) -> str:
    said = []
    if record.few is not None:
        said.append(
            f"The model learnt from the photos in {record.few} by the user's wish. Its cross-validated score is of "
            "models that had not seen the photo they were asked about; the upper end of its interval allows for the "
            "model handed over having learnt from all of them."
        )
        said += [f"{note[:1].upper()}{note[1:].rstrip('.')}." for note in record.photo_notes]
    drawn_at = record.few is None and not (record.task and record.task.contexts) and len(record.rounds) > 1
    if record.unlabelled is not None and drawn_at:
        said.append(
            f"The photos without labels in {record.unlabelled} were looked at to choose places for later pictures; "
            "that trains on nothing of them."
        )
    learnt = [r for r in record.rounds if r.focus == [PHOTOS]]
    if learnt:
        kept = sum(bool(r.accepted) for r in learnt)
        said.append(
            f"{len(learnt)} round{'s' * (len(learnt) != 1)} learnt from the user's own photos by the user's wish, "
            f"{kept} kept because better on the real photos that decide; none of those photos was measured on."
        )
    if record.totals.get("money"):
        said.append(f"Pictures of an image service cost ${record.totals['money']:.2f}.")
    return " ".join(said)


def _exports(record: RunRecord) -> list[tuple[str, str]]:
    """What was exported, one line each: name and place."""
    lines = []
    for name, value in record.exports.items():
        if name in _TABLES:
            continue
        inner = value.items() if isinstance(value, dict) and all(isinstance(v, dict) for v in value.values()) else ()
        for sub, entry in inner:
            lines.append((f"{name}: {sub}", _place(entry)))
        if not inner:
            lines.append((name, _place(value)))
    return lines


_TABLES = ("devices", "sizes")


def _forms(record: RunRecord) -> list[dict[str, str]]:
    """What each form and size of the model scores on the test images, and how long it takes for one."""

    def scored(row: dict[str, Any], on: str) -> str:
        return f"{row['scores'][on]:.3f} ({row['loss'][on]:+.3f})" if on in row["scores"] else "—"

    return [
        {
            "form": str(row["form"]), "mb": f"{row['mb']:.1f}", "ms": "—" if row["ms"] is None else f"{row['ms']:.1f}",
            "speed": "—" if row["speed"] is None else f"{row['speed']:.2f}",
            "synthetic": scored(row, "synthetic_test"), "real": scored(row, "real_test"),
        }
        for table in _TABLES
        for row in record.exports.get(table, {}).get("rows", [])
    ]  # fmt: skip


def _place(value: Any) -> str:
    if isinstance(value, dict):
        return str(next((value[k] for k in ("path", "folder", "file") if value.get(k)), _short(value)))
    return _short(value)


def _short(value: Any) -> str:
    text = value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)
    return text if len(text) <= 160 else text[:159] + "…"
