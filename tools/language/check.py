"""Whether an answer follows from a scene: an independent reading of the finished text against masks and pixels.

Nothing here is shared with what wrote the text but the names of the things: questions are parsed from their English,
places come from the masks' own pixels (not from boxes), colours from the median in CIE Lab (not from votes of hues).
"""

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from itertools import pairwise

import cv2
import numpy as np
import numpy.typing as npt

from tools.data.images import ImageArray
from tools.data.sample import BoolMask, Sample
from tools.scenes.captions import plural
from tools.scenes.scene import SceneSpec

_WORDS = ("zero", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten", "eleven", "twelve")
_ORDINALS = ("first", "second", "third", "fourth", "fifth", "sixth")
# Colour -> hue from, to (degrees in Lab), chroma from, to, lightness from, to.
_RANGES: dict[str, tuple[float, float, float, float, float, float]] = {
    "red": (5, 50, 22, 200, 8, 70), "orange": (40, 82, 25, 200, 30, 95), "yellow": (74, 118, 18, 200, 30, 100),
    "green": (98, 190, 9, 200, 8, 98), "blue": (225, 318, 9, 200, 5, 90), "purple": (296, 345, 10, 200, 6, 85),
    "pink": (318, 400, 14, 120, 40, 97), "brown": (22, 88, 8, 60, 8, 55), "black": (0, 360, 0, 26, 0, 24),
    "white": (0, 360, 0, 15, 74, 101), "grey": (0, 360, 0, 17, 24, 88),
}  # fmt: skip
_SAID = {"backlight": "backlit", "sun": "bright sun"}  # values that sentences do not call by their name


@dataclass(frozen=True)
class _Thing:
    name: str
    mask: BoolMask
    x: float  # centre of the pixels seen, 0..1
    y: float
    area: int
    share: float | None
    depth: float | None


class Refused(Exception):
    """The text is not true of the scene, or says what the scene does not decide."""


class Checker:
    """Checks texts about one image.

    Args:
        sample: with exact labels and look-alikes.
        scene: that the image was made of.
        image: (h, w, 3) RGB.
        names: that texts may speak of.
    """

    def __init__(self, sample: Sample, scene: SceneSpec, image: ImageArray, names: Sequence[str]) -> None:
        self.sample, self.image = sample, image
        self.things: list[_Thing] = []
        for label in (*sample.instances, *sample.lookalikes):
            mask = label.mask(sample.height, sample.width)
            if mask is None or not mask.any():
                raise ValueError(f"{sample.id}: a {label.class_name} without a mask")
            rows, columns = np.nonzero(mask)
            x, y = (float(v.mean() + 0.5) / side for v, side in ((columns, sample.width), (rows, sample.height)))
            self.things.append(_Thing(label.class_name, mask, x, y, len(rows), label.visible_share, label.depth))
        self.wanted = [o.class_name or o.drawn_as for o in scene.objects]
        self.axes = sample.axes
        self._names = {}
        for name in names:
            self._names[plural(name)] = name
        self._names |= {name: name for name in names}
        self._any = "|".join(re.escape(n) for n in sorted(self._names, key=len, reverse=True))

    def problem(self, question: str, answer: str) -> str | None:
        """Why an answer does not follow; None where it does."""
        try:
            for pattern, rule in self._rules():
                if (match := re.fullmatch(pattern.replace("NAME", f"({self._any})"), question)) is not None:
                    expected = rule(*match.groups(), *([answer] if rule in self._takes_answer else []))
                    return None if expected == answer else f"the scene says {expected!r}"
        except Refused as refusal:
            return str(refusal)
        return "it is no question of a known form"

    # Forms of questions -----------------------------------------------------------------------------------------

    @property
    def _takes_answer(self) -> tuple[Callable[..., str], ...]:
        return (self._colour, self._nothing_coloured, self._nothing_placed, self._box_of, self._in_box)

    def _rules(self) -> list[tuple[str, Callable[..., str]]]:
        return [
            (r"How many NAME are there in the picture\?", self._count),
            (r"(?:Is|Are) there exactly (\w+) NAME in the picture\?", self._exactly),
            (r"(?:Is there an?|Are there any) NAME in the picture\?", self._exists),
            (r"What colour is the NAME\?", self._nothing_coloured),
            (r"What colour is (.+)\?", self._colour),
            (r"Where in the picture is the NAME\?", self._nothing_placed),
            (r"Where in the picture is (.+)\?", self._place),
            (r"Is (.+) partly hidden\?", self._hidden),
            (r"Is the NAME (to the left of|to the right of|above|below) the NAME\?", self._related),
            (r"Which is closer to the camera, the NAME or the NAME\?", self._closer),
            (rf"Is (.+) ({'|'.join(_RANGES)})\?", self._is_colour),
            (r"Please give the bounding box of (.+)\.", self._box_of),
            (r"What is in the region (\[.+\])\?", self._in_box),
        ]

    def _count(self, said: str) -> str:
        return str(self._number_of(self._names[said])) if self._number_of(self._names[said]) else "none"

    def _exactly(self, number: str, said: str) -> str:
        wanted = _WORDS.index(number) if number in _WORDS else int(number)
        return "yes" if self._number_of(self._names[said]) == wanted else "no"

    def _exists(self, said: str) -> str:
        return "yes" if self._number_of(self._names[said]) else "no"

    def _colour(self, said: str, answer: str) -> str:
        return answer if self._looks(self._meant(said), answer) else f"another colour than {answer}"

    def _is_colour(self, said: str, colour: str) -> str:
        thing = self._meant(said)
        return "yes" if self._looks(thing, colour) else "no"

    def _nothing_coloured(self, said: str, answer: str) -> str:
        name = self._names[said]
        return self._colour(f"the {said}", answer) if self._number_of(name) else f"There is no {name} in the picture."

    def _nothing_placed(self, said: str, answer: str) -> str:
        name = self._names[said]
        return self._place(f"the {said}") if self._number_of(name) else f"There is no {name} in the picture."

    def _place(self, said: str) -> str:
        thing = self._meant(said)
        row = ("upper", "middle", "lower")[min(2, int(thing.y * 3))]
        column = ("left", "middle", "right")[min(2, int(thing.x * 3))]
        return "in the middle" if row == column == "middle" else f"in the {row} {column}"

    def _hidden(self, said: str) -> str:
        thing = self._meant(said)
        edge = thing.mask[0].any() or thing.mask[-1].any() or thing.mask[:, 0].any() or thing.mask[:, -1].any()
        if thing.share is None or edge:
            raise Refused("the scene does not say how much of it is covered")
        if 0.7 < thing.share < 0.95:
            raise Refused(f"{thing.share:.0%} of it are seen, which is neither")
        return "yes" if thing.share <= 0.7 else "no"

    def _related(self, first: str, how: str, second: str) -> str:
        a, b = self._meant(f"the {first}"), self._meant(f"the {second}")
        if self._lies(a, b, how):
            return "yes"
        opposite = {"above": "below", "below": "above", "to the left of": "to the right of",
                    "to the right of": "to the left of"}[how]  # fmt: skip
        if not self._lies(a, b, opposite):
            raise Refused("neither this nor the opposite is plain")
        return "no"

    def _closer(self, first: str, second: str) -> str:
        a, b = self._meant(f"the {first}"), self._meant(f"the {second}")
        if a.depth is None or b.depth is None or self.sample.engine != "blender":
            raise Refused("the scene does not say how far things are")
        if max(a.depth, b.depth) < 1.1 * min(a.depth, b.depth):
            raise Refused("they are about as far")
        return f"the {a.name}" if a.depth < b.depth else f"the {b.name}"

    def _box_of(self, said: str, answer: str) -> str:
        return self._box_text(self._meant(said), answer)

    def _in_box(self, corners: str, answer: str) -> str:
        thing = self._meant(answer)
        text = self._box_text(thing, corners)
        return answer if text == corners else f"{answer} is at {text}"

    def _box_text(self, thing: _Thing, near: str) -> str:
        """The text of a thing's box; `near` itself where that is within a pixel of it."""
        rows, columns = np.nonzero(thing.mask)
        height, width = thing.mask.shape
        true = (columns.min() / width, rows.min() / height, (columns.max() + 1) / width, (rows.max() + 1) / height)
        said = [float(v) for v in re.findall(r"\d\.\d{3}", near)]
        if len(said) == 4 and all(abs(a - b) <= 0.0006 for a, b in zip(true, said, strict=True)):
            return near
        return "[" + ", ".join(f"{v:.3f}" for v in true) + "]"

    # What expressions mean ---------------------------------------------------------------------------------------

    def _meant(self, said: str) -> _Thing:
        """The one thing that an expression means.

        Raises:
            Refused: none or several.
        """
        forms: list[tuple[str, Callable[..., list[_Thing]]]] = [
            (r"the NAME", lambda n: self._of(n)),
            (r"the (leftmost|rightmost|topmost|lowest|largest|smallest) NAME", self._extreme),
            (r"the NAME closest to the camera", self._closest),
            (rf"the ({'|'.join(_RANGES)}) NAME", lambda c, n: [t for t in self._of(n) if self._looks(t, c)]),
            (rf"the ({'|'.join(_ORDINALS)}) NAME from the left", self._nth),
            (r"the NAME (to the left of|to the right of|above|below) the NAME", self._by_another),
        ]
        for pattern, find in forms:
            if (match := re.fullmatch(pattern.replace("NAME", f"({self._any})"), said)) is not None:
                found = find(*match.groups())
                if len(found) != 1:
                    raise Refused(f"{said!r} means {len(found)} things")
                return found[0]
        raise Refused(f"{said!r} is no known expression")

    def _of(self, said: str) -> list[_Thing]:
        self._number_of(self._names[said])
        return [t for t in self.things if t.name == self._names[said]]

    def _extreme(self, which: str, said: str) -> list[_Thing]:
        if which in ("largest", "smallest") and any((t.share or 0) < 0.85 for t in self._of(said)):
            raise Refused("what is hidden of them may be larger")
        key: Callable[[_Thing], float] = {
            "leftmost": lambda t: t.x, "rightmost": lambda t: -t.x, "topmost": lambda t: t.y, "lowest": lambda t: -t.y,
            "largest": lambda t: -t.area, "smallest": lambda t: t.area,
        }[which]  # fmt: skip
        row = sorted(self._of(said), key=key)
        return row[:1] if len(row) < 2 or key(row[0]) < key(row[1]) else row[:2]

    def _closest(self, said: str) -> list[_Thing]:
        row = sorted(self._of(said), key=lambda t: t.depth if t.depth is not None else np.inf)
        return row[:1] if self.sample.engine == "blender" else row

    def _nth(self, which: str, said: str) -> list[_Thing]:
        row = sorted(self._of(said), key=lambda t: t.x)
        place = _ORDINALS.index(which)
        if any(b.x - a.x < 0.015 for a, b in pairwise(row)):
            raise Refused("they do not stand in a row that can be counted")
        return row[place : place + 1]

    def _by_another(self, said: str, how: str, other: str) -> list[_Thing]:
        mark = self._meant(f"the {other}")
        return [t for t in self._of(said) if self._lies(t, mark, how)]

    @staticmethod
    def _lies(a: _Thing, b: _Thing, how: str) -> bool:
        """By the centres of what is seen."""
        return {"to the left of": a.x < b.x, "to the right of": a.x > b.x, "above": a.y < b.y, "below": a.y > b.y}[how]

    def _number_of(self, name: str) -> int:
        """How many there are.

        Raises:
            Refused: the scene holds more of them than are labelled, so some may be seen that nobody counted.
        """
        seen, wanted = sum(t.name == name for t in self.things), self.wanted.count(name)
        if seen != wanted:
            raise Refused(f"the scene holds {wanted} of {name!r}, and {seen} are labelled")
        return seen

    # Colours ------------------------------------------------------------------------------------------------------

    def _looks(self, thing: _Thing, colour: str) -> bool:
        """Whether its middle colour is within what may be called so; a word that is no colour fits nothing."""
        if colour not in _RANGES:
            return False
        lightness, chroma, hue = self._lab(thing)
        low, high, c1, c2, l1, l2 = _RANGES[colour]
        return (low <= hue <= high or low <= hue + 360 <= high) and c1 <= chroma <= c2 and l1 <= lightness <= l2

    def _lab(self, thing: _Thing) -> tuple[float, float, float]:
        pixels: npt.NDArray[np.float32] = (self.image[thing.mask][None] / 255.0).astype(np.float32)
        lightness, a, b = np.median(cv2.cvtColor(pixels, cv2.COLOR_RGB2LAB)[0], axis=0)
        return float(lightness), float(np.hypot(a, b)), float(np.degrees(np.arctan2(b, a)) % 360)

    # Captions ------------------------------------------------------------------------------------------------------

    def caption_problem(self, text: str) -> str | None:
        """Why a caption is not true of the image; None where it is."""
        first, *rest = text.split(". ")
        try:
            self._check_things(first.removesuffix("."))
            for sentence in rest:
                match = re.fullmatch(r"(The .+) is (in the [a-z ]+)", sentence.removesuffix("."))
                if match is None:
                    return f"{sentence!r} is of no known form"
                if (true := self._place("t" + match[1][1:])) != match[2]:
                    return f"{match[1]} is {true}"
        except Refused as refusal:
            return str(refusal)
        return None

    def _check_things(self, sentence: str) -> None:
        """Every thing that is named is there in that number and colour, and nothing is left out."""
        left = {t.name for t in self.things}
        body = sentence.removeprefix("A photo of ")
        pattern = rf"(?:, | and )?(an?|two|three|four|five|six|many) (?:({'|'.join(_RANGES)}) )?({self._any})"
        place = 0
        while (match := re.compile(pattern).match(body, place)) is not None:
            place = match.end()
            name = self._names[match[3]]
            count = 1 if match[1] in ("a", "an") else 7 if match[1] == "many" else _WORDS.index(match[1])
            there = self._number_of(name)
            if there != count and not (match[1] == "many" and there >= 7):
                raise Refused(f"there are {there} of {name!r}")
            if match[2] and not all(self._looks(t, match[2]) for t in self._of(match[3])):
                raise Refused(f"not every {name} is {match[2]}")
            left.discard(name)
        if left:
            raise Refused(f"it leaves out {', '.join(sorted(left))}")
        for axis in ("context", "light"):
            value = self.axes.get(axis, "")
            if _SAID.get(value, value) not in body[place:]:
                raise Refused(f"it does not say the {axis} {value!r}")
