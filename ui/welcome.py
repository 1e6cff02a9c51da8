"""The first visit: one sentence, a result to look at, and three requests that work."""

from pathlib import Path

import streamlit as st

from agent.run_folder import list_runs
from ui import session, widgets
from ui.session import t

_SAMPLE = Path(__file__).with_name("sample.jpg")
_EXAMPLES = ("example_1", "example_2", "example_3")


def render() -> str:
    """Draw it; returns the example that was just chosen, empty as long as none was."""
    widgets.header(t("welcome"), t("welcome_about"))
    chosen = ""
    with st.container(horizontal=True, gap="small"):
        for key in _EXAMPLES:
            if st.button(widgets.label(t(key)), key=key):
                chosen = t(key)
    if not chosen and not list_runs(session.runs_dir()):
        st.image(str(_SAMPLE), width="stretch", caption=t("sample_caption"), alt=t("sample_caption"))
        widgets.plain(t("sample_about"), "small")
    return chosen
