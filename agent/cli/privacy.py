"""The commands about whose image it is: anonymise, erase. Heavy imports happen inside them."""

from pathlib import Path
from typing import Annotated

import typer

from agent.cli.edge import readable
from agent.cli.options import DEFAULT_RUNS, RunsDir, to_write
from tools.core.files import json_text


def anonymise(
    photos: Annotated[list[Path], typer.Argument(help="Photos, or folders of photos; they are only read.")],
    out: Annotated[Path, typer.Option(callback=to_write, help="New folder for the blurred copies.")],
    find: Annotated[
        list[str] | None, typer.Option(help="faces or plates, by OpenCV's cascades; repeat it. Default: both.")
    ] = None,
    model: Annotated[
        str | None, typer.Option(help="A detector: a run, a weights file, 'open-vocabulary' or 'starter'.")
    ] = None,
    classes: Annotated[
        str | None, typer.Option(help='What of it to blur: "person" or "face,number plate".', callback=readable)
    ] = None,
    confidence: Annotated[float | None, typer.Option(min=0, max=1, help="Least score of --model's finds.")] = None,
    runs_dir: RunsDir = DEFAULT_RUNS,
    as_json: Annotated[bool, typer.Option("--json", help="Print the outcome as JSON.")] = False,
) -> None:
    """Blur faces, number plates or what a model finds, into copies without EXIF and place; says what it may miss."""
    from agent.cli.console import Console
    from tools.core.errors import FixArguments
    from tools.core.settings import Settings
    from tools.data.photo_files import find_photos
    from tools.privacy.anonymise import BUILT_IN, Cascade, ModelFinder
    from tools.privacy.anonymise import anonymise as blur

    if (model is not None or confidence is not None) and classes is None:
        raise FixArguments('--classes: say what of the model\'s finds to blur, e.g. --classes "person"')
    if unknown := [name for name in find or () if name not in BUILT_IN]:
        raise FixArguments(f"--find {', '.join(unknown)}: known are {', '.join(BUILT_IN)}; others by --model --classes")
    names = find or (BUILT_IN if classes is None else ())
    finders = [Cascade(name) for name in dict.fromkeys(names)]
    models = [] if classes is None else [ModelFinder(model, classes, Settings(runs_dir=runs_dir), confidence)]
    console, total = Console(quiet=as_json), sum(1 for _ in find_photos(photos))

    def told(done: int) -> None:
        console.on_event({"kind": "progress", "stage": "anonymise", "done": done, "total": total})

    with console:
        done = blur(photos, out, [*finders, *models], told)
    typer.echo(json_text(done.plain(), indent=None if as_json else 1))
    if done.nothing and not as_json:
        typer.echo(f"In {len(done.nothing)} photos nothing was found; look at them yourself.", err=True)


def erase(
    photos: Annotated[
        list[Path] | None, typer.Argument(help="Photos to forget, or folders of them; they stay where they are.")
    ] = None,
    digest: Annotated[
        list[str] | None, typer.Option(help="SHA-256 of a photo that is no longer there; repeat it.")
    ] = None,
    yes: Annotated[bool, typer.Option("--yes", help="Erase without asking.")] = False,
    runs_dir: RunsDir = DEFAULT_RUNS,
    as_json: Annotated[bool, typer.Option("--json", help="Print what is found as JSON.")] = False,
) -> None:
    """Show what Sightsmith keeps of a person's photos (runs, sets, caches), then erase it after a yes."""
    from tools.core.settings import Settings
    from tools.privacy.erase import erase as remove
    from tools.privacy.erase import find_traces

    traces = find_traces(photos or [], digest or [], Settings(runs_dir=runs_dir))
    typer.echo(json_text(traces.plain(), indent=None if as_json else 1))
    if not traces.count:
        typer.echo("Nothing is kept of these photos." + (f" {traces.left}" if traces.learnt else ""), err=True)
        return
    if not yes and not typer.confirm(f"Erase {traces.count} things for good?", default=False, err=True):
        typer.echo("Nothing was erased.", err=True)
        raise typer.Exit(3)
    remove(traces)
    typer.echo(f"Erased {traces.count} things. {traces.left}", err=True)
