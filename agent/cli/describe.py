"""`sightsmith describe`: photos in words, by a vision model. Heavy imports happen inside it."""

from pathlib import Path
from typing import Annotated, Any

import typer

from agent.cli.edge import readable
from agent.cli.options import DEFAULT_RUNS, RunsDir, finite, to_read, to_write
from tools.core.files import json_text


def describe(
    photos: Annotated[list[Path], typer.Argument(help="Photos, or folders of photos; they are only read.")],
    out: Annotated[
        Path | None, typer.Option(callback=to_write, help="Folder to write; default: PHOTOS_described here.")
    ] = None,
    examples: Annotated[
        Path | None,
        typer.Option(callback=to_read, help="Photos that you described (dog.jpg, dog.json), shown to the model first."),
    ] = None,
    classes: Annotated[
        str | None, typer.Option(help='Names to use where they fit: "apple,pear".', callback=readable)
    ] = None,
    model: Annotated[str | None, typer.Option(help="Vision model; default: SIGHTSMITH_VLM_MODEL.")] = None,
    price: Annotated[
        float | None,
        typer.Option(min=0, callback=finite, help="US dollars a question, at most; 0 for your own server."),
    ] = None,
    money: Annotated[float, typer.Option(min=0, callback=finite, help="US dollars that this may cost in all.")] = 0.0,
    runs_dir: RunsDir = DEFAULT_RUNS,
    as_json: Annotated[bool, typer.Option("--json", help="Print the outcome as JSON.")] = False,
) -> None:
    """Say what is in photos (objects, relations, actions) as checked JSON, by a vision model behind any endpoint."""
    from agent.cli.console import Console
    from tools.core.errors import FixArguments
    from tools.core.settings import Settings
    from tools.data.photo_files import find_photos
    from tools.label.describe import asked_folder, describe_photos, read_examples
    from tools.models.vision import VisionModel

    given: dict[str, Any] = {"vlm_model": model, "vlm_price": price, "runs_dir": runs_dir}
    settings = Settings(**{k: v for k, v in given.items() if v is not None})
    total = sum(1 for _ in find_photos(photos))
    if not total:
        raise FixArguments(f"{', '.join(map(str, photos))}: there is no photo in it")
    shown = [] if examples is None else read_examples(examples)
    names = [name.strip() for name in (classes or "").replace("，", ",").split(",") if name.strip()]
    console = Console(quiet=as_json)

    def told(done: int) -> None:
        console.on_event({"kind": "progress", "stage": "describe", "done": done, "total": total})

    asked = VisionModel(settings, asked_folder(photos, settings), money)
    target = out or Path(f"{photos[0].resolve().stem}_described")
    try:
        with console:
            done = describe_photos(photos, target, asked, settings, classes=names, examples=shown, told=told)
    finally:
        asked.close()
    typer.echo(json_text(done.plain(), indent=None if as_json else 1))
