"""Boxes with something on them: cases, bags, appliances, screens and devices, by the features of their faces."""

import numpy as np
from pydantic import Field

from tools.generators.blender.families.base import Family, Numbers, bar, block, tube
from tools.generators.blender.families.paints import surface
from tools.generators.blender.parts import Box, Lathe, Part, Ring, Tube, Variation

# Feature: x, z of its middle and its width and height, as shares of the front, from -0.5 to 0.5.
Spot = tuple[float, float, float, float]


class Case(Numbers):
    """Width 1 along y, the front looks along x."""

    vary: float = 0.05
    deep: float = 0.5
    high: float = 0.7
    bevel: float = 0.08
    taper: float = 1.0
    legs: float = Field(0.0, description="height of four legs")
    wheels: float = Field(0.0, description="radius of wheels below")
    screen: list[Spot] = Field(default_factory=list, description="dark or bright panels on the front")
    panel: list[Spot] = Field(default_factory=list, description="panels of another colour on the front")
    door: list[Spot] = Field(default_factory=list, description="doors or drawers with a gap around")
    pull: list[Spot] = Field(default_factory=list, description="bar handles on the front")
    knob: list[Spot] = Field(default_factory=list, description="round knobs on the front; the height is their size")
    window: list[Spot] = Field(default_factory=list, description="round windows on the front")
    buttons: list[Spot] = Field(default_factory=list, description="fields of small buttons on the front")
    columns: int = Field(3, description="of buttons")
    lines: int = 4
    top: list[Spot] = Field(default_factory=list, description="panels on the top; shares of depth and width")
    slots: int = Field(0, description="slots in the top")
    rings: list[Spot] = Field(default_factory=list, description="hobs on the top")
    handle: float = Field(0.0, description="height of an arched handle on the top")
    pole: float = Field(0.0, description="height of a trolley handle")
    straps: int = Field(0, description="1: shoulder straps behind")
    pocket: float = Field(0.0, description="depth of a pocket in front")
    lid: float = Field(0.0, description="height of a lid on the top")
    gable: float = Field(0.0, description="height of a gabled top, as of a milk carton")
    ribbon: int = Field(0, description="1: a crossed ribbon with a bow")
    foot: float = Field(0.0, description="height of a stand under it")
    lens: float = Field(0.0, description="size of a lens in front")
    ribs: int = Field(0, description="upright ribs all round")


def _on_front(n: Case, spot: Spot) -> tuple[float, float, float, float]:
    y, z, wide, high = spot
    return y, z * n.high, wide, high * n.high


