"""Sets of labels as people bring them: each label to its own image, what cannot be used left out, counted, named."""

import json
import os
import struct

import numpy as np
import pytest
from PIL import Image

from tests.tools.data.test_real import scenery
from tools.core.errors import StepFailed
from tools.data.left_out import LeftOut
from tools.data.real import read_photos
from tools.data.real_labels import read_labels
from tools.label.convert import convert_labels
from tools.label.labeler import label_task

WIDTH, HEIGHT = 64, 48
ROW = "0 0.5 0.5 0.25 0.25\n"
CENTRE = (24, 18, 40, 30)  # what ROW says, in pixels
BOX = [10, 10, 20, 15]
TASK = label_task("apple", "detect")


def lay(folder, files):
    """Files by path: text, bytes, JSON, or an image for None and for EXIF."""
    for number, (name, content) in enumerate(files.items()):
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        if content is None or isinstance(content, Image.Exif):
            Image.fromarray(scenery(number, WIDTH, HEIGHT)).save(
                path, format="PNG" if path.suffix.lower() == ".png" else "JPEG", exif=content or Image.Exif()
            )
        elif isinstance(content, bytes):
            path.write_bytes(content)
        else:
            path.write_text(content if isinstance(content, str) else json.dumps(content), encoding="utf-8")
    return folder


def coco_of(*names, boxes=None, classes=("apple",), size=(WIDTH, HEIGHT)):
    boxes = boxes or [[k, BOX] for k in range(1, len(names) + 1)]
    return {
        "images": [{"id": k, "file_name": n, "width": size[0], "height": size[1]} for k, n in enumerate(names, 1)],
        "annotations": [
            {"id": k, "image_id": image, "category_id": (more or [1])[0], "bbox": box}
            for k, (image, box, *more) in enumerate(boxes, 1)
        ],
        "categories": [{"id": k, "name": n} for k, n in enumerate(classes, 1)],
    }


def xml_of(name, *boxes):
    objects = "".join(
        f"<object><name>apple</name><bndbox><xmin>{a}</xmin><ymin>{b}</ymin><xmax>{c}</xmax><ymax>{d}</ymax></bndbox>"
        "</object>"
        for a, b, c, d in boxes
    )
    return (
        f"<annotation><filename>{name}</filename><size><width>{WIDTH}</width><height>{HEIGHT}</height></size>{objects}"
        "</annotation>"
    )


def found(labels, root):
    return {p.relative_to(root).as_posix(): [i.box for i in image.instances] for p, image in labels.entries}


def said(labels):
    return " | ".join(labels.notes)


# Whose label it is ----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("named", "there", "note"),
    [
        ("my%20photo%20%281%29.jpg", "my photo (1).jpg", "URL encoding"),
        ("IMG_1.JPG", "img_1.jpg", "other capitals"),
        ("caf\u00e9.jpg", "cafe\u0301.jpg", "another Unicode form"),
        ("cafe\u0301.jpg", "caf\u00e9.jpg", "another Unicode form"),
        ("a.jpeg", "a.jpg", "another ending"),
        ("a.jfif", "a.jfif", ""),
    ],
)
def test_an_image_is_found_by_another_spelling_and_that_is_said(tmp_path, named, there, note):
    labels = read_labels(lay(tmp_path, {there: None, "l.json": coco_of(named)}), classify=False)
    assert list(found(labels, tmp_path)) == [there]
    assert note in said(labels) and ("found by" in said(labels)) == bool(note)


@pytest.mark.parametrize(
    ("there", "named", "wanted"),
    [
        (["a.jfif", "a.png"], ["a.jfif"], ["a.jfif"]),  # never its twin of another kind
        (["a.jpg", "A.jpg"], ["a.jpg"], ["a.jpg"]),  # exactly first
        (["A.jpg", "a.JPG"], ["a.jpg"], []),  # two may be meant
        (["x/a.jpg", "y/a.jpg"], ["a.jpg"], []),
        (["x/a.jpg", "y/a.jpg"], ["y/a.jpg"], ["y/a.jpg"]),
        (["a.jpg"], ["train/a.jpg", "val/a.jpg"], []),  # two names for one image
        (["a.png", "b.png"], ["a.jpg", "a.png"], ["a.png"]),  # a laxer rule takes nothing from a stricter one
    ],
)
def test_a_label_never_lands_on_another_image(tmp_path, there, named, wanted):
    files = dict.fromkeys([*there, "other.jpg"]) | {"l.json": coco_of(*named, "other.jpg")}
    labels = read_labels(lay(tmp_path, files), classify=False)
    assert sorted(found(labels, tmp_path)) == sorted([*wanted, "other.jpg"])


