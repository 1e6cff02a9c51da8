"""Command-line values that more than one command has, and the checks of them."""

import math
from collections.abc import Sequence
from pathlib import Path
from typing import Annotated

import typer

from tools.core.files import in_the_way


def finite(value: float | None) -> float | None:
    """For the `callback` of an option without a maximum: "inf" is a number and passes every minimum.

    Raises:
        typer.BadParameter: it is no finite number.
    """
    if value is not None and not math.isfinite(value):
        raise typer.BadParameter(f"{value} is no limit; give a number, or leave the option out.")
    return value


def to_write(value: Path | None) -> Path | None:
    """For the `callback` of a folder that is written to, before any work is done for it.

    Raises:
        typer.BadParameter: no folder is or can be made there.
    """
    if value is None:
        return None
    try:
        blocking = in_the_way(value)
    except OSError as error:
        raise typer.BadParameter(f"{str(value)[:200]}: {error.strerror}") from None
    if blocking is not None:
        raise typer.BadParameter(f"{blocking} is a file, not a folder; name another place")
    return value


def to_read(value: Path | Sequence[Path] | None) -> Path | Sequence[Path] | None:
    """For the `callback` of files or folders that must be there.

    Raises:
        typer.BadParameter: one is not.
    """
    for path in [value] if isinstance(value, Path) else value or ():
        try:
            path.stat()
        except OSError as error:
            raise typer.BadParameter(f"{str(path)[:200]}: {error.strerror}") from None
    return value


DEFAULT_RUNS = Path("runs")
RunsDir = Annotated[Path, typer.Option("--runs-dir", callback=to_write, help="Where runs are kept.")]
