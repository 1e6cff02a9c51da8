"""Settings: the language model of this session, the profile, and limits for the runs to come."""

import streamlit as st

from tools.settings import EFFORTS
from ui import session, widgets
from ui.session import t

_PROFILES = ("auto", "offline")
_SIZES = (128, 192, 256, 320, 416, 512, 640)  # pixels; multiples of 32


def render() -> None:
    """The page."""
    widgets.header(t("settings_title"), t("settings_about"))
    with widgets.told():
        _model()
        _limits()


def _model() -> None:
    st.subheader(t("language_model"), anchor=False)
    known = session.connection()
    if known.get("OPENAI_API_KEY"):
        widgets.say("success", t("key_known"))
    with st.form("connection_form", clear_on_submit=True):
        url = st.text_input(t("endpoint"), value=known.get("OPENAI_BASE_URL", ""), placeholder="http://127.0.0.1:11434/v1",
                            key="endpoint", max_chars=400)  # fmt: skip
        model = st.text_input(t("model_name"), value=known.get("OPENAI_MODEL", ""), key="model_name", max_chars=120)
        # Never filled in again: what was typed goes to the session and is not sent back to the browser.
        key = st.text_input(t("key"), type="password", key="api_key", placeholder=t("key_hint"), autocomplete="off",
                            max_chars=400)  # fmt: skip
        with st.container(horizontal=True):
            saved = st.form_submit_button(t("use"), type="primary")
            forgot = st.form_submit_button(t("forget"))
    if forgot:
        session.set_connection({})
        st.rerun()
    if saved:
        if url and not url.strip().startswith(("http://", "https://")):
            widgets.say("warning", t("bad_endpoint"))
            return
        session.set_connection(
            {"OPENAI_BASE_URL": url, "OPENAI_MODEL": model, "OPENAI_API_KEY": key or known.get("OPENAI_API_KEY", "")}
        )
        st.rerun()
    widgets.plain(t("key_note"), "small")


def _limits() -> None:
    st.subheader(t("for_new_runs"), anchor=False)
    defaults = session.settings()
    chosen = st.session_state.setdefault("defaults", {})
    left, right = st.columns(2)
    with left:
        chosen["profile"] = st.segmented_control(
            t("profile"), _PROFILES, format_func=lambda p: t(f"profile_{p}"),
            default=chosen.get("profile") or defaults.profile, key="set_profile",
        ) or defaults.profile  # fmt: skip
        widgets.plain(t(f"profile_{chosen['profile']}_about"), "small")
        sizes = sorted({*_SIZES, defaults.size_px})
        chosen["size_px"] = st.select_slider(
            t("size"), sizes, value=chosen.get("size_px") or defaults.size_px, key="set_size"
        )
    with right:
        chosen["seed"] = int(
            st.number_input(t("seed"), 0, 2**31 - 1, chosen.get("seed") or defaults.seed, key="set_seed")
        )
        rows = [[t(f"effort_{name}"), str(level.images), str(level.rounds), str(level.epochs)]
                for name, level in EFFORTS.items()]  # fmt: skip
        st.html(widgets.table([t("effort"), t("images"), t("rounds"), t("epochs")], rows))
    st.html(widgets.facts([(t("runs_folder"), session.runs_dir().resolve())]))
