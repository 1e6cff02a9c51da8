"""Bad pictures are dropped with a reason, good ones are left for curation."""

import json

import cv2
import numpy as np
import pytest

from tests.pipeline import new_run
from tools.data.pictures import read_picture, write_picture
from tools.errors import FixArguments, StepFailed, Stopped
from tools.generate import generate
from tools.scenes import design
from tools.score import score

NO_NEGATIVES = {"negative_share": 0.0}  # an empty drawn ground may be flat in itself


@pytest.fixture
def run(tmp_path):
    run = new_run(tmp_path, images=12, rounds=1, **NO_NEGATIVES)
    design(run, None, [], {"distance": {"far": 0, "medium": 0}})
    generate(run)
    return run


def _spoil(run, spoil, count):
    """Spoil the pictures of some samples on disk; returns their ids."""
    chosen = list(run.dataset.samples())[:count]
    for sample in chosen:
        path = run.path(sample.image)
        write_picture(path, spoil(read_picture(path)))
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
def test_spoilt_pictures_are_dropped_with_the_reason(run, spoil, reason):
    spoilt = _spoil(run, spoil, 4)
    answer = json.loads(score(run))
    dropped = {s.id: s for s in run.dataset.samples(verdict="dropped")}
    assert set(dropped) == spoilt
    assert all(reason in s.reasons for s in dropped.values())
    assert answer["done"] == "scored 12 pictures, dropped 4"
    assert answer["dropped_for"][reason] == 4
    for sample in run.dataset.samples(verdict="new"):
        assert sample.quality > run.settings.min_quality
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


def test_many_bad_pictures_are_called_weak(run):
    _spoil(run, lambda p: np.full_like(p, 120), 6)
    assert json.loads(score(run))["weak"] == ["more than a third was dropped"]


def test_a_broken_picture_is_named(run):
    sample = next(run.dataset.samples())
    run.path(sample.image).write_bytes(b"no picture")
    with pytest.raises(StepFailed, match=sample.id):
        score(run)


def test_without_pictures_it_says_what_to_do(tmp_path):
    run = new_run(tmp_path)
    design(run, 3, [], None)
    with pytest.raises(StepFailed, match="generate_images"):
        score(run)


def test_an_unknown_engine_is_said(run):
    run.settings.scorer = "taste"
    with pytest.raises(FixArguments, match="'taste'"):
        score(run)
