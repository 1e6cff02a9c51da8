"""Which object draws each class of a task. What nothing draws is refused, never drawn as something else."""

import difflib
import json
from collections.abc import Callable, Mapping, Sequence
from typing import Any, Protocol

from pydantic import BaseModel, Field, ValidationError, model_validator

from tools.core.errors import Code, FixArguments
from tools.core.task import MAX_NAME_CHARS, ClassSpec, clean_name
from tools.drawable.homonyms import meanings_of

# "good apples" beside "rotten apples" are the apples that are in no other class.
SOUND = ("good", "healthy", "fresh", "intact", "undamaged", "normal", "clean", "sound", "fine", "好", "新鲜", "新")
_NEAR = 4  # nearest names shown for an unknown class


class ClassArgument(BaseModel):
    """A class as a model names it in a call; its name alone will do."""

    name: str = Field(
        description="what the user calls it, singular, in the user's words: 'apple', 'ripe tomato', '苹果'"
    )
    appearances: list[str] = Field(
        default_factory=list, description="only these appearances of the object; leave empty for all"
    )
    object_spec: dict[str, Any] | None = Field(
        None,
        description="how to build it from parts; only for a thing that nothing can draw (the refusal shows the format)",
    )

    @model_validator(mode="before")
    @classmethod
    def _by_name(cls, value: Any) -> Any:
        return {"name": value} if isinstance(value, str) else value


class Objects(Protocol):
    """What can be drawn; `tools.generators.blender.library.Library` is one."""

    def find(self, phrase: str) -> tuple[str, list[str]] | None:
        """Key and appearances that a phrase means, or None."""

    def keys(self) -> list[str]:
        """Every key."""

    def spec(self, key: str) -> Any:
        """The ObjectSpec of a key."""

    def names(self) -> Mapping[str, Sequence[str]]:
        """Every name of every key, the first one its own; nothing is built for it."""

    def add_taught(self, spec: Any) -> str:
        """Keep an object that was taught; its key."""


def resolve_classes(
    arguments: Sequence[ClassArgument], objects: Objects, how_to_teach: Callable[[], str] = str
) -> list[ClassSpec]:
    """Classes with the object and the appearances that draw each.

    Args:
        arguments: as the model named them.
        objects: what can be drawn; a valid `object_spec` is added to it.
        how_to_teach: gives the format of an object_spec, for the refusal.

    Raises:
        FixArguments: no class, a name that is empty or doubled, nothing that draws one, or two that look
            the same.
    """
    if not arguments:
        raise FixArguments("Name at least one class.")
    for argument in arguments:
        if argument.object_spec is not None:
            _teach(argument, objects)
    names = [_name(a) for a in arguments]
    found = [(a, name, drawn_by(name, names, objects)) for a, name in zip(arguments, names, strict=True)]
    unknown = [name for _, name, drawn in found if drawn is None]
    if unknown:
        raise _refusal(unknown, objects, how_to_teach())
    classes = []
    for argument, name, drawn in found:
        assert drawn is not None
        key, looks = drawn
        classes.append(ClassSpec(name=name, drawn_as=key, appearances=_narrow(argument, key, looks, objects)))
    _refuse_doubles(classes)
    _share_out(classes, objects)
    for one in classes:
        if not one.name.isascii():  # an open-vocabulary detector hears English
            one.phrase = " ".join([*one.appearances[:1], one.drawn_as])
    return classes


def drawn_by(name: str, names: Sequence[str], objects: Objects) -> tuple[str, list[str]] | None:
    """Key and appearances that draw a class called `name` among the classes `names`; None when nothing does."""
    found = objects.find(name)
    if found is not None:
        return found
    for state in SOUND:
        rest = name.casefold().removeprefix(state).strip().removeprefix("的")
        whole = objects.find(rest) if rest != name.casefold() else None
        if whole is not None:
            others = [objects.find(n) for n in names if n != name]
            return (whole[0], []) if any(o and o[0] == whole[0] and o[1] for o in others) else None
    return None


def nearest(name: str, objects: Objects) -> list[str]:
    """What a word of two meanings can mean; else known names that are spelt like it or share its last word."""
    if meanings := meanings_of(name):
        return meanings
    names: dict[str, str] = {}
    for own, *others in objects.names().values():
        for other in (own, *others):
            names.setdefault(other.casefold(), own)
    text = name.casefold()
    close = difflib.get_close_matches(text, names, n=_NEAR, cutoff=0.6)
    last = text.split()[-1:] or [text]
    share = [n for n in names if last[0] in n.split() or (len(n) > 1 and not n.isascii() and n in text)]
    return list(dict.fromkeys(names[n] for n in [*close, *share]))[:_NEAR]


