"""Beside correcting: the list of what waits, is flagged or done, to go to any of it, and the trail of changes."""

import json
from collections.abc import Mapping, Sequence
from contextlib import closing
from functools import partial
from pathlib import Path

import streamlit as st

from tools.core.errors import StepFailed
from tools.data.dataset import Dataset
from tools.data.sample import Sample
from tools.page import review
from tools.page.browse import Browser
from tools.page.thumbnails import thumbnail
from ui import session, widgets
from ui.grid import Tile, Turn, Words, grid, turn_of
from ui.session import t

_STATES: tuple[review.TaskState, ...] = ("waits", "flagged", "done")


def open_list(folder: Path, names: Sequence[str], why: Mapping[str, review.Why], here: str) -> None:
    """The list, where it is wanted; an image that is chosen comes to the page as `review_first`.

    Args:
        folder: of the run, or of a set of photos.
        names: classes in order.
        why: as `tools.page.review.worth_first` says.
        here: id of the image in front of the person.
    """
    if st.toggle(t("tasks_title"), key="tasks_open"):
        _list(folder, list(names), dict(why), here)


@st.fragment
def _list(folder: Path, names: list[str], why: dict[str, review.Why], here: str) -> None:
    """Drawn anew alone when a page is turned or something else is to be shown."""
    with widgets.told(), closing(Dataset(folder)) as dataset:
        widgets.plain(t("tasks_about"), "small")
        left, right = st.columns(2)
        name = left.selectbox(t("class"), names, index=None, placeholder=t("all"), key="tasks_class",
                              format_func=str) if len(names) > 1 else None  # fmt: skip
        found = review.tasks(folder, dataset, why, name)
        said = {state: t(f"tasks_{state}") for state in _STATES}
        state = right.selectbox(t("tasks_state"), _STATES, key="tasks_state", format_func=said.__getitem__)
        widgets.plain(" · ".join(f"{said[s]}: {len(found[s])}" for s in _STATES), "small")
        ids = found[state]
        if not ids:
            widgets.plain(t("tasks_none"), "small")
            return
        _pages(folder, dataset, names, why, here, ids, f"{folder.name} {state} {name}")


def _pages(
    folder: Path, dataset: Dataset, names: list[str], why: Mapping[str, review.Why], here: str, ids: Sequence[str],
    asked: str,
) -> None:  # fmt: skip
    size, key = session.settings().ui.page_size, f"tasks-{folder.name}"
    pages, flagged, done = -(-len(ids) // size), dataset.flagged(), dataset.corrected()

    def tile(sample: Sample) -> Tile:
        if sample.id in flagged:
            note = flagged[sample.id] or t("flagged")
        else:
            note = t("why_done" if sample.id in done else f"why_{why.get(sample.id, 'uncertain')}")
        title = t("tasks_here") if sample.id == here else sample.label or widgets.objects(len(sample.instances))
        try:
            content = thumbnail(folder, sample, session.settings().ui.thumbnail_px, names, labels=True)
        except StepFailed:
            return Tile(sample.id, b"", t("picture_missing"), note, bad=True)
        return Tile(sample.id, content, title, note)

    place = _place(asked)
    page = min(place.page, pages)
    wanted = [n for n in sorted({page, *place.wanted}) if n <= pages]
    st.session_state["tasks-place"] = (asked, Turn(page))  # what is sent once is not sent again
    tiles = {
        number: [tile(s) for i in ids[(number - 1) * size : number * size] if (s := dataset.sample(i)) is not None]
        for number in wanted
    }
    words = Words(t("pictures_found", count=len(ids)), t("page_back"), t("page_next"), t("page"),
                  t("of_pages", pages=pages))  # fmt: skip
    clicked = grid(tiles, page, pages, words, asked=asked, version=f"{Browser(folder).changed_ns()}{here}", key=key,
                   on_turn=partial(_turned, key, asked))  # fmt: skip
    if clicked is not None:
        st.session_state["review_first"] = (str(folder), clicked)
        st.rerun()


def _place(asked: str) -> Turn:
    """Which page is in sight; what is asked anew begins at its first."""
    before, place = st.session_state.get("tasks-place", ("", Turn(1)))
    return place if before == asked else Turn(1)


def _turned(key: str, asked: str) -> None:
    turn = turn_of(key, asked)
    if turn is not None:
        st.session_state["tasks-place"] = (asked, turn)


def trail_button(folder: Path) -> None:
    """A button that hands out every change as JSON."""
    st.download_button(
        t("audit_take"), data=partial(trail, folder), file_name=f"{folder.name}-review.json", mime="application/json",
        key="audit_take", icon=":material/download:", on_click="ignore",
    )  # fmt: skip


def trail(folder: Path) -> str:
    """Every change of a data set, as JSON."""
    with closing(Dataset(folder)) as dataset:
        return json.dumps(dataset.audit_trail(), ensure_ascii=False, indent=1)
