"""Matching and average precision against pycocotools' own pipeline, hand-made tables, and resampling by brute force."""

import contextlib
import io

import numpy as np
import pytest
from pycocotools import mask as coco_mask
from pycocotools.coco import COCO
from pycocotools.cocoeval import COCOeval

from tools.data.sample import Instance, encode_mask, mask_box
from tools.metrics.coco import (
    COCO_IOUS,
    Counts,
    JudgedImage,
    Matcher,
    average_precisions,
    choose_threshold,
    counts_at,
    interval,
    mean_over_classes,
    number,
    resamples,
)

SIZE = 64
CLASSES = ["apple", "pear"]


def ellipse(cx: float, cy: float, rx: float, ry: float) -> np.ndarray:
    rows, columns = np.mgrid[:SIZE, :SIZE]
    return ((columns - cx) / rx) ** 2 + ((rows - cy) / ry) ** 2 <= 1


def instance(mask: np.ndarray, name: str = "apple", score: float = 1.0) -> Instance:
    return Instance(class_name=name, box=mask_box(mask), counts=encode_mask(mask), score=score)


def box(x1: float, y1: float, x2: float, y2: float, score: float = 1.0, name: str = "apple") -> Instance:
    return Instance(class_name=name, box=(x1, y1, x2, y2), score=score)


def image(truths: list[Instance], found: list[Instance], name: str = "p") -> JudgedImage:
    return JudgedImage(name, SIZE, SIZE, truths, found)


def random_images(count: int, seed: int, ties: bool = False) -> list[JudgedImage]:
    """Ellipses, found a little off, twice, under the other name, or not at all; a few empties."""
    rng = np.random.default_rng(seed)
    images = []
    for i in range(count):
        truths, found = [], []
        for _ in range(0 if i % 7 == 3 else rng.integers(1, 6)):
            cx, cy, r = rng.uniform(8, 56), rng.uniform(8, 56), rng.uniform(3, 12)
            name = CLASSES[rng.integers(2)]
            truths.append(instance(ellipse(cx, cy, r, r * 0.8), name))
            for _ in range(rng.integers(0, 3)):
                shift, grow = rng.normal(0, 0.25 * r, 2), rng.uniform(0.7, 1.3)
                mask = ellipse(cx + shift[0], cy + shift[1], r * grow, r * grow)
                if mask.any():
                    called = name if rng.random() < 0.85 else CLASSES[rng.integers(2)]
                    found.append(instance(mask, called, float(rng.uniform(0.05, 1))))
        for _ in range(rng.integers(0, 3)):
            mask = ellipse(rng.uniform(5, 59), rng.uniform(5, 59), 5, 5)
            found.append(instance(mask, CLASSES[rng.integers(2)], float(rng.uniform(0.01, 0.6))))
        if ties:
            found = [d.model_copy(update={"score": round(d.score, 1)}) for d in found]
        images.append(image(truths, found, f"p{i:03d}"))
    return images


def by_pycocotools(
    judged: list[JudgedImage], kind: str, area: tuple[float, float] | None = None, repeat: list[int] | None = None
) -> np.ndarray:
    """(10, 2) average precisions by the untouched COCO -> loadRes -> COCOeval pipeline."""
    chosen = [judged[i] for i in (repeat if repeat is not None else range(len(judged)))]
    images = [{"id": i, "width": p.width, "height": p.height} for i, p in enumerate(chosen)]
    truths, found = [], []
    for i, p in enumerate(chosen):
        for source, target in ((p.truths, truths), (p.found, found)):
            for t in source:
                x1, y1, x2, y2 = t.box
                rle = {"size": [p.height, p.width], "counts": t.counts}
                row = {"image_id": i, "category_id": CLASSES.index(t.class_name), "bbox": [x1, y1, x2 - x1, y2 - y1],
                       "score": t.score, "iscrowd": 0, "id": len(target) + 1}  # fmt: skip
                if kind == "segm":
                    row |= {"segmentation": rle, "area": float(coco_mask.area(rle))}
                else:
                    row["area"] = (x2 - x1) * (y2 - y1)
                target.append(row)
    for row in found:
        row.pop("bbox" if kind == "segm" else "segmentation", None)
    with contextlib.redirect_stdout(io.StringIO()):
        gt = COCO()
        gt.dataset = {"images": images, "annotations": truths,
                      "categories": [{"id": i, "name": n} for i, n in enumerate(CLASSES)]}  # fmt: skip
        gt.createIndex()
        run = COCOeval(gt, gt.loadRes(found), kind)
        if area is not None:
            run.params.areaRng, run.params.areaRngLbl = [list(area)], ["all"]
        run.evaluate()
        run.accumulate()
    precision = run.eval["precision"][:, :, :, 0, -1]
    return np.where(precision.min(axis=1) < 0, np.nan, precision.mean(axis=1))


