"""Captions: a scene said in one English sentence, for engines that draw from text."""

import re
from collections.abc import Iterable, Sequence

from tools.scenes.phrases import Phrases, content_words
from tools.scenes.scene import SceneObject, SceneSpec

_PLACE = {
    "orchard": "among the branches of an orchard", "bush": "in a leafy bush", "grass": "in the grass",
    "soil": "on bare soil", "table": "on a table", "shelf": "on a shelf", "conveyor": "on a conveyor belt",
    "floor": "on a floor", "road": "on an asphalt road", "sky": "against the sky",
    "studio": "on a plain white studio background", "hand": "held in a hand", "workbench": "on a workbench",
    "inspection": "on a conveyor belt under an inspection camera", "dashcam": "on the road, seen through a windscreen",
    "aerial": "on the ground, seen from the air", "slide": "on a microscope slide",
    "liquid": "in a clear liquid", "surface": "on a surface that fills the picture",
}  # fmt: skip
_LIGHT = {
    "overcast": "under an overcast sky", "sun": "in bright sun", "low sun": "in warm low sun", "backlight": "backlit",
    "deep shade": "in deep shade", "indoor lamp": "in the light of an indoor lamp", "studio light": "in studio light",
}  # fmt: skip
_WEATHER = {"clear": "", "haze": "hazy air", "after rain": "wet after rain"}
_VIEW = {
    "eye level": "seen at eye level", "slightly above": "seen from slightly above", "from above": "seen from above",
    "straight down": "seen straight from above", "from below": "seen from below",
}  # fmt: skip
_DISTANCE = {
    "very close": "filling the picture", "close": "close-up", "near": "from near by", "medium": "from a few steps away",
    "far": "from far away",
}  # fmt: skip
_HIDDEN = {"partly hidden": "partly hidden", "mostly hidden": "mostly hidden behind other things"}
_STEP = 97  # prime, so that every axis moves on between two attempts
_NUMBERS = ("no", "a", "two", "three", "four", "five", "six")


_WORDS = {"context": _PLACE, "light": _LIGHT, "weather": _WEATHER, "viewpoint": _VIEW, "distance": _DISTANCE}


def value_in_words(axis: str, value: str) -> str:
    """How a caption says one value of an axis; the value itself where it has no words for it."""
    return _WORDS.get(axis, {}).get(value) or value


REPHRASINGS = 16  # ways tried to say a scene unlike all before


def caption(
    axes: dict[str, str], objects: Sequence[SceneObject], phrases: Phrases | None = None, number: int = 0
) -> str:
    """One sentence, e.g. "A photo of three red apples and a green ball on a table, in bright sun, close-up".

    Args:
        axes: the scene's values (`SceneSpec.axes`).
        objects: what is in it; look-alikes are named too, for they are to be drawn.
        phrases: other ways of saying the values; what they lack is said in the built-in words.
        number: which of the ways.
    """
    said = phrases or Phrases()

    def say(axis: str, built_in: dict[str, str], turn: int) -> str:
        # Each axis takes its turn at another pace, so that phrases meet in ever new company.
        return said.pick(axis, axes[axis], number // turn) or built_in.get(axes[axis], axes[axis])

    counts: dict[str, int] = {}
    for thing in objects:
        name = thing.class_name or thing.drawn_as
        look = thing.appearance
        shown = name if look in ("", "plain") or look.casefold() in name.casefold() else f"{look} {name}"
        counts[shown] = counts.get(shown, 0) + 1
    shown_classes = dict.fromkeys(o.class_name for o in objects if o.class_name)
    details = [d for c in shown_classes if (d := said.detail(c, number // 5)) is not None]
    things = _join([_counted(name, count) for name, count in counts.items()]) or "an empty scene"
    parts = [
        f"A photo of {things} {say('context', _PLACE, 1)}",
        *details,
        say("light", _LIGHT, 2),
        say("weather", _WEATHER, 3),
        say("viewpoint", _VIEW, 7),
        say("distance", _DISTANCE, 11) if objects else "",
        said.pick("occlusion", axes["occlusion"], number // 13) or _HIDDEN.get(axes["occlusion"], ""),
        said.style(number // 3) or "",
    ]
    return ", ".join(p for p in parts if p)


def say_distinctly(scenes: Sequence[SceneSpec], phrases: Phrases, earlier: Iterable[SceneSpec] = ()) -> list[SceneSpec]:
    """Give each scene a caption unlike all others; a near-identical one is refused and the scene said anew.

    Args:
        scenes: get their captions here.
        phrases: ways of saying.
        earlier: scenes whose captions are taken.

    Returns:
        The scenes that cannot be said in a new way; they keep the caption that another scene has too.
    """
    taken = {content_words(s.caption) for s in earlier}
    same = []
    for scene in scenes:
        for attempt in range(REPHRASINGS if phrases else 1):
            scene.caption = caption(scene.axes(), scene.objects, phrases, scene.seed + attempt * _STEP)
            words = content_words(scene.caption)
            if words not in taken:
                break
        else:
            same.append(scene)
        taken.add(words)
    return same


def near_identical(scenes: Iterable[SceneSpec]) -> int:
    """How many captions say what an earlier one says already."""
    said = [content_words(s.caption) for s in scenes]
    return len(said) - len(set(said))


def _counted(name: str, count: int) -> str:
    if count == 1:
        return f"{'an' if name[:1].casefold() in 'aeiou' else 'a'} {name}"
    return f"{_NUMBERS[count] if count < len(_NUMBERS) else 'many'} {plural(name)}"


_JOINT = re.compile(r" (?:in|on|of|with|without|at|under) ")
_IRREGULAR = (
    ("person", "people"), ("man", "men"), ("woman", "women"), ("child", "children"), ("mouse", "mice"),
    ("goose", "geese"), ("foot", "feet"), ("tooth", "teeth"), ("sheep", "sheep"), ("fish", "fish"), ("deer", "deer"),
    ("bacterium", "bacteria"), ("alga", "algae"),
)  # fmt: skip


def plural(name: str) -> str:
    """The English plural by rule; a name that is not English stays as it is."""
    if not name[-1:].isascii() or not name[-1:].isalpha():
        return name
    if (joint := _JOINT.search(name)) is not None:  # "person in hard hats": of the head, whatever it has
        return f"{plural(name[: joint.start()])}{name[joint.start() :]}"
    for one, many in _IRREGULAR:
        if name == one or name.endswith(f" {one}"):
            return f"{name.removesuffix(one)}{many}"
    if name.endswith(("s", "x", "ch", "sh")) or name.endswith(("tomato", "potato", "mango")):
        return f"{name}es"
    if name.endswith(("leaf", "loaf", "shelf", "knife")):
        return f"{name.removesuffix('e').removesuffix('f')}ves"
    if name.endswith("y") and name[-2:-1] not in tuple("aeiou"):
        return f"{name[:-1]}ies"
    return f"{name}s"


def _join(parts: list[str]) -> str:
    return " and ".join([", ".join(parts[:-1]), parts[-1]] if len(parts) > 1 else parts)