def test_the_same_names_in_two_splits(tmp_path):
    files = {f"images/{split}/0001.jpg": None for split in ("train", "val")}
    lay(tmp_path, files | {"annotations/instances_train.json": coco_of("0001.jpg")})
    lay(tmp_path, {"annotations/instances_val.json": coco_of("0001.jpg", boxes=[[1, [40, 30, 10, 10]]])})
    assert found(read_labels(tmp_path, classify=False), tmp_path) == {
        "images/train/0001.jpg": [(10, 10, 30, 25)], "images/val/0001.jpg": [(40, 30, 50, 40)],
    }  # fmt: skip
    (tmp_path / "annotations/instances_train.json").unlink()
    assert list(found(read_labels(tmp_path, classify=False), tmp_path)) == ["images/val/0001.jpg"]
    (tmp_path / "images/val/0001.jpg").unlink()
    with pytest.raises(StepFailed, match=r"none of the 1 labelled pictures is there.*images/train/0001\.jpg"):
        read_labels(tmp_path, classify=False)


def test_an_xml_is_of_the_image_that_is_called_like_it(tmp_path):
    lay(tmp_path, {"a.jpg": None, "b.jpg": None, "a.xml": xml_of("a.jpg", (10, 10, 30, 25))})
    lay(tmp_path, {"b.xml": xml_of("a.jpg", (40, 10, 60, 25))})  # copied, its name not changed
    assert found(read_labels(tmp_path, classify=False), tmp_path) == {
        "a.jpg": [(10, 10, 30, 25)], "b.jpg": [(40, 10, 60, 25)],
    }  # fmt: skip


@pytest.mark.parametrize(
    ("image", "label"),
    [
        ("images/a.jpg", "labels/a.txt"),
        ("Images/a.jpg", "Labels/a.txt"),
        ("images/a.jpg", "labels/a.TXT"),
        ("images/IMG_1.JPG", "labels/img_1.txt"),
        ("images/caf\u00e9.jpg", "labels/cafe\u0301.txt"),
        ("images/my photo.jpg", "labels/my%20photo.txt"),
        ("train/images/a.jpg", "train/labels/a.txt"),
        ("images/train/a.jpg", "labels/train/a.txt"),
    ],
)
def test_yolo_files_are_found_by_other_spellings(tmp_path, image, label):
    lay(tmp_path, {image: None, label: ROW, "data.yaml": "names: [apple]"})
    labels = read_labels(tmp_path, classify=False)
    assert found(labels, tmp_path) == {image: [CENTRE]} and labels.entries[0][1].instances[0].class_name == "apple"


@pytest.mark.parametrize(
    ("photo", "label", "given"),
    [
        ("images/a.jpg", "labels/a.txt", "images"),
        ("train/images/a.jpg", "train/labels/a.txt", "train"),
        ("train/images/a.jpg", "train/labels/a.txt", "train/images"),
        ("images/train/a.jpg", "labels/train/a.txt", "images/train"),
    ],
)
def test_a_part_of_a_yolo_set_finds_its_labels_and_names(tmp_path, photo, label, given):
    lay(tmp_path, {photo: None, label: ROW, "data.yaml": "names: [apple]", "labels/val/x.txt": ROW})
    labels = read_labels(tmp_path / given, classify=False)
    [(_, image)] = labels.entries
    assert [(i.class_name, i.box) for i in image.instances] == [("apple", CENTRE)]


def test_two_images_share_no_label_file(tmp_path):
    lay(tmp_path, {"a.jpg": None, "a.png": None, "a.txt": ROW, "b.jpg": None, "b.txt": ROW})
    labels = read_labels(tmp_path, classify=False)
    assert list(found(labels, tmp_path)) == ["b.jpg"] and "share a label file" in said(labels)


