"""Meshes of the parts of an ObjectSpec, in plain numpy; only outlined sheets ask Blender (for a triangulation).

Every vertex carries what patterns need: its place in its part (`co`, longest side 1, before any bending), its height
and its way along the profile, path or sheet (both 0..1), and a number of its copy (`tint`).
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import cache
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from tools.generators.blender import parts as spec

Floats = NDArray[np.float64]
# Subdivisions of a football's triangles: 5 keeps the seams straight at 256 px.
PANEL_STEPS = 5


@dataclass
class Mesh:
    """Vertices with their attributes, faces with the name of their material."""

    vertices: Floats
    faces: list[tuple[int, ...]]
    materials: list[str]
    along: Floats
    co: Floats = field(default_factory=lambda: np.zeros((0, 3)))
    height: Floats = field(default_factory=lambda: np.zeros(0))
    tint: Floats = field(default_factory=lambda: np.zeros(0))

    def settle(self, centred: bool = True) -> "Mesh":
        """Fix the pattern coordinates to the vertices as they are now."""
        low, high = self.vertices.min(0), self.vertices.max(0)
        middle = (low + high) / 2 if centred else np.array([0, 0, (low[2] + high[2]) / 2])
        self.co = (self.vertices - middle) / max(float((high - low).max()), 1e-9)
        self.height = (self.vertices[:, 2] - low[2]) / max(float(high[2] - low[2]), 1e-9)
        self.tint = np.full(len(self.vertices), 0.5)
        return self


def join(meshes: Sequence[Mesh]) -> Mesh:
    """One mesh of several."""
    starts = np.cumsum([0, *(len(m.vertices) for m in meshes)]).tolist()
    faces = [tuple([i + s for i in f]) for m, s in zip(meshes, starts, strict=False) for f in m.faces]
    return Mesh(
        np.concatenate([m.vertices for m in meshes]),
        faces,
        [name for m in meshes for name in m.materials],
        np.concatenate([m.along for m in meshes]),
        np.concatenate([m.co for m in meshes]),
        np.concatenate([m.height for m in meshes]),
        np.concatenate([m.tint for m in meshes]),
    )


def part_mesh(part: spec.Part, rng: np.random.Generator) -> Mesh:
    """The mesh of one part, bent, tilted and put in its place."""
    mesh = cluster_mesh(part, rng) if isinstance(part, spec.Cluster) else simple_mesh(part, rng)
    bend = part.bend + part.bend_range * rng.uniform(-1, 1)
    if bend:
        mesh.vertices = bent(mesh.vertices, bend, axis=0 if isinstance(part, spec.Sheet) else 2)
    turn = rotation(part.turn) @ random_tilt(part.tilt, rng)
    mesh.vertices = (mesh.vertices * np.array(part.scale)) @ turn.T + np.array(part.at)
    if np.prod(part.scale) < 0:  # a mirror turns every face inside out
        mesh.faces = [f[::-1] for f in mesh.faces]
    return mesh


def simple_mesh(part: spec.SimplePart, rng: np.random.Generator) -> Mesh:
    """The mesh of a part that is not a cluster, at its own origin."""
    match part:
        case spec.Lathe():
            return lathe_mesh(part)
        case spec.Box():
            return box_mesh(part)
        case spec.Ellipsoid():
            return football_mesh(part) if part.panels == "football" else ellipsoid_mesh(part)
        case spec.Tube():
            return tube_mesh(part)
        case spec.Sheet():
            return sheet_mesh(part, rng)
        case spec.Ring():
            return ring_mesh(part)
    raise TypeError(f"not a part: {part!r}")


def smooth_curve(points: Floats, steps: int, closed: bool = False) -> Floats:
    """A Catmull-Rom curve through points, `steps` pieces between two; a point given twice is a corner."""
    if closed:
        ring = np.concatenate([points[-1:], points, points[:2]])
        return np.concatenate([_catmull(ring[i : i + 4], steps) for i in range(len(points))])
    runs, start = [], 0
    for i in range(1, len(points)):
        if np.allclose(points[i], points[i - 1]):
            runs.append(points[start:i])
            start = i
    runs.append(points[start:])
    out: list[Floats] = []
    for run in runs:
        if len(run) < 3:
            out.append(run)
            continue
        ends = np.concatenate([[2 * run[0] - run[1]], run, [2 * run[-1] - run[-2]]])
        out += [_catmull(ends[i : i + 4], steps) for i in range(len(run) - 1)] + [run[-1:]]
    return np.concatenate(out)


def _catmull(four: Floats, steps: int) -> Floats:
    """Points from the second to the third of four."""
    a, b, c, d = four
    t = (np.arange(steps) / steps)[:, None]
    curve: Floats = 0.5 * (2 * b + (c - a) * t + (2 * a - 5 * b + 4 * c - d) * t**2 + (3 * b - a - 3 * c + d) * t**3)
    return curve


def _share_along(points: Floats) -> Floats:
    length = np.concatenate([[0.0], np.cumsum(np.linalg.norm(np.diff(points, axis=0), axis=1))])
    share: Floats = length / max(float(length[-1]), 1e-9)
    return share


def loft(rings: list[Floats], material: str, along: Sequence[float], closed: bool = False) -> Mesh:
    """Skin over rings of points; a ring of one point is a tip, the ends of an open skin are capped."""
    starts = np.cumsum([0, *(len(r) for r in rings)])
    faces: list[tuple[int, ...]] = []
    pairs = [(j, j + 1) for j in range(len(rings) - 1)] + ([(len(rings) - 1, 0)] if closed else [])
    for j, k in pairs:
        a, b, n = int(starts[j]), int(starts[k]), max(len(rings[j]), len(rings[k]))
        for i in range(n if n > 1 else 0):
            m = (i + 1) % n
            if len(rings[j]) == 1:
                faces.append((a, b + m, b + i))
            elif len(rings[k]) == 1:
                faces.append((a + i, a + m, b))
            else:
                faces.append((a + i, a + m, b + m, b + i))
    if not closed:
        if len(rings[0]) > 2:
            faces.append(tuple(range(len(rings[0])))[::-1])
        if len(rings[-1]) > 2:
            faces.append(tuple(range(int(starts[-2]), int(starts[-1]))))
    each = np.concatenate([np.full(len(r), a) for r, a in zip(rings, along, strict=True)])
    return Mesh(np.concatenate(rings), faces, [material] * len(faces), each)


def lathe_mesh(part: spec.Lathe) -> Mesh:
    """A turned profile, with lobes around."""
    points = np.array(part.profile, float)
    closed = len(points) > 3 and bool(np.allclose(points[0], points[-1]))
    if part.smooth:
        points = smooth_curve(points, spec.PROFILE_STEPS)
    elif not closed:
        points = points[np.concatenate([[True], np.abs(np.diff(points, axis=0)).sum(1) > 1e-9])]
    if closed:
        points = points[:-1]
    points[:, 0] = np.maximum(points[:, 0], 0)
    along = _share_along(points)
    angle = 2 * math.pi * np.arange(part.segments) / part.segments
    widest = points[:, 0].max()
    rings = []
    for (radius, height), share in zip(points, along, strict=True):
        if radius < 1e-6 * widest:
            rings.append(np.array([[0.0, 0.0, height]]))
            continue
        where = {"all": 1.0, "top": share, "bottom": 1 - share}[part.lobe_at]
        # Round ribs with soft valleys between them.
        rib = part.lobe_depth * where * (np.sqrt(np.cos(part.lobes * angle / 2) ** 2 + 0.03) - 1) if part.lobes else 0.0
        r = radius * (1 + rib)
        lift = {"all": 0.0, "top": 1.0, "bottom": -1.0}[part.lobe_at] * rib * radius * max(where - 0.5, 0) * 2
        rings.append(np.stack([r * np.cos(angle), r * np.sin(angle), height + lift + 0 * angle], 1))
    return loft(rings, part.material, along.tolist(), closed).settle(centred=False)


def box_mesh(part: spec.Box) -> Mesh:
    """A block whose edges are rounded by a ball of the bevel's radius."""
    half = np.array(part.size) / 2
    bevel = part.bevel * 2 * float(np.abs(half).min())
    inner = np.maximum(np.abs(half) - bevel, 0)
    cube, faces = _cube(bevel > 1e-9)
    points = _rounded(cube, inner, bevel) if bevel > 1e-9 else cube * half
    share = (points[:, 2] / max(abs(half[2]), 1e-9) + 1) / 2
    points[:, :2] *= (1 + (part.taper - 1) * share)[:, None]
    return Mesh(points, list(faces), [part.material] * len(faces), share).settle()


