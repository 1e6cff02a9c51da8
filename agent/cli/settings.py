"""`sightsmith settings`: what every setting is, where its value comes from, and why it is so."""

from dataclasses import asdict
from typing import Annotated

import typer

from tools.core.files import json_text


def settings(
    names: Annotated[
        list[str] | None, typer.Argument(help="Only settings whose name or group holds one of these words.")
    ] = None,
    changed: Annotated[bool, typer.Option("--changed", help="Only what the environment sets.")] = False,
    as_json: Annotated[bool, typer.Option("--json", help="Print the same as JSON.")] = False,
) -> None:
    """Show every setting: its value, whether the environment sets it, and why the default is what it is."""
    from tools.core.errors import FixArguments
    from tools.core.explained import explain
    from tools.core.settings import Settings

    words = [name.casefold() for name in names or []]
    told = [
        t for t in explain(Settings())
        if (not words or any(w in t.name or w in t.variable.casefold() or w in t.group.casefold() for w in words))
        and (t.source != "default" or not changed)
    ]  # fmt: skip
    if words and not told:
        raise FixArguments(f"no setting has {' or '.join(names or [])} in its name or group; see `sightsmith settings`")
    if as_json:
        typer.echo(json_text([asdict(t) for t in told]))
        return
    group = None
    for one in told:
        if one.group != group:
            group = one.group
            typer.secho(f"\n{group}", bold=True)
        said = "" if one.source == "default" else "  (from the environment)"
        typer.echo(f"  {one.variable}={one.value}{said}")
        if one.reason:
            typer.secho(f"      {one.reason}", dim=True)
    if changed and not told:
        typer.echo("Nothing is set in the environment: every setting is at its default.")
