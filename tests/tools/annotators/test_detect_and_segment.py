"""Each check of the labels, with a case that would pass without it."""

import numpy as np
import pytest

from tests.tools.colours import COLOURS, ColourDetector, ColourEmbedder, ColourSegmenter, coloured, paint
from tools.annotators.detect_and_segment import DetectAndSegment, LabelRules, Ontology, ZeroShot, scores_and_hits
from tools.core.task import Budget, ClassSpec, TaskSpec
from tools.data.sample import Instance, Sample
from tools.models.calibration import Calibration


def _task(*names, kind="segment", **phrases):
    classes = [ClassSpec(name=n, phrase=phrases.get(n, "")) for n in names]
    return TaskSpec(kind=kind, classes=classes, budget=Budget(images=1, rounds=1))


def _image():
    """An apple and a lemon on grey, 100 px."""
    image = np.full((100, 100, 3), COLOURS["background"], np.uint8)
    image[10:40, 10:50] = COLOURS["apple"]
    image[60:90, 50:90] = COLOURS["lemon"]
    return image


def _rules(detectors=1, **changes):
    values = {"confidences": (0.3,) * detectors, "flip": False, "fusion_iou": 0.55} | changes
    return LabelRules(**values)


def _annotator(detectors=None, segmenter=None, task=None, others=(), embedder=None, calibration=None, **rules):
    detectors = detectors or [ColourDetector()]
    return DetectAndSegment(
        detectors, segmenter or ColourSegmenter(), Ontology.of(task or _task("apple", "lemon"), {}, others),
        _rules(len(detectors), **rules), embedder, calibration,
    )  # fmt: skip


def _label(annotator, image=None, task=None):
    sample = Sample(id="s", image="", width=100, height=100, sha256="", family="f", engine="diffusion")
    image = _image() if image is None else image
    return annotator.annotate_many([image], [sample], task or _task("apple", "lemon"))[0]


@pytest.mark.parametrize("flip", [False, True])
def test_boxes_and_masks_are_found(flip):
    labels = _label(_annotator(flip=flip))
    assert {(i.class_name, i.box) for i in labels} == {("apple", (10, 10, 50, 40)), ("lemon", (50, 60, 90, 90))}
    for one in labels:
        assert (one.mask(100, 100) == coloured(_image(), one.class_name)).all()
        assert one.source == "colours+colour-cut"


def test_boxes_are_enough_for_a_detector():
    segmenter = ColourSegmenter(fails=True)
    task = _task("apple", "lemon", kind="detect")
    assert [i.counts for i in _label(_annotator(segmenter=segmenter), task=task)] == [None, None]


@pytest.mark.parametrize(
    ("task", "phrases", "others", "heard", "saved"),
    [
        (_task("fruit", fruit="apple"), {}, (), ("apple",), ("fruit",)),
        (_task("Braeburn"), {"Braeburn": ["apple", "red fruit"]}, (), ("apple", "red fruit"), ("Braeburn",) * 2),
        (_task("apple"), {}, ("plum", "Apple"), ("apple", "plum"), ("apple", None)),
    ],
)
def test_what_is_heard_and_what_is_saved(task, phrases, others, heard, saved):
    ontology = Ontology.of(task, phrases, others)
    assert (ontology.phrases, ontology.classes) == (heard, saved)


def test_a_class_is_saved_by_its_own_name():
    task = _task("fruit", fruit="apple")
    assert [i.class_name for i in _label(_annotator(task=task), task=task)] == ["fruit"]


def test_look_alikes_are_heard_and_dropped():
    task = _task("apple")
    annotator = _annotator(task=task, others=["lemon"])
    assert [i.class_name for i in _label(annotator, task=task)] == ["apple"]
    assert annotator.dropped == {"looks like something else": 1}


def test_two_detectors_must_agree():
    both = _annotator([ColourDetector(), ColourDetector(blind=["lemon"])], confidences=(0.3, 0.3))
    assert [i.class_name for i in _label(both)] == ["apple"]
    assert both.dropped == {"the detectors disagree": 1}
    assert len(_label(_annotator([ColourDetector()]))) == 2


