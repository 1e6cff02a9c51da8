"""Scores corrected by photos without labels: by colour and edges, a little, and never without examples."""

import json

import cv2
import numpy as np
import pytest
import torch

from tests.tools.models.test_predict import SeesLargeBlobs
from tools.core.errors import StepFailed
from tools.data.sample import Instance
from tools.models import checkpoint, rescorer
from tools.models.learn_rescorers import learn_rescorers
from tools.models.networks import build_network
from tools.models.predict import Predictor
from tools.models.rescorer import FEATURES, WORTH_IT, Rescorer, describe, fit, least_before, rescored, store, stored

pytestmark = pytest.mark.slow

RED, GREEN, BROWN = (190, 40, 40), (60, 130, 50), (120, 90, 60)


def scene(*things, size=(200, 160)):
    """Round things of a colour on grass: (x, y, radius, colour)."""
    image = np.full((size[1], size[0], 3), GREEN, np.uint8)
    for x, y, radius, colour in things:
        cv2.circle(image, (x, y), radius, colour, -1)
    return image


def disc(x, y, radius, size=(200, 160)):
    mask = np.zeros((size[1], size[0]), np.uint8)
    cv2.circle(mask, (x, y), radius, 1, -1)
    return mask > 0, (x - radius, y - radius, x + radius + 1, y + radius + 1)


def looks(colour, count, seed=0):
    """Descriptions of things of a colour, each a little different."""
    rng = np.random.default_rng(seed)
    rows = []
    for _ in range(count):
        own = tuple(int(v) for v in np.clip(np.array(colour) + rng.normal(0, 12, 3), 0, 255))
        radius = int(rng.integers(8, 30))
        image = scene((90, 80, radius, own))
        mask, box = disc(90, 80, radius)
        rows.append(describe(image, box, mask))
    return np.array(rows)


def logit(score):
    return np.log(score / (1 - score))


# Descriptions ---------------------------------------------------------------------------------------------------------


def test_a_description_tells_colour_contrast_and_edges():
    mask, box = disc(90, 80, 25)
    red = describe(scene((90, 80, 25, RED)), box, mask)
    none = describe(scene(), box, mask)
    assert red.shape == none.shape == (FEATURES,)
    assert red[1] > 40 and none[1] < 0  # a*: red, and green
    assert red[7] > 60 and none[6:9] == pytest.approx(0, abs=0.5)  # contrast to what lies around
    outline, inside = red[13], red[12]
    assert outline > inside + 1  # the edge of red-green is where the outline is


def test_without_a_mask_the_ellipse_in_the_box_stands_for_the_thing():
    mask, box = disc(90, 80, 25)
    image = scene((90, 80, 25, RED))
    np.testing.assert_allclose(describe(image, box, None)[:3], describe(image, box, mask)[:3], atol=8)


def test_size_in_pixels_hardly_counts():
    small, large = (describe(scene((90, 80, r, RED)), disc(90, 80, r)[1], disc(90, 80, r)[0]) for r in (12, 48))
    np.testing.assert_allclose(small[:3], large[:3], atol=6)
    np.testing.assert_allclose(small[9:], large[9:], atol=1)


@pytest.mark.parametrize("box", [(0, 0, 1, 1), (199.2, 159.5, 200, 160), (0, 0, 200, 160), (-3, -3, 4, 4)])
@pytest.mark.parametrize("full", [None, False, True])
def test_things_at_the_border_tiny_or_filling_the_image_have_finite_descriptions(box, full):
    mask = None if full is None else np.full((160, 200), full)
    assert np.isfinite(describe(scene((90, 80, 25, RED)), box, mask)).all()


# Learning -------------------------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def red_ones():
    """What forty sure red things and forty doubted brown ones say."""
    descriptions = np.concatenate([looks(RED, 40), looks(BROWN, 40, seed=1)])
    return fit(descriptions, np.repeat([0.8, 0.05], 40))


