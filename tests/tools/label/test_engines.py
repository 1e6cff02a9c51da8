"""Which engine is taken, what it says of itself, and what scores are found to be worth."""

import json

import numpy as np
import pytest

from tests.runs import evaluation, make_run
from tests.tools.colours import COLOURS, ColourEmbedder
from tests.tools.full import full_after
from tests.tools.label.colour_engine import ColourEngine, photo, settings, write
from tools.core.errors import FixArguments, StepFailed
from tools.core.files import trouble
from tools.data.formats.labels import LabelledImage
from tools.data.sample import Instance, encode_mask
from tools.label import engines
from tools.label.choosing import Choice, choose, make_engine
from tools.label.command import Labelling, label_photos
from tools.label.confidence import NEVER, Confidence, fit_confidence
from tools.label.engines import ClipNamer, ProposalEngine, disagreements
from tools.label.export import write_export
from tools.label.labeler import AutoLabeler, label_task

pytestmark = pytest.mark.slow


def a_run(tmp_path, name, names=("apple",), kind="segment", real=None, synthetic=0.7, photos=20):
    """A finished run with true, untrained weights."""
    from tools.models.checkpoint import save
    from tools.models.networks import architecture_name, build_network

    run = make_run(tmp_path / "runs" / name, names=names, kind=kind, images=1)
    architecture = architecture_name("yolo11n", kind)
    network = build_network(architecture, names)
    save(run.path(run.record.best.weights), network.state_dict(), architecture=architecture, names=names, size_px=64)
    found = {"real_test": real, "synthetic_test": synthetic}
    for on, score in found.items():
        run.record.evaluation[on] = None if score is None else evaluation(on, score, kind, images=photos)
    run.save()
    run.dataset.close()
    return run


def test_the_best_earlier_run_that_knows_the_class_is_taken(tmp_path):
    weak, strong, other = (
        a_run(tmp_path, "weak", real=0.3),
        a_run(tmp_path, "strong", real=0.6),
        a_run(tmp_path, "other", names=("pear",), real=0.9),
    )
    choice = choose(label_task("apples"), settings(tmp_path))
    assert choice.name == str(strong.path(strong.record.best.weights))
    assert choice.threshold == 0.31 and "run strong" in choice.why and "0.60 on real photos" in choice.why
    assert choose(label_task("apple"), settings(tmp_path), "weak").why.endswith("run weak")
    assert choose(label_task("lemon"), settings(tmp_path)).name == "starter"
    engine = make_engine(label_task("apples"), settings(tmp_path), choice)
    assert all(i.class_name == "apples" for i in engine.find([photo()], 0.0)[0])
    with pytest.raises(FixArguments, match="asked for is to segment lemon"):
        make_engine(label_task("lemon"), settings(tmp_path), choose(label_task("lemon"), settings(tmp_path), "weak"))
    assert other.record.name == "other" and weak.record.best is not None


@pytest.mark.parametrize(
    ("runs", "expected"),
    [
        ({"poor": {"synthetic": None}}, "starter"),  # never measured
        ({"poor": {"synthetic": None}, "good": {"real": 0.6}}, "good"),
        ({"poor": {"real": 0.2}}, "starter"),
        ({"poor": {"synthetic": 0.1}}, "starter"),
        ({"poor": {"real": 0.95, "photos": 1}}, "starter"),  # on one photo
        ({"renders": {"synthetic": 0.9}}, "renders"),
        ({"renders": {"synthetic": 0.9}, "photos": {"real": 0.6}}, "photos"),
        ({"boxes": {"real": 0.9, "kind": "detect"}, "masks": {"synthetic": None}}, "boxes"),
    ],
)
def test_the_best_measured_run_is_taken_and_no_poor_one_before_the_starter(tmp_path, runs, expected):
    made = {name: a_run(tmp_path, name, **options) for name, options in runs.items()}
    choice = choose(label_task("apple"), settings(tmp_path))
    assert choice.name == (
        str(made[expected].path(made[expected].record.best.weights)) if expected in made else expected
    )


