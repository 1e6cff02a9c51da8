"""Images drawn from words, scored by CLIP, found by OWLv2 or Grounding DINO and cut out by SAM: real architectures,
random weights, loaded by path through the code that users run. What they say is nonsense; that all of it runs is not.
"""

import json

import numpy as np
import pytest

from tests.tools import checkpoints
from tests.tools.steps.test_annotate import _worded
from tools.data.images import read_image
from tools.steps.annotate import annotate, make_annotator
from tools.steps.score import score

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def folders(tmp_path_factory):
    folder = tmp_path_factory.mktemp("weights")
    return {
        "clip": checkpoints.clip(folder / "clip"), "owlv2": checkpoints.owlv2(folder / "owl"),
        "grounding_dino": checkpoints.grounding_dino(folder / "gd"),
        "sam": checkpoints.segment_anything(folder / "sam.pth"), "hf_sam": checkpoints.sam(folder / "hf_sam"),
    }  # fmt: skip


@pytest.mark.parametrize(("detector", "segmenter"), [("owlv2", "sam"), ("grounding_dino", "hf_sam")])
@pytest.mark.parametrize("kind", ["segment", "detect"])
def test_score_and_label_by_checkpoints(tmp_path, folders, detector, segmenter, kind):
    run = _worded(
        tmp_path, detector=str(folders[detector]), segmenter=str(folders[segmenter]), clip_model=str(folders["clip"]),
        scorer="clip+clis", clip_floor=-1.0, clip_least_share=0.0, clis_floor=0.0, crop_agreement=False,
        detector_confidence=0.02, min_mask_quality=-1e9, min_box_mask_iou=0.0, count_tolerance=100.0, profile="offline",
        kind=kind,
    )  # fmt: skip
    assert "scored 12 pictures" in json.loads(score(run))["done"]
    assert set(run.dataset.embedding_models()) == {str(folders["clip"])}
    assert {"clip", "clis_image"} <= set(next(run.dataset.samples()).scores)
    labels = _labels(run)
    assert labels
    assert all((i.counts is not None) is (kind == "segment") for i in labels)
    assert set(run.record.engines) >= {"clip", "clis", "detect_and_segment"}


def _labels(run):
    """Random weights may find nothing that survives the counts; then the annotator itself is asked."""
    engine = make_annotator(run)
    samples = list(run.dataset.samples(verdict="kept"))[:4]
    images = [read_image(run.path(s.image)) for s in samples]
    found = [i for own in engine.annotate_many(images, samples, run.task) for i in own]
    annotate(run, engine)
    for one in found:
        assert one.class_name in run.task.class_names
        assert 0 <= one.box[0] < one.box[2] <= 96
        mask = one.mask(96, 96)
        assert mask is None or (mask.dtype == np.bool_ and mask.any())
    return found
