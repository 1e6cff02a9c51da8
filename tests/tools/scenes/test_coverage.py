"""Pairs of values come up evenly at every count, whatever is fixed, forbidden or there already."""

import itertools
from collections import Counter

import numpy as np
import pytest

from tools.scenes.coverage import cover_pairs

SIZES = {"place": 12, "light": 7, "view": 5, "far": 4, "look": 4, "wet": 3, "many": 3, "hid": 3}
AXES = {name: {f"{name}{i}": 1.0 for i in range(n)} for name, n in SIZES.items()}


def _ratios(rows, axes=AXES):
    """Count over expected count of every pair."""
    ratios = []
    for one, other in itertools.combinations(axes, 2):
        counts = Counter((r[one], r[other]) for r in rows)
        due = len(rows) / (len(axes[one]) * len(axes[other]))
        ratios += [counts[v, w] / due for v in axes[one] for w in axes[other]]
    return np.array(ratios)


def _chance(count, rng):
    return [{n: str(rng.choice(list(v))) for n, v in AXES.items()} for _ in range(count)]


@pytest.mark.parametrize(
    ("count", "covered", "least", "most"),
    [(80, 0.98, 0.0, 2.2), (132, 0.995, 0.0, 1.95), (480, 1.0, 0.8, 1.3), (2000, 1.0, 0.95, 1.05)],
)
def test_every_pair_has_its_share(count, covered, least, most):
    ratios = _ratios(cover_pairs(AXES, count, np.random.default_rng(0)))
    assert (ratios > 0).mean() >= covered
    assert least <= ratios.min()
    assert ratios.max() <= most
    chance = _ratios(_chance(count, np.random.default_rng(0)))
    assert ratios.std() < 0.5 * chance.std()


def test_weights_are_shares():
    axes = {"a": {"x": 3.0, "y": 1.0, "never": 0.0}, "b": {"u": 1.0, "v": 1.0}}
    rows = cover_pairs(axes, 80, np.random.default_rng(0))
    assert Counter((r["a"], r["b"]) for r in rows) == {("x", "u"): 30, ("x", "v"): 30, ("y", "u"): 10, ("y", "v"): 10}


def test_what_exists_already_comes_last():
    axes = {"a": {"x": 1.0, "y": 1.0}, "b": {"u": 1.0, "v": 1.0}}
    earlier = [{"a": "x", "b": "u"}] * 6 + [{"a": "elsewhere", "b": "v"}, {}]
    rows = cover_pairs(axes, 6, np.random.default_rng(0), earlier=earlier)
    assert ("x", "u") not in {(r["a"], r["b"]) for r in rows}


def test_fixed_values_are_kept_and_the_rest_still_varies():
    fixed = [{"light": "light2"}] * 60
    rows = cover_pairs(AXES, 100, np.random.default_rng(0), fixed=fixed)
    assert {r["light"] for r in rows[:60]} == {"light2"}
    assert Counter(r["place"] for r in rows[:60]).most_common()[-1][1] >= 3  # 5 each when even
    assert "light2" not in {r["light"] for r in rows[60:]}  # it has more than its share


def test_forbidden_pairs_never_occur_and_values_without_a_partner_are_left_out():
    axes = {"a": {"x": 1.0, "y": 1.0}, "b": {"u": 1.0, "v": 1.0, "w": 1.0}}
    forbidden = [("a", "x", "b", "u"), ("b", "w", "a", "x"), ("a", "y", "b", "w")]
    rows = cover_pairs(axes, 30, np.random.default_rng(0), forbidden=forbidden)
    assert {(r["a"], r["b"]) for r in rows} == {("x", "v"), ("y", "u"), ("y", "v")}


@pytest.mark.parametrize(
    ("fixed", "forbidden"),
    [
        ({"a": "x", "b": "u"}, [("a", "x", "b", "u")]),
        ({"a": "x"}, [("a", "x", "b", "u"), ("a", "x", "b", "v")]),  # x goes with nothing
        ({}, [("a", "x", "b", "u"), ("a", "x", "b", "v"), ("a", "y", "b", "u"), ("a", "y", "b", "v")]),
    ],
)
def test_what_excludes_itself_is_refused(fixed, forbidden):
    axes = {"a": {"x": 1.0, "y": 1.0}, "b": {"u": 1.0, "v": 1.0}}
    with pytest.raises(ValueError, match=r"excludes|goes with nothing|is possible"):
        cover_pairs(axes, 3, np.random.default_rng(0), fixed=[fixed], forbidden=forbidden)


def test_nothing_wanted_nothing_drawn():
    assert cover_pairs(AXES, 0, np.random.default_rng(0)) == []
