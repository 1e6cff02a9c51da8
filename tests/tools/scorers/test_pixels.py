"""Quality falls step by step as an image is spoilt, and a hard image is not taken for a bad one."""

from itertools import pairwise
from pathlib import Path

import cv2
import numpy as np
import pytest

from tests.fakes import ShapeGenerator
from tools.core.settings import Settings
from tools.data.images import is_image, read_image
from tools.data.sample import Instance, Sample
from tools.scenes.scene import SceneObject, SceneSpec
from tools.scorers.pixels import PixelScorer

PHOTOS = Path(__file__).resolve().parents[4] / "shared" / "data"
LIMIT = Settings().curation.min_quality


def _sample(image, instances=()):
    height, width = image.shape[:2]
    return Sample(
        id="s", image="s.png", width=width, height=height, sha256="", family="f", engine="e", instances=list(instances)
    )


def _drawn(light="sun", size=320, distance=0.3, hidden=0.0, empty=False):
    thing = SceneObject(class_name="apple", drawn_as="apple", box=(0.5, 0.5, distance, distance), occlusion=hidden)
    scene = SceneSpec(context="table", light=light, family="f", seed=4, objects=[] if empty else [thing])
    return ShapeGenerator(size_px=size).draw(scene)


def _photos():
    """Sharp, well exposed photos where there are any; drawn images everywhere."""
    drawn = [_drawn()[0], _drawn("overcast")[0], _drawn(empty=True)[0]]
    paths = [p for d in ("backgrounds", "orchard_negatives") for p in sorted((PHOTOS / d).glob("*.jpg"))[:4]]
    return [cv2.GaussianBlur(d, (0, 0), 0.8) for d in drawn] + [
        cv2.resize(read_image(p), (480, 360), interpolation=cv2.INTER_AREA) for p in paths if is_image(p)
    ]


def _blur(image, step):
    return cv2.GaussianBlur(image, (0, 0), 1e-3 + step * image.shape[1] / 320 * 2)


def _darken(image, step):
    return (image * 0.45**step).astype(np.uint8)


def _brighten(image, step):
    return np.clip(image.astype(float) * 2.2**step, 0, 255).astype(np.uint8)


def _flatten(image, step):
    grey = image.mean(axis=(0, 1))
    return (grey + (image - grey) * 0.4**step).clip(0, 255).astype(np.uint8)


@pytest.mark.parametrize(
    ("spoil", "part", "word"),
    [
        (_blur, "sharpness", "blurred"),
        (_darken, "exposure", "too dark or too bright"),
        (_brighten, "exposure", "too dark or too bright"),
        (_brighten, "clipping", "clipped to black or white"),
        (_flatten, "contrast", "flat"),
    ],
)
def test_the_score_falls_step_by_step(spoil, part, word):
    scorer = PixelScorer()
    for image in _photos():
        qualities = [scorer.score(spoil(image, step), _sample(image)) for step in range(6)]
        values = [q.value for q in qualities]
        parts = [q.scores[part] for q in qualities]
        assert values[0] > 0.8, "not a good picture to begin with"
        assert all(b <= a + 0.02 for a, b in pairwise(values)), values
        assert all(b <= a + 0.02 for a, b in pairwise(parts)), parts
        assert values[-1] < LIMIT < values[0]
        assert word in qualities[-1].reasons
        assert word not in qualities[0].reasons


@pytest.mark.parametrize("light", ["deep shade", "backlight", "overcast", "low sun"])
def test_hard_light_is_not_bad_quality(light):
    image, instances = _drawn(light)
    assert PixelScorer().score(image, _sample(image, instances)).value > LIMIT


def test_a_blurred_or_white_background_is_a_choice():
    """The object is judged, not what is behind it; without an object the same image is bad."""
    image, instances = _drawn()
    mask = instances[0].mask(320, 320)[..., None]
    sharp = np.where(mask, image, np.uint8(255))
    whole, object_only = (PixelScorer().score(sharp, _sample(sharp, i)) for i in ((), instances))
    assert object_only.scores["clipping"] > whole.scores["clipping"]
    assert object_only.value > LIMIT
    behind = np.where(mask, image, cv2.GaussianBlur(image, (0, 0), 9))
    assert PixelScorer().score(behind, _sample(behind, instances)).scores["sharpness"] == 1.0


def test_an_object_out_of_focus_is_seen_on_the_object_too():
    image, instances = _drawn()
    soft = cv2.GaussianBlur(image, (0, 0), 6)
    assert "blurred" in PixelScorer().score(soft, _sample(soft, instances)).reasons


@pytest.mark.parametrize(
    ("options", "part", "word"),
    [({"hidden": 0.95}, "visible", "objects almost hidden"), ({"distance": 0.006}, "size", "objects too small to see")],
)
def test_what_cannot_be_seen_is_said(options, part, word):
    image, instances = _drawn(**options)
    assert instances
    quality = PixelScorer().score(image, _sample(image, instances))
    assert quality.scores[part] < 0.5
    assert word in quality.reasons
    assert PixelScorer().score(image, _sample(image)).reasons == []  # without objects: on image terms only


def test_an_empty_wall_is_flat_not_blurred():
    wall = np.full((96, 96, 3), 120, np.uint8)
    quality = PixelScorer().score(wall, _sample(wall))
    assert quality.reasons == ["flat"]
    assert quality.value < LIMIT


@pytest.mark.parametrize("shape", [(1, 1), (3, 200), (200, 3), (64, 48)])
def test_any_shape_is_scored(shape):
    image = np.random.default_rng(0).integers(0, 255, (*shape, 3), dtype=np.uint8)
    box = Instance(class_name="a", box=(0, 0, shape[1], shape[0]))
    quality = PixelScorer().score(image, _sample(image, [box]))
    assert 0 <= quality.value <= 1
    assert all(0 <= v <= 1 for v in quality.scores.values())


def test_size_of_the_file_does_not_matter():
    small, large = (PixelScorer().score(p, _sample(p)).value for p in (_drawn(size=320)[0], cv2.resize(
        _drawn(size=320)[0], (960, 960), interpolation=cv2.INTER_CUBIC)))  # fmt: skip
    assert small == pytest.approx(large, abs=0.1)
