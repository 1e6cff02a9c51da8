"""The commands for a CVAT server: cvat fetch, cvat send. Heavy imports happen inside them."""

from pathlib import Path
from typing import Annotated

import typer

from agent.cli.edge import readable
from agent.cli.options import to_write
from tools.core.files import json_text

cvat = typer.Typer(no_args_is_help=True, help="Labelled photos from a CVAT server, and to it.")


@cvat.command()
def fetch(
    task: Annotated[int, typer.Argument(min=1, help="Number of the task; it stands in its address.")],
    out: Annotated[Path, typer.Argument(callback=to_write, help="New folder for its photos and labels.")],
) -> None:
    """Fetch a task's photos and labels, for --few, --real, label --labelled, learn or convert."""
    from tools.core.settings import Settings
    from tools.label.cvat_server import fetch_task

    typer.echo(json_text(fetch_task(task, out, Settings()).plain(), indent=1))


@cvat.command()
def send(
    source: Annotated[Path, typer.Argument(help="Labelled photos: a folder, a zip, parquet files.")],
    name: Annotated[str, typer.Option(help="Of the new task.", callback=readable)],
) -> None:
    """Make a task of labelled photos, to correct them there."""
    from tools.core.settings import Settings
    from tools.label.cvat_server import send_task

    typer.echo(json_text(send_task(source, name, Settings()).plain(), indent=1))