@pytest.mark.parametrize("kind", ["segm", "bbox"])
@pytest.mark.parametrize("ties", [False, True])
@pytest.mark.parametrize("seed", [0, 1, 2])
def test_equals_pycocotools(kind, ties, seed):
    images = random_images(30, seed, ties)
    matched = Matcher(images, CLASSES, kind).match()
    ours = average_precisions(matched, np.ones((1, 30)))[0]
    assert ours[0].min() > 0.05 and ours[0].max() < 0.95  # neither trivial
    np.testing.assert_allclose(ours, by_pycocotools(images, kind), atol=1e-6)


def test_flags_do_what_an_area_range_does():
    images = random_images(30, 5)
    low, high = 30.0, 250.0

    def area(t: Instance) -> float:
        return float(t.mask(SIZE, SIZE).sum())

    truths = [np.array([low <= area(t) <= high for t in p.truths], dtype=bool) for p in images]
    found = [np.array([low <= area(d) <= high for d in p.found], dtype=bool) for p in images]
    ours = average_precisions(Matcher(images, CLASSES, "segm").match(COCO_IOUS, truths, found), np.ones((1, 30)))[0]
    expected = by_pycocotools(images, "segm", (low, high))
    np.testing.assert_allclose(ours, expected, atol=1e-6)
    assert not np.allclose(expected, by_pycocotools(images, "segm"))


def test_a_resample_is_the_set_with_images_repeated():
    images = random_images(20, 3)
    draws = resamples(images, 5, seed=1)
    ours = average_precisions(Matcher(images, CLASSES, "bbox").match(), draws)
    for weights, values in zip(draws, ours, strict=True):
        repeat = [i for i, w in enumerate(weights) for _ in range(int(w))]
        np.testing.assert_allclose(values, by_pycocotools(images, "bbox", repeat=repeat), atol=1e-6)


TRUTH = [box(0, 0, 10, 10), box(20, 0, 30, 10)]


@pytest.mark.parametrize(
    ("truths", "found", "expected"),
    [
        (TRUTH, [], 0.0),  # nothing found
        ([], [box(0, 0, 10, 10)], None),  # nothing to find
        ([], [], None),
        (TRUTH, [box(0, 0, 10, 10, 0.9), box(20, 0, 30, 10, 0.8)], 1.0),
        (TRUTH, [box(0, 0, 10, 10, 0.9)], 51 / 101),  # recall 0.5 at precision 1: points 0.00 .. 0.50
        (TRUTH, [box(40, 40, 50, 50, 0.95), box(0, 0, 10, 10, 0.9)], 51 / 101 / 2),  # a false alarm comes first
        (TRUTH, [box(0, 0, 10, 10, 0.9), box(40, 40, 50, 50, 0.5)], 51 / 101),  # a false alarm comes last
        (TRUTH, [box(0, 0, 10, 10, 0.9), box(0, 0, 10, 9, 0.8), box(20, 0, 30, 10, 0.7)], (51 + 50 * 2 / 3) / 101),
        (TRUTH, [box(0, 0, 10, 10, 0.9, "pear"), box(20, 0, 30, 10, 0.8, "pear")], 0.0),  # the wrong class
    ],
)
def test_average_precision_by_hand(truths, found, expected):
    matched = Matcher([image(truths, found)], ["apple", "pear"], "bbox").match([0.5])
    value = number(float(mean_over_classes(average_precisions(matched, np.ones((1, 1))))[0, 0]))
    assert value == (None if expected is None else pytest.approx(expected, abs=1e-6))


def test_an_ignored_truth_is_neither_missed_nor_found():
    truths = [box(0, 0, 10, 10), box(20, 0, 24, 4)]
    found = [box(20, 0, 24, 4, 0.9), box(0, 0, 10, 10, 0.8), box(50, 50, 53, 53, 0.7)]
    matcher = Matcher([image(truths, found)], ["apple"], "bbox")
    large = [np.array([True, False])]
    matched = matcher.match([0.5], large, [np.array([False, True, False])])
    counts = counts_at(matched, 0.0)
    assert (counts.right.sum(), counts.wrong.sum(), counts.truths.sum()) == (1, 0, 1)
    everything = counts_at(matcher.match([0.5]), 0.0)
    assert (everything.right.sum(), everything.wrong.sum(), everything.truths.sum()) == (2, 1, 2)
    # Without flags for detections the small false alarm counts; the one on the ignored truth does not.
    assert counts_at(matcher.match([0.5], large), 0.0).wrong.sum() == 1


