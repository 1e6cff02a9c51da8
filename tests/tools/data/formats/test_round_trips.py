"""Each format gives back what was written, but for what it says it loses."""

import json

import numpy as np
import pytest
from defusedxml import ElementTree as ET
from hypothesis import given, settings
from hypothesis import strategies as st
from pycocotools import mask as coco_mask

from tests.tools.data.formats.test_outlines import blob
from tools.data.formats import coco, cvat, folders, voc, yolo
from tools.data.formats.labels import LabelledImage
from tools.data.sample import Instance, decode_mask, encode_mask, mask_box
from tools.data.task import clean_name, slug

NASTY = ["a/b\\..", "<&>\"'", "🍎 apple; rm -rf $HOME", "苹果", "x" * 300, "names: [1]", "- #1", "%s{0}"]


def masked(mask, name="apple"):
    return Instance(class_name=name, box=mask_box(mask), counts=encode_mask(mask))


def ring(size=20):
    mask = np.zeros((size, size), bool)
    mask[2:15, 3:16] = True
    mask[6:9, 6:9] = False
    return mask


def picture(instances, name="p.png", size=(20, 20), **fields):
    return LabelledImage(name, size[1], size[0], instances, **fields)


def same(found, wanted, box_px=0.011):
    assert [i.class_name for i in found] == [i.class_name for i in wanted]
    assert [i.counts for i in found] == [i.counts for i in wanted]
    for a, b in zip(found, wanted, strict=True):
        assert a.box == pytest.approx(b.box, abs=box_px)


small_boxes = st.tuples(st.floats(0, 17), st.floats(0, 17), st.floats(1, 20), st.floats(1, 20)).map(
    lambda b: (b[0], b[1], min(20.0, b[0] + b[2]), min(20.0, b[1] + b[3]))
)
instances = st.lists(
    st.one_of(
        st.builds(lambda s, n: masked(blob(s, 20), n), st.integers(0, 99), st.sampled_from(["apple", "pear & co"])),
        st.builds(lambda b: Instance(class_name="apple", box=b), small_boxes),
    ),
    max_size=4,
)
CLASSES = ["apple", "pear & co"]


@settings(max_examples=25, deadline=None)
@given(labels=instances)
def test_coco_and_cvat_lose_nothing(labels):
    image = picture(labels)
    same(coco.from_coco(json.loads(json.dumps(coco.to_coco([image], CLASSES)))).images[0].instances, labels)
    read = cvat.from_xml(cvat.to_xml([image], CLASSES, masks=True))
    assert read.classes == CLASSES
    same(read.images[0].instances, labels)
    assert not coco.lost([image]) and not cvat.lost([image], masks=True)


@settings(max_examples=25, deadline=None)
@given(labels=instances)
def test_yolo_keeps_every_instance_and_its_kind(labels):
    image = picture(labels)
    index = {name: i for i, name in enumerate(CLASSES)}
    boxes = yolo.parse_rows(yolo.to_rows(image, index, masks=False), 20, 20, CLASSES)
    same(boxes, [i.model_copy(update={"counts": None}) for i in labels])
    rows = yolo.to_rows(image, index, masks=True)
    assert all(len(row.split()) >= 7 for row in rows.splitlines())  # never a box among polygons
    shapes = yolo.parse_rows(rows, 20, 20, CLASSES)
    assert len(shapes) == len(labels)
    for found, wanted in zip(shapes, labels, strict=True):
        if wanted.counts:
            assert found.counts == wanted.counts


@settings(max_examples=25, deadline=None)
@given(labels=instances)
def test_voc_keeps_boxes_to_half_a_pixel(labels):
    found = voc.from_xml(voc.to_xml(picture(labels)))
    assert (found.width, found.height, found.file) == (20, 20, "p.png")
    same(found.instances, [i.model_copy(update={"counts": None}) for i in labels], box_px=1.0)


