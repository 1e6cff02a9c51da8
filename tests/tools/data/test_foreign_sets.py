"""Data sets as hubs and labelling servers give them out: each label where its maker put it, the hostile refused."""

import base64
import io
import json
import math
import re
import zipfile

import numpy as np
import pytest
from PIL import Image

from tests.tools.data.test_label_sets import BOX, CENTRE, HEIGHT, ROW, WIDTH, coco_of, found, lay, said
from tools.core.errors import FixArguments, StepFailed
from tools.core.settings import Settings
from tools.data.formats import hugging_face, label_studio, labelme
from tools.data.formats.labels import LabelledImage
from tools.data.real_labels import read_labels
from tools.data.sample import crop_counts, decode_mask, encode_mask
from tools.label.convert import convert_labels
from tools.runs.photo_sets import labelled_folder

SIZE = {"original_width": WIDTH, "original_height": HEIGHT}


def masks_of(labels):
    return [[i.mask(image.height, image.width) for i in image.instances] for _, image in labels.entries]


def png(pixels, mode=None):
    out = io.BytesIO()
    image = Image.fromarray(pixels)
    if mode:
        image = image.convert(mode)
    image.save(out, "PNG")
    return out.getvalue()


def zipped(folder, path):
    with zipfile.ZipFile(path, "w") as packed:
        for file in sorted(p for p in folder.rglob("*") if p.is_file()):
            packed.write(file, file.relative_to(folder).as_posix())
    return path


# Roboflow -------------------------------------------------------------------------------------------------------------


def roboflow(folder, kind):
    """As it is downloaded: three folders, readme files, and the hash that it puts into names."""
    lay(folder, {"README.roboflow.txt": "apples - v1\nExported on 2024", "README.dataset.txt": "# apples > 2024"})
    for split in ("train", "valid", "test"):
        name = f"IMG_1_jpg.rf.{split[0] * 8}.jpg"
        if kind == "yolo":
            lay(folder / split, {f"images/{name}": None, f"labels/{name[:-4]}.txt": ROW})
        else:
            labels = coco_of(name) | {"categories": [{"id": 0, "name": "fruits"}, {"id": 1, "name": "apple"}]}
            lay(folder / split, {name: None, "_annotations.coco.json": labels})
    if kind == "yolo":
        yaml = "train: ../train/images\nval: ../valid/images\ntest: ../test/images\nnc: 1\nnames: ['apple']\n"
        lay(folder, {"data.yaml": yaml + "roboflow:\n  project: apples\n"})
    return folder


@pytest.mark.parametrize(("kind", "box"), [("yolo", CENTRE), ("coco", (10, 10, 30, 25))])
def test_a_zip_of_roboflow_is_read_as_it_is_downloaded(tmp_path, kind, box):
    archive = zipped(roboflow(tmp_path / "set", kind), tmp_path / "apples.v1i.zip")
    settings = Settings(runs_dir=tmp_path / "runs")
    folder = labelled_folder(archive, settings)
    assert labelled_folder(archive, settings) == folder and folder.is_relative_to(tmp_path / "runs")
    labels = read_labels(folder, classify=False)
    assert labels.format == kind and list(found(labels, folder).values()) == [[box]] * 3
    assert {i.class_name for _, image in labels.entries for i in image.instances} == {"apple"}
    done = convert_labels(archive, tmp_path / "new", "coco")
    assert done.written.photos == 3 and not list(tmp_path.glob(".unpacked-*"))


@pytest.mark.parametrize("name", ["../out.jpg", "/etc/out.jpg", "C:\\out.jpg"])
def test_a_zip_that_leads_out_of_its_folder_is_refused(tmp_path, name):
    with zipfile.ZipFile(tmp_path / "bad.zip", "w") as packed:
        packed.writestr(name, b"x")
    for use in (
        lambda: labelled_folder(tmp_path / "bad.zip", Settings(runs_dir=tmp_path / "runs")),
        lambda: convert_labels(tmp_path / "bad.zip", tmp_path / "new", "coco"),
    ):
        with pytest.raises(FixArguments, match=r"bad\.zip.*outside its folder"):
            use()
    assert not (tmp_path / "new").exists() and not list(tmp_path.rglob("out.jpg"))


