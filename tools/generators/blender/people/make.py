"""Make `people.npz`: MakeHuman's bodies, clothes and hair (CC0), cut down to what an image shows.

    python -m tools.generators.blender.people.make MAKEHUMAN_ASSETS MPFB2

takes two checkouts, of the repositories makehuman-assets and mpfb2 of makehumancommunity. A body there is a base mesh
plus weighted sums of targets (displacements for an age, an ancestry, a weight); clothes hang on vertices of the base
mesh. Both are linear, so what is kept is a few principal components of all the targets of a sex, for each mesh.
"""

import argparse
import gzip
import json
import logging
from dataclasses import dataclass
from itertools import product
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import coo_matrix
from scipy.sparse.csgraph import connected_components

from tools.generators.blender.people.figure import PEOPLE

log = logging.getLogger(__name__)

Floats = NDArray[np.float64]
Faces = list[tuple[int, ...]]

AGES, ANCESTRIES = ("child", "young", "old"), ("african", "asian", "caucasian")
BUILDS = (
    ("averagemuscle", "minweight"),
    ("averagemuscle", "averageweight"),
    ("averagemuscle", "maxweight"),
    ("maxmuscle", "averageweight"),
)
SEXES = {"male": "male1591", "female": "female1605"}
COMPONENTS = 12  # of 21 targets a sex; the rest moves no vertex of an extreme body by more than 14 mm
BONES = 4  # that move one vertex
# Vertices that an image of 320 px can tell apart; suits and hair of more are simplified.
MOST_SUIT, MOST_SHOES, MOST_HAIR = 1700, 420, 700
IRIS = 0.065  # of an eye's radius of 0.13
METRES = 0.1  # of MakeHuman's unit
# Of each suit who wears it, and the material of its pieces as they come in its file.
SUITS = {
    "male_casualsuit02": (("male", "female"), ("trousers", "shirt")),
    "male_casualsuit03": (("male", "female"), ("shirt", "trousers")),
    "male_casualsuit04": (("male",), ("shirt", "trousers")),
    "male_casualsuit05": (("male", "female"), ("coat", "coat", "shirt", "trousers")),
    "male_casualsuit06": (("male",), ("shirt", "trousers")),
    "male_elegantsuit01": (("male",), ("trousers", "coat")),
    "male_worksuit01": (("male", "female"), ("shirt", "button", "trousers", "button", "button", "button")),
    "female_casualsuit01": (("female",), ("shirt", "trousers")),
    "female_casualsuit02": (("female",), ("trousers", "button", "shirt")),
    "female_elegantsuit01": (("female",), ("trousers", "shirt")),
    "female_sportsuit01": (("female",), ("shirt", "trousers")),
}
SOCK_FACES = 126
SHOES = ("shoes01", "shoes02", "shoes03")
HAIR = ("short01", "short02", "short03", "short04", "bob01", "bob02", "long01", "ponytail01")
BROWS = ("eyebrow001", "eyebrow006")


@dataclass
class Fit:
    """How the vertices of a mesh hang on those of the base mesh."""

    corners: NDArray[np.int64]  # (n, 3)
    weights: Floats  # (n, 3)
    offsets: Floats  # (n, 3), each axis in units of a length on the base mesh
    scales: list[tuple[int, int, float] | None]  # for x, y, z: the ends of that length and its size at rest
    hidden: set[int]  # vertices of the base mesh that it covers

    def placed(self, base: Floats) -> Floats:
        """Its vertices on a body."""
        size = np.ones(3)
        for axis, scale in enumerate(self.scales):
            if scale is not None:
                size[axis] = abs(base[scale[0], axis] - base[scale[1], axis]) / scale[2]
        out: Floats = (base[self.corners] * self.weights[:, :, None]).sum(1) + self.offsets * size
        return out


def read_obj(path: Path) -> tuple[Floats, Faces, list[str]]:
    """Vertices, faces and the group of each face."""
    vertices, faces, groups, group = [], [], [], ""
    for line in path.read_text(encoding="utf-8", errors="replace").splitlines():
        words = line.split()
        match words[:1]:
            case ["v"]:
                vertices.append([float(w) for w in words[1:4]])
            case ["g"]:
                group = words[1] if len(words) > 1 else ""
            case ["f"]:
                faces.append(tuple(int(w.split("/")[0]) - 1 for w in words[1:]))
                groups.append(group)
    return np.array(vertices), faces, groups


def read_target(path: Path, count: int) -> Floats:
    """Displacements of the base mesh's vertices."""
    moved = np.zeros((count, 3))
    for line in gzip.decompress(path.read_bytes()).decode("utf-8", "replace").splitlines():
        words = line.split()
        if len(words) == 4 and words[0].isdigit():
            moved[int(words[0])] = [float(w) for w in words[1:]]
    return moved


