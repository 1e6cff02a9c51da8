"""Real photos: every common layout is read, every fault is named, nothing is touched."""

import json
import re
import struct
import zlib
from pathlib import Path

import cv2
import numpy as np
import pytest
from PIL import Image, ImageOps

from tools.core.errors import NeedsUser, StepFailed
from tools.core.task import Budget, ClassSpec, TaskSpec
from tools.data.dataset import file_sha256
from tools.data.formats import coco, cvat, voc, yolo
from tools.data.formats.labels import LabelledImage
from tools.data.real import load_real, turn_box, turn_mask
from tools.data.sample import Instance, encode_mask, mask_box

ORCHARD = Path(__file__).parents[4] / "shared/data/apples_orchard"
WIDTH, HEIGHT = 80, 60


def task(kind="segment", *names):
    classes = [ClassSpec(name=n) for n in names or ("apple",)]
    return TaskSpec(kind=kind, classes=classes, budget=Budget(images=1, rounds=1))


def scenery(seed, width=WIDTH, height=HEIGHT):
    noise = np.random.default_rng(seed).random((9, 9, 3)).astype(np.float32)
    return (cv2.resize(noise, (width, height), interpolation=cv2.INTER_CUBIC).clip(0, 1) * 255).astype(np.uint8)


def disc(seed):
    mask = np.zeros((HEIGHT, WIDTH), np.uint8)
    cv2.circle(mask, (20 + 3 * (seed % 10), 25), 9, 1, -1)
    return mask.astype(bool)


def labels(count=6, name="apple", masks=True, empties=(2,)):
    images = []
    for i in range(count):
        mask = disc(i)
        one = Instance(class_name=name, box=mask_box(mask), counts=encode_mask(mask) if masks else None)
        images.append(LabelledImage(f"shot-{i}.png", WIDTH, HEIGHT, [] if i in empties else [one]))
    return images


def save(path, image, **options):
    path.parent.mkdir(parents=True, exist_ok=True)
    Image.fromarray(image).save(path, **options)


def write(folder, kind, images, classes=("apple",), masks=True):
    """A data set on disk, with images of its own."""
    place = {"coco": coco, "yolo": yolo, "voc": voc, "cvat": cvat}[kind].image_path
    files = {
        "coco": lambda: coco.label_files(images, list(classes)),
        "yolo": lambda: yolo.label_files(images, list(classes), masks),
        "voc": lambda: voc.label_files(images),
        "cvat": lambda: cvat.label_files(images, list(classes), masks),
    }[kind]
    for i, image in enumerate(images):
        save(folder / place(image), scenery(i))
    for path, text in files():
        (folder / path).parent.mkdir(parents=True, exist_ok=True)
        (folder / path).write_text("".join(text), encoding="utf-8")
    return folder


def everything(folder):
    return {p: (file_sha256(p), p.stat().st_mtime_ns) for p in sorted(folder.rglob("*")) if p.is_file()}


@pytest.mark.parametrize("kind", ["coco", "yolo", "cvat", "voc"])
def test_every_format_reads_alike(tmp_path, kind):
    images = labels()
    folder = write(tmp_path, kind, images)
    before = everything(folder)
    real = load_real(folder, task(), 0.5)
    assert everything(folder) == before
    samples = {Path(s.image).name: s for s in [*real.val, *real.test]}
    assert len(samples) == 6 and real.val and real.test
    assert real.has_masks == (kind != "voc")
    for image in images:
        sample = samples[image.file]
        assert (
            Path(sample.image).is_absolute() and sample.engine == "real" and (sample.width, sample.height) == (80, 60)
        )
        assert len(sample.instances) == len(image.instances)
        for found, wanted in zip(sample.instances, image.instances, strict=True):
            assert found.box == pytest.approx(wanted.box, abs=0.01)
            assert kind == "voc" or found.counts == wanted.counts
    again = load_real(folder, task(), 0.5)
    assert [s.id for s in again.val] == [s.id for s in real.val]


