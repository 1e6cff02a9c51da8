"""Show me: photos of a thing that has no name here, and one click on it in each."""

import sqlite3
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import IO, TYPE_CHECKING

import streamlit as st

from tools.core.errors import SightsmithError
from tools.data.dataset import Dataset
from tools.data.images import IMAGE_SUFFIXES
from tools.data.sample import Sample
from tools.data.videos import VIDEO_SUFFIXES
from tools.page.images_of import large_image
from tools.runs.photo_sets import ABOUT, PhotoSet, bring_bare, photos_folder, write_labels
from tools.shown.point import point_at
from ui import bring, session, widgets
from ui.clicker import Click, clicker
from ui.session import t

if TYPE_CHECKING:
    from tools.models.predict import Predictor

_MOST = 20  # photos on one page
_SOURCES = ("files", "camera")
# The thing's name, names and contents of its photos, and whether that is all.
_Brought = tuple[str, list[tuple[str, IO[bytes]]], bool]
# The thing's name, the labelled set, and the set whose other photos join without labels.
Learn = Callable[[str, Path, Path | None], None]


def render(key: str, name: str, learn: Learn) -> None:
    """Upload photos of a thing, click on it in each, and have it learnt.

    Args:
        key: of the widgets.
        name: of the thing, where it is known.
        learn: called when the person is done.
    """
    state: dict[str, str] = st.session_state.setdefault("show", {})
    folder = photos_folder(session.runs_dir()) / state[key] if key in state else None
    if folder is None or not (folder / ABOUT).is_file():
        _bring(key, name, state)
        return
    about = PhotoSet.model_validate_json((folder / ABOUT).read_text(encoding="utf-8"))
    bring.left_out(about)
    dataset = Dataset(folder)
    try:
        _point(key, folder, dataset, about.classes[0])
        _finish(key, folder, dataset, about.classes[0], state, learn)
    finally:
        dataset.close()


def _bring(key: str, name: str, state: dict[str, str]) -> None:
    widgets.plain(t("show_about"), "small")
    source = st.segmented_control(t("show_from"), _SOURCES, default=_SOURCES[0], key=f"show_from-{key}",
                                  format_func=lambda s: t(f"show_{s}"))  # fmt: skip
    thing, photos, done = (_camera if source == "camera" else _files)(key, name)
    if not done:
        return
    if not photos or not thing.strip():
        widgets.say("warning", t("show_need"))
        return
    with st.spinner(t("checking")):
        about = bring_bare(photos, session.runs_dir(), thing, thing, session.settings())
    state[key] = about.name
    st.session_state.pop(_shots(key), None)
    st.rerun()


def _files(key: str, name: str) -> _Brought:
    with st.form(f"show-{key}"):
        thing = _name(key, name)
        files = st.file_uploader(
            t("show_photos"), type=sorted(s[1:] for s in IMAGE_SUFFIXES | VIDEO_SUFFIXES), accept_multiple_files=True,
            key=f"show_files-{key}",
        )  # fmt: skip
        return thing, [(f.name, f) for f in files or []], st.form_submit_button(t("show_next"), type="primary")


def _camera(key: str, name: str) -> _Brought:
    """Each photo that is taken joins those before; all can be thrown away."""
    thing, shots = _name(key, name), st.session_state.setdefault(_shots(key), {})
    thrown = st.session_state.setdefault(f"{_shots(key)}-thrown", 0)  # a new camera, for the old one shows its photo
    shot = st.camera_input(t("try_camera"), key=f"show_shot-{key}-{thrown}", label_visibility="collapsed")
    if shot is not None:
        shots[shot.file_id] = shot
    widgets.plain(t("show_camera_about"), "small")
    with st.container(horizontal=True, vertical_alignment="center"):
        done = st.button(t("show_next"), type="primary", key=f"show_next-{key}", disabled=not shots)
        if st.button(t("show_again"), key=f"show_again-{key}", disabled=not shots):
            shots.clear()
            st.session_state[f"{_shots(key)}-thrown"] = thrown + 1
            st.rerun()
        widgets.plain(t("show_taken", count=len(shots)), "small")
    return thing, [(f"camera {n}.jpg", shot) for n, shot in enumerate(shots.values(), 1)], done


def _name(key: str, name: str) -> str:
    return st.text_input(t("show_name"), value=name, max_chars=80, key=f"show_name-{key}")


def _shots(key: str) -> str:
    """Where in the session the photos of the camera are kept."""
    return f"show_shots-{key}"


def _point(key: str, folder: Path, dataset: Dataset, name: str) -> None:
    """The photos, each with what is pointed at so far."""
    widgets.plain(t("show_click", name=name))
    done, problems = _clicks()
    for number, sample in enumerate(_photos(dataset), 1):
        shown = large_image(folder, sample, [name])
        clicker(
            shown, sample.width, sample.height, t("show_hint", number=number, count=len(sample.instances)),
            image=sample.id, key=f"show-{key}-{sample.id}",
            on_click=partial(_clicked, folder, sample.id, name), done=done.get(sample.id, 0),
        )  # fmt: skip
        if sample.id in problems:
            widgets.say("warning", problems[sample.id])


def _clicks() -> tuple[dict[str, int], dict[str, str]]:
    """By photo: how many clicks were taken, and what was wrong with the latest."""
    return st.session_state.setdefault("show_clicks", {}), st.session_state.setdefault("show_problems", {})


def _clicked(folder: Path, sample_id: str, name: str, click: Click) -> None:
    """Cut out what was pointed at, before the page is drawn: none of the photos moves away from under a click."""
    done, problems = _clicks()
    done[sample_id] = done.get(sample_id, 0) + 1
    problems.pop(sample_id, None)
    try:
        dataset = Dataset(folder)
        try:
            sample = dataset.sample(sample_id)
            if sample is not None and click.kind != "polygon":
                _take(folder, dataset, sample, name, click)
        finally:
            dataset.close()
    except (SightsmithError, OSError, sqlite3.DatabaseError) as error:
        problems[sample_id] = widgets.explained(error)


def _take(folder: Path, dataset: Dataset, sample: Sample, name: str, click: Click) -> None:
    if click.kind == "box":
        (x1, y1), (x2, y2) = click.points
        box = (min(x1, x2), min(y1, y2), max(x1, x2), max(y1, y2))
        point_at(folder, dataset, sample, name, box=box)
    else:
        point_at(folder, dataset, sample, name, points=click.points, starter=_starter())


def _finish(key: str, folder: Path, dataset: Dataset, name: str, state: dict[str, str], learn: Learn) -> None:
    done = sum(bool(s.instances) for s in _photos(dataset))
    others = dataset.count() - done
    # With one photo nothing tells whether the others help.
    join = done > 1 and others > 0 and st.checkbox(t("show_others", count=others), key=f"show_others-{key}")
    with st.container(horizontal=True, vertical_alignment="center"):
        if st.button(t("show_learn"), type="primary", key=f"show_learn-{key}", disabled=not done):
            write_labels(folder)
            state.pop(key, None)
            learn(name, folder, folder if join else None)
        if st.button(t("show_other"), key=f"show_other-{key}"):
            state.pop(key, None)
            st.rerun()
        widgets.plain(t("show_done", count=done), "small")


def _photos(dataset: Dataset) -> list[Sample]:
    return list(dataset.samples())[:_MOST]


@st.cache_resource(max_entries=1, show_spinner=False)
def _starter() -> "Predictor | None":
    """One for all sessions."""
    from tools.shown.outlines import starter_predictor

    return starter_predictor()
