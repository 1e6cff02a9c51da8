"""Cars, vans, trucks, buses and trains: a body drawn from the side, glass all round, a load, wheels and lamps."""

from typing import Literal

import numpy as np
from pydantic import Field

from tools.generators.blender.families.base import Family, Numbers, block
from tools.generators.blender.families.paints import surface
from tools.generators.blender.families.writing import strokes
from tools.generators.blender.parts import Lathe, Part, Sheet, Tube, Variation, Vec2

Load = Literal["none", "box", "bed", "tank", "tip", "coach", "mixer"]
# Length and height of a plate over the length of a car of 4.4 m, and signs in each of its lines: European, American,
# square.
PLATES: tuple[tuple[float, float, tuple[int, ...]], ...] = (
    (0.118, 0.025, (7,)), (0.07, 0.035, (6,)), (0.064, 0.045, (3, 4)),
)  # fmt: skip


class Vehicle(Numbers):
    """Lengths over that of the whole; the front is at x = 0.5."""

    vary: float = 0.04
    wide: float = 0.4
    clear: float = Field(0.055, description="height of the underside")
    hood: float = Field(0.17, description="height of the front's top")
    belt: float = Field(0.2, description="height where the glass begins")
    deck: float = Field(0.2, description="height of the rear's top")
    cab_front: float = Field(0.2, description="where the windscreen begins")
    cab_back: float = Field(-0.34, description="where the rear window ends")
    body_back: float = Field(-0.5, description="where the body ends; behind it only the load")
    rake: float = Field(0.13, description="how far the windscreen leans back")
    rake_back: float = Field(0.1, description="how far the rear window leans forward")
    roof: float = 0.33
    pillars: int = 1
    wheel: float = 0.072
    front_axle: float = 0.31
    rear_axle: float = -0.3
    axles: int = 2
    load: Load = "none"
    load_high: float = 0.42
    load_front: float = 0.2
    lamp: float = Field(0.0, description="length of a light bar or sign on the roof")
    band: int = Field(0, description="1: a coloured band along the sides")
    rails: int = Field(0, description="1: railway wheels, hidden by skirts")
    open: int = Field(0, description="1: no glass, as a cart")
    marked: Literal["", "plate"] = Field("", description="plate: it has license plates, and they alone are labelled")


def _side(material: str, outline: list[Vec2], wide: float, **kwargs: object) -> Part:
    """An outline in x and z, as thick as the vehicle is wide."""
    return Sheet.model_validate(
        {"material": material, "outline": outline, "thickness": wide, "turn": (90, 0, 0), **kwargs}
    )


def _in_order(n: Vehicle) -> Vehicle:
    """Numbers that differ each for itself must still follow each other from the rear to the front."""
    front = min(n.cab_front, 0.482)
    body = max(n.body_back, -0.5)
    cab_back = min(max(n.cab_back, body + 0.024), front - 0.1)
    rake = min(n.rake, (front - cab_back) * 0.5)
    high = {
        "hood": max(n.hood, n.clear + 0.04),
        "belt": max(n.belt, n.clear + 0.04),
        "deck": max(n.deck, n.clear + 0.04),
    }
    order = {"cab_front": front, "body_back": body, "cab_back": cab_back, "rake": rake}
    roof = max(n.roof, n.belt + 0.06)
    return n.model_copy(update=high | order | {"roof": roof, "rake_back": min(n.rake_back, (front - cab_back) * 0.3)})