def read_fit(path: Path) -> Fit:
    """A `.mhclo` or `.proxy` file."""
    scales: dict[str, tuple[int, int, float]] = {}
    rows: list[tuple[float, ...]] = []
    hidden: set[int] = set()
    part = ""
    for line in path.read_text(encoding="utf-8", errors="replace").splitlines():
        words = line.split()
        if not words or words[0].startswith("#"):
            continue
        if words[0] in ("x_scale", "y_scale", "z_scale"):
            scales[words[0][0]] = (int(words[1]), int(words[2]), float(words[3]))
        elif words[0] in ("verts", "delete_verts", "weights"):
            part = words[0]
        elif part == "verts" and words[0].isdigit():
            number = [int(w) for w in words[:3]] if len(words) > 1 else [int(words[0])] * 3
            rest = [float(w) for w in words[3:9]] if len(words) > 1 else [1.0, 0, 0, 0, 0, 0]
            rows.append((*number, *rest))
        elif part == "delete_verts":
            hidden |= _ranges(words)
    table = np.array(rows)
    return Fit(table[:, :3].astype(int), table[:, 3:6], table[:, 6:9], [scales.get(a) for a in "xyz"], hidden)


def _ranges(words: list[str]) -> set[int]:
    """The numbers of "3 - 7 12"."""
    found: set[int] = set()
    for i, word in enumerate(words):
        if word == "-":
            found |= set(range(int(words[i - 1]), int(words[i + 1]) + 1))
        elif word.isdigit():
            found.add(int(word))
    return found


def components_of(terms: Floats, count: int) -> tuple[Floats, Floats]:
    """Principal directions (count, vertices, 3) of targets (n, vertices, 3), and of each target its amounts."""
    flat = terms.reshape(len(terms), -1)
    _, _, directions = np.linalg.svd(flat, full_matrices=False)
    kept = directions[:count]
    return kept.reshape(-1, *terms.shape[1:]), flat @ kept.T


def _linear(values: list[Floats], middle: Floats) -> Floats:
    """Values where every amount is nought and what each component adds, of those at a usual body and one step on."""
    stacked = np.stack(values)
    added = stacked[1:] - stacked[:1]
    return np.concatenate([stacked[:1] - np.tensordot(middle, added, 1)[None], added])


def pieces_of(count: int, faces: Faces) -> list[list[int]]:
    """The faces of each connected piece of a mesh, as they come."""
    ends = np.array([(f[i], f[(i + 1) % len(f)]) for f in faces for i in range(len(f))])
    _, of_vertex = connected_components(coo_matrix((np.ones(len(ends)), ends.T), (count, count)), directed=False)
    found: dict[int, list[int]] = {}
    for number, face in enumerate(faces):
        found.setdefault(int(of_vertex[face[0]]), []).append(number)
    return list(found.values())


def simplified(vertices: Floats, faces: Faces, materials: list[str], most: int) -> tuple[Any, Faces, list[str]]:
    """A mesh of about so many vertices by collapsing edges; each as weights (n, vertices) of the old ones."""
    import bpy
    from mathutils import Vector
    from mathutils.bvhtree import BVHTree

    names = sorted(set(materials))
    data = bpy.data.meshes.new("whole")
    data.from_pydata([tuple(v) for v in vertices.tolist()], [], faces)
    data.polygons.foreach_set("material_index", [names.index(m) for m in materials])
    for name in names:
        data.materials.append(bpy.data.materials.get(name) or bpy.data.materials.new(name))
    thing = bpy.data.objects.new("whole", data)
    bpy.context.scene.collection.objects.link(thing)
    if len(vertices) > most:
        thing.modifiers.new("fewer", "DECIMATE").ratio = most / len(vertices)
    fewer = bpy.data.meshes.new_from_object(thing.evaluated_get(bpy.context.evaluated_depsgraph_get()))
    triangles = [(f[0], f[i], f[i + 1]) for f in faces for i in range(1, len(f) - 1)]
    tree = BVHTree.FromPolygons([Vector(v) for v in vertices.tolist()], triangles)
    rows, columns, values = [], [], []
    for number, vertex in enumerate(fewer.vertices):
        spot, _, face, _ = tree.find_nearest(vertex.co)
        corners = vertices[list(triangles[face])]
        shares, *_ = np.linalg.lstsq(np.vstack([corners.T, np.ones(3)]), np.array([*spot, 1.0]), rcond=None)
        rows += [number] * 3
        columns += triangles[face]
        values += shares.tolist()
    kept = [tuple(p.vertices) for p in fewer.polygons]
    made = [names[p.material_index] for p in fewer.polygons]
    bpy.data.objects.remove(thing)
    return coo_matrix((values, (rows, columns)), (len(fewer.vertices), len(vertices))).tocsr(), kept, made


