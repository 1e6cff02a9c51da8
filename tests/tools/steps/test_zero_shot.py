"""The untrained model is measured by the same scorer on the real test, once, and never decides anything."""

import numpy as np
import pytest

from tests.pipeline import new_run
from tests.tools import checkpoints
from tests.tools.colours import COLOURS, ColourDetector, ColourEmbedder, ColourSegmenter
from tools.annotators.detect_and_segment import DetectAndSegment, LabelRules, Ontology, ZeroShot
from tools.data.images import write_image
from tools.data.sample import Instance, Sample, encode_mask, mask_box
from tools.metrics.judging import Sets
from tools.steps.zero_shot import make_zero_shot, measure_zero_shot


def _photos(folder, count, names=("apple", "lemon")):
    photos = []
    for number in range(count):
        image = np.full((64, 96, 3), COLOURS["background"], np.uint8)
        instances = []
        for index, name in enumerate(names):
            mask = np.zeros((64, 96), bool)
            mask[10 + number : 30 + number, 8 + 44 * index : 34 + 44 * index] = True
            image[mask] = COLOURS[name]
            instances.append(Instance(class_name=name, box=mask_box(mask), counts=encode_mask(mask)))
        path = folder / f"{folder.name}{number}.png"
        write_image(path, image)
        photos.append(
            Sample(id=path.stem, image=str(path), width=96, height=64, sha256=path.stem, family=path.stem,
                   engine="real", instances=instances, label=names[0])
        )  # fmt: skip
    return photos


@pytest.fixture
def sets(tmp_path):
    folders = {on: tmp_path / on for on in ("real_val", "real_test")}
    for folder in folders.values():
        folder.mkdir()
    return Sets("real_val", {on: _photos(f, 6) for on, f in folders.items()}, [])  # type: ignore[misc]


def _model(run, detector):
    rules = LabelRules((0.3,), flip=False)
    return ZeroShot(DetectAndSegment([detector], ColourSegmenter(), Ontology.of(run.task, {}), rules), run.task)


def test_it_is_measured_like_a_trained_model(tmp_path, sets):
    run = new_run(tmp_path / "run", "apple", "lemon")
    measure_zero_shot(run, sets, _model(run, ColourDetector()))
    scores = run.record.baselines["colours+colour-cut"]
    assert (scores.on, scores.images, scores.instances) == ("real_test", 6, 12)
    assert scores.mask_map50 == pytest.approx(1.0)
    half_blind = new_run(tmp_path / "half", "apple", "lemon")
    measure_zero_shot(half_blind, sets, _model(half_blind, ColourDetector(blind=["lemon"])))
    scores = half_blind.record.baselines["colours+colour-cut"]
    assert scores.mask_map50 == pytest.approx(0.5)
    assert scores.recall == pytest.approx(0.5)


def test_it_is_measured_once_a_run(tmp_path, sets):
    run = new_run(tmp_path / "run", "apple", "lemon")
    measure_zero_shot(run, sets, _model(run, ColourDetector()))
    before = dict(run.record.baselines)
    run.record.baselines = {}
    measure_zero_shot(run, sets)  # no weights are here: what was measured is read
    assert run.record.baselines == before
    run.record.baselines = {}
    sets.samples["real_test"].pop()
    measure_zero_shot(run, sets)  # other photos: what was measured does not count
    assert run.record.baselines == {}


def test_whole_images_are_named(tmp_path, sets):
    run = new_run(tmp_path / "run", "apple", "plum", kind="classify")
    measure_zero_shot(run, sets, ZeroShot(None, run.task, ColourEmbedder()))
    assert run.record.baselines["colours"].accuracy == 1.0


def test_without_weights_there_is_no_baseline(tmp_path, sets):
    run = new_run(tmp_path / "run", "apple")
    assert make_zero_shot(run) is None
    measure_zero_shot(run, sets)
    assert run.record.baselines == {}


def test_weights_that_cannot_be_opened_are_a_warning(tmp_path, sets):
    folder = tmp_path / "broken"
    folder.mkdir()
    (folder / "config.json").write_text("{}")
    run = new_run(tmp_path / "run", "apple", detector=str(folder))
    measure_zero_shot(run, sets)
    assert run.record.baselines == {}
    assert "no zero-shot baseline" in (run.folder / "events.jsonl").read_text()


def test_a_real_architecture_answers(tmp_path, sets):
    """Random weights: what it says is nonsense, that it is measured is not."""
    run = new_run(tmp_path / "run", "apple", "lemon", detector=str(checkpoints.owlv2(tmp_path / "owl")))
    measure_zero_shot(run, sets)
    assert run.record.baselines["owlv2+grabcut"].images == 6
