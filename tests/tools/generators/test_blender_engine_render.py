"""Real renders of small images; slow, and proof that the labels are what the image shows."""

import hashlib

import cv2
import numpy as np
import pytest

from tools.generators import Failed, Generated
from tools.generators.blender.catalogue import catalogue
from tools.generators.blender.engine import BlenderGenerator
from tools.generators.blender.library import Library
from tools.generators.blender.object_spec import ObjectSpec
from tools.scenes.scene import CONTEXTS, LIGHTS, SceneObject, SceneSpec

pytestmark = pytest.mark.slow
SIZE = 96


@pytest.fixture(scope="module")
def engine():
    engine = BlenderGenerator(library=Library(), size_px=SIZE, samples=2, workers=2)
    yield engine
    engine.close()


def scene(context, *objects, seed=5, **values) -> SceneSpec:
    values = {"light": "overcast", "clutter": 0.3} | values
    return SceneSpec(context=context, objects=list(objects), family="f", seed=seed, **values)


def apple(cx=0.5, cy=0.55, w=0.3, **values) -> SceneObject:
    values = {"class_name": "apple", "drawn_as": "apple"} | values
    return SceneObject(box=(cx, cy, w, w), **values)


def render(engine, scenes, folder) -> list[Generated]:
    found = {r.scene.id: r for r in engine.generate(scenes, folder)}
    failed = [r.reason for r in found.values() if isinstance(r, Failed)]
    assert not failed, failed
    return [found[s.id] for s in scenes]


def test_every_place_honours_the_box(engine, tmp_path):
    scenes = [scene(c, apple(), viewpoint="slightly above") for c in CONTEXTS]
    for made in render(engine, scenes, tmp_path):
        image = cv2.imread(str(made.image))
        assert image.shape == (SIZE, SIZE, 3)
        (one,) = made.instances
        x1, y1, x2, y2 = (v / SIZE for v in one.full_box)
        context = made.scene.context
        assert x2 - x1 == pytest.approx(0.3, abs=0.05), context
        assert ((x1 + x2) / 2, (y1 + y2) / 2) == pytest.approx((0.5, 0.55), abs=0.05), context
        assert one.visible_share > 0.45, context
        mask = one.mask(SIZE, SIZE)
        assert 0.3 * one.visible_share < mask.sum() / ((x2 - x1) * (y2 - y1) * SIZE**2) <= 1.0, context


def test_masks_lie_on_what_they_name(engine, tmp_path):
    """One thing on an even ground: the pixels that differ from the ground are those of the mask."""
    for thing in ("apple", "banana"):
        wanted = apple(class_name=thing, drawn_as=thing, w=0.45)
        scenes = [scene("slide", wanted, seed=s, clutter=0.0, viewpoint="straight down") for s in (1, 2, 3)]
        for made in render(engine, scenes, tmp_path):
            (one,) = made.instances
            mask = one.mask(SIZE, SIZE).astype(np.uint8)
            image = cv2.GaussianBlur(cv2.imread(str(made.image)), (3, 3), 0).astype(float)
            ground = np.median(image[mask == 0], axis=0)
            different = np.abs(image - ground).max(axis=2) > 30
            inside, outside = cv2.erode(mask, np.ones((5, 5))) > 0, cv2.dilate(mask, np.ones((7, 7))) == 0
            assert different[inside].mean() > 0.8
            assert different[outside].mean() < 0.12


def test_a_slide_is_lit_through(engine, tmp_path):
    """As photos through a microscope are: a dark one now and then, on the whole a pale ground (once 149 on average)."""
    cell = apple(class_name="red blood cell", drawn_as="red blood cell", w=0.3)
    lights = ("studio light", "indoor lamp")
    scenes = [scene("slide", cell, seed=n, light=lamp, viewpoint="straight down") for n in range(4) for lamp in lights]
    grounds = [np.median(cv2.imread(str(made.image)).mean(axis=2)) for made in render(engine, scenes, tmp_path)]
    assert len(grounds) == 8 and np.mean(grounds) > 162


