"""`sightsmith mcp`: the tools of Sightsmith for other agents, over stdio or HTTP."""

import logging
from pathlib import Path
from typing import Annotated

import typer

from agent.cli.options import DEFAULT_RUNS, RunsDir, finite, to_read

log = logging.getLogger(__name__)
LOCAL = ("127.0.0.1", "localhost", "::1")


def mcp(
    http: Annotated[bool, typer.Option("--http", help="Serve over HTTP at /mcp; default: over stdin and stdout.")] = (
        False
    ),
    host: Annotated[str, typer.Option(help="Address for --http; anything but this machine's own wants keys.")] = (
        "127.0.0.1"
    ),
    port: Annotated[int, typer.Option(min=1, max=65535)] = 8765,
    photos: Annotated[
        list[Path] | None,
        typer.Option(callback=to_read, help="A folder whose photos may be named; repeat it for more. Default: none."),
    ] = None,
    money: Annotated[
        float, typer.Option(min=0, callback=finite, help="US dollars that all runs started here may cost together.")
    ] = 0.0,
    keys: Annotated[Path | None, typer.Option(help="File of the API keys; see `sightsmith keys`.")] = None,
    runs_dir: RunsDir = DEFAULT_RUNS,
) -> None:
    """Serve build, status, predict, label and export to other agents (Model Context Protocol)."""
    from agent.mcp.door import Door
    from agent.mcp.server import http_app, make_server
    from tools.core.errors import FixArguments
    from tools.core.settings import Settings
    from tools.service.keys import Keys

    for folder in photos or ():
        if not folder.is_dir():
            raise FixArguments(f"--photos {folder}: there is no such folder")
    if keys is not None and not http:
        raise FixArguments(f"--keys {keys}: keys are asked for over --http only")
    runs_dir.mkdir(parents=True, exist_ok=True)
    settings = Settings(runs_dir=runs_dir)
    door = Door(runs_dir.resolve(), tuple(photos or ()), money, settings)
    server = make_server(door, host, port, local=host in LOCAL)
    if not http:
        server.run("stdio")
        return
    import uvicorn

    known = Keys(keys or settings.service.keys)
    if host not in LOCAL and not known.all():
        raise FixArguments(
            f"{host} can be reached from elsewhere, and {known.path} holds no key: make one with "
            "`sightsmith keys add NAME`, or stay on 127.0.0.1"
        )
    log.warning("serving MCP on http://%s:%d/mcp", host, port)
    app = http_app(server, known if keys is not None or host not in LOCAL else None)
    uvicorn.run(app, host=host, port=port, log_level="warning", access_log=False, server_header=False)
