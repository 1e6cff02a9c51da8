"""The entry of the chat page: `sightsmith ui` starts a server on this file."""

from collections import Counter

import streamlit as st

from agent.run_folder import list_runs
from tools.runs.runtime import RunRecord
from ui import bring, chat, gallery, login, review, runs, scores, session, settings, take, titles, tryit, widgets
from ui.session import t
from ui.texts import LANGUAGES

_RECENT = 30


def main() -> None:
    """Draw the frame and the chosen page."""
    st.set_page_config(page_title="Sightsmith", page_icon="◉", layout="centered", initial_sidebar_state="auto")
    widgets.style()
    if not login.let_in():
        return
    session.run_name()
    pages = {
        name: st.Page(page.render, title=t(f"page_{name}"), icon=f":material/{icon}:", url_path=name, default=first)
        for name, page, icon, first in (
            ("chat", chat, "chat", True),
            ("tryit", tryit, "photo_camera", False),
            ("scores", scores, "monitoring", False),
            ("gallery", gallery, "grid_view", False),
            ("review", review, "fact_check", False),
            ("take", take, "download", False),
            ("bring", bring, "upload", False),
            ("runs", runs, "history", False),
            ("settings", settings, "tune", False),
        )
    }
    st.session_state["pages"] = pages
    chosen = st.navigation(list(pages.values()))
    _sidebar()
    chosen.run()


def _sidebar() -> None:
    with st.sidebar:
        records = {r.name: r for r in list_runs(session.runs_dir())[:_RECENT]}
        names, now = list(records), session.run_name()
        if now is not None and now not in names:
            names.insert(0, now)
        said = _titles(records)
        if names:
            st.session_state["run_box"] = now
            st.selectbox(t("run"), names, key="run_box", index=None, placeholder=t("run_none"), on_change=_chosen,
                         format_func=lambda name: said.get(name, name))  # fmt: skip
            st.button(t("new_run"), icon=":material/add:", on_click=session.choose_run, args=(None,), width="stretch",
                      disabled=now is None)  # fmt: skip
        languages = list(LANGUAGES)
        st.session_state["language_box"] = session.language()
        st.segmented_control(
            t("language"), languages, format_func=lambda code: LANGUAGES[code][0], key="language_box",
            label_visibility="collapsed", on_change=_spoken,
        )  # fmt: skip
        login.leave()
        widgets.spoken(session.language())


def _titles(records: dict[str, RunRecord]) -> dict[str, str]:
    """What the list says; two of the same title are told apart by when they began, and of the same time by folder.

    The browser knows them by these words alone: of two alike it would take the first for the other.
    """
    found = {name: titles.title_of(session.runs_dir() / name, record) for name, record in records.items()}
    for more in (lambda name: titles.when(records[name]), str):
        times = Counter(found.values())
        found = {name: f"{said} · {more(name)}" if times[said] > 1 else said for name, said in found.items()}
    return found


def _chosen() -> None:
    session.choose_run(st.session_state["run_box"])


def _spoken() -> None:
    chosen = st.session_state["language_box"]
    if chosen:
        st.session_state["language"] = chosen
        st.query_params["lang"] = chosen


main()
