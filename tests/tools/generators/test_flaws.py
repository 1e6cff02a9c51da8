"""Flaws: understood with the thing that they are on, labelled piece by piece, the ground never."""

import random
from types import SimpleNamespace

import numpy as np
import pytest

from tools.core.errors import FixArguments
from tools.core.settings import Settings
from tools.core.task import Budget, ClassSpec, TaskSpec
from tools.drawable.classes import ClassArgument, nearest, relatives, resolve_classes
from tools.drawable.homonyms import HOMONYMS, meanings_of
from tools.generators.blender import surfaces, views
from tools.generators.blender.build import piece_number
from tools.generators.blender.catalogue import catalogue
from tools.generators.blender.families import family_parts
from tools.generators.blender.families.slab import MOST
from tools.generators.blender.flaws import grounds_of, laid_of
from tools.generators.blender.library import Library
from tools.generators.blender.parts import Cluster, Material, Tube
from tools.generators.choosing import make_generator
from tools.runs.runtime import RunContext, RunRecord

UNDERSTOOD = [
    ("scratches on metal plates", "scratch", ["on metal"]),
    ("metal scratches", "scratch", ["on metal"]),
    ("weld spatter on steel plates", "weld spatter", ["on metal"]),
    ("holes in the fabric", "hole", ["on fabric"]),
    ("rust on bolts", "rust spot on bolt", []),
    ("potholes", "pothole", []),
    ("cracks in walls", "crack", ["on concrete", "on brick", "on plaster"]),
    ("墙上的裂缝", "crack", ["on concrete", "on brick", "on plaster"]),
    ("cracked tiles", "ceramic tile", ["cracked"]),
    ("rotten apples", "apple", ["rotten"]),
    ("金属板上的划痕", "scratch", ["on metal"]),
    ("瓷砖裂纹", "crack", ["on tile"]),
    ("苹果上的霉斑", "mould on apple", []),
]


@pytest.mark.parametrize(("phrase", "key", "looks"), UNDERSTOOD)
def test_a_flaw_is_understood_with_its_ground(phrase, key, looks):
    assert Library().find(phrase) == (key, looks)
    assert Library().spec(key).name == key


def test_the_grounds_of_a_task_are_those_that_it_names_or_all():
    crack, pothole, apple = (ClassSpec(name=n, drawn_as=n) for n in ("crack", "pothole", "apple"))
    spec_of = catalogue().__getitem__
    assert grounds_of([crack.model_copy(update={"appearances": ["on road"]}), pothole, apple], spec_of) == 2 * [
        "on road"
    ]
    assert {"on tile", "on glass"} <= set(grounds_of([crack], spec_of)) and grounds_of([apple], spec_of) == []


def test_rows_are_filled_with_sound_tiles_only_where_those_are_no_class():
    def tiles(*looks):
        return ClassSpec(name=" ".join(looks) or "tile", drawn_as="ceramic tile", appearances=list(looks))

    spec_of = catalogue().__getitem__
    assert laid_of([tiles("cracked")], spec_of) == ["ceramic tile"]
    assert laid_of([tiles("cracked"), tiles("stained", "chipped")], spec_of) == ["ceramic tile"]
    for classes in ([tiles()], [tiles("white")], [tiles("cracked"), tiles("white")], [tiles("cracked", "white")]):
        assert laid_of(classes, spec_of) == []
    plate = ClassSpec(name="scratched plate", drawn_as="metal plate", appearances=["scratched"])
    assert laid_of([plate], spec_of) == []  # nobody lays floors with them


def test_a_run_tells_the_renderer_what_flaws_are_on_and_what_lies_in_rows(tmp_path, monkeypatch):
    told, engine = [], SimpleNamespace(unavailable=lambda: None)
    monkeypatch.setattr(
        "tools.generators.blender.engine.make_generator", lambda *given: told.append(given[-3:-1]) or engine
    )
    classes = [
        ClassSpec(name="cracked tile", drawn_as="ceramic tile", appearances=["cracked"]),
        ClassSpec(name="scratch", drawn_as="scratch", appearances=["on metal"]),
    ]
    task = TaskSpec(kind="detect", classes=classes, budget=Budget(images=9, rounds=1))
    record = RunRecord(name="r", request="", created="", task=task, approved=True)
    make_generator(RunContext(tmp_path, record, Settings(generator="blender")))
    assert told == [(["on metal"], ["ceramic tile"])]


def test_a_bend_of_light_that_nothing_has_is_refused():
    glass = {"colours": ["#ffffff"], "bends": [0.75, 0.9]}
    assert Material.model_validate(glass).bends == (0.75, 0.9)
    for wrong in ([0, 0], [1.3, 40], [-1, 1]):
        with pytest.raises(ValueError, match="bends"):
            Material.model_validate(glass | {"bends": wrong})


def test_a_crack_is_not_told_by_the_colour_of_its_tile():
    tile = catalogue()["ceramic tile"]
    colours = {look.name: set(look.materials["ground"].colours) for look in tile.appearances}
    assert colours["white"] < colours["cracked"] and colours["blue"] < colours["cracked"]


