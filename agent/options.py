"""Checks of command-line values that more than one command has."""

import math

import typer


def finite(value: float | None) -> float | None:
    """For the `callback` of an option without a maximum: "inf" is a number and passes every minimum.

    Raises:
        typer.BadParameter: it is no finite number.
    """
    if value is not None and not math.isfinite(value):
        raise typer.BadParameter(f"{value} is no limit; give a number, or leave the option out.")
    return value
