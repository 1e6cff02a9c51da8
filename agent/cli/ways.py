"""Ways out as the command line has them: commands and flags to be copied, by the code of what went wrong."""

import shlex
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from tools.core.errors import Code, with_way_out

_CHECKS = {  # what is wrong with a language model -> where that is put right
    "key": "Check OPENAI_API_KEY.",
    "address": "Check OPENAI_BASE_URL.",
    "model": "Check OPENAI_BASE_URL, or name another model with --llm NAME.",
    "time": "Raise SIGHTSMITH_LLM_TIMEOUT_S.",
}


def way_out(code: str | None, data: Mapping[str, Any], folder: Path) -> str:
    """What can be done, to stand behind the sentence that says what went wrong; empty where there is nothing to add.

    Args:
        code: of a refusal, a question or a failed run (`tools.core.errors.Code`).
        data: of the same.
        folder: of the run.
    """
    if code is None:
        return ""
    from tools.runs.runtime import resume_command

    match code:
        case Code.WITHOUT_MODEL:
            without = f"Or go on without a model: {resume_command(folder, '--llm', 'offline')}"
            return f"{_CHECKS.get(str(data.get('check')), 'Try again later.')} {without}"
        case Code.WITHOUT_CLUSTER:
            return f"Correct --address, or go on without a cluster: {resume_command(folder, '--engine', 'local')}"
        case Code.UNCOVERED:
            return (
                f"Photos of it: {resume_command(folder, '--few', 'DIR')}. Or answer “stop” and start again with "
                "--assets DIR (a folder with a .glb, .obj or .blend model named after it) or with --llm NAME (a "
                "language model that describes it)."
            )
        case Code.UNFINISHED:
            return f"Go on with it: {resume_command(Path(data.get('folder', folder)))}"
        case Code.NO_RUN:
            return "`sightsmith runs` lists those that are there."
        case Code.BEGUN:
            return f"Start a new run: {shlex.join(['sightsmith', 'build', data['request'], '--few', data['few']])}"
    return ""


def with_way(said: str, code: str | None, data: Mapping[str, Any], folder: Path) -> str:
    """A sentence, and the way out behind it."""
    return with_way_out(said, way_out(code, data, folder))
