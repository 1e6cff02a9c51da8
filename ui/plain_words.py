"""What a model can do, as a grower would say it: how many of ten it finds, what it takes for what, where it is weak."""

import re
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from agent import spending
from tools.core.errors import with_way_out
from tools.data.sample import Sample
from tools.data.scores import MIN_INTERVAL_IMAGES, Evaluation
from tools.runs.expected import said as judged_alike
from tools.runs.runtime import PHOTOS, RunRecord
from tools.scenes.captions import plural
from ui import session
from ui.session import t
from ui.texts import EN

_FEW = 30  # objects under which a share is a rough figure
_MOST_CLASSES = 4  # that are told one by one
_CONFUSED, _WEAK = 3, 2  # told at most
_EDGES = (0.045, 0.955)  # outside of it ten are too coarse, and a hundred are told of
_CODE = re.compile(r"\b([a-z]+)=([^,;.()\n]+)")  # a slice as the records have it
# Flags and variables of the terminal, in English and Chinese texts, and what the page has in their place.
_FLAG = re.compile(
    r"(?<![\w-])--([a-z][a-z-]*)(?:[ =](?:[A-Z][A-Z:]{2,}\w*|HOST:PORT|N|M|S|目录|模型名|文件夹|offline))?"
)
_VARIABLE = re.compile(r"\b((?:SIGHTSMITH|OPENAI)_[A-Z_]+)(?:=\S+)?")
_FIELDS = {"OPENAI_BASE_URL": "endpoint", "OPENAI_API_KEY": "key", "OPENAI_MODEL": "model_name"}  # page "Settings"


@dataclass(frozen=True)
class Told:
    """What there is to say of a model."""

    lines: list[str]  # the most important first
    caution: str  # what it was measured on, and how far that can be trusted
    worry: bool  # it is a warning


def of_run(record: RunRecord, confused: dict[tuple[str, str], int] | None = None) -> Told | None:
    """The model that is handed over, in words; None before one was measured.

    Args:
        record: of the run.
        confused: (what it is, what it was taken for) -> how often, for classes among each other.
    """
    scores = record.scores
    if record.best is None or not scores:
        return None
    judged = next(iter(scores.values()))
    lines = [_named_right(judged)] if judged.accuracy is not None else _found(record, judged)
    lines += _taken_for(record, confused or {})
    lines += _weakest(record)
    return Told([line[:1].upper() + line[1:] for line in lines], *_measured_on(record, judged))


def short(record: RunRecord) -> str:
    """The one figure of a run, for a list; empty before a model was measured."""
    scores = record.scores
    if record.best is None or not scores:
        return ""
    judged = next(iter(scores.values()))
    if judged.accuracy is not None:
        return _named_right(judged)
    if judged.recall is None:
        return ""
    found, of = _tenths(judged.recall)
    return t("short_finds", found=found, of=of, name=_things(record, of), where=t(f"on_{judged.on}"))


def where(name: str) -> str:
    """A slice such as "light=deep shade" as people say it: "in deep shade"."""
    axis, _, value = name.partition("=")
    known = f"slice_{axis}_{value.replace(' ', '_')}"
    if known in EN:
        return t(known)
    return t(f"slice_{axis}", value=value) if f"slice_{axis}" in EN else value or axis


def axis(name: str) -> str:
    """The name of an axis."""
    return t(f"axis_{name}") if f"axis_{name}" in EN else name


def for_page(text: str) -> str:
    """A text of the agent, worded for who has no terminal: what is on the page takes the place of its flags."""
    text = _FLAG.sub(lambda m: t(f"flag_{m[1]}") if f"flag_{m[1]}" in EN else t("flag_other"), text)
    text = _VARIABLE.sub(lambda m: f"“{t(_FIELDS[m[1]])}”" if m[1] in _FIELDS else t("flag_other"), text)
    return _CODE.sub(lambda m: where(m[0].strip()) if f"axis_{m[1]}" in EN else m[0], text)


def with_way(said: str, code: str | None, data: Mapping[str, Any]) -> str:
    """A refusal, a question or what a run failed by, and the way out that the page has."""
    said = for_page(said)
    if f"way_{code}" not in EN:
        return said
    check = t(f"check_{data['check']}") if data.get("check") else ""
    return with_way_out(said, t(f"way_{code}", check=check), t("full_stop"))


def model_cost(record: RunRecord) -> str:
    """What the language model has cost, in the session's language; empty where none was asked."""
    calls = int(record.totals.get(spending.CALLS, 0))
    if not calls:
        return ""
    asked, uncounted = t("llm_asked", calls=calls), int(record.totals.get(spending.UNCOUNTED, 0))
    if uncounted == calls:
        return f"{asked} {t('llm_uncounted')}"
    read, written = (int(record.totals.get(name, 0)) for name in (spending.READ, spending.WRITTEN))
    money = record.totals.get(spending.MONEY)
    cost = t("llm_price_unknown") if money is None else t("llm_money", money=f"{money:.4f}")
    return f"{asked} {t('llm_tokens', read=f'{read:,}', written=f'{written:,}')} {cost}"


