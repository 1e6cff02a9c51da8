"""See: what the model can do, in words and images; folded below it the figures, curves and the whole report."""

from pathlib import Path

import streamlit as st

from agent.report.charts import Line
from agent.report.scores import METRIC_NAMES
from tools.data.scores import EVALUATED_ON, Evaluation, SliceScore
from tools.runs.runtime import RunRecord
from ui import plain_words, results, session, widgets
from ui.session import t

_METRICS = ("mask_map50", "mask_map50_95", "box_map50", "box_map50_95", "accuracy", "precision", "recall", "f1")
_SLICES = 14


def render() -> None:
    """The page."""
    found = widgets.open_page(t("scores_title"), t("scores_about"))
    if found is None:
        return
    folder, record = found
    with widgets.told():
        if not results.card(folder, record):
            widgets.empty(t("no_scores"), t("no_scores_about"))
        if record.error:
            widgets.say("warning", plain_words.with_way(record.error, record.error_code, record.error_data))
        results.images(folder, record)
    if not record.scores:
        return
    with st.expander(t("experts"), icon=":material/science:"), widgets.told():
        widgets.plain(t("experts_about"), "small")
        _table(record)
        if any(r.scores for r in record.rounds):
            _rounds(record)
            _weak(record)
        _training(folder)
        _report(folder)


def _table(record: RunRecord) -> None:
    found = record.scores
    rows = []
    for metric in _METRICS:
        cells = [_cell(e, metric) for e in found.values()]
        if any(c != "—" for c in cells):
            rows.append([METRIC_NAMES[metric], *cells])
    rows.append([t("pictures_word"), *(str(e.images) for e in found.values())])
    rows.append([t("objects_word"), *(str(e.instances) for e in found.values())])
    st.html(widgets.table([t("metric"), *(t(f"set_{on}") for on in found)], rows))
    widgets.plain(t("interval_note"), "small")


def _cell(evaluation: Evaluation, metric: str) -> str:
    value = getattr(evaluation, metric)
    if value is None:
        return "—"
    interval = evaluation.intervals.get(metric)
    # A line of its own where the page is narrow, and never broken inside.
    return f"{value:.2f}" + (f"\n({interval[0]:.2f}\u2060–\u2060{interval[1]:.2f})" if interval else "")


def _rounds(record: RunRecord) -> None:
    st.header(t("by_round"), anchor=False)
    lines = []
    for on in EVALUATED_ON:
        points = [(float(r.number), r.scores[on].score) for r in record.rounds if on in r.scores]
        known = [(x, y) for x, y in points if y is not None]
        if known:
            lines.append(Line(t(f"set_{on}"), known))
    left, right = st.columns(2)
    if len(record.rounds) > 1:
        with left:
            widgets.chart(lines, t("rounds_one"), 1.0)
    rows = []
    for r in record.rounds:
        deciding = next((r.scores[on] for on in ("real_val", "synthetic_val") if on in r.scores), None)
        score = "—" if deciding is None or deciding.score is None else f"{deciding.score:.2f}"
        kept = t("yes_by_renders") if r.by_renders else {True: t("yes"), False: t("no"), None: "—"}[r.accepted]
        rows.append(
            [
                str(r.number),
                f"{r.kept} / {r.generated}",
                score,
                kept,
                plain_words.aimed_at(r.focus),
            ]
        )
    place = right if len(record.rounds) > 1 else st
    place.html(widgets.table([t("rounds_one"), t("kept_made"), t("score"), t("round_kept"), t("aimed_at")], rows))


def _weak(record: RunRecord) -> None:
    """Slices of the model that is handed over as bars, worst first, those called weak in another colour."""
    deciding = record.deciding_scores
    slices = [(name, s) for name, s in deciding.per_slice.items() if s.score is not None] if deciding else []
    if deciding is None or not slices:
        return
    st.header(t("by_slice"), anchor=False)
    weak = {w.name for w in record.weak}
    slices.sort(key=lambda item: (item[0] not in weak, item[1].score or 0.0))
    widgets.plain(t("by_slice_about", set=t(f"set_{deciding.on}")), "small")
    st.html("".join(_slice_bar(name, s, name in weak) for name, s in slices[:_SLICES]))


def _slice_bar(name: str, part: SliceScore, weak: bool) -> str:
    low, high = part.interval or (None, None)
    said = f"{plain_words.where(name)} · {part.score:.2f} · {widgets.objects(part.instances)}"
    return widgets.bar(part.score or 0.0, said, low=low, high=high, weak=weak)


def _training(folder: Path) -> None:
    losses = session.story(folder).losses
    if not losses:
        return
    st.header(t("training"), anchor=False)
    loss = [Line(t("round", number=n), [(float(e), v) for e, (v, _) in sorted(p.items())]) for n, p in losses.items()]
    score = [
        Line(t("round", number=n), [(float(e), s) for e, (_, s) in sorted(p.items()) if s is not None])
        for n, p in losses.items()
    ]
    left, right = st.columns(2)
    for column, name, lines, top in ((left, t("loss"), loss, None), (right, t("validation"), score, 1.0)):
        with column:
            widgets.plain(name, "small")
            widgets.chart(lines, t("epoch"), top)


def _report(folder: Path) -> None:
    page = folder / "report.html"
    if not page.is_file():
        return
    st.header(t("report"), anchor=False)
    if st.toggle(t("show_report"), key="show_report"):
        st.iframe(page.read_text(encoding="utf-8", errors="replace"), height=900)
