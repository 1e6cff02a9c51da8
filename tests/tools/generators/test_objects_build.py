"""The catalogue builds within its limits, the same for a seed; model files load or are refused by name."""

import json
import os
import subprocess
import sys
from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest

from tests.tools.generators.test_objects_library import CUBE
from tests.waiting import LONG_S
from tools.generators.blender import parts as spec
from tools.generators.blender.catalogue import catalogue
from tools.generators.blender.object_spec import MAX_VERTICES
from tools.generators.blender.parts import MOST_OF_A_BODY
from tools.generators.blender.shapes import bent, join, part_mesh, smooth_curve

SCRIPT = Path(__file__).with_name("build_everything.py")
ROOT = Path(__file__).parents[3]


def built(what: str, folder: Path) -> dict:
    answer = folder / "answer.json"
    models = folder / "models"
    models.mkdir(exist_ok=True)
    environment = os.environ | {"PYTHONPATH": str(ROOT)}
    command = [sys.executable, str(SCRIPT), what, str(models), str(answer)]
    done = subprocess.run(command, capture_output=True, text=True, timeout=LONG_S, env=environment, cwd=folder)
    assert done.returncode == 0, done.stderr[-2000:]
    return json.loads(answer.read_text())


@pytest.fixture(scope="module")
def everything(tmp_path_factory):
    return built("catalogue", tmp_path_factory.mktemp("built"))


@pytest.mark.slow
def test_every_appearance_builds_within_its_limits(everything):
    looks = {key: s.appearances if s.family is None else s.appearances[:1] for key, s in catalogue().items()}
    wanted = [f"{key}/{look.name}" for key, own in looks.items() for look in own]
    assert set(wanted) <= set(everything)
    for name in wanted:
        got = everything[name]
        assert got["finite"] and 8 <= got["vertices"] <= MOST_OF_A_BODY, name
        assert max(got["size"]) == pytest.approx(1, abs=1e-4) and min(got["size"]) > 0.002, name
        assert np.allclose(got["middle"], 0, atol=1e-4), name
        assert got["used"] == got["materials"] >= 1, name
        assert {"co", "height", "along", "tint"} <= set(got["attributes"]) and not got["linked"], name
    assert everything["dog/brown"]["strands"] > 3000 and everything["elephant/grey"]["strands"] == 0
    assert max(got.get("strands", 0) for got in everything.values()) < 25_000
    assert np.median([got["calls"] for got in everything.values() if "calls" in got]) < 100_000


@pytest.mark.slow
def test_a_seed_decides_everything(everything):
    for key, s in catalogue().items():
        if s.family is not None:
            continue  # its numbers are drawn from the same generator
        first = everything[f"{key}/{s.appearances[0].name}"]
        again, other = everything[f"{key}//again"], everything[f"{key}//other"]
        assert first["hash"] == again["hash"] and first["colours"] == again["colours"], key
        assert first["hash"] != other["hash"] or key in {"toy brick"}, key  # bricks are made alike


@pytest.mark.slow
def test_models_load_normalised_and_broken_ones_are_named(tmp_path):
    models = tmp_path / "models"
    models.mkdir()
    (models / "cube.obj").write_text(CUBE)
    (models / "faceless.obj").write_text("v 0 0 0\nv 1 0 0\n")
    (models / "broken.glb").write_bytes(b"glTF\x02\x00\x00\x00" + b"\xff" * 64)
    (models / "broken.blend").write_bytes(b"BLENDER-v500" + b"\x00" * 64)
    (models / "words.gltf").write_text('{"asset": {"version": "2.0"}, "meshes": 7}')
    got = built("assets", tmp_path)
    for name in ("cube.obj", "pair.glb", "pair.blend"):
        assert max(got[name]["size"]) == pytest.approx(1, abs=1e-4) and np.allclose(got[name]["middle"], 0, atol=1e-4)
        assert not got[name]["linked"]
    assert got["pair.blend"]["materials"] == got["pair.glb"]["materials"] == 2
    assert got["pair.blend"]["size"][0] == pytest.approx(1) and got["pair.blend"]["size"][2] == pytest.approx(
        0.4, abs=0.03
    )
    for name in ("faceless.obj", "broken.glb", "broken.blend", "words.gltf"):
        assert isinstance(got[name], str) and name in got[name], got[name]
    assert not (models / "ran").exists() and got["objects left"] == 0


