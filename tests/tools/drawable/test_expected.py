"""What a score on renders is worth on photos is told by runs of things seen alike, and by none where there is none."""

import pytest

from tools.core.settings import Settings
from tools.core.task import Budget, ClassSpec, TaskSpec
from tools.drawable.expected import expected_on_photos, own_runs, seen_as
from tools.generators.blender.catalogue import catalogue
from tools.generators.blender.library import Library
from tools.runs.expected import MEASURED, Judged, keeps_little, said
from tools.runs.runtime import RunContext, RunRecord


@pytest.mark.parametrize(
    ("key", "how"),
    [
        ("red blood cell", "slide"), ("apple", "fruit"), ("dog", "alive"), ("worker", "person"),
        ("face", "person"), ("crack", "surface"),
        ("bolt", ""), ("bicycle", ""), ("leaf", ""), ("fig", "fruit"), ("air bubble", "liquid"), ("shark", "alive"),
    ],
)  # fmt: skip
def test_things_are_told_by_how_they_are_seen(key, how):
    assert seen_as(catalogue()[key]) == how
    assert how in MEASURED or not how


def test_what_nothing_is_known_of_is_not_told_by_another():
    assert "not known" in said([]) and "无从得知" in said([], zh=True) and not keeps_little([])


@pytest.mark.parametrize(
    ("kind", "generator", "told"),
    [("detect", "blender", ["apples"]), ("classify", "blender", []), ("detect", "diffusion", [])],
)
def test_measured_runs_are_told_of_what_is_drawn_and_found_as_they_were(tmp_path, kind, generator, told):
    classes = [ClassSpec(name=n, drawn_as=n) for n in ("apple", "pear")]
    task = TaskSpec(kind=kind, classes=classes, budget=Budget(images=9, rounds=1))
    run = RunContext(tmp_path, RunRecord(name="r", request="", created=""), Settings(generator=generator))
    assert [one.what for one in expected_on_photos(run, task, Library())] == told


def test_own_runs_of_the_same_things_count_where_photos_judged_them():
    task = TaskSpec(kind="detect", classes=[ClassSpec(name="mug")], budget=Budget(images=9, rounds=1))
    both = {"synthetic_test": 0.9, "real_test": 0.6}
    lesson = {"run": "mugs", "kind": "detect", "same_class": True, "scores": both, "metric": "mask_map50"}
    others = [
        lesson | {"same_class": False}, lesson | {"kind": "segment"}, lesson | {"scores": {"synthetic_test": 0.9}},
    ]  # fmt: skip
    assert own_runs([lesson, *others], task) == [
        Judged(what="mugs", synthetic=0.9, real=0.6, metric="mask mAP50", own=True)
    ]


def test_a_sentence_tells_both_scores_and_when_little_is_kept():
    alive, people, cells = (said(MEASURED[how]) for how in ("alive", "person", "slide"))
    assert "dogs in all kinds of scenes 0.80 on renders and 0.01 on 256 photos" in alive and "Little" not in alive
    cats = [Judged(what="cats", synthetic=0.8, real=0.3, photos=9)]
    assert "Little of it is kept" in said(cats) and "一小部分" in said(cats, zh=True)
    assert "pedestrians 0.53 on renders and 0.65 on 85 photos" in people and "0.12 on 128 photos" in people
    assert "Little" not in people
    assert "Little" not in cells and "blood cells 0.98" in cells
    assert "行人" in said(MEASURED["person"], zh=True)
    assert "狗" in said(MEASURED["alive"], zh=True)
    assert "bubbles 100 %" in said(MEASURED["liquid"], plain=True)  # more on photos than on renders is no gain
    assert "apples 94 %" in said(MEASURED["fruit"], plain=True) and "苹果 94 %" in said(
        MEASURED["fruit"], zh=True, plain=True
    )
    assert "mAP" not in said(MEASURED["alive"], plain=True)  # for who grows apples
    assert "mugs 0.90 on renders and 0.60 on photos" in said([Judged(what="mugs", synthetic=0.9, real=0.6, own=True)])