@pytest.mark.parametrize("raw", NASTY)
def test_a_class_name_is_data_everywhere(raw):
    name = clean_name(raw)
    image = picture([masked(ring(), name)], label=name)
    assert coco.from_coco(json.loads(json.dumps(coco.to_coco([image], [name])))).classes == [name]
    assert cvat.from_xml(cvat.to_xml([image], [name], masks=True)).images[0].instances[0].class_name == name
    assert voc.from_xml(voc.to_xml(image)).instances[0].class_name == name
    assert yolo.parse_names(yolo.to_data_yaml([image], [name])) == [name]
    assert folders.parse_names(dict(folders.label_files([name]))["classes.json"]) == {
        folders.folder_names([name])[name]: name
    }
    place = folders.picture_path(image, [name])
    assert place.count("/") == 2 and place == f"train/{'-'.join(filter(None, ['000', slug(name)]))}/p.png"


def test_coco_numbers():
    data = coco.to_coco([picture([masked(ring())]), picture([], "q.png")], CLASSES)
    label = data["annotations"][0]
    assert (label["id"], label["image_id"], label["category_id"], label["iscrowd"]) == (1, 1, 1, 0)
    assert label["bbox"] == [3, 2, 13, 13] and label["area"] == 13 * 13 - 9  # of the mask, not of the box
    assert [c["id"] for c in data["categories"]] == [1, 2]


def test_cvat_runs_go_along_rows_and_start_with_background():
    mask = np.array([[0, 1, 1], [1, 1, 0]], bool)
    assert cvat.mask_to_runs(mask) == [1, 4, 1]
    assert cvat.mask_to_runs(~mask) == [0, 1, 4, 1]
    assert (cvat.runs_to_mask([1, 4, 1], 2, 3) == mask).all()
    root = ET.fromstring(cvat.to_xml([picture([masked(ring())])], CLASSES, masks=True))
    assert [e.tag for e in root.find("image")] == ["mask"]  # a hole: no polygon can say it
    root_of_solid = ET.fromstring(cvat.to_xml([picture([masked(ring() | True)])], CLASSES, masks=True))
    assert [e.tag for e in root_of_solid.find("image")] == ["polygon"]
    assert root.find("image/mask").get("left") == "3" and root.find("image/mask").get("rle").startswith("0, ")


def test_voc_truncated_at_the_border():
    image = picture([Instance(class_name="a", box=(0, 4, 9, 9)), Instance(class_name="a", box=(1, 4, 9, 9))])
    root = ET.fromstring(voc.to_xml(image))
    assert [e.text for e in root.iter("truncated")] == ["1", "0"]
    assert [e.text for e in root.iter("pose")] == ["Unspecified"] * 2


def test_losses_are_counted():
    parts = np.zeros((20, 20), bool)
    parts[1:4, 1:4] = parts[10:14, 10:14] = True
    image = picture([masked(ring()), masked(parts), Instance(class_name="apple", box=(1.5, 1, 5, 5))], label=None)
    assert yolo.lost([image], masks=True) == {
        "instances whose parts are joined by a line": 1, "boxes written as rectangles": 1,
    }  # fmt: skip
    twins = picture([masked(ring()), masked(ring())])
    assert list(yolo.lost([twins], masks=True).values()) == [1]
    assert voc.lost([image]) == {"masks not stored": 2, "boxes rounded to whole pixels": 1}
    assert cvat.lost([image], masks=False) == {"masks not stored": 2}
    assert folders.lost([image]) == {"pictures of no class left out": 1, "boxes and masks not stored": 3}


def test_coco_reads_all_three_kinds_of_masks():
    mask = ring()
    packed = {"size": [20, 20], "counts": encode_mask(mask)}
    flat = mask.reshape(-1, order="F")
    changes = np.flatnonzero(np.diff(flat)) + 1
    runs = np.diff([0, *changes, flat.size]).tolist()
    for segmentation in (packed, {"size": [20, 20], "counts": runs}, coco.to_coco([picture([masked(mask)])], CLASSES)[
        "annotations"][0]["segmentation"]):  # fmt: skip
        data = coco.to_coco([picture([masked(mask)])], CLASSES)
        data["annotations"][0]["segmentation"] = segmentation
        counts = coco.from_coco(data).images[0].instances[0].counts
        assert (decode_mask(counts, 20, 20) == mask).all()
    assert coco_mask.area(packed) == mask.sum()


def coco_with(**change):
    data = coco.to_coco([picture([masked(ring())])], CLASSES)
    data["annotations"][0] |= change
    return data


