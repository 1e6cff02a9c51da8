"""Which class of the task is meant by a class name in somebody's labels: 'Ripe_apples' may well be 'apple'.

Only what is safe is mapped without asking: the same words, another number, a known word for its state. Everything else
is asked, with suggestions, because scores on the wrong class look like scores.
"""

import difflib
import re
import unicodedata
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from tools.core.errors import NeedsUser
from tools.core.task import ClassSpec, TaskSpec

# Words that say how a thing is, not what it is: "unripe apple" is an apple (but "hot dog" is no dog).
_STATES = frozenset({
    "ripe", "unripe", "overripe", "raw", "green", "red", "yellow", "fresh", "rotten", "good", "bad", "healthy",
    "damaged", "whole", "half", "small", "medium", "big", "large", "young", "old", "mature", "immature",
    "visible", "occluded", "hidden", "clean", "dirty", "new", "used", "full", "empty", "open", "closed", "single",
})  # fmt: skip
# What people call the one class of a data set when they do not care for its name.
_GENERIC = frozenset({
    "object", "item", "thing", "target", "instance", "foreground", "fg", "roi", "region", "label", "class",
    "product", "fruit", "vegetable", "default", "positive", "obj", "0", "1",
})  # fmt: skip
# Plurals of English nouns, the first that fits: what ends like one and is none, what follows no rule, the rules.
_PLURALS = tuple((re.compile(f"(?i){pattern}"), one) for pattern, one in (
    (r"^(scissors|pliers|jeans|trousers|pants|binoculars|tweezers|headphones|series|species|gas|lens|chess|asparagus"
     r"|specimen|stamen|abdomen|lumen|ramen|\w{1,2}|his|this|\w*(?:ss|us|osis|asis|esis|ysis|itis)"
     r"|axis|iris|mantis|tennis|pelvis|chassis|clematis|cannabis|trellis)$", r"\1"),
    (r"^people$", "person"), (r"men$", "man"), (r"\bchildren$", "child"), (r"\bmice$", "mouse"), (r"^dice$", "die"),
    (r"\bgeese$", "goose"), (r"teeth$", "tooth"), (r"\bfeet$", "foot"), (r"\bbacteria$", "bacterium"),
    (r"(mov|cook|brown|smooth|\b[tpdl])ies$", r"\1ie"),
    (r"(shoe|canoe|\bcache|(?:head|tooth)ache|\baxe|\btoe|\bhoe)s$", r"\1"),
    (r"(kni|(?<!o)li|wi)ves$", r"\1fe"), (r"(lea|shel|loa|cal|hal|wol|thie)ves$", r"\1f"),
    (r"([^aeiou\W])ies$", r"\1y"), (r"(ss|x|zz|tz|ch|sh|o|bus|virus|cactus|lens|gas)es$", r"\1"),
    (r"([^su\W])s$", r"\1"),
))  # fmt: skip
_SIMILAR = 0.8  # difflib ratio from which two spellings are the same word mistyped
_MAX_OPTIONS = 8


@dataclass(frozen=True)
class ClassMatch:
    """What the labels' classes mean."""

    mapping: dict[str, str]  # label class -> class of the task
    notes: list[str] = field(default_factory=list)


def match_classes(
    found: Mapping[str, int], task: TaskSpec, class_map: Mapping[str, str] | None = None, where: str = "the labels"
) -> ClassMatch:
    """Map the classes of labels to the task's.

    Args:
        found: label class -> how many labels it has.
        task: its class names, detector phrases and objects are compared.
        class_map: pairs that the person gave, label=class or class=label; they come first.
        where: the folder, for the question.

    Raises:
        NeedsUser: no label can be taken for a class of the task, or a given pair names something unknown.
    """
    mapping = _given(found, task, class_map or {}, where)
    safe = [_safe(label, task.classes) for label in found]
    mapping |= {label: c.name for label, c in zip(found, safe, strict=True) if c is not None and label not in mapping}
    if not mapping and len(found) == len(task.classes) == 1:
        label, only = next(iter(found)), task.classes[0]
        if _related(label, only):
            mapping = {label: only.name}
    if not mapping:
        raise NeedsUser(_question(found, task, where), _options(found, task))
    return ClassMatch({label: mapping[label] for label in found if label in mapping}, _notes(found, mapping, task))


