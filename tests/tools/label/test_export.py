"""What is written is read by others as it was meant."""

import json
from pathlib import PurePosixPath
from xml.etree import ElementTree as ET

import cv2
import numpy as np
import pytest
from pycocotools.coco import COCO

from tests.tools.label.colour_engine import photo
from tools.core.errors import FixArguments, StepFailed
from tools.data.formats.labels import LabelledImage
from tools.data.images import write_image
from tools.data.real import read_photos
from tools.data.real_labels import read_labels
from tools.data.sample import Instance, encode_mask, mask_box
from tools.label.convert import convert_labels
from tools.label.export import FORMATS, write_export
from tools.label.labeler import label_task

TASK = label_task("apple,pear")
SIZE = (60, 80)


def masks():
    ring = np.zeros(SIZE, np.uint8)
    cv2.circle(ring, (25, 25), 15, 1, -1)
    cv2.circle(ring, (25, 25), 6, 0, -1)
    parts = np.zeros(SIZE, np.uint8)
    parts[5:15, 55:70] = parts[40:55, 55:65] = 1
    disc = np.zeros(SIZE, np.uint8)
    cv2.circle(disc, (20, 30), 12, 1, -1)
    return [ring > 0, parts > 0, disc > 0]


def image(name, *shapes, names=("apple", "pear", "apple")):
    found = [
        Instance(class_name=n, box=mask_box(m), counts=encode_mask(m)) for n, m in zip(names, shapes, strict=False)
    ]
    return LabelledImage(name, SIZE[1], SIZE[0], found)


@pytest.fixture
def entries(tmp_path):
    ring, parts, disc = masks()
    made = [image("a.png", ring, parts), image("empty.png"), image("c.png", disc)]
    for number, entry in enumerate(made):
        write_image(tmp_path / "in" / entry.file, photo(number))
    return [(e, tmp_path / "in" / e.file) for e in made]


def read_coco(folder):
    data = COCO(str(folder / "annotations" / "instances_train.json"))
    return [[data.annToMask(a) > 0 for a in data.loadAnns(data.getAnnIds(i))] for i in sorted(data.getImgIds())]


def read_yolo(folder):
    """As Ultralytics does: cv2.fillPoly on whole pixels."""
    found = []
    for name in ("a", "empty", "c"):
        own = []
        for line in (folder / "labels" / "train" / f"{name}.txt").read_text().splitlines():
            points = np.array(line.split()[1:], float).reshape(-1, 2) * SIZE[::-1]
            mask = np.zeros(SIZE, np.uint8)
            cv2.fillPoly(mask, [points.astype(np.int32)], 1)
            own.append(mask > 0)
        found.append(own)
    return found


def read_cvat(folder):
    found = []
    for entry in ET.parse(folder / "annotations.xml").getroot().iterfind("image"):
        own = []
        for shape in entry:
            mask = np.zeros(SIZE, bool)
            if shape.tag == "polygon":
                points = [[float(v) for v in p.split(",")] for p in shape.get("points").split(";")]
                fine = np.zeros((SIZE[0] * 4, SIZE[1] * 4), np.uint8)
                cv2.fillPoly(fine, [np.round(np.array(points) * 4 - 0.5).astype(np.int32)], 1)
                mask = cv2.resize(fine, SIZE[::-1], interpolation=cv2.INTER_AREA) > 0
            else:
                left, top, w, h = (int(shape.get(k)) for k in ("left", "top", "width", "height"))
                runs = [int(v) for v in shape.get("rle").split(",")]
                mask[top : top + h, left : left + w] = np.repeat(np.arange(len(runs)) % 2, runs).reshape(h, w) > 0
            own.append(mask)
        found.append(own)
    return found


@pytest.mark.parametrize(
    ("form", "read", "least"), [("coco", read_coco, 1.0), ("yolo", read_yolo, 0.93), ("cvat", read_cvat, 0.9)]
)
def test_an_independent_reader_sees_the_same_masks(tmp_path, entries, form, read, least):
    written = write_export(entries, tmp_path / "out", form, TASK)
    assert (written.photos, written.labels) == (3, 3)
    found = read(tmp_path / "out")
    assert [len(f) for f in found] == [2, 0, 1]
    ring, parts, disc = masks()
    overlaps = [(a & b).sum() / (a | b).sum() for a, b in zip([ring, parts, disc], [*found[0], *found[2]], strict=True)]
    assert overlaps[0] >= least and overlaps[2] >= least
    if form == "yolo":
        assert written.lost == {"instances whose parts are joined by a line": 1}
    else:
        assert not written.lost and overlaps[1] >= least


def test_voc_keeps_boxes_and_says_that_masks_are_lost(tmp_path, entries):
    written = write_export(entries, tmp_path / "out", "voc", TASK)
    root = ET.parse(tmp_path / "out" / "Annotations" / "a.xml").getroot()
    boxes = [[int(o.findtext(f"bndbox/{k}")) for k in ("xmin", "ymin", "xmax", "ymax")] for o in root.iter("object")]
    assert boxes == [[int(v) for v in i.box] for i in entries[0][0].instances]
    assert written.lost == {"masks not stored": 3}
    assert (tmp_path / "out" / "ImageSets" / "Main" / "train.txt").read_text().split() == ["a", "empty", "c"]