def test_images_and_label_files_that_are_left_over(tmp_path):
    files = {f"images/{k}.jpg": None for k in range(3)} | {f"labels/{k}x.txt": ROW for k in range(3)}
    lay(tmp_path, files | {"data.yaml": "names: [apple]"})
    with pytest.raises(StepFailed, match=r"none of its 3 label files.*images/0\.jpg.*labels/0x\.txt.*same names"):
        read_labels(tmp_path, classify=False)
    lay(tmp_path, {"labels/0.txt": ROW * 17})
    with pytest.raises(StepFailed, match=r"3 of 20 labels cannot be used.*no picture of this name"):
        read_labels(tmp_path, classify=False)
    lay(tmp_path, {"labels/0.txt": ROW * 27})
    labels = read_labels(tmp_path, classify=False)
    assert list(found(labels, tmp_path)) == ["images/0.jpg"], "pictures without a partner are not taken for empty"


def test_the_nearest_list_of_classes_wins_or_is_refused(tmp_path):
    lay(tmp_path, {"f1/a.jpg": None, "f1/a.txt": ROW, "f1/classes.txt": "alfa\nbeta\n"})
    lay(tmp_path, {"f2/b.jpg": None, "f2/b.txt": ROW, "f2/classes.txt": "beta\nalfa\n"})
    names = {p.name: image.instances[0].class_name for p, image in read_labels(tmp_path, classify=False).entries}
    assert names == {"a.jpg": "alfa", "b.jpg": "beta"}
    lay(tmp_path, {"c.jpg": None, "c.txt": ROW})
    with pytest.raises(StepFailed, match=r"f1 and f2 differ"):
        read_labels(tmp_path, classify=False)
    lay(tmp_path, {"f1/data.yaml": "names: [beta, alfa]", "classes.txt": "alfa\n"})
    with pytest.raises(StepFailed, match=r"classes\.txt and .*data\.yaml list other classes"):
        read_labels(tmp_path, classify=False)


# What cannot be used --------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("bad", "labels", "refused"), [(1, 1, False), (1, 2, False), (2, 4, True), (2, 20, False), (3, 20, True)]
)
def test_the_rule(tmp_path, bad, labels, refused):
    left_out = LeftOut(labels, [f"label {k}" for k in range(bad)])
    if refused:
        with pytest.raises(StepFailed, match=rf"{bad} of {labels} labels .* more than a tenth: label 0"):
            left_out.check(tmp_path)
    else:
        left_out.check(tmp_path)
        assert "label 0" in left_out.notes()[0]


def one_bad(kind, count):
    """A set with `count` good images, one bad label beside a good one, and an image with nothing but a bad one."""
    names = [f"p{k}.jpg" for k in range(count)]
    files = dict.fromkeys([*names, "half.jpg"])
    good, bad = (10, 10, 30, 25), (30, 10, 10, 25)
    if kind == "coco":
        boxes = [[k + 1, BOX] for k in range(count + 1)] + [[count + 1, [10, 10, 0, 5]]]
        return files | {"l.json": coco_of(*names, "half.jpg", boxes=boxes)}
    if kind == "voc":
        return files | {f"{n[:-4]}.xml": xml_of(n, good) for n in names} | {"half.xml": xml_of("half.jpg", good, bad)}
    if kind == "yolo":
        return files | {f"{n[:-4]}.txt": ROW for n in names} | {"half.txt": ROW + "0 0.5 0.5 0 0.1\n"}
    if kind == "labelme":
        shape = {"label": "apple", "points": [[10, 10], [30, 25]], "shape_type": "rectangle"}
        return files | {
            f"{n[:-4]}.json": {"shapes": [shape] + [shape | {"points": [[9, 9], [9, 9]]}] * (n == "half.jpg"),
                               "imagePath": n, "imageWidth": WIDTH, "imageHeight": HEIGHT}
            for n in [*names, "half.jpg"]
        }  # fmt: skip
    box = '<box label="apple" xtl="{}" ytl="{}" xbr="{}" ybr="{}"/>'
    images = "".join(
        f'<image name="{n}" width="{WIDTH}" height="{HEIGHT}">{box.format(*good)}'
        f"{box.format(*bad) if n == 'half.jpg' else ''}</image>"
        for n in [*names, "half.jpg"]
    )
    return files | {"annotations.xml": f"<annotations>{images}</annotations>"}