@cache
def _cube(for_bevel: bool) -> tuple[Floats, list[tuple[int, ...]]]:
    """Points (n, 3) on the cube [-1, 1] and the faces of its sides."""
    # Rows at both sides of an edge: flat part, then three steps around the rounding.
    steps = np.tan(np.linspace(-math.pi / 4, math.pi / 4, 7)) if for_bevel else np.array([-1.0, 1.0])
    index: dict[tuple[float, ...], int] = {}
    points: list[Floats] = []
    faces: list[tuple[int, ...]] = []
    for axis in range(3):
        for sign in (-1.0, 1.0):
            u, v = (axis + 1) % 3, (axis + 2) % 3
            corner = np.zeros((len(steps), len(steps)), int)
            for i, a in enumerate(steps):
                for j, b in enumerate(steps):
                    point = np.zeros(3)
                    point[axis], point[u], point[v] = sign, a, b
                    key = tuple(np.round(point, 6).tolist())
                    if key not in index:
                        index[key] = len(points)
                        points.append(point)
                    corner[i, j] = index[key]
            quads = [
                (corner[i, j], corner[i + 1, j], corner[i + 1, j + 1], corner[i, j + 1])
                for i in range(len(steps) - 1)
                for j in range(len(steps) - 1)
            ]
            faces += [tuple(int(k) for k in (q if sign > 0 else q[::-1])) for q in quads]
    return np.array(points), faces


