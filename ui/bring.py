"""Bring: the person's own photos, with labels or to be labelled here, and 3D models of the things."""

from html import escape
from typing import IO

import streamlit as st

from tools.data.images import IMAGE_SUFFIXES
from tools.data.uploads import save_assets
from tools.data.videos import VIDEO_SUFFIXES
from tools.runs.photo_sets import PhotoSet, Use, assets_folder, bring_bare, bring_labelled, list_assets, list_sets
from ui import session, widgets
from ui.session import t

_PHOTOS = [*sorted(suffix[1:] for suffix in IMAGE_SUFFIXES | VIDEO_SUFFIXES), "zip"]
_SHOWN = 20  # names of what was left out
_MODELS = ["glb", "gltf", "obj", "blend", "zip", "mtl", "bin", "png", "jpg", "jpeg"]


def render() -> None:
    """The page."""
    widgets.header(t("bring_title"), t("bring_about"))
    labelled, bare, models = st.tabs([t("bring_labelled"), t("bring_bare"), t("bring_models")])
    with labelled, widgets.told():
        _labelled()
    with bare, widgets.told():
        _bare()
    with models, widgets.told():
        _models()
    with widgets.told():
        _there()


def _labelled() -> None:
    widgets.plain(t("bring_labelled_about"), "small")
    uses: list[Use] = ["measure", "learn"]
    with st.form("labelled"):
        use = st.radio(t("what_for"), uses, format_func=lambda u: t(f"use_{u}"), key="labelled_use",
                       captions=[t("use_measure_about"), t("use_learn_about")])  # fmt: skip
        folders = st.toggle(t("class_folders"), key="labelled_folders", help=t("class_folders_help"))
        files, name = _files("labelled", t("zip_file"), ["zip"])
    if files:
        ((file_name, upload),) = files
        with st.spinner(t("checking")):
            about = bring_labelled(
                upload, session.runs_dir(), name or file_name.removesuffix(".zip"), folders, session.settings(), use
            )
        widgets.say("success", t("brought", name=about.name, about=about.about))
        left_out(about)
        _done("labelled")


def _bare() -> None:
    widgets.plain(t("bring_bare_about"), "small")
    with st.form("bare"):
        classes = st.text_input(
            t("things_to_label"), max_chars=400, key="bare_classes", placeholder=t("things_example")
        )
        files, name = _files("bare", t("photos_or_zip"), _PHOTOS, several=True)
    if files:
        with st.spinner(t("checking")):
            about = bring_bare(files, session.runs_dir(), name or "photos", classes, session.settings())
        st.session_state["review_set"] = about.name
        widgets.say("success", t("brought_bare", name=about.name, about=about.about))
        left_out(about)
        _done("bare")


def _models() -> None:
    widgets.plain(t("bring_models_about"), "small")
    with st.form("models"):
        files, name = _files("models", t("models_or_zip"), _MODELS, several=True)
    if files:
        with st.spinner(t("checking")):
            folder, said = save_assets(files, assets_folder(session.runs_dir()), name or "models", session.settings())
        widgets.say("success", t("brought", name=folder.name, about=said))
        _done("models")


def _files(key: str, label: str, kinds: list[str], *, several: bool = False) -> tuple[list[tuple[str, IO[bytes]]], str]:
    """The end of a form: files, a name for them, the button. What was sent, empty as long as nothing was."""
    times = st.session_state.get(_times(key), 0)
    found = st.file_uploader(label, type=kinds, accept_multiple_files=several, key=f"{key}_file{times or ''}")
    name = st.text_input(t("set_name"), max_chars=60, key=f"{key}_name", placeholder=t("set_name_hint"))
    if not st.form_submit_button(t("upload"), type="primary"):
        return [], ""
    uploads = found if isinstance(found, list) else [found] if found is not None else []
    if not uploads:
        widgets.say("warning", t("choose_file"))
    return [(u.name, u) for u in uploads], name


def _done(key: str) -> None:
    """Forget the files of an upload that was taken, when the page is drawn next; one that was refused stays chosen."""
    st.session_state[_times(key)] = st.session_state.get(_times(key), 0) + 1


def _times(key: str) -> str:
    return f"{key}_uploads"


def left_out(about: PhotoSet) -> None:
    """What of an upload was not taken, each with its reason."""
    if not about.left_out:
        return
    widgets.say("warning", t("left_out", count=len(about.left_out)))
    st.html(widgets.table([t("left_out_file"), t("left_out_why")], list(about.left_out.items())[:_SHOWN]))


def _there() -> None:
    """What was brought before."""
    sets, models = list_sets(session.runs_dir()), list_assets(session.runs_dir())
    if not sets and not models:
        return
    st.header(t("brought_before"), anchor=False)
    rows = [[about.name, t("kind_bare") if about.bare else t(f"kind_{about.use}"), about.about] for _, about in sets]
    rows += [
        [p.name, t("kind_models"), ", ".join(sorted({m.stem for m in p.rglob("*") if m.is_file()})[:6])] for p in models
    ]
    st.html(widgets.table([t("set_name"), t("what"), t("contents")], rows))
    st.html(f'<div class="ss-text small">{escape(t("brought_use"))}</div>')
