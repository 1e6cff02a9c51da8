"""Captions: a scene said in one English sentence, for engines that draw from text."""

from collections.abc import Sequence

from tools.data.scene import SceneObject

_PLACE = {
    "orchard": "among the branches of an orchard", "bush": "in a leafy bush", "grass": "in the grass",
    "soil": "on bare soil", "table": "on a table", "shelf": "on a shelf", "conveyor": "on a conveyor belt",
    "floor": "on a floor", "road": "on an asphalt road", "sky": "against the sky",
    "studio": "on a plain white studio background", "hand": "held in a hand", "workbench": "on a workbench",
    "slide": "on a microscope slide",
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
_DISTANCE = {"close": "close-up", "near": "from near by", "medium": "from a few steps away", "far": "from far away"}
_HIDDEN = {"partly hidden": "partly hidden", "mostly hidden": "mostly hidden behind other things"}
_NUMBERS = ("no", "a", "two", "three", "four", "five", "six")


def caption(axes: dict[str, str], objects: Sequence[SceneObject]) -> str:
    """One sentence, e.g. "A photo of three red apples and a green ball on a table, in bright sun, close-up".

    Args:
        axes: the scene's values (`SceneSpec.axes`).
        objects: what is in it; look-alikes are named too, for they are to be drawn.
    """
    counts: dict[str, int] = {}
    for thing in objects:
        name = thing.class_name or thing.drawn_as
        look = thing.appearance
        shown = name if look in ("", "plain") or look.casefold() in name.casefold() else f"{look} {name}"
        counts[shown] = counts.get(shown, 0) + 1
    things = _join([_counted(name, count) for name, count in counts.items()]) or "an empty scene"
    parts = [
        f"A photo of {things} {_PLACE.get(axes['context'], axes['context'])}",
        _LIGHT.get(axes["light"], axes["light"]),
        _WEATHER.get(axes["weather"], axes["weather"]),
        _VIEW.get(axes["viewpoint"], axes["viewpoint"]),
        _DISTANCE.get(axes["distance"], axes["distance"]) if objects else "",
        _HIDDEN.get(axes["occlusion"], ""),
    ]
    return ", ".join(p for p in parts if p)


def _counted(name: str, count: int) -> str:
    if count == 1:
        return f"{'an' if name[:1].casefold() in 'aeiou' else 'a'} {name}"
    return f"{_NUMBERS[count] if count < len(_NUMBERS) else 'many'} {plural(name)}"


def plural(name: str) -> str:
    """The English plural by rule; a name that is not English stays as it is."""
    if not name[-1:].isascii() or not name[-1:].isalpha():
        return name
    if name.endswith(("s", "x", "ch", "sh")) or name.endswith(("tomato", "potato", "mango")):
        return f"{name}es"
    if name.endswith(("leaf", "loaf", "shelf", "knife")):
        return f"{name.removesuffix('e').removesuffix('f')}ves"
    if name.endswith("y") and name[-2:-1] not in tuple("aeiou"):
        return f"{name[:-1]}ies"
    return f"{name}s"


def _join(parts: list[str]) -> str:
    return " and ".join([", ".join(parts[:-1]), parts[-1]] if len(parts) > 1 else parts)