def test_one_stain_takes_all_cells_of_an_image(engine, tmp_path):
    places = [(x, y) for x in (0.2, 0.5, 0.8) for y in (0.25, 0.75)]
    cell = {"class_name": "red blood cell", "drawn_as": "red blood cell", "appearance": "full", "w": 0.25}
    cells = [apple(cx=x, cy=y, **cell) for x, y in places]
    within, of_all = [], []
    for made in render(engine, [scene("slide", *cells, seed=n, clutter=0.0) for n in range(6)], tmp_path):
        image = cv2.cvtColor(cv2.imread(str(made.image)).astype(np.float32) / 255, cv2.COLOR_BGR2LAB)
        colours = [np.median(image[one.mask(SIZE, SIZE).astype(bool)], axis=0)[1:] for one in made.instances]
        within.append(np.std(colours, axis=0).max())
        of_all.append(np.mean(colours, axis=0))
    assert np.mean(within) < 0.5 * np.std(of_all, axis=0).max()


def test_a_field_is_as_bright_with_many_cells_as_with_none(engine, tmp_path):
    """Darker the fewer there were, as a camera that looks for a middle grey makes it, told that nothing was there."""
    cell = {"class_name": "red blood cell", "drawn_as": "red blood cell", "w": 0.22}
    many = [apple(cx=x, cy=y, **cell) for x in (0.15, 0.38, 0.61, 0.84) for y in (0.2, 0.5, 0.8)]
    scenes = [scene("slide", *cells, seed=n, clutter=0.0) for n in range(4) for cells in ([], many)]
    grounds = [np.percentile(cv2.imread(str(m.image)).mean(axis=2), 90) for m in render(engine, scenes, tmp_path)]
    assert np.ptp(np.reshape(grounds, (4, 2)), axis=1).mean() < 25


def test_each_flaw_has_a_mask_and_its_ground_has_none(engine, tmp_path):
    """A dark stain on a white tile: the mask is on the dark pixels, and the tile, four times as large, is in none."""
    tile = apple(class_name="stain", drawn_as="stain", appearance="on tile", w=0.7)
    scenes = [scene("workbench", tile, seed=s, clutter=0.0, viewpoint="straight down") for s in (1, 2)]
    for made in render(engine, scenes, tmp_path):
        assert 1 <= len(made.instances) <= 3
        masks = [one.mask(SIZE, SIZE).astype(bool) for one in made.instances]
        assert all(0 < m.sum() < 0.12 * SIZE**2 for m in masks), [m.sum() / SIZE**2 for m in masks]
        assert sum(m.astype(int) for m in masks).max() == 1
        grey = cv2.imread(str(made.image), cv2.IMREAD_GRAYSCALE).astype(float)
        around = cv2.dilate(masks[0].astype(np.uint8), np.ones((9, 9))).astype(bool) & ~np.any(masks, axis=0)
        assert np.median(grey[masks[0]]) < np.median(grey[around]) - 20


def test_a_flaw_on_a_surface_has_no_piece_of_its_ground_around_it(engine, tmp_path):
    """Flaws were drawn on slabs that lay about; in photos the road or wall fills the picture."""
    places = ((0.3, 0.3), (0.7, 0.7))
    stains = [apple(cx=x, cy=y, class_name="stain", drawn_as="stain", appearance="on concrete") for x, y in places]
    view = {"viewpoint": "straight down", "clutter": 0.0}
    for made in render(engine, [scene("surface", *stains, seed=s, **view) for s in range(3)], tmp_path):
        assert len(made.instances) == 2  # one each: on a slab there are one to three
        image = cv2.GaussianBlur(cv2.imread(str(made.image), cv2.IMREAD_GRAYSCALE), (5, 5), 0).astype(float)
        stain = np.any([one.mask(SIZE, SIZE).astype(bool) for one in made.instances], axis=0)
        ground = image[~cv2.dilate(stain.astype(np.uint8), np.ones((7, 7))).astype(bool)]
        assert np.median(image[stain]) < np.median(ground) - 8
        assert np.ptp(np.percentile(ground, [2, 98])) < 75  # no edge of anything, and no shadow


