"""Texts given to language models, one file each."""

import hashlib
from functools import cache
from importlib.resources import files


@cache
def load(name: str) -> str:
    """The text of `prompts/<name>.md`.

    Raises:
        FileNotFoundError: there is no such prompt (a slip of the programmer).
    """
    return files(__package__).joinpath(f"{name}.md").read_text(encoding="utf-8")


def version(name: str) -> str:
    """First 12 digits of the SHA-256 of a prompt's text: kept with what was made by it."""
    return hashlib.sha256(load(name).encode()).hexdigest()[:12]
