"""An image of something else is refused, also when there is only one class; real encoders load from a folder."""

import numpy as np
import pytest

from tests.tools import checkpoints
from tests.tools.colours import ColourEmbedder, paint
from tools.core.errors import StepFailed
from tools.core.task import Budget, ClassSpec, TaskSpec
from tools.data.sample import Instance, Sample
from tools.scenes.scene import SceneObject, SceneSpec
from tools.scorers.clip import (
    OTHER_THINGS,
    ClipEmbedder,
    ClipScorer,
    agreement,
    crop,
    distractors_of,
    percentage,
    prompt,
)


def _task(*names, **phrases):
    return TaskSpec(
        kind="segment", classes=[ClassSpec(name=n, phrase=phrases.get(n, "")) for n in names],
        budget=Budget(images=1, rounds=1),
    )  # fmt: skip


def _scene(*names, lookalikes=()):
    objects = [SceneObject(class_name=n, drawn_as=n, box=(0.5, 0.5, 0.4, 0.4)) for n in names]
    objects += [SceneObject(role="lookalike", drawn_as=n, box=(0.5, 0.5, 0.4, 0.4)) for n in lookalikes]
    return SceneSpec(context="table", light="sun", objects=objects, family="f", seed=0)


def _score(image, scene, task, instances=(), least_share=0.5):
    h, w = image.shape[:2]
    sample = Sample(
        id="s", scene_id=scene.id, image="s.png", width=w, height=h, sha256="", family="f", engine="e",
        instances=list(instances),
    )  # fmt: skip
    scorer = ClipScorer(ColourEmbedder(), task, {scene.id: scene}, least_share)
    return scorer.score_many([image], [sample])[0]


@pytest.mark.parametrize(
    ("image", "planned", "passed"),
    [
        (paint("apple"), ["apple"], True),
        (paint("lemon"), ["apple"], False),  # one class, and an image of something else
        (paint("background"), ["apple"], False),
        (paint("apple", share=0.3), ["apple"], False),  # hardly any of it, and no box says where
        (paint("apple"), [], False),  # a deliberate empty that shows the class
        (paint("background"), [], True),
    ],
)
def test_one_class(image, planned, passed):
    quality = _score(image, _scene(*planned), _task("apple"))
    assert quality.passed is passed
    assert bool(quality.reasons) is not passed


def test_the_floor_alone_refuses_what_beats_every_distractor():
    """Nearest of all the texts, yet not near: a softmax would let it through."""
    strange = np.array([0.15, 0, 0, 0, 0, 0.1], np.float32)
    strange[1] = np.sqrt(1 - (strange**2).sum())  # mostly something that no text names
    found = agreement(strange, prompt("apple"), [prompt("plum")], ColourEmbedder(), 0.5)
    assert found.share > 0.9
    assert not found.passed


def test_the_distractors_alone_refuse_what_lies_above_the_floor():
    mixed = np.array([0.5, 0.86, 0, 0, 0, 0], np.float32)
    found = agreement(mixed, prompt("apple"), [prompt("lemon")], ColourEmbedder(), 0.5)
    assert found.cosine > ColourEmbedder.floor
    assert not found.passed
    assert found.instead == prompt("lemon")


def test_without_distractors_there_is_no_agreement():
    with pytest.raises(ValueError, match="always 1"):
        agreement(np.ones(6, np.float32), "x", [], ColourEmbedder(), 0.5)


def test_a_small_object_is_told_by_its_crop():
    image = paint("apple", size=160, share=0.25)
    box = (60.0, 60.0, 100.0, 100.0)
    scene, task = _scene("apple"), _task("apple")
    assert not _score(image, scene, task).passed
    assert _score(image, scene, task, [Instance(class_name="apple", box=box)]).passed


def test_objects_that_look_like_something_else_are_refused():
    image = np.hstack([paint("apple"), paint("lemon"), paint("lemon"), paint("lemon")])
    boxes = [(0, 0, 64, 64), (64, 0, 128, 64), (128, 0, 192, 64), (192, 0, 256, 64)]
    instances = [Instance(class_name="apple", box=b) for b in boxes]
    quality = _score(image, _scene("apple"), _task("apple"), instances)
    assert quality.scores["clip_crops"] == 0.25
    assert quality.passed is False
    assert "objects do not look like their class" in quality.reasons