def test_where_the_starter_knows_nothing_by_name_any_measured_run_comes_before_it(tmp_path):
    a_run(tmp_path, "unmeasured", names=("gasket",), synthetic=None)
    assert choose(label_task("gasket"), settings(tmp_path)).name == "starter"
    poor = a_run(tmp_path, "poor", names=("gasket",), real=0.2)
    assert choose(label_task("gasket"), settings(tmp_path)).name == str(poor.path(poor.record.best.weights))


@pytest.mark.parametrize("wanted", ["nothing", "runs/none"])
def test_a_model_that_is_not_there(tmp_path, wanted):
    with pytest.raises(FixArguments, match="no such run"):
        choose(label_task("apple"), settings(tmp_path), wanted)


def test_several_classes_that_nothing_tells_apart_are_refused_with_a_way_out(tmp_path):
    task = label_task("gasket,spark plug")
    with pytest.raises(StepFailed, match=r"tell gasket, spark plug apart.*build a model.*--model"):
        make_engine(task, settings(tmp_path), choose(task, settings(tmp_path)))


def test_proposals_say_that_the_class_was_not_recognised(tmp_path):
    task = label_task("gasket")
    engine = make_engine(task, settings(tmp_path), Choice("starter"))
    assert "not recognised" in engine.about and "'gasket'" in engine.about
    found = engine.find([photo(0, ("apple", 30, 20))], 0.01)[0]
    assert all(i.class_name == "gasket" for i in found)
    engine.close()


def test_what_the_starter_knows_by_name_is_told_apart(tmp_path):
    own = settings(tmp_path)
    engine = make_engine(label_task("apples,mugs", "detect"), own, Choice("starter"))
    assert "from renders alone" in engine.about and engine.threshold == own.label.starter_confidence
    found = engine.find([photo(0, ("apple", 30, 20))], 0.0)[0]
    assert {i.class_name for i in found} == {"apples", "mugs"} and all(i.counts is None for i in found)
    assert all(i.counts for i in make_engine(label_task("apple"), own, Choice("starter")).find([photo()], 0.0)[0])
    # It knows no states of things, and nothing twice.
    assert "not recognised" in make_engine(label_task("ripe tomato"), own, Choice("starter")).about
    with pytest.raises(StepFailed, match="tell apple, apples apart"):
        make_engine(label_task("apple,apples"), own, Choice("starter"))


class Proposals:
    """What a class-agnostic model draws: a box around each coloured square, its mask a little too large."""

    def predict_many(self, images, confidence):
        mask = np.zeros((60, 80), bool)
        mask[8:32, 8:32] = True
        return [[Instance(class_name="object", box=(8, 8, 32, 32), counts=encode_mask(mask), score=0.8)]] * len(images)


class Segments:
    def __init__(self, mask):
        self.mask = mask

    def masks(self, image, boxes, points=None):
        return [self.mask for _ in boxes]

    def close(self):
        pass


@pytest.mark.parametrize(("area", "expected"), [((10, 30), 400), ((40, 44), 576)])  # the second shows something else
def test_outlines_are_refined_where_the_segmenter_shows_the_same_thing(area, expected):
    mask = np.zeros((60, 80), bool)
    mask[area[0] : area[1], area[0] : area[1]] = True
    engine = ProposalEngine(Proposals(), label_task("apple"), Segments(mask), 0.3, None)
    assert engine.find([photo()], 0.1)[0][0].mask(60, 80).sum() == expected


def test_proposals_are_named_by_what_looks_at_the_crops():
    task = label_task("apple,lemon")
    engine = ProposalEngine(Proposals(), task, Segments(None), 0.3, ClipNamer(ColourEmbedder(), task, 0.5))
    images = [np.full((60, 80, 3), COLOURS[n], np.uint8) for n in ("apple", "lemon", "leaf")]
    assert [[i.class_name for i in own] for own in engine.find(images, 0.1)] == [["apple"], ["lemon"], []]


def test_when_two_boxes_are_one_is_a_setting(tmp_path):
    a_run(tmp_path, "one")
    task = label_task("apple")
    counts = []
    for iou in (0.1, 0.95):
        own = settings(tmp_path, label_nms_iou=iou)
        counts.append(len(make_engine(task, own, choose(task, own, "one")).find([photo()], 0.0)[0]))
    assert 0 < counts[0] < counts[1]


