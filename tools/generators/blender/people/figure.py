"""A body of MakeHuman's, of some sex, age and build, in some clothes: its bones, its meshes, and both in a pose.

Axes: x forward, y to the left, z up, metres. A pose gives each bone a rotation about where it begins, in the axes of
the body at rest; what hangs on a bone turns with it, and skin between two bones with both in part (linear blend
skinning).
"""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from tools.generators.blender.parts import Sex

PEOPLE = Path(__file__).with_name("people.npz")

Floats = NDArray[np.float64]


@dataclass(frozen=True)
class Layer:
    """One mesh of a figure: its body, an eye, a suit, shoes or hair."""

    vertices: Floats  # (n, 3), at rest
    faces: list[tuple[int, ...]]
    paints: list[str]  # of each face, the name of its material
    bones: NDArray[np.uint8]  # (n, k) that move each vertex
    weights: Floats  # (n, k), each row adds up to 1

    def taken(self, faces: NDArray[np.bool_]) -> "Layer":
        """Some of its faces; vertices that none of them uses are left out."""
        kept = [f for f, use in zip(self.faces, faces.tolist(), strict=True) if use]
        paints = [p for p, use in zip(self.paints, faces.tolist(), strict=True) if use]
        used, renamed = np.unique(np.array([i for f in kept for i in f], int), return_inverse=True)
        again = _faces(renamed, np.array([len(f) for f in kept], int))
        return Layer(self.vertices[used], again, paints, self.bones[used], self.weights[used])

    def clipped(self, value: Floats) -> "Layer":
        """What of it lies where a value (n,) of its vertices is above 0, cut straight through the faces on the edge."""
        inside: list[float] = value.tolist()
        cuts: dict[tuple[int, int], int] = {}
        ends: list[tuple[int, int, float]] = []
        faces, paints = [], []
        for face, paint in zip(self.faces, self.paints, strict=True):
            kept: list[int] = []
            for a, b in zip(face, (*face[1:], face[0]), strict=True):
                if inside[a] > 0:
                    kept.append(a)
                if (inside[a] > 0) != (inside[b] > 0):
                    low, high = min(a, b), max(a, b)
                    if (low, high) not in cuts:
                        cuts[low, high] = len(self.vertices) + len(ends)
                        ends.append((low, high, inside[low] / (inside[low] - inside[high])))
                    kept.append(cuts[low, high])
            if len(kept) > 2:
                faces.append(tuple(kept))
                paints.append(paint)
        first, second = (np.array([e[i] for e in ends], int) for i in (0, 1))
        t = np.array([e[2] for e in ends], float)[:, None]
        whole = Layer(
            np.concatenate([self.vertices, (1 - t) * self.vertices[first] + t * self.vertices[second]]),
            faces,
            paints,
            np.concatenate([np.hstack([self.bones] * 2), np.hstack([self.bones[first], self.bones[second]])]),
            np.concatenate(
                [
                    np.hstack([self.weights, 0 * self.weights]),
                    np.hstack([(1 - t) * self.weights[first], t * self.weights[second]]),
                ]
            ),
        )
        return whole.taken(np.ones(len(faces), bool))

    def grown(self, by: float) -> "Layer":
        """Each vertex moved outwards by so many metres."""
        normals = np.zeros_like(self.vertices)
        first, second, third = np.moveaxis(self.vertices[np.array([f[:3] for f in self.faces], int)], 1, 0)
        across = np.cross(second - first, third - first)
        np.add.at(normals, [i for f in self.faces for i in f], np.repeat(across, [len(f) for f in self.faces], axis=0))
        length = np.maximum(np.linalg.norm(normals, axis=1, keepdims=True), 1e-12)
        return Layer(self.vertices + by * normals / length, self.faces, self.paints, self.bones, self.weights)


@cache
def _kept() -> dict[str, NDArray[Any]]:
    """All arrays of the file; decoded once a process."""
    with np.load(PEOPLE, allow_pickle=False) as file:
        return {name: file[name] for name in file.files}


@cache
def _surface(key: str) -> tuple[list[tuple[int, ...]], list[str]]:
    """Faces of a mesh of the file, and the paint of each; shared by all figures that have it."""
    kept = _kept()
    return _faces(kept[f"{key} corners"], kept[f"{key} sides"]), kept[f"{key} paints"].tolist()


def _faces(corners: NDArray[Any], sides: NDArray[Any]) -> list[tuple[int, ...]]:
    """Faces from all their corners in one row, and how many each has."""
    row, ends = corners.tolist(), np.cumsum(sides).tolist()
    return [tuple(row[a:b]) for a, b in zip([0, *ends], ends, strict=False)]


