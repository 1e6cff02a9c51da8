"""Hair of what has fur: where it grows, and which way it lies."""

import numpy as np
import pytest

from tools.generators.blender.build import shaped_mesh
from tools.generators.blender.catalogue import catalogue
from tools.generators.blender.hair import FLOW, _far_from, _roots, _strands


@pytest.fixture(scope="module")
def dog():
    spec = catalogue()["dog"]
    return shaped_mesh(spec, spec.appearance("brown"), np.random.default_rng(3))


def test_strands_begin_on_the_faces_of_their_material_spread_by_area(dog):
    corners, weights, normals = _roots(dog, "fur", np.random.default_rng(1))
    mine = {i for f, m in zip(dog.faces, dog.materials, strict=True) if m == "fur" for i in f}
    assert len(corners) > 1000 and set(corners.ravel()) <= mine
    assert np.allclose(weights.sum(1), 1) and (weights >= 0).all()
    assert np.allclose(np.linalg.norm(normals, axis=1), 1)
    roots = (dog.vertices[corners] * weights[:, :, None]).sum(1)
    trunk = np.abs(roots[:, 0]) < 0.15
    assert 0.1 < trunk.mean() < 0.8
    assert len(_roots(dog, "fur", np.random.default_rng(1), 0.1)[0]) == pytest.approx(len(corners) / 10, rel=0.01)


def test_fur_rises_from_the_skin_and_lies_backwards_and_down(dog):
    rng = np.random.default_rng(1)
    corners, weights, normals = _roots(dog, "fur", rng)
    roots = (dog.vertices[corners] * weights[:, :, None]).sum(1)
    strands = _strands(roots, normals, 0.04, rng)
    ways = strands[:, -1] - strands[:, 0]
    assert ((ways * normals).sum(1) > 0).all()
    assert (ways @ FLOW > 0).mean() > 0.8
    assert 0.02 < np.median(np.linalg.norm(ways, axis=1)) < 0.06


def test_eyes_and_noses_look_out_of_the_fur():
    points, eye = np.array([[0.0, 0, 0], [0.1, 0, 0]]), np.array([[0.01, 0, 0]])
    assert _far_from(points, eye, 0.03).tolist() == [False, True]
    assert _far_from(points, np.zeros((0, 3)), 0.03).all()


def test_who_has_fur_has_hair_and_who_has_none_has_not():
    def coat(key, look):
        return catalogue()[key].appearance(look).materials["fur"].hair

    assert coat("hamster", "golden") > coat("dog", "brown") > coat("lion", "tan") > 0
    assert coat("elephant", "grey") == coat("bull", "black") == 0
