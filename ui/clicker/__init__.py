"""An image to click on, drag over, draw corners and paint on: plain JavaScript, no library, no build."""

import base64
from collections.abc import Callable
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import streamlit as st

from tools.page.brush import MAX_SIZE_PX, Stroke

_HERE = Path(__file__).parent
_CORNERS = (3, 400)  # least and most of a shape
_PULLS = (1, 1000)  # points of one stroke of the brush
_MOST_STROKES = 200  # told at once: what was painted while the page was at work


@dataclass(frozen=True)
class Words:
    """What the bar above an image says."""

    zoom_in: str
    zoom_out: str
    shape: str
    close: str
    brush: str
    erase: str
    adds: str
    erases: str
    smaller: str
    larger: str
    paint: str  # the hint while the brush is in hand


@dataclass(frozen=True)
class Click:
    """One click, drag, shape, or strokes of the brush, in pixels of the image."""

    image: str
    kind: str  # "point", "box", "polygon" or "brush"
    points: list[tuple[float, float]]
    outside: bool  # made with Alt or Shift, or with the right button: not part of the thing
    strokes: tuple[Stroke, ...] = ()  # of the brush, in order


_component = st.components.v2.component(
    "sightsmith.clicker",
    html=(_HERE / "clicker.html").read_text(encoding="utf-8"),
    css=(_HERE / "clicker.css").read_text(encoding="utf-8"),
    js=(_HERE / "clicker.js").read_text(encoding="utf-8"),
)


def clicker(
    jpeg: bytes, width: int, height: int, hint: str, *, image: str, key: str, on_click: Callable[[Click], None],
    done: int, words: Words | None = None, about: str = "",
) -> None:  # fmt: skip
    """Show an image to click on.

    Args:
        jpeg: what is shown, at any scale.
        width: of the image in whose pixels clicks are told.
        height: of it.
        hint: said under the image.
        image: name that comes back with a click, so that a late one is not taken for the next image's.
        key: of the widget.
        on_click: what a click does, before anything is drawn.
        done: how many clicks were taken so far; until it changes, the browser shows that one is being worked on.
        about: what the image shows, for who does not see it.
        words: of a bar to zoom, to draw corners and to paint with; None: no bar.
    """
    src = "data:image/jpeg;base64," + base64.b64encode(jpeg).decode()
    data = {"src": src, "width": width, "height": height, "hint": hint, "picture": image, "about": about,
            "words": None if words is None else asdict(words), "done": done}  # fmt: skip

    def clicked() -> None:
        click = read_click(st.session_state[key].get("click"), width, height, image)
        if click is not None:
            on_click(click)

    _component(key=key, data=data, on_click_change=clicked)


def read_click(value: Any, width: int, height: int, image: str) -> Click | None:
    """What the browser sent, checked: anything may come from there."""
    if not isinstance(value, dict) or value.get("picture") != image:
        return None
    outside = bool(value.get("outside"))
    if value.get("kind") == "brush":
        strokes = _strokes(value.get("strokes"), width, height)
        return Click(image, "brush", [], outside, strokes) if strokes else None
    allowed = {"point": (1, 1), "box": (2, 2), "polygon": _CORNERS}.get(str(value.get("kind")))
    if allowed is None:
        return None
    points = _points(value.get("points"), width, height, allowed)
    if points is None:
        return None
    points = [(min(x, width - 1.0), min(y, height - 1.0)) for x, y in points]
    return Click(image, value["kind"], points, outside)


def _points(value: Any, width: int, height: int, allowed: tuple[int, int]) -> list[tuple[float, float]] | None:
    """Points inside of the image, from so many to so many; None where that is not what came."""
    try:
        points = [(float(x), float(y)) for x, y in value]
    except (TypeError, ValueError):
        return None
    inside = all(0 <= x <= width and 0 <= y <= height for x, y in points)
    return points if inside and allowed[0] <= len(points) <= allowed[1] else None


def _strokes(value: Any, width: int, height: int) -> tuple[Stroke, ...]:
    """Strokes of the brush; none where one of them is not as they should be."""
    if not isinstance(value, list) or not 0 < len(value) <= _MOST_STROKES:
        return ()
    strokes = []
    for one in value:
        points = _points(one.get("points"), width, height, _PULLS) if isinstance(one, dict) else None
        size = one.get("size") if points else None
        if points is None or isinstance(size, bool) or not isinstance(size, int | float):
            return ()
        if not 1 <= size <= MAX_SIZE_PX:
            return ()
        strokes.append(Stroke(points, float(size), bool(one.get("erase"))))
    return tuple(strokes)
