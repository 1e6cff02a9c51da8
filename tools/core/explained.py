"""The settings told to a person: what each is now, where that comes from, and why it is so.

A setting's reason is the comment beside or above it in `setting_groups.py`, and its heading the first line of its
group's docstring: they are written once, where they are kept true.
"""

import inspect
import io
import os
import tokenize
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from pydantic import BaseModel

from tools.core.settings import Settings, places

HIDDEN = "set, not shown"


@dataclass(frozen=True)
class Explained:
    """One setting."""

    group: str
    name: str
    variable: str  # of the environment
    value: str
    source: str  # "default" or "environment"
    reason: str


def explain(settings: Settings, environment: Mapping[str, str] = os.environ) -> list[Explained]:
    """All settings, in their order.

    Args:
        settings: as they are now; nothing secret of them is told.
        environment: says which of them were set.
    """
    given, told = {name.upper() for name in environment}, []
    for name, place in places().items():
        heading, reasons = _written(type(settings.holder(place)))
        value = settings.value(name)
        shown = HIDDEN if place.secret and value is not None else _plain(value)
        source = "environment" if place.variable in given else "default"
        told.append(Explained(heading, name, place.variable, shown, source, reasons[place.field]))
    return told


def _plain(value: object) -> str:
    if value is None or value == "":
        return "-"
    return str(value).replace(str(Path.home()), "~") if isinstance(value, Path) else str(value)


@cache
def _written(kind: type[BaseModel]) -> tuple[str, dict[str, str]]:
    """The heading of a group, and the reason of every setting in it, read from its comments."""
    source = inspect.getsource(kind)
    lines = source.splitlines()
    comments = {
        token.start[0]: (token.string.lstrip("# "), token.line.lstrip().startswith("#"))
        for token in tokenize.generate_tokens(io.StringIO(source).readline)
        if token.type == tokenize.COMMENT
    }
    found: dict[str, str] = {}
    above, current = list[str](), ""
    for number, line in enumerate(lines, start=1):
        text, alone = comments.get(number, ("", False))
        if alone:
            above.append(text)
            continue
        name = line.strip().partition(":")[0]
        if name in kind.model_fields and line.startswith("    ") and not line.startswith("     "):
            current, found[name] = name, " ".join(above)
            above = []
        if text and current:
            found[current] = " ".join(t for t in (found[current], text) if t)
    heading = "The run" if kind is Settings else inspect.cleandoc(kind.__doc__ or "").partition("\n")[0].rstrip(".")
    return heading, found
