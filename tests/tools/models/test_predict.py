"""Predictions at the image's own size, after as many looks as it needs."""

import cv2
import numpy as np
import pytest
import torch

from tests.tools.models.seeing import SeesLargeBlobs, SeesPartsOfWhatIsLarge, noise
from tools.models.postprocess import Detections, Letterbox, flipped, image_mask, letterbox, to_image_boxes
from tools.models.predict import Predictor
from tools.models.tiles import View


def test_a_large_image_of_small_things_is_seen_in_tiles():
    image = np.full((1000, 1200, 3), 60, np.uint8)
    centres = [(150, 200), (620, 480), (1100, 900), (330, 770)]
    for x, y in centres:
        image[y - 12 : y + 12, x - 12 : x + 12] = 250
    model = Predictor(SeesLargeBlobs(), "detect", ["blob"], 320)
    found = model.predict(image, 0.3)
    middles = sorted(((i.box[0] + i.box[2]) / 2, (i.box[1] + i.box[3]) / 2) for i in found)
    assert middles == [pytest.approx(c, abs=2) for c in sorted(centres)]  # each once, where it is
    assert model.predict(cv2.resize(image, (640, 533)), 0.3) == []  # not large: seen as a whole, in which all vanish


@pytest.mark.parametrize(
    ("large_px", "shape", "found", "second"),
    [
        (60, (640, 600), 2, 480),  # 30 px as the network sees it: the larger input shows the small one too
        (100, (640, 600), 1, 224),  # 50 px: large enough, and as well seen at a smaller one
        (90, (640, 600), 1, 256),  # 45 px
        (0, (640, 600), 0, None),  # nothing: another look would find what is not there
        (40, (400, 400), 2, 416),  # no larger than the image itself
        (30, (320, 300), 1, 256),
    ],
)
def test_what_is_found_is_looked_at_again_at_a_larger_or_smaller_input(large_px, shape, found, second):
    image = np.full((*shape, 3), 60, np.uint8)
    image[40 : 40 + large_px, 40 : 40 + large_px] = 250
    small = round(7 * shape[0] / 320)  # below the 8 px of which the network sees anything
    image[200 : 200 + small, 200 : 200 + small] = 250
    network = SeesLargeBlobs()
    model = Predictor(network, "detect", ["blob"], 320)
    other = np.full((*shape, 3), 60, np.uint8)
    answers = model.predict_many([other, image, other], 0.3)
    assert [len(a) for a in answers] == [0, found, 0]
    assert sorted(network.inputs) == sorted([320] * 3 + [second] * (second is not None))
    if found:
        middle = 40 + large_px / 2
        (best, *_) = sorted(answers[1], key=lambda i: i.box[0])
        assert ((best.box[0] + best.box[2]) / 2, (best.box[1] + best.box[3]) / 2) == pytest.approx(
            (middle, middle), abs=2
        )


@pytest.mark.parametrize(
    ("side", "inputs"),
    [
        (60, [320, 224]),  # sure at once
        (120, [320, 160, 224]),  # 60 px at half the size: no longer large for the network
        (180, [320, 160, 96, 224]),  # 90, 54 px
        (300, [320, 160, 96, 224]),  # 150, 94 px
    ],
)
@pytest.mark.parametrize("scale", [1, 4])  # a photo as a camera takes it: not one tile of it is looked at
def test_what_fills_the_frame_is_looked_at_smaller(side, inputs, scale):
    network = SeesPartsOfWhatIsLarge()
    image = np.full((320 * scale, 320 * scale, 3), 60, np.uint8)
    image[10 * scale : (10 + side) * scale, 10 * scale : (10 + side) * scale] = 250
    model = Predictor(network, "detect", ["blob"], 320)
    (found,) = model.predict(image, 0.3)
    assert found.box == pytest.approx([10 * scale] * 2 + [(10 + side) * scale] * 2, abs=4 * scale)
    assert network.inputs == inputs
    if len(inputs) > 2:
        assert Predictor(network, "detect", ["blob"], 320, closer=False).predict(image, 0.3) == []