def parts(n: Vehicle, rng: np.random.Generator) -> list[Part]:
    """The vehicle, its front at x = 0.5."""
    n = _in_order(n)
    w, back, low = n.wide, n.body_back, n.clear
    edge = min(0.03, 0.3 * (n.deck - low))
    nose = max(0.46, n.cab_front + 0.006)
    hull: list[Vec2] = [
        (0.485, low),
        (0.5, low + 0.25 * (n.hood - low)),
        (0.495, n.hood - 0.025),
        (nose, n.hood),
        (n.cab_front, n.belt),
        (n.cab_back, n.belt),
        (back + 0.02, n.deck),
        (back, n.deck - edge),
        (back, low + edge),
        (back + 0.02, low),
    ]
    made: list[Part] = [_side("paint", hull[::-1], w)]
    if not n.open:
        made += _glass(n)
    made += _load(n)
    made += _wheels(n)
    z = low + 0.62 * (n.hood - low)
    for s in (-1, 1):
        made.append(block("lights", (0.488, s * w * 0.36, z), (0.028, w * 0.18, 0.032), bevel=0.3))
        end = back if n.load == "none" else -0.5
        made.append(
            block(
                "tail", (end + 0.004, s * w * 0.41, max(low + 0.05, n.deck * 0.72)), (0.016, w * 0.12, 0.035), bevel=0.2
            )
        )
    made.append(block("trim", (0.492, 0, low + 0.022), (0.028, w * 0.97, 0.04), bevel=0.3))
    made.append(block("trim", (0.497, 0, z), (0.014, w * 0.42, 0.03), bevel=0.2))
    if n.marked:
        kind = PLATES[int(rng.integers(len(PLATES)))]
        tail = back if n.load == "none" else -0.5
        made += _plate(kind, "mark1", 0.509, 1, low + 0.03, rng)
        made += _plate(kind, "mark2", tail - 0.005, -1, low + 0.4 * max(n.deck - low, 0.1), rng)
    if n.lamp:
        x = (n.cab_front - n.rake + n.cab_back + n.rake_back) / 2 if n.load == "none" else n.cab_front - n.rake - 0.05
        made.append(block("lamp", (x, 0, n.roof + 0.018), (0.05, n.lamp * w, 0.034), bevel=0.3))
    if n.band:
        made.append(
            block(
                "band", ((back + 0.5) / 2, 0, (low + n.belt) * 0.56), (0.9 * (0.5 - back), w * 1.012, 0.035), bevel=0.05
            )
        )
    return made


def _plate(
    kind: tuple[float, float, tuple[int, ...]], material: str, x: float, ahead: int, z: float, rng: np.random.Generator
) -> list[Part]:
    """A license plate with its lower edge at z, read from ahead (1) or from behind (-1), and the frame it stands in."""
    long, high, lines = kind
    made: list[Part] = [
        block("trim", (x - 0.003 * ahead, 0, z + high / 2), (0.006, long * 1.05, high * 1.12), bevel=0),
        block(material, (x, 0, z + high / 2), (0.004, long, high), bevel=0),
    ]
    line_high = 0.82 * high / len(lines)
    for line, count in enumerate(lines):
        middle = z + 0.91 * high - (line + 0.5) * line_high
        for right, up, stroke_wide, stroke_high in strokes(rng, count, 0.92 * long, 0.84 * line_high):
            at = (x + 0.0025 * ahead, ahead * right, middle + up)
            made.append(block(f"{material}b", at, (0.003, stroke_wide, stroke_high), bevel=0))
    return made


def _glass(n: Vehicle) -> list[Part]:
    w = n.wide * 0.95
    front, back = n.cab_front, n.cab_back
    top_front, top_back = front - n.rake, back + n.rake_back
    glass: list[Vec2] = [
        (front - 0.004, n.belt - 0.005),
        (top_front, n.roof - 0.012),
        (top_back, n.roof - 0.012),
        (back + 0.004, n.belt - 0.005),
    ]
    roof: list[Vec2] = [
        (top_front + 0.018, n.roof - 0.022),
        (top_front - 0.01, n.roof),
        (top_back + 0.01, n.roof),
        (top_back - 0.015, n.roof - 0.022),
    ]
    made = [_side("glass", glass[::-1], w * 0.985), _side("paint", roof[::-1], w)]
    posts = [(front, top_front), (back, top_back)]
    for i in range(n.pillars):
        share = (i + 1) / (n.pillars + 1)
        posts.append((front + share * (back - front), top_front + share * (top_back - top_front)))
    for bottom, top in posts:
        for s in (-1, 1):
            y = s * w * 0.49
            made.append(
                Tube(
                    material="paint",
                    path=[(bottom, y, n.belt - 0.01), (top, y, n.roof - 0.01)],
                    radius=[0.011],
                    sides=6,
                    smooth=False,
                )
            )
    if n.load != "coach" and not n.rails:
        made += [
            block("paint", (front - 0.04, s * (n.wide / 2 + 0.025), n.belt + 0.02), (0.028, 0.04, 0.03), bevel=0.3)
            for s in (-1, 1)
        ]
    return made


