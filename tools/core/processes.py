"""Processes that Sightsmith starts: they load this very package from any folder, and get keys only if needed."""

import os
import sys
from collections.abc import Iterator, Mapping
from contextlib import chdir, contextmanager
from pathlib import Path

from tools.core.settings import Settings

ROOT = Path(__file__).resolve().parents[2]  # the folder that holds the packages
_CLIENT = "OPENAI_"  # variables that the client of any OpenAI-compatible endpoint reads by itself


def module_command(module: str, *arguments: str) -> list[str]:
    """The command that runs a module; a package of the same name in the current folder is not taken for ours (-P)."""
    return [sys.executable, "-P", "-m", module, *arguments]


@contextmanager
def before_workers_of_ray() -> Iterator[None]:
    """Where Ray is started or joined: it puts the current folder first on its workers' path, so let that be ours."""
    with chdir(ROOT):
        yield


def is_secret(variable: str) -> bool:
    """Whether a variable of the environment holds a secret setting, or what goes along with a key."""
    return variable.upper() in Settings.secret_variables() or variable.upper().startswith(_CLIENT)


def environment(own: Mapping[str, str] | None = None, *, keys: bool) -> dict[str, str]:
    """The environment of a process: this one's, with our packages first on the path.

    Args:
        own: variables of the process alone.
        keys: whether it inherits keys and addresses of endpoints.
    """
    path = os.pathsep.join(p for p in (str(ROOT), os.environ.get("PYTHONPATH", "")) if p)
    inherited = {name: value for name, value in os.environ.items() if keys or not is_secret(name)}
    return inherited | {"PYTHONPATH": path} | dict(own or {})
