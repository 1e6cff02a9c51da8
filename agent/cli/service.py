"""The commands of the service: serve, keys. Heavy imports happen inside them."""

from pathlib import Path
from typing import Annotated, Any

import typer

from agent.cli.options import DEFAULT_RUNS, RunsDir, finite


def serve(
    run: Annotated[str, typer.Argument(help="Name of the run whose best model answers.")],
    host: Annotated[str, typer.Option(help="Address to listen on; anything but this machine's own wants keys.")] = (
        "127.0.0.1"
    ),
    port: Annotated[int, typer.Option(min=1, max=65535)] = 8000,
    replicas: Annotated[int | None, typer.Option(min=1, help="Processes that compute, each with the model.")] = None,
    batch_size: Annotated[int | None, typer.Option(min=1, help="Pictures computed together.")] = None,
    max_wait_ms: Annotated[float | None, typer.Option(min=0, callback=finite, help="How long a picture waits.")] = None,
    max_queue: Annotated[int | None, typer.Option(min=1, help="Waiting pictures; the next is answered 429.")] = None,
    keys: Annotated[Path | None, typer.Option(help="File of the API keys; see `sightsmith keys`.")] = None,
    candidate: Annotated[str | None, typer.Option(help="A second run, served beside.")] = None,
    share: Annotated[float, typer.Option(min=0, max=0.99, help="Of the pictures the candidate answers.")] = 0.0,
    shadow: Annotated[bool, typer.Option("--shadow", help="The candidate looks along and answers nothing.")] = False,
    photos: Annotated[Path | None, typer.Option(help="A folder whose photos jobs may name instead of sending.")] = None,
    callback_host: Annotated[
        list[str] | None, typer.Option(help="A host inside, name or name:port, that may be told of finished jobs.")
    ] = None,
    runs_dir: RunsDir = DEFAULT_RUNS,
) -> None:
    """Serve a run's best model over HTTP: images, jobs, versions, metrics (extra `serve`)."""
    from tools.core.settings import Settings
    from tools.runs.runtime import read_record
    from tools.service.start import Options, Run, serve

    given: dict[str, Any] = {
        "service_replicas": replicas, "service_batch": batch_size, "service_wait_ms": max_wait_ms,
        "service_queue": max_queue, "service_keys": keys,
    }  # fmt: skip
    settings = Settings(**{k: v for k, v in given.items() if v is not None})
    names = [run] if candidate is None else [run, candidate]
    runs = [Run(name, runs_dir / name, read_record(runs_dir / name)) for name in names]
    serve(runs, Options(host, port, photos, frozenset(callback_host or ()), share, shadow), settings)


keys = typer.Typer(no_args_is_help=True, help="API keys of the service: shown once, kept as hashes.")
KeysFile = Annotated[Path | None, typer.Option("--keys", help="The file; default: in the user's configuration.")]


@keys.command("add")
def add_key(
    name: Annotated[str, typer.Argument(help="Whose key it is.")],
    admin: Annotated[bool, typer.Option("--admin", help="May also promote versions and see all jobs.")] = False,
    keys: KeysFile = None,
) -> None:
    """Make a key and print it, once."""
    typer.echo(_open_keys(keys).add(name, "admin" if admin else "use"))


@keys.command("list")
def list_keys(keys: KeysFile = None) -> None:
    """Print names, roles and dates."""
    for key in _open_keys(keys).all():
        typer.echo(f"{key.name}\t{key.role}\t{key.created}")


@keys.command("remove")
def remove_key(name: Annotated[str, typer.Argument(help="Whose key it was.")], keys: KeysFile = None) -> None:
    """Refuse a key from now on; a running server notices."""
    _open_keys(keys).remove(name)


def _open_keys(path: Path | None) -> Any:
    from tools.core.settings import Settings
    from tools.service.keys import Keys

    return Keys(path or Settings().service.keys)