def test_half_of_the_flaws_lie_along_the_image_or_across_it(engine, tmp_path):
    """A straight line turned at random has a box five times as long as wide in a quarter of the images."""
    scratch = apple(w=0.6, class_name="scratch", drawn_as="scratch", appearance="on metal")
    scenes = [scene("surface", scratch, seed=s, viewpoint="straight down", clutter=0.0) for s in range(16)]
    boxes = np.array([one.box for made in render(engine, scenes, tmp_path) for one in made.instances])
    sides = np.sort(boxes[:, 2:] - boxes[:, :2], axis=1)
    assert len(boxes) >= 12 and (sides[:, 1] > 5 * sides[:, 0]).mean() > 0.4


def test_rust_ends_in_spots_through_whose_gaps_the_metal_is_seen(engine, tmp_path):
    rust = apple(w=0.6, class_name="rust", drawn_as="rust spot", appearance="on metal")
    scenes = [
        scene("surface", rust, seed=s, viewpoint="straight down", clutter=0.0, light="overcast") for s in range(3)
    ]
    for made in render(engine, scenes, tmp_path):
        mask = made.instances[0].mask(SIZE, SIZE).astype(np.uint8)
        blue, _, red = np.moveaxis(cv2.imread(str(made.image)).astype(int), 2, 0)
        core = cv2.erode(mask, np.ones((13, 13))).astype(bool)
        rim = (mask & ~cv2.erode(mask, np.ones((5, 5)))).astype(bool)
        assert (red - blue > 25)[core].mean() > (red - blue > 25)[rim].mean() + 0.1


def test_a_flaw_that_fills_the_image_does_not_change_how_the_ground_is_exposed(engine, tmp_path):
    """A meter that looks at a black hole makes a grey one of it, in a plate that is white."""
    scenes = []
    for wide in (0.3, 0.9):
        hole = apple(w=wide, class_name="hole", drawn_as="hole", appearance="on paper")
        scenes.append(scene("surface", hole, seed=4, viewpoint="straight down", clutter=0.0, light="overcast"))
    levels = []
    for made in render(engine, scenes, tmp_path):
        grey, mask = cv2.imread(str(made.image), cv2.IMREAD_GRAYSCALE), made.instances[0].mask(SIZE, SIZE)
        levels.append([np.median(grey[mask == kind]) for kind in (0, 1)])
        assert levels[-1][1] < 0.45 * levels[-1][0]
    assert abs(levels[0][0] - levels[1][0]) < 30


def test_a_surface_without_a_flaw_is_one_of_those_that_flaws_are_sought_on(tmp_path):
    """A model that never saw a sound board takes every board's grain for a flaw."""
    colourful = {}
    for ground in ("on wood", "on metal"):
        sound = BlenderGenerator(library=Library(), size_px=SIZE, samples=2, workers=1, grounds=[ground])
        scenes = [scene("surface", seed=n, clutter=0.0, viewpoint="straight down") for n in range(3)]
        images = [cv2.imread(str(made.image)) for made in render(sound, scenes, tmp_path)]
        sound.close()
        colourful[ground] = np.mean([cv2.cvtColor(image, cv2.COLOR_BGR2HSV)[..., 1].mean() for image in images])
    assert colourful["on wood"] > colourful["on metal"] + 25


def test_a_road_has_no_cracks_without_a_label_where_cracks_are_sought(tmp_path):
    """Half of the roads had some, black and drawn by nobody's wish: the darkest hundredth was 0.65 of the median."""
    sound = BlenderGenerator(library=Library(), size_px=SIZE, samples=2, workers=2, grounds=["on road"])
    scenes = [scene("surface", seed=n, clutter=0.0, viewpoint="straight down") for n in range(10)]
    greys = [cv2.imread(str(made.image), cv2.IMREAD_GRAYSCALE) for made in render(sound, scenes, tmp_path)]
    sound.close()
    assert min(np.percentile(grey, 1) / np.median(grey) for grey in greys) > 0.78