def _rounded(cube: Floats, inner: Floats, bevel: float) -> Floats:
    """Points of the cube [-1, 1] on the rounded block: the flat middle stretches, the edges keep their radius."""
    direction = cube / np.linalg.norm(cube, axis=1, keepdims=True)
    placed: Floats = np.sign(np.round(cube, 6)) * inner * (np.abs(cube) > 1e-6) + direction * bevel
    return placed


def ellipsoid_mesh(part: spec.Ellipsoid) -> Mesh:
    """A ball of rows and twice as many columns."""
    rows, columns = part.detail, 2 * part.detail
    angle = 2 * math.pi * np.arange(columns) / columns
    rings = []
    for t in np.linspace(0, math.pi, rows + 1):
        if t in (0, math.pi):
            rings.append(np.array([[0, 0, -math.cos(t)]]))
        else:
            rings.append(
                np.stack([math.sin(t) * np.cos(angle), math.sin(t) * np.sin(angle), 0 * angle - math.cos(t)], 1)
            )
    mesh = loft([r * np.array(part.size) / 2 for r in rings], part.material, np.linspace(0, 1, rows + 1).tolist())
    return mesh.settle()


def football_mesh(part: spec.Ellipsoid) -> Mesh:
    """A truncated icosahedron blown up to a ball, with a seam around every panel."""
    gold = (1 + math.sqrt(5)) / 2
    corners = np.array([(0, a, b * gold) for a in (-1, 1) for b in (-1, 1)], float)
    ico = np.concatenate([np.roll(corners, k, axis=1) for k in range(3)])
    near = [[j for j in range(12) if j != i and np.linalg.norm(ico[i] - ico[j]) < 2.1] for i in range(12)]
    panels = [(ico[i], [(2 * ico[i] + ico[j]) / 3 for j in near[i]], True) for i in range(12)]
    for i in range(12):
        for j in (k for k in near[i] if k > i):
            for k in (m for m in near[j] if m > j and m in near[i]):
                ring = [(2 * ico[a] + ico[b]) / 3 for a in (i, j, k) for b in (i, j, k) if a != b]
                panels.append((ico[i] + ico[j] + ico[k], ring, False))
    index: dict[tuple[float, ...], int] = {}
    points: list[Floats] = []
    faces: list[tuple[int, ...]] = []
    materials: list[str] = []

    def put(centre: Floats, a: Floats, b: Floats, i: int, j: int) -> int:
        inside = (1 - (i + j) / PANEL_STEPS) ** 1.5  # rows crowd at the seam
        spot = centre * inside + (1 - inside) * ((a * i + b * j) / (i + j) if i + j else centre)
        sunk = 1 - 0.035 * math.exp(-((inside / 0.1) ** 2))
        place = spot / np.linalg.norm(spot) * sunk
        key = tuple(np.round(place, 5).tolist())
        if key not in index:
            index[key] = len(points)
            points.append(place)
        return index[key]

    for middle, ring, pentagon in panels:
        centre = middle / np.linalg.norm(middle) * np.linalg.norm(ring[0])
        for a, b in _around(centre, ring):
            for i in range(PANEL_STEPS):
                for j in range(PANEL_STEPS - i):
                    faces.append((put(centre, a, b, i, j), put(centre, a, b, i + 1, j), put(centre, a, b, i, j + 1)))
                    if i + j < PANEL_STEPS - 1:
                        faces.append(
                            (put(centre, a, b, i + 1, j), put(centre, a, b, i + 1, j + 1), put(centre, a, b, i, j + 1))
                        )
            name = part.panel_material if pentagon and part.panel_material else part.material
            materials += [name] * (len(faces) - len(materials))
    vertices = np.array(points) * np.array(part.size) / 2
    return Mesh(vertices, faces, materials, (vertices[:, 2] / part.size[2]) + 0.5).settle()


