"""What a model sees beside what is there, outlines that stand out, frames of a video, and photos to be taught."""

import json

import cv2
import numpy as np
import pytest

from tests.runs import make_run
from tools.core.errors import FixArguments
from tools.data.dataset import Dataset
from tools.data.sample import Instance, Sample, encode_mask
from tools.metrics.predictions import Answer, save_answers
from tools.page import review
from tools.page.browse import WAITS
from tools.page.outlines import PALETTE, colours_for, outlined
from tools.page.seen import NOTHING, confusions, crop, kept_answers, look
from tools.page.teach import coco_of, label_set, shrunk, teach
from tools.page.tried_files import TriedImage, zipped
from tools.runs.photo_sets import ABOUT, PhotoSet


def thing(name, x, y, score=1.0, side=20):
    return Instance(class_name=name, box=(x, y, x + side, y + side), score=score)


def sample(*instances, lookalikes=(), label=None):
    return Sample(
        id="a", image="images/a.png", width=200, height=200, sha256="a", family="a", engine="shapes",
        instances=list(instances), lookalikes=list(lookalikes), label=label,
    )  # fmt: skip


@pytest.mark.parametrize(
    ("truths", "lookalikes", "found", "right", "mistakes"),
    [
        ([], [], [], 0, []),
        ([thing("apple", 0, 0)], [], [thing("apple", 1, 1)], 1, []),
        ([thing("apple", 0, 0)], [], [], 0, [("apple", NOTHING)]),
        ([], [], [thing("apple", 0, 0)], 0, [(NOTHING, "apple")]),
        ([thing("pear", 0, 0)], [], [thing("apple", 1, 1)], 0, [("pear", "apple")]),
        ([], [thing("tomato", 0, 0)], [thing("apple", 2, 2)], 0, [("tomato", "apple")]),
        # the surer of two takes the object; the other is of nothing
        ([thing("apple", 0, 0)], [], [thing("apple", 2, 2, 0.5), thing("apple", 0, 0, 0.9)], 1, [(NOTHING, "apple")]),
    ],
)
def test_each_find_and_each_miss_is_counted_once(truths, lookalikes, found, right, mistakes):
    seen = look(sample(*truths, lookalikes=lookalikes), found, 0.5)
    assert seen.right == right
    assert [(m.lookalike or m.truth, m.found) for m in seen.mistakes] == mistakes
    assert seen.is_right is not bool(mistakes)


def test_confusions_add_up_to_what_is_there():
    images = [
        look(
            sample(thing("apple", 0, 0), thing("pear", 100, 100)), [thing("apple", 0, 0), thing("apple", 100, 100)], 0.5
        ),
        look(sample(thing("apple", 0, 0)), [], 0.5),
    ]
    assert confusions(images) == {("apple", "apple"): 1, ("pear", "apple"): 1, ("apple", NOTHING): 1}


def test_kept_answers_are_those_of_the_model_that_is_handed_over(tmp_path):
    run = make_run(tmp_path / "run", names=("apple", "pear"))
    samples = list(run.dataset.samples(verdict="kept", split="val"))
    run.record.best = run.record.best.model_copy(update={"round": 1, "threshold": 0.5})
    for number, score in ((1, 0.9), (2, 0.1)):
        answers = {s.id: Answer({}, [i.model_copy(update={"score": score}) for i in s.instances]) for s in samples}
        save_answers(run.round_folder(number) / "predictions_synthetic_val.json", answers)
    run.save()
    seen = kept_answers(run.folder, run.record, 0.5)
    assert sum(s.right for s in seen) == sum(len(s.instances) for s in samples) > 0
    assert not any(s.mistakes for s in seen)
    run.record.few = "photos"  # learnt from photos: those are looked at, each by a model that had not seen it
    assert kept_answers(run.folder, run.record, 0.5) == []
    save_answers(run.round_folder(1) / "predictions_cross_val.json", {samples[0].id: Answer({}, [])})
    assert [s.sample.id for s in kept_answers(run.folder, run.record, 0.5)] == [samples[0].id]
    run.record.best = None
    assert kept_answers(run.folder, run.record, 0.5) == []