def test_all_flaws_of_one_kind_on_a_surface_look_as_the_first_does(engine, tmp_path):
    """A scratch in glass is white: on a concrete wall it would be a mark of nothing."""
    first = apple(cx=0.3, cy=0.3, w=0.35, class_name="stain", drawn_as="stain", appearance="on concrete")
    second = first.model_copy(update={"box": (0.72, 0.72, 0.35, 0.35), "appearance": "on paper"})
    (made,) = render(engine, [scene("surface", first, second, viewpoint="straight down", clutter=0.0)], tmp_path)
    image = cv2.cvtColor(cv2.imread(str(made.image)).astype(np.float32) / 255, cv2.COLOR_BGR2LAB)
    colours = [np.median(image[one.mask(SIZE, SIZE).astype(bool)], axis=0) for one in made.instances]
    assert len(colours) == 2 and np.abs(colours[0] - colours[1]).max() < 8


def test_a_cracked_tile_lies_among_sound_ones_that_have_no_label(tmp_path):
    """What is a tile's width beside it looks as it does; where tiles lie about, it is whatever they lie on."""
    cracked = apple(cx=0.5, cy=0.5, w=0.25, class_name="cracked tile", drawn_as="ceramic tile", appearance="cracked")
    scenes = [scene("floor", cracked, seed=s, viewpoint="straight down", clutter=0.0) for s in range(6)]
    unlike = {}
    for laid in ([], ["ceramic tile"]):
        tiler = BlenderGenerator(library=Library(), size_px=SIZE, samples=2, workers=2, laid=laid)
        far = []
        for made in render(tiler, scenes, tmp_path):
            (one,) = made.instances
            image = cv2.cvtColor(cv2.imread(str(made.image)).astype(np.float32) / 255, cv2.COLOR_BGR2LAB)
            mask = one.mask(SIZE, SIZE).astype(np.uint8)
            beside = cv2.dilate(mask, np.ones((25, 25))) & ~cv2.dilate(mask, np.ones((7, 7)))
            inside = image[mask.astype(bool)]
            far.append(np.abs(np.median(image[beside.astype(bool)], axis=0) - np.median(inside, axis=0)).max())
            assert one.visible_share > 0.9
        tiler.close()
        unlike[bool(laid)] = np.median(far)
    assert unlike[True] < 8 < unlike[False]


def test_fur_is_seen_and_labelled_with_its_animal(tmp_path):
    """The same dog with a coat and shorn: what the label covers is larger by the hair, and has no smooth edge."""
    dog = catalogue()["dog"]
    look = dog.appearance("shepherd")
    shorn = {name: paint.model_copy(update={"hair": 0.0}) for name, paint in look.materials.items()}
    bare = dog.model_copy(update={"name": "shorn dog", "appearances": [look.model_copy(update={"materials": shorn})]})
    kennel = BlenderGenerator(library=Library(taught={"shorn dog": bare}), size_px=SIZE, samples=2, workers=2)
    areas, edges = {}, {}
    for key in ("shorn dog", "dog"):
        wanted = apple(class_name="dog", drawn_as=key, appearance="shepherd", w=0.6)
        (made,) = render(kennel, [scene("studio", wanted, clutter=0.0, viewpoint="eye level")], tmp_path)
        mask = made.instances[0].mask(SIZE, SIZE).astype(np.uint8)
        areas[key] = mask.sum()
        edges[key] = (mask != cv2.medianBlur(mask, 5)).sum()
    kennel.close()
    assert 1.03 < areas["dog"] / areas["shorn dog"] < 1.6
    assert edges["dog"] > 1.3 * edges["shorn dog"]


