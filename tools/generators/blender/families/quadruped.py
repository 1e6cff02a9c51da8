"""Four-legged animals: a body along a spine, neck, head with snout and ears, legs, a tail, and what some bear."""

import math
from typing import Literal

import numpy as np
from pydantic import Field

from tools.generators.blender.families.base import Family, Numbers, Three, ball, tube
from tools.generators.blender.families.paints import surface
from tools.generators.blender.parts import Cluster, Lathe, Part, Variation

Ears = Literal["point", "drop", "round", "long", "fan", "side", "none"]
Horns = Literal["none", "curved", "long", "antlers", "spiral", "nose", "tusks"]


class Quadruped(Numbers):
    """Lengths over that of the body from rump to chest."""

    legs: float = Field(0.6, description="height of the back line's middle over the ground, less the body's radius")
    leg_thick: float = 0.055
    body: float = Field(0.22, description="radius of the trunk")
    wide: float = Field(0.85, description="width of the trunk over its height")
    rump: float = Field(0.9, description="radius of the rump over the trunk's")
    neck: float = 0.3
    neck_up: float = Field(45, description="degrees")
    neck_thick: float = 0.12
    head: float = Field(0.24, description="length of the skull")
    snout: float = Field(0.16, description="length in front of the skull")
    snout_thick: float = 0.07
    ears: Ears = "point"
    ear: float = 0.14
    tail: float = 0.45
    tail_thick: float = 0.03
    tail_up: float = Field(-50, description="degrees at its root; -90 hangs")
    tuft: float = Field(0.0, description="size of a tuft at the tail's end")
    horns: Horns = "none"
    horn: float = 0.2
    mane: float = Field(0.0, description="height of a mane along the neck; negative: a ruff all round")
    hump: float = 0.0
    trunk: float = 0.0
    hoof: int = 0
    paw: float = Field(1.0, description="size of its feet over its legs' thickness")
    wool: int = Field(0, description="curls on the trunk")
    spines: int = Field(0, description="spines on the back")
    sit: float = Field(0.0, ge=0, le=1, description="share that sits")
    lie: float = Field(0.0, ge=0, le=1, description="share that lies")
    udder: int = 0


def _posed(n: Quadruped, rng: np.random.Generator) -> tuple[str, Three, Three]:
    """How it stands, and where rump and chest are."""
    drawn = rng.uniform()
    if drawn < n.sit:
        return "sits", (-0.3, 0, n.body * 0.95), (0.12, 0, n.legs * 0.85 + n.body)
    if drawn < n.sit + n.lie:
        return "lies", (-0.42, 0, n.body * 0.9), (0.42, 0, n.body * 1.0)
    high = n.legs + n.body * 0.55
    return "stands", (-0.42, 0, high), (0.42, 0, high + 0.02)


def parts(n: Quadruped, rng: np.random.Generator) -> list[Part]:
    """The animal, looking along x."""
    pose, rump, chest = _posed(n, rng)
    middle = [((1 - t) * rump[0] + t * chest[0], 0.0, (1 - t) * rump[2] + t * chest[2]) for t in (0.25, 0.5, 0.75)]
    b = n.body
    made: list[Part] = [
        tube(
            "fur", [rump, *middle, chest], [b * n.rump, b * 0.97, b * 0.95, b, b * 0.98], scale=(1, n.wide, 1), sides=18
        )
    ]
    if n.hump:
        made.append(ball("fur", (0.02, 0, middle[1][2] + b * 0.75), (0.45, 0.3, n.hump * 2)))
    made += _legs(n, pose, rump, chest, rng)
    made += _neck_and_head(n, chest, pose, rng)
    made += _tail(n, rump, rng)
    if n.wool:
        curl = ball("fur", (0, 0, 0), 0.13, detail=4)
        made.append(
            Cluster(
                parts=[curl],
                count=n.wool,
                on="sphere",
                size=(1.08 + 2 * b * 0.6, 2 * b * n.wide, 2.05 * b),
                at=middle[1],
                size_jitter=0.3,
                place_jitter=0.3,
            )
        )
    if n.spines:
        spine = tube("mane", [(0, 0, 0), (0, 0, 0.16)], [0.012, 0.003], sides=4, smooth=False, round_ends=False)
        made.append(
            Cluster(
                parts=[spine],
                count=n.spines,
                on="dome",
                size=(1.15, 2 * b * n.wide, 1.1 * b),
                size_jitter=0.3,
                copy_tilt=22,
                at=(-0.06, 0, middle[1][2] + b * 0.35),
            )
        )
    if n.udder:
        made.append(ball("muzzle", (-0.24, 0, rump[2] - b * 0.95), (0.2, 0.18, 0.16)))
    return made