@pytest.mark.parametrize(
    ("things", "inputs"),
    [
        (1, [320, 160, 224]),  # 70 px, sure of it
        (13, [320, 256]),  # a crowd: smaller, several would be taken for one
    ],
)
@pytest.mark.parametrize("fitted", [False, True])
def test_something_large_is_looked_at_smaller_but_no_crowd(things, inputs, fitted):
    image = np.full((320, 320, 3), 60, np.uint8)
    image[10:80, 10:80] = 250
    for k in range(1, things):
        x, y = 100 + 50 * (k % 4), 10 + 75 * (k // 4)
        image[y : y + 40, x : x + 40] = 250
    network = SeesLargeBlobs()
    found = Predictor(network, "detect", ["blob"], 320, fitted=fitted).predict(image, 0.3)
    assert len(found) == things and network.inputs == inputs
    assert found[0].score == pytest.approx(0.9)


def test_where_nothing_is_found_or_hardly_anything_nobody_looks_smaller():
    network = SeesPartsOfWhatIsLarge()
    network.unsure = 0.03
    image = np.full((320, 320, 3), 60, np.uint8)
    model = Predictor(network, "detect", ["blob"], 320)
    assert model.predict(image, 0.001) == []
    image[10:310, 10:310] = 250
    assert len(model.predict(image, 0.001)) == 1
    assert network.inputs == [320, 320]


class SeesItsHeadToo(SeesLargeBlobs):
    """Of every blob the whole, half as sure as of the middle of its upper half."""

    def __call__(self, batch):
        (rows,) = super().__call__(batch)
        part = rows.clone()
        part[:, 1] -= rows[:, 3] / 4
        part[:, 2:4] /= 2
        rows[:, 4] /= 2
        return (torch.cat([rows, part], dim=2),)


def test_a_part_of_what_is_found_counts_less_where_photos_are_looked_at_again():
    image = np.full((320, 320, 3), 60, np.uint8)
    image[40:140, 40:140] = 250
    closer, once = (
        Predictor(SeesItsHeadToo(), "detect", ["blob"], 320, closer=closer).predict(image, 0.1)
        for closer in (True, False)
    )
    assert [i.score for i in closer] == pytest.approx([0.45, 0.27]) and closer[0].box[2] == pytest.approx(140, abs=2)
    assert [i.score for i in once] == pytest.approx([0.9, 0.45])


class SeesTwoKinds(SeesLargeBlobs):
    """Everything it sees could be either of two classes."""

    def __call__(self, batch):
        (rows,) = super().__call__(batch)
        return (torch.cat([rows, rows[:, 4:] * 0.8], dim=1),)


def test_two_looks_do_not_mix_classes():
    image = np.full((640, 640, 3), 60, np.uint8)
    image[40:100, 40:100] = 250
    once, twice = (
        Predictor(SeesTwoKinds(), "detect", ["a", "b"], 320, closer=closer).predict(image, 0.3)
        for closer in (False, True)
    )
    assert [i.class_name for i in twice] == [i.class_name for i in once]
    assert [i.score for i in twice] == pytest.approx([i.score for i in once])


def test_loaded_weights_look_twice(weights):
    assert Predictor.load(weights["detect"]).closer
    assert not Predictor.load(weights["detect"], closer=False).closer


class Wavers(SeesLargeBlobs):
    """At the larger input it is surer, and everything seems to lie a tenth of its width to the right."""

    def __call__(self, batch):
        (rows,) = super().__call__(batch)
        if batch.shape[-1] == 320:
            rows[:, 4] /= 2
        else:
            rows[:, 0] += rows[:, 2] / 10
        return (rows,)


def test_two_looks_give_one_object_whatever_score_is_asked_for():
    image = np.full((640, 640, 3), 60, np.uint8)
    image[40:100, 40:100] = 250
    for least in (0.001, 0.3, 0.6):  # the first look alone would not be sure enough for the last
        (found,) = Predictor(Wavers(), "detect", ["blob"], 320).predict(image, least)
        assert found.box == pytest.approx((44, 40, 104, 100), abs=0.5)  # by scores, two thirds of the way
        assert found.score == pytest.approx(0.9)
    (once,) = Predictor(Wavers(), "detect", ["blob"], 320, closer=False).predict(image, 0.3)
    assert once.score == pytest.approx(0.45)


class SeesTheLeftHalf(SeesLargeBlobs):
    """Blind on its right side."""

    def __call__(self, batch):
        (rows,) = super().__call__(batch)
        rows[:, 4] *= rows[:, 0] < batch.shape[-1] / 2
        return (rows,)


@pytest.mark.parametrize(("scale", "fitted", "second"), [(1, True, 256), (1.5, False, 224), (1.5, True, 224)])
def test_a_second_look_that_is_smaller_is_mirrored(scale, fitted, second):
    image = np.full((100, 320, 3), 60, np.uint8)  # padded: what is mirrored is not the image alone
    sides = [round(40 * scale), round(30 * scale)]
    image[20 : 20 + sides[0], 30:90] = image[40 : 40 + sides[0], 250 : 250 + sides[1]] = 250
    wanted = [(30, 20, 90, 20 + sides[0]), (250, 40, 250 + sides[1], 40 + sides[0])]
    network = SeesTheLeftHalf()
    found = Predictor(network, "detect", ["blob"], 320, fitted=fitted).predict(image, 0.3)
    assert sorted(i.box for i in found) == [pytest.approx(b, abs=2) for b in wanted]
    assert network.inputs == [320, second]
    once = Predictor(network, "detect", ["blob"], 320, fitted=fitted, closer=False)
    assert [i.box for i in once.predict(image, 0.3)] == [pytest.approx(wanted[0], abs=2)]
    network.inputs.clear()
    Predictor(network, "detect", ["blob"], 320, fitted=fitted).predict(np.zeros_like(image), 0.3)
    assert network.inputs == [320]  # nothing is there to look at again


@pytest.mark.parametrize(("score", "finest"), [(0.5, True), (0.3, False)])
def test_the_mask_is_that_of_the_finest_look_which_is_half_as_sure(score, finest):
    def look(gain, score):
        box = np.array([[10, 10, 50, 50]], np.float32)
        found = Detections(box * gain, np.array([score], np.float32), np.zeros(1, np.int64), None)
        return View(found, box, Letterbox(gain, 0, 0, 100, 100), np.ones(1, np.bool_))

    fine, coarse = look(1.0, score), look(0.7, 0.8)
    (seen,) = Predictor(SeesLargeBlobs(), "segment", ["blob"], 320)._together([fine, coarse])
    assert seen.view is (fine if finest else coarse)
    assert seen.score == pytest.approx(0.8)


def test_masks_are_mirrored_with_their_boxes():
    logits = np.full((1, 24, 24), -9, np.float32)
    logits[0, 4:10, 2:8] = 9
    box = np.array([[8, 16, 32, 40]], np.float32)
    there = flipped(Detections(box, np.ones(1, np.float32), np.zeros(1, np.int64), logits), 96)
    assert there.boxes.tolist() == [[64, 16, 88, 40]]
    mask = image_mask(there.logits[0], tuple(there.boxes[0]), Letterbox(1, 0, 0, 96, 96))
    assert mask[18:38, 66:86].all()
    assert not mask[:, :60].any()


@pytest.mark.parametrize(("height", "width"), [(96, 96), (60, 240), (301, 97), (7, 5), (1, 400)])
def test_masks_are_at_native_resolution_inside_their_boxes(weights, height, width):
    found = Predictor.load(weights["segment"]).predict(noise(height, width), 0.3)
    assert found or min(height, width) < 8
    assert [i.score for i in found] == sorted((i.score for i in found), reverse=True)
    for instance in found:
        x1, y1, x2, y2 = instance.box
        assert 0 <= x1 < x2 <= width
        assert 0 <= y1 < y2 <= height
        mask = instance.mask(height, width)
        assert mask.shape == (height, width)
        assert mask.any()
        outside = mask.copy()
        outside[int(y1) : int(np.ceil(y2)), int(x1) : int(np.ceil(x2))] = False
        assert not outside.any()


def test_a_detector_gives_boxes_and_a_classifier_shares(weights):
    found = Predictor.load(weights["detect"]).predict(noise(90, 120), 0.3)
    assert found
    assert all(i.counts is None for i in found)
    shares = Predictor.load(weights["classify"]).classify(noise(90, 120))
    assert list(shares) == ["apple", "pear"]
    assert sum(shares.values()) == pytest.approx(1, abs=1e-5)
    with pytest.raises(ValueError, match="classify"):
        Predictor.load(weights["classify"]).predict(noise(9, 9), 0.3)
    with pytest.raises(ValueError, match="predict"):
        Predictor.load(weights["detect"]).classify(noise(9, 9))


def test_many_images_of_mixed_shapes_keep_their_order(weights):
    predictor = Predictor.load(weights["segment"])
    images = [noise(96, 96, 1), noise(50, 150, 2), noise(96, 96, 3), noise(50, 150, 4)]
    together = predictor.predict_many(images, 0.4)
    again = predictor.predict_many(images, 0.4)
    assert together == again
    for image, found in zip(images, together, strict=True):
        alone = predictor.predict(image, 0.4)
        # Sums in another order may move a score by a rounding step, and with it what sits on the threshold.
        sure = [i for i in found if i.score > 0.41]
        assert {i.class_name for i in sure} <= {i.class_name for i in alone}
        assert abs(len(alone) - len(found)) <= 2


@pytest.mark.parametrize(("height", "width"), [(100, 160), (160, 100), (64, 64), (33, 400)])
def test_letterbox_and_back(height, width):
    padded, box = letterbox(noise(height, width), 96)
    assert padded.shape[0] % 32 == 0 and padded.shape[1] % 32 == 0
    corners = np.array([[10, 5, 30, 25]], np.float32)
    there = corners * box.gain + np.array([box.left, box.top] * 2, np.float32)
    assert to_image_boxes(there, box) == pytest.approx(corners, abs=1e-3)


def test_a_mask_lands_where_its_logits_are():
    # The input is 64 px, the prototypes 16 px: logits positive in the left half are the image's left half.
    logits = np.full((16, 16), -5, np.float32)
    logits[:, :8] = 5
    mask = image_mask(logits, (0, 0, 128, 128), Letterbox(0.5, 0, 0, 128, 128))
    assert mask[:, :60].all()
    assert not mask[:, 68:].any()
    assert abs(int(mask[64].sum()) - 64) <= 1
    clipped = image_mask(logits, (10.4, 20, 30, 40), Letterbox(0.5, 0, 0, 128, 128))
    assert clipped.sum() == 20 * 20


def test_what_exports_of_earlier_versions_say_still_runs():
    from tools import predict

    assert predict.Predictor is Predictor
