"""Things to draw from models: those of one name are one thing, whose appearances are the names in the catalogues.

A narrower name ("bulldog") is not a thing of its own but some appearances of the broader one ("dog"), so that a bulldog
is never left unlabelled in an image of dogs. Names that the built-in catalogue has add their models to its thing.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from statistics import median

from tools.generators.blender.models.model import Model
from tools.generators.blender.models.words import (
    Paint,
    may_be_asked_for,
    meant,
    own_name,
    paint_of,
    root,
    within,
    words,
)
from tools.generators.blender.naming import (
    CHINESE_NEUTRAL,
    MAX_LEAD_CHARS,
    NEUTRAL,
    NEUTRAL_OF,
    find_in,
    forms,
    is_chinese,
    plain,
)
from tools.generators.blender.object_spec import ObjectSpec
from tools.generators.blender.parts import Appearance

FoundThing = tuple[str, list[str]]
SMALL_M = 0.6  # longest side up to which a thing without a word of its own is met on tables and shelves
MAX_ALIASES, MAX_CHINESE = 24, 12


@dataclass(frozen=True)
class _Kind:
    """All models under one broadest name."""

    name: str
    models: dict[str, list[Model]]  # own name -> models
    words_of: dict[str, list[str]]  # own name -> words that it means


class ModelThings:
    """Things by key and what their names mean; made once for a set of libraries."""

    def __init__(self, models: Iterable[Model], built_in: Mapping[str, ObjectSpec]) -> None:
        """See the module.

        Args:
            models: of all libraries; the first of an id counts.
            built_in: the catalogue, by key.
        """
        self.models: dict[str, Model] = {}
        self.paints: dict[str, Paint] = {}
        self.specs: dict[str, ObjectSpec] = {}
        self._names: dict[str, FoundThing] = {}
        for kind in self._kinds(models):
            key = _key_in(built_in, kind.name)
            known = self.specs.get(key, built_in.get(key))  # two kinds may be one thing of the catalogue
            looks = _looks_of(kind, known)
            self.specs[key] = spec = _spec(kind, looks) if known is None else _joined(known, kind, looks)
            self._learn_names(key, kind, spec, looks)
        self._longest = max((len(n) for n in self._names if is_chinese(n)), default=0)

    def find(self, phrase: str) -> FoundThing | None:
        """Key and appearances (none: all) that a phrase means as a whole; None when a word of it is unknown."""
        text = plain(phrase)
        if is_chinese(text):
            return self._find_chinese(text.replace(" ", "").removesuffix("们"))
        for lead in NEUTRAL_OF:
            text = text.removeprefix(lead + " ")
        split = text.split()
        for start in range(len(split)):
            found = self._names.get(" ".join(split[start:]))
            if found and all(w in NEUTRAL for w in split[:start]):
                return found[0], list(found[1])
        return None

    def _find_chinese(self, text: str) -> FoundThing | None:
        for length in range(min(len(text), self._longest), 0, -1):
            found = self._names.get(text[-length:])
            if found and _says_nothing(text[:-length]):
                return found[0], list(found[1])
        return None

    def _kinds(self, models: Iterable[Model]) -> list[_Kind]:
        kinds: dict[str, _Kind] = {}
        for model in models:
            means = meant(model)
            if means is None or model.id in self.models:
                continue
            own = own_name(model)
            name = root(means[0]) if means else own
            kind = kinds.setdefault(name, _Kind(name, {}, {}))
            kind.models.setdefault(own, []).append(model)
            kind.words_of[own] = means
            self.models[model.id] = model
            self.paints[model.id] = paint_of(means[0] if means else own, model)
        return [kinds[name] for name in sorted(kinds)]

    def _learn_names(self, key: str, kind: _Kind, spec: ObjectSpec, looks: Mapping[str, str]) -> None:
        """Every name of the kind and of what is narrower; the first thing to have a name keeps it."""
        whole = words().get(kind.name)
        also = [*whole.aliases, *whole.chinese] if whole else []
        self._learn([spec.name, *spec.aliases, *spec.chinese, kind.name, *also], (key, []))
        for word in within(kind.name)[1:]:
            mine = [looks[own] for own, means in kind.words_of.items() if set(means) & set(within(word))]
            if mine:
                entry = words()[word]
                self._learn([word, *entry.aliases, *entry.chinese], (key, mine))
        for own, look in looks.items():
            if may_be_asked_for(own, kind.words_of[own]):
                chinese = [c for model in kind.models[own] for c in model.chinese]
                self._learn([own, *chinese], (key, [] if own == kind.name else [look]))

    def _learn(self, names: Iterable[str], means: FoundThing) -> None:
        for name in names:
            text = plain(name)
            for form in [text.replace(" ", "")] if is_chinese(text) else forms(text):
                self._names.setdefault(form, means)


def _says_nothing(lead: str) -> bool:
    """Whether a run of characters is made of words that say nothing about a thing."""
    if len(lead) > MAX_LEAD_CHARS:
        return False
    reached = {0}
    for at in range(len(lead)):
        if at in reached:
            reached |= {at + len(word) for word in CHINESE_NEUTRAL if lead.startswith(word, at)}
    return len(lead) in reached


def _key_in(built_in: Mapping[str, ObjectSpec], name: str) -> str:
    """The catalogue's key of a name, also where it has the name as a synonym; a name that it lacks is its own key.

    Synonyms count for our own words alone: what a stranger calls a brush need not be the catalogue's paint brush.
    """
    if name in built_in or name not in words():
        return name
    found = find_in(built_in, name)
    return found[0] if found and not found[1] else name


def _looks_of(kind: _Kind, known: ObjectSpec | None) -> dict[str, str]:
    """Own name in the catalogues -> name of the appearance, unlike those that the thing has already."""
    taken = {a.name.casefold() for a in known.appearances} if known else set()
    return {own: own[:80] if own not in taken else f"{own[:70]} (model)" for own in kind.models}


def _appearances(kind: _Kind, looks: Mapping[str, str], weight: float) -> list[Appearance]:
    """One for each name in the catalogues, as heavy as it has models; all together `weight`."""
    count = sum(map(len, kind.models.values()))
    return [
        Appearance(name=looks[own], weight=weight * len(models) / count, models=[m.id for m in models])
        for own, models in kind.models.items()
    ]


def _spec(kind: _Kind, looks: Mapping[str, str]) -> ObjectSpec:
    """A thing of models alone."""
    word = words().get(kind.name)
    models = [m for found in kind.models.values() for m in found]
    only = models if len(kind.models) == 1 else []  # what all are called is a name of the thing
    chinese = [*(word.chinese if word else ()), *(c for m in only for c in m.chinese if is_chinese(c))]
    aliases = [*(word.aliases if word else ()), *(a for m in only for a in m.aliases)]
    size = median(m.longest_m for m in models)
    return ObjectSpec(
        name=kind.name[:80], aliases=list(dict.fromkeys(aliases))[:MAX_ALIASES],
        chinese=list(dict.fromkeys(chinese))[:MAX_CHINESE], size_m=size, rests=["upright"],
        contexts=list(word.contexts) if word and word.contexts else _usual(models[0], size),
        lookalikes=list(word.lookalikes) if word else [], appearances=_appearances(kind, looks, 1.0),
    )  # fmt: skip


def _joined(known: ObjectSpec, kind: _Kind, looks: Mapping[str, str]) -> ObjectSpec:
    """A thing of the catalogue with its models: they weigh as much as what is built from parts."""
    more = _appearances(kind, looks, sum(a.weight for a in known.appearances))
    return known.model_copy(update={"appearances": [*known.appearances, *more]})


def _usual(model: Model, size_m: float) -> list[str]:
    """Where a thing is met that no word says it of: by its category and size."""
    tags = set(model.tags)
    if tags & {"vehicles", "road"}:
        return ["road"]
    if tags & {"exterior", "outdoor", "garden", "tree"}:
        return ["grass", "road"]
    if tags & {"characters"}:
        return ["road", "grass", "floor"]
    return ["table", "shelf"] if size_m <= SMALL_M else ["floor"]
