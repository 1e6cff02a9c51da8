"""The plan as a card: what will be made, how long it takes, what was taken for granted."""

from html import escape
from typing import Any

import streamlit as st

from tools.runtime import RunRecord
from ui import widgets
from ui.session import t


def card(record: RunRecord) -> None:
    """Draw the plan that waits for a word."""
    asked = (record.question or {}).get("plan") or {}
    if "photos" in asked:
        _labelling(asked)
        return
    task, cost = record.task, record.estimate or {}
    if task is None:
        return
    chips = "".join(f"<span>{escape(_class_line(c.name, c.drawn_as))}</span>" for c in task.classes)
    minutes = t("about_minutes", minutes=f"{cost.get('minutes', 0):g}")
    if task.budget.minutes:
        minutes += " · " + t("at_most_minutes", minutes=f"{task.budget.minutes:g}")
    shown = record.few is not None
    pictures = t("pictures_in_rounds", pictures=task.budget.images, rounds=task.budget.rounds)
    measured = [t("measured_real" if record.real else "measured_synthetic")]
    if shown:
        measured = [t("measured_shown"), *([t("measured_others")] if record.real else [])]
    rows = [
        (t("plan_kind"), t(f"kind_{task.kind}")),
        *([] if shown else [(t("plan_places"), ", ".join(task.contexts) or t("everywhere"))]),
        (t("plan_pictures"), t("pictures_shown", count=task.budget.images) if shown else pictures),
        (t("plan_time"), minutes),
        (t("plan_money"), _money(float(cost.get("money", 0)), task.budget.money)),
        (t("plan_measured"), " · ".join(measured)),
    ]
    if task.target:
        rows.append((t("plan_target"), f"{task.target:g}"))
    with st.container(border=True):
        widgets.plain(t("plan"), "title")
        st.html(f'<div class="ss-chips">{chips}</div>')
        st.html(widgets.facts(rows))
        stages = {k: float(v) for k, v in (cost.get("stages") or {}).items()}
        longest = max(stages.values(), default=0.0) or 1.0
        st.html("".join(
            widgets.bar(value / longest, f"{t('cost_' + name.split(',')[0])} · {widgets.duration(value * 60)}")
            for name, value in stages.items()
        ))  # fmt: skip
        for note in cost.get("notes") or []:
            widgets.plain(f"· {note}", "small")


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


def _money(cost: float, most: float) -> str:
    return t("money_paid", money=f"{cost:.2f}", most=f"{most:.2f}") if cost else t("money", money="0.00")


def _class_line(name: str, drawn_as: str) -> str:
    return name if name == drawn_as else t("drawn_as", name=name, thing=drawn_as)