def test_how_often_a_model_looks_is_a_setting(tmp_path, monkeypatch):
    a_run(tmp_path, "one")
    task, looks = label_task("apple"), []

    def look(predictor, images, least, views, iou):
        looks.append((views, predictor.closer))
        return [[]]

    monkeypatch.setattr(engines, "predict_in_views", look)
    for views, closer in ((1, True), (6, False)):
        own = settings(tmp_path, label_views=views, label_closer=closer)
        make_engine(task, own, choose(task, own, "one")).find([photo()], 0.5)
        make_engine(task, own, Choice("starter")).find([photo()], 0.5)
    assert looks == [(1, True)] * 2 + [(6, False)] * 2


def test_disagreements():
    def at(x, name="a"):
        return Instance(class_name=name, box=(x, 0, x + 10, 10))

    assert disagreements([at(0)], [at(1)], 0.5) == 0
    assert disagreements([at(0)], [at(0, "b")], 0.5) == 2
    assert disagreements([at(0), at(50)], [at(0)], 0.5) == 1


# What scores are worth ------------------------------------------------------------------------------------------------


@pytest.fixture
def labelled(tmp_path):
    """Photos with an apple each; in a third of them a dull patch that is none."""
    entries = []
    for k in range(90):
        dull = [] if k % 3 else [("apple", 50, 30)]
        path = write(tmp_path / "src", f"p{k:03d}.png", number=k)
        image = photo(k, ("apple", 10, 10))
        if dull:
            image[30:50, 50:70] = (172, 30, 30)
        from tools.data.images import write_image

        write_image(path, image)
        entries.append((LabelledImage(path.name, 80, 60, [Instance(class_name="apple", box=(10, 10, 30, 30))]), path))
    write_export(entries, tmp_path / "labelled", "voc", label_task("apple", "detect"))
    return tmp_path / "labelled"


def test_thresholds_reach_the_wanted_precision_on_held_out_photos(tmp_path, labelled):
    task = label_task("apple")
    confidence = fit_confidence(ColourEngine(task, threshold=0.1), labelled, task, settings(tmp_path), 0.9)
    checked = confidence.checked
    assert checked.precision["apple"] == 1.0 and checked.recall["apple"] == 1.0
    assert checked.ece_after <= checked.ece_before and len(checked.before) >= 2
    plain = fit_confidence(ColourEngine(task, threshold=0.1), labelled, task, settings(tmp_path), None)
    assert plain.checked.detections == checked.detections


def test_labels_that_say_what_scores_are_worth_are_read_with_all_that_is_said(tmp_path, labelled):
    spoilt = next(labelled.rglob("p007.xml"))
    spoilt.write_text("<annotation>")
    task = label_task("apple")
    confidence = fit_confidence(ColourEngine(task, threshold=0.1), labelled, task, settings(tmp_path), 0.9)
    assert "1 label that cannot be used is left out" in " ".join(confidence.notes)
    assert "p007.xml" in " ".join(confidence.notes)


def test_a_precision_that_nothing_reaches_leaves_all_to_a_person(tmp_path, labelled):
    task = label_task("leaf")

    class Blind(ColourEngine):
        def find(self, images, least):
            box = Instance(class_name="leaf", box=(60, 0, 70, 10), score=0.9)
            return [[box] for _ in images]

    confidence = fit_confidence(
        Blind(task), labelled, task, settings(tmp_path, class_map={"apple": "leaf"}), 0.9
    )  # fmt: skip
    assert confidence.thresholds == {"leaf": NEVER} and "left to a person" in confidence.notes[-1]


def test_probabilities_and_scores_are_two_ways_of_one_thing():
    from tools.models.calibration import Calibration

    confidence = Confidence(calibration=Calibration(temperature=1.7, shift=-0.4))
    for p in (0.1, 0.5, 0.93):
        assert confidence(confidence.raw(p)) == pytest.approx(p)