def parts(n: Case, rng: np.random.Generator) -> list[Part]:
    """The case, upright, its front along x."""
    front = n.deep / 2
    made: list[Part] = [Box(material="body", size=(n.deep, 1, n.high), bevel=min(n.bevel, 0.5), taper=n.taper)]
    for material, spots, out in (("screen", n.screen, 0.02), ("panel", n.panel, 0.01), ("door", n.door, 0.016)):
        for spot in spots:
            y, z, wide, high = _on_front(n, spot)
            if material == "door":
                made.append(block("gap", (front + 0.002, y, z), (0.012, wide * 1.02 + 0.008, high + 0.02), bevel=0.02))
            made.append(block(material, (front, y, z), (2 * out, wide, high), bevel=0.12))
    for spot in n.pull:
        y, z, wide, high = _on_front(n, spot)
        size = (0.05, wide, high) if wide < high else (0.05, wide, max(high, 0.02))
        made.append(block("metal", (front + 0.04, y, z), size, bevel=0.35))
    for spot in n.knob:
        y, z, _, high = _on_front(n, spot)
        made.append(
            Lathe(
                material="knob",
                profile=[(0, 0), (high / 2, 0), (high * 0.42, 0.05), (0, 0.055)],
                smooth=False,
                turn=(0, 90, 0),
                at=(front, y, z),
                segments=20,
            )
        )
    for spot in n.window:
        y, z, _, high = _on_front(n, spot)
        made += [
            Ring(
                material="metal",
                radius=high / 2,
                thickness=0.07 * high + 0.02,
                turn=(0, 90, 0),
                at=(front + 0.01, y, z),
            ),
            Lathe(
                material="screen",
                profile=[(0, 0.03), (0.3 * high, 0.022), (high / 2, 0)],
                turn=(0, 90, 0),
                at=(front, y, z),
            ),
        ]
    for spot in n.buttons:
        y, z, wide, high = _on_front(n, spot)
        key = block(
            "key",
            (0, 0, 0),
            (0.02, 0.7 * wide / n.columns, 0.66 * high / n.lines),
            bevel=0.3 if n.columns * n.lines < 13 else 0,
        )
        for i in range(n.columns):
            for j in range(n.lines):
                at = (front + 0.006, y + wide * ((i + 0.5) / n.columns - 0.5), z + high * ((j + 0.5) / n.lines - 0.5))
                made.append(key.model_copy(update={"at": at}))
    made += _top(n)
    made += _below(n)
    if n.pocket:
        made += [
            Box(
                material="body",
                size=(n.pocket, 0.72, n.high * 0.45),
                bevel=0.35,
                at=(front + n.pocket * 0.4, 0, -0.18 * n.high),
            ),
            Tube(
                material="metal",
                path=[(front + n.pocket * 0.91, -0.3, 0.0), (front + n.pocket * 0.91, 0.3, 0.0)],
                radius=[0.012],
                sides=6,
                smooth=False,
            ),
        ]
    if n.straps:
        for s in (-1, 1):
            path = [
                (-front, s * 0.22, 0.46 * n.high),
                (-front - 0.16, s * 0.25, 0.3 * n.high),
                (-front - 0.16, s * 0.28, -0.1 * n.high),
                (-front, s * 0.36, -0.42 * n.high),
            ]
            made.append(tube("strap", path, [0.055], flat=0.3))
    if n.lens:
        r = n.lens / 2
        made += [
            Lathe(
                material="trim",
                profile=[(0, 0), (r, 0), (r, 0.34), (r * 0.86, 0.36), (r * 0.8, 0.3), (0, 0.28)],
                smooth=False,
                turn=(0, 90, 0),
                at=(front, 0.06, -0.04 * n.high),
            ),
            Lathe(
                material="screen",
                profile=[(0, 0.33), (r * 0.5, 0.31), (r * 0.8, 0.28)],
                turn=(0, 90, 0),
                at=(front, 0.06, -0.04 * n.high),
            ),
        ]
    if n.ribs:
        rib = block("body", (0, 0, 0), (0.02, 0.5 / n.ribs, n.high * 0.92), bevel=0.2)
        for i in range(n.ribs):
            y = (i + 0.5) / n.ribs - 0.5
            made += [rib.model_copy(update={"at": (s * (front + 0.006), y, 0.0)}) for s in (-1, 1)]
    return made