def words(text: str) -> tuple[str, ...]:
    """The words of a name in lower case and singular: 'RipeApples_2' -> ('ripe', 'apple', '2')."""
    plain = unicodedata.normalize("NFKC", text)
    spaced = re.sub(r"(?<=[a-z])(?=[A-Z])", " ", plain)
    return tuple(singular_word(word) for word in re.findall(r"[^\W_]+", spaced.casefold()))


def singular_word(word: str) -> str:
    """An English noun in the singular; what is one already stays."""
    found = next(((pattern, one) for pattern, one in _PLURALS if pattern.search(word)), None)
    return word if found is None else found[0].sub(found[1], word)


def _given(found: Mapping[str, int], task: TaskSpec, class_map: Mapping[str, str], where: str) -> dict[str, str]:
    mapping = {}
    for left, right in class_map.items():
        if left in found and right in task.class_names:
            mapping[left] = right
        elif right in found and left in task.class_names:
            mapping[right] = left
        else:
            raise NeedsUser(
                f"The given pair '{left}={right}' does not name a label of {where} and a class of the task. "
                + _question(found, task, where),
                _options(found, task),
            )
    return mapping


def _safe(label: str, classes: Sequence[ClassSpec]) -> ClassSpec | None:
    """The class that a label names in other letters, or None when there is none or more than one."""
    mine = words(label)
    same = [c for c in classes if "".join(mine) in {"".join(n) for n in _names(c)}]
    if not same:
        bare = tuple(w for w in mine if w not in _STATES and not w.isdigit())
        if not bare:
            return None
        # A class that is itself a state ("ripe tomato") takes no other state of the same thing.
        same = [c for c in classes if bare in _names(c)]
    return same[0] if len(same) == 1 else None


def _names(spec: ClassSpec) -> list[tuple[str, ...]]:
    """The names by which a class is known; what draws it counts when the class is not just one look of that."""
    names = [spec.name, spec.phrase]
    if not spec.appearances:
        names.append(spec.drawn_as)
    return [words(name) for name in names]


def _related(label: str, spec: ClassSpec) -> bool:
    """Whether the only label and the only class may be taken for the same thing, and said so."""
    mine = words(label)
    if mine and set(mine) <= _GENERIC:
        return True
    for name in [*_names(spec), words(spec.drawn_as)]:
        if not name or not mine:
            continue
        if mine[-1] == name[-1] or set(mine) <= set(name):
            return True
        if difflib.SequenceMatcher(None, " ".join(mine), " ".join(name)).ratio() >= _SIMILAR:
            return True
    return False


def _options(found: Mapping[str, int], task: TaskSpec) -> list[str]:
    """Pairs 'label=class' to choose from, the likeliest first."""

    def likeness(label: str, spec: ClassSpec) -> float:
        mine = words(label)
        ratios = [
            difflib.SequenceMatcher(None, " ".join(mine), " ".join(name)).ratio() + bool(set(mine) & set(name))
            for name in _names(spec)
        ]
        return max(ratios)

    pairs = [(-likeness(label, c), -count, f"{label}={c.name}") for label, count in found.items() for c in task.classes]
    return [text for _, _, text in sorted(pairs)[:_MAX_OPTIONS]]


def _question(found: Mapping[str, int], task: TaskSpec, where: str) -> str:
    labels = ", ".join(f"'{name}' ({count})" for name, count in Counter(found).most_common(_MAX_OPTIONS))
    more = f" and {len(found) - _MAX_OPTIONS} more" if len(found) > _MAX_OPTIONS else ""
    wanted = ", ".join(f"'{name}'" for name in task.class_names)
    best = _options(found, task)[0]
    label, _, name = best.rpartition("=")
    return (
        f"The labels in {where} are of {labels}{more}; the task is to recognise {wanted}. "
        f"Which label means which class? Answer with pairs such as '{best}', or set SIGHTSMITH_CLASS_MAP "
        f'to a JSON object such as {{"{label}": "{name}"}}.'
    )


def _notes(found: Mapping[str, int], mapping: Mapping[str, str], task: TaskSpec) -> list[str]:
    notes = [f"label '{label}' is taken for '{name}'" for label, name in mapping.items() if label != name]
    ignored = [label for label in found if label not in mapping]
    if ignored:
        shown = ", ".join(f"'{label}'" for label in ignored[:_MAX_OPTIONS])
        notes.append(f"{len(ignored)} label classes are not of the task and ignored: {shown}")
    absent = [name for name in task.class_names if name not in mapping.values()]
    if absent:
        notes.append("no real photo is labelled with: " + ", ".join(f"'{name}'" for name in absent))
    return notes
