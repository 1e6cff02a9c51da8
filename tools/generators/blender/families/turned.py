"""Turned things: a profile about an axis, with a cap, a label, a handle, a spout, a stem or feet."""

import math
from itertools import pairwise

import numpy as np
from pydantic import Field

from tools.generators.blender.families.base import Family, Numbers, ball, tube
from tools.generators.blender.families.paints import surface
from tools.generators.blender.parts import Cluster, Lathe, Part, Variation, Vec2


class Turned(Numbers):
    """A profile as (radius, height) from the bottom up, and what is on it."""

    profile: list[Vec2] = Field(description="(radius, height) from the bottom up; a point given twice is an edge")
    hard: int = Field(0, description="1: straight lines with edges")
    segments: int = 40
    lobes: int = 0
    lobe_depth: float = 0.0
    cap: float = Field(0.0, description="height of a cap or lid on top")
    cap_wide: float = Field(1.05, description="of the cap, over the top radius")
    knob: float = Field(0.0, description="size of a knob on the lid")
    label: float = Field(0.0, description="share of the height that a label covers")
    label_at: float = 0.42
    handle: float = Field(0.0, description="how far a handle stands out, over the widest radius")
    handle_low: float = 0.25
    handle_high: float = 0.75
    bail: float = Field(0.0, description="height of a handle over the top, over the widest radius")
    spout: float = Field(0.0, description="length of a spout, over the widest radius")
    panhandle: float = Field(0.0, description="length of a level handle, over the widest radius")
    fill: float = Field(0.0, description="height of what is inside, as a share")
    spray: float = Field(0.0, description="size of a spray head")
    legs: int = 0
    leg: float = 0.3
    band: float = Field(0.0, description="height of a rim or band at the foot, as a share")


def _radius_at(profile: list[Vec2], height: float) -> float:
    """Outer radius at a height."""
    found = 0.0
    for (r1, z1), (r2, z2) in pairwise(profile):
        low, high = min(z1, z2), max(z1, z2)
        if low <= height <= high:
            share = (height - z1) / (z2 - z1) if z2 != z1 else 0.0
            found = max(found, r1 + (r2 - r1) * share, *((r1, r2) if z1 == z2 else ()))
    return found


def parts(n: Turned, rng: np.random.Generator) -> list[Part]:
    """The profile and what is on it."""
    low, high = min(z for _, z in n.profile), max(z for _, z in n.profile)
    tall, wide = high - low, max(r for r, _ in n.profile)
    top = max(r for r, z in n.profile if z >= high - 0.04 * tall)
    made: list[Part] = [
        Lathe(
            material="body",
            profile=n.profile,
            smooth=not n.hard,
            segments=n.segments,
            lobes=n.lobes,
            lobe_depth=min(n.lobe_depth, 0.5),
        )
    ]
    if n.label:
        half = n.label * tall / 2
        middle = low + n.label_at * tall
        rows = [middle - half + 2 * half * i / 6 for i in range(7)]
        skin: list[Vec2] = [(_radius_at(n.profile, z) + 0.012 * wide, z) for z in rows]
        made.append(
            Lathe(material="label", profile=[(skin[0][0] * 0.98, rows[0]), *skin, (skin[-1][0] * 0.98, rows[-1])])
        )
    if n.cap:
        r = top * n.cap_wide
        made.append(
            Lathe(
                material="cap",
                smooth=False,
                segments=n.segments,
                profile=[
                    (0, high - 0.02 * tall),
                    (r, high - 0.02 * tall),
                    (r, high + n.cap * 0.85),
                    (r * 0.9, high + n.cap),
                    (0, high + n.cap),
                ],
            )
        )
    if n.knob:
        made.append(ball("cap", (0, 0, high + n.cap + n.knob * 0.4), n.knob))
    if n.fill:
        level = low + n.fill * tall
        inside: list[Vec2] = [(0, low + 0.02 * tall)]
        inside += [(0.94 * _radius_at(n.profile, z), z) for z in np.linspace(low + 0.03 * tall, level, 7).tolist()]
        made.append(Lathe(material="content", profile=[*inside, inside[-1], (0, level)]))
    return made + _handles(n, low, tall, wide, high, top)