@pytest.mark.parametrize("kind", ["coco", "voc", "yolo", "cvat", "labelme"])
def test_one_rule_in_every_format(tmp_path, kind):
    labels = read_labels(lay(tmp_path, one_bad(kind, 2)), classify=False)
    assert {p.name: len(image.instances) for p, image in labels.entries} == {"p0.jpg": 1, "p1.jpg": 1, "half.jpg": 1}
    assert labels.left_out.labels == 4 and len(labels.left_out.reasons) == 1 and "half" in said(labels)


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("0 0,5 0,5 0,25 0,25\n", "'0,5' is not a number"),
        (b"\xff\xfe\xff\x00\x00\xd8", "not text"),
        ("apples are red\n", "not a whole number"),
        ("0 0.5 0.5 0 0.1\n", "no area"),
    ],
)
def test_an_unreadable_file_makes_no_image_empty(tmp_path, text, reason):
    lay(tmp_path, {"images/a.jpg": None, "images/b.jpg": None, "labels/b.txt": ROW, "data.yaml": "names: [apple]"})
    lay(tmp_path, {"labels/a.txt": text})
    labels = read_labels(tmp_path, classify=False)
    assert list(found(labels, tmp_path)) == ["images/b.jpg"]
    assert reason in said(labels) and "labels/a.txt" in said(labels) and "empty" not in said(labels)
    samples, _ = read_photos(tmp_path, TASK)
    assert len(samples) == 1


@pytest.mark.parametrize("text", ["# class x y w h\n" + ROW, ROW.encode("utf-16"), ROW.encode("utf-8-sig")])
def test_text_that_can_be_read_is_read(tmp_path, text):
    lay(tmp_path, {"images/a.jpg": None, "labels/a.txt": text, "data.yaml": "names: [apple]"})
    assert found(read_labels(tmp_path, classify=False), tmp_path) == {"images/a.jpg": [CENTRE]}


def test_an_unreadable_xml_makes_no_image_empty_and_too_many_are_refused(tmp_path):
    files = {f"{k}.jpg": None for k in range(3)} | {f"{k}.xml": xml_of(f"{k}.jpg", (10, 10, 30, 25)) for k in range(3)}
    lay(tmp_path, files | {"0.xml": "<annotation><object>"})
    labels = read_labels(tmp_path, classify=False)
    assert sorted(found(labels, tmp_path)) == ["1.jpg", "2.jpg"] and "0.xml" in said(labels)
    lay(tmp_path, {"1.xml": "<annotation>"})
    with pytest.raises(StepFailed, match=r"2 of 3 labels cannot be used"):
        read_labels(tmp_path, classify=False)


def test_labels_of_another_kind_make_no_image_empty(tmp_path):
    line = '<polyline label="apple" points="1,1;2,2"/>'
    box = '<box label="apple" xtl="10" ytl="10" xbr="30" ybr="25"/>'
    images = "".join(f'<image name="{n}.jpg" width="64" height="48">{s}</image>' for n, s in (("a", line), ("b", box)))
    lay(tmp_path, {"a.jpg": None, "b.jpg": None, "l.xml": f"<annotations>{images}</annotations>"})
    labels = read_labels(tmp_path, classify=False)
    assert list(found(labels, tmp_path)) == ["b.jpg"] and "<polyline>" in said(labels)


def test_a_set_whose_only_label_is_foreign_is_a_sentence(tmp_path):
    data = coco_of("a.jpg")
    data["annotations"][0]["segmentation"] = [[0, 0, 1e12, 0, 1e12, 1e12]]
    lay(tmp_path, {"a.jpg": None, "l.json": data})
    with pytest.raises(StepFailed, match=r"annotation 1 of a\.jpg: an outline that leaves its picture"):
        read_labels(tmp_path, classify=False)


def test_normalised_boxes_in_coco_are_suspected(tmp_path):
    boxes = [[1, [0.2, 0.2, 0.4, 0.3]], [1, [0.6, 0.5, 0.2, 0.3]]]
    lay(tmp_path, {"a.jpg": None, "l.json": coco_of("a.jpg", boxes=boxes)})
    with pytest.raises(StepFailed, match=r"2 of 2 labels cannot be used.*shares of the picture in place of pixels"):
        read_labels(tmp_path, classify=False)