def test_class_folders_to_classify(tmp_path):
    for i in range(8):
        save(tmp_path / ("train" if i % 2 else "test") / ("Apples" if i < 4 else "pear") / f"{i}.jpg", scenery(i))
    save(tmp_path / "train" / "plum" / "9.jpg", scenery(9))
    real = load_real(tmp_path, task("classify", "apple", "pear"), 0.5)
    assert sorted(s.label for s in real.val) == sorted(s.label for s in real.test) == ["apple", "apple", "pear", "pear"]
    assert any("'plum'" in note for note in real.notes) and any("'Apples'" in note for note in real.notes)
    with pytest.raises(StepFailed, match="no boxes or masks"):
        load_real(tmp_path, task("detect"), 0.5)


def test_boxes_can_label_a_whole_image(tmp_path):
    images = [*labels(4, empties=()), LabelledImage("e.png", WIDTH, HEIGHT)]
    real = load_real(write(tmp_path, "coco", images), task("classify"), 0.5)
    assert {s.label for s in [*real.val, *real.test]} == {"apple"} and len(real.val) + len(real.test) == 4
    assert any("no class of the task" in note for note in real.notes)


def test_tiles_of_a_photo_stay_together(tmp_path):
    images = [LabelledImage(f"DSC_{1000 + i // 3}_{i}.png", WIDTH, HEIGHT, labels(24, empties=())[i].instances)
              for i in range(24)]  # fmt: skip
    real = load_real(write(tmp_path, "coco", images), task(), 0.5)
    sides = [{s.family for s in side} for side in (real.val, real.test)]
    assert not sides[0] & sides[1] and sides[0] | sides[1] == {f"DSC_{1000 + i}" for i in range(8)}
    assert "24 pictures of 8 photos" in real.notes[0]


def test_rectangles_are_boxes_in_disguise(tmp_path):
    images = labels()
    for image in images:
        for k, one in enumerate(image.instances):
            mask = np.zeros((HEIGHT, WIDTH), bool)
            mask[5:20, 10:30] = True
            image.instances[k] = one.model_copy(update={"counts": encode_mask(mask), "box": mask_box(mask)})
    real = load_real(write(tmp_path, "coco", images), task(), 0.5)
    assert not real.has_masks and any("rectangles" in note for note in real.notes)
    assert all(i.counts is None for s in [*real.val, *real.test] for i in s.instances)


# Orientation --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("orientation", range(1, 9))
def test_turning_agrees_with_pillow(orientation):
    mask = np.zeros((6, 9), bool)
    mask[1:3, 2:7] = True
    image = Image.fromarray(mask.astype(np.uint8) * 255)
    image.getexif()[0x0112] = orientation
    shown = np.asarray(ImageOps.exif_transpose(image)) > 0
    assert (turn_mask(mask, orientation) == shown).all()
    assert turn_box(mask_box(mask), orientation, 9, 6) == mask_box(shown)


@pytest.mark.parametrize("kind", ["coco", "voc"])
@pytest.mark.parametrize("labelled_as", ["stored", "shown"])
def test_labels_follow_an_image_turned_by_exif(tmp_path, kind, labelled_as):
    """A bright square in the stored image, labelled in stored or in shown pixels: the label must lie on it."""
    images = []
    exif = Image.Exif()
    exif[0x0112] = 6
    for i in range(4):
        image = scenery(i) // 4
        image[8:20, 50:70] = 255
        save(tmp_path / "pictures" / f"shot-{i}.jpg", image, exif=exif, quality=95)
        mask = np.zeros((HEIGHT, WIDTH), bool)
        mask[8:20, 50:70] = True
        if labelled_as == "shown":
            mask = turn_mask(mask, 6)
        h, w = mask.shape
        one = Instance(class_name="apple", box=mask_box(mask))
        images.append(LabelledImage(f"shot-{i}.jpg", w, h, [one]))
    for path, text in coco.label_files(images, ["apple"]) if kind == "coco" else voc.label_files(images):
        (tmp_path / path).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / path).write_text("".join(text))
    real = load_real(tmp_path, task(), 0.5)
    for sample in [*real.val, *real.test]:
        x1, y1, x2, y2 = (int(v) for v in sample.instances[0].box)
        shown = np.asarray(ImageOps.exif_transpose(Image.open(sample.image)))
        assert (sample.width, sample.height) == (HEIGHT, WIDTH)
        assert shown[y1:y2, x1:x2].mean() > 240 and (x2 - x1) * (y2 - y1) == 240
    assert any("turned by EXIF" in note for note in real.notes) == (labelled_as == "stored")


