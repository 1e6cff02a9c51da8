"""One 3D model of a library, as its catalogue describes it."""

import math
import re
from dataclasses import asdict, dataclass
from typing import Any

from tools.core.errors import FixArguments

MAX_TEXT = 200  # characters of a name, author or licence
MAX_SIDE_M = 1000.0
NO_TURN = (1.0, 0.0, 0.0, 0.0, 1.0, 0.0, 0.0, 0.0, 1.0)
# What asks nothing of who uses it; everything else is credited.
_FREE = re.compile(r"public domain|cc[ -]?0\b|cc[ -]?zero|creative commons zero", re.IGNORECASE)

Sides = tuple[float, float, float]
Turn = tuple[float, float, float, float, float, float, float, float, float]


@dataclass(frozen=True)
class Model:
    """What is known of a model before its file is opened."""

    id: str  # unique among all libraries
    name: str  # as its catalogue says, in English
    aliases: tuple[str, ...]  # other English names
    chinese: tuple[str, ...]
    tags: tuple[str, ...]  # lower case, the category among them
    source: str  # the .sh3f file or the folder
    file: str  # inside it
    size_m: Sides | None  # width, depth, height as it stands; None: the model's own, longest side `longest_m`
    longest_m: float
    turn: Turn  # rows of the rotation that stands it up; y is up, as in OBJ and glTF
    author: str
    licence: str
    library: str

    @property
    def free(self) -> bool:
        """Whether its licence asks for no credit."""
        return is_free(self.licence)

    def credit(self) -> dict[str, str]:
        """What an image that shows it has to say."""
        return {
            "id": self.id, "name": self.name, "author": self.author, "licence": self.licence, "library": self.library,
        }  # fmt: skip

    def as_json(self) -> dict[str, Any]:
        """Plain values, for `of_json`."""
        return asdict(self)

    @classmethod
    def of_json(cls, values: dict[str, Any]) -> "Model":
        """The model that `as_json` gave."""
        lists = {k: tuple(v) for k, v in values.items() if isinstance(v, list)}
        return cls(**{**values, **lists})


def is_free(licence: str) -> bool:
    """Whether a licence, as a catalogue words it, is CC0 or the public domain."""
    return bool(_FREE.search(licence))


def short(text: Any) -> str:
    """A stranger's text on one line, printable and short."""
    return re.sub(r"\s+", " ", "".join(c if c.isprintable() else " " for c in str(text))).strip()[:MAX_TEXT]


def sides_m(values: tuple[Any, Any, Any], unit_m: float, where: str) -> Sides:
    """Width, depth and height in metres.

    Args:
        values: as a catalogue gives them.
        unit_m: metres of its unit.
        where: for the message.

    Raises:
        FixArguments: one is no length between a micrometre and a kilometre.
    """
    sides = []
    for value in values:
        try:
            side = float(value) * unit_m
        except (TypeError, ValueError):
            raise FixArguments(f"{where}: its size {short(value)!r} is not a number") from None
        if not (math.isfinite(side) and 1e-6 <= side <= MAX_SIDE_M):
            raise FixArguments(f"{where}: its size {short(value)!r} is not a length")
        sides.append(side)
    return sides[0], sides[1], sides[2]


def turn_of(text: str, where: str) -> Turn:
    """Nine numbers, row by row, that are a rotation or a mirrored one; none: as it is.

    Raises:
        FixArguments: they are not.
    """
    if not text.strip():
        return NO_TURN
    try:
        values = [float(v) for v in text.split()]
    except ValueError:
        values = []
    rows = [values[i : i + 3] for i in range(0, len(values), 3)]
    if len(values) != 9 or any(abs(sum(v * v for v in row) - 1) > 0.01 for row in rows):
        raise FixArguments(f"{where}: its rotation {short(text)[:60]!r} is not nine numbers of one")
    a, b, c, d, e, f, g, h, i = values
    return a, b, c, d, e, f, g, h, i
