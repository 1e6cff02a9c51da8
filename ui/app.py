"""The entry of the chat page: `sightsmith ui` starts a server on this file."""

import streamlit as st

from agent.run import list_runs
from ui import bring, chat, gallery, login, review, runs, scores, session, settings, take, widgets
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
    pages = st.navigation(
        [
            st.Page(chat.render, title=t("page_chat"), icon=":material/chat:", url_path="chat", default=True),
            st.Page(gallery.render, title=t("page_gallery"), icon=":material/grid_view:", url_path="gallery"),
            st.Page(scores.render, title=t("page_scores"), icon=":material/monitoring:", url_path="scores"),
            st.Page(review.render, title=t("page_review"), icon=":material/fact_check:", url_path="review"),
            st.Page(take.render, title=t("page_take"), icon=":material/download:", url_path="take"),
            st.Page(bring.render, title=t("page_bring"), icon=":material/upload:", url_path="bring"),
            st.Page(runs.render, title=t("page_runs"), icon=":material/history:", url_path="runs"),
            st.Page(settings.render, title=t("page_settings"), icon=":material/tune:", url_path="settings"),
        ]
    )
    _sidebar()
    pages.run()


def _sidebar() -> None:
    with st.sidebar:
        names = [r.name for r in list_runs(session.runs_dir())[:_RECENT]]
        now = session.run_name()
        if now is not None and now not in names:
            names.insert(0, now)
        if names:
            st.session_state["run_box"] = now
            st.selectbox(t("run"), names, key="run_box", index=None, placeholder=t("run_none"), on_change=_chosen)
            st.button(t("new_run"), icon=":material/add:", on_click=session.choose_run, args=(None,), width="stretch",
                      disabled=now is None)  # fmt: skip
        languages = list(LANGUAGES)
        st.session_state["language_box"] = session.language()
        st.segmented_control(
            t("language"), languages, format_func=lambda code: LANGUAGES[code][0], key="language_box",
            label_visibility="collapsed", on_change=_spoken,
        )  # fmt: skip
        login.leave()


def _chosen() -> None:
    session.choose_run(st.session_state["run_box"])


def _spoken() -> None:
    chosen = st.session_state["language_box"]
    if chosen:
        st.session_state["language"] = chosen
        st.query_params["lang"] = chosen


main()
