"""One vocabulary makes thousands of distinct prompts; what would spoil an image is refused."""

import json

import pytest

import prompts
from tests.pipeline import new_run
from tools.core.errors import FixArguments
from tools.core.task import Budget, ClassSpec, TaskSpec
from tools.scenes.captions import caption, near_identical, say_distinctly
from tools.scenes.phrases import MAX_PHRASES, Phrases, checked_phrases, content_words
from tools.scenes.scene import SceneObject, SceneSpec
from tools.scenes.vocabulary import KNOWN_VALUES, build_vocabulary
from tools.steps.scenes import design, sample_scenes

TASK = TaskSpec(kind="segment", classes=[ClassSpec(name="ripe tomato", drawn_as="tomato")],
                budget=Budget(images=2000, rounds=1))  # fmt: skip
# What one answer of a language model holds, after the examples of prompts/phrases.md.
WORDS = {
    "context": {
        "bush": ["on a vine between wet leaves", "in a crowded greenhouse row", "behind a torn shade net"],
        "table": ["in a dented plastic crate", "on a sorting bench", "on newspaper sheets"],
        "floor": ["on cracked concrete", "beside a drain"],
    },
    "light": {
        "sun": ["hard noon light through glass", "dappled light", "sun from the left"],
        "deep shade": ["green reflected light", "late evening without lamps"],
        "overcast": ["flat white sky", "drizzle outside"],
    },
    "viewpoint": {"eye level": ["from a picking trolley", "at plant height"], "from above": ["camera on a stick"]},
    "details": {"ripe tomato": ["skin cracked near the stem", "dusty skin", "water drops on the skin"]},
    "styles": ["phone snapshot, tilted", "35 mm, shallow focus", "security camera, noisy", "flash, dark corners",
               "action camera, wide", "dirty lens", "motion blur"],
}  # fmt: skip


def _scene(seed, **axes):
    thing = SceneObject(class_name="ripe tomato", drawn_as="tomato", box=(0.5, 0.5, 0.2, 0.2))
    values = {"context": "table", "light": "sun"} | axes
    return SceneSpec(**values, family="f", seed=seed, objects=[thing])


def _things():
    from tools.generators.blender.library import Library

    library = Library()
    return {key: library.spec(key) for key in ("tomato",)}


def test_one_vocabulary_yields_a_thousand_distinct_prompts():
    words = build_vocabulary(TASK, _things(), 0.8, {"phrases": WORDS})
    scenes = sample_scenes(TASK, words, 1500, 3)
    distinct = {content_words(s.caption) for s in scenes}
    assert len(distinct) >= 1000
    assert near_identical(scenes) == 1500 - len(distinct)
    assert len({w for s in scenes for w in content_words(s.caption)}) > 100
    plain = sample_scenes(TASK, build_vocabulary(TASK, _things(), 0.8), 1500, 3)
    assert len({content_words(s.caption) for s in plain}) < len(distinct)
    assert [s.id for s in plain] == [s.id for s in scenes]  # words change no scene


def test_near_identical_prompts_are_said_anew():
    scenes = [_scene(7) for _ in range(10)]
    assert say_distinctly(scenes, checked_phrases(WORDS, TASK, KNOWN_VALUES)) == []
    assert near_identical(scenes) == 0
    plain = [_scene(7) for _ in range(3)]
    assert len(say_distinctly(plain, Phrases())) == 2  # nothing else to say
    later = [_scene(7)]
    say_distinctly(later, checked_phrases(WORDS, TASK, KNOWN_VALUES), scenes)
    assert near_identical([*scenes, *later]) == 0


@pytest.mark.parametrize(
    ("a", "b", "same"),
    [
        ("A photo of two red apples on a table", "photo of a red apple, on the table", True),
        ("three apples on a table", "five apples on a table", True),  # generators can hardly count
        ("apples in the sun on a table", "on a table in the sun: apples", True),
        ("an apple on a table", "an apple on a shelf", False),
        ("a red apple", "a green apple", False),
    ],
)
def test_near_identical(a, b, same):
    assert (content_words(a) == content_words(b)) is same


@pytest.mark.parametrize(
    ("wish", "sentence"),
    [
        ([], "must be an object"),
        ({"mood": {}}, "no axis 'mood'"),
        ({"light": {"moon": ["x"]}}, "there is no 'moon'"),
        ({"light": {"sun": "bright"}}, "must be a list of phrases"),
        ({"light": {"sun": [""]}}, "must be a list of phrases"),
        ({"light": {"sun": ["x" * 200]}}, "longer than"),
        ({"light": {"sun": [f"light {n}" for n in range(MAX_PHRASES + 1)]}}, f"at most {MAX_PHRASES}"),
        ({"context": {"table": ["beside two ripe tomatoes"]}}, "names the class 'ripe tomato'"),
        ({"styles": ["a tomato farm's webcam"]}, "names the class"),
        ({"details": {"apple": ["red"]}}, "there is no 'apple'"),
    ],
)
def test_what_cannot_be_used_is_refused(wish, sentence):
    with pytest.raises(FixArguments, match=sentence):
        checked_phrases(wish, TASK, KNOWN_VALUES)


def test_phrases_that_say_the_same_count_once():
    said = checked_phrases({"styles": ["a dirty lens", "dirty lens", " the dirty  lens. "]}, TASK, KNOWN_VALUES)
    assert said.styles == ["a dirty lens"]


def test_what_has_no_phrase_is_said_in_built_in_words():
    scene = _scene(0, weather="haze")
    text = caption(scene.axes(), scene.objects, checked_phrases({"light": {"sun": ["noon"]}}, TASK, KNOWN_VALUES), 5)
    assert text == "A photo of a ripe tomato on a table, noon, hazy air, seen at eye level, from near by"


def test_the_versions_of_the_prompts_are_kept_with_each_scene(tmp_path):
    run = new_run(tmp_path, "tomato", images=8, rounds=1, generator="diffusion")
    report = json.loads(design(run, 8, [], {"phrases": {"styles": ["phone snapshot", "old webcam"]}}))
    assert "near_identical_prompts" in report or report["targets"]
    versions = {name: prompts.version(name) for name in ("agent", "vocabulary", "phrases")}
    assert all(s.prompts == versions for s in run.dataset.scenes())
    assert all("phone snapshot" in s.caption or "old webcam" in s.caption for s in run.dataset.scenes())
    plain = new_run(tmp_path / "plain", "tomato", images=8, rounds=1)
    design(plain, 8, [], None)
    assert not any(s.prompts for s in plain.dataset.scenes())


def test_the_examples_in_the_prompt_are_valid():
    blocks = [b.split("```")[0] for b in prompts.load("phrases").split("```json")[1:]]
    assert len(blocks) == 2
    for block, name in zip(blocks, ("ripe tomato", "bottle"), strict=True):
        task = TASK.model_copy(update={"classes": [ClassSpec(name=name)]})
        assert checked_phrases(json.loads(block)["phrases"], task, KNOWN_VALUES)
