"""Detectors of the true architectures load from a folder or file and answer in pixels; words become classes."""

import numpy as np
import pytest

from tests.tools import checkpoints
from tools.annotators.open_vocabulary import UltralyticsDetector, make_detector, usual_confidence
from tools.core.errors import StepFailed

pytestmark = pytest.mark.slow

RNG = np.random.default_rng(0)
IMAGES = [RNG.integers(0, 255, shape, np.uint8) for shape in ((48, 64, 3), (64, 48, 3), (48, 64, 3))]


@pytest.fixture(scope="session")
def detectors(tmp_path_factory):
    folder = tmp_path_factory.mktemp("detectors")
    paths = [checkpoints.grounding_dino(folder / "gd"), checkpoints.owlv2(folder / "owl")]
    return {d.name: d for d in (make_detector(str(p), offline=True, batch=2) for p in paths)}


@pytest.mark.parametrize(("name", "confidence"), [("grounding-dino", 0.35), ("owlv2", 0.10)])
def test_boxes_lie_in_their_image(detectors, name, confidence):
    detector = detectors[name]
    assert usual_confidence(detector) == confidence
    answers = detector.detect(IMAGES, ["ripe apple", "lemon"], 0.0)
    assert sum(map(len, answers)) > 0
    for image, found in zip(IMAGES, answers, strict=True):
        height, width = image.shape[:2]
        for one in found:
            assert 0 <= one.box[0] < one.box[2] <= width
            assert 0 <= one.box[1] < one.box[3] <= height
            assert one.phrase in (0, 1)
    least = max(d.score for found in answers for d in found)
    surest = [d for found in detector.detect(IMAGES, ["ripe apple", "lemon"], least) for d in found]
    assert surest
    assert {d.score for d in surest} == {least}


@pytest.mark.parametrize("name", ["grounding-dino", "owlv2"])
def test_a_batch_changes_nothing(detectors, name):
    together = detectors[name].detect(IMAGES, ["apple"], 0.0)
    for image, found in zip(IMAGES, together, strict=True):
        alone = detectors[name].detect([image], ["apple"], 0.0)[0]
        assert [d.box for d in alone] == [pytest.approx(d.box, abs=0.1) for d in found]


def test_many_phrases_are_asked_in_parts(detectors, monkeypatch):
    monkeypatch.setattr("tools.annotators.open_vocabulary.PHRASES_A_CALL", 2)
    found = detectors["grounding-dino"].detect(IMAGES[:1], ["apple", "lemon", "plum"], 0.0)[0]
    assert {d.phrase for d in found} <= {0, 1, 2}
    assert 2 in {d.phrase for d in found}


def test_phrases_are_told_apart_by_their_tokens(detectors):
    spans = detectors["grounding-dino"]._tokens(["apple", "red apple", "fig"])
    assert [len(s) for s in spans] == [5, 8, 3]  # one token a letter here
    assert len({i for s in spans for i in s}) == 16


def test_sam3_finds_and_cuts_out_by_words(tmp_path):
    detector = make_detector(str(checkpoints.sam3(tmp_path / "sam3")), offline=True, batch=2)
    assert (detector.name, usual_confidence(detector)) == ("sam3", 0.5)
    found = detector.detect(IMAGES, ["apple", "lemon"], 0.0)
    assert {d.phrase for own in found for d in own} == {0, 1}
    for image, own in zip(IMAGES, found, strict=True):
        height, width = image.shape[:2]
        for one in own:
            assert 0 <= one.box[0] < one.box[2] <= width
            assert 0 <= one.box[1] < one.box[3] <= height
            assert one.mask is None or one.mask.shape == (height, width)


def test_yoloe_finds_and_cuts_out(tmp_path, monkeypatch):
    import torch

    detector = make_detector(str(checkpoints.yoloe(tmp_path / "yoloe.pt")), offline=True, batch=2)
    assert isinstance(detector, UltralyticsDetector)
    with pytest.raises(StepFailed, match=r"mobileclip_blt\.ts"):  # never fetched unasked
        detector.detect(IMAGES[:1], ["apple"], 0.1)
    vectors = torch.nn.functional.normalize(torch.randn(1, 2, 512), dim=-1)
    detector._model.set_classes(["apple", "lemon"], vectors)
    detector._heard = ["apple", "lemon"]
    found = detector.detect(IMAGES, ["apple", "lemon"], 0.0)
    assert all(found)
    for image, own in zip(IMAGES, found, strict=True):
        assert {d.mask.shape for d in own} == {image.shape[:2]}


class _Evil:
    def __reduce__(self):
        return (print, ("run",))


def test_pickles_with_other_things_inside_are_refused(tmp_path, capsys):
    import torch

    torch.save({"model": _Evil()}, tmp_path / "evil.pt")
    (tmp_path / "broken.pt").write_bytes(b"nothing")
    for name in ("evil.pt", "broken.pt"):
        with pytest.raises(StepFailed, match="opened safely"):
            make_detector(str(tmp_path / name), offline=True, batch=1)
    with pytest.raises(StepFailed, match="SIGHTSMITH_DETECTOR"):
        make_detector("no/such", offline=True, batch=1)
    assert "run" not in capsys.readouterr().out