class Maker:
    """Reads the checkouts once, makes the meshes of a sex one after the other."""

    def __init__(self, assets: Path, mpfb: Path) -> None:
        data = mpfb / "src" / "mpfb" / "data"
        self.assets = assets / "base"
        self.base, self.faces, self.groups = read_obj(data / "3dobjs" / "base.obj")
        self.targets = data / "targets" / "macrodetails"
        self.rig = json.loads((data / "rigs" / "standard" / "rig.game_engine.json").read_text())
        weights = json.loads((data / "rigs" / "standard" / "weights.game_engine.json").read_text())["weights"]
        self.names = self._in_order()
        self.bones = np.zeros((len(self.base), len(self.names)))
        for number, name in enumerate(self.names):
            for vertex, weight in weights[name]:
                self.bones[vertex, number] = weight
        self.out: dict[str, NDArray[Any]] = {
            "bones": np.array(self.names),
            "parents": np.array(
                [self.names.index(self.rig[n]["parent"]) if self.rig[n]["parent"] else -1 for n in self.names]
            ),
        }

    def _in_order(self) -> list[str]:
        """Names of the bones, each after its parent."""
        order: list[str] = []
        while len(order) < len(self.rig):
            order += [n for n, b in self.rig.items() if n not in order and (not b["parent"] or b["parent"] in order)]
        return order

    def make(self, sex: str) -> None:
        """All meshes of a sex."""
        count = len(self.base)
        keys = [f"{a}-{sex}-{age}" for a, age in product(ANCESTRIES, AGES)]
        keys += [f"universal-{sex}-{age}-{m}-{w}" for age, (m, w) in product(AGES, BUILDS)]
        terms = np.stack([read_target(self.targets / f"{key}.target.gz", count) for key in keys])
        directions, amounts = components_of(terms, COMPONENTS)
        worst = np.abs(np.tensordot(amounts, directions, 1) - terms).max() * METRES
        log.info("%s: largest error of the components %.1f mm", sex, 1000 * worst)
        self.out[f"{sex} terms"] = np.array(keys)
        self.out[f"{sex} amounts"] = amounts.astype(np.float32)
        usual = (f"caucasian-{sex}-young", f"universal-{sex}-young-averagemuscle-averageweight")
        middle = sum(amounts[keys.index(key)] for key in usual)
        at = self.base + np.tensordot(middle, directions, 1)
        # Around a usual body all is linear: what is there, and what each component adds.
        bodies = [at, *(at + d for d in directions)]
        self._put(f"{sex} joints", _linear([self._joints(b) for b in bodies], middle), np.float32)
        body = read_fit(self._file("proxymeshes", SEXES[sex], ".proxy"))
        _, faces, _ = read_obj(self._file("proxymeshes", SEXES[sex], ".obj"))
        paints = self._face(body.placed(at), faces, at)
        self._keep(f"{sex} body", _linear([body.placed(b) for b in bodies], middle), faces, paints, self._weights(body))
        for side in "lr":
            used, faces, paints = self._eye(side, at)
            values = _linear([b[used] for b in bodies], middle)
            self._keep(f"{sex} eye {side}", values, faces, paints, self.bones[used])
        suits = [name for name, (worn_by, _) in SUITS.items() if sex in worn_by]
        for kind, names, most in (
            ("clothes", suits, MOST_SUIT), ("clothes", SHOES, MOST_SHOES), ("hair", HAIR, MOST_HAIR),
            ("eyebrows", BROWS, MOST_HAIR),
        ):  # fmt: skip
            for name in names:
                fit = read_fit(self._file(kind, name, ".mhclo"))
                _, faces, _ = read_obj(self._file(kind, name, ".obj"))
                paints = self._paints(kind, name, fit.placed(at), faces)
                fewer, faces, paints = simplified(fit.placed(at), faces, paints, most)
                values = _linear([fewer @ fit.placed(b) for b in bodies], middle)
                self._keep(f"{sex} {name}", values, faces, paints, fewer @ self._weights(fit))
                if kind == "clothes":
                    self._cover(f"{sex} {name}", body, fit.hidden)

    def _eye(self, side: str, base: Floats) -> tuple[NDArray[np.int64], Faces, list[str]]:
        """Vertices of the base mesh that are an eye, its faces, and which of them are the iris."""
        eye = [f for f, g in zip(self.faces, self.groups, strict=True) if g == f"helper-{side}-eye"]
        used = np.unique([i for f in eye for i in f])
        number = {int(v): i for i, v in enumerate(used)}
        front = base[used[base[used][:, 2].argmax()]]
        away = [np.linalg.norm(base[list(f)] - front, axis=1).min() for f in eye]
        return used, [tuple(number[i] for i in f) for f in eye], ["eye" if a < IRIS else "white" for a in away]

    def _file(self, kind: str, name: str, suffix: str) -> Path:
        return self.assets / kind / name / f"{name}{suffix}"

    def _joints(self, base: Floats) -> Floats:
        """Where each bone begins, and the end of the last ones: (bones, 2, 3)."""
        corners = {
            g: np.unique([i for f, h in zip(self.faces, self.groups, strict=True) if h == g for i in f])
            for g in self._cubes()
        }
        out = np.zeros((len(self.names), 2, 3))
        for number, name in enumerate(self.names):
            for end, key in enumerate(("head", "tail")):
                bone = self.rig[name][key]
                used = corners[bone["cube_name"]] if bone["strategy"] == "CUBE" else bone["vertex_indices"]
                out[number, end] = base[used].mean(0)
        return out

    def _cubes(self) -> set[str]:
        return {b[e]["cube_name"] for b in self.rig.values() for e in ("head", "tail") if b[e]["strategy"] == "CUBE"}

    def _weights(self, fit: Fit) -> Floats:
        out: Floats = (self.bones[fit.corners] * fit.weights[:, :, None]).sum(1)
        return out

    def _face(self, vertices: Floats, faces: Faces, base: Floats) -> list[str]:
        """Skin, and lips around the line where the front teeth meet."""
        teeth = [
            np.unique(
                [i for f, g in zip(self.faces, self.groups, strict=True) if g == f"helper-{jaw}-teeth" for i in f]
            )
            for jaw in ("upper", "lower")
        ]
        spots = [base[t][base[t][:, 2] > base[t][:, 2].max() - 0.05].mean(0) for t in teeth]
        mouth = (spots[0] + spots[1]) / 2
        away = (np.array([vertices[list(f)].mean(0) for f in faces]) - mouth) / (0.24, 0.1, 0.45)
        return ["mouth" if np.linalg.norm(a) < 1 and a[2] > -0.2 else "skin" for a in away]

    @staticmethod
    def _paints(kind: str, name: str, vertices: Floats, faces: Faces) -> list[str]:
        out = ["hair"] * len(faces)
        if kind == "clothes":
            for number, piece in enumerate(pieces_of(len(vertices), faces)):
                if name in SUITS:
                    paint = SUITS[name][1][min(number, len(SUITS[name][1]) - 1)]
                else:
                    paint = "socks" if len(piece) == SOCK_FACES else "shoes"
                for face in piece:
                    out[face] = paint
        return out

    def _cover(self, name: str, body: Fit, hidden: set[int]) -> None:
        """Which vertices of the body lie under clothes."""
        under = np.array([all(int(c) in hidden for c in corners) for corners in body.corners])
        self.out[f"{name} covers"] = under

    def _keep(self, name: str, linear: Floats, faces: Faces, materials: list[str], bones: Floats) -> None:
        order = np.argsort(-bones, 1)[:, :BONES]
        weights = np.take_along_axis(bones, order, 1)
        self._put(f"{name} vertices", linear, np.float16)
        self.out[f"{name} corners"] = np.array([i for f in faces for i in f], np.uint16)
        self.out[f"{name} sides"] = np.array([len(f) for f in faces], np.uint8)
        self.out[f"{name} paints"] = np.array(materials)
        self.out[f"{name} bones"] = order.astype(np.uint8)
        self.out[f"{name} weights"] = (weights / weights.sum(1, keepdims=True)).astype(np.float16)
        log.info("%s: %d vertices, %d faces", name, linear.shape[1], len(faces))

    def _put(self, name: str, values: Floats, kind: Any) -> None:
        """In metres, x forward, y to the left, z up."""
        self.out[name] = (values[..., [2, 0, 1]] * METRES).astype(kind)


def main() -> None:
    """Write the file."""
    reader = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    reader.add_argument("assets", type=Path)
    reader.add_argument("mpfb", type=Path)
    given = reader.parse_args()
    logging.basicConfig(level=logging.INFO, format="%(message)s")
    maker = Maker(given.assets, given.mpfb)
    for sex in SEXES:
        maker.make(sex)
    np.savez_compressed(PEOPLE, **maker.out)
    log.info("%s: %.1f MB", PEOPLE.name, PEOPLE.stat().st_size / 1e6)


if __name__ == "__main__":
    main()