def test_a_bubble_bends_light(engine, tmp_path):
    """More of what is behind it is seen in it, smaller: a liquid that darkens downwards does so faster there."""
    bubble, faster = apple(cx=0.5, cy=0.5, w=0.5, class_name="b", drawn_as="air bubble", appearance="gas"), []
    for made in render(engine, [scene("liquid", bubble, seed=s, clutter=0.0) for s in range(8)], tmp_path):
        grey = cv2.imread(str(made.image), cv2.IMREAD_GRAYSCALE)
        mask = made.instances[0].mask(SIZE, SIZE).astype(np.uint8)
        inside, outside = cv2.erode(mask, np.ones((15, 15))) > 0, cv2.dilate(mask, np.ones((5, 5))) == 0
        slopes = [np.polyfit(np.nonzero(part)[0], grey[part], 1)[0] for part in (inside, outside)]
        faster.append(slopes[0] / slopes[1])
    assert np.median(faster) > 1.8  # 0.5 through clear glass


def test_a_person_who_fills_the_image_is_seen_from_the_chest_up(engine, tmp_path):
    who = apple(cx=0.5, cy=0.5, w=0.7, class_name="person", drawn_as="person", appearance="")
    scenes = [scene("road", who, viewpoint="eye level", clutter=0.0, seed=s) for s in range(4)]
    full = [made.instances[0].full_box for made in render(engine, scenes, tmp_path)]
    assert sum(y2 > 1.15 * SIZE for _, _, _, y2 in full) >= 2 and np.mean([y1 for _, y1, _, _ in full]) > -0.1 * SIZE


@pytest.mark.parametrize("context", ["orchard", "table", "hand"])
def test_the_same_scene_is_the_same_file(context, tmp_path):
    first, second = (BlenderGenerator(library=Library(), size_px=SIZE, samples=2, workers=1) for _ in range(2))
    wanted = scene(context, apple(), light="sun")
    other = scene("grass", apple(0.3), seed=9)
    (a,) = render(first, [wanted], tmp_path / "a")
    b = render(second, [other, wanted], tmp_path / "b")[1]  # what was rendered before must not matter
    first.close()
    second.close()
    digests = {hashlib.sha256(r.image.read_bytes()).hexdigest() for r in (a, b)}
    assert len(digests) == 1
    assert a.instances == b.instances


def test_half_hidden_things_say_so(engine, tmp_path):
    contexts = ("orchard", "table", "floor", "grass", "conveyor")
    scenes = [scene(c, apple(occlusion=o), viewpoint="slightly above") for c in contexts for o in (0.0, 0.5)]
    made = render(engine, scenes, tmp_path)
    for open_, hidden in zip(made[::2], made[1::2], strict=True):
        assert open_.instances[0].visible_share > 0.85, open_.scene.context
        assert 0.3 < hidden.instances[0].visible_share < 0.75, hidden.scene.context


def test_the_nearer_of_two_hides_the_farther(engine, tmp_path):
    both = scene("orchard", apple(0.45, 0.5, depth=0), apple(0.58, 0.5, depth=1), clutter=0.0)
    (made,) = render(engine, [both], tmp_path)
    near, far = made.instances
    assert near.depth < far.depth
    assert near.visible_share > far.visible_share + 0.1
    assert not (near.mask(SIZE, SIZE) & far.mask(SIZE, SIZE)).any()


def test_lookalikes_and_empty_scenes_have_no_label(engine, tmp_path):
    double = apple(role="lookalike", class_name=None, drawn_as="tomato", cx=0.3)
    scenes = [scene("table", double), scene("orchard"), scene("table", double, apple(0.75, 0.5, 0.2))]
    alone, empty, both = render(engine, scenes, tmp_path)
    assert alone.instances == [] and empty.instances == []
    assert [i.class_name for i in both.instances] == ["apple"]
    assert [[i.class_name for i in made.lookalikes] for made in (alone, empty, both)] == [["tomato"], [], ["tomato"]]
    found = both.lookalikes[0]
    assert found.box[0] / SIZE < 0.3 < found.box[2] / SIZE
    assert not (found.mask(SIZE, SIZE) & both.instances[0].mask(SIZE, SIZE)).any()


