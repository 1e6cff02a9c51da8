"""Images of a run at work: the newest that were drawn, and what the model sees by now."""

from pathlib import Path

import streamlit as st

from tools.core.errors import SightsmithError
from tools.page.browse import Browser, Filter
from tools.page.thumbnails import thumbnail
from tools.runs.runtime import RunRecord
from tools.trainers.glimpse import NAME as GLIMPSE
from ui import session, widgets
from ui.session import t

_NEWEST = 6
_GLIMPSE_PX = 560
_DRAWS, _TRAINS = ("generate", "score", "curate", "annotate"), ("train", "shown")


def newest(folder: Path, record: RunRecord, stage: str, number: int) -> None:
    """What there is to see of a stage: the newest images while they are made, the answers while it trains."""
    if stage in _TRAINS:
        _glimpse(folder, number)
    elif stage in _DRAWS:
        _drawn(folder, record)


def _drawn(folder: Path, record: RunRecord) -> None:
    if not (folder / "dataset.sqlite").is_file():
        return
    found = Browser(folder).page(Filter(), "latest", 0, _NEWEST)
    names, side = widgets.class_names(record), session.settings().ui.thumbnail_px
    shown = []
    for sample in found:
        try:
            shown.append(thumbnail(folder, sample, side, names))
        except SightsmithError:  # moved away meanwhile
            continue
    if not shown:
        return
    widgets.plain(t("newest_pictures"), "small")
    for column, content in zip(st.columns(_NEWEST), shown, strict=False):
        column.image(content, width="stretch", alt=t("newest_pictures"))


def _glimpse(folder: Path, number: int) -> None:
    found = sorted((folder / "rounds" / f"{number:02d}").glob(f"*/{GLIMPSE}"))
    if not found:
        return
    try:
        content = found[-1].read_bytes()
    except OSError:  # replaced at this moment
        return
    widgets.plain(t("sees_by_now"), "small")
    st.image(content, width=_GLIMPSE_PX, alt=t("sees_by_now"))
