"""The photos that a person shows: what is taken, what is left out, and what is said about it."""

import json
import shutil

import cv2
import numpy as np
import pytest

from tests.pipeline import new_run
from tests.tools.generators.cutout_files import ground, labelled_photos
from tools.annotators.grabcut import GrabCutSegmenter
from tools.core.errors import NeedsUser, StepFailed
from tools.data.images import read_image, write_image
from tools.shown.outlines import AgreedSegmenter
from tools.shown.photos import MAX_SIDE_PX, keep_copies, read_shown


@pytest.fixture
def run(tmp_path):
    return new_run(tmp_path / "run", "apple", kind="detect")


def shown(folder, run, real=None):
    return read_shown(folder, run.task, {}, real)


def add_label(folder, file, box, name="apple"):
    path = folder / "labels.json"
    data = json.loads(path.read_text())
    if name not in [c["name"] for c in data["categories"]]:
        data["categories"].append({"id": len(data["categories"]) + 1, "name": name})
    image = next(i["id"] for i in data["images"] if i["file_name"] == file)
    kind = next(c["id"] for c in data["categories"] if c["name"] == name)
    data["annotations"].append(
        {"id": 900 + len(data["annotations"]), "image_id": image, "category_id": kind, "bbox": box, "iscrowd": 0}
    )
    path.write_text(json.dumps(data))


def test_one_photo_is_enough(tmp_path, run):
    found = shown(labelled_photos(tmp_path / "few", 1), run)
    assert len(found.samples) == 1
    assert found.notes[0] == "1 photos are learnt from"


def test_photos_that_join_without_labels_are_not_said_to_be_left_out(tmp_path, run):
    folder = labelled_photos(tmp_path / "few", 3)
    write_image(folder / "more.png", ground(96, 77))
    alone, beside = shown(folder, run), read_shown(folder, run.task, {}, None, folder)
    assert any("1 pictures have no labels and are left out" in n for n in alone.notes)
    assert [n for n in alone.notes if n not in beside.notes] == [n for n in alone.notes if "no labels" in n]
    assert len(beside.samples) == len(alone.samples) == 3


def test_copies_of_one_photo_count_once(tmp_path, run):
    folder = labelled_photos(tmp_path / "few", 3)
    data = json.loads((folder / "labels.json").read_text())
    for number in range(11):
        shutil.copy(folder / "p1.png", folder / f"copy{number}.png")
        data["images"].append(dict(data["images"][1], id=100 + number, file_name=f"copy{number}.png"))
        data["annotations"] += [
            dict(a, id=1000 + 20 * number + k, image_id=100 + number)
            for k, a in enumerate(a for a in data["annotations"] if a["image_id"] == 2)
        ]
    (folder / "labels.json").write_text(json.dumps(data))
    found = shown(folder, run)
    assert len(found.samples) == 3
    assert any("left out 11 photos that are copies" in n for n in found.notes)


def test_specks_and_objects_that_the_edge_cuts_are_said(tmp_path, run):
    folder = labelled_photos(tmp_path / "few", 3)
    add_label(folder, "p0.png", [80, 80, 3, 3])
    add_label(folder, "p0.png", [0, 100, 20, 20])
    found = shown(folder, run)
    assert any("left out 1 labels under 4 px: p0.png" in n for n in found.notes)
    assert any("1 objects are cut by the edge" in n for n in found.notes)
    assert sum(len(s.instances) for s in found.samples) == sum(range(1, 4)) + 1


def test_labels_of_other_things_are_ignored_and_said(tmp_path, run):
    folder = labelled_photos(tmp_path / "few", 2)
    add_label(folder, "p0.png", [80, 80, 30, 30], "ladder")
    found = shown(folder, run)
    assert {i.class_name for s in found.samples for i in s.instances} == {"apple"}
    assert any("'ladder'" in n for n in found.notes)


def test_a_class_that_no_photo_shows_is_an_error(tmp_path):
    run = new_run(tmp_path / "run", "apple", "pear", kind="detect")
    with pytest.raises(StepFailed, match="no photo shows 'pear'"):
        shown(labelled_photos(tmp_path / "few", 3), run)
    with pytest.raises(NeedsUser):
        shown(labelled_photos(tmp_path / "other", 3, names=("ladder",)), run)


def test_copies_in_the_run_are_scaled_outlined_and_kept_once(tmp_path, run):
    folder = tmp_path / "few"
    image = cv2.resize(ground(400, 5), (4000, 3000))
    cv2.circle(image, (1500, 1200), 300, (210, 40, 40), -1)
    write_image(folder / "large.jpg", image)
    label = {"id": 1, "image_id": 1, "category_id": 1, "bbox": [1200, 900, 600, 600], "iscrowd": 0}
    (folder / "labels.json").write_text(
        json.dumps(
            {
                "images": [{"id": 1, "file_name": "large.jpg", "width": 4000, "height": 3000}],
                "annotations": [label],
                "categories": [{"id": 1, "name": "apple"}],
            }
        )
    )
    found = shown(folder, run)
    keep_copies(run, found.samples, GrabCutSegmenter())
    (sample,) = run.dataset.samples(verdict="kept")
    assert max(sample.width, sample.height) == MAX_SIDE_PX
    assert read_image(run.folder / sample.image).shape[:2] == (sample.height, sample.width)
    scale = MAX_SIDE_PX / 4000
    assert sample.instances[0].box == pytest.approx([v * scale for v in (1200, 900, 1800, 1500)], abs=1)
    assert sample.instances[0].counts is None  # a box was labelled, and boxes are asked for
    before = (run.folder / sample.image).stat().st_mtime_ns
    keep_copies(run, found.samples, GrabCutSegmenter())
    assert (run.folder / sample.image).stat().st_mtime_ns == before
    assert run.dataset.count() == 1


def test_a_segmentation_gets_outlines_and_what_none_fits_is_painted_over(tmp_path):
    run = new_run(tmp_path / "run", "apple", kind="segment")
    folder = labelled_photos(tmp_path / "few", 2, masks=False)
    add_label(folder, "p0.png", [95, 95, 40, 40])  # ground alone
    notes = keep_copies(run, shown(folder, run).samples, AgreedSegmenter(None))
    assert notes == ["1 boxed objects that no outline fits are painted over and not learnt from"]
    for sample in run.dataset.samples(verdict="kept"):
        for instance in sample.instances:
            mask = instance.mask(sample.height, sample.width)
            x1, y1, x2, y2 = instance.box
            assert mask.sum() == pytest.approx(np.pi / 4 * (x2 - x1) * (y2 - y1), rel=0.12)


def test_a_class_without_an_outline_is_told_to_ask_for_boxes(tmp_path):
    run = new_run(tmp_path / "run", "apple", kind="segment")
    folder = labelled_photos(tmp_path / "few", 1, masks=False)
    path = folder / "labels.json"
    data = json.loads(path.read_text())
    for annotation in data["annotations"]:
        annotation["bbox"] = [95, 95, 40, 40]
    path.write_text(json.dumps(data))
    with pytest.raises(StepFailed, match="ask for boxes: detect apple"):
        keep_copies(run, shown(folder, run).samples, AgreedSegmenter(None))