def test_rows_with_key_points(tmp_path):
    row = "0 0.5 0.5 0.25 0.25 0.45 0.45 1 0.55 0.5 1\n"
    lay(tmp_path, {"images/a.jpg": None, "labels/a.txt": row, "data.yaml": "names: [apple]"})
    with pytest.raises(StepFailed, match=r"YOLO pose.*kpt_shape"):
        read_labels(tmp_path, classify=False)
    lay(tmp_path, {"data.yaml": "names: [apple]\nkpt_shape: [2, 3]"})
    assert found(read_labels(tmp_path, classify=False), tmp_path) == {"images/a.jpg": [CENTRE]}


def test_rows_with_a_confidence(tmp_path):
    lay(tmp_path, {"images/a.jpg": None, "labels/a.txt": "0 0.5 0.5 0.25 0.25 0.87\n", "data.yaml": "names: [apple]"})
    labels = read_labels(tmp_path, classify=False)
    assert found(labels, tmp_path) == {"images/a.jpg": [CENTRE]} and "confidence" in said(labels)


# Beside labels --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("name", "content", "note"),
    [
        ("annotations/panoptic.json", coco_of("a.jpg") | {"annotations": [{"segments_info": []}]}, "COCO panoptic"),
        ("config/tsconfig.json", "{ // a comment\n}", "tsconfig.json"),
        (".vscode/settings.json", "{ // a comment\n}", ""),
        ("package.json", "{", "package.json"),
        ("a.txt", "", ""),
        ("notes.txt", "an apple on a table", ""),
        ("pom.xml", "<project/>", ""),
        ("numbers.json", "7", ""),
    ],
)
def test_bystanders_are_ignored(tmp_path, name, content, note):
    labels = read_labels(lay(tmp_path, {"a.jpg": None, "l.json": coco_of("a.jpg"), name: content}), classify=False)
    assert found(labels, tmp_path) == {"a.jpg": [(10, 10, 30, 25)]}
    assert note in said(labels) and (note or not labels.notes)


@pytest.mark.parametrize(
    ("files", "match"),
    [
        (
            {"images/a.jpg": None, "masks/a.png": None},
            r"masks/a\.png: its colour .*of no class",
        ),
        ({"a.jpg": None, "p.json": coco_of("a.jpg") | {"annotations": [{"segments_info": []}]}}, "COCO panoptic"),
        ({"a.jpg": None, "via.json": {"a.jpg": {"filename": "a.jpg", "regions": []}}}, "VIA JSON.*Export"),
        ({"a.jpg": None, "labels.csv": "a.jpg,1,2"}, r"labels\.csv looks like a table.*Export"),
        ({"a.jpg": None, "l.json": '{"images": [{'}, r"l\.json: no readable JSON"),
        ({"a.dng": b"II*"}, r"only pictures that are not read, such as a\.dng.*raw camera files"),
    ],
)
@pytest.mark.parametrize("classify", [False, True])
def test_what_is_not_read_is_named_with_the_way_out(tmp_path, files, match, classify):
    with pytest.raises(StepFailed, match=match):
        read_labels(lay(tmp_path, files), classify=classify)


def test_linked_folders_are_read_once_and_named(tmp_path):
    lay(tmp_path / "elsewhere", {"a.jpg": None})
    folder = lay(tmp_path / "set", {"l.json": coco_of("a.jpg", "gone.jpg"), "raw.nef": b"II*"})
    (folder / "photos").symlink_to(tmp_path / "elsewhere")
    (folder / "loop").symlink_to(folder)
    (folder / "gone.jpg").symlink_to(tmp_path / "nowhere.jpg")
    labels = read_labels(folder, classify=False)
    assert list(found(labels, folder)) == ["photos/a.jpg"]
    assert all(word in said(labels) for word in ("photos", "raw.nef", "gone.jpg (a link to nowhere)"))