def _around(centre: Floats, ring: list[Floats]) -> list[tuple[Floats, Floats]]:
    """Neighbouring corners of a panel, counter-clockwise seen from outside."""
    out = centre / np.linalg.norm(centre)
    x = ring[0] - out * (ring[0] @ out)
    y = np.cross(out, x)
    ordered = sorted(ring, key=lambda p: math.atan2(float(p @ y), float(p @ x)))
    return [(ordered[i], ordered[(i + 1) % len(ordered)]) for i in range(len(ordered))]


def tube_mesh(part: spec.Tube) -> Mesh:
    """A bar along a path; its section is carried along without twisting."""
    path = np.array(part.path, float)
    if part.smooth and len(path) > 2:
        path = smooth_curve(path, spec.PROFILE_STEPS, part.closed)
    path = path[np.concatenate([[True], np.linalg.norm(np.diff(path, axis=0), axis=1) > 1e-9])]
    if len(path) < 2:
        path = np.stack([path[0], path[0] + (0, 0, 1e-3)])
    share = _share_along(path)
    radius = np.interp(share, np.linspace(0, 1, len(part.radius)), part.radius)
    if part.round_ends and not part.closed:
        path, radius, share = _with_round_ends(path, radius, share)
    angle = 2 * math.pi * np.arange(part.sides) / part.sides
    rings = []
    for point, r, (side, up) in zip(path, radius, _frames(path, part.closed), strict=True):
        if r < 1e-7:
            rings.append(point[None])
            continue
        rings.append(point + r * np.outer(np.cos(angle), side) + r * part.flat * np.outer(np.sin(angle), up))
    return loft(rings, part.material, share.tolist(), part.closed).settle()


def _with_round_ends(path: Floats, radius: Floats, share: Floats) -> tuple[Floats, Floats, Floats]:
    turn = np.linspace(0, math.pi / 2, 5)[1:]
    first, last = _unit(path[0] - path[1]), _unit(path[-1] - path[-2])
    head = path[0] + np.outer(np.sin(turn) * radius[0], first)
    tail = path[-1] + np.outer(np.sin(turn) * radius[-1], last)
    thin = np.cos(turn)
    thin[-1] = 0
    return (
        np.concatenate([head[::-1], path, tail]),
        np.concatenate([(thin * radius[0])[::-1], radius, thin * radius[-1]]),
        np.concatenate([np.zeros(4), share, np.ones(4)]),
    )