def _name(argument: ClassArgument) -> str:
    try:
        return clean_name(argument.name)
    except ValueError as error:
        raise FixArguments(f"A class name cannot be used: {error}.") from None


def _teach(argument: ClassArgument, objects: Objects) -> None:
    from tools.generators.blender.object_spec import ObjectSpec, refusal

    name = _name(argument)
    try:
        spec = ObjectSpec.model_validate(argument.object_spec)
    except ValidationError as error:
        raise FixArguments(
            f"The object_spec of {json.dumps(name, ensure_ascii=False)} is refused: {refusal(error)}"
        ) from None
    if (
        objects.find(name) is None
        and spec.name.casefold() != name.casefold()
        and name not in (*spec.aliases, *spec.chinese)
    ):
        raise FixArguments(f"The object_spec's name is {spec.name!r}; name it {name!r}, as the class is called.")
    objects.add_taught(spec)


def relatives(classes: Sequence[ClassSpec], objects: Objects) -> list[str]:
    """A note for each class whose name is only related to what draws it: a puppy is drawn as a dog of any age."""
    relative_of = getattr(objects, "relative_of", None)
    if relative_of is None:
        return []
    return [
        f"{c.name}: drawn as {c.drawn_as}; what makes it {found} and no other {c.drawn_as} is not shown"
        for c in classes
        if (found := relative_of(c.drawn_as, c.name))
    ]


def _refusal(unknown: list[str], objects: Objects, how_to_teach: str) -> FixArguments:
    near = {name: nearest(name, objects) for name in unknown}
    message = (
        f"Nothing can draw {json.dumps(unknown, ensure_ascii=False)}. Nearest known names: "
        f"{json.dumps(near, ensure_ascii=False)}. A class is never drawn as something else: call define_task "
        "again with an object_spec for it, or ask_user what to do (another name, or models with --assets DIR).\n"
        f"{how_to_teach}"
    )
    return FixArguments(message.strip(), Code.UNCOVERED, {"names": unknown, "nearest": near})


def _narrow(argument: ClassArgument, key: str, looks: list[str], objects: Objects) -> list[str]:
    known = [look.name for look in objects.spec(key).appearances]
    wanted = {a.casefold() for a in argument.appearances}
    wrong = sorted(wanted - {k.casefold() for k in known})
    if wrong:
        raise FixArguments(
            f"{key!r} has no appearance {wrong[0]!r}; it has {', '.join(known)}. Leave appearances out for all."
        )
    allowed = looks or known
    chosen = [k for k in known if k in allowed and (not wanted or k.casefold() in wanted)]
    if not chosen:
        raise FixArguments(
            f"The name {argument.name[:MAX_NAME_CHARS]!r} means {', '.join(looks)}; "
            "that contradicts the given appearances."
        )
    return [] if set(chosen) == set(known) else chosen


def _refuse_doubles(classes: list[ClassSpec]) -> None:
    names = [c.name.casefold() for c in classes]
    if twice := sorted({n for n in names if names.count(n) > 1}):
        raise FixArguments(f"Class named twice: {', '.join(twice)}.")


def _share_out(classes: list[ClassSpec], objects: Objects) -> None:
    """Classes of one object must not share an appearance; one without any gets what the others leave."""
    for key in dict.fromkeys(c.drawn_as for c in classes):
        same = [c for c in classes if c.drawn_as == key]
        if len(same) == 1:
            continue
        whole = [c for c in same if not c.appearances]
        taken = [a for c in same for a in c.appearances]
        left = [a.name for a in objects.spec(key).appearances if a.name not in taken]
        if len(whole) > 1 or len(set(taken)) < len(taken) or (whole and not left):
            names, known = [c.name for c in same], [a.name for a in objects.spec(key).appearances]
            raise FixArguments(
                f"{', '.join(map(repr, names))} would be drawn the same way, so no model could tell them apart. Give "
                f"each its own appearances of {key!r} ({', '.join(known)}), or name other classes.",
                Code.ALIKE,
                {"classes": names, "drawn_as": key, "appearances": known},
            )
        if whole:
            whole[0].appearances = left
