"""What stands about fits what is asked for: leaves and bowls beside a mug, crates and posts beside a person."""

import random
from types import SimpleNamespace

import numpy as np
import pytest

pytest.importorskip("bpy")

from tools.generators.blender import props
from tools.generators.blender.foliage import box


def stage(size_m, avoid=(), context="road"):
    avoids, spec = lambda *words: bool(set(words) & set(avoid)), SimpleNamespace(context=context)
    return SimpleNamespace(subject=1.0, metre=1 / size_m, avoids=avoids, spec=spec)


@pytest.mark.parametrize(
    ("size_m", "level", "over", "context", "kinds"),
    [
        (0.08, 0.0, False, "table", props.FRONT),
        (0.08, 0.0, True, "table", props.OVER),
        (1.7, 0.0, False, "road", props.LARGE_FRONT),
        (1.7, 0.0, True, "road", props.LARGE_OVER),
        (1.7, None, True, "sky", props.IN_THE_AIR),
        (0.08, None, True, "liquid", (props.LEAF,)),
    ],
)
def test_what_hides_a_thing_fits_its_size(size_m, level, over, context, kinds):
    assert props.hiding(stage(size_m, context=context), level, over=over) == kinds


@pytest.mark.parametrize("context", sorted(props.LARGE_PROPS))
def test_beside_a_person_stands_what_is_as_large(context):
    assert props.props_of(stage(1.7), context) == list(props.LARGE_PROPS[context])
    assert props.props_of(stage(0.08), context) == list(props.PROPS[context])
    avoided = {name for prop in props.LARGE_PROPS[context] for name in prop.names}
    assert props.props_of(stage(1.7, avoided), context) == []


def test_a_plate_beside_a_person_is_a_plate():
    plate = box((0.2, 0.2, 0.02))
    assert props.prop_size(stage(1.7), plate) * 0.2 == pytest.approx(0.2 / 1.7)
    assert props.prop_size(stage(0.08), plate) * 0.2 == pytest.approx(2.2)  # beside a cherry it would fill the image


@pytest.mark.parametrize("prop", [*props.LARGE_FRONT, *props.LARGE_OVER], ids=lambda p: p.names[0])
def test_large_props_are_as_large_as_in_the_world(prop):
    for seed in range(8):
        made = prop.draw(random.Random(seed), np.random.default_rng(seed))
        assert np.isfinite(made.vertices).all()
        assert 0.35 < np.ptp(made.vertices, axis=0).max() < 3.1
