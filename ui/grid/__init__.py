"""A page of pictures in one element: many small elements are what makes a page slow."""

import base64
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import streamlit as st

_HERE = Path(__file__).parent


@dataclass(frozen=True)
class Tile:
    """One picture; its texts are shown as they are."""

    id: str
    jpeg: bytes  # empty: the picture is missing
    title: str
    note: str
    bad: bool = False


_component = st.components.v2.component(
    "sightsmith.grid",
    html='<div class="grid"></div>',
    css=(_HERE / "grid.css").read_text(encoding="utf-8"),
    js=(_HERE / "grid.js").read_text(encoding="utf-8"),
)


def grid(tiles: Sequence[Tile], *, key: str) -> str | None:
    """Show pictures; returns the id of the one that was just clicked, if any."""
    data = [
        {
            "id": tile.id,
            "src": "data:image/jpeg;base64," + base64.b64encode(tile.jpeg).decode() if tile.jpeg else "",
            "title": tile.title,
            "note": tile.note,
            "bad": tile.bad,
        }
        for tile in tiles
    ]
    value: Any = _component(key=key, data={"tiles": data}, on_open_change=_nothing).get("open")
    known = {tile.id for tile in tiles}  # anything may come from a browser
    return value if isinstance(value, str) and value in known else None


def _nothing() -> None:
    """A click makes the page run again, which is all that is wanted."""