def _legs(n: Quadruped, pose: str, rump: Three, chest: Three, rng: np.random.Generator) -> list[Part]:
    made: list[Part] = []
    t = n.leg_thick
    stride = 0.16 * n.legs * rng.uniform(-1, 1)
    for side in (-1, 1):
        y = side * n.body * n.wide * 0.6
        if pose == "lies":
            made += [
                tube(
                    "fur",
                    [(0.3, y, n.body * 0.7), (0.34, y * 1.1, t * 1.4), (0.34 + 0.45 * n.legs, y * 1.1, t)],
                    [t * 1.7, t * 1.3, t],
                ),
                ball("fur", (-0.3, y * 1.2, n.body * 0.75), (0.36, 0.2, 1.4 * n.body)),
                tube("paw", [(-0.3, y * 1.5, t), (-0.3 + 0.4 * n.legs, y * 1.6, t)], [t * 1.1, t]),
            ]
            continue
        if pose == "sits":
            made += [
                tube(
                    "fur",
                    [
                        (chest[0] - 0.02, y * 0.9, chest[2] - 0.3 * n.body),
                        (chest[0] + 0.05, y * 0.9, 0.4 * n.legs),
                        (chest[0] + 0.06, y * 0.9, t),
                    ],
                    [t * 2.2, t * 1.2, t],
                ),
                ball("paw", (chest[0] + 0.1, y * 0.9, t * 0.8), (t * 3.4, t * 2.4, t * 1.7)),
                ball("fur", (-0.2, y * 1.15, n.body * 0.85), (0.4, 0.2, 1.7 * n.body)),
                tube("paw", [(-0.12, y * 1.5, t), (0.1, y * 1.6, t)], [t * 1.2, t]),
            ]
            continue
        front, back = stride * side, -stride * side
        z = chest[2] - 0.1 * n.body
        paths = [
            [(0.34, y, z), (0.35, y, 0.55 * n.legs), (0.34 + 0.6 * front, y, 0.28 * n.legs), (0.34 + front, y, 0.03)],
            [(-0.35, y, z), (-0.27, y, 0.62 * n.legs), (-0.41 + 0.6 * back, y, 0.34 * n.legs), (-0.36 + back, y, 0.03)],
        ]
        for hind, path in enumerate(paths):
            thigh = t * (2.4 if hind else 2.0)
            made.append(tube("fur", path[:3], [thigh, t * 1.5, t], sides=10))
            made.append(tube("paw", path[2:], [t, t * 0.85], sides=10, smooth=False))
            foot = path[-1]
            if n.hoof:
                made.append(
                    Lathe(
                        material="hoof",
                        profile=[(0, 0), (t * 1.15, 0), (t * 0.9, t * 1.6), (0, t * 1.7)],
                        smooth=False,
                        segments=12,
                        at=(foot[0], y, 0),
                    )
                )
            else:
                made.append(
                    ball(
                        "paw",
                        (foot[0] + t * 0.7 * n.paw, y, t * 0.65),
                        (t * 3.2 * n.paw, t * (1.5 + 0.8 * n.paw), t * 1.4),
                        detail=8,
                    )
                )
    return made