def test_lights_look_different(engine, tmp_path):
    made = render(engine, [scene("table", apple(), light=light) for light in LIGHTS], tmp_path)
    means = {r.scene.light: cv2.imread(str(r.image)).reshape(-1, 3).mean(axis=0) for r in made}
    brightness = {k: v.mean() for k, v in means.items()}
    assert brightness["deep shade"] < 0.75 * brightness["overcast"]
    warmth = {k: (v[2] + 1) / (v[0] + 1) for k, v in means.items()}
    assert warmth["deep shade"] < warmth["sun"]
    assert warmth["indoor lamp"] > warmth["studio light"]


def test_a_scene_that_cannot_be_drawn_is_recorded_and_the_rest_goes_on(engine, tmp_path):
    wrong = scene("table", apple(appearance="made of glass"))
    found = {r.scene.id: r for r in engine.generate([wrong, scene("table", apple())], tmp_path)}
    assert "made of glass" in found[wrong.id].reason
    assert sum(isinstance(r, Generated) for r in found.values()) == 1


def test_a_mottled_surface_is_lighter_and_darker_in_places(tmp_path):
    """The same ball in the same light, of one brightness and mottled."""
    library = Library(folder=tmp_path / "taught")
    for name, mottle in (("zorb", 0.0), ("furry zorb", 1.0)):
        skin = {"colours": ["#909090"], "roughness": 1.0, "mottle": mottle}
        spec = {
            "name": name, "size_m": 0.2, "materials": {"skin": skin}, "appearances": [{"name": "plain"}],
            "parts": [{"shape": "ellipsoid", "material": "skin"}],
        }  # fmt: skip
        library.add_taught(ObjectSpec.model_validate(spec))
    engine = BlenderGenerator(library=library, size_px=SIZE, samples=2, workers=1)
    try:
        wanted = [scene("studio", apple(class_name=n, drawn_as=n, w=0.6)) for n in ("zorb", "furry zorb")]
        rough = []
        for made in render(engine, wanted, tmp_path / "pictures"):
            grey = cv2.imread(str(made.image), cv2.IMREAD_GRAYSCALE).astype(float)
            inside = cv2.erode(made.instances[0].mask(SIZE, SIZE).astype(np.uint8), np.ones((7, 7))) > 0
            fine = (grey - cv2.GaussianBlur(grey, (0, 0), 4))[inside]
            rough.append(fine.std() / grey[inside].mean())
    finally:
        engine.close()
    assert rough[1] > 2 * rough[0], rough


def test_nothing_is_left_in_the_temporary_folder(tmp_path, monkeypatch):
    """Each worker has a folder of Blender's own there, which it does not take away when it is ended."""
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    engine = BlenderGenerator(library=Library(), size_px=SIZE, samples=1, workers=1)
    try:
        render(engine, [scene("studio", apple())], tmp_path / "pictures")
        assert any(p.name.startswith("blender_") for p in tmp_path.rglob("*"))
    finally:
        engine.close()
    assert [p.name for p in tmp_path.iterdir()] == ["pictures"]


def test_a_bicycle_is_labelled_with_what_lies_between_its_spokes(tmp_path):
    """Of five, some are seen from the side."""
    engine = BlenderGenerator(library=Library(), size_px=192, samples=1, workers=2)
    bicycle = SceneObject(class_name="bicycle", drawn_as="bicycle", box=(0.5, 0.55, 0.8, 0.8))
    scenes = [scene("studio", bicycle, viewpoint="eye level", clutter=0.0, seed=n) for n in range(5)]
    try:
        masks = [r.instances[0].mask(192, 192).astype(np.uint8) for r in render(engine, scenes, tmp_path)]
    finally:
        engine.close()
    grown = [cv2.morphologyEx(m, cv2.MORPH_CLOSE, np.ones((9, 9), np.uint8)).sum() / m.sum() for m in masks]
    assert max(grown) < 1.15, "spokes are labelled and not what lies between them"