def _frames(path: Floats, closed: bool) -> list[tuple[Floats, Floats]]:
    """Side and up directions of the section at each point: parallel transport, starting with up near z."""
    tangents = np.roll(path, -1, 0) - np.roll(path, 1, 0) if closed else np.gradient(path, axis=0)
    tangents = np.array([_unit(t) for t in tangents])
    up = np.array([0.0, 0.0, 1.0]) if abs(tangents[0][2]) < 0.9 else np.array([0.0, 1.0, 0.0])
    frames = []
    for tangent in tangents:
        up = _unit(up - tangent * (up @ tangent))
        frames.append((np.cross(up, tangent), up))
    return frames


def _unit(v: Floats) -> Floats:
    length = float(np.linalg.norm(v))
    return v / length if length > 1e-12 else np.array([0.0, 0.0, 1.0])


def ring_mesh(part: spec.Ring) -> Mesh:
    """A torus."""
    around = 2 * math.pi * np.arange(part.segments) / part.segments
    section = 2 * math.pi * np.arange(10) / 10
    rings = []
    for a in around:
        r = part.radius + np.cos(section) * part.thickness / 2
        z = np.sin(section) * part.thickness / 2 * part.flat
        rings.append(np.stack([r * math.cos(a), r * math.sin(a), z], 1)[::-1])
    return loft(rings, part.material, (around / (2 * math.pi)).tolist(), closed=True).settle()


def sheet_mesh(part: spec.Sheet, rng: np.random.Generator) -> Mesh:
    """An outline filled with triangles, given a thickness and curled."""
    outline = np.array(part.outline, float)
    if part.smooth:
        outline = smooth_curve(outline, spec.PROFILE_STEPS, closed=True)
    points, triangles, rim = _triangulate(outline, [np.array(h, float) for h in part.holes], spec.is_bent(part))
    low, high = outline.min(0), outline.max(0)
    along = np.clip((points[:, 0] - low[0]) / max(float(high[0] - low[0]), 1e-9), 0, 1)
    count = len(points)
    if part.thickness:
        half = part.thickness / 2
        flat = np.concatenate([np.c_[points, np.full(count, half)], np.c_[points, np.full(count, -half)]])
        faces = triangles + [tuple(i + count for i in t[::-1]) for t in triangles]
        # Walls share their points with the faces: the sharp-edge mark keeps the rim from being shaded round.
        faces += [(a + count, b + count, b, a) for a, b in rim]
        along = np.concatenate([along, along])
    else:
        flat, faces = np.c_[points, np.zeros(count)], triangles
    mesh = Mesh(flat, faces, [part.material] * len(faces), along).settle()
    if part.ripple:
        phase = rng.uniform(0, 2 * math.pi, 2)
        mesh.vertices[:, 2] += part.ripple * np.sin(9 * mesh.co[:, 0] + phase[0]) * np.sin(7 * mesh.co[:, 1] + phase[1])
    if part.cup:
        mesh.vertices = bent(mesh.vertices, part.cup, axis=1)
    return mesh


def _triangulate(
    outline: Floats, holes: list[Floats], inside: bool
) -> tuple[Floats, list[tuple[int, ...]], list[tuple[int, int]]]:
    """Points, triangles (counter-clockwise) and directed rim edges (material on their left) of a flat area."""
    from mathutils.geometry import delaunay_2d_cdt

    loops = [_turned(outline, True), *(_turned(h, False) for h in holes)]
    points = np.concatenate([*loops, _grid_inside(outline)] if inside else loops)
    starts = np.cumsum([0, *(len(loop) for loop in loops)]).tolist()
    sides = [(i, i + 1 if i + 1 < end else start) for start, end in pairwise(starts) for i in range(start, end)]
    done, _, triangles, _, _, _ = delaunay_2d_cdt([tuple(p) for p in points.tolist()], sides, [], 0, 1e-7)
    placed = np.array([(p[0], p[1]) for p in done])
    corners = placed[np.array(triangles, int).reshape(-1, 3)]
    middles, (ab, ac) = corners.mean(1), np.moveaxis(corners[:, 1:] - corners[:, :1], 1, 0)
    # All of the convex hull: what lies outside or in a hole goes.
    wanted = _contains(outline, middles) & ~np.any([_contains(hole, middles) for hole in holes], axis=0)
    left_turn = ab[:, 0] * ac[:, 1] > ab[:, 1] * ac[:, 0]
    kept = [
        tuple(t if left else t[::-1])
        for t, left, use in zip(triangles, left_turn.tolist(), wanted.tolist(), strict=True)
        if use
    ]
    edges = {(t[i], t[(i + 1) % 3]) for t in kept for i in range(3)}
    return placed, kept, [(a, b) for a, b in sorted(edges) if (b, a) not in edges]