def _handles(n: Turned, low: float, tall: float, wide: float, high: float, top: float) -> list[Part]:
    made: list[Part] = []
    thick = 0.085 * wide + 0.015 * tall
    if n.handle:
        a, b = low + n.handle_low * tall, low + n.handle_high * tall
        ra, rb = _radius_at(n.profile, a) * 0.97, _radius_at(n.profile, b) * 0.97
        out = max(ra, rb) + n.handle * wide
        path = [(ra, 0, a), (out * 0.92, 0, a + 0.02 * tall), (out, 0, (a + b) / 2), (out * 0.92, 0, b), (rb, 0, b)]
        made.append(tube("handle", path, [thick], flat=0.7, sides=10))
    if n.bail:
        arch = [
            (wide * math.cos(t), 0, high - 0.05 * tall + n.bail * wide * math.sin(t))
            for t in np.linspace(0, math.pi, 9)
        ]
        made.append(tube("handle", [(x * top / wide, y, z) for x, y, z in arch], [thick * 0.7]))
    if n.spout:
        z = low + 0.45 * tall
        r = _radius_at(n.profile, z) * 0.9
        end = r + n.spout * wide
        path = [(-r, 0, z), (-r - n.spout * wide * 0.5, 0, z + 0.12 * tall), (-end, 0, low + 0.92 * tall)]
        made.append(tube("body", path, [0.2 * wide, 0.12 * wide, 0.08 * wide], round_ends=False))
    if n.panhandle:
        z = high - 0.12 * tall
        r = _radius_at(n.profile, z) * 0.95
        path = [
            (r, 0, z),
            (r + 0.3 * n.panhandle * wide, 0, z + 0.05 * wide),
            (r + n.panhandle * wide, 0, z + 0.1 * wide),
        ]
        made.append(tube("handle", path, [0.06 * wide, 0.1 * wide, 0.1 * wide], flat=0.5))
    if n.spray:
        s = n.spray
        made += [
            tube("cap", [(0, 0, high - 0.02), (0, 0, high + 0.6 * s)], [top * 0.9], round_ends=False),
            tube(
                "cap",
                [(0.5 * s, 0, high + 0.75 * s), (-0.9 * s, 0, high + 0.85 * s)],
                [0.28 * s, 0.2 * s],
                smooth=False,
            ),
            tube(
                "cap",
                [(-0.45 * s, 0, high + 0.7 * s), (-0.75 * s, 0, high + 0.2 * s), (-0.7 * s, 0, high - 0.1 * s)],
                [0.08 * s],
            ),
        ]
    if n.legs:
        foot = tube("handle", [(0, 0, 0), (0.1 * wide, 0, -n.leg)], [0.07 * wide, 0.05 * wide], smooth=False)
        made.append(
            Cluster(
                parts=[foot],
                count=n.legs,
                on="ring",
                size=(1.5 * wide, 1.5 * wide, 0),
                at=(0, 0, low + 0.05 * tall),
                facing="up",
                size_jitter=0,
                place_jitter=0,
            )
        )
    if n.band:
        z2 = low + n.band * tall
        r = max(_radius_at(n.profile, low + 0.01 * tall), _radius_at(n.profile, z2)) + 0.02 * wide
        made.append(Lathe(material="cap", smooth=False, profile=[(0, low), (r, low), (r, z2), (0, z2)]))
    return made


FAMILY = Family(
    Turned,
    parts,
    {
        "body": surface("ceramic", "#e8e4dc #d8d2c6"),
        "cap": surface("plastic", "#d8d8d6 #2a2a2c #b3202a #1f4e9c #f0efeb"),
        "label": surface("paper", "#f0ece0 #b3202a #1f4e9c #2f7a3a #e8bf22"),
        "handle": surface("plastic", "#1c1c1e #2a2a2c"),
        "content": surface("gloss", "#8a2a1a #c9a02e"),
    },
    "body",
    variation=Variation(stretch=(0.05, 0.05, 0.08)),
)
