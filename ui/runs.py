"""Past runs: list, compare two, open, go on, delete; and what the memory knows."""

from html import escape
from pathlib import Path

import streamlit as st

from agent import detached
from agent.compare import compare
from tools.memory.store import RunMemory
from tools.runs.runtime import RunRecord
from ui import login, plain_words, session, titles, widgets
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
    if len(records) > 1:
        wanted = st.text_input(t("runs_search"), key="runs_search", max_chars=80, icon=":material/search:")
        records = [r for r in records if titles.fits(r, wanted)]
        if not records:
            widgets.plain(t("runs_nothing"), "small")
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
            f'<div class="ss-text title">{escape(titles.title_of(folder, record))} {widgets.badge(record.status)}</div>'
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
            with st.popover(t("rename"), icon=":material/edit:"):
                _rename(folder, record)
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


def _rename(folder: Path, record: RunRecord) -> None:
    with st.form(f"rename-{record.name}", border=False):
        title = st.text_input(t("rename_to"), value=titles.title_of(folder, record), max_chars=titles.MOST_CHARS,
                              key=f"title-{record.name}")  # fmt: skip
        if st.form_submit_button(t("rename_save"), type="primary"):
            titles.rename(folder, title)
            st.rerun()


def _line(record: RunRecord) -> str:
    parts = [titles.when(record)]
    if record.task is not None:
        parts.append(f"{t(f'kindname_{record.task.kind}')}: {', '.join(record.task.class_names)[:80]}")
    if told := plain_words.short(record):
        parts.append(told)
    if made := record.images[1]:
        parts.append(t("pictures_made", count=made))
    return " · ".join([*parts, t("folder", name=record.name)])


def _compare(records: list[RunRecord]) -> None:
    if len(records) < 2:
        widgets.plain(t("compare_two"), "small")
        return
    names = {r.name: r for r in records}
    left, right = st.columns(2)
    first = left.selectbox(t("first_run"), list(names), key="compare_a", format_func=lambda n: _title(names[n]))
    second = right.selectbox(t("second_run"), list(names), index=1, key="compare_b",
                             format_func=lambda n: _title(names[n]))  # fmt: skip
    rows = []
    for row in compare(names[first], names[second]):
        cells = "".join(
            f'<td class="{"win" if row.better == i else ""}">{escape(plain_words.for_page(value)) or "—"}</td>'
            for i, value in enumerate(row.values)
        )
        rows.append(f"<tr><td>{escape(_row_name(row.name))}</td>{cells}</tr>")
    head = "".join(f"<th>{escape(h)}</th>" for h in ("", _title(names[first]), _title(names[second])))
    st.html(f'<div class="ss-scroll"><table class="ss-table"><thead><tr>{head}</tr></thead><tbody>{"".join(rows)}'
            "</tbody></table></div>")  # fmt: skip
    widgets.plain(t("compare_note"), "small")


def _title(record: RunRecord) -> str:
    return titles.title_of(session.runs_dir() / record.name, record)


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
    lessons = memory.search(wanted, [wanted.strip()], max_distance=session.settings().memory.max_distance, limit=8)
    if not lessons:
        widgets.plain(t("memory_nothing"), "small")
    rows = [
        [le.run, ", ".join(le.classes), plain_words.aimed_at(le.weak[:3]), plain_words.aimed_at(le.helped[:3]),
         ", ".join(f"{t(f'set_{on}') if on.endswith(('val', 'test')) else on} {v:.2f}" for on, v in le.scores.items())]
        for le in lessons
    ]  # fmt: skip
    if rows:
        st.html(widgets.table([t("run"), t("classes"), t("weak"), t("helped"), t("score")], rows))
