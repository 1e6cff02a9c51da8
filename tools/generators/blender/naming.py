"""Which object a phrase means: plurals, other names, states ("ripe", "成熟的"), Chinese; None rather than a near miss.

A phrase is understood only as a whole: its last words must be a name of an object, and every word before them must be
an appearance of that object or say nothing about its looks. So "apple pie" is nothing, and so is "wooden apple".
"""

import re
import unicodedata
from collections.abc import Iterator, Mapping
from functools import lru_cache

from tools.generators.blender.object_spec import ObjectSpec
from tools.generators.blender.parts import Appearance

IRREGULAR = {
    "knife": ["knives"], "leaf": ["leaves"], "loaf": ["loaves"], "die": ["dice"], "mouse": ["mice"], "foot": ["feet"],
    "tomato": ["tomatoes"], "potato": ["potatoes"], "mango": ["mangoes", "mangos"], "bacterium": ["bacteria"],
    "bacillus": ["bacilli"], "erythrocyte": ["erythrocytes"], "leucocyte": ["leucocytes"], "cactus": ["cacti"],
    "fungus": ["fungi"], "tooth": ["teeth"], "shelf": ["shelves"], "calf": ["calves"], "scissors": ["scissors"],
    "person": ["people", "persons"], "man": ["men"], "woman": ["women"], "child": ["children"],
    "fish": ["fish", "fishes"], "sheep": ["sheep"], "dice": ["dice"], "broccoli": ["broccoli", "broccolis"],
    "corn": ["corn"],
}  # fmt: skip
# Plurals that are another thing than several of the singular: spectacles are not drinking glasses.
OTHER_PLURALS = {"glasses"}
# Words between who and what he wears.
WEARING = {"in", "with", "without", "wearing"}
# Words that say nothing about which thing is meant or how it looks.
NEUTRAL = {
    "a", "an", "the", "some", "any", "all", "every", "each", "single", "several", "many", "few", "multiple",
    "individual", "separate", "whole", "entire", "fresh", "real", "natural", "normal", "ordinary", "common",
    "typical", "regular", "standard", "big", "large", "small", "little", "tiny", "huge", "medium", "sized",
    "different", "various", "assorted", "mixed", "my", "our", "your", "these", "those", "this", "that",
    "visible", "loose", "lost", "missing", "stray", "own", "favourite", "favorite",
}  # fmt: skip
MAX_LEAD_CHARS = 24  # Chinese before a name: "许多不同的新鲜成熟的" has ten
NEUTRAL_OF = ("kinds of", "types of", "sorts of", "all kinds of", "varieties of", "pieces of", "pictures of")
CHINESE_NEUTRAL = (
    "一个", "一颗", "一些", "一只", "一把", "一瓶", "几个", "多个", "许多", "很多", "各种", "不同", "所有", "新鲜",
    "普通", "真实", "单个", "我的", "丢失", "流浪", "大", "小", "这些", "那些", "的", "色", "个", "颗", "只",
)  # fmt: skip


def plain(text: str) -> str:
    """Lower case, single spaces, no punctuation between words."""
    text = unicodedata.normalize("NFKC", text).casefold()
    text = re.sub(r"[’']s\b", "s", text)
    return re.sub(r"[\s\-_/.,;:!?\"'’“”()]+", " ", text).strip()


def is_chinese(text: str) -> bool:
    """Whether a text has Chinese characters."""
    return re.search(r"[\u3400-\u9fff]", text) is not None


def plurals(word: str) -> list[str]:
    """The plural forms of an English noun."""
    if word in IRREGULAR:
        return IRREGULAR[word]
    if re.search(r"(s|x|z|ch|sh)$", word):
        return [word + "es"]
    if re.search(r"[^aeiou]y$", word):
        return [word[:-1] + "ies"]
    return [word + "s"]


def forms(name: str) -> list[str]:
    """A plain name and its plurals; of "bunch of grapes" the first word is the one that changes.

    Of "person with hat" both change, each for itself, and it may be "a hat".
    """
    words = name.split()
    if not words:
        return []
    joint = next((w for w in words[1:] if w == "of" or w in WEARING), None)
    at = words.index(joint) if joint else len(words)
    heads = [" ".join([*words[: at - 1], w]) for w in (words[at - 1], *plurals(words[at - 1]))]
    rest = words[at:]
    tails = [" ".join(rest)]
    if joint in WEARING:
        worn = rest[1:]
        tails += [" ".join([joint, article, *worn]) for article in ("a", "an")]
        tails += [" ".join([joint, *worn[:-1], p]) for p in plurals(worn[-1])] if worn else []
    found = [f"{head} {tail}".strip() for tail in tails for head in heads]
    return [name, *(c for c in found if c != name and c not in OTHER_PLURALS)]


def find_in(specs: Mapping[str, ObjectSpec], phrase: str) -> tuple[str, list[str]] | None:
    """The object a phrase means and the appearances it asks for (none: all); None when that is not certain."""
    text = plain(phrase)
    if not text:
        return None
    return _find_chinese(specs, text.replace(" ", "")) if is_chinese(text) else _find_english(specs, text)


