"""Models of libraries become objects of our size that stand as their catalogue says; slow, for it is Blender."""

import json
import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from tests.waiting import LONG_S
from tools.generators.blender.models.holes import opaque_parts
from tools.generators.blender.models.mesh import MAX_TRIANGLES

SCRIPT = Path(__file__).with_name("build_models.py")
ROOT = Path(__file__).parents[3]


@pytest.fixture(scope="module")
def built(tmp_path_factory):
    place = tmp_path_factory.mktemp("models")
    command = [sys.executable, str(SCRIPT), str(place), str(place / "answer.json")]
    environment = os.environ | {"PYTHONPATH": str(ROOT)}
    done = subprocess.run(command, capture_output=True, text=True, timeout=LONG_S, env=environment, cwd=place)
    assert done.returncode == 0, done.stderr[-2000:]
    return json.loads((place / "answer.json").read_text())


@pytest.mark.slow
def test_models_stand_as_their_catalogue_says(built):
    assert built["zorka"][0]["size"] == pytest.approx([60 / 90, 30 / 90, 1], rel=0.08)
    assert built["zorkb"][0]["size"] == pytest.approx([60 / 90, 1, 30 / 90], rel=0.08)
    assert built["zorkf"][0]["size"] == pytest.approx([2 / 3, 1 / 3, 1], rel=0.08)
    for name in ("zorka", "zorkb", "zorkc", "zorkd", "zorkf"):
        for one in built[name]:
            assert max(one["size"]) == pytest.approx(1, abs=1e-4) and np.allclose(one["middle"], 0, atol=1e-4)
            assert not one["linked"]
    assert built["zorka"][0]["model"] == "Lib#1" and built["zorkf"][0]["model"] == "Mine#m1.obj"


@pytest.mark.slow
def test_copies_differ_and_a_seed_decides(built):
    colours = {tuple(np.round(one["colours"][0], 3)) for one in built["zorka"]}
    assert len(colours) == 4 and built["again"] == built["zorka"][0] == built["after damage"]


@pytest.mark.slow
def test_what_a_texture_cuts_out_is_no_part_of_the_mesh(built):
    card = built["zorkc"][0]
    side = max(card["size"])
    assert 0.6 < card["area"] / side**2 < np.pi / 4 + 0.05  # a disc in its own box, with steps; the card has 1


@pytest.mark.slow
def test_a_fine_model_is_cut_down_and_opened_once(built):
    assert 0.8 * MAX_TRIANGLES < built["zorkd"][0]["triangles"] <= MAX_TRIANGLES
    assert built["opened"] == ["zorka", "zorkb", "zorkc", "zorkd", "zorkf"]
    assert "zorke" in built["refused"] and "a.sh3f" in built["refused"] and "no mesh" in built["refused"]


def test_triangles_across_an_edge_are_split_and_the_transparent_side_goes():
    alpha = np.zeros((8, 8), np.float32)
    alpha[:, :4] = 1  # the left half is opaque
    square = np.array([[[0, 0], [1, 0], [1, 1]], [[0, 0], [1, 1], [0, 1]]], float) * 0.999
    corners = np.concatenate([square, np.zeros((2, 3, 1))], 2)
    kept, uv = opaque_parts(corners, square, alpha)
    sides = kept[:, 1:] - kept[:, :1]
    area = np.abs(np.cross(sides[:, 0], sides[:, 1])[:, 2]).sum() / 2
    assert area == pytest.approx(0.5, abs=0.04) and kept[..., 0].max() < 0.58
    assert np.allclose(kept[..., :2], uv)
    whole, _ = opaque_parts(corners, square, np.ones((8, 8), np.float32))
    assert len(whole) == 2
    none, _ = opaque_parts(corners, square, np.zeros((8, 8), np.float32))
    assert len(none) == 0
