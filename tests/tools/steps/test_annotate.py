"""Exact labels are checked, clipped and counted; what nobody can see is not labelled."""

import json

import cv2
import numpy as np
import pytest

from tests.fakes import ShapeGenerator
from tests.pipeline import new_run
from tests.tools.colours import COLOURS, ColourDetector, ColourSegmenter
from tools.annotators.detect_and_segment import DetectAndSegment, LabelRules, Ontology
from tools.annotators.exact import ExactAnnotator
from tools.core.errors import FixArguments, StepFailed, Stopped
from tools.core.task import Budget, ClassSpec, TaskSpec
from tools.data.sample import Instance, Sample, encode_mask, mask_box
from tools.scenes.scene import SceneObject, SceneSpec
from tools.steps.annotate import annotate, audit_run, count_problem
from tools.steps.curate import curate
from tools.steps.generate import generate
from tools.steps.scenes import design
from tools.steps.score import score

TASK = TaskSpec(kind="segment", classes=[ClassSpec(name="apple")], budget=Budget(images=1, rounds=1))


def _instance(x1, y1, x2, y2, name="apple", box=None, size=32):
    mask = np.zeros((size, size), bool)
    mask[y1:y2, x1:x2] = True
    return Instance(class_name=name, box=box or (x1, y1, x2, y2), counts=encode_mask(mask))


def _sample(*instances):
    return Sample(
        id="s", image="s.png", width=32, height=32, sha256="", family="f", engine="e", instances=list(instances)
    )


@pytest.mark.parametrize(
    ("instance", "boxes"),
    [
        (_instance(2, 2, 10, 10), [(2, 2, 10, 10)]),
        (_instance(2, 2, 5, 6), [(2, 2, 5, 6)]),  # 12 pixels: just enough
        (_instance(2, 2, 5, 5), []),  # 9 pixels: nobody could see it
        (_instance(2, 2, 2, 2, box=(0, 0, 4, 4)), []),  # an empty mask
        (_instance(2, 2, 10, 10, name="lemon"), []),  # no class of the task
        (_instance(20, 20, 32, 32, box=(20, 20, 60, 60)), [(20, 20, 32, 32)]),  # the box is that of what is seen
        (Instance(class_name="apple", box=(2, 2, 10, 10)), []),  # only a box: not an exact label
    ],
)
def test_exact(instance, boxes):
    image = np.zeros((32, 32, 3), np.uint8)
    assert [i.box for i in ExactAnnotator(12).annotate(image, _sample(instance), TASK)] == boxes


def _made(folder, *names, **options):
    run = new_run(folder, *names, images=16, rounds=1, min_quality=0.0, **options)
    design(run, None, [], None)
    generate(run)
    score(run)
    curate(run)
    return run


def test_labels_are_counted_and_true(tmp_path):
    run = _made(tmp_path, "apple", "lemon")
    answer = json.loads(annotate(run))
    kept = list(run.dataset.samples(verdict="kept"))
    assert sum(answer["labels"].values()) == sum(len(s.instances) for s in kept)
    assert set(answer["labels"]) == {"apple", "lemon"}
    assert answer["empties"] == sum(not s.instances for s in kept)
    for sample in kept:
        for instance in sample.instances:
            mask = instance.mask(96, 96)
            assert mask.sum() >= run.settings.annotation.min_instance_px
            assert instance.box == mask_box(mask)


def test_doing_it_twice_changes_nothing(tmp_path):
    run = _made(tmp_path)
    annotate(run)
    before = [s.model_dump() for s in run.dataset.samples()]
    annotate(run)
    assert [s.model_dump() for s in run.dataset.samples()] == before


def test_too_small_is_not_labelled_and_said(tmp_path):
    run = _made(tmp_path, min_instance_px=400)
    before = sum(len(s.instances) for s in run.dataset.samples(verdict="kept"))
    answer = json.loads(annotate(run))
    after = sum(len(s.instances) for s in run.dataset.samples(verdict="kept"))
    assert answer["too_small_to_label"] == before - after > 0