def masks_in(folder):
    samples, _ = read_photos(folder, TASK, {n: n for n in TASK.class_names})
    found = {PurePosixPath(s.family).stem: [i.mask(*SIZE) for i in s.instances] for s in samples}
    assert not found["empty"]
    return [*found["a"], *found["c"]]


@pytest.mark.parametrize("form", [form for form in FORMATS if form != "masks"])
def test_boxes_stay_boxes(tmp_path, form):
    box = LabelledImage("a.png", 80, 60, [Instance(class_name="apple", box=(8, 8, 32, 32))])
    write_image(tmp_path / "in" / "a.png", photo(0))
    write_export([(box, tmp_path / "in" / "a.png")], tmp_path / "boxes", form, label_task("apple", "detect"))
    ((_, read),) = read_labels(tmp_path / "boxes", classify=False).entries
    assert [(i.class_name, i.counts) for i in read.instances] == [("apple", None)]
    assert read.instances[0].box == pytest.approx((8, 8, 32, 32), abs=0.01)


EXACT = ("coco", "labelme", "label-studio", "hugging-face", "masks")  # the very same pixels


@pytest.mark.parametrize(
    ("first", "then"),
    [(a, b) for a in ("coco", "yolo", "cvat") for b in ("coco", "yolo", "voc", "cvat")]
    + [("coco", form) for form in EXACT[1:]]
    + [(form, "coco") for form in EXACT[1:]],
)
def test_any_format_becomes_any_other(tmp_path, entries, first, then):
    write_export(entries, tmp_path / "one", first, TASK)
    done = convert_labels(tmp_path / "one", tmp_path / "two", then)
    assert (done.written.photos, done.written.labels) == (3, 3)
    if then == "voc":
        assert done.written.lost["masks not stored"] == 3
    elif then in EXACT:
        assert done.mask_iou == 1.0
        assert first not in EXACT or all(
            (a == b).all() for a, b in zip(masks(), masks_in(tmp_path / "two"), strict=True)
        )
    else:
        assert done.mask_iou > 0.95
    assert done.plain()["lost"] == "nothing" or then in ("yolo", "voc")


def test_boxes_become_masks(tmp_path):
    box = LabelledImage("a.png", 80, 60, [Instance(class_name="apple", box=(8, 8, 32, 32))])
    write_image(tmp_path / "in" / "a.png", photo(0, ("apple", 10, 10)))
    write_export([(box, tmp_path / "in" / "a.png")], tmp_path / "boxes", "voc", label_task("apple", "detect"))

    class Cut:
        def masks(self, image, boxes, points=None):
            return [(image[..., 0] > 180) for _ in boxes]

    done = convert_labels(tmp_path / "boxes", tmp_path / "masks", "coco", segmenter=Cut())
    assert done.masks_made == 1 and done.boxes_left == 0
    [[mask]] = read_coco(tmp_path / "masks")
    assert mask.sum() == 400 and mask[10:30, 10:30].all()


def test_labels_without_an_image_are_named(tmp_path, entries):
    write_export(entries, tmp_path / "one", "coco", TASK)
    (tmp_path / "one" / "images" / "train" / "c.png").unlink()
    done = convert_labels(tmp_path / "one", tmp_path / "two", "yolo")
    assert done.written.photos == 2 and any("c.png" in n for n in done.notes)


def test_a_folder_with_other_files_is_left_alone(tmp_path, entries):
    (tmp_path / "out").mkdir()
    (tmp_path / "out" / "mine.txt").write_text("keep")
    with pytest.raises(FixArguments, match="holds other files"):
        write_export(entries, tmp_path / "out", "coco", TASK)
    assert (tmp_path / "out" / "mine.txt").read_text() == "keep"
    write_export(entries, tmp_path / "own", "coco", TASK)
    write_export(entries[:1], tmp_path / "own", "yolo", TASK)  # what was written here before may be replaced
    assert not (tmp_path / "own" / "annotations").exists()


def test_nothing_labelled_is_an_error(tmp_path):
    with pytest.raises(StepFailed, match="nothing to write"):
        write_export([], tmp_path / "out", "coco", TASK)
    assert not (tmp_path / "out").exists()


def test_class_folders(tmp_path, entries):
    whole = [
        (LabelledImage(e.file, e.width, e.height, label=n), p)
        for (e, p), n in zip(entries, ("apple", None, "pear"), strict=True)
    ]
    written = write_export(whole, tmp_path / "out", "coco", label_task("apple,pear", "classify"))
    assert written.labels == 2 and written.lost == {"pictures of no class left out": 1}
    assert json.loads((tmp_path / "out" / "classes.json").read_text()) == {"000-apple": "apple", "001-pear": "pear"}
    assert (tmp_path / "out" / "train" / "000-apple" / "a.png").is_file()
