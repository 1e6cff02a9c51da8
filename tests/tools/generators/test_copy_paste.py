"""Pasted images show what their labels say, to the pixel."""

import json

import numpy as np
import pytest

from tests.pipeline import new_run
from tests.tools.generators.cutout_files import cutout_folder, disc, ground, write_rgba
from tools.core.errors import FixArguments, StepFailed
from tools.data.images import read_image, write_image
from tools.generators import Failed
from tools.generators.choosing import make_generator
from tools.generators.copy_paste.backgrounds import FormulaBackgrounds, PhotoBackgrounds
from tools.generators.copy_paste.cutouts import CutoutFolder, pyramid, singular_words
from tools.generators.copy_paste.engine import CopyPasteGenerator
from tools.generators.copy_paste.paste import Canvas, Patch, cover, fitted
from tools.scenes.scene import SceneObject, SceneSpec
from tools.steps.generate import generate
from tools.steps.scenes import design

SIZE = 160


@pytest.fixture
def cutouts(tmp_path):
    return CutoutFolder(cutout_folder(tmp_path / "cutouts"))


@pytest.fixture
def grounds(tmp_path):
    for number in range(2):
        write_image(tmp_path / "grounds" / f"{number}.png", ground(200, number))
    return PhotoBackgrounds(tmp_path / "grounds")


def engine(cutouts, grounds, **changed):
    options = {"size_px": SIZE, "workers": 2, "avoid": ["apple"]} | changed
    return CopyPasteGenerator(cutouts=cutouts, backgrounds=grounds, **options)


def thing(box, depth=0, occlusion=0.0, name="apple", role="target"):
    return SceneObject(
        role=role, class_name=name if role == "target" else None, drawn_as=name, box=box, depth=depth,
        occlusion=occlusion,
    )  # fmt: skip


def scene(*objects, seed=1, **changed):
    values = {"context": "table", "light": "overcast", "clutter": 0.0, "family": "f", "seed": seed} | changed
    return SceneSpec(objects=list(objects), **values)


def iou(a, b):
    return (a & b).sum() / (a | b).sum()


# Names ----------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("phrase", "files"),
    [
        ("apple", ["Red_Apple-1.png", "apple.png"]),
        ("apples", ["Red_Apple-1.png", "apple.png"]),
        ("red apple", ["Red_Apple-1.png"]),
        ("fruit", ["Red_Apple-1.png", "apple.png", "pear.png"]),
        ("hammer", ["hammer.png"]),
        ("stapler", []),
        ("the", []),
    ],
)
def test_a_phrase_finds_what_shows_it(cutouts, phrase, files):
    assert [c.path.name for c in cutouts.of(phrase)] == files
    assert (cutouts.find(phrase) is not None) == bool(files)


def test_every_key_is_found_again_and_knows_its_neighbours(cutouts):
    assert all(cutouts.of(key) for key in cutouts.keys())  # noqa: SIM118
    assert cutouts.spec("apple").lookalikes == ["pear"]
    with pytest.raises(FixArguments, match=r"no cut-out .* shows 'stapler'; there are red apple"):
        cutouts.spec("stapler")


def test_an_index_names_classes_outright(tmp_path):
    folder = cutout_folder(tmp_path / "c")
    entries = [
        {"file": "fruit/pear.png", "class": "quince", "licence": "CC0"},
        {"file": "tools/hammer.png", "name": "A mallet."},
    ]
    (folder / "index.json").write_text(json.dumps(entries))
    known = CutoutFolder(folder)
    assert [c.path.name for c in known.of("quince")] == ["pear.png"]
    assert known.of("pear") == []
    assert [c.path.name for c in known.of("mallet")] == ["hammer.png"]


@pytest.mark.parametrize(
    ("make", "words"),
    [
        (lambda folder: None, "does not exist"),
        (lambda folder: folder.mkdir(), "holds no cut-out"),
        (lambda folder: write_image(folder / "photo.png", ground()), "holds no cut-out"),
        (lambda folder: (cutout_folder(folder) / "index.json").write_text("{"), "is not an index"),
    ],
)
def test_a_folder_that_cannot_be_used_is_named(tmp_path, make, words):
    make(tmp_path / "cutouts")
    with pytest.raises(FixArguments, match=words):
        CutoutFolder(tmp_path / "cutouts")


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("Red_Cherries-2", {"red", "cherry"}),
        ("boxes of glass", {"box", "glass"}),
        ("A bus", {"bus"}),
        ("redApple", {"red", "apple"}),
        ("苹果", {"苹果"}),
        ("747", set()),
    ],
)
def test_words_are_singular(text, words):
    assert singular_words(text) == words


def test_a_solid_image_is_no_cutout(tmp_path):
    path = write_rgba(tmp_path / "solid.png", np.full((40, 40, 4), 255, np.uint8))
    with pytest.raises(StepFailed, match=r"solid\.png: a cut-out needs an opaque thing on a clear ground"):
        pyramid(path, 100)


