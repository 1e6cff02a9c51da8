"""What the names of model catalogues mean, from `words.txt`: synonyms, Chinese, and which is a kind of which."""

from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Literal, get_args

from tools.generators.blender.models.model import Model
from tools.generators.blender.naming import plain

# How the colours of copies of a model may differ: as it is painted; as fur; skin and clothes; what grew; hardly.
Paint = Literal["made", "coat", "people", "grown", "kept"]
LEFT_OUT = "-"
_GROWN_TAGS = {"plant", "tree", "flowers", "food", "stone", "patio"}


@dataclass(frozen=True)
class Word:
    """One name and what it stands for."""

    name: str
    broader: str | None
    aliases: tuple[str, ...]
    chinese: tuple[str, ...]
    meant_by: tuple[tuple[str, str], ...]  # names in catalogues, each with a tag that it needs or ""
    spoken: tuple[str, ...]  # of those, what a person may ask for as well
    paint: Paint | None
    lookalikes: tuple[str, ...]
    contexts: tuple[str, ...]


@cache
def words() -> dict[str, Word]:
    """Every word by its name."""
    table = (_word(line) for line in _lines())
    return {word.name: word for word in table}


@cache
def _by_catalogue_name() -> dict[str, list[tuple[str, str]]]:
    """A name in a catalogue -> the words that it may mean, each with the tag that it needs."""
    index: dict[str, list[tuple[str, str]]] = {}
    for word in words().values():
        own = [(n, "") for n in (word.name, *word.aliases)] if word.name != LEFT_OUT else []
        for name, tag in (*word.meant_by, *own):
            index.setdefault(_tidy(name), []).append((word.name, tag))
    return index


def meant(model: Model) -> list[str] | None:
    """The words that a model's name means; none for a name of its own, None for what is left out."""
    found = _by_catalogue_name().get(_tidy(model.name), [])
    tagged = [word for word, tag in found if tag and tag in model.tags]
    meanings = list(dict.fromkeys(tagged or [word for word, tag in found if not tag]))
    return None if LEFT_OUT in meanings else meanings


def own_name(model: Model) -> str:
    """A model's name as it is spoken: lower case, without the number that tells it from others of the name."""
    return _tidy(model.name) or plain(model.name)


def may_be_asked_for(own: str, means: list[str]) -> bool:
    """Whether a name in a catalogue is also what a person calls the thing: "deer" of a statuette is not."""
    return not means or any(own in map(_tidy, words()[word].spoken) for word in means)


def root(name: str) -> str:
    """The broadest name that a word is a kind of."""
    table = words()
    while name in table and (broader := table[name].broader):
        name = broader
    return name


@cache
def within(name: str) -> list[str]:
    """A word and every narrower one."""
    return [name, *(w for n in _narrower().get(name, ()) for w in within(n))]


@cache
def _narrower() -> dict[str, list[str]]:
    narrower: dict[str, list[str]] = {}
    for name, word in words().items():
        if word.broader:
            narrower.setdefault(word.broader, []).append(name)
    return narrower


def paint_of(name: str, model: Model) -> Paint:
    """How copies of a model may differ in colour, by its word or else by its tags."""
    word = words().get(name)
    if word and word.paint:
        return word.paint
    tags = set(model.tags)
    if "characters" in tags:
        return "coat" if "animal" in tags else "people"
    return "grown" if tags & _GROWN_TAGS else "made"


def _tidy(name: str) -> str:
    return " ".join(w for w in plain(name).split() if not w.isdecimal())


def _lines() -> list[str]:
    text = Path(__file__).with_name("words.txt").read_text(encoding="utf-8")
    return [line for line in text.splitlines() if line.strip() and not line.startswith("#")]


def _word(line: str) -> Word:
    cells = [cell.strip() for cell in line.split("|")]
    names, aliases, chinese, meant_by, how = (*cells, "", "", "", "", "")[:5]
    name, _, broader = (part.strip() for part in names.partition("<"))
    flags = dict.fromkeys(f for f in how.split() if ":" not in f)
    lists = {k: tuple(v.split(",")) for k, _, v in (f.partition(":") for f in how.split() if ":" in f)}
    paint = next((p for p in get_args(Paint) if p in flags), None)
    needed = tuple((n.removeprefix("+"), tag) for n, _, tag in (m.partition("@") for m in _list(meant_by)))
    spoken = tuple(n[1:] for n in _list(meant_by) if n.startswith("+"))
    likes = tuple(k.replace("_", " ") for k in lists.get("like", ()))
    return Word(
        name, broader or None, tuple(_list(aliases)), tuple(_list(chinese)), needed, spoken, paint, likes,
        lists.get("in", ()),
    )  # fmt: skip


def _list(cell: str) -> list[str]:
    return [part.strip() for part in cell.split(",") if part.strip()]
