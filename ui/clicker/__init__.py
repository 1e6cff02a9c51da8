"""A picture to click on and drag over: one static page without libraries, spoken to by Streamlit's messages."""

import base64
import hashlib
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import streamlit.components.v1 as components

_component = components.declare_component("sightsmith_clicker", path=str(Path(__file__).parent))


@dataclass(frozen=True)
class Click:
    """One click or drag, in pixels of the picture."""

    id: str
    picture: str
    kind: str  # "point" or "box"
    points: list[tuple[float, float]]
    outside: bool  # made with Alt or Shift, or with the right button: not part of the thing


def clicker(jpeg: bytes, width: int, height: int, hint: str, *, picture: str, key: str) -> Click | None:
    """Show a picture; returns the latest click, which stays the latest until there is another.

    Args:
        jpeg: what is shown, at any scale.
        width: of the picture in whose pixels clicks are told.
        height: of it.
        hint: said under the picture.
        picture: name that comes back with a click, so that a late one is not taken for the next picture's.
        key: of the widget.
    """
    value: Any = _component(
        src="data:image/jpeg;base64," + base64.b64encode(jpeg).decode(), width=width, height=height, hint=hint,
        picture=picture, version=hashlib.sha1(jpeg).hexdigest(), key=key, default=None,
    )  # fmt: skip
    return read_click(value, width, height)


def read_click(value: Any, width: int, height: int) -> Click | None:
    """What the browser sent, checked: anything may come from there."""
    if not isinstance(value, dict) or value.get("kind") not in ("point", "box"):
        return None
    try:
        points = [(float(x), float(y)) for x, y in value["points"]]
        wanted = 1 if value["kind"] == "point" else 2
        inside = all(0 <= x <= width and 0 <= y <= height for x, y in points)
        if len(points) != wanted or not inside:
            return None
        return Click(
            str(value["id"])[:64], str(value["picture"])[:64], value["kind"],
            [(min(x, width - 1.0), min(y, height - 1.0)) for x, y in points], bool(value.get("outside")),
        )  # fmt: skip
    except (KeyError, TypeError, ValueError):
        return None