# Pixels ---------------------------------------------------------------------------------------------------------------


def test_a_disc_lands_in_its_box_with_its_own_pixels(cutouts, grounds):
    image, instances, _, material = engine(cutouts, grounds).draw(scene(thing((0.5, 0.4, 0.5, 0.5)), seed=3))
    (instance,) = instances
    assert instance.box == pytest.approx((40, 24, 120, 104), abs=3)
    assert instance.full_box == pytest.approx(instance.box, abs=1)
    assert instance.visible_share == 1.0
    rows, columns = np.mgrid[0:SIZE, 0:SIZE]
    circle = np.hypot(columns + 0.5 - 80, rows + 0.5 - 64) <= 40
    mask = instance.mask(SIZE, SIZE)
    assert iou(mask, circle) > 0.93
    # What the mask covers has the disc's colour, what it leaves out has not: the labels are the image's.
    red, green, blue = image[mask].mean(axis=0)
    assert max(red, green) > 1.6 * blue
    assert np.ptp(image[~mask].mean(axis=0)) < 40
    assert material["cutouts"][0].startswith("fruit/")


def test_no_white_fringe_of_the_clear_pixels_comes_along(tmp_path, grounds):
    folder = tmp_path / "c"
    write_rgba(folder / "apple.png", disc((20, 20, 20)))
    made = engine(CutoutFolder(folder), grounds)
    made.backgrounds.draw = lambda context, size, rng: (np.full((size, size, 3), 60, np.uint8), "dark")
    image, *_ = made.draw(scene(thing((0.5, 0.5, 0.5, 0.5)), light="studio light"))
    assert image.max() < 90


def test_the_nearer_hides_the_farther_and_the_shares_say_so(cutouts, grounds):
    near, far = thing((0.6, 0.5, 0.4, 0.4), depth=0), thing((0.4, 0.5, 0.4, 0.4), depth=1)
    _, instances, *_ = engine(cutouts, grounds).draw(scene(near, far))
    front, back = instances
    assert (front.depth, back.depth) == (0.0, 1.0)
    assert front.visible_share == 1.0
    masks = [i.mask(SIZE, SIZE) for i in instances]
    assert not (masks[0] & masks[1]).any()
    whole = masks[0].sum()  # two discs of one size
    assert back.visible_share == pytest.approx(masks[1].sum() / whole, abs=0.05)
    assert 0.4 < back.visible_share < 0.95
    assert back.full_box[2] - back.full_box[0] == pytest.approx(64, abs=4)
    assert back.box[2] < back.full_box[2] - 3


def test_what_leaves_the_image_keeps_its_whole_box(cutouts, grounds):
    _, (instance,), *_ = engine(cutouts, grounds).draw(scene(thing((0.0, 0.5, 0.4, 0.4))))
    assert instance.box[0] == 0
    assert instance.full_box[0] == pytest.approx(-32, abs=3)
    assert instance.visible_share == pytest.approx(0.5, abs=0.05)


@pytest.mark.parametrize("wanted", [0.15, 0.3, 0.5, 0.65])
def test_about_the_wanted_share_is_hidden(cutouts, grounds, wanted):
    made = engine(cutouts, grounds)
    shares = []
    for seed in range(12):
        _, found, *_ = made.draw(scene(thing((0.5, 0.5, 0.5, 0.5), occlusion=wanted), seed=seed))
        shares.append(1 - found[0].visible_share)
    assert np.mean(shares) == pytest.approx(wanted, abs=0.08)
    assert np.percentile(np.abs(np.array(shares) - wanted), 75) < 0.12


def test_a_cover_stops_where_it_hides_the_share():
    square = Patch(np.zeros((60, 60, 3), np.float32), np.ones((60, 60), np.float32), 20, 20)
    front = Patch(np.zeros((90, 90, 3), np.float32), np.ones((90, 90), np.float32), 0, 0)
    for share in (0.1, 0.5, 0.9):
        cover(square, front, share, 0.0)
        canvas = Canvas(np.zeros((200, 200, 3), np.uint8))
        canvas.lay(square, 1)
        canvas.lay(front, 0)
        assert 1 - (canvas.owner == 1).sum() / 3600 == pytest.approx(share, abs=0.05)


@pytest.mark.parametrize("turn", [-30, 0, 17, 30])
def test_a_turned_stick_keeps_its_proportions_inside_its_box(turn):
    stick = np.full((20, 100, 4), 255, np.uint8)
    patch = fitted((stick,), (50.0, 50.0, 60.0, 60.0), turn, False, 0.4)
    rows, columns = np.nonzero(patch.solid)
    wide, high = np.ptp(columns) + 1, np.ptp(rows) + 1
    assert max(wide, high) == pytest.approx(60, abs=2)
    long = 60 / (np.cos(np.deg2rad(turn)) + 0.2 * abs(np.sin(np.deg2rad(turn))))
    assert patch.solid.sum() == pytest.approx(long * long * 0.2, rel=0.08)


