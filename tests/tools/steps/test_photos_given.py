"""Photos without labels say what images drawn from words should show: half like them, half what they lack."""

import json
from collections import Counter

import numpy as np
import pytest

from tests.pipeline import new_run
from tools.core.errors import StepFailed
from tools.data.images import write_image
from tools.scenes.scene import AXES
from tools.steps import photos_given
from tools.steps.photos_given import AXES_SEEN, mixed
from tools.steps.scenes import design

WORDED = {"generator": "diffusion", "scorer": "pixels+clip", "negative_share": 0.0}


class SeesLight:
    """Dark images are in deep shade, bright ones in bright sun; of all else it knows nothing."""

    scale = 20.0

    def texts(self, texts):
        return np.array(
            [[1, 0] if "deep shade" in t else [0, 1] if "bright sun" in t else [0, 0] for t in texts], float
        )

    def images(self, images):
        self.seen, self.largest = len(images), max(min(p.shape[:2]) for p in images)
        return np.array([[p.mean() < 90, p.mean() > 160] for p in images], float)

    def close(self):
        self.closed = True


@pytest.fixture
def sees(monkeypatch):
    made = []

    def make(settings):
        made.append(SeesLight())
        return made[-1]

    monkeypatch.setattr(photos_given, "make_embedder", make)
    return made


def photos(folder, *values):
    folder.mkdir(parents=True, exist_ok=True)
    rng = np.random.default_rng(0)
    for number, value in enumerate(values):
        write_image(folder / f"{value}-{number}.png", rng.integers(value - 20, value + 20, (40, 40, 3), np.uint8))
    return folder


def planned(run):
    design(run, None, [], None)
    return [s.axes() for s in run.dataset.scenes()]


def test_half_of_the_scenes_are_like_the_photos_and_half_cover_the_rest(tmp_path, sees):
    run = new_run(tmp_path, "apple", images=400, rounds=1, **WORDED)
    run.record.unlabelled = str(photos(tmp_path / "photos", 40, 40, 40, 200))
    notes = []
    run.listen(notes.append)
    axes = planned(run)
    light = Counter(a["light"] for a in axes)
    plain = Counter(a["light"] for a in planned(new_run(tmp_path / "plain", "apple", images=400, rounds=1, **WORDED)))
    assert light["deep shade"] / 400 == pytest.approx(0.5 * 0.75 + 0.5 * plain["deep shade"] / 400, abs=0.05)
    assert light["sun"] / 400 == pytest.approx(0.5 * 0.25 + 0.5 * plain["sun"] / 400, abs=0.05)
    assert set(light) == set(plain)  # what the photos lack is drawn all the same
    assert any("Your photos look like: deep shade (75%)" in str(n.get("text")) for n in notes)
    assert len(sees) == 1 and sees[0].seen == 4
    assert sees[0].closed  # the engine that draws wants its memory
    before = [s.id for s in run.dataset.scenes()]
    planned(run)  # once more, as after a kill: nobody looks again
    assert ([s.id for s in run.dataset.scenes()], len(sees)) == (before, 1)


def test_photos_of_a_camera_are_looked_at_small(tmp_path, sees):
    run = new_run(tmp_path, "apple", images=20, rounds=1, **WORDED)
    run.record.unlabelled = str(tmp_path / "photos")
    write_image(tmp_path / "photos" / "a.png", np.full((1200, 900, 3), 40, np.uint8))
    planned(run)
    assert sees[0].largest == 384


def test_a_language_model_has_the_last_word(tmp_path, sees):
    run = new_run(tmp_path, "apple", images=60, rounds=1, **WORDED)
    run.record.unlabelled = str(photos(tmp_path / "photos", 40))
    design(run, None, [], {"light": {"deep shade": 0}})
    assert "deep shade" not in {s.light for s in run.dataset.scenes()}


@pytest.mark.parametrize("without", [{"generator": "tests.fakes:ShapeGenerator"}, {"scorer": "pixels"}])
def test_renders_and_runs_without_clip_do_not_ask(tmp_path, sees, without):
    run = new_run(tmp_path, "apple", images=20, rounds=1, **WORDED | without)
    run.record.unlabelled = str(photos(tmp_path / "photos", 40))
    assert planned(run)
    assert sees == []


def test_photos_that_have_gone_and_weights_that_are_missing_are_a_warning(tmp_path, monkeypatch):
    def missing(settings):
        raise StepFailed("no weights of CLIP")

    monkeypatch.setattr(photos_given, "make_embedder", missing)
    for name, folder in (("gone", tmp_path / "nowhere"), ("none", photos(tmp_path / "photos", 40))):
        run = new_run(tmp_path / name, "apple", images=20, rounds=1, **WORDED)
        run.record.unlabelled = str(folder)
        said = []
        run.listen(said.append)
        assert planned(run)
        assert any("could not be described" in str(s.get("text")) for s in said)


def test_a_value_that_is_left_out_stays_out():
    assert mixed({"a": 3.0, "b": 1.0, "c": 0.0}, {"b": 1.0, "c": 5.0}) == {"a": 0.375, "b": 0.625, "c": 0.0}


def test_what_is_seen_are_axes_of_scenes(tmp_path, sees):
    run = new_run(tmp_path, "apple", images=20, rounds=1, **WORDED)
    run.record.unlabelled = str(photos(tmp_path / "photos", 40))
    planned(run)
    kept = json.loads((run.folder / "rounds" / "photos_given.json").read_text())
    assert set(kept) == set(AXES_SEEN) <= set(AXES)
    assert all(sum(shares.values()) == pytest.approx(1, abs=0.01) for shares in kept.values())