def test_things_that_look_like_the_sure_ones_rise_and_others_fall(red_ones):
    assert (red_ones.sure, red_ones.doubted) == (40, 40)
    for score in (0.05, 0.3, 0.6):
        for description in looks(RED, 10, seed=7):
            assert red_ones(score, description) > score
        for description in looks(BROWN, 10, seed=8):
            assert red_ones(score, description) < score


def test_a_score_moves_by_a_logit_of_one_at_most(red_ones):
    far = np.array(red_ones.mean) + 1e3 * np.array(red_ones.spread) * np.sign(red_ones.weights)
    assert logit(red_ones(0.3, far)) - logit(0.3) == pytest.approx(1)
    assert red_ones(1.0, far) <= 1 and red_ones(0.0, -far) >= 0


def test_undecided_scores_are_no_examples():
    descriptions = np.concatenate([looks(RED, 40), looks(BROWN, 40, seed=1)])
    assert fit(descriptions, np.repeat([0.49, 0.05], 40)) is None  # nothing is sure
    assert fit(descriptions, np.repeat([0.8, 0.15], 40)) is None  # nothing is doubted
    assert fit(descriptions, np.r_[np.full(19, 0.8), np.full(61, 0.05)]) is None  # too few are sure


def test_fewer_examples_say_less():
    red, brown = looks(RED, 200), looks(BROWN, 200, seed=1)
    few, many = (fit(np.concatenate([red[:n], brown[:n]]), np.repeat([0.8, 0.05], n)) for n in (20, 200))
    other = looks(RED, 20, seed=7)
    assert np.mean([few(0.3, d) for d in other]) < np.mean([many(0.3, d) for d in other]) - 0.02


def test_what_never_differs_does_no_harm():
    same = np.repeat(looks(RED, 1), 60, axis=0)
    assert fit(same, np.repeat([0.8, 0.05], 30))(0.3, same[0]) == pytest.approx(0.3)


# Predictions ----------------------------------------------------------------------------------------------------------


def test_the_least_score_is_one_that_can_be_lifted():
    assert logit(0.3) - logit(least_before(0.3)) == pytest.approx(1)
    assert least_before(0.03) == WORTH_IT and least_before(0.001) == 0.001


def test_findings_are_sorted_anew_and_others_stay(red_ones):
    def found(name, score, description):
        return Instance(class_name=name, box=(0, 0, 9, 9), score=score), description

    [red], [brown] = looks(RED, 1, seed=7), looks(BROWN, 1, seed=8)
    given = [found("apple", 0.5, brown), found("apple", 0.4, red), found("pear", 0.45, red), found("apple", 0.3, None)]
    answers = rescored(given, {"apple": red_ones}, 0.35)
    assert [i.class_name for i in answers] == ["apple", "pear"]
    assert answers[0].score == red_ones(0.4, red) > 0.5 and answers[1].score == 0.45


class ScoresByBrightness(SeesLargeBlobs):
    """Sure of what is bright, in doubt about what is dull."""

    def __call__(self, batch):
        rows = []
        for image in batch.numpy():
            value = image.max(axis=0) - image.min(axis=0)
            _, parts, stats, _ = cv2.connectedComponentsWithStats((value > 0.19).astype(np.uint8))
            row = np.zeros((5, 64), np.float32)
            for k, (x, y, w, h, _) in enumerate(stats[1:]):
                row[:, k] = x + w / 2, y + h / 2, w, h, value[parts == k + 1].mean()
            rows.append(row)
        return (torch.from_numpy(np.stack(rows)),)