def _area(loop: Floats) -> float:
    x, y = loop[:, 0], loop[:, 1]
    return float(np.sum(x * np.roll(y, -1) - np.roll(x, -1) * y) / 2)


def _turned(loop: Floats, positive: bool) -> Floats:
    return loop if (_area(loop) > 0) == positive else loop[::-1]


def _contains(loop: Floats, points: Floats) -> NDArray[np.bool_]:
    """Which of the points (n, 2) lie inside a loop (m, 2): those with an odd number of its sides to their right."""
    x, y = loop[:, 0], loop[:, 1]
    x2, y2 = np.roll(x, -1), np.roll(y, -1)
    crossing = (y > points[:, 1:]) != (y2 > points[:, 1:])
    with np.errstate(divide="ignore", invalid="ignore"):
        left = points[:, :1] < (x2 - x) * (points[:, 1:] - y) / (y2 - y) + x
    odd: NDArray[np.bool_] = np.count_nonzero(crossing & left, axis=1) % 2 == 1
    return odd


def _grid_inside(outline: Floats) -> Floats:
    low, high = outline.min(0), outline.max(0)
    steps = (np.arange(spec.SHEET_GRID) + 0.5) / spec.SHEET_GRID
    grid = np.array([low + (high - low) * (a, b) for a in steps for b in steps])
    return grid[_contains(outline, grid)]


def bent(points: Floats, degrees: float, axis: int) -> Floats:
    """Curl along an axis: along z towards +x; along x or y (sheets) towards +z."""
    to = 0 if axis == 2 else 2
    low, high = points[:, axis].min(), points[:, axis].max()
    length = float(high - low)
    if length < 1e-9:
        return points
    radius = length / math.radians(degrees)
    angle = (points[:, axis] - (low + high) / 2) / radius
    out = points.copy()
    reach = radius - points[:, to]
    out[:, to] = radius - reach * np.cos(angle)
    out[:, axis] = (low + high) / 2 + reach * np.sin(angle)
    return out


def rotation(degrees: Sequence[float]) -> Floats:
    """Rotation about x, then y, then z."""
    (cx, cy, cz), (sx, sy, sz) = np.cos(np.radians(degrees)), np.sin(np.radians(degrees))
    x = np.array([[1, 0, 0], [0, cx, -sx], [0, sx, cx]])
    y = np.array([[cy, 0, sy], [0, 1, 0], [-sy, 0, cy]])
    z = np.array([[cz, -sz, 0], [sz, cz, 0], [0, 0, 1]])
    return np.asarray(z @ y @ x, float)


def random_tilt(degrees: float, rng: np.random.Generator) -> Floats:
    """A lean of up to some degrees towards a random side."""
    side, lean = rng.uniform(0, 360), degrees * rng.uniform(0, 1)
    if not degrees:
        return np.eye(3)
    return rotation((0, 0, side)) @ rotation((0, lean, 0)) @ rotation((0, 0, -side))


def cluster_mesh(part: spec.Cluster, rng: np.random.Generator) -> Mesh:
    """Copies of the sub-parts on a shape."""
    places, outs = placements(part)
    gap = float(np.prod(part.size)) ** (1 / 3) / max(part.count, 1) ** 0.5
    meshes = []
    for place, out in zip(places, outs, strict=True):
        copy = join([part_mesh(p, rng) for p in part.parts])
        size = 1 + part.size_jitter * rng.uniform(-1, 1)
        turn = _facing(part.facing, place, out, part.on, rng) @ random_tilt(part.copy_tilt, rng)
        shift = rng.uniform(-1, 1, 3) * part.place_jitter * gap * 0.5
        copy.vertices = size * copy.vertices @ turn.T + place + shift
        copy.tint = np.full(len(copy.vertices), rng.uniform(0, 1))
        meshes.append(copy)
    return join(meshes)