# Bad folders --------------------------------------------------------------------------------------------------------


def bomb(path):
    """A PNG that says 60,000 x 60,000."""

    def chunk(kind, data):
        return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))

    header = struct.pack(">IIBBBBB", 60_000, 60_000, 8, 0, 0, 0, 0)
    data = chunk(b"IHDR", header) + chunk(b"IDAT", zlib.compress(b"0")) + chunk(b"IEND", b"")
    path.write_bytes(b"\x89PNG\r\n\x1a\n" + data)


def cut(path):
    path.write_bytes(path.read_bytes()[: path.stat().st_size // 2])


def missing(folder):
    return folder / "nowhere"


def a_file(folder):
    (folder / "photos.zip").write_bytes(b"PK")
    return folder / "photos.zip"


def no_labels(folder):
    save(folder / "a.jpg", scenery(0))


def mixed(folder):
    write(folder, "coco", labels())
    (folder / "labels/train").mkdir(parents=True)
    (folder / "labels/train/shot-0.txt").write_text("0 0.5 0.5 0.2 0.2\n")


def broken_json(folder):
    save(folder / "a.jpg", scenery(0))
    (folder / "annotations.json").write_text('{"images": [')


def half_broken_coco(folder):
    write(folder, "coco", labels())
    (folder / "annotations/other.json").write_text("{")


def broken_xml(folder):
    write(folder, "voc", labels())
    for name in ("shot-0", "shot-1"):
        (folder / f"Annotations/{name}.xml").write_text("<annotation><object>")


def bad_row(folder):
    write(folder, "yolo", labels())
    (folder / "labels/train/shot-1.txt").write_text("0 0.5 0.5 0.2 0.2\n" + "0 512 300 40 40\n" * 2)


def bad_yaml(folder):
    write(folder, "yolo", labels())
    (folder / "data.yaml").write_text("train: images/train\n")


def all_broken(folder):
    write(folder, "coco", labels())
    for path in (folder / "images").rglob("*.png"):
        cut(path)


def images_elsewhere(folder):
    write(folder, "coco", labels())
    for path in (folder / "images").rglob("*.png"):
        path.rename(path.with_name("other" + path.name))


def other_size(folder):
    write(folder, "coco", labels())
    for i, path in enumerate(sorted((folder / "images").rglob("*.png"))):
        save(path, scenery(i, 50, 40))


def zero_labels(folder):
    write(folder, "coco", labels(empties=range(6)))


def one_labelled(folder):
    write(folder, "coco", labels(empties=range(1, 6)))


@pytest.mark.parametrize(
    ("make", "match"),
    [
        (missing, r"nowhere: there is no such folder"),
        (a_file, r"photos\.zip is a file, not a folder"),
        (lambda folder: None, r"is empty\. Bring pictures"),
        (lambda folder: (folder / "notes.txt").write_text("hi") and None, r"holds no picture\. Bring"),
        (no_labels, r"1 pictures but no labels\. Bring"),
        (mixed, r"2 formats: COCO JSON \(annotations/instances_tr.*\) and YOLO text \(labels/train/shot-0\.txt\)"),
        (broken_json, r"annotations\.json: no readable JSON"),
        (half_broken_coco, r"annotations/other\.json: no readable JSON.*Repair or remove"),
        (broken_xml, r"shot-1\.xml: the labels cannot be read: it is not XML"),
        (bad_row, r"shot-1\.txt: .*line 2: coordinates must be shares.*Repair"),
        (bad_yaml, r"data\.yaml: it has no 'names'"),
        (all_broken, r"no picture can be used.*shot-0\.png"),
        (images_elsewhere, r"none of the 6 labelled pictures is there \(such as shot-0\.png\).*Put"),
        (other_size, r"shot-0\.png: labels for 80 x 60, picture 50 x 40"),
        (zero_labels, r"6 pictures are listed, but none has a label"),
        (one_labelled, r"only 1 picture is labelled.*At least two photos"),
    ],
)  # fmt: skip
def test_bad_folders_are_told(tmp_path, make, match):
    folder = make(tmp_path)
    with pytest.raises(StepFailed, match=match):
        load_real(folder if isinstance(folder, Path) else tmp_path, task(), 0.5)


def one_cut(folder):
    cut(folder / "images/train/shot-1.png")


def one_bomb(folder):
    bomb(folder / "images/train/shot-1.png")


def one_gone(folder):
    (folder / "images/train/shot-1.png").unlink()


def one_text(folder):
    (folder / "images/train/shot-1.png").write_text("not a picture")


@pytest.mark.parametrize(
    ("spoil", "note"),
    [
        (one_cut, r"1 pictures unreadable.*shot-1\.png.*broken or cut off"),
        (one_bomb, r"1 pictures unreadable.*shot-1\.png.*decompression bomb"),
        (one_text, r"1 pictures unreadable.*shot-1\.png"),
        (one_gone, r"1 labelled pictures are not in the folder.*shot-1\.png"),
    ],
)
@pytest.mark.parametrize("kind", ["coco", "yolo"])
def test_one_bad_image_is_left_out_and_noted(tmp_path, kind, spoil, note):
    folder = write(tmp_path, kind, labels())
    spoil(folder)
    real = load_real(folder, task(), 0.5)
    assert len(real.val) + len(real.test) == 5
    expected = r"1 label files have no picture.*shot-1\.txt" if (spoil is one_gone and kind == "yolo") else note
    assert any(re.search(expected, n) for n in real.notes), real.notes


def test_classes_that_do_not_match_are_asked_and_a_map_answers(tmp_path):
    folder = write(tmp_path, "coco", labels(name="Malus"), classes=["Malus"])
    with pytest.raises(NeedsUser, match=r"'Malus'.*'apple'") as asked:
        load_real(folder, task(), 0.5)
    assert asked.value.options == ["Malus=apple"]
    real = load_real(folder, task(), 0.5, {"Malus": "apple"})
    assert {i.class_name for s in [*real.val, *real.test] for i in s.instances} == {"apple"}


def test_yolo_without_names_and_beside_the_images(tmp_path):
    for i in range(4):
        save(tmp_path / f"shot-{i}.png", scenery(i))
        (tmp_path / f"shot-{i}.txt").write_text("0 0.5 0.5 0.2 0.2\n" if i else "")
    (tmp_path / "readme.txt").write_text("four pictures")
    real = load_real(tmp_path, task("detect"), 0.5)
    assert sum(len(s.instances) for s in [*real.val, *real.test]) == 3
    assert any("numbers are taken as names" in n for n in real.notes)


def test_a_name_with_a_way_out_of_the_folder_stays_inside(tmp_path):
    folder = write(tmp_path / "photos", "coco", labels())
    save(tmp_path / "secret.png", scenery(99))
    path = folder / "annotations/instances_train.json"
    data = json.loads(path.read_text())
    data["images"][0]["file_name"] = "../secret.png"
    path.write_text(json.dumps(data))
    real = load_real(folder, task(), 0.5)
    assert all(Path(s.image).is_relative_to(folder) for s in [*real.val, *real.test])
    assert any("../secret.png" in n for n in real.notes)


@pytest.mark.skipif(not ORCHARD.is_dir(), reason="the orchard photos are not here")
def test_orchard_photos():
    real = load_real(ORCHARD, task(), 0.5)
    samples = [*real.val, *real.test]
    assert len(samples) == 60 and sum(len(s.instances) for s in samples) == 384 and not real.has_masks
    photos = [{"_".join(Path(s.image).name.split("_")[:2]) for s in side} for side in (real.val, real.test)]
    assert not photos[0] & photos[1] and len(photos[0] | photos[1]) == 12
    assert {i.class_name for s in samples for i in s.instances} == {"apple"}
