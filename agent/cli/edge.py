"""The edge of the command line: whatever a command raises becomes one sentence and an exit code of ours.

Codes: 2 the call was wrong, 4 it cannot be done now, 130 stopped. What nobody foresaw is a fault of Sightsmith's own:
its traceback goes to the run's log, and the sentence says where that is.
"""

import contextlib
import os
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any, NoReturn

import typer
from typer.core import TyperCommand

from agent.cli.ways import with_way
from agent.faults import keep_traceback
from tools.core.errors import FixArguments, SightsmithError, Stopped
from tools.core.files import trouble

_USAGE, _FAILED, STOPPED = 2, 4, 130
_MOST_CHARS = 2000  # of a sentence: a name may be as long as somebody likes


class Command(TyperCommand):
    """A command that never ends in a traceback."""

    def invoke(self, ctx: Any) -> Any:
        """Run the command; see `typer.core.TyperCommand`."""
        try:
            result = super().invoke(ctx)
            sys.stdout.flush()  # a reader that went away is met here, not while Python ends
            return result
        except (KeyboardInterrupt, Stopped):
            _end("stopped; what was done is kept", STOPPED)
        except BrokenPipeError:
            with contextlib.suppress(OSError):  # what is left would be flushed, and fail, while Python ends
                os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
            raise typer.Exit(0) from None  # who asked has read enough
        except Exception as error:
            if isinstance(error, typer.Abort) or hasattr(error, "exit_code"):  # typer's own, which it answers itself
                raise
            _end(*_said(error, ctx.params))


def use_everywhere(app: typer.Typer) -> None:
    """Let every command of an app, and of the apps in it, end like this."""
    for command in app.registered_commands:
        command.cls = Command
    for group in app.registered_groups:
        if group.typer_instance is not None:
            use_everywhere(group.typer_instance)


def readable(text: str | None) -> str | None:
    """A text of the command line, refused where its bytes are no UTF-8: nothing could write it down.

    Raises:
        FixArguments: it is not.
    """
    try:
        if text is not None:
            text.encode()
    except UnicodeEncodeError:
        raise typer.BadParameter(f"{text!a} is no UTF-8 text; type it anew in a UTF-8 terminal") from None
    return text


def _said(error: Exception, params: dict[str, Any]) -> tuple[str, int]:
    """The sentence and the exit code of what a command raised."""
    from pydantic_core import ValidationError

    folder = _folder(params)
    if isinstance(error, SightsmithError):
        said = with_way(str(error), error.code, error.data, folder)
        return said, _USAGE if isinstance(error, FixArguments) else _FAILED
    if isinstance(error, ValidationError) and error.title == "Settings":
        return _of_settings(error.errors()), _USAGE
    if isinstance(error, UnicodeEncodeError):
        return f"{error.object[:200]!a} holds what is no UTF-8 text; rename it or type it anew", _USAGE
    if isinstance(error, RuntimeError) and str(error).startswith("Symlink loop"):
        return f"{error}: a link that leads to itself; name the folder it should lead to", _USAGE
    if isinstance(error, MemoryError):
        return "the memory of this machine does not suffice; close other programs, or take a smaller --size", _FAILED
    if (sentence := trouble(error, folder)) is not None:
        return sentence, _FAILED
    first = (str(error).splitlines() or [""])[0]
    where = keep_traceback(error, folder if (folder / "run.json").is_file() else None)
    return f"a fault of Sightsmith itself ({type(error).__name__}: {first[:300]}); {where}", _FAILED


def _of_settings(problems: Sequence[Any]) -> str:
    from tools.core.settings import places

    names = {(place.group, place.field): name for name, place in places().items()}
    said = []
    for problem in problems:
        first, *inner = problem["loc"]
        name = names.get(("", first)) or names[first, inner.pop(0)]
        where = ".".join(map(str, [name, *inner]))
        said.append(f"{where} ({places()[name].variable}): {problem['msg']}")
    return "; ".join(said)


def _folder(params: dict[str, Any]) -> Path:
    """What a command worked on: the run's folder, else that of the runs, else the current one."""
    runs_dir = params.get("runs_dir") or Path()
    run = params.get("run")
    folder = Path(runs_dir) / run if isinstance(run, str) else Path(runs_dir)
    try:
        folder.is_dir()
    except (OSError, ValueError):  # no system takes such a name
        return Path()
    return folder


def _end(message: str, code: int) -> NoReturn:
    typer.secho(f"sightsmith: {message[:_MOST_CHARS]}", fg="red", err=True)
    raise typer.Exit(code) from None