def test_every_class_of_an_image_must_be_seen():
    image, task = paint("apple"), _task("apple", "lemon")
    assert _score(image, _scene("apple"), task).passed
    quality = _score(image, _scene("apple", "lemon"), task)
    assert quality.reasons == ["does not look like lemon"]


@pytest.mark.parametrize(
    ("task", "shown", "scene", "there", "missing"),
    [
        (_task("apple", "lemon"), {"apple"}, _scene("apple"), [prompt("lemon")], [prompt("apple")]),
        (_task("apple"), {"apple"}, _scene("apple", lookalikes=["plum"]), [], [prompt("plum")]),  # it is in the image
        (_task("apple"), {"apple"}, _scene("apple"), [prompt("plum")], []),
        (_task("person"), {"person"}, _scene("person"), ["a photo of a landscape"], ["a photo of a person"]),
        (_task("fruit", fruit="apple"), {"fruit"}, _scene("fruit"), [], [prompt("apple"), prompt("fruit")]),
    ],
)
def test_distractors(task, shown, scene, there, missing):
    found = distractors_of(task, shown, scene, ["plum"])
    assert set(there) <= set(found)
    assert not set(missing) & set(found)
    assert len(found) >= len(OTHER_THINGS) - 1


def test_vectors_are_computed_in_one_call_and_left_for_curation():
    scene, embedder = _scene("apple"), ColourEmbedder()
    scorer = ClipScorer(embedder, _task("apple"), {scene.id: scene}, 0.5)
    samples = [
        Sample(id=str(i), scene_id=scene.id, image="", width=64, height=64, sha256="", family="f", engine="e")
        for i in range(5)
    ]
    scorer.score_many([paint("apple")] * 5, samples)
    assert embedder.asked == 5
    assert set(scorer.take_embeddings()) == {s.id for s in samples}
    assert scorer.take_embeddings() == {}, "they are handed over once"
    scorer.close()
    assert embedder.closed


@pytest.mark.parametrize(
    ("box", "shape"),
    [
        ((10, 10, 50, 50), (48, 48)),  # a tenth on each side
        ((0, 0, 40, 40), (44, 44)),  # clipped to the image
        ((10, 10, 20, 20), None),  # too small to be told
    ],
)
def test_crop(box, shape):
    cut = crop(np.zeros((64, 64, 3), np.uint8), box)
    assert (None if cut is None else cut.shape[:2]) == shape


# The true architectures, with random weights --------------------------------------------------------------------------


@pytest.fixture(scope="session")
def encoders(tmp_path_factory):
    folder = tmp_path_factory.mktemp("encoders")
    return {"clip": checkpoints.clip(folder / "clip"), "siglip": checkpoints.siglip(folder / "siglip")}


@pytest.mark.parametrize(("kind", "floor"), [("clip", 0.23), ("siglip", 0.01)])
def test_encoders_load_from_a_folder(encoders, kind, floor):
    embedder = ClipEmbedder(str(encoders[kind]), offline=True, batch=2)
    assert embedder.floor == floor
    rng = np.random.default_rng(0)
    images = [rng.integers(0, 255, (40, 60, 3), np.uint8) for _ in range(5)]
    vectors = embedder.images(images)
    np.testing.assert_allclose(np.linalg.norm(vectors, axis=1), 1, atol=1e-5)
    single = np.concatenate([embedder.images([p]) for p in images])
    np.testing.assert_allclose(vectors, single, atol=1e-5)  # the batch changes nothing
    texts = embedder.texts(["an apple", "a dog", "an apple"])
    np.testing.assert_array_equal(texts[0], texts[2])
    assert not np.allclose(texts[0], texts[1])
    assert 0 <= percentage(float(vectors[0] @ texts[0]), embedder) <= 100


def test_missing_and_wrong_weights_are_said(tmp_path):
    with pytest.raises(StepFailed, match=r"no/such.*SIGHTSMITH_CLIP_MODEL"):
        ClipEmbedder("no/such", offline=True)
    (tmp_path / "config.json").write_text("{}")
    with pytest.raises(StepFailed, match="could not be opened"):
        ClipEmbedder(str(tmp_path), offline=True)
