"""Past runs: list, compare two, open, go on, delete; and what the memory knows."""

from html import escape

import streamlit as st

from agent import detached
from agent.compare import compare
from agent.report_scores import metric_name
from tools.memory import RunMemory
from tools.runtime import RunRecord
from ui import login, session, widgets
from ui.session import t

_PAGE = 12


def render() -> None:
    """The page."""
    widgets.header(t("runs_title"), t("runs_about"))
    with widgets.told():
        records = detached.all_runs(session.runs_dir())
        if not records:
            widgets.empty(t("no_runs"), t("no_runs_about"))
        listed, compared, memory = st.tabs([t("runs_list"), t("runs_compare"), t("runs_memory")])
        with listed:
            _list(records)
        with compared:
            _compare(records)
        with memory, widgets.told():
            _memory()


def _list(records: list[RunRecord]) -> None:
    shown = int(st.session_state.get("runs_shown", _PAGE))
    for record in records[:shown]:
        _run(record)
    if len(records) > shown and st.button(t("show_more"), key="runs_more"):
        st.session_state["runs_shown"] = shown + _PAGE
        st.rerun()


def _run(record: RunRecord) -> None:
    folder = session.runs_dir() / record.name
    with st.container(border=True):
        st.html(
            f'<div class="ss-text title">{escape(record.name)} {widgets.badge(record.status)}</div>'
            f'<div class="ss-text small">{escape(record.request[:200])}</div>'
            f'<div class="ss-cap">{escape(_line(record))}</div>'
        )
        with st.container(horizontal=True):
            if st.button(t("open"), key=f"open-{record.name}", icon=":material/open_in_new:"):
                session.choose_run(record.name)
                st.rerun()
            if record.status == "stopped" and st.button(t("resume"), key=f"resume-{record.name}"):
                detached.go_on(folder, session.connection(), visitor=login.is_shared())
                session.choose_run(record.name)
                st.rerun()
            if record.status == "running":
                if st.button(t("stop"), key=f"stop-{record.name}"):
                    detached.stop(folder)
            else:
                with st.popover(t("delete"), icon=":material/delete:"):
                    widgets.plain(t("delete_sure", name=record.name))
                    if st.button(t("delete_yes"), key=f"delete-{record.name}", type="primary"):
                        detached.delete(folder)
                        if session.run_name() is None:
                            session.choose_run(None)
                        st.rerun()


def _line(record: RunRecord) -> str:
    parts = [record.created[:16].replace("T", " ")]
    if record.task is not None:
        parts.append(f"{t(f'kindname_{record.task.kind}')}: {', '.join(record.task.class_names)[:80]}")
    for on in ("real_test", "cross_val", "synthetic_test"):
        evaluation = record.scores.get(on)
        if evaluation is not None and evaluation.score is not None:
            parts.append(f"{metric_name(evaluation.metric)} {evaluation.score:.2f} ({t(f'set_{on}')})")
            break
    if made := record.pictures[1]:
        parts.append(t("pictures_made", count=made))
    return " · ".join(parts)


def _compare(records: list[RunRecord]) -> None:
    if len(records) < 2:
        widgets.plain(t("compare_two"), "small")
        return
    names = {r.name: r for r in records}
    left, right = st.columns(2)
    first = left.selectbox(t("first_run"), list(names), key="compare_a")
    second = right.selectbox(t("second_run"), list(names), index=1, key="compare_b")
    rows = []
    for row in compare(names[first], names[second]):
        cells = "".join(
            f'<td class="{"win" if row.better == i else ""}">{escape(value) or "—"}</td>'
            for i, value in enumerate(row.values)
        )
        rows.append(f"<tr><td>{escape(_row_name(row.name))}</td>{cells}</tr>")
    head = "".join(f"<th>{escape(h)}</th>" for h in ("", first, second))
    st.html(f'<div class="ss-scroll"><table class="ss-table"><thead><tr>{head}</tr></thead><tbody>{"".join(rows)}'
            "</tbody></table></div>")  # fmt: skip
    widgets.plain(t("compare_note"), "small")


def _row_name(name: str) -> str:
    on, sign, metric = name.partition("/")
    return f"{metric}, {t(f'set_{on}')}" if sign else t(f"compare_{name}")


def _memory() -> None:
    memory = RunMemory.of(session.settings())
    widgets.plain(t("memory_about"), "small")
    wanted = st.text_input(t("memory_search"), key="memory_search", max_chars=200)
    if memory.is_new:
        widgets.plain(t("memory_empty"), "small")
        return
    if not wanted.strip():
        return
    lessons = memory.search(wanted, [wanted.strip()], max_distance=session.settings().memory_max_distance, limit=8)
    if not lessons:
        widgets.plain(t("memory_nothing"), "small")
    rows = [
        [le.run, ", ".join(le.classes), ", ".join(le.weak[:3]) or "—", ", ".join(le.helped[:3]) or "—",
         ", ".join(f"{t(f'set_{on}') if on.endswith(('val', 'test')) else on} {v:.2f}" for on, v in le.scores.items())]
        for le in lessons
    ]  # fmt: skip
    if rows:
        st.html(widgets.table([t("run"), t("classes"), t("weak"), t("helped"), t("score")], rows))