def test_a_crop_holds_its_object_and_stays_inside():
    image = np.zeros((100, 140, 3), np.uint8)
    image[0:10, 0:10] = 255
    part, box = crop(image, (0, 0, 10, 10), 96)
    assert box == (0, 0, 20, 20)
    assert part.shape == (96, 96, 3)
    assert part[2, 2].min() > 200


@pytest.mark.parametrize("ground", [(220, 30, 30), (30, 160, 40), (250, 210, 0), (250, 250, 250), (10, 10, 10)])
def test_an_outline_has_a_colour_that_its_thing_has_not(ground):
    image = np.full((120, 120, 3), ground, np.uint8)
    found = [thing("apple", 30, 30, side=60)]
    colour = colours_for(image, found, ["apple"])["apple"]
    assert np.linalg.norm(np.subtract(colour, ground)) > 150
    drawn = outlined(image, found, {"apple": colour})
    assert np.linalg.norm(drawn.astype(int) - colour, axis=2).min() < 60  # smoothed lines blend with their edge
    assert (drawn[40:80, 40:80] == ground).all()  # nothing lies over the thing itself


def test_classes_have_colours_of_their_own():
    image = np.full((60, 60, 3), 128, np.uint8)
    found = [thing(f"c{n}", 10, 10) for n in range(len(PALETTE))]
    colours = colours_for(image, found, [f"c{n}" for n in range(len(PALETTE))])
    assert len(set(colours.values())) == len(PALETTE)


# Taught ---------------------------------------------------------------------------------------------------------------