def test_a_name_that_is_no_text_is_named(tmp_path):
    lay(tmp_path, {"a.jpg": None, "l.json": coco_of("a.jpg")})
    try:
        (tmp_path / "a.jpg").rename(tmp_path / os.fsdecode(b"\xff.jpg"))
    except OSError:
        pytest.skip("this disk takes no such name")
    lay(tmp_path, {"a.jpg": None})
    labels = read_labels(tmp_path, classify=False)
    assert r"\xff.jpg (its name is not text" in said(labels)
    said(labels).encode()


# Through to the end ---------------------------------------------------------------------------------------------------


def test_classes_that_differ_in_capitals_or_spaces_alone_are_one(tmp_path):
    boxes = [[1, BOX, 1], [1, [30, 20, 5, 5], 2], [1, [40, 20, 5, 5], 3]]
    data = coco_of("a.jpg", boxes=boxes, classes=("Apple", "apple\n", " "))
    done = convert_labels(lay(tmp_path / "in", {"a.jpg": None, "l.json": data}), tmp_path / "out", "coco")
    assert (done.written.photos, done.written.labels) == (1, 2)
    assert any("'apple'" in n for n in done.notes) and any("has no name" in n for n in done.notes)


def orientation(kind, value):
    """EXIF with an orientation of a TIFF type, little-endian: 2 is text, 3 a short."""
    count = len(value) if kind == 2 else 1
    return b"Exif\0\0II*\0" + struct.pack("<IHHHI4sI", 8, 1, 0x0112, kind, count, value.ljust(4, b"\0"), 0)


@pytest.mark.parametrize(
    "exif", [orientation(2, b"abc\0"), orientation(3, b"\x61\x62"), b"Exif\0\0II*", b"Exif\0\0nonsense"]
)
def test_a_photo_with_nonsense_in_its_exif_is_read_as_it_is(tmp_path, exif):
    Image.fromarray(scenery(0, WIDTH, HEIGHT)).save(tmp_path / "a.jpg", exif=exif)
    lay(tmp_path, {"l.json": coco_of("a.jpg")})
    [sample], _ = read_photos(tmp_path, TASK)
    assert sample.instances[0].box == (10, 10, 30, 25)


def test_square_photos_that_are_turned_are_said(tmp_path):
    exif = Image.Exif()
    exif[0x0112] = 6
    Image.fromarray(scenery(1, 48, 48)).save(tmp_path / "square.jpg", exif=exif)
    lay(tmp_path, {"l.json": coco_of("square.jpg", boxes=[[1, [0, 0, 10, 5]]], size=(48, 48))})
    [sample], notes = read_photos(tmp_path, TASK)
    assert sample.instances[0].box == (43, 0, 48, 10)
    assert any("square.jpg (as stored)" in n for n in notes)
    # Another turned image of the set was labelled as shown: so was this one.
    data = coco_of("square.jpg", "wide.jpg", boxes=[[1, [0, 0, 10, 5]], [2, [0, 0, 10, 5]]], size=(48, 48))
    data["images"][1] |= {"width": HEIGHT, "height": WIDTH}
    lay(tmp_path, {"wide.jpg": exif, "l.json": data})
    samples, notes = read_photos(tmp_path, TASK)
    assert [s.instances[0].box for s in samples] == [(0, 0, 10, 5)] * 2
    assert any("square.jpg (as shown)" in n for n in notes)


def test_names_that_formats_cannot_hold_are_mapped_back(tmp_path):
    deep = "/".join([c * 100 for c in "abc"])
    names = [f"{deep}/x.jpg", "tab\there.jpg"]
    lay(tmp_path / "in", dict.fromkeys(names) | {"l.json": coco_of(*names)})
    lay(tmp_path / "in", {f"{'y' * 200}.jpg": None})
    for form in ("coco", "voc", "cvat", "yolo"):
        done = convert_labels(tmp_path / "in", tmp_path / form, form)
        assert done.plain()["names_replaced"] == 1
        kept = json.loads((tmp_path / form / "original_names.json").read_text())
        assert list(kept.values()) == ["tab\there.jpg"]
        samples, _ = read_photos(tmp_path / form, TASK)
        assert sorted(np.concatenate([i.box for s in samples for i in s.instances])) == pytest.approx(
            sorted([10, 10, 30, 25] * 2), abs=0.01
        )
