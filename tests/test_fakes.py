"""The fake generator must be as exact as a renderer, or every test on it proves nothing."""

import numpy as np
import pytest

from tests.fakes import ShapeGenerator
from tools.data.images import read_image
from tools.data.sample import mask_box
from tools.scenes.scene import SceneObject, SceneSpec


def _scene(*objects, seed=1, **fields):
    return SceneSpec(context="table", light="sun", family="f", seed=seed, objects=list(objects), **fields)


def _thing(box=(0.5, 0.5, 0.4, 0.4), **fields):
    return SceneObject(class_name="apple", drawn_as="apple", box=box, **fields)


@pytest.mark.parametrize("hidden", [0.0, 0.3, 0.7])
def test_visible_share_is_what_was_wanted(hidden):
    _, [instance] = ShapeGenerator(size_px=128).draw(_scene(_thing(occlusion=hidden)))
    assert instance.visible_share == pytest.approx(1 - hidden, abs=0.04)
    assert instance.box == mask_box(instance.mask(128, 128))


def test_the_nearer_object_hides_the_farther():
    far, near = _thing(depth=1), _thing(box=(0.6, 0.5, 0.4, 0.4), depth=0)
    _, [behind, front] = ShapeGenerator(size_px=128).draw(_scene(far, near))
    assert front.visible_share == 1.0
    assert behind.visible_share < 0.8
    assert not (behind.mask(128, 128) & front.mask(128, 128)).any()


def test_an_object_over_the_border_keeps_its_whole_box():
    _, [instance] = ShapeGenerator(size_px=128).draw(_scene(_thing(box=(0.0, 0.5, 0.4, 0.4))))
    assert instance.box[0] == 0
    assert instance.full_box[0] < -10
    assert instance.visible_share == pytest.approx(0.5, abs=0.1)


def test_lookalikes_are_drawn_and_not_labelled(tmp_path):
    scene = _scene(SceneObject(role="lookalike", drawn_as="tomato", box=(0.5, 0.5, 0.4, 0.4)))
    [result] = ShapeGenerator(size_px=64).generate([scene], tmp_path)
    empty = ShapeGenerator(size_px=64).draw(_scene())[0]
    assert result.instances == []
    assert np.abs(read_image(result.image).astype(int) - empty).max() > 60


def test_same_scene_same_image_other_seed_other_image():
    first, again, other = (ShapeGenerator(size_px=64).draw(_scene(_thing(), seed=s))[0] for s in (1, 1, 2))
    assert np.array_equal(first, again)
    assert not np.array_equal(first, other)