@pytest.mark.parametrize(
    ("change", "match"),
    [
        ({"segmentation": {"size": [20, 20], "counts": "zz"}}, "does not cover the picture once"),
        ({"segmentation": {"size": [20, 20], "counts": [500]}}, "does not cover the picture once"),
        ({"segmentation": {"size": [9, 9], "counts": "0"}}, r"its mask is \[9, 9\]"),
        ({"segmentation": {"counts": "0"}}, "no COCO mask"),
        ({"segmentation": [], "bbox": [1, 2]}, "neither a mask nor a bbox"),
        ({"segmentation": [], "bbox": ["a", 2, 3, 4]}, "not numbers"),
        ({"segmentation": [], "bbox": [float("nan"), 2, 3, 4]}, "not finite"),
        ({"category_id": 9}, "category 9, which is not listed"),
    ],
)
def test_wrong_coco_is_refused(change, match):
    with pytest.raises(ValueError, match=match):
        coco.from_coco(coco_with(**change))


def test_coco_leaves_out_crowds_and_says_so():
    read = coco.from_coco(coco_with(iscrowd=1))
    assert read.images[0].instances == [] and read.notes == ["left out: 1 crowd regions"]


@pytest.mark.parametrize(
    ("row", "match"),
    [
        ("0 0.5 0.5 0.2", "4 columns"),
        ("0 0.5 0.5 0.2 0.2 0.9", "6 columns"),
        ("0.5 0.5 0.5 0.2 0.2", "not a whole number"),
        ("7 0.5 0.5 0.2 0.2", "class 7 is not among the 2 names"),
        ("0 50 50 20 20", "shares of the picture"),
        ("0 nan 0.5 0.2 0.2", "shares of the picture"),
        ("0 0.5 0.5 0 0.2", "no area"),
        ("apple 0.5 0.5 0.2 0.2", "line 2"),
    ],
)
def test_wrong_yolo_is_refused(row, match):
    with pytest.raises(ValueError, match=match):
        yolo.parse_rows(f"0 0.5 0.5 0.1 0.1\n{row}\n", 20, 20, CLASSES)


@pytest.mark.parametrize(
    ("text", "names"),
    [
        ("names: [a, b]", ["a", "b"]),
        ("names: {0: a, 1: b}", ["a", "b"]),
        ("nc: 2", None),
        ("a: [", None),
        ("!!python/object/apply:os.system ['true']", None),
    ],
)
def test_names_of_data_yaml(text, names):
    if names is None:
        with pytest.raises(ValueError, match=r"names|YAML"):
            yolo.parse_names(text)
    else:
        assert yolo.parse_names(text) == names


BOMB = '<!DOCTYPE a [<!ENTITY b "bbbb">]><annotation><filename>&b;</filename></annotation>'


@pytest.mark.parametrize(
    ("reader", "text", "match"),
    [
        (voc.from_xml, "<annotation>", "not XML"),
        (voc.from_xml, "<a/>", "root is <a>"),
        (voc.from_xml, BOMB, "Entit"),
        (voc.from_xml, "<annotation><object/></annotation>", "no name"),
        (voc.from_xml, "<annotation><object><name>a</name></object></annotation>", "no complete bndbox"),
        (cvat.from_xml, "<annotation/>", "root is <annotation>"),
        (cvat.from_xml, "<annotations><track/></annotations>", "CVAT for video"),
        (
            cvat.from_xml,
            '<annotations><image name="p" width="9" height="9"><box label="a"/></image></annotations>',
            "p is wrong",
        ),
        (
            cvat.from_xml,
            '<annotations><image name="p" width="9" height="9"><mask label="a" left="5" top="0" width="9" height="2" '
            'rle="18"/></image></annotations>',
            "leaves the picture",
        ),
    ],
)  # fmt: skip
def test_wrong_xml_is_refused(reader, text, match):
    with pytest.raises(ValueError, match=match):
        reader(text)


def test_cvat_leaves_out_lines_and_turns_boxes():
    text = (
        '<annotations><image name="p" width="90" height="90"><polyline label="a" points="1,1;2,2"/>'
        '<box label="a" xtl="20" ytl="30" xbr="40" ybr="40" rotation="90"/></image></annotations>'
    )
    read = cvat.from_xml(text)
    assert read.notes == ["left out: 1 <polyline>"]
    assert read.images[0].instances[0].box == pytest.approx((25, 25, 35, 45))