# Label Studio ---------------------------------------------------------------------------------------------------------


def task_of(*results, image="a.jpg", **more):
    return {"id": 1, "data": {"image": image}, "annotations": [{"result": list(results), **more}]}


def region(kind, value, names=("apple",), **more):
    return SIZE | {"type": kind, "id": "r", "image_rotation": 0, "value": value | {kind: list(names)}} | more


RECTANGLE = {"x": 25.0, "y": 50.0, "width": 50.0, "height": 25.0, "rotation": 0}
PIXELS = (16, 24, 48, 36)  # what RECTANGLE says in 64 x 48 pixels


@pytest.mark.parametrize(
    ("address", "there"),
    [
        ("a.jpg", "a.jpg"),
        ("/data/upload/3/0a1b2c3d-a.jpg", "a.jpg"),
        ("/data/upload/3/0a1b2c3d-a.jpg", "0a1b2c3d-a.jpg"),
        ("/data/local-files/?d=orchard%2Fmy%20a.jpg", "orchard/my a.jpg"),
        ("s3://bucket/orchard/a.jpg", "a.jpg"),
        ("https://example.org/x/a%20b.jpg?token=1", "a b.jpg"),
    ],
)
def test_percent_become_pixels_of_the_image_that_is_meant(tmp_path, address, there):
    lay(tmp_path, {there: None, "tasks.json": [task_of(region("rectanglelabels", RECTANGLE), image=address)]})
    labels = read_labels(tmp_path, classify=False)
    assert labels.format == "label-studio" and found(labels, tmp_path) == {there: [PIXELS]}


def test_a_turned_rectangle_is_the_polygon_that_it_is(tmp_path):
    value = {"x": 50.0, "y": 25.0, "width": 25.0, "height": 25.0, "rotation": 90}  # 16 x 12 px, turned about (32, 12)
    lay(tmp_path, {"a.jpg": None, "tasks.json": [task_of(region("rectanglelabels", value))]})
    ((mask,),) = masks_of(read_labels(tmp_path, classify=False))
    wanted = np.zeros((HEIGHT, WIDTH), bool)
    wanted[12:28, 20:32] = True
    assert (mask == wanted).all()
    whole = lay(
        tmp_path / "b", {"a.jpg": None, "t.json": [task_of(region("rectanglelabels", RECTANGLE | {"rotation": 360}))]}
    )
    assert found(read_labels(whole, classify=False), whole) == {"a.jpg": [PIXELS]}


