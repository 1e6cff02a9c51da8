"""Take: try the model on a photo, and download weights, data set and report."""

from html import escape
from pathlib import Path

import streamlit as st

from agent import detached
from tools.downloads import Download, downloads
from tools.predict import Predictor, class_colour, draw
from tools.runtime import RunRecord
from tools.try_model import Tried, read_upload, try_model
from ui import widgets
from ui.session import t

_KINDS = ["jpg", "jpeg", "png", "webp", "bmp", "tif", "tiff"]
_PHOTO_MB = 60


def render() -> None:
    """The page."""
    found = widgets.open_page(t("take_title"), t("take_about"))
    if found is None:
        return
    folder, record = found
    if record.best is None:
        widgets.empty(t("no_model"), t("no_model_about"))
        return
    with widgets.told():
        _try(folder, record)
    with widgets.told():
        _files(folder, record)


@st.cache_resource(max_entries=2, show_spinner=False)
def _predictor(path: str, _changed: float) -> Predictor:
    """A model stays open between clicks; two at most, so that many runs do not fill the memory."""
    return Predictor.load(Path(path))


def _try(folder: Path, record: RunRecord) -> None:
    st.subheader(t("try_model"), anchor=False)
    best = record.best
    assert best is not None
    upload = st.file_uploader(t("photo"), type=_KINDS, key="try_photo", max_upload_size=_PHOTO_MB)
    if upload is None:
        return
    key = f"{record.name}/{best.weights}/{upload.file_id}"
    tried: Tried | None = st.session_state.get("tried") if st.session_state.get("tried_key") == key else None
    if tried is None:
        with st.spinner(t("looking")):
            weights = folder / best.weights
            picture = read_upload(upload.getvalue(), upload.name)
            tried = try_model(_predictor(str(weights), weights.stat().st_mtime), picture)
        st.session_state["tried"], st.session_state["tried_key"] = tried, key
    if tried.shares:
        for name, share in sorted(tried.shares.items(), key=lambda item: -item[1]):
            st.html(widgets.bar(share, f"{name} · {100 * share:.0f} %"))
        return
    confidence = st.slider(t("confidence"), 0.01, 0.99, min(0.99, max(0.01, round(best.threshold, 2))), 0.01,
                           key="confidence", help=t("confidence_help"))  # fmt: skip
    shown = tried.above(confidence)
    names = widgets.class_names(record)
    st.image(draw(tried.picture, shown, names), width="stretch")
    counts = {n: sum(i.class_name == n for i in shown) for n in names}
    chips = "".join(
        f'<span><i class="ss-dot" style="background:rgb{class_colour(n, names)}"></i>{escape(n)}: {c}</span>'
        for n, c in counts.items()
    )
    st.html(f'<div class="ss-chips">{chips}</div>')


def _files(folder: Path, record: RunRecord) -> None:
    st.subheader(t("files"), anchor=False)
    found = downloads(folder, record)
    for group in ("model", "dataset", "report"):
        listed = [d for d in found if d.group == group]
        if not listed:
            continue
        widgets.plain(t(f"files_{group}"), "small")
        with st.container(horizontal=True):
            for item in listed:
                _button(item)
        if group == "model":
            widgets.plain(t("files_model_about"), "small")
    if record.status != "running" and not all(any(d.group == g for d in found) for g in ("model", "dataset")):
        widgets.plain(t("no_export"), "small")
        if st.button(t("export_now"), key="export_now"):
            detached.export(folder)
            st.rerun()
    elif record.status == "running":
        widgets.say("info", t("export_running"))
    widgets.plain(t("licence_note"), "small")


def _button(item: Download) -> None:
    size = f"{item.bytes / 10**6:.1f} MB" if item.bytes >= 10**5 else f"{max(1, item.bytes // 1000)} kB"
    st.download_button(
        f"{widgets.label(item.title)}  ·  {size}", data=item.open, file_name=item.file_name, mime=item.mime,
        key=f"get-{item.file_name}", icon=":material/download:", on_click="ignore",
    )  # fmt: skip