def _find_english(specs: Mapping[str, ObjectSpec], text: str) -> tuple[str, list[str]] | None:
    for lead in NEUTRAL_OF:
        text = text.removeprefix(lead + " ")
    words = text.split()
    index = _english_names(_key_of(specs))
    for start in range(len(words)):  # the longest name first: "soda can" before "can"
        for key in index.get(" ".join(words[start:]), ()):
            looks = _english_looks(specs[key], words[:start])
            if looks is not None:
                return key, looks
    return None


def _english_looks(spec: ObjectSpec, words: list[str]) -> list[str] | None:
    """Appearances that fit every describing word; None when a word is unknown or they contradict each other."""
    left = {look.name for look in spec.appearances}
    named = False
    at = 0
    while at < len(words):
        for end in range(len(words), at, -1):
            word = " ".join(words[at:end])
            fitting = {look.name for look in spec.appearances if word in _state_words(look)}
            if fitting:
                left, named = left & fitting, True
            if fitting or word in NEUTRAL or word == "and":
                at = end
                break
        else:
            return None
    if not left:
        return None
    return [look.name for look in spec.appearances if look.name in left] if named else []


def _find_chinese(specs: Mapping[str, ObjectSpec], text: str) -> tuple[str, list[str]] | None:
    text = text.removesuffix("们")
    names = _chinese_names(_chinese_of(specs))
    for length in range(min(len(text), max(map(len, names), default=0)), 0, -1):
        for key in names.get(text[-length:], ()):
            looks = _chinese_looks(specs[key], text[:-length])
            if looks is not None:
                return key, looks
    return None


@lru_cache(maxsize=16)
def _chinese_names(specs: tuple[tuple[str, tuple[str, ...]], ...]) -> dict[str, list[str]]:
    """Every Chinese name to the keys that have it; `specs` are keys and names."""
    index: dict[str, list[str]] = {}
    for key, names in specs:
        for name in names:
            index.setdefault(plain(name).replace(" ", ""), []).append(key)
    return index


def _chinese_looks(spec: ObjectSpec, lead: str) -> list[str] | None:
    if len(lead) > MAX_LEAD_CHARS:  # the ways to read it grow with the power of its length
        return None
    best: list[str] | None = None
    for found in _readings(spec, lead):
        fitting = [look.name for look in spec.appearances if all(look.name in names for names in found)]
        if fitting:
            best = fitting if found else []
            break
    return best


def _readings(spec: ObjectSpec, lead: str) -> Iterator[list[frozenset[str]]]:
    """Ways to read a run of characters as states and empty words, longest words first."""
    if not lead:
        yield []
        return
    states = {w for look in spec.appearances for w in _state_words(look) if is_chinese(w)}
    for word in sorted(states | set(CHINESE_NEUTRAL), key=lambda w: (-len(w), w)):
        if lead.startswith(word):
            names = frozenset(look.name for look in spec.appearances if word in _state_words(look))
            for rest in _readings(spec, lead[len(word) :]):
                yield [names, *rest] if names else rest


@lru_cache(maxsize=4096)
def _state_words_of(name: str, states: tuple[str, ...]) -> frozenset[str]:
    # "红" and "红色" are one word: 色 (colour) says nothing more.
    words = [plain(w) for w in (name, *states)]
    return frozenset(w[:-1] if w.endswith("色") and len(w) > 1 else w for w in words)


def _state_words(look: Appearance) -> frozenset[str]:
    return _state_words_of(look.name, tuple(look.states))


def relative_in(phrase: str, relatives: tuple[str, ...]) -> str | None:
    """The relative that a phrase ends with, in any of its forms."""
    text = plain(phrase)
    for name in relatives:
        for form in [plain(name)] if is_chinese(name) else forms(plain(name)):
            if text == form or text.endswith(form if is_chinese(name) else f" {form}"):
                return name
    return None


def _chinese_of(specs: Mapping[str, ObjectSpec]) -> tuple[tuple[str, tuple[str, ...]], ...]:
    known: tuple[tuple[str, tuple[str, ...]], ...] | None = getattr(specs, "chinese", None)
    return known or tuple((key, tuple(spec.chinese)) for key, spec in specs.items())


def _key_of(specs: Mapping[str, ObjectSpec]) -> tuple[tuple[str, str, tuple[str, ...]], ...]:
    # A catalogue of families knows its names without building what they draw.
    known: tuple[tuple[str, str, tuple[str, ...]], ...] | None = getattr(specs, "english", None)
    return known or tuple((key, spec.name, tuple(spec.aliases)) for key, spec in specs.items())


@lru_cache(maxsize=16)
def _english_names(specs: tuple[tuple[str, str, tuple[str, ...]], ...]) -> dict[str, list[str]]:
    """Every form of every name to the keys that have it.

    Kept for several sets of objects: a planner asks hundreds of times, and each time of what was taught and of the
    catalogue in turn.

    Args:
        specs: key, name and aliases of each object.
    """
    index: dict[str, list[str]] = {}
    for key, *names in ((key, name, *aliases) for key, name, aliases in specs):
        for name in names:
            if not is_chinese(name):
                for form in forms(plain(name)):
                    keys = index.setdefault(form, [])
                    if key not in keys:
                        keys.append(key)
    return index
