"""People: of any sex, age and build, in clothes, in a pose, perhaps with a hard hat, a cap, a vest or a backpack."""

from typing import Literal

import numpy as np
from pydantic import Field

from tools.generators.blender.families.base import Family, Numbers
from tools.generators.blender.families.paints import surface
from tools.generators.blender.parts import PIECES, Age, Body, Hair, Layer, Pose, Sex, Variation

_PIECE = "|".join(PIECES)
_MARKED = rf"^(({_PIECE})(\|({_PIECE}))*)?$"
STYLES: tuple[Hair, ...] = ("short", "long", "bun", "bald")
WORN: dict[Sex, tuple[float, ...]] = {"male": (0.82, 0.06, 0.02, 0.1), "female": (0.28, 0.5, 0.21, 0.01)}


class Person(Numbers):
    """What a name says of who it is."""

    vary: float = 0.0
    sex: Sex | Literal["any"] = "any"
    age: Age | Literal["any"] = "any"
    pose: Pose = "standing"
    hair: Hair | Literal["any"] = "any"
    hat: float = Field(0.0, ge=0, le=1, description="share that wears a hard hat")
    cap: float = Field(0.06, ge=0, le=1, description="share that wears a cap")
    vest: float = Field(0.0, ge=0, le=1, description="share that wears a safety vest")
    skirt: float = Field(0.15, ge=0, le=1, description="share of the women that wears a skirt")
    mask: float = Field(0.0, ge=0, le=1, description="share that wears a surgical mask")
    marked: str = Field("", pattern=_MARKED, description="the only piece of each that is labelled")
    bag: float = Field(0.06, ge=0, le=1, description="share that carries a backpack")


def parts(n: Person, rng: np.random.Generator) -> Body:
    """The person, looking along x."""
    hat, cap, vest, skirt, bag = (rng.uniform() < share for share in (n.hat, n.cap, n.vest, n.skirt, n.bag))
    sex: Sex = n.sex if n.sex != "any" else ("male" if rng.uniform() < 0.55 else "female")
    age: Age = n.age if n.age != "any" else ("adult" if rng.uniform() < 0.88 else "old")
    hair: Hair = n.hair if n.hair != "any" else STYLES[int(rng.choice(len(STYLES), p=WORN[sex]))]
    return Body(
        sex=sex, age=age, pose=n.pose, hair=hair, hat=hat, cap=cap and not hat, vest=vest, skirt=skirt, bag=bag,
        mask=rng.uniform() < n.mask, marked=n.marked.split("|") if n.marked else [],
    )  # fmt: skip


def _strips(axis: Literal["height", "y"], *spans: tuple[float, float]) -> list[Layer]:
    """Reflecting strips of a vest."""
    return [Layer(pattern="band", colours=["#d6d8da"], axis=axis, span=s, softness=0.05, wobble=0.0) for s in spans]


CLOTH = "#1f4e9c #b3202a #2f6a3a #e8e4da #2a2a2e #8a8c90 #d8a83a #6b3a6a"
FAMILY = Family(
    Person,
    parts,
    {
        "skin": surface("skin", "#e8bfa0 #d8a583 #c68c64 #a56c44 #7c4a2c #5a3420"),
        "hair": surface("fur", "#1a1412 #2c1e16 #4a3220 #8a6434 #6a6662 #b88a4a"),
        "shirt": surface("fabric", CLOTH),
        "coat": surface("fabric", "#22283a #3a3a3e #5a4a38 #4a5a3a #1c1c20 #6a2a2a #8a8478 #2a4a5a"),
        "trousers": surface("fabric", "#22283a #2e3a58 #1c1c20 #5a5248 #7a7468 #3a4a3a #4a6488"),
        "socks": surface("fabric", "#e8e6e0 #2a2a2e #8a8c90"),
        "shoes": surface("leather", "#1c1a1a #4a3020 #e2e0dc #5a2a24"),
        "hat": surface("gloss", "#f0c81e #f4f2ee #e8641c #1f5aa8 #c0281e"),
        "cap": surface("fabric", "#1b2a4a #1c1c1e #b3202a #e8e4da #2f6a3a"),
        "vest": surface(
            "fabric", "#d8e81e #f0641c #d8e81e", *_strips("height", (0.2, 0.27), (0.42, 0.49)),
            *_strips("y", (0.27, 0.34), (0.66, 0.73)), bump=0.1,
        ),
        "bag": surface("fabric", "#2a2e38 #a83a2a #2a5a7a #4a5a3a"),
        "mask": surface("fabric", "#9cc4dc #f0f0ee #f0f0ee #2a2a2e #a8d0c0", bump=0.1, folds=0.3),
        "button": surface("plastic", "#d8d4c8 #2a2a2e"),
        "white": surface("gloss", "#eeeae4"),
        "eye": surface("gloss", "#171210 #3a2a1c #4a5a6a"),
        "mouth": surface("skin", "#a8564a #b06a5e #8a4a40"),
    },
    "shirt",
    contexts=("road", "floor", "grass", "studio"),
    variation=Variation(stretch=(0.02, 0.02, 0.02)),
)  # fmt: skip