def test_of_a_car_whose_plates_are_sought_one_is_seen_and_labelled_at_most(tmp_path):
    engine = BlenderGenerator(library=Library(), size_px=256, samples=1, workers=2)
    plate = SceneObject(class_name="plate", drawn_as="license plate", appearance="red car", box=(0.5, 0.55, 0.8, 0.6))
    scenes = [scene("studio", plate, viewpoint="eye level", clutter=0.0, seed=n) for n in range(8)]
    try:
        made = [r.instances for r in render(engine, scenes, tmp_path)]
    finally:
        engine.close()
    assert max(map(len, made)) == 1 and sum(map(len, made)) >= 3
    for (label,) in filter(None, made):
        x1, y1, x2, y2 = label.full_box
        assert x2 - x1 < 0.4 * 256 and y2 - y1 < 0.2 * 256  # of the plate and not of the car


def test_of_cars_and_their_plates_no_car_goes_unlabelled(tmp_path):
    sought = [("car", "car"), ("plate", "license plate")]
    engine = BlenderGenerator(library=Library(), size_px=256, samples=1, workers=2, people=sought)
    box = (0.5, 0.55, 0.8, 0.6)
    plate = SceneObject(class_name="plate", drawn_as="license plate", appearance="suv", box=box)
    car = SceneObject(class_name="car", drawn_as="car", appearance="red", box=box)
    van = SceneObject(role="lookalike", drawn_as="van", appearance="white", box=box)
    scenes = [
        scene("studio", one, viewpoint="eye level", clutter=0.0, seed=n) for one in (plate, car, van) for n in range(4)
    ]
    try:
        made = render(engine, scenes, tmp_path)
    finally:
        engine.close()
    found = [[i.class_name for i in r.instances] for r in made]
    assert all(own.count("car") == 1 for own in found[:8]) and not any("car" in own for own in found[8:])
    assert all(sum("plate" in own for own in found[k : k + 4]) >= 1 for k in (0, 4, 8))


def test_each_person_bears_every_label_that_is_sought(tmp_path):
    """ "People, faces and hard hats": a wearer has all three, who only stands beside has his own."""
    people = [("person", "person"), ("face", "face"), ("hat", "hard hat")]
    engine = BlenderGenerator(library=Library(), size_px=SIZE, samples=2, workers=2, people=people)
    view = {"viewpoint": "eye level", "clutter": 0.0}
    wearer = apple(0.5, 0.5, 0.3, class_name="hat", drawn_as="hard hat", appearance="yellow")
    beside = apple(0.5, 0.5, 0.3, class_name=None, drawn_as="man", appearance="standing", role="lookalike")
    scenes = [scene("studio", wearer, seed=s, **view) for s in range(5)]
    scenes += [scene("studio", beside, seed=s, **view) for s in range(5)]
    made = render(engine, scenes, tmp_path)
    engine.close()
    for image in made[:5]:
        found = {i.class_name: i for i in image.instances}
        assert {"person", "hat"} <= set(found) <= {"person", "face", "hat"}
        whole, hat = found["person"], found["hat"]
        assert (hat.mask(SIZE, SIZE) & ~whole.mask(SIZE, SIZE)).sum() == 0  # a hat is part of who wears it
        assert hat.full_box[1] == pytest.approx(whole.full_box[1], abs=0.2 * SIZE)
        if "face" in found:
            assert found["face"].full_box[3] > hat.full_box[3]
    for image in made[5:]:
        assert {i.class_name for i in image.instances} <= {"person", "face"} and not image.lookalikes
        assert "person" in {i.class_name for i in image.instances}
    assert sum("face" in {i.class_name for i in image.instances} for image in made) >= 5  # most face the camera
