"""Texts given to language models, one file each."""

from functools import cache
from importlib.resources import files


@cache
def load(name: str) -> str:
    """The text of `prompts/<name>.md`.

    Raises:
        FileNotFoundError: there is no such prompt (a slip of the programmer).
    """
    return files(__package__).joinpath(f"{name}.md").read_text(encoding="utf-8")
