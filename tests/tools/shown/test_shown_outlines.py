"""Outlines of boxed objects: believed where several ways agree, and not where they do not."""

import cv2
import numpy as np

from tests.tools.generators.cutout_files import ground
from tools.data.sample import Instance, encode_mask, mask_box
from tools.shown.outlines import AgreedSegmenter


class Finder:
    """Stands for the starter: finds what is red, in the crop's own pixels."""

    def predict(self, image, confidence):
        red = (image[..., 0] > 170) & (image[..., 1] < 90)
        if not red.any():
            return []
        return [Instance(class_name="object", box=mask_box(red), counts=encode_mask(red), score=0.9)]


def disc(size=160, centre=(80, 76), radius=30):
    image = ground(size, 3)
    cv2.circle(image, centre, radius, (210, 40, 40), -1)
    truth = np.zeros((size, size), np.uint8)
    cv2.circle(truth, centre, radius, 1, -1)
    x, y = centre
    return image, truth > 0, (x - radius, y - radius, x + radius + 1, y + radius + 1)


def test_an_outline_that_all_ways_bear_out_is_the_object():
    image, truth, box = disc()
    found = AgreedSegmenter(Finder()).outline(image, box)
    assert found.good
    assert (found.mask & truth).sum() / (found.mask | truth).sum() > 0.93
    assert not found.mask[:, : int(box[0]) - 2].any()


def test_without_the_starter_two_cuts_have_to_agree():
    image, truth, box = disc()
    (mask,) = AgreedSegmenter(None).masks(image, [box])
    assert mask is not None
    assert (mask & truth).sum() / (mask | truth).sum() > 0.9


def test_what_is_seen_too_small_or_does_not_fill_its_box_is_no_outline():
    image, _, (x1, y1, x2, y2) = disc()
    loose = (x1 - 30, y1 - 30, x2 + 30, y2 + 30)  # the disc fills a quarter of it
    assert AgreedSegmenter(Finder()).masks(image, [loose, (10, 10, 14, 13)]) == [None, None]


def test_ground_alone_has_no_outline_to_be_believed():
    image = ground(160, 9)
    assert AgreedSegmenter(None).masks(image, [(40, 40, 110, 110)]) == [None]


def test_a_box_at_the_edge_or_beyond_is_no_error():
    image, _, _ = disc(centre=(6, 80))
    masks = AgreedSegmenter(Finder()).masks(image, [(-20.0, 50.0, 37.0, 111.0), (150.0, 150.0, 400.0, 400.0)])
    assert all(m is None or m.shape == (160, 160) for m in masks)
