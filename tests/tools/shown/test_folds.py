"""Cross-validation by photo: no photo on both sides, every class on the learning side."""

import pytest

from tools.data.sample import Instance, Sample
from tools.data.scores import Evaluation, SliceScore
from tools.shown.folds import folds, of_all_photos


def photo(name, *classes, family=None):
    instances = [Instance(class_name=c, box=(0, 0, 9, 9)) for c in classes]
    return Sample(
        id=name, image=f"{name}.jpg", width=50, height=50, sha256=name, family=family or name, engine="photo",
        instances=instances,
    )  # fmt: skip


def test_every_photo_is_judged_once_by_a_model_that_has_not_seen_it():
    samples = [photo(f"p{n}", "bolt") for n in range(8)]
    parts = list(folds(samples, ["bolt"], seed=0, count=3))
    assert len(parts) == 3
    assert sorted(s.id for part in parts for s in part.judged) == sorted(s.id for s in samples)
    for part in parts:
        assert not {s.id for s in part.learnt} & {s.id for s in part.judged}


def test_tiles_of_one_photo_stay_together():
    samples = [photo(f"p{n}", "bolt", family=f"photo{n // 3}") for n in range(12)]
    for part in folds(samples, ["bolt"], seed=1, count=3):
        assert not {s.family for s in part.learnt} & {s.family for s in part.judged}


def test_each_class_is_spread_over_the_parts():
    samples = [photo(f"a{n}", "bolt") for n in range(6)] + [photo(f"b{n}", "nut") for n in range(3)]
    for part in folds(samples, ["bolt", "nut"], seed=2, count=3):
        assert any(i.class_name == "nut" for s in part.judged for i in s.instances)


@pytest.mark.parametrize(("photos", "parts"), [(1, 0), (2, 2), (3, 3), (4, 3)])
def test_as_many_parts_as_photos_allow(photos, parts):
    assert len(list(folds([photo(f"p{n}", "bolt") for n in range(photos)], ["bolt"], seed=0, count=3))) == parts


def test_a_class_of_one_photo_is_never_judged_without_having_been_shown():
    samples = [photo(f"a{n}", "bolt") for n in range(6)] + [photo("only", "nut")]
    parts = list(folds(samples, ["bolt", "nut"], seed=0, count=3))
    assert parts
    assert all(s.id != "only" for part in parts for s in part.judged)


def test_photos_without_the_thing_are_judged_too_and_make_no_part_of_their_own():
    samples = [photo("a", "bolt"), photo("b", "bolt"), photo("empty1"), photo("empty2")]
    parts = list(folds(samples, ["bolt"], seed=0, count=3))
    assert len(parts) == 2
    assert sorted(s.id for part in parts for s in part.judged) == ["a", "b", "empty1", "empty2"]


def test_the_upper_end_allows_for_what_the_photos_bring_that_the_judges_had_not_learnt_from():
    score = Evaluation(
        on="cross_val", images=12, instances=30, metric="box_map50", box_map50=0.7,
        intervals={"box_map50": (0.6, 0.8), "false_positives_per_empty": (0.1, 0.5)},
        per_class={"bolt": SliceScore(images=9, instances=20, score=0.7, interval=(0.5, 0.7))},
    )  # fmt: skip
    reached = of_all_photos(score, 0.75, 12)
    assert reached.intervals == {"box_map50": (0.6, 0.85), "false_positives_per_empty": (0.1, 0.5)}
    assert reached.per_class["bolt"].interval == (0.5, 0.775)
    assert reached.box_map50 == 0.7
    assert of_all_photos(score, 1.0, 12) == score


def test_a_dozen_photos_on_which_all_went_well_do_not_say_that_all_always_will():
    """On 48 other smears a model whose cross-validation said 0.998 (0.997 to 0.999) had 0.960."""
    score = Evaluation(
        on="cross_val", images=12, instances=250, metric="box_map50", box_map50=0.998, box_map50_95=None,
        intervals={"box_map50": (0.997, 0.999), "box_map50_95": (0.7, 0.8)},
        per_class={"red": SliceScore(images=12, instances=240, score=1.0, interval=(1.0, 1.0))},
    )  # fmt: skip
    low, high = of_all_photos(score, 0.67, 12).intervals["box_map50"]
    assert 0.8 < low < 0.9 and high > 0.999
    assert of_all_photos(score, 0.67, 48).intervals["box_map50"][0] > 0.95
    assert of_all_photos(score, 0.67, 12).per_class["red"].interval[0] < 0.9
    assert of_all_photos(score, 0.67, 12).intervals["box_map50_95"][0] == 0.7  # no score, no room
