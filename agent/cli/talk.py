"""`sightsmith ask` and `sightsmith chat`: a conversation about a run that exists."""

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from agent.cli.edge import readable
from agent.cli.options import DEFAULT_RUNS, RunsDir, to_read
from tools.core.files import json_text

if TYPE_CHECKING:
    from agent.followup import Reply
    from agent.run import Ask

Yes = Annotated[bool, typer.Option("--yes", help="Approve plans without asking.")]
_CODES = {"answered": 0, "done": 0, "heard": 0, "worked": 0, "waits": 3, "refused": 4, "unclear": 2}
_LEAVE = frozenset({"exit", "quit", "bye", ":q", "退出", "再见"})


def ask(
    run: Annotated[str, typer.Argument(help="Name of the run.")],
    said: Annotated[
        str, typer.Argument(help='Such as "why is the score low?" or "also find pears".', callback=readable)
    ],
    photo: Annotated[
        list[Path] | None, typer.Option(callback=to_read, help="A photo that comes with it: try it on this.")
    ] = None,
    runs_dir: RunsDir = DEFAULT_RUNS,
    yes: Yes = False,
    as_json: Annotated[
        bool, typer.Option("--json", help="Print the answer as JSON, and nothing else, on stdout.")
    ] = False,
) -> None:
    """Ask a run something, or say what should change; what costs anything waits for your approval."""
    from agent.cli.console import is_interactive

    reply = _say(runs_dir / run, said, photo or [], yes, interactive=is_interactive() and not as_json, quiet=as_json)
    if as_json:
        typer.echo(json_text(reply.plain()))
    else:
        _show(reply, runs_dir)
    raise typer.Exit(_CODES[reply.outcome])


def chat(
    run: Annotated[str | None, typer.Argument(help="Name of the run; the latest when left out.")] = None,
    runs_dir: RunsDir = DEFAULT_RUNS,
) -> None:
    """Talk with a run: ask, change, extend, use. An empty line or "exit" ends it."""
    from agent.run_folder import list_runs
    from tools.core.errors import FixArguments
    from tools.runs.runtime import read_record

    if run is None:
        latest = next(iter(list_runs(runs_dir)), None)
        if latest is None:
            raise FixArguments(f'no run in {runs_dir} yet; start one: sightsmith build "build me an apple segmenter"')
        run = latest.name
    record = read_record(runs_dir / run)
    typer.echo(f"{run}: {record.request}", err=True)
    while True:
        typer.echo(f"{run}> ", nl=False, err=True)
        said = sys.stdin.readline()
        if not said.strip() or said.strip().casefold() in _LEAVE:
            return
        reply = _say(runs_dir / run, said, [], False, interactive=True, quiet=False)
        _show(reply, runs_dir)
        if reply.forked:  # the conversation goes on with the new run
            run = reply.run


def _say(folder: Path, said: str, photos: list[Path], yes: bool, *, interactive: bool, quiet: bool) -> "Reply":
    from agent.cli.console import Console
    from agent.followup import follow_up
    from agent.run import ask_nobody

    console = Console(quiet=quiet, folder=folder)
    asks: Ask = console.ask if interactive else ask_nobody
    with console:
        return follow_up(folder, said, photos=photos, ask=asks, listener=console.on_event, auto_approve=yes)


def _show(reply: "Reply", runs_dir: Path) -> None:
    from agent.cli.ways import with_way
    from tools.runs.runtime import resume_command

    typer.echo(with_way(reply.text, reply.code, reply.data, runs_dir / reply.run))
    if reply.plan is not None:
        for name, value in reply.plan.items():
            shown = "; ".join(map(str, value)) if isinstance(value, list) else str(value)
            typer.echo(f"  {name}: {shown}")
        typer.echo(f"Approve it: {resume_command(runs_dir / reply.run, '--answer', 'yes')}")