def _neck_and_head(n: Quadruped, chest: Three, pose: str, rng: np.random.Generator) -> list[Part]:
    lift = math.radians(n.neck_up + rng.uniform(-12, 8) + (20 if pose == "sits" else 0))
    root = (chest[0] - 0.06, 0.0, chest[2] + 0.3 * n.body)
    top = (root[0] + n.neck * math.cos(lift), 0.0, root[2] + n.neck * math.sin(lift))
    half = ((root[0] + top[0]) / 2 + 0.02, 0.0, (root[2] + top[2]) / 2)
    made: list[Part] = [
        tube(
            "fur",
            [root, half, top],
            [n.body * 0.78, (n.neck_thick + n.body * 0.35) / 1.3, n.neck_thick],
            scale=(1, 0.85, 1),
            sides=14,
        )
    ]
    h = n.head
    skull = (top[0] + 0.18 * h, 0.0, top[2] + 0.08 * h)
    drop = math.radians(22)
    tip = (skull[0] + (0.35 * h + n.snout) * math.cos(drop), 0.0, skull[2] - (0.35 * h + n.snout) * math.sin(drop))
    bridge = ((skull[0] + 1.2 * tip[0]) / 2.2, 0.0, (skull[2] + 1.2 * tip[2]) / 2.2)
    made += [
        ball("fur", skull, (h, 0.82 * h, 0.84 * h), turn=(0, 15, 0), detail=14),
        tube("fur", [skull, bridge], [0.36 * h, n.snout_thick * 1.12], scale=(1, 0.9, 1)),
        tube("muzzle", [bridge, tip], [n.snout_thick * 1.12, n.snout_thick * 0.85], scale=(1, 0.9, 1), smooth=False),
        ball(
            "nose",
            (tip[0] + n.snout_thick * 0.62, 0, tip[2] + n.snout_thick * 0.35),
            (n.snout_thick * 0.7, n.snout_thick * 0.9, n.snout_thick * 0.6),
            detail=6,
        ),
    ]
    eye = max(0.1 * h, 0.018)
    made += [ball("eye", (skull[0] + 0.28 * h, s * 0.33 * h, skull[2] + 0.12 * h), eye, detail=7) for s in (-1, 1)]
    made += _ears(n, skull)
    made += _horns(n, skull, tip)
    if n.trunk:
        x, z = tip[0], tip[2]
        path = [
            (x - 0.06, 0, z + 0.05),
            (x + 0.1, 0, z - 0.3 * n.trunk),
            (x + 0.1, 0, z - 0.7 * n.trunk),
            (x + 0.2, 0, z - n.trunk),
        ]
        made.append(tube("fur", path, [n.snout_thick * 1.1, n.snout_thick * 0.7, n.snout_thick * 0.45]))
    if n.mane > 0:
        # A comb of short locks from the withers to between the ears.
        for share in (0.12, 0.28, 0.44, 0.6, 0.76, 0.92):
            x = root[0] + share * (skull[0] - 0.1 * h - root[0])
            z = root[2] + share * (skull[2] - root[2])
            out = 0.62 * (n.body * 0.8 * (1 - share) + n.neck_thick * share) + 0.3 * n.mane
            made.append(
                ball(
                    "mane",
                    (x - out * math.sin(lift), 0, z + out * math.cos(lift)),
                    (0.2 * max(n.neck, 0.25) + 0.06, 0.06, 2.2 * n.mane + 0.05),
                    turn=(0, -n.neck_up, 0),
                    detail=7,
                )
            )
    elif n.mane < 0:
        lock = tube("mane", [(0, 0, 0), (0, 0, -n.mane)], [0.06, 0.03], sides=6, smooth=False)
        made.append(
            Cluster(
                parts=[lock],
                count=44,
                on="sphere",
                size=(0.75 * h, 1.15 * h, 1.3 * h),
                at=(skull[0] - 0.5 * h, 0, skull[2] - 0.15 * h),
                copy_tilt=25,
            )
        )
    return made


def _ears(n: Quadruped, skull: Three) -> list[Part]:
    made: list[Part] = []
    h, e = n.head, n.ear
    for s in (-1, 1):
        at = (skull[0] - 0.12 * h, s * 0.27 * h, skull[2] + 0.33 * h)
        match n.ears:
            case "point":
                made.append(
                    Lathe(
                        material="ear",
                        profile=[(0.34 * e, -0.1 * e), (0.3 * e, 0.3 * e), (0, 1.05 * e)],
                        segments=12,
                        scale=(0.55, 1, 1),
                        at=at,
                        turn=(-16 * s, -8, 0),
                    )
                )
            case "long":
                made.append(
                    tube(
                        "ear",
                        [
                            at,
                            (at[0] - 0.15 * e, at[1] * 1.3, at[2] + 0.5 * e),
                            (at[0] - 0.35 * e, at[1] * 1.5, at[2] + e),
                        ],
                        [0.09 * e, 0.15 * e, 0.05 * e],
                        flat=0.5,
                    )
                )
            case "drop":
                made.append(
                    ball(
                        "ear",
                        (at[0] + 0.02 * h, s * 0.43 * h, at[2] - 0.5 * e),
                        (0.55 * e, 0.22 * e, 1.25 * e),
                        turn=(12 * s, 0, 0),
                    )
                )
            case "round":
                made.append(ball("ear", (at[0], s * 0.36 * h, at[2] + 0.15 * e), (0.35 * e, 0.95 * e, 0.95 * e)))
            case "fan":
                made.append(
                    ball(
                        "ear",
                        (at[0] - 0.2 * h, s * (0.4 * h + 0.45 * e), at[2] - 0.45 * e),
                        (0.14 * e, 1.1 * e, 1.35 * e),
                        turn=(0, 0, -28 * s),
                    )
                )
            case "side":
                made.append(
                    ball(
                        "ear",
                        (at[0], s * (0.34 * h + 0.4 * e), at[2] - 0.12 * h),
                        (0.35 * e, 1.15 * e, 0.5 * e),
                        turn=(-12 * s, 0, 0),
                    )
                )
            case _:
                pass
    return made


