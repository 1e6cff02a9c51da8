"""Bad images are dropped with a reason, good ones are left for curation."""

import json

import cv2
import numpy as np
import pytest

from tests.pipeline import new_run
from tests.tools.colours import COLOURS, ColourEmbedder, paint
from tools.core.errors import FixArguments, StepFailed, Stopped
from tools.data.images import read_image, write_image
from tools.data.sample import Sample
from tools.steps.curate import curate
from tools.steps.generate import generate
from tools.steps.scenes import design
from tools.steps.score import not_best, score

NO_NEGATIVES = {"negative_share": 0.0}  # an empty drawn ground may be flat in itself


@pytest.fixture
def run(tmp_path):
    run = new_run(tmp_path, images=12, rounds=1, **NO_NEGATIVES)
    design(run, None, [], {"distance": {"far": 0, "medium": 0}})
    generate(run)
    return run


def _spoil(run, spoil, count):
    """Spoil the images of some samples on disk; returns their ids."""
    chosen = list(run.dataset.samples())[:count]
    for sample in chosen:
        path = run.path(sample.image)
        write_image(path, spoil(read_image(path)))
    return {s.id for s in chosen}


@pytest.mark.parametrize(
    ("spoil", "reason"),
    [
        (lambda p: cv2.GaussianBlur(p, (0, 0), 9), "blurred"),
        (lambda p: (p * 0.02).astype(np.uint8), "too dark or too bright"),
        (lambda p: np.full_like(p, 255), "clipped to black or white"),
        (lambda p: np.full_like(p, 120), "flat"),
    ],
)
def test_spoilt_images_are_dropped_with_the_reason(run, spoil, reason):
    spoilt = _spoil(run, spoil, 4)
    answer = json.loads(score(run))
    dropped = {s.id: s for s in run.dataset.samples(verdict="dropped")}
    assert set(dropped) == spoilt
    assert all(reason in s.reasons for s in dropped.values())
    assert answer["done"] == "scored 12 pictures, dropped 4"
    assert answer["dropped_for"][reason] == 4
    for sample in run.dataset.samples(verdict="new"):
        assert sample.quality > run.settings.curation.min_quality
        assert set(sample.scores) >= {"sharpness", "exposure", "clipping", "contrast", "visible", "size"}


def test_doing_it_twice_changes_nothing(run):
    _spoil(run, lambda p: np.full_like(p, 120), 3)
    first = score(run), [s.model_dump() for s in run.dataset.samples()]
    assert (score(run), [s.model_dump() for s in run.dataset.samples()]) == first


def test_a_stop_leaves_everything_as_it_was(run):
    run.stop_requested.set()
    with pytest.raises(Stopped):
        score(run)
    assert {s.verdict for s in run.dataset.samples()} == {"new"}
    assert all(s.quality is None for s in run.dataset.samples())


def test_many_bad_images_are_called_weak(run):
    _spoil(run, lambda p: np.full_like(p, 120), 6)
    assert json.loads(score(run))["weak"] == ["more than a third was dropped"]


def test_a_broken_image_is_named(run):
    sample = next(run.dataset.samples())
    run.path(sample.image).write_bytes(b"no picture")
    with pytest.raises(StepFailed, match=sample.id):
        score(run)


def test_without_images_it_says_what_to_do(tmp_path):
    run = new_run(tmp_path)
    design(run, 3, [], None)
    with pytest.raises(StepFailed, match="generate_images"):
        score(run)


def test_an_unknown_engine_is_said(run):
    run.settings.curation.scorer = "taste"
    with pytest.raises(FixArguments, match="'taste'"):
        score(run)


# Filters by content ---------------------------------------------------------------------------------------------------


def _content_run(folder, images, **settings):
    """A run whose images show what is asked for, or not: name of the colour painted -> how many."""
    run = new_run(folder, images=12, rounds=1, min_quality=0.0, **NO_NEGATIVES, **settings)
    design(run, sum(images.values()), [], None)
    generate(run)
    names = [name for name, count in images.items() for _ in range(count)]
    painted = {}
    for sample, name in zip(list(run.dataset.samples()), names, strict=True):
        run.dataset.set_instances(sample.id, [])
        write_image(run.path(sample.image), paint(name, 96))
        painted[sample.id] = name
    return run, painted


@pytest.mark.parametrize("scorer", ["clip", "clis", "pixels+clip+clis"])
def test_images_of_something_else_are_dropped(tmp_path, scorer):
    run, painted = _content_run(tmp_path, {"apple": 4, "lemon": 3, "background": 2}, scorer=scorer)
    answer = json.loads(score(run, ColourEmbedder()))
    assert {painted[s.id] for s in run.dataset.samples(verdict="dropped")} == {"lemon", "background"}
    assert {painted[s.id] for s in run.dataset.samples(verdict="new")} == {"apple"}
    assert answer["done"] == "scored 9 pictures, dropped 5"


def test_without_the_filter_they_stay(tmp_path):
    run, _ = _content_run(tmp_path, {"apple": 4, "lemon": 3}, scorer="pixels")
    score(run)
    assert run.dataset.count(verdict="dropped") == 0


def test_each_filter_reports_what_it_dropped(tmp_path):
    run, _ = _content_run(tmp_path, {"apple": 6, "lemon": 2}, scorer="pixels+clip", keep_share=0.5)
    answer = json.loads(score(run, ColourEmbedder()))
    assert answer["dropped_by"] == {"clip": 2, "best of N": 3}
    assert set(run.record.engines) >= {"pixels", "clip"}


def test_the_best_are_kept_class_by_class():
    samples = [
        Sample(id=i, image="", width=1, height=1, sha256="", family="", engine="e", label=label)
        for i, label in [("a", "x"), ("b", "x"), ("c", "x"), ("d", "x"), ("e", "rare")]
    ]
    qualities = {"a": 0.1, "b": 0.9, "c": 0.5, "d": 0.5, "e": 0.01}
    assert {s.id for s in not_best(samples, qualities, 0.5)} == {"a", "d"}  # the rare class is never emptied
    assert not_best(samples, qualities, 1.0) == []


def test_curation_takes_the_vectors_that_scoring_computed(tmp_path):
    """Two images of the same thing at another place: not a copy by layout, a copy by content."""
    run, painted = _content_run(tmp_path, {"apple": 3}, scorer="clip")
    _, second, third = painted
    other = paint("apple", 96)
    other[:20, :20] = COLOURS["leaf"]
    other[40:90, 5:30] = COLOURS["lemon"]
    moved = np.ascontiguousarray(other[::-1, ::-1])
    write_image(run.path(run.dataset.sample(second).image), other)
    write_image(run.path(run.dataset.sample(third).image), moved)
    embedder = ColourEmbedder()
    score(run, embedder)
    vectors = dict(run.dataset.embeddings("openai/clip-vit-large-patch14"))
    assert set(vectors) == set(painted)
    asked = embedder.asked
    curate(run)
    assert embedder.asked == asked
    assert {s.id for s in run.dataset.samples(verdict="dropped")} & {second, third}
    with run.dataset._db as db:
        db.execute("DELETE FROM embeddings")
        db.execute("UPDATE samples SET verdict = 'new', split = NULL, reasons = '[]'")
    curate(run)
    assert not {s.id for s in run.dataset.samples(verdict="dropped")}
