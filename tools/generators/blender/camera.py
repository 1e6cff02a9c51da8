"""Where the camera stands and what it sees: rays and projections in plain numpy, no Blender.

The world is z up. The camera looks at the origin from `FOCUS` units away; that distance, not the metre, is the unit
of a scene, since only ratios show in an image.
"""

import math
import random
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

Array = npt.NDArray[np.float64]

FOCUS = 10.0
# Degrees the camera looks down. Things that hang are seen from anywhere; things that rest need the surface in view.
PITCH_AIRY = {
    "eye level": (-6, 7),
    "slightly above": (12, 24),
    "from above": (35, 55),
    "straight down": (88, 90),
    "from below": (-48, -24),
}
PITCH_RESTING = {
    "eye level": (9, 17),
    "slightly above": (22, 33),
    "from above": (44, 60),
    "straight down": (88.5, 90),
    "from below": (4, 7),  # nobody sees through a table: the camera lies on it
}
MIN_DEPRESSION = 4.5  # degrees under the horizon of the lowest point of a resting thing: nearer to it, sizes explode


@dataclass(frozen=True)
class Camera:
    """A pinhole camera with square pixels and a square image."""

    position: Array  # (3,)
    axes: Array  # (3, 3): columns are right, up, back
    fov: float  # radians, of both sides
    pitch: float  # radians, positive looks down

    @property
    def half(self) -> float:
        """Half the image's width at distance 1."""
        return math.tan(self.fov / 2)

    @property
    def width(self) -> float:
        """Width of the view at the focus, in units."""
        return 2 * self.half * FOCUS

    @property
    def forward(self) -> Array:
        """Unit vector of the view."""
        return -self.axes[:, 2]

    def ray(self, u: float, v: float) -> Array:
        """Direction through a point of the image; (0, 0) top left, (1, 1) bottom right; depth 1 along the view."""
        local = np.array([(2 * u - 1) * self.half, (1 - 2 * v) * self.half, -1.0])
        return np.asarray(self.axes @ local)

    def at(self, u: float, v: float, depth: float) -> Array:
        """The point seen at (u, v) at a depth along the view axis."""
        return np.asarray(self.position + self.ray(u, v) * depth)

    def on_plane(self, u: float, v: float, z: float = 0.0) -> Array:
        """Where the ray through (u, v) meets the level z; rays too near the horizon are bent down to it."""
        ray = self.ray(u, v)
        lowest = -math.sin(math.radians(MIN_DEPRESSION * 0.6)) * float(np.linalg.norm(ray))
        ray[2] = min(ray[2], lowest)
        return np.asarray(self.position + ray * ((z - self.position[2]) / ray[2]))

    def project(self, points: Array) -> tuple[Array, Array]:
        """(n, 3) points to (n, 2) image coordinates in 0..1 (unclipped) and (n,) depths along the view axis."""
        local = (points - self.position) @ self.axes
        depth = np.maximum(-local[:, 2], 1e-3)
        scale = 0.5 / (self.half * depth)
        return np.stack([0.5 + local[:, 0] * scale, 0.5 - local[:, 1] * scale], axis=1), depth


def look(pitch: float, roll: float, fov: float) -> Camera:
    """A camera at distance `FOCUS` that looks at the origin.

    Args:
        pitch: degrees it looks down; negative looks up.
        roll: degrees the hand is held askew.
        fov: degrees.
    """
    p, r = math.radians(pitch), math.radians(roll)
    forward = np.array([0.0, math.cos(p), -math.sin(p)])
    right = np.array([1.0, 0.0, 0.0])
    up = np.cross(right, forward)
    right, up = right * math.cos(r) + up * math.sin(r), up * math.cos(r) - right * math.sin(r)
    return Camera(-FOCUS * forward, np.stack([right, up, -forward], axis=1), math.radians(fov), p)


def choose_camera(
    rng: random.Random,
    viewpoint: str,
    bottoms: Sequence[float],
    *,
    resting: bool,
    fov: tuple[float, float],
    pitch: tuple[float, float] | None = None,
) -> Camera:
    """A camera for a viewpoint from which every resting thing can stand where it is wanted.

    Args:
        rng: the scene's.
        viewpoint: one of `VIEWPOINTS`.
        bottoms: lowest points of the wanted boxes, 0 top .. 1 bottom of the image.
        resting: the place has a surface.
        fov: range in degrees.
        pitch: range in degrees that the place has of its own.
    """
    low, high = pitch or (PITCH_RESTING if resting else PITCH_AIRY)[viewpoint]
    angle, down, roll = rng.uniform(*fov), rng.uniform(low, high), rng.gauss(0, 1.5)
    if resting and bottoms:
        half = math.tan(math.radians(angle / 2))
        highest = math.degrees(math.atan((2 * min(bottoms) - 1) * half))
        down = max(down, MIN_DEPRESSION - highest)
    return look(min(down, 90.0), roll, angle)
