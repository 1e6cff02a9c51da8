"""The command for poor photos. Heavy imports happen inside it."""

from pathlib import Path
from typing import Annotated

import typer

from agent.cli.options import to_read, to_write
from tools.core.files import json_text


def improve(
    photos: Annotated[list[Path], typer.Argument(help="Photos, or folders of photos; they are only read.")],
    out: Annotated[Path, typer.Option("--out", callback=to_write, help="Folder of the better copies.")],
    step: Annotated[
        list[str] | None,
        typer.Option("--step", help="fill, denoise, deblur or enlarge; may be repeated. Default: denoise and deblur."),
    ] = None,
    model: Annotated[
        list[Path] | None,
        typer.Option(
            "--model", callback=to_read, help="A model file (ESRGAN, DnCNN, LaMa and others); may be repeated."
        ),
    ] = None,
    marks: Annotated[
        Path | None,
        typer.Option(
            callback=to_read, help="Folder of masks, white where the photo of the same name is to be filled in."
        ),
    ] = None,
    region: Annotated[
        list[str] | None, typer.Option("--region", help="x1,y1,x2,y2 that is filled in in every photo.")
    ] = None,
    scale: Annotated[int, typer.Option(min=2, max=4, help="Of enlarge, where no model does it.")] = 2,
) -> None:
    """Write better copies of poor photos: less noise, sharper, larger, marked regions filled in."""
    from agent.cli.console import Console
    from tools.core.errors import FixArguments
    from tools.repair.improve import Repair, improve_photos
    from tools.repair.network import RepairNetwork

    if marks is not None and not marks.is_dir():
        raise FixArguments(f"--marks {marks}: there is no such folder")
    networks = [RepairNetwork(path) for path in model or []]
    if step is None:  # what is named is done, and nothing else
        step = [] if networks else ["fill"] if marks or region else ["denoise", "deblur"]
    repair = Repair(step, networks, scale)
    console = Console(quiet=False)

    def told(done: int, total: int) -> None:
        console.on_event({"kind": "progress", "stage": "improve", "done": done, "total": total})

    with console:
        outcome = improve_photos(photos, out, repair, marks, region or [], told)
    typer.echo(json_text(outcome, indent=1))