# Scenes ---------------------------------------------------------------------------------------------------------------


def test_empties_stay_empty_and_lookalikes_unlabelled(cutouts, grounds):
    made = engine(cutouts, grounds)
    empty, none, no_double, _ = made.draw(scene())
    assert none == [] and no_double == []
    shown, none, (pear,), material = made.draw(scene(thing((0.5, 0.5, 0.5, 0.5), name="pear", role="lookalike")))
    assert none == [] and pear.class_name == "pear"
    assert pear.mask(*shown.shape[:2])[60:100, 60:100].mean() > 0.5
    assert material["cutouts"] == ["fruit/pear.png"]
    assert np.abs(shown.astype(int) - empty.astype(int))[60:100, 60:100].mean() > 25


def test_clutter_never_shows_a_target_or_its_neighbours(cutouts, grounds):
    assert [c.name for c in engine(cutouts, grounds)._clutter] == ["hammer"]
    assert [c.name for c in engine(cutouts, grounds, avoid=["mallet", "hammers"])._clutter] == [
        "red apple", "apple", "pear"]  # fmt: skip
    _, found, *_ = engine(cutouts, grounds).draw(scene(clutter=1.0))
    assert found == []


def test_a_class_without_a_cutout_fails_and_names_it(cutouts, grounds, tmp_path):
    results = list(engine(cutouts, grounds).generate([scene(thing((0.5,) * 4, name="stapler"))], tmp_path / "out"))
    assert isinstance(results[0], Failed)
    assert "no cut-out" in results[0].reason
    assert "'stapler'" in results[0].reason


def test_the_same_scene_gives_the_same_image_whatever_the_workers(cutouts, grounds, tmp_path):
    scenes = [scene(thing((0.5, 0.5, 0.4, 0.4), occlusion=0.3), seed=s, clutter=0.8) for s in range(6)]
    made = []
    for workers in (1, 3):
        results = engine(cutouts, grounds, workers=workers).generate(scenes, tmp_path / str(workers))
        made.append([(r.image.read_bytes(), r.instances) for r in results])
    assert made[0] == made[1]
    assert len({image for image, _ in made[0]}) == 6


def test_light_changes_the_tone(cutouts, grounds):
    made = engine(cutouts, grounds)
    mean = {
        light: np.mean([made.draw(scene(light=light, seed=s))[0].mean() for s in range(4)])
        for light in ("sun", "overcast", "deep shade")
    }
    assert mean["sun"] > mean["overcast"] > 1.3 * mean["deep shade"]
    warm = np.mean([made.draw(scene(light="low sun", seed=s))[0].mean(axis=(0, 1)) for s in range(4)], axis=0)
    assert warm[0] > 1.15 * warm[2]


def test_grounds_are_taken_from_the_folder_of_their_place(tmp_path):
    write_image(tmp_path / "grass" / "g.png", np.full((64, 64, 3), (0, 200, 0), np.uint8))
    write_image(tmp_path / "other" / "o.png", np.full((64, 64, 3), 90, np.uint8))
    grounds = PhotoBackgrounds(tmp_path)
    rng = np.random.default_rng(0)
    assert grounds.contexts() == ["grass"]
    assert {grounds.draw("grass", 32, rng)[1] for _ in range(6)} == {"g.png"}
    assert {grounds.draw("road", 32, rng)[1] for _ in range(6)} == {"o.png"}
    with pytest.raises(FixArguments, match="holds no picture"):
        (tmp_path / "none").mkdir()
        PhotoBackgrounds(tmp_path / "none")


def test_textures_serve_where_there_is_no_photo(cutouts):
    image, found, _, material = engine(cutouts, FormulaBackgrounds()).draw(scene(thing((0.5, 0.5, 0.4, 0.4))))
    assert image.shape == (SIZE, SIZE, 3)
    assert len(found) == 1
    assert material["background"] == "drawn by formula"


# In a run -------------------------------------------------------------------------------------------------------------


def test_a_run_makes_images_of_things_that_only_the_cutouts_know(tmp_path):
    run = new_run(tmp_path / "run", "hammer", generator="copy_paste", cutouts_dir=cutout_folder(tmp_path / "c"))
    design(run, 10, [], None)
    answer = json.loads(generate(run))
    samples = list(run.dataset.samples())
    assert answer["done"] == "made 10 pictures of 10 planned scenes"
    assert {s.axes["viewpoint"] for s in samples} == {"eye level"}  # cut-outs have the viewpoint of their photos
    assert sum(len(s.instances) for s in samples) > 8
    assert {i.class_name for s in samples for i in s.instances} == {"hammer"}
    assert all(read_image(run.path(s.image)).shape == (96, 96, 3) for s in samples)


def test_without_cutouts_one_sentence_says_what_is_missing(tmp_path):
    run = new_run(tmp_path / "run", generator="copy_paste")
    with pytest.raises(StepFailed, match="SIGHTSMITH_CUTOUTS_DIR"):
        make_generator(run)