def test_a_class_without_a_label_is_said(tmp_path):
    run = _made(tmp_path, "apple", "lemon")
    for sample in run.dataset.samples():
        run.dataset.set_instances(sample.id, [i for i in sample.instances if i.class_name == "apple"])
    assert json.loads(annotate(run))["weak"] == ["no label for class 'lemon'"]


def test_no_label_at_all_is_an_error(tmp_path):
    run = _made(tmp_path)
    for sample in run.dataset.samples():
        run.dataset.set_instances(sample.id, [])
    with pytest.raises(StepFailed, match="not one object can be seen"):
        annotate(run)


def test_a_class_label_needs_something_to_be_seen(tmp_path):
    run = _made(tmp_path, "apple", "lemon", kind="classify")
    hidden = next(run.dataset.samples(verdict="kept"))
    run.dataset.set_instances(hidden.id, [])
    kept = run.round.kept
    answer = json.loads(annotate(run))
    assert answer["dropped_because_hidden"] == 1
    assert run.dataset.sample(hidden.id).verdict == "dropped"
    assert run.round.kept == kept - 1 == run.dataset.count(verdict="kept")


def test_a_stop_is_heard(tmp_path):
    run = _made(tmp_path)
    run.stop_requested.set()
    with pytest.raises(Stopped):
        annotate(run)


def test_nothing_kept_and_unknown_engines_are_said(tmp_path):
    run = new_run(tmp_path / "a")
    with pytest.raises(StepFailed, match="curate_dataset"):
        annotate(run)
    run.settings.annotation.annotator = "guess"
    with pytest.raises(FixArguments, match="'guess'"):
        annotate(run)


# Images that come without labels ------------------------------------------------------------------------------------