def bits(*fields):
    text = "".join(f"{value:0{width}b}" for value, width in fields)
    text += "0" * (-len(text) % 8)
    return list(int(text, 2).to_bytes(len(text) // 8, "big"))


def test_a_brush_is_decoded_by_hand():
    head = [(24, 32), (7, 5), (2, 4), (3, 4), (7, 4), (15, 4)]  # 3 x 2 px RGBA; words of 8 bits; runs of 3, 4, 8, 16
    run = [(1, 1), (0, 2), (7, 3), (0, 8)]  # eight values of 0: two pixels without brush
    literal = [(0, 1), (0, 2), (3, 3), (9, 8), (9, 8), (9, 8), (200, 8)]  # one pixel, alpha 200
    long = [(1, 1), (1, 2), (11, 4), (255, 8)]  # twelve of 255: three pixels
    rle = bits(*head, *run, *literal, *long)
    assert label_studio.decode_rle(rle, 2, 3).tolist() == [[False, False, True], [True, True, True]]
    for height, width, broken, match in (
        (3, 3, rle, "24 values"), (2, 3, rle[:-2], "cut off"), (2, 3, [*rle[:-1], 999], "list of bytes"),
        (2, 3, "AAAA", "list of bytes"), (2, 3, bits(*head, (1, 1), (3, 2), (60000, 16), (1, 8)), "beyond"),
    ):  # fmt: skip
        with pytest.raises(ValueError, match=match):
            label_studio.decode_rle(broken, height, width)


@pytest.mark.parametrize("seed", range(4))
def test_brushes_go_there_and_back(seed):
    rng = np.random.default_rng(seed)
    mask = rng.random((31, 700)) < (0.5 if seed % 2 else 0.001)
    assert (label_studio.decode_rle(label_studio.encode_rle(mask), 31, 700) == mask).all()


def test_choices_name_a_whole_image(tmp_path):
    tasks = [
        task_of({"type": "choices", "value": {"choices": [name]}}, image=f"{name}.jpg") for name in ("apple", "pear")
    ]
    lay(tmp_path, {"apple.jpg": None, "pear.jpg": None, "tasks.json": tasks})
    labels = read_labels(tmp_path, classify=True)
    assert {p.stem: image.label for p, image in labels.entries} == {"apple": "apple", "pear": "pear"}
    with pytest.raises(StepFailed, match=r"says what pictures show.*not where"):
        read_labels(tmp_path, classify=False)  # an image of an apple is no empty one


def test_regions_and_the_annotation_that_counts(tmp_path):
    true, other = region("rectanglelabels", RECTANGLE), region("rectanglelabels", RECTANGLE | {"x": 0})
    tasks = [
        task_of() | {"annotations": [{"result": [true], "ground_truth": True}, {"result": [other]}]},
        task_of(image="empty.jpg"),
        task_of(image="skipped.jpg", was_cancelled=True),
        {"data": {"image": "open.jpg"}, "annotations": []},
        task_of(region("polygonlabels", {"points": [[0, 0], [50, 0], [50, 50], [0, 50]]}), image="p.jpg"),
        task_of(region("ellipselabels", {"x": 50, "y": 50, "radiusX": 25, "radiusY": 25}), image="e.jpg"),
        task_of(region("keypointlabels", {"x": 1, "y": 1}), image="k.jpg"),
    ]  # fmt: skip
    names = ("a", "empty", "skipped", "open", "p", "e", "k")
    lay(tmp_path, dict.fromkeys(f"{n}.jpg" for n in names) | {"tasks.json": tasks})
    labels = read_labels(tmp_path, classify=False)
    assert found(labels, tmp_path) == {
        "a.jpg": [PIXELS], "empty.jpg": [], "p.jpg": [(0, 0, 32, 24)], "e.jpg": [(16, 12, 48, 36)],
    }  # fmt: skip
    assert "keypointlabels" in said(labels) and "nobody has labelled" in said(labels)


@pytest.mark.parametrize(
    ("kind", "value", "more", "reason"),
    [
        ("rectanglelabels", RECTANGLE | {"x": "nan"}, {}, "not a number"),
        ("rectanglelabels", RECTANGLE | {"x": 10**400}, {}, "too large"),
        ("rectanglelabels", RECTANGLE | {"width": -5}, {}, "without area"),
        ("rectanglelabels", RECTANGLE | {"x": 300}, {}, "outside its picture"),
        ("rectanglelabels", {"x": 1}, {}, "it has no y"),
        ("rectanglelabels", RECTANGLE | {"rotation": math.inf}, {}, "not finite"),
        ("rectanglelabels", RECTANGLE, {"image_rotation": 90}, "turned by 90"),
        ("rectanglelabels", RECTANGLE, {"original_width": 10**9, "original_height": 10**9}, "too large"),
        ("rectanglelabels", RECTANGLE, {"names": ("apple", "pear")}, "2 classes"),
        ("polygonlabels", {"points": [[0, 0], "x", [1, 1]]}, {}, "not pairs"),
        ("polygonlabels", {"points": [[0, 0], [1e300, 0], [1, 1]]}, {}, "too large"),
        ("brushlabels", {"rle": [0, 0, 255]}, {}, "cut off"),
        ("brushlabels", {"rle": bits((2**32 - 1, 32))}, {}, "4294967295 values|cut off"),
    ],
)
def test_one_wrong_region_is_left_out_and_named(tmp_path, kind, value, more, reason):
    names = more.pop("names", ("apple",)) if "names" in more else ("apple",)
    good = [region("rectanglelabels", RECTANGLE) for _ in range(12)]
    text = json.dumps([task_of(*good, region(kind, value, names, **more))])
    lay(tmp_path, {"a.jpg": None, "tasks.json": text})
    labels = read_labels(tmp_path, classify=False)
    assert len(found(labels, tmp_path)["a.jpg"]) == 12
    (why,) = labels.left_out.reasons
    assert re.search(reason, why) and "a.jpg" in why


# labelme --------------------------------------------------------------------------------------------------------------


def test_a_mask_crop_of_labelme(tmp_path):
    crop = np.zeros((3, 4), np.uint8)
    crop[1:, 1:] = 255
    packed = base64.b64encode(png(crop)).decode()
    shape = {"label": "apple", "shape_type": "mask", "points": [[10, 20], [13, 22]], "mask": packed}
    data = {"shapes": [shape], "imagePath": "a.jpg", "imageWidth": WIDTH, "imageHeight": HEIGHT}
    (instance,) = labelme.from_labelme(data).instances
    assert instance.box == (11, 21, 14, 23)
    for wrong in ({"mask": "%"}, {"mask": None}, {"points": [[10, 20], [14, 22]]}, {"points": [[62, 20], [65, 22]]}):
        image = labelme.from_labelme(data | {"shapes": [shape | wrong]})
        assert not image.instances and len(image.bad) == 1


# Hugging Face ---------------------------------------------------------------------------------------------------------


CARD = """---
dataset_info:
  features:
  - name: image
    dtype: image
  - name: objects
    sequence:
    - name: bbox
      sequence: float32
      length: 4
    - name: categories
      dtype:
        class_label:
          names:
            '0': apple
            '1': pear
---
# Fruit
"""


def rows(*entries):
    return "".join(json.dumps(e) + "\n" for e in entries)


def test_metadata_beside_images(tmp_path):
    box = [10, 10, 20, 15]
    lay(tmp_path, {
        "README.md": CARD, "train/a.jpg": None, "train/b.jpg": None, "validation/a.jpg": None,
        "train/metadata.jsonl": rows(
            {"file_name": "a.jpg", "objects": {"bbox": [box], "categories": [1]}},
            {"file_name": "b.jpg", "objects": {"bbox": [], "categories": []}},
        ),
        "validation/metadata.jsonl": rows({"file_name": "a.jpg", "objects": [{"bbox": box, "category": "apple"}]}),
    })  # fmt: skip
    labels = read_labels(tmp_path, classify=False)
    assert labels.format == "hugging-face"
    assert found(labels, tmp_path) == {
        "train/a.jpg": [(10, 10, 30, 25)], "train/b.jpg": [], "validation/a.jpg": [(10, 10, 30, 25)],
    }  # fmt: skip
    assert [i.class_name for _, image in labels.entries for i in image.instances] == ["pear", "apple"]
    (tmp_path / "README.md").unlink()
    assert "class numbers are taken as names" in said(read_labels(tmp_path, classify=False))


def test_a_table_of_classes(tmp_path):
    lay(tmp_path, {"a.jpg": None, "b.jpg": None, "metadata.csv": "file_name,label\na.jpg,apple\nb.jpg,pear\n"})
    labels = read_labels(tmp_path, classify=True)
    assert {p.name: image.label for p, image in labels.entries} == {"a.jpg": "apple", "b.jpg": "pear"}


@pytest.mark.parametrize(
    ("objects", "reason"),
    [
        ({"bbox": [[1, 2, 3]], "categories": ["apple"]}, "four numbers"),
        ({"bbox": [[1, 2, 3, "x"]], "categories": ["apple"]}, "not a number"),
        ({"bbox": [[1, 2, 3, 4]], "categories": []}, "one length"),
        ({"bbox": [[1e30, 2, 3, 4]], "categories": ["apple"]}, "too large"),
        ({"bbox": [[1, 2, 3, 4]], "categories": [7]}, "class 7 is not among the 2"),
        ({"bbox": [[1, 2, 3, 4]], "categories": [-1]}, "is no class"),
        ("{", "no JSON"),
        (7, "no known form"),
    ],
)
def test_one_wrong_row_takes_its_image_alone(tmp_path, objects, reason):
    good = {"file_name": "a.jpg", "objects": {"bbox": [BOX] * 12, "categories": ["apple"] * 12}}
    text = rows(good, {"file_name": "b.jpg", "objects": objects})
    lay(tmp_path, {"README.md": CARD, "a.jpg": None, "b.jpg": None, "metadata.jsonl": text})
    labels = read_labels(tmp_path, classify=False)
    assert list(found(labels, tmp_path)) == ["a.jpg"]
    (why,) = labels.left_out.reasons
    assert reason in why and "b.jpg" in why


def test_metadata_without_names_of_files_is_no_metadata():
    with pytest.raises(ValueError, match="no 'file_name'"):
        hugging_face.rows_of("metadata.csv", "a,b\n1,2\n")
    assert not hugging_face.has_labels(hugging_face.rows_of("metadata.jsonl", rows({"file_name": "a", "text": "red"})))
    laughs = "".join(f"  l{k}: &l{k} [{', '.join([f'*l{k - 1}'] * 9)}]\n" for k in range(1, 30))
    assert hugging_face.names_of(f"---\ndataset_info:\n  l0: &l0 [lol]\n{laughs}---\n") == {}
    assert hugging_face.names_of("---\n- &a [*a]\n---\n") == {} and hugging_face.names_of("# no card") == {}


# Mask images --------------------------------------------------------------------------------------------------------


def index_of(*patches, dtype=np.uint8):
    pixels = np.zeros((HEIGHT, WIDTH), dtype)
    for value, x1, y1, x2, y2 in patches:
        pixels[y1:y2, x1:x2] = value
    return pixels


A, B, C = (4, 4, 10, 12), (20, 4, 26, 12), (40, 30, 50, 40)


def palette(pixels, colours=((0, 0, 0), (128, 0, 0), (0, 128, 0))):
    image = Image.fromarray(pixels, "P")
    image.putpalette([v for colour in colours for v in colour])
    out = io.BytesIO()
    image.save(out, "PNG")
    return out.getvalue()


COLOURS = np.zeros((HEIGHT, WIDTH, 3), np.uint8)
COLOURS[4:12, 4:10] = COLOURS[4:12, 20:26] = (128, 0, 0)
COLOURS[30:40, 40:50] = (0, 128, 0)
INDEX = index_of((1, *A), (1, *B), (2, *C))
OTHER_MAP = "background:0,0,0::\napple:0,128,0::\npear:128,0,0::\n"
LABEL_MAP = "# label:color_rgb:parts:actions\nbackground:0,0,0::\napple:128,0,0::\npear:0,128,0::\n"


@pytest.mark.parametrize(
    ("mask", "names", "listed"),
    [
        (png(INDEX), "classes.txt", "apple\npear\n"),
        (png(INDEX), "classes.txt", "background\napple\npear\n"),
        (png(INDEX.astype(np.uint16)), "classes.txt", "apple\npear\n"),
        (palette(INDEX), "labels.txt", "_background_\napple\npear\n"),
        (palette(INDEX), "labelmap.txt", LABEL_MAP),
        (palette(INDEX, ((0, 0, 0), (0, 128, 0), (128, 0, 0))), "labelmap.txt", OTHER_MAP),
        (png(COLOURS), "labelmap.txt", LABEL_MAP),
        (png(COLOURS), "labelmap.txt", "".join(LABEL_MAP.splitlines(keepends=True)[k] for k in (0, 2, 3, 1))),
    ],
)  # fmt: skip
def test_numbers_and_colours_of_masks(tmp_path, mask, names, listed):
    lay(tmp_path, {"images/a.jpg": None, "masks/a.png": mask, names: listed})
    labels = read_labels(tmp_path, classify=False)
    assert labels.format == "masks" and "each connected part" in said(labels)
    ((_, image),) = labels.entries
    assert [(i.class_name, i.box) for i in image.instances] == [("apple", A), ("apple", B), ("pear", C)]


def test_sixteen_bits_hold_more_classes_than_eight(tmp_path):
    names = "\n".join(f"kind {k}" for k in range(1, 301))
    lay(
        tmp_path,
        {
            "images/a.jpg": None,
            "masks/a.png": png(index_of((300, *A), (255, *B), dtype=np.uint16)),
            "classes.txt": names,
        },
    )
    ((_, image),) = read_labels(tmp_path, classify=False).entries
    assert [i.class_name for i in image.instances] == ["kind 255", "kind 300"]


def test_objects_beside_classes_touch_and_stay_apart(tmp_path):
    touching, void = (10, 4, 16, 12), (255, 0, 0, 3, 3)
    masks = {"Class": index_of((1, *A), (1, *touching), void), "Object": index_of((1, *A), (2, *touching), void)}
    lay(tmp_path, {f"Segmentation{kind}/a.png": palette(mask) for kind, mask in masks.items()})
    lay(tmp_path, {"JPEGImages/a.jpg": None, "classes.txt": "apple\npear\n"})
    ((_, image),) = read_labels(tmp_path, classify=False).entries
    assert [i.box for i in image.instances] == [A, touching]


@pytest.mark.parametrize(
    ("places", "names"),
    [
        (["masks/a/0001_apple.png", "masks/a/0002_pear.png"], ["apple", "pear"]),
        (["masks/a/apple_1.png", "masks/a/pear_1.png"], ["apple", "pear"]),
        (["masks/a_mask_1.png", "masks/a_mask_2.png"], ["object", "object"]),
    ],
)
def test_a_mask_an_object_keeps_what_overlaps(tmp_path, places, names):
    overlapping = (8, 8, 20, 20)
    whites = [png(index_of((255, *box))) for box in (A, overlapping)]
    lay(tmp_path, {"images/a.jpg": None} | dict(zip(places, whites, strict=True)))
    ((_, image),) = read_labels(tmp_path, classify=False).entries
    assert [(i.class_name, i.box) for i in image.instances] == list(zip(names, (A, overlapping), strict=True))


def test_a_folder_a_photo_as_the_bowl_of_cells_has_it(tmp_path):
    lay(
        tmp_path,
        {
            "c1/images/c1.jpg": None,
            "c1/masks/x.png": png(index_of((255, *A))),
            "c1/masks/y.png": png(index_of((255, *B))),
        },
    )
    lay(tmp_path, {"c2/images/c2.jpg": None, "c2/masks/x.png": png(index_of((255, *C)))})
    assert found(read_labels(tmp_path, classify=False), tmp_path) == {
        "c1/images/c1.jpg": [A, B],
        "c2/images/c2.jpg": [C],
    }


@pytest.mark.parametrize(
    ("mask", "listed", "match"),
    [
        (png(INDEX), "", "numbers 1, 2, and nothing says which classes"),
        (png(COLOURS), "apple\npear\n", "colour .0, 128, 0. is of no class"),
        (png(index_of((7, *A), (9, *B))), "apple\n", "number 7 is of no class"),
        (png(INDEX)[:-30], "apple\npear\n", "broken or cut off"),
        (b"no picture", "apple\npear\n", "masks/a.png: not a readable picture"),
    ],
)
def test_masks_that_cannot_be_meant_are_named(tmp_path, mask, listed, match):
    lay(tmp_path, {"images/a.jpg": None, "masks/a.png": mask} | ({"classes.txt": listed} if listed else {}))
    with pytest.raises(StepFailed, match=match):
        read_labels(tmp_path, classify=False)


def test_noise_is_no_mask_and_ends(tmp_path):
    noise = (np.indices((HEIGHT, WIDTH)).sum(axis=0) % 2 == 0) & (np.arange(HEIGHT)[:, None] % 2 == 0)
    lay(
        tmp_path,
        {
            "images/a.jpg": None,
            "masks/a.png": png(np.tile(noise, (3, 3)).astype(np.uint8)),
            "classes.txt": "apple\npear",
        },
    )
    with pytest.raises(StepFailed, match="at most 1000 are read"):
        read_labels(tmp_path, classify=False)


@pytest.mark.parametrize("seed", range(6))
def test_a_part_is_encoded_as_the_whole_would_be(seed):
    rng = np.random.default_rng(seed)
    mask = np.zeros((40, 30), bool)
    x, y = (0, 0) if seed == 0 else (11, 7)
    crop = rng.random((33, 19)) < 0.4
    crop[-1, -1] = True
    mask[y : y + 33, x : x + 19] = crop
    assert crop_counts(crop, x, y, 40, 30) == encode_mask(mask)
    assert (decode_mask(crop_counts(crop, x, y, 40, 30), 40, 30) == mask).all()


# There and back -------------------------------------------------------------------------------------------------------


def test_an_empty_image_stays_one_and_others_stay_unknown(tmp_path):
    image = LabelledImage("a.jpg", WIDTH, HEIGHT)
    assert not image.is_unknown
    image.asides["something"] += 1
    assert image.is_unknown
