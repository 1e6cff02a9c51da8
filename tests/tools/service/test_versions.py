"""Who answers, how good it is by feedback, and when a newer version takes over."""

import numpy as np
import pytest

from tests.tools.service.parts import version
from tools.core.errors import FixArguments
from tools.core.settings import Settings
from tools.data.sample import Instance
from tools.service.feedback import Feedback, _count, _p_value
from tools.service.versions import Versions


def three(tmp_path):
    return Versions(tmp_path / "v.json", [version("a"), version("b", "share", 0.25), version("c", "shadow")])


def test_a_share_is_a_share_and_an_image_keeps_its_version(tmp_path):
    versions = three(tmp_path)
    images = [str(i).encode() for i in range(2000)]
    first = [versions.choose(p).name for p in images]
    assert [versions.choose(p).name for p in images] == first
    assert first.count("b") / len(first) == pytest.approx(0.25, abs=0.04)
    assert "c" not in first
    assert [v.name for v in versions.shadows] == ["c"]


@pytest.mark.parametrize(
    ("name", "mode", "share"),
    [("a", "off", 0), ("c", "share", 0), ("c", "share", 0.8), ("c", "main", 0), ("x", "off", 0)],
)  # fmt: skip
def test_impossible_routes(tmp_path, name, mode, share):
    with pytest.raises(FixArguments):
        three(tmp_path).route(name, mode, share)


def test_routes_hold_and_promotion_survives_a_restart(tmp_path):
    versions = three(tmp_path)
    assert versions.route("c", "share", 0.5).share == 0.5
    versions.promote("b")
    assert (versions.main.name, versions.get("a").mode) == ("b", "shadow")
    again = Versions(tmp_path / "v.json", [version("a"), version("b", "shadow")])
    assert (again.main.name, again.get("a").mode) == ("b", "shadow")
    fresh = Versions(tmp_path / "v.json", [version("d")])  # another run altogether
    assert fresh.main.name == "d"


def test_the_same_feedback_asked_twice_is_one_question(tmp_path):
    versions = three(tmp_path)
    assert [versions.asked("b", n) for n in (30, 30, 31, 31, 60)] == [1, 1, 2, 2, 3]
    assert three(tmp_path).asked("b", 60) == 3


def apple(*box, name="apple"):
    return Instance(class_name=name, box=box)


@pytest.mark.parametrize(
    ("truths", "found", "counted"),
    [
        ([], [], (0, 0, 0)),
        ([apple(0, 0, 10, 10)], [], (0, 0, 1)),
        ([], [apple(0, 0, 10, 10)], (0, 1, 0)),
        ([apple(0, 0, 10, 10)], [apple(1, 0, 10, 10)], (1, 0, 0)),
        ([apple(0, 0, 10, 10)], [apple(6, 0, 16, 10)], (0, 1, 1)),
        ([apple(0, 0, 10, 10)], [apple(0, 0, 10, 10), apple(0, 0, 10, 9)], (1, 1, 0)),
        ([apple(0, 0, 10, 10)], [apple(0, 0, 10, 10, name="pear")], (0, 1, 1)),
    ],
)
def test_right_wrong_and_missed(truths, found, counted):
    assert _count(100, 100, truths, found, 0.5) == counted


def counts(rng, photos, recall, objects=4):
    right = rng.binomial(objects, recall, photos)
    return np.stack([right, rng.poisson(0.3, photos), objects - right], axis=1)


@pytest.mark.parametrize("paired", [True, False])
def test_a_clear_gain_is_seen_and_chance_is_not(paired):
    rng = np.random.default_rng(1)
    assert _p_value(counts(rng, 60, 0.9), counts(rng, 60, 0.6), paired, 500) < 0.01
    assert _p_value(counts(rng, 60, 0.6), counts(rng, 60, 0.9), paired, 500) > 0.9
    by_luck = sum(_p_value(counts(rng, 30, 0.8), counts(rng, 30, 0.8), paired, 200) <= 0.05 for _ in range(60))
    assert by_luck <= 9  # 3 expected of 60; more than 9 has a probability under 0.001


def seen(feedback, name, photo_id, right, wrong, missed):
    """Let a version answer a photo with these counts."""
    boxes = [[20 * i, 0, 20 * i + 10, 10] for i in range(right + missed)]
    found = [{"class": "apple", "score": 0.9, "box": b} for b in boxes[:right]]
    found += [{"class": "apple", "score": 0.9, "box": [20 * i, 50, 20 * i + 10, 60]} for i in range(wrong)]
    feedback.keep(photo_id, name, "me", (500, 100), found, shown=True)
    return [{"class": "apple", "box": b} for b in boxes]


def test_each_further_question_wants_stronger_proof(tmp_path):
    feedback = Feedback(tmp_path / "f.sqlite", Settings(promote_photos=20))
    rng = np.random.default_rng(0)
    for i in range(30):
        seen(feedback, "old", f"p{i}", 2, 1, 2)
        gain = int(rng.random() < 0.8)
        truth = seen(feedback, "new", f"p{i}", 2 + gain, 1, 2 - gain)
        assert feedback.review(f"p{i}", "me", truth) == ["new", "old"]
    first, tenth = (feedback.compare("new", "old", asks) for asks in (1, 10))
    assert first.better and first.paired
    assert (first.p, first.photos) == (tenth.p, 30)
    assert tenth.level == pytest.approx(first.level / 100)
    assert not feedback.compare("old", "new", 1).better
    levels = [feedback.compare("new", "old", k).level for k in range(1, 40)]
    assert sum(levels) < 0.05


def test_a_review_may_come_first_and_be_corrected_and_belongs_to_its_owner(tmp_path):
    feedback = Feedback(tmp_path / "f.sqlite", Settings())
    truth = seen(feedback, "old", "p", 2, 0, 0)
    assert feedback.review("p", "somebody", truth) is None
    assert feedback.review("p", "me", []) == ["old"]
    assert feedback.quality("old")[1]["precision"] == 0.0
    assert feedback.review("p", "me", truth) == ["old"]
    assert feedback.quality("old") == (1, {"precision": 1.0, "recall": 1.0, "f1": 1.0})
    seen(feedback, "late_shadow", "p", 1, 0, 1)
    assert feedback.quality("late_shadow")[0] == 1
    feedback.sweep()
    assert feedback.quality("old")[0] == 1