@pytest.mark.parametrize(
    "phrase", ["scratches on zorbs", "love on bolts", "potholes on apples", "cracks on cracks", "on"]
)
def test_a_flaw_on_nothing_known_is_nothing(phrase):
    assert Library().find(phrase) is None


def test_every_flaw_is_a_piece_and_its_ground_is_none():
    for key in ("scratch", "crack", "dent", "stain", "pothole"):
        spec = catalogue()[key]
        assert spec.labels == "pieces"
        for look in spec.appearances:
            parts = spec.parts_of(look, np.random.default_rng(3))
            inner = [q for p in parts for q in (p.parts if isinstance(p, Cluster) else [p])]
            pieces = {piece_number(p.material) for p in inner}
            assert pieces & set(range(1, MOST + 1)), (key, look.name)
    assert [piece_number(m) for m in ("mark1", "mark12", "ground", "landmark", "rim")] == [1, 12, 0, 0, 0]


def _lines(key, look, count=60):
    """Of each of so many flaws the tubes it is drawn by: (n, 3) points and the radii along them."""
    spec = catalogue()[key]
    numbers = spec.numbers | spec.appearance(look).numbers | {"ground": 0}
    drawn = [family_parts(spec.family, numbers, np.random.default_rng(i)) for i in range(count)]
    return [[(np.array(p.path), np.array(p.radius)) for p in parts if isinstance(p, Tube)] for parts in drawn]


def test_cracks_are_long_thin_and_rough_and_some_fork_again_and_again():
    cracks = _lines("crack", "on road")
    widths = []
    for path, radius in (lines[0] for lines in cracks):
        steps = np.diff(path, axis=0)
        length, across = np.linalg.norm(steps, axis=1).sum(), np.linalg.norm(path[-1] - path[0])
        widths.append(2 * radius.mean() / length)
        assert len(path) > 40 and across < 0.999 * length
    assert max(widths) < 1 / 30 and min(widths) < 1 / 200
    forks = sorted(len(lines) for lines in cracks)
    assert forks[len(forks) // 4] == 1 and forks[-1] > 5


def test_scratches_are_nearly_straight_single_or_in_bundles_and_skip():
    scratches = _lines("scratch", "on metal")
    assert {1, 2, 3, 5} == {len(lines) for lines in scratches}
    for lines in scratches:
        ways = np.array([(path[-1] - path[0]) / np.linalg.norm(path[-1] - path[0]) for path, _ in lines])
        assert (ways @ ways[0] > 0.9).all()  # beside each other, not across
        for path, _ in lines:
            length = np.linalg.norm(np.diff(path, axis=0), axis=1).sum()
            assert np.linalg.norm(path[-1] - path[0]) > 0.9 * length
    assert any((radius == 0).any() for lines in scratches for _, radius in lines)


@pytest.mark.parametrize("size_px", [320, 640])
@pytest.mark.parametrize("width", [0.2, 3.0])  # of what is seen, as near or far as the flaw is
def test_a_stone_of_a_road_is_one_to_four_pixels_wide(width, size_px):
    for seed in range(20):
        stage = SimpleNamespace(rng=random.Random(seed), camera=SimpleNamespace(width=width), size_px=size_px)
        assert 1 <= views._grain(stage) / surfaces.STONES * size_px / width <= 4.1


def test_no_patch_hangs_over_the_edge_of_its_piece():
    spec = catalogue()["mould"]
    look = spec.appearance("on wood")
    for i in range(40):
        ground, *patches = spec.parts_of(look, np.random.default_rng(i))
        assert patches
        for patch in patches:
            reach = np.linalg.norm(patch.outline, axis=1).max()
            assert (np.abs(patch.at[:2]) + reach < np.array(ground.size[:2]) / 2).all()


def test_a_flawed_thing_keeps_its_own_sound_looks():
    spec = Library().spec("rust spot on bolt")
    bolt = catalogue()["bolt"]
    assert [a.name for a in spec.appearances] == [a.name for a in bolt.appearances if a.name != "rusty"]
    assert spec.lookalikes == []  # a bolt beside it may be rusty, and its rust would have no label
    assert spec.parts == bolt.parts and spec.labels == "pieces" and bolt.labels == "whole"
    assert {"mark1", "mark2", "mark3"} <= set(spec.materials) and not {"mark1"} & set(bolt.materials)


def test_a_relative_says_so_and_the_thing_itself_does_not():
    classes = resolve_classes([ClassArgument(name="puppy"), ClassArgument(name="cat")], Library())
    assert [c.drawn_as for c in classes] == ["dog", "cat"]
    assert relatives(classes, Library()) == ["puppy: drawn as dog; what makes it puppy and no other dog is not shown"]
    assert Library().relative_of("dog", "小狗") == "小狗" and Library().relative_of("dog", "brown dogs") is None


@pytest.mark.parametrize("word", [*HOMONYMS, "mice"])
def test_a_word_of_two_meanings_is_asked_and_never_drawn(word):
    library = Library()
    assert library.find(word) is None
    options = nearest(word, library)
    assert options == meanings_of(word) and all(library.find(o) == (o, []) for o in options)
    with pytest.raises(FixArguments, match="house mouse"):
        resolve_classes([ClassArgument(name=word)], library)