# The shapes in plain numpy need no Blender.
PARTS = {
    "lathe": spec.Lathe(material="m", profile=[(0, 0), (1, 0.5), (0, 1)], lobes=5, lobe_depth=0.1),
    "ring profile": spec.Lathe(material="m", profile=[(1, 0), (2, 0), (2, 1), (1, 0)], smooth=False),
    "box": spec.Box(material="m", size=(1, 2, 3)),
    "sharp box": spec.Box(material="m", size=(1, 2, 3), bevel=0),
    "ellipsoid": spec.Ellipsoid(material="m"),
    "football": spec.Ellipsoid(material="m", panels="football", panel_material="n"),
    "tube": spec.Tube(material="m", path=[(0, 0, 0), (0, 0, 1), (1, 0, 1)], radius=[0.1, 0.2], round_ends=True),
    "closed tube": spec.Tube(material="m", path=[(1, 0, 0), (0, 1, 0), (-1, 0, 0)], radius=[0.1], closed=True),
    "ring": spec.Ring(material="m"),
    "mirrored": spec.Box(material="m", size=(1, 1, 1), scale=(-1, 1, 1)),
    "cluster": spec.Cluster(count=7, on="ring", parts=[spec.Box(material="m", size=(0.1, 0.1, 0.1))]),
}


def volume(mesh) -> float:
    """Signed volume; positive when every face looks outwards."""
    total = 0.0
    for face in mesh.faces:
        a = mesh.vertices[face[0]]
        for i, j in pairwise(face[1:]):
            total += float(np.dot(a, np.cross(mesh.vertices[i], mesh.vertices[j]))) / 6
    return total


@pytest.mark.parametrize("name", PARTS)
def test_shapes_are_closed_face_outwards_and_keep_to_the_estimate(name):
    part = PARTS[name]
    mesh = part_mesh(part, np.random.default_rng(0))
    edges: dict[tuple[int, int], int] = {}
    for face in mesh.faces:
        for i, j in zip(face, (*face[1:], face[0]), strict=True):
            edges[(i, j)] = edges.get((i, j), 0) + 1
    assert all(count == 1 and (j, i) in edges for (i, j), count in edges.items())  # watertight, one orientation
    assert volume(mesh) > 0
    assert len(mesh.vertices) <= spec.vertices_of(part) <= MAX_VERTICES
    assert len(mesh.materials) == len(mesh.faces) and len(mesh.along) == len(mesh.tint) == len(mesh.vertices)
    for share in (mesh.along, mesh.height):
        assert share.min() >= 0 and share.max() <= 1 + 1e-9
    assert np.abs(mesh.co).max() <= 1.001


def test_sizes_are_what_was_asked():
    box = part_mesh(PARTS["box"], np.random.default_rng(0)).vertices
    assert np.allclose(box.max(0) - box.min(0), (1, 2, 3))
    assert volume(part_mesh(PARTS["sharp box"], np.random.default_rng(0))) == pytest.approx(6)
    ball = part_mesh(PARTS["football"], np.random.default_rng(0)).vertices
    assert np.linalg.norm(ball, axis=1).max() == pytest.approx(0.5, abs=0.005)


def test_a_football_has_twelve_pentagons():
    mesh = part_mesh(PARTS["football"], np.random.default_rng(0))
    share = mesh.materials.count("n") / len(mesh.materials)
    assert share == pytest.approx(12 * 5 / (12 * 5 + 20 * 6))


def test_bending_keeps_the_middle_length():
    line = np.stack([np.zeros(50), np.zeros(50), np.linspace(-1, 1, 50)], 1)
    curve = bent(line, 90, axis=2)
    assert np.linalg.norm(np.diff(curve, axis=0), axis=1).sum() == pytest.approx(2, rel=1e-3)
    way = curve[1] - curve[0], curve[-1] - curve[-2]
    cosine = np.dot(*way) / np.prod([np.linalg.norm(w) for w in way])
    assert abs(np.degrees(np.arccos(cosine)) - 90) < 3


def test_a_point_given_twice_is_a_corner():
    points = np.array([(0, 0), (1, 0), (1, 0), (1, 1)], float)
    curve = smooth_curve(points, 3)
    assert curve[:, 0].max() == 1 and curve[:, 1].min() == 0  # no overshoot around the corner


def test_join_shifts_faces():
    one = part_mesh(PARTS["sharp box"], np.random.default_rng(0))
    both = join([one, one])
    assert max(max(f) for f in both.faces) == 15 and len(both.faces) == 12
