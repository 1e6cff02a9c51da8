"""The plan as a card: what will be made, how long it takes, what was taken for granted."""

from html import escape
from typing import Any

import streamlit as st

from tools.runs.expected import keeps_little, said
from tools.runs.runtime import RunRecord
from ui import plain_words, widgets
from ui.session import language, t


def card(record: RunRecord) -> None:
    """Draw the plan that waits for a word."""
    asked = (record.question or {}).get("plan") or {}
    if "photos" in asked:
        _labelling(asked)
        return
    if record.task is None:
        return
    with st.container(border=True):
        widgets.plain(t("plan"), "title")
        _facts(record)
        _stages(record)


def kept(record: RunRecord, asked: dict[str, Any]) -> None:
    """The plan that was shown, small: it stays in sight while it is carried out and after."""
    if "photos" in asked:
        _labelling(asked)
        return
    if record.task is None:
        st.html(f'<div class="ss-note">{escape(t("plan_was_shown"))}</div>')
        return
    with st.container(border=True):
        widgets.plain(t("plan"), "title")
        _facts(record)
        with st.expander(t("plan_more")):
            _stages(record)


def _facts(record: RunRecord) -> None:
    task, cost = record.task, record.estimate or {}
    assert task is not None
    chips = "".join(f"<span>{escape(_class_line(c.name, c.drawn_as))}</span>" for c in task.classes)
    minutes = t("about_minutes", minutes=f"{cost.get('minutes', 0):g}")
    if task.budget.minutes:
        minutes += " · " + t("at_most_minutes", minutes=f"{task.budget.minutes:g}")
    shown = record.few is not None
    images = t("pictures_in_rounds", pictures=task.budget.images, rounds=task.budget.rounds)
    measured = [t("measured_real" if record.real else "measured_synthetic")]
    if record.expected is not None:
        measured.append(said(record.expected, zh=language() == "zh", plain=True))
        if keeps_little(record.expected):
            measured.append(t("photos_teach_more"))
    if shown:
        measured = [t("measured_shown"), *([t("measured_others")] if record.real else [])]
    rows = [
        (t("plan_kind"), t(f"kind_{task.kind}")),
        *([] if shown else [(t("plan_places"), _places(task.contexts))]),
        (t("plan_pictures"), t("pictures_shown", count=task.budget.images) if shown else images),
        (t("plan_time"), minutes),
        (t("plan_money"), _money(float(cost.get("money", 0)), task.budget.money)),
        (t("plan_measured"), " · ".join(measured)),
    ]
    if task.target:
        rows.append((t("plan_target"), f"{task.target:g}"))
    st.html(f'<div class="ss-chips">{chips}</div>')
    st.html(widgets.facts(rows))


def _stages(record: RunRecord) -> None:
    """What each part takes, and what was taken for granted."""
    cost = record.estimate or {}
    stages = {k: float(v) for k, v in (cost.get("stages") or {}).items()}
    longest = max(stages.values(), default=0.0) or 1.0
    bars = [
        widgets.bar(value / longest, f"{t('cost_' + name.split(',')[0])} · {widgets.duration(value * 60)}")
        for name, value in stages.items()
    ]
    if bars:
        st.html("".join(bars))
    for note in cost.get("notes") or []:
        widgets.plain(f"· {plain_words.for_page(note)}", "small")


def _labelling(asked: dict[str, Any]) -> None:
    """Photos that are to be labelled: which, what for, and where the labels go."""
    rows = [(t("label_plan_photos"), photos) for photos in asked["photos"]]
    rows += [
        (t("label_plan_labels"), asked["labels"]),
        (t("label_plan_by"), asked["by"]),
        (t("label_plan_copies"), asked["copies"]),
        (t("label_plan_to"), asked["written to"]),
    ]
    with st.container(border=True):
        widgets.plain(t("label_plan"), "title")
        st.html(f'<div class="ss-chips">{"".join(f"<span>{escape(name)}</span>" for name in asked["classes"])}</div>')
        st.html(widgets.facts(rows))


def _places(contexts: list[str]) -> str:
    return t("comma").join(plain_words.where(f"context={c}") for c in contexts) or t("everywhere")


def _money(cost: float, most: float) -> str:
    return t("money_paid", money=f"{cost:.2f}", most=f"{most:.2f}") if cost else t("money", money="0.00")


def _class_line(name: str, drawn_as: str) -> str:
    return name if name == drawn_as else t("drawn_as", name=name, thing=drawn_as)