class Figure:
    """A body at rest.

    Args:
        sex: whose targets shape it.
        amounts: how much of each target of that sex is added, by its name; those not named are left out.
    """

    def __init__(self, sex: Sex, amounts: Mapping[str, float]) -> None:
        self.sex = sex
        kept = _kept()
        names = kept[f"{sex} terms"].tolist()
        wanted = np.zeros(len(names))
        for name, amount in amounts.items():
            wanted[names.index(name)] = amount
        self._shape = np.concatenate([[1.0], wanted @ kept[f"{sex} amounts"]])
        joints = np.tensordot(self._shape, kept[f"{sex} joints"].astype(np.float64), 1)
        self.begins, self.ends = joints[:, 0], joints[:, 1]

    @property
    def bones(self) -> list[str]:
        """Their names, each after its parent's."""
        names: list[str] = _kept()["bones"].tolist()
        return names

    def layer(self, name: str, under: tuple[str, ...] = ()) -> Layer:
        """A mesh of this figure: "body", "eye l", "male_casualsuit02", "shoes01", "long01"...

        Args:
            name: which one.
            under: clothes that cover it; faces of the body that lie under them are left out.
        """
        kept, key = _kept(), f"{self.sex} {name}"
        values = np.tensordot(self._shape, kept[f"{key} vertices"].astype(np.float64), 1)
        faces, paints = _surface(key)
        layer = Layer(values, faces, paints, kept[f"{key} bones"], kept[f"{key} weights"].astype(np.float64))
        if not under:
            return layer
        covered = np.any([kept[f"{self.sex} {cloth} covers"] for cloth in under], axis=0).tolist()
        return layer.taken(np.array([not all(covered[i] for i in f) for f in faces]))

    def posed(self, turns: Mapping[str, Floats]) -> "Posed":
        """The figure with each named bone turned by a matrix (3, 3); one that is not named keeps to its parent."""
        parents = _kept()["parents"].tolist()
        rotations, places = np.zeros((len(parents), 3, 3)), np.zeros((len(parents), 3))
        for number, (name, parent) in enumerate(zip(self.bones, parents, strict=True)):
            own = turns.get(name, np.eye(3))
            if parent < 0:
                rotations[number], places[number] = own, self.begins[number]
                continue
            rotations[number] = rotations[parent] @ own
            places[number] = places[parent] + rotations[parent] @ (self.begins[number] - self.begins[parent])
        return Posed(self, rotations, places)

    def along(self, bone: str) -> Floats:
        """The direction of a bone at rest, of length 1."""
        number = self.bones.index(bone)
        way = self.ends[number] - self.begins[number]
        out: Floats = way / np.linalg.norm(way)
        return out


@dataclass(frozen=True)
class Posed:
    """A figure in a pose."""

    figure: Figure
    rotations: Floats  # (bones, 3, 3), from rest
    places: Floats  # (bones, 3): where each begins now

    def vertices(self, layer: Layer) -> Floats:
        """Where the vertices of a layer are in this pose."""
        out = np.zeros_like(layer.vertices)
        for column in range(layer.bones.shape[1]):
            bone = layer.bones[:, column]
            local = layer.vertices - self.figure.begins[bone]
            moved = np.einsum("nij,nj->ni", self.rotations[bone], local) + self.places[bone]
            out += layer.weights[:, column, None] * moved
        return out

    def carried(self, points: Floats, bone: str) -> Floats:
        """Points given where they are at rest, stiffly moved with a bone."""
        number = self.figure.bones.index(bone)
        out: Floats = (points - self.figure.begins[number]) @ self.rotations[number].T + self.places[number]
        return out


def turn_to(way: Floats, to: Floats) -> Floats:
    """The smallest rotation (3, 3) that turns one direction into another (Rodrigues)."""
    a, b = way / np.linalg.norm(way), to / np.linalg.norm(to)
    axis, cosine = np.cross(a, b), float(a @ b)
    if cosine < -0.9999:  # any axis across
        axis = np.cross(a, [1.0, 0, 0] if abs(a[0]) < 0.9 else [0, 1.0, 0])
        axis /= np.linalg.norm(axis)
        return 2 * np.outer(axis, axis) - np.eye(3)
    k = _across(axis)
    out: Floats = np.eye(3) + k + k @ k / (1 + cosine)
    return out


def turn_about(axis: Floats, degrees: float) -> Floats:
    """A rotation (3, 3) about an axis of length 1 (Rodrigues)."""
    angle, k = np.radians(degrees), _across(axis)
    out: Floats = np.eye(3) + np.sin(angle) * k + (1 - np.cos(angle)) * k @ k
    return out


def _across(axis: Floats) -> Floats:
    """The matrix (3, 3) of the cross product with an axis."""
    return np.array([[0, -axis[2], axis[1]], [axis[2], 0, -axis[0]], [-axis[1], axis[0], 0]])
