"""One word about a run from whoever only shows it: taken in a process of its own, with that person's keys alone."""

import json
import subprocess
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from agent.detached import brings_endpoint, is_alive, last_line
from agent.followup import Reply
from tools.core.errors import FixArguments, StepFailed
from tools.core.files import explain_os_error
from tools.core.processes import environment, module_command
from tools.runs.runtime import read_record, write_json

PATIENCE_S = 600  # a language model may think; a plan is all that is made here


def ask(folder: Path, said: str, secrets: Mapping[str, str], *, visitor: bool = False) -> Reply:
    """Take a word about a run; whatever costs anything ends as a plan that waits.

    Args:
        folder: of the run.
        said: what the person wrote.
        secrets: environment of the process alone, such as OPENAI_API_KEY.
        visitor: the word is not by the owner of this machine; from then on the run is as a visitor's.

    Raises:
        FixArguments: there is no such run, or the word is empty or too long.
        StepFailed: the process died, or took too long.
    """
    if visitor and not (record := read_record(folder)).visitor and not is_alive(folder):
        record.visitor = True
        write_json(folder / "run.json", record.model_dump(mode="json"))
    if not said.strip():
        raise FixArguments("the message is empty; ask something about the run, or say what should change")
    # Everything after the dashes is a name and a word, whatever it looks like: "--yes" approves nothing.
    command = module_command(
        "agent.cli.app", "ask", "--json", "--runs-dir", str(folder.resolve().parent), "--", folder.name, said
    )
    try:
        done = subprocess.run(
            command, stdin=subprocess.DEVNULL, capture_output=True, timeout=PATIENCE_S, check=False, cwd=folder.parent,
            env=environment(secrets, keys=not brings_endpoint(secrets)),
        )  # fmt: skip
    except subprocess.TimeoutExpired as error:
        raise StepFailed(f"there was no answer within {PATIENCE_S} s; say it again, or more simply") from error
    except (OSError, ValueError) as error:  # a word with a zero byte cannot be an argument
        problem = explain_os_error(error, folder) if isinstance(error, OSError) else "the message holds a zero byte"
        raise StepFailed(problem) from error
    try:
        return _reply(json.loads(done.stdout))
    except (ValueError, KeyError, TypeError) as error:
        said_last = last_line(done.stderr.decode("utf-8", "replace"))
        raise StepFailed(said_last or "the process that answers ended without a word") from error


def _reply(value: dict[str, Any]) -> Reply:
    return Reply(**{**value, "files": tuple(Path(name) for name in value["files"])})
