"""Checks of command-line values that more than one command has."""

import math
from pathlib import Path

import typer

from tools.files import in_the_way


def finite(value: float | None) -> float | None:
    """For the `callback` of an option without a maximum: "inf" is a number and passes every minimum.

    Raises:
        typer.BadParameter: it is no finite number.
    """
    if value is not None and not math.isfinite(value):
        raise typer.BadParameter(f"{value} is no limit; give a number, or leave the option out.")
    return value


def place_of_runs(value: Path) -> Path:
    """A folder of runs, refused where no folder is or can be made."""
    try:
        blocking = in_the_way(value)
    except OSError as error:
        raise typer.BadParameter(f"{str(value)[:200]}: {error.strerror}") from None
    if blocking is not None:
        raise typer.BadParameter(f"{blocking} is a file, not a folder; name another place")
    return value