def _top(n: Case) -> list[Part]:
    made: list[Part] = []
    z = n.high / 2
    for y, x, wide, deep in n.top:
        made.append(block("panel", (x * n.deep, y, z), (deep * n.deep, wide, 0.014), bevel=0.1))
    for i in range(n.slots):
        made.append(
            block(
                "gap",
                (n.deep * ((i + 0.5) / n.slots - 0.5) * 0.7, 0, z - 0.002),
                (0.09 * n.deep + 0.02, 0.72, 0.03),
                bevel=0.1,
            )
        )
    for y, x, wide, _ in n.rings:
        made += [
            Ring(material="gap", radius=wide / 2 * k, thickness=0.018, at=(x * n.deep, y, z + 0.008))
            for k in (1.0, 0.55)
        ]
    if n.handle:
        path = [
            (0, -0.22, z - 0.02),
            (0, -0.2, z + 0.8 * n.handle),
            (0, 0, z + n.handle),
            (0, 0.2, z + 0.8 * n.handle),
            (0, 0.22, z - 0.02),
        ]
        made.append(tube("strap", path, [0.035], flat=0.6))
    if n.pole:
        for s in (-1, 1):
            made.append(bar("metal", (-0.3 * n.deep, s * 0.2, z - 0.05), (-0.3 * n.deep, s * 0.2, z + n.pole), 0.018))
        made.append(
            tube(
                "strap", [(-0.3 * n.deep, -0.23, z + n.pole), (-0.3 * n.deep, 0.23, z + n.pole)], [0.035], smooth=False
            )
        )
    if n.lid:
        made.append(Box(material="lid", size=(n.deep * 1.06, 1.05, n.lid), bevel=0.25, at=(0, 0, z + n.lid * 0.4)))
    if n.gable:
        g = n.gable
        made.append(
            Box(
                material="body", size=(n.deep * 0.98, 0.98, g * 0.75), bevel=0.02, taper=0.42, at=(0, 0, z + g * 0.37)
            ).model_copy(update={"scale": (1.0, 1.0, 1.0)})
        )
        made.append(block("body", (0, 0, z + g * 0.9), (0.05, 0.8, g * 0.4), bevel=0.05))
        made.append(
            Lathe(
                material="lid",
                profile=[(0, 0), (0.14, 0), (0.14, 0.09), (0, 0.1)],
                smooth=False,
                turn=(0, 45, 0),
                at=(n.deep * 0.34, 0, z + g * 0.3),
            )
        )
    if n.ribbon:
        made += [
            block("ribbon", (0, 0, 0), (n.deep * 1.02, 0.14, n.high * 1.02), bevel=0.02),
            block("ribbon", (0, 0, 0), (0.14, 1.02, n.high * 1.02), bevel=0.02),
            *[
                tube(
                    "ribbon",
                    [
                        (0, 0, z),
                        (0, s * 0.16, z + 0.2),
                        (0, s * 0.34, z + 0.12),
                        (0, s * 0.2, z + 0.03),
                        (0, 0, z + 0.02),
                    ],
                    [0.05],
                    flat=0.35,
                )
                for s in (-1, 1)
            ],
        ]
    return made


def _below(n: Case) -> list[Part]:
    made: list[Part] = []
    low = -n.high / 2
    for x in (-1, 1):
        for y in (-1, 1):
            at = (x * n.deep * 0.42, y * 0.43)
            if n.legs:
                made.append(bar("metal", (*at, low + 0.02), (*at, low - n.legs), 0.03))
            if n.wheels:
                made.append(
                    Lathe(
                        material="trim",
                        profile=[(0, -0.03), (n.wheels, -0.03), (n.wheels, 0.03), (0, 0.03)],
                        smooth=False,
                        turn=(90, 0, 0),
                        at=(*at, low - n.wheels * 0.6),
                        segments=16,
                    )
                )
    if n.foot:
        made += [
            block("trim", (-0.1 * n.deep, 0, low - n.foot / 2 + 0.02), (0.06, 0.14, n.foot + 0.1), bevel=0.2),
            block("trim", (0, 0, low - n.foot), (max(0.26, n.deep * 1.6), 0.42, 0.025), bevel=0.4),
        ]
    return made


FAMILY = Family(
    Case,
    parts,
    {
        "body": surface("plastic", "#e8e6e0 #d0d0ce"),
        "screen": surface("gloss", "#101418 #182028"),
        "panel": surface("plastic", "#2a2a2c"),
        "door": surface("plastic", "#e8e6e0"),
        "gap": surface("matt", "#141414"),
        "metal": surface("metal", "#b0b3b7"),
        "knob": surface("plastic", "#2a2a2c #c8cacc"),
        "key": surface("plastic", "#e2e2e0"),
        "strap": surface("leather", "#1c1a1a"),
        "trim": surface("plastic", "#1a1a1c"),
        "lid": surface("plastic", "#b3202a #1f4e9c"),
        "ribbon": surface("gloss", "#c9a02e #b3202a"),
    },
    "body",
    contexts=("floor", "table", "shelf", "studio"),
    variation=Variation(stretch=(0.05, 0.05, 0.06)),
    follows=("door",),
)