def photos(count=12):
    """Grey photos with four red things and four dull, bluish ones each."""
    rng = np.random.default_rng(0)
    for _ in range(count):
        image = np.full((320, 320, 3), 110, np.uint8)
        for k in range(8):
            red = (int(rng.integers(205, 255)), 40, 40)
            dull = (90, 100, 90 + int(rng.integers(55, 60)))
            cv2.circle(image, (40 + 75 * (k % 4), 60 + 150 * (k // 4)), 22, red if k < 4 else dull, -1)
        yield image


def test_photos_without_labels_correct_what_a_model_says(tmp_path, monkeypatch):
    def load(_weights):
        return Predictor(ScoresByBrightness(), "detect", ["apple"], 320, closer=False)

    architecture, path = "yolo11n", tmp_path / "weights.safetensors"
    state = build_network(architecture, ("apple",)).state_dict()
    checkpoint.save(path, state, architecture=architecture, names=("apple",), size_px=320, extra={"epochs": 3})
    monkeypatch.setattr(rescorer, "DOUBTED", 0.3)  # a colourfulness under 0.19 is no blob at all
    monkeypatch.setattr(Predictor, "load", staticmethod(load))
    learnt = learn_rescorers(path, photos(), tmp_path / "out.safetensors")
    assert (learnt["apple"].sure, learnt["apple"].doubted) == (48, 48)
    before, after = checkpoint.load(path)[1], checkpoint.load(tmp_path / "out.safetensors")[1]
    assert stored(after) == learnt and after.extra["epochs"] == 3 and after.sha256 == before.sha256
    image = np.full((320, 320, 3), 110, np.uint8)
    cv2.circle(image, (80, 80), 22, (190, 70, 70), -1)  # red, but pale
    cv2.circle(image, (230, 80), 22, (70, 70, 190), -1)  # as pale, but blue
    plain = load(path)
    corrected = Predictor(plain.network, "detect", ["apple"], 320, closer=False, rescorers=learnt)
    assert [round(i.score, 2) for i in plain.predict(image, 0.2)] == [0.47, 0.47]
    red, blue = sorted(corrected.predict(image, 0.01), key=lambda i: i.box[0])
    assert red.score > 0.5 and blue.score < 0.4
    # One that is lifted over the asked score is found, whatever score is asked for.
    assert [i.score for i in corrected.predict(image, red.score - 1e-6)] == [red.score]
    assert corrected.at_size(320).predict(image, 0.01) == corrected.predict(image, 0.01)


def test_photos_in_which_too_little_is_found_correct_nothing(tmp_path):
    path = tmp_path / "weights.safetensors"
    state = build_network("yolo11n-seg", ("apple",)).state_dict()
    checkpoint.save(path, state, architecture="yolo11n-seg", names=("apple",), size_px=64)
    assert learn_rescorers(path, iter([scene()]), path) == {} and stored(checkpoint.load(path)[1]) == {}
    assert Predictor.load(path).rescorers == {}


def test_new_photos_replace_what_others_said(tmp_path, red_ones):
    path = tmp_path / "weights.safetensors"
    state = build_network("yolo11n", ("apple", "pear")).state_dict()
    checkpoint.save(path, state, architecture="yolo11n", names=("apple", "pear"), size_px=64, extra={"epochs": 3})
    store(path, {"apple": red_ones}, path)
    assert Predictor.load(path).rescorers == {"apple": red_ones}
    store(path, {"pear": red_ones}, path)
    assert list(stored(checkpoint.load(path)[1])) == ["pear"]
    store(path, {}, path)
    assert checkpoint.load(path)[1].extra == {"epochs": 3}


NO_SPREAD = {"mean": [0] * 15, "spread": [0] * 15, "weights": [0] * 15, "bias": 0, "sure": 20, "doubted": 20}


@pytest.mark.parametrize("value", [{"apple": {"mean": [1]}}, {"apple": NO_SPREAD}, {"apple": 3}, [1, 2], "x"])
def test_damaged_metadata_is_refused_by_name(tmp_path, value):
    path = tmp_path / "weights.safetensors"
    state = build_network("yolo11n", ("apple",)).state_dict()
    checkpoint.save(path, state, architecture="yolo11n", names=("apple",), size_px=64, extra={"rescorer": value})
    with pytest.raises(StepFailed, match="rescorer"):
        Predictor.load(path)


def test_a_rescorer_is_plain_json(red_ones):
    assert Rescorer.model_validate(json.loads(json.dumps(red_ones.model_dump()))) == red_ones