def _facing(facing: str, place: Floats, out: Floats, on: str, rng: np.random.Generator) -> Floats:
    """Rotation of a copy: z along `out`, or z up with x away from the axis, or anyhow."""
    if facing == "random":
        return rotation(rng.uniform(0, 360, 3).tolist())
    if facing == "up" or abs(out[2]) > 0.999:
        around = math.degrees(math.atan2(place[1], place[0])) if on not in ("line", "grid") else 0.0
        flip = 180.0 if facing == "out" and out[2] < 0 else 0.0
        return rotation((flip, 0, around))
    z = _unit(out)
    x = _unit(np.array([0.0, 0.0, 1.0]) - z * z[2])
    return np.stack([x, np.cross(z, x), z], 1)


def placements(part: spec.Cluster) -> tuple[Floats, Floats]:
    """Where the copies sit, and what is outwards there."""
    n, half = part.count, np.array(part.size) / 2
    i = np.arange(n)
    turn = i * math.pi * (3 - math.sqrt(5))  # the golden angle spreads points evenly
    spin = np.stack([np.cos(turn), np.sin(turn)], 1)
    up = np.tile([0.0, 0.0, 1.0], (n, 1))
    share = (i + 0.5) / n
    match part.on:
        case "sphere" | "dome":
            z = 1 - 2 * share if part.on == "sphere" else share
            unit = np.c_[spin * np.sqrt(1 - z**2)[:, None], z]
            return unit * half * (1, 1, 1 if part.on == "sphere" else 2) - (
                0 if part.on == "sphere" else np.array([0, 0, half[2]])
            ), np.array([_unit(u / np.maximum(half, 1e-9)) for u in unit])
        case "cone" | "bunch":
            down = np.sqrt(share)  # 0 at the tip; area grows with the distance from it
            wide = down if part.on == "cone" else np.sqrt(np.maximum(1 - (share * 1.25 - 0.25) ** 2, 0)) * share**0.45
            z = 1 - 2 * down if part.on == "cone" else 2 * share - 1
            flat = spin * wide[:, None]
            normal = np.c_[flat, (0.3 if part.on == "cone" else 0.0) + 0 * i]
            return np.c_[flat * half[:2], z * half[2]], np.array([_unit(v) for v in normal])
        case "cylinder":
            return np.c_[spin * half[:2], (2 * share - 1) * half[2]], np.c_[spin, 0 * i]
        case "ring":
            angle = 2 * math.pi * i / n
            flat = np.stack([np.cos(angle), np.sin(angle)], 1)
            return np.c_[flat * half[:2], 0 * i], np.c_[flat, 0 * i]
        case "disc":
            return np.c_[spin * np.sqrt(share)[:, None] * half[:2], 0 * i], up
        case "line":
            x = (2 * i / max(n - 1, 1) - 1) * half[0] if n > 1 else np.zeros(1)
            return np.c_[x, 0 * i, 0 * i], up
        case "grid":
            columns, rows = _grid_of(n, part.size[0], part.size[1])
            x = (2 * (i % columns) / max(columns - 1, 1) - 1) * (columns > 1)
            y = (2 * (i // columns) / max(rows - 1, 1) - 1) * (rows > 1)
            return np.c_[x * half[0], y * half[1], 0 * i], up
    raise ValueError(f"unknown cluster shape {part.on!r}")


def _grid_of(count: int, wide: float, deep: float) -> tuple[int, int]:
    """Columns and rows: full rows and equal gaps both ways, as far as the count allows."""

    def badness(columns: int) -> float:
        rows = math.ceil(count / columns)
        gaps = max(wide, 1e-6) / max(columns - 1, 0.5), max(deep, 1e-6) / max(rows - 1, 0.5)
        return abs(math.log(gaps[0] / gaps[1])) + 2 * (columns * rows - count) / count

    best = min(range(1, count + 1), key=badness)
    return best, math.ceil(count / best)