@pytest.mark.parametrize(
    ("found", "expected"),
    [
        ([], None),
        ([box(40, 40, 50, 50, 0.9)], None),  # never right
        ([box(0, 0, 10, 10, 0.9), box(20, 0, 30, 10, 0.5)], 0.25),  # both right: half-way down to nothing
        ([box(0, 0, 10, 10, 0.9), box(20, 0, 30, 10, 0.5), box(40, 40, 50, 50, 0.3)], 0.4),
        # F1 is 2/3 with one right of one, and again with two right of four: the higher has no false alarm.
        ([box(0, 0, 10, 10, 0.9), box(40, 0, 50, 9, 0.8), box(40, 40, 50, 50, 0.7), box(20, 0, 30, 10, 0.6)], 0.85),
        # One score for a right and a wrong one: they stand or fall together.
        ([box(0, 0, 10, 10, 0.9), box(20, 0, 30, 10, 0.5), box(40, 40, 50, 50, 0.5)], 0.25),
    ],
)
def test_choose_threshold(found, expected):
    matched = Matcher([image(TRUTH, found)], ["apple"], "bbox").match([0.5])
    assert choose_threshold(matched) == (None if expected is None else pytest.approx(expected))


def test_a_little_f1_buys_a_higher_threshold():
    # F1 is 2/3 above 0.85, and 0.8 above 0.55 with a false alarm in between.
    found = [box(0, 0, 10, 10, 0.9), box(40, 40, 50, 50, 0.7), box(20, 0, 30, 10, 0.6)]
    matched = Matcher([image(TRUTH, found)], ["apple"], "bbox").match([0.5])
    assert choose_threshold(matched) < 0.6
    assert choose_threshold(matched, slack=0.1) < 0.6
    assert choose_threshold(matched, slack=0.2) == pytest.approx(0.8)


def test_counts_at_a_threshold_equal_matching_only_what_is_above_it():
    images = random_images(25, 9)
    threshold = 0.4
    cut = [image(list(p.truths), [d for d in p.found if d.score >= threshold], p.id) for p in images]
    whole = counts_at(Matcher(images, CLASSES, "segm").match([0.5]), threshold)
    alone = counts_at(Matcher(cut, CLASSES, "segm").match([0.5]), 0.0)
    np.testing.assert_array_equal(whole.right, alone.right)
    np.testing.assert_array_equal(whole.wrong, alone.wrong)


def test_tiles_of_a_photo_are_drawn_together():
    tiles = [JudgedImage(f"t{i}", SIZE, SIZE, [], [], group=f"photo {i // 3}") for i in range(9)]
    draws = resamples(tiles, 50, seed=2)
    assert (draws[:, ::3] == draws[:, 1::3]).all() and (draws[:, ::3] == draws[:, 2::3]).all()
    assert (draws.sum(axis=1) == 9).all() and draws.std() > 0
    np.testing.assert_array_equal(draws, resamples(tiles, 50, seed=2))
    assert (draws != resamples(tiles, 50, seed=3)).any()


@pytest.mark.parametrize(("count", "least"), [(7, 0.925), (40, 0.9)])
def test_intervals_cover_the_truth_about_as_often_as_they_say(count, least):
    """Recall of a model that finds, of ten objects an image, more in some images than in others; 0.6 in all."""
    rng, hits = np.random.default_rng(4), 0
    for trial in range(400):
        found = rng.binomial(10, rng.beta(6, 4, count))
        counts = Counts(found[:, None], found[:, None] * 0, np.full((count, 1), 10))
        images = [image([], [], str(i)) for i in range(count)]
        low, high = interval(counts.rates(resamples(images, 200, trial))[1], count)
        hits += low <= 0.6 <= high
    assert least <= hits / 400 <= 0.99


def test_no_interval_from_too_few_known_values():
    assert interval(np.full(100, np.nan), 50) is None
    assert interval(np.array([np.nan] * 90 + [0.5] * 10), 50) is None
    assert interval(np.linspace(0, 1, 101), 5) == pytest.approx((0.001, 0.999), abs=5e-4)
    assert interval(np.linspace(0, 1, 101), 400) == pytest.approx((0.025, 0.975), abs=2e-3)
    assert interval(np.linspace(0, 1, 101), 4) is None
