"""Pages of images in one element: many small elements are what makes a page slow.

The pages around the one in sight are sent ahead, so that the browser turns to them without asking.
"""

import base64
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import streamlit as st

_HERE = Path(__file__).parent
_AHEAD = 5  # pages asked for at once: more than the browser ever does


@dataclass(frozen=True)
class Tile:
    """One image; its texts are shown as they are."""

    id: str
    jpeg: bytes  # empty: the image is missing
    title: str
    note: str
    bad: bool = False


@dataclass(frozen=True)
class Turn:
    """What the browser tells: the page in sight, and pages that it would like to have."""

    page: int
    wanted: tuple[int, ...] = ()


@dataclass(frozen=True)
class Words:
    """What the pager says; `{page}` and `{pages}` stand for numbers."""

    found: str
    back: str
    next: str
    page: str
    of_pages: str


_component = st.components.v2.component(
    "sightsmith.grid",
    html=(_HERE / "grid.html").read_text(encoding="utf-8"),
    css=(_HERE / "grid.css").read_text(encoding="utf-8"),
    js=(_HERE / "grid.js").read_text(encoding="utf-8"),
)


def grid(
    pages: Mapping[int, Sequence[Tile]], page: int, count: int, words: Words, *, asked: str, version: str, key: str,
    on_turn: Callable[[], None],
) -> str | None:  # fmt: skip
    """Show pages of images; returns the id of the one that was just clicked, if any.

    Args:
        pages: tiles by page, from 1; the page in sight and those that the browser asked for.
        page: in sight when `asked` is new; from then on the browser turns by itself.
        count: of pages.
        words: of the pager.
        asked: what the pages are of, such as a filter: another one begins at `page`.
        version: of the images: pages of another one are forgotten.
        key: of the widget.
        on_turn: called before the page runs again, when `turn_of` has something to say.
    """
    data = {
        "tiles": {str(number): [_told(tile) for tile in tiles] for number, tiles in pages.items()},
        "page": page, "pages": count, "words": asdict(words), "asked": asked, "version": version,
    }  # fmt: skip
    value: Any = _component(key=key, data=data, on_open_change=_nothing, on_turn_change=on_turn).get("open")
    return value if isinstance(value, str) and value in {t.id for tiles in pages.values() for t in tiles} else None


def turn_of(key: str, asked: str) -> Turn | None:
    """What the browser just told about its pages, if it is about what was asked; see `read_turn`."""
    return read_turn(st.session_state[key].get("turn"), asked)


def read_turn(value: Any, asked: str) -> Turn | None:
    """What the browser sent, checked: anything may come from there."""
    if not isinstance(value, dict) or value.get("asked") != asked:
        return None
    page, wanted = value.get("page"), value.get("wanted")
    if not isinstance(wanted, list) or len(wanted) > _AHEAD:
        return None
    if not all(type(n) is int and n >= 1 for n in (page, *wanted)):
        return None
    return Turn(int(page), tuple(wanted))  # type: ignore[arg-type]  # a whole number, by the line above


def _told(tile: Tile) -> dict[str, object]:
    src = "data:image/jpeg;base64," + base64.b64encode(tile.jpeg).decode() if tile.jpeg else ""
    return {"id": tile.id, "src": src, "title": tile.title, "note": tile.note, "bad": tile.bad}


def _nothing() -> None:
    """A click makes the page run again, which is all that is wanted."""