def test_ghosts_of_one_detector_are_refused_by_the_other():
    both = _annotator([ColourDetector(ghosts=1), ColourDetector()], confidences=(0.3, 0.3))
    assert len(_label(both)) == 2


def test_the_mask_must_fill_its_box():
    class Specks(ColourSegmenter):
        def _mask(self, image, box):
            mask = np.zeros(image.shape[:2], bool)
            mask[box[1] : box[1] + 8, box[0] : box[0] + 8] = True
            return mask

    annotator = _annotator(segmenter=Specks())
    assert _label(annotator) == []
    assert annotator.dropped == {"mask and box disagree": 2}
    assert len(_label(_annotator(segmenter=Specks(), min_box_mask_iou=0.0))) == 2


def test_the_crop_must_look_like_its_class():
    """A detector that takes the lemon for an apple."""

    class Wrong(ColourDetector):
        def _detect(self, image, phrases, confidence):
            return [d.__class__(d.box, d.score, 0) for d in super()._detect(image, phrases, confidence)]

    annotator = _annotator([Wrong()], embedder=ColourEmbedder())
    assert [(i.class_name, i.box[0]) for i in _label(annotator)] == [("apple", 10)]
    assert annotator.dropped == {"its crop looks like something else": 1}
    assert len(_label(_annotator([Wrong()]))) == 2  # without the check it stays


def test_what_nobody_sees_is_no_label():
    image = paint("background", 100)
    image[50:53, 50:53] = COLOURS["apple"]
    annotator = _annotator()
    assert _label(annotator, image) == []
    assert annotator.dropped == {"too small": 1}


def test_failed_masks_are_recorded_and_not_fatal():
    annotator = _annotator(segmenter=ColourSegmenter(fails=True))
    assert _label(annotator) == []
    assert annotator.dropped == {"the segmenter failed: out of memory": 2, "no mask": 2}


def test_calibrated_scores_decide_by_being_right():
    unsure = [ColourDetector(score=0.31)]
    assert len(_label(_annotator(unsure))) == 2
    assert _label(_annotator(unsure, calibration=Calibration(shift=-3.0))) == []
    kept = _label(_annotator(unsure, calibration=Calibration(shift=3.0)))
    assert all(i.score > 0.8 for i in kept)


def test_scores_and_hits_compare_with_labels():
    truth = Instance(class_name="apple", box=(10, 10, 50, 40))
    sample = Sample(id="s", image="", width=100, height=100, sha256="", family="f", engine="real", instances=[truth])
    annotator = _annotator([ColourDetector(ghosts=1)])
    scores, hits = scores_and_hits(annotator, [sample], _task("apple", "lemon"), lambda _: _image(), 0.5)
    assert sorted(hits) == [False, False, True]  # the apple; the lemon has no label, the ghost is nothing
    assert scores == [0.9] * 3


def test_everything_is_released():
    parts = [ColourDetector(), ColourSegmenter(), ColourEmbedder()]
    _annotator([parts[0]], parts[1], embedder=parts[2]).close()
    assert all(p.closed for p in parts)


def test_a_baseline_answers_like_a_model():
    found = ZeroShot(_annotator([ColourDetector(score=0.1)]), _task("apple", "lemon")).predict_many([_image()], 0.001)
    assert [(i.class_name, i.counts is not None) for i in found[0]] == [("apple", True), ("lemon", True)]
    named = ZeroShot(None, _task("apple", "lemon", kind="classify"), ColourEmbedder())
    assert named.name == "colours"
    shares = named.classify_many([paint("apple"), paint("lemon")])
    assert [max(s, key=s.get) for s in shares] == ["apple", "lemon"]
    assert sum(shares[0].values()) == pytest.approx(1)
    with pytest.raises(ValueError, match="classify_many"):
        named.predict_many([_image()], 0.1)
    with pytest.raises(ValueError, match="needs a detector"):
        ZeroShot(None, _task("apple"))