class Worded(ShapeGenerator):
    """Draws squares of the classes' colours from words alone: nothing is known of where they are."""

    name = "diffusion"

    def _draw(self, scene):
        image = np.full((self.size_px, self.size_px, 3), COLOURS["background"], np.uint8)
        for index, thing in enumerate(scene.targets[:4]):
            x, y = 8 + 44 * (index % 2), 8 + 44 * (index // 2)
            image[y : y + 36, x : x + 36] = COLOURS[thing.class_name]
        return image, {"target": [], "lookalike": []}


def _worded(folder, **options):
    engines = {"generator": "tests.tools.steps.test_annotate:Worded", "annotator": "detect_and_segment"}
    sizes = {"images": 12, "rounds": 1, "size_px": 96}
    run = new_run(folder, "apple", "lemon", min_quality=0.0, max_cosine=1.1, **engines, **sizes, **options)
    design(run, 12, [], None if run.task.kind == "classify" else {"crowding": {"many": 0}})
    generate(run)
    curate(run)
    return run


def _engine(run, **parts):
    detectors = parts.pop("detectors", None) or [ColourDetector()]
    rules = LabelRules(tuple(0.3 for _ in detectors), flip=False)
    return DetectAndSegment(detectors, parts.pop("segmenter", ColourSegmenter()), Ontology.of(run.task, {}), rules)


def test_labels_are_found_where_none_came(tmp_path):
    run = _worded(tmp_path)
    assert not any(s.instances for s in run.dataset.samples())
    answer = json.loads(annotate(run, _engine(run)))
    kept = list(run.dataset.samples(verdict="kept"))
    planned = {s.id: len(s.targets) for s in run.dataset.scenes()}
    assert [len(s.instances) for s in kept] == [planned[s.scene_id] for s in kept]
    assert sum(answer["labels"].values()) == sum(map(len, (s.instances for s in kept)))
    assert {i.source for s in kept for i in s.instances} == {"colours+colour-cut"}
    assert run.record.engines["detect_and_segment"]["for"] == "labels"
    assert "audit" not in answer  # nothing here is known exactly


def test_labelling_twice_asks_once(tmp_path):
    run = _worded(tmp_path)
    annotate(run, _engine(run))
    before = [s.model_dump() for s in run.dataset.samples()]
    detector = ColourDetector()
    annotate(run, _engine(run, detectors=[detector]))
    assert [s.model_dump() for s in run.dataset.samples()] == before
    assert detector.calls == 0


def test_the_sets_that_measure_are_sized_by_what_will_stay(tmp_path, monkeypatch):
    shares = {}
    for each in (1, 3):
        run = new_run(
            tmp_path / str(each), images=180, rounds=1, max_cosine=1.1, generator="diffusion", candidates=each
        )
        design(run, None, [], None)
        monkeypatch.setattr("tools.steps.generate.make_generator", lambda run: ShapeGenerator(run.settings))
        generate(run)
        curate(run)
        kept = list(run.dataset.samples(verdict="kept"))
        shares[each] = sum(s.split == "test" for s in kept) / len(kept)
    assert shares[1] == pytest.approx(0.15, abs=0.03)  # of 180 images that measures enough
    assert shares[3] == pytest.approx(0.2, abs=0.03)  # of the sixty that will stay it would not


class Wanders(ShapeGenerator):
    """Draws the first thing asked for as a square of its class's colour: in its place, or small in a corner."""

    name = "diffusion"

    def _draw(self, scene):
        image = np.full((self.size_px, self.size_px, 3), COLOURS["background"], np.uint8)
        for thing in scene.targets[:1]:
            cx, cy, w, h = (int(v * self.size_px) for v in thing.box)
            at = scene.seed % 80
            box = (cx - w // 2, cy - h // 2, cx + w // 2, cy + h // 2) if scene.seed % 3 == 0 else (2, at, 14, at + 12)
            x1, y1, x2, y2 = np.clip(box, 0, self.size_px)
            image[y1:y2, x1:x2] = COLOURS[thing.class_name]
        return image, {"target": [], "lookalike": []}


def test_of_several_images_of_a_layout_the_one_that_fits_it_is_kept(tmp_path, monkeypatch):
    options = {"generator": "diffusion", "candidates": 3, "annotator": "detect_and_segment"}
    limits = {"min_quality": 0.0, "max_cosine": 1.1, "negative_share": 0.0}
    run = new_run(tmp_path, "apple", "lemon", images=24, rounds=1, **limits, **options)
    planned = json.loads(design(run, None, [], {"crowding": {"few": 0, "many": 0}, "distance": {"close": 1}}))
    assert (planned["layouts"], len(run.dataset.scenes())) == (8, 24)
    assert not planned.get("near_identical_prompts")
    monkeypatch.setattr("tools.steps.generate.make_generator", lambda run: Wanders(run.settings))
    generate(run)
    curate(run)
    answer = json.loads(annotate(run, _engine(run)))
    scenes = {s.id: s for s in run.dataset.scenes()}
    kept = [scenes[s.scene_id] for s in run.dataset.samples(verdict="kept")]
    assert len({s.layout_id for s in kept}) == len(kept) == run.round.kept == 8
    assert answer["another_of_the_layout_was_better"] == 16
    assert {s.seed % 3 for s in kept} == {0}
    assert sum(answer["labels"].values()) == 8
    dropped = list(run.dataset.samples(verdict="dropped"))
    assert {tuple(s.reasons) for s in dropped} == {("another picture of the same layout shows it better",)}
    before = [s.model_dump() for s in run.dataset.samples()]
    annotate(run, _engine(run))
    assert [s.model_dump() for s in run.dataset.samples()] == before


def test_images_with_too_few_objects_are_dropped(tmp_path):
    """Of two planned classes one is never found: those images would teach that it is nothing."""
    run = _worded(tmp_path)
    answer = json.loads(annotate(run, _engine(run, detectors=[ColourDetector(blind=["lemon"])])))
    assert answer["pictures_dropped"]["fewer objects found than planned"] > 0
    for sample in run.dataset.samples(verdict="dropped"):
        if sample.reasons == ["fewer objects found than planned"]:
            assert not sample.instances or len(sample.instances) < 3


@pytest.mark.parametrize(
    ("planned", "found", "problem"),
    [
        (0, 0, None),
        (0, 1, "something to find where nothing should be"),
        (1, 0, "fewer objects found than planned"),
        (1, 1, None),
        (1, 2, None),  # a second one does no harm
        (1, 3, "more objects found than planned"),
        (4, 2, None),
        (4, 1, "fewer objects found than planned"),
        (4, 8, "more objects found than planned"),
    ],
)
def test_count(planned, found, problem):
    objects = [SceneObject(class_name="apple", drawn_as="apple", box=(0.5, 0.5, 0.1, 0.1))] * planned
    scene = SceneSpec(context="table", light="sun", objects=objects, family="f", seed=0)
    labels = [Instance(class_name="apple", box=(0, 0, 9, 9))] * found
    assert count_problem(scene, labels, 0.5) == problem


def test_exact_labels_stay_and_measure_the_annotator(tmp_path):
    run = _made(tmp_path, "apple", "lemon", annotator="detect_and_segment")
    truth = {s.id: s.instances for s in run.dataset.samples(verdict="kept")}

    class Rough(DetectAndSegment):
        """Knows where things are, and draws their masks two pixels too small."""

        def annotate_many(self, images, samples, task):
            shrink = np.ones((3, 3), np.uint8)
            own = []
            for sample in samples:
                masks = [
                    (i, cv2.erode(i.mask(96, 96).astype(np.uint8), shrink, iterations=2)) for i in truth[sample.id]
                ]
                own.append([Instance(class_name=i.class_name, box=mask_box(m > 0), counts=encode_mask(m > 0))
                            for i, m in masks if m.any()])  # fmt: skip
            return own

    engine = _engine(run)
    engine.__class__ = Rough
    answer = json.loads(annotate(run, engine))
    assert {i.source for s in run.dataset.samples() for i in s.instances} == {"exact"}
    assert run.dataset.count(verdict="kept") == len(truth)
    measured = run.record.audits["detect_and_segment"]
    assert 0.5 < measured.overall.iou < 0.95
    assert measured.overall.dice > measured.overall.iou
    assert set(measured.per_class) == {"apple", "lemon"}
    assert "0.951" in answer["audit"]


def test_a_run_can_be_audited_at_any_time(tmp_path):
    run = _made(tmp_path / "exact", "apple", "lemon")
    before = [s.model_dump() for s in run.dataset.samples()]
    engine = _engine(run, detectors=[ColourDetector(blind=["apple", "lemon"])])
    measured = audit_run(run, engine)
    assert (measured.overall.found, measured.overall.missed) == (0, 1.0)
    assert run.record.audits == {"detect_and_segment": measured}
    assert [s.model_dump() for s in run.dataset.samples()] == before
    with pytest.raises(FixArguments, match="exact masks"):
        audit_run(_worded(tmp_path / "worded"), engine)


def test_an_image_that_clip_agrees_with_needs_no_box(tmp_path):
    """Classification: the label says what the whole image shows."""
    run = _worded(tmp_path, kind="classify")
    blind = [ColourDetector(blind=["apple", "lemon"])]
    ids = [s.id for s in run.dataset.samples(verdict="kept")]
    run.dataset.update_samples({i: {"scores": {"clip": 0.6}} for i in ids[1:]})
    answer = json.loads(annotate(run, _engine(run, detectors=blind)))
    assert answer["dropped_because_hidden"] == 1
    assert [s.id for s in run.dataset.samples(verdict="kept")] == ids[1:]
