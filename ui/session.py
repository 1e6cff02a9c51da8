"""What one browser session knows: language, the run it looks at, and the key, which is kept nowhere else."""

from collections.abc import Mapping
from pathlib import Path

import streamlit as st

from agent.mcp.story import Story
from tools.core.settings import Settings
from ui.texts import LANGUAGES, text

_NO_RUN = ""


def language() -> str:
    """The chosen language, or the browser's."""
    chosen = st.session_state.get("language") or st.query_params.get("lang")
    if chosen in LANGUAGES:
        return str(chosen)
    return "zh" if str(st.context.locale or "").lower().startswith("zh") else "en"


def t(key: str, **values: object) -> str:
    """The words for a key in the session's language."""
    return text(language(), key, **values)


def settings() -> Settings:
    """The settings of the server."""
    return Settings()


def runs_dir() -> Path:
    """Where runs are kept."""
    return settings().runs_dir


def run_name() -> str | None:
    """The run that the session looks at: chosen before, or named by the address, so that a reload finds it again."""
    name = st.session_state.get("run")
    if name is None:
        name = st.query_params.get("run", _NO_RUN)
    plain = Path(name).name == name and not name.startswith(".")
    if not name or not plain or not (runs_dir() / name / "run.json").is_file():
        return None
    choose_run(name)
    return str(name)


def choose_run(name: str | None) -> None:
    """Look at this run, on every page."""
    st.session_state["run"] = name or _NO_RUN
    if name and st.query_params.get("run") != name:
        st.query_params["run"] = name
    if not name and "run" in st.query_params:
        del st.query_params["run"]


def story(folder: Path) -> Story:
    """What happened in a run; each session reads the events of each run once and then only what is new."""
    known: dict[str, Story] = st.session_state.setdefault("stories", {})
    if folder.name not in known:
        known.clear()  # one run at a time is looked at
        known[folder.name] = Story(folder)
    known[folder.name].read()
    return known[folder.name]


def connection() -> Mapping[str, str]:
    """Environment of the workers: endpoints, keys and models of this session; empty where none was given."""
    return dict(st.session_state.get("connection", {}))


def set_connection(values: Mapping[str, str]) -> None:
    """Keep endpoints, keys and models for as long as the session lives; an empty value is forgotten."""
    kept = {**connection(), **{k: v.strip() for k, v in values.items()}}
    st.session_state["connection"] = {k: v for k, v in kept.items() if v}


def go(page: str) -> None:
    """Turn to another page, by the name of its module; a page drawn alone has no others and is drawn anew."""
    pages = st.session_state.get("pages", {})
    if page in pages:
        st.switch_page(pages[page])
    st.rerun()