def red_disc(side=80):
    image = np.full((side, side, 3), 90, np.uint8)
    cv2.circle(image, (side // 2, side // 2), side // 4, (220, 20, 20), -1)
    mask = (image == (220, 20, 20)).all(axis=2)
    box = (side / 4, side / 4, 3 * side / 4, 3 * side / 4)
    return image, Instance(class_name="apple", box=box, counts=encode_mask(mask), score=0.6, source="model")


def test_a_photo_that_is_taught_waits_and_is_learnt_from_once_accepted(tmp_path):
    run = make_run(tmp_path / "run")
    image, found = red_disc()
    before = len(list(run.dataset.samples(verdict="kept")))
    name = teach(run.folder, "mine.jpg", image, [found])
    assert teach(run.folder, "mine.jpg", image, [found]) == name  # the same photo once
    waiting = run.dataset.sample(name)
    assert (waiting.verdict, waiting.reasons, waiting.split) == ("dropped", [WAITS], None)
    assert len(list(run.dataset.samples(verdict="kept"))) == before  # in no training yet
    assert next(iter(review.worth_first(run.folder, run.record, 0.5))) == name

    review.accept(run.dataset, waiting, by="Ann", comment="a real one")
    accepted = run.dataset.sample(name)
    assert (accepted.verdict, accepted.split, accepted.reasons) == ("kept", "train", [])
    assert accepted.provenance == {"file": "mine.jpg"}


def test_a_large_photo_is_made_smaller_with_its_labels(tmp_path):
    image, found = red_disc(400)
    small, (moved,) = shrunk(image, [found], 100)
    assert small.shape == (100, 100, 3)
    assert moved.box == pytest.approx((25, 25, 75, 75), abs=1.5)
    assert moved.mask(100, 100)[50, 50]


class Finder:
    names = ("apple",)

    def predict(self, image, confidence):
        return [red_disc()[1]] if confidence < 0.6 else []


def test_a_set_is_labelled_where_nobody_has_looked(tmp_path):
    folder = tmp_path / "set"
    dataset = Dataset(folder)
    for n in range(3):
        path = folder / "images" / f".{n}.png"
        image = red_disc()[0]
        image[0, 0] = n
        cv2.imwrite(str(path), image[..., ::-1])
        row = sample().model_copy(
            update={"id": str(n), "image": f"images/{n}.png", "width": 80, "height": 80, "sha256": str(n),
                    "provenance": {"file": f"photo {n}.jpg"}}
        )  # fmt: skip
        dataset.add_sample(row, path)
    review.accept(dataset, dataset.sample("0"))
    dataset.close()
    (folder / ABOUT).write_text(PhotoSet(name="set", classes=["leaf"], bare=True).model_dump_json())
    told = []
    assert label_set(folder, Finder(), 0.5, lambda *progress: told.append(progress)) == 2
    assert told == [(1, 2), (2, 2)]
    written = coco_of(folder)
    assert [c["name"] for c in written["categories"]] == ["apple", "leaf"]
    assert len(written["annotations"]) == 2
    assert {i["file_name"] for i in written["images"]} == {"photo 0.jpg", "photo 1.jpg", "photo 2.jpg"}


def test_results_are_saved_as_images_counts_and_labels():
    import zipfile
    from io import BytesIO

    image, found = red_disc()
    content = cv2.imencode(".jpg", image)[1].tobytes()
    packed = zipfile.ZipFile(BytesIO(zipped([TriedImage("=my photo.jpg", content, content, [found])], ["apple"])))
    assert sorted(name.split("/")[0] for name in packed.namelist()) == [
        "counts.csv",
        "images",
        "labels.json",
        "outlines",
    ]
    assert packed.read("counts.csv").decode().splitlines() == ["picture,apple", "'=my photo.jpg,1"]  # no formula
    assert len(json.loads(packed.read("labels.json"))["annotations"]) == 1


# Who changed what -----------------------------------------------------------------------------------------------------


def test_the_trail_tells_who_when_before_after_and_flagged(tmp_path):
    run = make_run(tmp_path / "run")
    first, second = [s for s in run.dataset.samples(verdict="kept") if s.instances][:2]
    review.delete(run.dataset, first, 0, by="Ann")
    review.accept(run.dataset, run.dataset.sample(first.id), by="Ann", comment="no apple there")
    review.flag(run.dataset, second, by="Bob", comment="is this ripe?")
    assert run.dataset.flagged() == {second.id: "is this ripe?"}
    assert run.dataset.corrected() == {first.id}  # a flag is no verdict
    review.undo(run.dataset)
    trail = run.dataset.audit_trail()
    assert [(t["reviewer"], t["action"], t["comment"], t["flagged"], t["undone"]) for t in trail] == [
        ("Ann", "delete", "", False, False), ("Ann", "accept", "no apple there", False, False),
        ("Bob", "flag", "is this ripe?", True, True),
    ]  # fmt: skip
    assert len(trail[0]["before"]["instances"]) == len(trail[0]["after"]["instances"]) + 1
    assert all(t["time"] and t["image"] for t in trail)
    assert run.dataset.flagged() == {}


def test_a_data_set_of_before_gets_the_new_columns(tmp_path):
    import sqlite3

    run = make_run(tmp_path / "run")
    run.dataset.close()
    with sqlite3.connect(run.folder / "dataset.sqlite") as db:
        db.execute("DROP TABLE corrections")
        db.execute(
            "CREATE TABLE corrections (version INTEGER PRIMARY KEY AUTOINCREMENT, sample_id TEXT, time TEXT,"
            " action TEXT, before TEXT, after TEXT, undone INTEGER NOT NULL DEFAULT 0)"
        )
    db.close()
    dataset = Dataset(run.folder)
    review.accept(dataset, next(iter(dataset.samples())), by="Ann")
    assert dataset.audit_trail()[0]["reviewer"] == "Ann"
    dataset.close()


@pytest.mark.parametrize(
    ("points", "inside"), [([(10, 10), (50, 10), (50, 50), (10, 50)], True), ([(0, 0), (5, 5)], None)]
)
def test_corners_make_a_mask(points, inside):
    if inside is None:
        with pytest.raises(FixArguments, match="three corners"):
            review.polygon_mask(points, 60, 60)
        return
    mask = review.polygon_mask(points, 60, 60)
    assert mask[30, 30]
    assert not mask[5, 5]
    assert mask.sum() == 41 * 41


def test_images_of_what_is_weak_come_before_the_rest(tmp_path):
    run = make_run(tmp_path / "run")
    samples = [s for s in run.dataset.samples(verdict="kept", split="val") if s.instances]
    answers = {s.id: Answer({}, [] if s.id == samples[0].id else s.instances) for s in samples}
    save_answers(run.round_folder(run.record.best.round) / "predictions_synthetic_val.json", answers)
    found = review.worth_first(run.folder, run.record, 0.5)
    assert next(iter(found.items())) == (samples[0].id, "disagree")
    weak = run.record.weak[0]
    named = [name for name, why in found.items() if why == "weak"]
    assert all(run.dataset.sample(name).axes[weak.axis] == weak.value for name in named)
