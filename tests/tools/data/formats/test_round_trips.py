"""Each format gives back what was written, but for what it says it loses."""

import json
import re
from collections import Counter

import numpy as np
import pytest
from defusedxml import ElementTree as ET
from hypothesis import given, settings
from hypothesis import strategies as st
from pycocotools import mask as coco_mask

from tests.tools.data.formats.test_outlines import blob
from tools.core.task import clean_name, slug
from tools.data.formats import coco, cvat, folders, hugging_face, label_studio, labelme, unread, voc, yolo
from tools.data.formats.labels import CUT, LabelledImage
from tools.data.sample import Instance, decode_mask, encode_mask, mask_box

NASTY = ["a/b\\..", "<&>\"'", "🍎 apple; rm -rf $HOME", "苹果", "x" * 300, "names: [1]", "- #1", "%s{0}"]


def masked(mask, name="apple"):
    return Instance(class_name=name, box=mask_box(mask), counts=encode_mask(mask))


def ring(size=20):
    mask = np.zeros((size, size), bool)
    mask[2:15, 3:16] = True
    mask[6:9, 6:9] = False
    return mask


def labelled(instances, name="p.png", size=(20, 20), **fields):
    return LabelledImage(name, size[1], size[0], instances, **fields)


def same(found, wanted, box_px=0.011):
    assert [i.class_name for i in found] == [i.class_name for i in wanted]
    assert [i.counts for i in found] == [i.counts for i in wanted]
    for a, b in zip(found, wanted, strict=True):
        assert a.box == pytest.approx(b.box, abs=box_px)