def several(name: str, count: int) -> str:
    """A class for a number of things: English has a plural."""
    return name if count == 1 or session.language() != "en" else plural(name)


def counted(counts: dict[str, int]) -> str:
    """Numbers of things in words: 7 apples, 2 tomatoes."""
    return t("comma").join(t("count_of", count=n, name=several(name, n)) for name, n in counts.items())


def labels_of(sample: Sample) -> str:
    """What an image's labels say is in it, for who does not see it: 2 apples, 1 lemon."""
    if sample.label is not None:
        return sample.label
    return counted(Counter(i.class_name for i in sample.instances)) or t("no_labels")


# Sentences ------------------------------------------------------------------------------------------------------------


def _found(record: RunRecord, judged: Evaluation) -> list[str]:
    names = record.task.class_names if record.task else []
    parts = {n: judged.per_class[n] for n in names if n in judged.per_class and judged.per_class[n].recall is not None}
    if 1 < len(parts) <= _MOST_CLASSES:
        lines = [_finds(name, part.recall or 0.0) for name, part in parts.items()]
    else:
        lines = [_finds(names[0] if len(names) == 1 else "", judged.recall)] if judged.recall is not None else []
    if judged.precision is not None:
        wrong, of = _tenths(1 - judged.precision)
        lines.append(t("wrong_of", wrong=wrong, of=of) if wrong else t("wrong_none"))
    if judged.empties >= MIN_INTERVAL_IMAGES and judged.false_positives_per_empty is not None:
        alarms = round(10 * judged.false_positives_per_empty)
        lines.append(t("empties_wrong", count=alarms) if alarms else t("empties_right"))
    return lines


def _finds(name: str, recall: float) -> str:
    found, of = _tenths(recall)
    thing = several(name, of) if name else t("things")
    return t("finds_of", of=of, name=thing, found=found) if found else t("finds_none", name=thing)


def _named_right(judged: Evaluation) -> str:
    right, of = _tenths(judged.accuracy or 0.0)
    return t("names_right", right=right, of=of)


def _taken_for(record: RunRecord, confused: dict[tuple[str, str], int]) -> list[str]:
    """What is taken for what: classes for each other, and look-alikes that are no class."""
    names = record.task.class_names if record.task else []
    pairs = [(n, a, b) for (a, b), n in confused.items() if a in names and b in names and a != b and n > 1]
    lines = [t("taken_for", what=several(a, n), name=several(b, n), count=n) for n, a, b in sorted(pairs, reverse=True)]
    chosen = record.best_round
    diagnosis = chosen.diagnosis if chosen is not None else None
    if diagnosis is not None:
        target = several(names[0], 2) if len(names) == 1 else t("taken_for_one")
        for name, count in sorted(diagnosis.mistaken.items(), key=lambda item: -item[1]):
            total = diagnosis.lookalikes.get(name, 0)
            key = "taken_for_of" if total else "taken_for"
            lines.append(t(key, what=several(name, 2), name=target, count=count, of=total))
    return lines[:_CONFUSED]


def _weakest(record: RunRecord) -> list[str]:
    places = [where(w.name) for w in record.weak if w.axis != "class"][:_WEAK]
    return [t("weakest", where=t("comma").join(places))] if places else []


def _measured_on(record: RunRecord, judged: Evaluation) -> tuple[str, bool]:
    said = t(f"measured_on_{judged.on}", pictures=judged.images, objects=judged.instances)
    synthetic = judged.on.startswith("synthetic")
    if judged.accuracy is None and judged.instances < _FEW:
        said = f"{said} {t('rough', count=judged.instances)}"
    if synthetic:
        said = f"{said} {t('expect_less')}"
        if record.expected is not None:
            said = f"{said} {judged_alike(record.expected, zh=session.language() == 'zh', plain=True)}"
    return said, synthetic


def _things(record: RunRecord, count: int) -> str:
    names = record.task.class_names if record.task else []
    return several(names[0], count) if len(names) == 1 else t("things")


def _tenths(share: float) -> tuple[int, int]:
    """A share as so many of ten; of a hundred where ten are too coarse."""
    of = 10 if _EDGES[0] < share < _EDGES[1] else 100
    return round(share * of), of


def aimed_at(focus: list[str]) -> str:
    """What a round aimed at, in words."""
    return t("comma").join(t("aimed_photos") if name == PHOTOS else where(name) for name in focus) or "—"
