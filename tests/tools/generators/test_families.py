"""Families: every name of every table draws itself, within the renderer's limits, without a thousand being built."""

import numpy as np
import pytest

from tools.data.scene import CONTEXTS
from tools.generators.blender import catalogue as catalogue_module
from tools.generators.blender.catalogue import catalogue
from tools.generators.blender.families import FAMILIES, family
from tools.generators.blender.families.table import rows, spec_of
from tools.generators.blender.library import Library
from tools.generators.blender.naming import forms, plain
from tools.generators.blender.object_spec import MAX_VERTICES, Cluster, ObjectSpec, vertices_of

COCO = [
    "person",
    "bicycle",
    "car",
    "motorcycle",
    "airplane",
    "bus",
    "train",
    "truck",
    "boat",
    "traffic light",
    "fire hydrant",
    "stop sign",
    "parking meter",
    "bench",
    "bird",
    "cat",
    "dog",
    "horse",
    "sheep",
    "cow",
    "elephant",
    "bear",
    "zebra",
    "giraffe",
    "backpack",
    "umbrella",
    "handbag",
    "suitcase",
    "kite",
    "baseball bat",
    "tennis racket",
    "bottle",
    "wine glass",
    "cup",
    "fork",
    "knife",
    "spoon",
    "bowl",
    "banana",
    "apple",
    "orange",
    "broccoli",
    "carrot",
    "chair",
    "couch",
    "potted plant",
    "bed",
    "dining table",
    "toilet",
    "tv",
    "laptop",
    "remote",
    "keyboard",
    "cell phone",
    "microwave",
    "oven",
    "toaster",
    "sink",
    "refrigerator",
    "book",
    "clock",
    "vase",
    "scissors",
    "teddy bear",
]


def looks_of(name: str) -> list[tuple[ObjectSpec, str]]:
    spec = catalogue()[name]
    return [(spec, look.name) for look in spec.appearances]


@pytest.mark.parametrize("name", FAMILIES)
def test_every_name_of_a_family_is_within_the_limits_whatever_is_drawn(name):
    for row in (r for r in rows().values() if r.family == name):
        spec = spec_of(row)
        assert spec.chinese and set(spec.contexts) <= set(CONTEXTS), row.name
        assert set(spec.lookalikes) <= set(catalogue()) - {row.name}, row.name
        for look in spec.appearances:
            for seed in range(2):
                parts = spec.parts_of(look, np.random.default_rng(seed))
                assert 0 < sum(map(vertices_of, parts)) <= MAX_VERTICES, (row.name, look.name)
                inner = [q for p in parts for q in (p.parts if isinstance(p, Cluster) else [p])]
                assert {p.material for p in inner} <= set(spec.materials), (row.name, look.name)


@pytest.mark.parametrize("name", FAMILIES)
def test_shape_differs_from_object_to_object_and_not_for_a_seed(name):
    row = next(r for r in rows().values() if r.family == name)
    spec = spec_of(row)
    look = spec.appearances[-1]
    first, again, other = (spec.parts_of(look, np.random.default_rng(s)) for s in (1, 1, 2))
    assert first == again
    assert first != other or family(name).variation.stretch != (0, 0, 0)


def test_what_is_a_kind_of_a_thing_is_never_its_look_alike():
    """A look-alike is not labelled: a bird that may be a robin must not stand beside unlabelled robins."""
    for row in rows().values():
        kinds = {w.strip()[1:].replace("_", " ") for w in row.cells[3].split("|") if w.strip().startswith("&")}
        if not kinds:
            continue
        assert not kinds & set(catalogue()[row.name].lookalikes), row.name
        for kind in kinds:
            assert row.name not in catalogue()[kind].lookalikes, (row.name, kind)


def test_a_name_means_one_thing():
    owners: dict[str, str] = {}
    for key, names in catalogue().names().items():
        for form in (f for n in names for f in forms(plain(n))):
            assert owners.setdefault(form, key) == key, (form, key)


@pytest.mark.parametrize("name", COCO)
def test_the_everyday_names_are_drawn(name):
    assert Library().find(name) is not None


def test_a_plan_builds_only_what_it_draws(monkeypatch):
    """Of hundreds of names a look-up, a wrong name and the list of names build none but the one that is meant."""
    built = []
    real = catalogue_module.spec_of
    monkeypatch.setattr(catalogue_module, "spec_of", lambda row: built.append(row.name) or real(row))
    catalogue_module.catalogue.cache_clear()
    try:
        library = Library()
        assert library.find("zebras") == ("zebra", [])
        assert library.find("zorbs") is None and len(library.names()) > 350
        assert built == ["zebra"]
    finally:
        catalogue_module.catalogue.cache_clear()


@pytest.mark.parametrize(
    ("changed", "says"),
    [
        ({"family": "dragon"}, "there is no family 'dragon'"),
        ({"numbers": {"wings": 2}}, "wings"),
        ({"numbers": {"legs": "long"}}, "legs"),
        ({"parts": [{"shape": "ellipsoid", "material": "fur"}]}, "a family or parts, not both"),
        ({"appearances": [{"name": "x", "numbers": {"hat": 1}}]}, "hat"),
    ],
)
def test_wrong_numbers_are_refused(changed, says):
    good = {"name": "tapir", "size_m": 1.8, "family": "quadruped", "numbers": {"legs": 0.35, "snout": 0.2}}
    assert ObjectSpec.model_validate(good).materials["fur"]
    with pytest.raises(ValueError, match=says):
        ObjectSpec.model_validate(good | changed)