small_boxes = st.tuples(st.floats(0, 17), st.floats(0, 17), st.floats(2, 20), st.floats(2, 20)).map(
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
    image = labelled(labels)
    same(coco.from_coco(json.loads(json.dumps(coco.to_coco([image], CLASSES)))).images[0].instances, labels)
    read = cvat.from_xml(cvat.to_xml([image], CLASSES, masks=True))
    assert read.classes == CLASSES
    same(read.images[0].instances, labels)
    assert not coco.lost([image]) and not cvat.lost([image], masks=True)


@settings(max_examples=25, deadline=None)
@given(labels=instances)
def test_yolo_keeps_every_instance_and_its_kind(labels):
    image = labelled(labels)
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
    found = voc.from_xml(voc.to_xml(labelled(labels)))
    assert (found.width, found.height, found.file) == (20, 20, "p.png")
    same(found.instances, [i.model_copy(update={"counts": None}) for i in labels], box_px=1.0)


@pytest.mark.parametrize("raw", NASTY)
def test_a_class_name_is_data_everywhere(raw):
    name = clean_name(raw)
    image = labelled([masked(ring(), name)], label=name)
    assert coco.from_coco(json.loads(json.dumps(coco.to_coco([image], [name])))).classes == [name]
    assert cvat.from_xml(cvat.to_xml([image], [name], masks=True)).images[0].instances[0].class_name == name
    assert voc.from_xml(voc.to_xml(image)).instances[0].class_name == name
    assert yolo.parse_names(yolo.to_data_yaml([image], [name])) == [name]
    assert folders.parse_names(dict(folders.label_files([name]))["classes.json"]) == {
        folders.folder_names([name])[name]: name
    }
    place = folders.image_path(image, [name])
    assert place.count("/") == 2 and place == f"train/{'-'.join(filter(None, ['000', slug(name)]))}/p.png"


def test_coco_numbers():
    data = coco.to_coco([labelled([masked(ring())]), labelled([], "q.png")], CLASSES)
    label = data["annotations"][0]
    assert (label["id"], label["image_id"], label["category_id"], label["iscrowd"]) == (1, 1, 1, 0)
    assert label["bbox"] == [3, 2, 13, 13] and label["area"] == 13 * 13 - 9  # of the mask, not of the box
    assert [c["id"] for c in data["categories"]] == [1, 2]


def test_cvat_runs_go_along_rows_and_start_with_background():
    mask = np.array([[0, 1, 1], [1, 1, 0]], bool)
    assert cvat.mask_to_runs(mask) == [1, 4, 1]
    assert cvat.mask_to_runs(~mask) == [0, 1, 4, 1]
    assert (cvat.runs_to_mask([1, 4, 1], 2, 3) == mask).all()
    root = ET.fromstring(cvat.to_xml([labelled([masked(ring())])], CLASSES, masks=True))
    assert [e.tag for e in root.find("image")] == ["mask"]  # a hole: no polygon can say it
    root_of_solid = ET.fromstring(cvat.to_xml([labelled([masked(ring() | True)])], CLASSES, masks=True))
    assert [e.tag for e in root_of_solid.find("image")] == ["polygon"]
    assert root.find("image/mask").get("left") == "3" and root.find("image/mask").get("rle").startswith("0, ")


def test_voc_truncated_at_the_border():
    image = labelled([Instance(class_name="a", box=(0, 4, 9, 9)), Instance(class_name="a", box=(1, 4, 9, 9))])
    root = ET.fromstring(voc.to_xml(image))
    assert [e.text for e in root.iter("truncated")] == ["1", "0"]
    assert [e.text for e in root.iter("pose")] == ["Unspecified"] * 2


def test_losses_are_counted():
    parts = np.zeros((20, 20), bool)
    parts[1:4, 1:4] = parts[10:14, 10:14] = True
    image = labelled([masked(ring()), masked(parts), Instance(class_name="apple", box=(1.5, 1, 5, 5))], label=None)
    assert yolo.lost([image], masks=True) == {
        "instances whose parts are joined by a line": 1, "boxes written as rectangles": 1,
    }  # fmt: skip
    twins = labelled([masked(ring()), masked(ring())])
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
    for segmentation in (packed, {"size": [20, 20], "counts": runs}, coco.to_coco([labelled([masked(mask)])], CLASSES)[
        "annotations"][0]["segmentation"]):  # fmt: skip
        data = coco.to_coco([labelled([masked(mask)])], CLASSES)
        data["annotations"][0]["segmentation"] = segmentation
        counts = coco.from_coco(data).images[0].instances[0].counts
        assert (decode_mask(counts, 20, 20) == mask).all()
    assert coco_mask.area(packed) == mask.sum()


def coco_with(**change):
    data = coco.to_coco([labelled([masked(ring())])], CLASSES)
    data["annotations"][0] |= change
    return data


@pytest.mark.parametrize(
    ("change", "match"),
    [
        ({"segmentation": {"size": [20, 20], "counts": "zz"}}, "compressed run lengths"),
        ({"segmentation": {"size": [20, 20], "counts": [500]}}, "does not cover the picture once"),
        ({"segmentation": {"size": [9, 9], "counts": "0"}}, r"its mask is \[9, 9\]"),
        ({"segmentation": {"counts": "0"}}, "no COCO mask"),
        ({"segmentation": [], "bbox": [1, 2]}, "neither a mask nor a bbox"),
        ({"segmentation": [], "bbox": ["a", 2, 3, 4]}, "not a number"),
        ({"segmentation": [], "bbox": [float("nan"), 2, 3, 4]}, "not finite"),
        ({"segmentation": [], "bbox": [1, 2, 1e300, 4]}, "too large"),
        ({"segmentation": [], "bbox": [0.2, 0.2, 0.4, 0.3]}, "shares of the picture"),
        ({"segmentation": [], "bbox": []}, "neither a mask nor a bbox"),
        ({"segmentation": [[0, 0, 1e12, 0, 1e12, 1e12]]}, "leaves its picture by far"),
        ({"segmentation": [[0, 0, None, 0, 9, 9]]}, "missing or not finite"),
        ({"segmentation": [[0, 0, float("inf"), 0, 9, 9]]}, "missing or not finite"),
        ({"segmentation": [["a", 0, 9, 0, 9, 9]]}, "not numbers"),
        ({"segmentation": [[0, 0, 9, 0, 9]]}, "come in pairs"),
        ({"segmentation": [[0, 0, 19, 19] * 20_000]}, "longer than"),
        ({"segmentation": [[0.1, 0.1, 0.5, 0.1, 0.5, 0.5]]}, "shares of the picture"),
        ({"segmentation": {"size": [20, 20], "counts": "o" * 100_000}}, "compressed run lengths"),
        ({"segmentation": {"size": [20, 20], "counts": [1e12, None]}}, "too large"),
        ({"segmentation": "zz"}, "no COCO mask"),
        ({"category_id": 9}, "category 9, which is not listed"),
        ({"category_id": [1]}, "no id"),
        ({"image_id": 9}, "does not list"),
    ],
)
def test_wrong_coco_is_left_out_and_named(change, match):
    data = coco_with()
    data["annotations"].append(data["annotations"][0] | {"id": 77} | change)
    read = coco.from_coco(data)
    assert len(read.images[0].instances) == 1
    [reason] = read.images[0].bad + read.bad
    assert re.search(match, reason) and "annotation 77" in reason


def boxes_of(*boxes, **more):
    data = coco.to_coco([labelled([], size=(48, 64))], CLASSES)
    data["annotations"] = [{"id": n, "image_id": 1, "category_id": 1, "bbox": b} | more for n, b in enumerate(boxes)]
    return data


@pytest.mark.parametrize(
    "data",
    [
        boxes_of([30, 20, 50, 40], [40, 30, 60, 45]),
        boxes_of([10, 10, 30, 25], area=300),  # as width and height it stays inside, but the area tells
    ],
)
def test_corners_in_coco_are_suspected(data):
    with pytest.raises(ValueError, match="look like two corners"):
        coco.from_coco(data)


def test_a_box_that_leaves_its_image_is_cut_and_said():
    image = coco.from_coco(boxes_of([5, 5, 70, 10], [1, 1, 9, 9], [2, 2, 62.5, 9])).images[0]
    assert image.instances[0].box == (5, 5, 64, 15) and image.asides == {CUT: 1}


def test_coco_ids_are_compared_by_value_and_two_images_of_one_id_are_not_guessed():
    data = boxes_of([1, 1, 9, 9])
    data["annotations"][0] |= {"image_id": "1", "category_id": "1"}
    assert len(coco.from_coco(data).images[0].instances) == 1
    data["images"].append(data["images"][0] | {"file_name": "other.png"})
    read = coco.from_coco(data)
    assert all(image.is_unknown for image in read.images) and "two pictures" in read.bad[0]


def test_a_size_that_no_image_has_is_never_allocated():
    data = coco_with()
    data["images"][0] |= {"width": 10**12}
    read = coco.from_coco(data)
    assert read.images[0].is_unknown and "too large" in read.images[0].bad[0]


def test_coco_leaves_out_crowds_and_says_so():
    read = coco.from_coco(coco_with(iscrowd=1))
    assert read.images[0].is_unknown and read.images[0].asides == {"crowd regions, left out": 1}


@pytest.mark.parametrize(
    ("row", "match"),
    [
        ("0 0.5 0.5 0.2", "4 columns"),
        ("0 0.5 0.5 0.2 0.2 0.9", "6 columns"),
        ("0.5 0.5 0.5 0.2 0.2", "not a whole number"),
        ("7 0.5 0.5 0.2 0.2", "class 7 is not among the 2 names"),
        ("0 50 50 20 20", "shares of the picture"),
        ("0 nan 0.5 0.2 0.2", "not a number"),
        ("0 0,5 0,5 0,2 0,2", "'0,5' is not a number"),
        ("0 1_0 0.5 0.2 0.2", "not a number"),
        ("inf 0.5 0.5 0.2 0.2", "not a whole number"),
        ("1e300 0.5 0.5 0.2 0.2", "not a whole number"),
        ("0 0.5 0.5 0 0.2", "no area"),
        ("apple 0.5 0.5 0.2 0.2", "line 2"),
    ],
)
def test_wrong_yolo_is_refused(row, match):
    text = f"0 0.5 0.5 0.1 0.1\n{row}\n"
    with pytest.raises(ValueError, match=match):
        yolo.parse_rows(text, 20, 20, CLASSES)
    bad = []
    assert len(yolo.parse_rows(text, 20, 20, CLASSES, bad=bad)) == 1
    assert len(bad) == 1 and bad[0].startswith("line 2: ")


def test_yolo_rows_with_more_than_a_box():
    asides = Counter()
    plain = yolo.parse_rows("0 0.5 0.5 0.2 0.2", 20, 20, CLASSES)
    scored = yolo.parse_rows("0 0.5 0.5 0.2 0.2 0.87", 20, 20, CLASSES, scored=True, asides=asides)
    pose = yolo.parse_rows("0 0.5 0.5 0.2 0.2 0.45 0.45 1", 20, 20, CLASSES, key_points=3, asides=asides)
    assert [i.box for i in scored] == [i.box for i in pose] == [i.box for i in plain] and len(asides) == 2
    assert yolo.looks_like_pose("0 0.5 0.5 0.25 0.25 0.45 0.45 1 0.55 0.5 2")
    assert not yolo.looks_like_pose("0 0.1 0.1 0.9 0.1 0.9 0.9 0.1 0.9")


@pytest.mark.parametrize(
    ("text", "names"),
    [
        ("names: [a, b]", ["a", "b"]),
        ("names: {0: a, 1: b}", ["a", "b"]),
        ('names: {"0": a, "1": b}', ["a", "b"]),
        ("names: {a: 0, b: 1}", ["a", "b"]),
        ("names: [{id: 1, name: b}, {id: 0, name: a}]", ["a", "b"]),
        ("names: [{0: a}, {1: b}]", ["a", "b"]),
        ("names: [no, null, 007]", ["no", "null", "007"]),
        ("names: a", ["a"]),
        ("names: {0: a, 99999999999: b}", None),
        ("names: [[a]]", None),
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
        (cvat.from_xml, "<annotation/>", "root is <annotation>"),
        (cvat.from_xml, "<annotations><track/></annotations>", "CVAT for video"),
    ],
)  # fmt: skip
def test_wrong_xml_is_refused(reader, text, match):
    with pytest.raises(ValueError, match=match):
        reader(text)


def voc_with(objects, head=""):
    size = "<size><width>64</width><height>48</height></size>"
    return f"{head}<annotation><filename>a.jpg</filename>{size}{objects}</annotation>"


def voc_object(corners, name="apple", inside=""):
    tags = zip(("xmin", "ymin", "xmax", "ymax"), corners, strict=True)
    box = "".join(f"<{k}>{v}</{k}>" for k, v in tags)
    return f"<object><name>{name}</name>{inside}<bndbox>{box}</bndbox></object>"


@pytest.mark.parametrize(
    ("objects", "match"),
    [
        ("<object/>", "no name"),
        ("<object><name>a</name></object>", "no complete bndbox"),
        (voc_object((30, 10, 10, 25)), "without area"),
        (voc_object((0.1, 0.1, 0.4, 0.5)), "shares of the picture"),
        (voc_object((1, 1, "nan", 9)), "not a number"),
        (voc_object((100, 1, 120, 9)), "outside its picture"),
        (voc_object((1, 1, 9, 9), " "), "no name"),
    ],
)
def test_wrong_voc_objects_are_left_out(objects, match):
    image = voc.from_xml(voc_with(voc_object((10, 10, 30, 25)) + objects))
    assert [i.box for i in image.instances] == [(10, 10, 30, 25)]
    assert len(image.bad) == 1 and re.search(match, image.bad[0])


def test_voc_parts_of_an_object_are_no_objects_and_its_encoding_is_its_own():
    part = "<object><name>stem</name></object>"
    text = voc_with(voc_object((10, 10, 30, 25), "\u82f9\u679c", part), '<?xml version="1.0" encoding="gbk"?>')
    image = voc.from_xml(text.encode("gbk"))
    assert [i.class_name for i in image.instances] == ["\u82f9\u679c"] and not image.bad
    assert voc.from_xml(voc_with(voc_object((1, 1, 9, 9))).encode("utf-16")).instances
    with pytest.raises(ValueError, match="not text in UTF-8"):
        voc.from_xml(text.split("?>")[1].encode("gbk"))


def cvat_with(shape, size='width="64" height="48"'):
    return (
        f'<annotations><image name="a.jpg" {size}><box label="apple" xtl="10" ytl="10" xbr="30" ybr="25"/>{shape}'
        "</image></annotations>"
    )


@pytest.mark.parametrize(
    ("shape", "match"),
    [
        ('<box label="a"/>', "has no 'xtl'"),
        ('<box label="a" xtl="1" ytl="1" xbr="nan" ybr="9"/>', "not a number"),
        ('<polygon label="a" points="1e9,1;20,1;20,3e9"/>', "too large"),
        ('<polygon label="a" points="1,1;20,1;99999,30"/>', "leaves its picture by far"),
        ('<polygon label="a" points="1,1;20"/>', "not pairs"),
        ('<polygon points="1,1;20,1;20,30"/>', "has no 'label'"),
        ('<mask label="a" rle="3, 4, 8" left="62" top="10" width="5" height="3"/>', "leaves the picture"),
        ('<mask label="a" rle="3.5, 4, 7.5" left="2" top="10" width="5" height="3"/>', "not a whole number"),
        ('<mask label="a" rle="-3, 10, 8" left="2" top="10" width="5" height="3"/>', "do not fill"),
        ('<ellipse label="a" cx="20" cy="20" rx="0" ry="8"/>', "without area"),
    ],
)
def test_wrong_cvat_shapes_are_left_out(shape, match):
    image = cvat.from_xml(cvat_with(shape)).images[0]
    assert [i.box for i in image.instances] == [(10, 10, 30, 25)]
    assert len(image.bad) == 1 and re.search(match, image.bad[0])


def test_cvat_reads_ellipses_and_refuses_sizes_that_no_image_has():
    image = cvat.from_xml(cvat_with('<ellipse label="a" cx="32" cy="24" rx="10" ry="5" rotation="90"/>')).images[0]
    assert image.instances[1].box == pytest.approx((27, 14, 37, 34), abs=1)
    image = cvat.from_xml(cvat_with("", 'width="1e12" height="48"')).images[0]
    assert image.is_unknown and not image.instances


def test_labelme_shapes():
    shapes = [
        {"label": "apple", "points": [[10, 10], [30, 10], [30, 25], [10, 25]], "shape_type": "polygon", "group_id": 1},
        {"label": "apple", "points": [[40, 10], [50, 10], [50, 25], [40, 25]], "shape_type": "polygon", "group_id": 1},
        {"label": "pear", "points": [[30, 40], [5, 30]], "shape_type": "rectangle"},
        {"label": "plum", "points": [[20, 20], [26, 20]], "shape_type": "circle"},
        {"label": "plum", "points": [[20, 20], [26, None]], "shape_type": "circle"},
        {"label": "line", "points": [[20, 20], [26, 20]], "shape_type": "line"},
    ]
    data = {"shapes": shapes, "imagePath": "a.jpg", "imageWidth": 64, "imageHeight": 48}
    assert labelme.is_labelme(data)
    image = labelme.from_labelme(data)
    found = {i.class_name: i.box for i in image.instances}
    assert found == {"apple": (10, 10, 50, 25), "pear": (5, 30, 30, 40), "plum": (14, 14, 26, 26)}
    assert len(image.bad) == 1 and list(image.asides.values()) == [1]


@pytest.mark.parametrize(
    ("data", "kind"),
    [
        ({"images": [], "categories": [], "annotations": [{"segments_info": []}]}, "COCO panoptic"),
        ({"a.jpg": {"filename": "a.jpg", "regions": []}}, "VIA"),
        ([{"image": "a.jpg", "annotations": []}], "CreateML"),
        ([{"image": "a.jpg", "label": [{"original_width": 4}]}], "Label Studio's JSON-MIN"),
        ({"compilerOptions": {}}, ""),
        ([], ""),
        (7, ""),
    ],
)
def test_formats_that_are_not_read_have_a_name(data, kind):
    assert unread.json_kind(data).startswith(kind) and bool(unread.json_kind(data)) == bool(kind)
    assert not coco.is_coco(data)


def test_cvat_leaves_out_lines_and_turns_boxes():
    text = (
        '<annotations><image name="p" width="90" height="90"><polyline label="a" points="1,1;2,2"/>'
        '<box label="a" xtl="20" ytl="30" xbr="40" ybr="40" rotation="90"/></image></annotations>'
    )
    read = cvat.from_xml(text)
    assert read.images[0].asides == {"<polyline> labels, which are not read, left out": 1}
    assert read.images[0].instances[0].box == pytest.approx((25, 25, 35, 45))


def test_coco_in_pieces_is_the_same_coco():
    boxed = Instance(class_name=CLASSES[0], box=(1, 2, 9, 8))
    images = [labelled([masked(ring()), boxed], f"{n}.png") for n in range(3)]
    images[1] = labelled([], "empty.png")
    whole = coco.to_coco(images, CLASSES)
    assert json.loads("".join(coco.coco_text(lambda: images, CLASSES))) == whole
    assert json.loads("".join(coco.coco_text(list, CLASSES))) == coco.to_coco([], CLASSES)
    kept, used = (coco.from_coco(json.loads(json.dumps(whole)), use_up=up) for up in (False, True))
    assert [i.instances for i in kept.images] == [i.instances for i in used.images]
    assert coco.from_coco(whole).images and whole["annotations"]  # what is not said to be used up stays


@pytest.mark.parametrize(
    "write",
    [
        lambda images: cvat.label_files(images, CLASSES, masks=True),
        lambda images: label_studio.label_files(images, masks=True),
        lambda images: hugging_face.label_files(images, CLASSES, masks=True),
        lambda images: coco.label_files(images, CLASSES),
    ],
)
def test_labels_are_written_an_image_at_a_time(write):
    class Images:
        """Counts how many of a pass were asked for."""

        def __iter__(self):
            self.asked = 0
            for number in range(50):
                self.asked += 1
                yield labelled([masked(ring())], f"{number}.png", split="train")

    images = Images()
    _, text = next(iter(write(images)))
    begun = "".join(piece for piece, _ in zip(text, range(6), strict=False))
    assert "0.png" in begun and images.asked < 10
    whole = begun + "".join(text)
    assert all(f"{number}.png" in whole for number in range(50))