def _horns(n: Quadruped, skull: Three, tip: Three) -> list[Part]:
    made: list[Part] = []
    h, g = n.head, n.horn
    x, z = skull[0] - 0.05 * h, skull[2] + 0.36 * h
    if n.horns == "nose":
        return [
            tube(
                "horn",
                [
                    (tip[0] - 0.02, 0, tip[2] + 0.03),
                    (tip[0] + 0.03, 0, tip[2] + 0.5 * g),
                    (tip[0] - 0.02, 0, tip[2] + g),
                ],
                [0.06, 0.04, 0.005],
            )
        ]
    for s in (-1, 1):
        y = s * 0.22 * h
        match n.horns:
            case "curved":
                path = [(x, y, z), (x, y + s * 0.5 * g, z + 0.15 * g), (x + 0.1 * g, y + s * 0.6 * g, z + 0.7 * g)]
                made.append(tube("horn", path, [0.13 * g, 0.1 * g, 0.01]))
            case "long":
                path = [(x, y, z), (x - 0.25 * g, y * 1.3, z + 0.6 * g), (x - 0.7 * g, y * 1.6, z + 0.9 * g)]
                made.append(tube("horn", path, [0.1 * g, 0.07 * g, 0.01]))
            case "spiral":
                path = [
                    (x, y, z),
                    (x - 0.35 * g, y + s * 0.25 * g, z + 0.1 * g),
                    (x - 0.4 * g, y + s * 0.4 * g, z - 0.35 * g),
                    (x, y + s * 0.5 * g, z - 0.5 * g),
                    (x + 0.2 * g, y + s * 0.55 * g, z - 0.25 * g),
                ]
                made.append(tube("horn", path, [0.17 * g, 0.15 * g, 0.1 * g, 0.04 * g]))
            case "antlers":
                stem = [(x, y, z), (x - 0.2 * g, y + s * 0.3 * g, z + 0.4 * g), (x - 0.1 * g, y + s * 0.45 * g, z + g)]
                made.append(tube("horn", stem, [0.05 * g, 0.045 * g, 0.02 * g], sides=6))
                for at, up in ((0.35, 0.35), (0.6, 0.35), (0.85, 0.28)):
                    base = (x - 0.17 * g, y + s * (0.18 + 0.25 * at) * g, z + at * g * 0.85)
                    made.append(
                        tube(
                            "horn",
                            [base, (base[0] + 0.3 * g, base[1] + s * 0.1 * g, base[2] + up * g)],
                            [0.04 * g, 0.012 * g],
                            sides=6,
                            smooth=False,
                        )
                    )
            case "tusks":
                path = [
                    (tip[0] - 0.1, s * n.snout_thick * 0.8, tip[2]),
                    (tip[0] + 0.08, s * n.snout_thick, tip[2] - 0.5 * g),
                    (tip[0] + 0.28, s * n.snout_thick, tip[2] - 0.55 * g),
                ]
                made.append(tube("horn", path, [0.035, 0.03, 0.008]))
            case _:
                pass
    return made


def _tail(n: Quadruped, rump: Three, rng: np.random.Generator) -> list[Part]:
    if n.tail <= 0:
        return []
    rise = math.radians(n.tail_up + rng.uniform(-15, 15))
    x, z = rump[0] - n.body * n.rump * 0.8, rump[2] + 0.35 * n.body
    path: list[Three] = [(x + 0.06, 0, z - 0.02)]
    for i in range(1, 5):
        angle = rise + math.radians(12) * i * (1 if n.tail_up > 0 else -0.4)
        last = path[-1]
        path.append(
            (
                last[0] - n.tail / 4 * math.cos(angle),
                0.03 * rng.uniform(-1, 1),
                max(last[2] + n.tail / 4 * math.sin(angle), n.tail_thick),
            )
        )
    made: list[Part] = [tube("fur", path, [n.tail_thick, n.tail_thick * 1.1, n.tail_thick], sides=10)]
    if n.tuft:
        made.append(ball("tip", path[-1], (n.tuft * 0.7, n.tuft * 0.7, n.tuft * 1.3)))
    return made


FAMILY = Family(
    Quadruped,
    parts,
    {
        "fur": surface("coat", "#7a5634 #8a6440"),
        "muzzle": surface("fur", "#7a5634"),
        "ear": surface("coat", "#7a5634"),
        "paw": surface("coat", "#7a5634"),
        "tip": surface("coat", "#7a5634", hair=0.06),
        "mane": surface("coat", "#3a2818 #241a12", hair=0.06),
        "nose": surface("plastic", "#1c1716 #241c1a"),
        "eye": surface("gloss", "#0e0b0a"),
        "horn": surface("plastic", "#cfc4a8 #8a7c62"),
        "hoof": surface("plastic", "#2e2824"),
    },
    "fur",
    contexts=("grass", "soil", "road", "studio"),
    variation=Variation(stretch=(0.05, 0.06, 0.05), wobble=0.006, wobble_scale=2),
    follows=("muzzle", "ear", "paw", "tip"),
)
