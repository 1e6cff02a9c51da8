"""What a round's scenes aim at: slices in turn, and with every one of them weak classes, confused pairs, look-alikes.

A slice of an axis ("light=deep shade") takes turns with the others. What is beside it goes with each: 'class=pear'
makes the first thing of an aimed scene a pear, 'confused=apple/pear' puts the other one next to it, 'lookalike=peach'
something that is no target.
"""

from collections.abc import Mapping, Sequence
from itertools import permutations
from typing import NamedTuple

import numpy as np

from tools.core.errors import FixArguments
from tools.core.task import TaskSpec
from tools.scenes.scene import AXES
from tools.scenes.vocabulary import Vocabulary

Focus = Mapping[str, float] | Sequence[str]
Row = dict[str, str]
TOGETHER = "few"  # value of the axis crowding at which two classes that are confused stand side by side


class Wish(NamedTuple):
    """Something to aim at."""

    axis: str
    value: str
    weight: float

    @property
    def is_empty(self) -> bool:
        """Whether it asks for scenes without a target."""
        return self.value == "none" and self.axis in ("crowding", "appearance")

    @property
    def is_slice(self) -> bool:
        """Whether it names what a scene shows on an axis."""
        return self.axis in AXES and not self.is_empty


class Aim(NamedTuple):
    """What one scene must have: values by axis of a row, and the class that stands beside the first target."""

    row: Row
    partner: str | None = None


def parse_focus(focus: Focus, vocabulary: Vocabulary, task: TaskSpec, lookalikes: Sequence[str]) -> list[Wish]:
    """Axis, value and weight of each 'axis=value'.

    Args:
        focus: with or without weights.
        vocabulary: what there is on each axis.
        task: its classes.
        lookalikes: kinds of them that can be drawn.

    Raises:
        FixArguments: an axis or value that the vocabulary does not have, or a weight that is none.
    """
    weights = dict(focus) if isinstance(focus, Mapping) else dict.fromkeys(focus, 1.0)
    known = {axis: list(values) for axis, values in vocabulary.axes().items()} | {"class": task.class_names}
    if lookalikes:
        known["lookalike"] = list(lookalikes)
    if any(name.startswith("confused") for name in weights):
        known["confused"] = [f"{a}/{b}" for a, b in permutations(task.class_names, 2)]
    if task.kind != "classify":
        known["crowding"], known["appearance"] = [*known["crowding"], "none"], [*known["appearance"], "none"]
    wishes = []
    for name, weight in weights.items():
        axis, _, value = (part.strip() for part in name.partition("="))
        if value not in known.get(axis, []):
            there_are = ", ".join(known.get(axis, known))
            raise FixArguments(f"no scene can aim at {name!r}; use 'axis=value' with one of: {there_are}")
        if not weight > 0:
            raise FixArguments(f"no scene can aim at {name!r} with the weight {weight}; it must be above 0")
        wishes.append(Wish(axis, value, float(weight)))
    return wishes


def class_shares(names: Sequence[str], wishes: Sequence[Wish], weak_share: float) -> dict[str, float]:
    """Which share of a round's objects each class gets; they sum to 1.

    Args:
        names: all classes.
        wishes: of any kind; those at classes count.
        weak_share: of the objects, for all classes that are aimed at together.
    """
    weights = {w.value: w.weight for w in wishes if w.axis == "class"}
    if not weights:
        return dict.fromkeys(names, 1 / len(names))
    total, others = sum(weights.values()), len(names) - len(weights)
    weak = max(weak_share, len(weights) / len(names)) if others else 1.0  # never less than without a wish
    return {n: weak * weights[n] / total if n in weights else (1 - weak) / others for n in names}


class Aims:
    """Hands out aims one after the other; wishes of a kind take turns by weight.

    Args:
        wishes: of a round.
        looks: key of a look in a row -> its class and its appearance.
        vocabulary: says whether two things can stand in one scene.
    """

    def __init__(self, wishes: Sequence[Wish], looks: Mapping[str, tuple[str, str]], vocabulary: Vocabulary) -> None:
        self._looks = looks
        self._slices = _Turns([w for w in wishes if w.is_slice])
        self._classes = _Turns([w for w in wishes if w.axis == "class"])
        self._beside = {"beside": "look-alikes"} if any(w.axis == "lookalike" for w in wishes) else {}
        pairs = [(w, _both(w.value, {c for c, _ in looks.values()})) for w in wishes if w.axis == "confused"]
        self._pairs = dict(pairs)
        self._turns = _Turns([w for w, _ in pairs])
        self._meet = TOGETHER in vocabulary.axes()["crowding"]
        self._odd = vocabulary.out_of_place
        self._number = 0

    def __bool__(self) -> bool:
        """Whether there is anything to aim at."""
        return bool(self._slices or self._classes or self._pairs or self._beside)

    def next(self) -> Aim:
        """The next aim."""
        row, number = dict(self._beside), self._number
        self._number += 1
        if (wish := self._slices.next()) is not None:
            options = self._options(wish)
            row |= options[number % len(options)]
        if (wish := self._classes.next()) is not None:
            row["look"] = self._look(wish.value, row.get("look"), number)
        partner = self._partner(row, number)
        if "look" in row and row.get("context") in self._odd.get(self._looks[row["look"]][0], ()):
            del row["context"]  # the class does not go there
        if partner is not None and row.setdefault("crowding", TOGETHER) == "one":
            partner = None  # the scene is aimed at single things
        return Aim(row, partner)

    def _options(self, wish: Wish) -> list[Row]:
        """Values that fulfil a wish."""
        if wish.axis != "appearance":
            return [{wish.axis: wish.value}]
        return [{"look": key} for key, look in self._looks.items() if look[1] == wish.value]

    def _look(self, name: str, wished: str | None, number: int) -> str:
        """A look of a class: the wished one where it is of this class, or the class has it too."""
        own = [key for key, look in self._looks.items() if look[0] == name]
        same = [key for key in own if wished is not None and self._looks[key][1] == self._looks[wished][1]]
        return same[0] if same else own[number % len(own)]

    def _partner(self, row: Row, number: int) -> str | None:
        """The class to stand beside the first target; where no look is wished, that is chosen from the pair too."""
        wish = self._turns.next()
        if wish is None:
            return None
        first = self._looks[row["look"]][0] if "look" in row else None
        pair = self._pairs[wish]
        if first is not None and first not in pair:
            pair = next((p for p in self._pairs.values() if first in p), ())
        if not pair:
            return None
        if first is None:
            first = pair[number % 2]
            row["look"] = self._look(first, None, number)
        return (pair[1] if first == pair[0] else pair[0]) if self._meet else None


def _both(value: str, names: set[str]) -> tuple[str, ...]:
    """The two classes of 'a/b'; names may hold a slash."""
    cuts = [(value[:i], value[i + 1 :]) for i, c in enumerate(value) if c == "/"]
    return next((cut for cut in cuts if set(cut) <= names), ())


class _Turns:
    """Wishes in turn, each as often as its weight says."""

    def __init__(self, wishes: Sequence[Wish]) -> None:
        self.wishes = list(wishes)
        total = sum(w.weight for w in self.wishes)
        self._weights = np.array([w.weight / total for w in self.wishes])
        self._due = np.zeros(len(self.wishes))

    def __bool__(self) -> bool:
        return bool(self.wishes)

    def next(self) -> Wish | None:
        if not self.wishes:
            return None
        self._due += self._weights
        chosen = int(self._due.argmax())
        self._due[chosen] -= 1
        return self.wishes[chosen]
