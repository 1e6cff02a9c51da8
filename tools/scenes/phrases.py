"""Ways of saying what a scene shows: written once by a language model, combined into thousands of distinct prompts.

Images from plain captions train worse models the prettier the generator (arXiv 2602.19946): vary what is said.
"""

import re
from collections.abc import Mapping, Sequence
from functools import lru_cache
from typing import Any

from pydantic import BaseModel, ConfigDict, Field

from tools.core.errors import FixArguments
from tools.core.task import TaskSpec

MAX_PHRASES, MAX_CHARS = 24, 120  # of one value; more is a list and not a phrase
# Words that change nothing in an image; numbers too, since generators can hardly count.
_EMPTY_WORDS = """
a an the of in on at to and with by from their its photo no one two three four five six seven eight many several some
"""
_EMPTY = frozenset(_EMPTY_WORDS.split())
Said = dict[str, list[str]]


class Phrases(BaseModel):
    """Phrases by axis and value, of classes, and of cameras; where there are none the built-in words are taken."""

    model_config = ConfigDict(extra="forbid")

    values: dict[str, Said] = Field(default_factory=dict, description="axis -> value -> phrases")
    details: Said = Field(default_factory=dict, description="class -> what its surface, shape or state may show")
    styles: list[str] = Field(default_factory=list, description="how the picture was taken")

    def pick(self, axis: str, value: str, number: int) -> str | None:
        """One of the phrases of a value; None where there is none."""
        return _one(self.values.get(axis, {}).get(value, []), number)

    def detail(self, class_name: str, number: int) -> str | None:
        """One of the details of a class."""
        return _one(self.details.get(class_name, []), number)

    def style(self, number: int) -> str | None:
        """One of the styles."""
        return _one(self.styles, number)

    def __bool__(self) -> bool:
        return bool(self.values or self.details or self.styles)


def checked_phrases(wish: Any, task: TaskSpec, known: Mapping[str, Sequence[str]]) -> Phrases:
    """What a language model wrote, checked: {axis: {value: [phrases]}, "details": {class: [...]}, "styles": [...]}.

    Args:
        wish: as written.
        task: its classes; a phrase that names one is refused, for it would draw what is not in the scene.
        known: axis -> values.

    Raises:
        FixArguments: not of that form, an unknown axis, value or class, or a phrase that cannot be used.
    """
    if not isinstance(wish, Mapping):
        raise FixArguments(f"phrases must be an object such as {{'light': {{'sun': ['...']}}}}, not {wish!r}")
    values: dict[str, Said] = {}
    for name, content in wish.items():
        if name in ("details", "styles"):
            continue
        if name not in known:
            raise FixArguments(f"phrases: no axis {name!r}; there are {', '.join([*known, 'details', 'styles'])}")
        values[name] = _table(f"phrases of {name}", content, known[name], task)
    details = wish.get("details", {})
    return Phrases(
        values=values,
        details=_table("details", details, task.class_names, None),
        styles=_list("styles", wish.get("styles", []), task),
    )


def content_words(prompt: str) -> frozenset[str]:
    """What a prompt says, whatever the order, number and articles; prompts with the same words are near-identical."""
    return frozenset(_stem(w) for w in re.findall(r"\w+", prompt.casefold()) if w not in _EMPTY and not w.isdigit())


@lru_cache(maxsize=4096)
def _stem(word: str) -> str:
    return re.sub("(ies|es|s|e|y)$", "", word) if len(word) > 3 else word


def _one(phrases: Sequence[str], number: int) -> str | None:
    return phrases[number % len(phrases)] if phrases else None


def _table(name: str, content: Any, known: Sequence[str], task: TaskSpec | None) -> Said:
    if not isinstance(content, Mapping):
        raise FixArguments(f"{name} must be an object of lists, not {content!r}")
    for value in content:
        if value not in known:
            raise FixArguments(f"{name}: there is no {value!r}; there are {', '.join(known)}")
    return {str(v): _list(f"{name}, {v}", phrases, task) for v, phrases in content.items()}


def _list(name: str, phrases: Any, task: TaskSpec | None) -> list[str]:
    """Distinct phrases of bearable length, none of which names a class."""
    if not isinstance(phrases, list) or not all(isinstance(p, str) and p.strip() for p in phrases):
        raise FixArguments(f"{name} must be a list of phrases, not {phrases!r}")
    if len(phrases) > MAX_PHRASES:
        raise FixArguments(f"{name}: at most {MAX_PHRASES} phrases, not {len(phrases)}")
    kept: dict[frozenset[str], str] = {}
    for phrase in (" ".join(p.split()).strip(" .,") for p in phrases):
        if len(phrase) > MAX_CHARS:
            raise FixArguments(f"{name}: {phrase[:40]!r}... is longer than {MAX_CHARS} characters")
        for spec in task.classes if task else ():
            if any(_names(word, phrase) for word in (spec.name, spec.phrase, spec.drawn_as)):
                raise FixArguments(
                    f"{name}: {phrase!r} names the class {spec.name!r}; say only the place, light or camera, for the"
                    " scene decides what is in it"
                )
        kept.setdefault(content_words(phrase), phrase)
    return list(kept.values())


def _names(word: str, phrase: str) -> bool:
    return content_words(word) <= content_words(phrase) if content_words(word) else False