def _load(n: Vehicle) -> list[Part]:
    a, b, w = n.load_front, -0.5, n.wide
    middle, long = (a + b) / 2, a - b
    floor = n.clear + 0.075
    frame = block("trim", (0.0, 0, floor - 0.02), (0.96, w * 0.45, 0.04), bevel=0.1)
    match n.load:
        case "box":
            return [
                frame,
                block(
                    "load", (middle, 0, (floor + n.load_high) / 2), (long, w * 1.03, n.load_high - floor), bevel=0.03
                ),
            ]
        case "bed":
            wall = n.belt - floor
            made: list[Part] = [frame, block("trim", (middle, 0, floor), (long, w * 0.96, 0.02), bevel=0.1)]
            made += [
                block("paint", (middle, s * w * 0.475, floor + wall / 2), (long, 0.025, wall), bevel=0.1)
                for s in (-1, 1)
            ]
            return [*made, block("paint", (b + 0.012, 0, floor + wall / 2), (0.025, w * 0.95, wall), bevel=0.1)]
        case "tank":
            r = (n.load_high - floor) / 2
            ends: list[Vec2] = [
                (0, -long / 2),
                (r * 0.8, -long / 2),
                (r, -long / 2 + 0.03),
                (r, long / 2 - 0.03),
                (r * 0.8, long / 2),
                (0, long / 2),
            ]
            return [
                frame,
                Lathe(material="load", profile=ends, smooth=False, turn=(0, 90, 0), at=(middle, 0, floor + r)),
            ]
        case "tip":
            outline: list[Vec2] = [
                (a + 0.06, n.load_high + 0.02),
                (a - 0.02, floor),
                (b + 0.1, floor),
                (b, n.load_high - 0.05),
            ]
            return [
                frame,
                _side("load", outline, w * 1.02),
                block("soil", (middle + 0.02, 0, n.load_high - 0.01), (long * 0.8, w * 0.85, 0.06), bevel=0.4),
            ]
        case "mixer":
            drum: list[Vec2] = [
                (0, -long / 2),
                (0.09, -long / 2),
                (0.15, -0.05),
                (0.14, 0.08),
                (0.07, long / 2),
                (0, long / 2),
            ]
            return [frame, Lathe(material="load", profile=drum, turn=(0, -74, 0), at=(middle, 0, floor + 0.17))]
        case _:
            return []


def _wheels(n: Vehicle) -> list[Part]:
    r = n.wheel
    places = [n.front_axle, n.rear_axle]
    if n.axles > 2:
        places += [n.rear_axle + 2.15 * r * (i + 1) for i in range(n.axles - 2)]
    tyre: list[Vec2] = [
        (0.62 * r, -0.035),
        (0.94 * r, -0.035),
        (r, -0.02),
        (r, 0.02),
        (0.94 * r, 0.035),
        (0.62 * r, 0.035),
        (0.62 * r, -0.035),
    ]
    hub: list[Vec2] = [(0, -0.03), (0.63 * r, -0.03), (0.63 * r, 0.02), (0.3 * r, 0.034), (0, 0.034)]
    made: list[Part] = []
    for x in places:
        for s in (-1, 1):
            at = (x, s * (n.wide / 2 - 0.028), r)
            turn = (90.0 * -s, 0.0, 0.0)
            made.append(Lathe(material="tyre", profile=tyre, smooth=False, turn=turn, at=at, segments=24))
            made.append(Lathe(material="hub", profile=hub, smooth=False, turn=turn, at=at, segments=20))
    return made


FAMILY = Family(
    Vehicle,
    parts,
    {
        "paint": surface("paintwork", "#8a8e94 #b3202a #1f4e9c #e8e8e6 #1c1c20 #3a5a44"),
        "load": surface("paintwork", "#e8e8e4 #c8ccd0"),
        "glass": surface("gloss", "#1a2228 #242e34"),
        "trim": surface("plastic", "#1c1d1f #2a2b2d"),
        "tyre": surface("rubber", "#1a1a1b"),
        "hub": surface("metal", "#a8abb0"),
        "lights": surface("gloss", "#f2f0e0"),
        "tail": surface("gloss", "#a8141a"),
        "lamp": surface("gloss", "#1f5ae0 #d8201e"),
        "band": surface("gloss", "#1f4e9c"),
        "soil": surface("clay", "#6a4c30 #7a6a58"),
        "mark1": surface("gloss", "#f2f2ee #f2f2ee #e8e6de #e8c020"),
        "mark1b": surface("plastic", "#16161a #16161a #1c2a5c"),
        "mark2": surface("gloss", "#f2f2ee #f2f2ee #e8e6de #e8c020"),
        "mark2b": surface("plastic", "#16161a #16161a #1c2a5c"),
    },
    "paint",
    contexts=("road", "studio"),
    variation=Variation(stretch=(0.04, 0.03, 0.04)),
)
