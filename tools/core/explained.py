"""The settings told to a person: what each is now, where that comes from, and why it is so.

A setting's reason is the comment beside or above it in `settings.py`, and its group the heading that follows a blank
line there: they are written once, where they are kept true.
"""

import inspect
import io
import os
import tokenize
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from tools.core.secrecy import secret_fields
from tools.core.settings import Settings

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
    given = {name.upper() for name in environment}
    secret, told = set(secret_fields(Settings)), []
    for name, (group, reason) in _written().items():
        variable = str(Settings.model_fields[name].validation_alias or f"SIGHTSMITH_{name}").upper()
        value = getattr(settings, name)
        shown = HIDDEN if name in secret and value is not None else _plain(value)
        source = "environment" if variable in given else "default"
        told.append(Explained(group, name, variable, shown, source, reason))
    return told


def _plain(value: object) -> str:
    if value is None or value == "":
        return "-"
    return str(value).replace(str(Path.home()), "~") if isinstance(value, Path) else str(value)


@cache
def _written() -> dict[str, tuple[str, str]]:
    """Group and reason of every setting, read from the comments of the class."""
    source = inspect.getsource(Settings)
    lines = source.splitlines()
    comments = {
        token.start[0]: (token.string.lstrip("# "), token.line.lstrip().startswith("#"))
        for token in tokenize.generate_tokens(io.StringIO(source).readline)
        if token.type == tokenize.COMMENT
    }
    found: dict[str, tuple[str, str]] = {}
    group, above, current = "", list[str](), ""
    for number, line in enumerate(lines, start=1):
        text, alone = comments.get(number, ("", False))
        if alone and not lines[number - 2].strip():  # the first line after a blank one
            group, above = text, []
        elif alone:
            above.append(text)
        else:
            name = line.strip().partition(":")[0]
            if name in Settings.model_fields and line.startswith("    ") and not line.startswith("     "):
                current, found[name] = name, (group, " ".join(above))
                above = []
            if text and current:
                found[current] = (found[current][0], " ".join(t for t in (found[current][1], text) if t))
    return {name: found[name] for name in Settings.model_fields}