def test_one_call_from_photos_to_a_data_set(tmp_path, labelled, monkeypatch):
    """Everything but the engine is real; called again it goes on and changes nothing."""
    monkeypatch.chdir(tmp_path)
    made = []

    def colours(task, _settings, _choice):
        made.append(ColourEngine(task, threshold=0.4))
        return made[-1]

    monkeypatch.setattr("tools.label.command.make_engine", colours)
    monkeypatch.setattr("tools.label.labeler.make_engine", colours)
    task = label_task("apple")
    wanted = Labelling([tmp_path / "src"], task, "yolo", labelled=labelled, precision=0.9)
    outcome = label_photos(wanted, settings(tmp_path))
    assert outcome.summary.photos == 90 and outcome.written.labels == 90
    page = (tmp_path / "src_labels" / "labels.html").read_text()
    assert "Expected calibration error" in page and page.count("<svg") == 2 and "p000.png" in page
    seen = len(made)
    again = label_photos(wanted, settings(tmp_path))
    assert again.summary.new == 0 and again.plain() | {"new": 90} == outcome.plain() and len(made) == seen + 1
    assert made[-1].seen == 0 and all(m.closed for m in made)
    assert json.loads((again.store / "label.json").read_text())["summary"]["photos"] == 90


def test_two_folders_of_one_name_and_what_a_person_changed_stay_apart(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr("tools.label.labeler.make_engine", lambda task, *_: ColourEngine(task, threshold=0.4))
    task, written = label_task("apple"), {}
    for site in ("siteA", "siteB"):
        for k in range(3):
            write(tmp_path / site / "photos", f"{k}.png", ("apple", 10, 10), number=k + (site == "siteB") * 10)
        wanted = Labelling([tmp_path / site / "photos"], task, "voc")
        written[site] = label_photos(wanted, settings(tmp_path)).written.folder
    assert [written[s].name for s in ("siteA", "siteB")] == ["photos_labels", "photos_labels-2"]
    label = next((tmp_path / "photos_labels").rglob("*.xml"))
    label.write_text("<annotation>by hand</annotation>")
    (tmp_path / "photos_labels" / "best.pt").write_text("mine")
    wanted = Labelling([tmp_path / "siteA" / "photos"], task, "voc")
    for _ in range(2):
        outcome = label_photos(wanted, settings(tmp_path))
        assert outcome.written.folder.name == "photos_labels-3"
        assert "left alone" in outcome.plain()["notes"][-1]
    assert outcome.report.is_file()
    assert label.read_text() == "<annotation>by hand</annotation>"
    assert (tmp_path / "photos_labels" / "best.pt").read_text() == "mine"


def test_a_full_disk_at_any_write_is_said_and_the_same_call_goes_on(tmp_path, monkeypatch):
    monkeypatch.setattr("tools.label.labeler.make_engine", lambda task, *_: ColourEngine(task, threshold=0.4))
    for k in range(2):
        write(tmp_path / "photos", f"{k}.png", ("apple", 10, 10), number=k)

    def label(name):
        wanted = Labelling([tmp_path / "photos"], label_task("apple"), to=tmp_path / name / "labels")
        return label_photos(wanted, settings(tmp_path / name))

    with full_after(monkeypatch, 1000) as writes:
        label("calm")
    assert len(writes) >= 6
    for number in range(len(writes)):
        with full_after(monkeypatch, number), pytest.raises((OSError, StepFailed)) as told:
            label(str(number))
        assert "is full" in str(trouble(told.value, tmp_path) or told.value)
        assert label(str(number)).summary.photos == 2
        calm, rough = (sorted(p.name for p in (tmp_path / n / "labels").rglob("*")) for n in ("calm", str(number)))
        assert calm == rough and [p.name for p in (tmp_path / str(number)).iterdir()].count("labels") == 1


def test_precision_without_labels_is_refused(tmp_path, labelled, monkeypatch):
    with pytest.raises(FixArguments, match="needs --labelled"):
        label_photos(Labelling([tmp_path / "src"], label_task("apple"), precision=0.9), settings(tmp_path))


def test_a_second_model_is_asked_too(tmp_path):
    task = label_task("apple")
    labeler = AutoLabeler(task, settings(tmp_path), engine=ColourEngine(task), second="starter")
    assert labeler.second.name == engines.STARTER
    labeler.close()
