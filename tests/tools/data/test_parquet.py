"""Data sets in parquet files: images and labels come out as they went in; what cannot be read is refused by name."""

import io
import json

import numpy as np
import pyarrow as arrow
import pyarrow.parquet as parquet
import pytest
from PIL import Image

from tools.core.errors import FixArguments
from tools.core.settings import Settings
from tools.data.images import read_image
from tools.data.packed import unpacked
from tools.data.real_labels import read_labels
from tools.label.convert import convert_labels
from tools.runs.photo_sets import labelled_folder

CLASSES = ["cat", "dog"]


def pixels(number: int, kind: str = "PNG") -> bytes:
    out = io.BytesIO()
    Image.fromarray(np.full((48, 64, 3), 30 * number + 10, np.uint8)).save(out, kind)
    return out.getvalue()


def write(path, columns, features=None):
    """A file as `datasets` writes it: what its columns mean stands in the schema."""
    table = arrow.table(columns)
    if features is not None:
        said = json.dumps({"info": {"features": features}})
        table = table.replace_schema_metadata({"huggingface": said})
    path.parent.mkdir(parents=True, exist_ok=True)
    parquet.write_table(table, path)


def images(*numbers, kind="PNG", path="photo_{}.png"):
    return [{"bytes": pixels(n, kind), "path": path.format(n)} for n in numbers]


OBJECTS = [
    {"bbox": [[1.0, 2.0, 10.0, 20.0], [30.0, 5.0, 12.0, 8.0]], "category": [1, 0]},
    {"bbox": [], "category": []},
    {"bbox": [[4.0, 4.0, 40.0, 30.0]], "category": [1]},
]
FEATURES = {
    "image": {"_type": "Image"},
    "objects": {"feature": {"bbox": {"_type": "Sequence"}, "category": {"names": CLASSES, "_type": "ClassLabel"}}},
}


@pytest.fixture
def settings(tmp_path):
    return Settings(runs_dir=tmp_path / "runs")


@pytest.fixture
def animals(tmp_path):
    """Three images in two splits."""
    folder = tmp_path / "animals"
    write(folder / "data/train-00000-of-00001.parquet", {"image": images(0, 1), "objects": OBJECTS[:2]}, FEATURES)
    write(folder / "data/test-00000-of-00001.parquet", {"image": images(2), "objects": OBJECTS[2:]}, FEATURES)
    return folder


def read(folder, classify=False):
    labels = read_labels(folder, classify)
    return {p.relative_to(folder).as_posix(): image for p, image in labels.entries}


def test_boxes_and_names_come_out_as_they_went_in(animals, settings):
    folder = labelled_folder(animals, settings)
    found = read(folder)
    assert sorted(found) == ["test/photo_2.png", "train/photo_0.png", "train/photo_1.png"]
    first = [(i.class_name, i.box) for i in found["train/photo_0.png"].instances]
    assert first == [("dog", (1, 2, 11, 22)), ("cat", (30, 5, 42, 13))]
    assert found["train/photo_1.png"].instances == []
    assert (read_image(folder / "test/photo_2.png") == 70).all()
    assert labelled_folder(animals, settings) == folder  # once
    assert [p.name for p in animals.rglob("*") if p.is_file()] == [p.name for p in animals.rglob("*.parquet")]


def test_they_are_converted_like_any_other_labels(animals, tmp_path):
    made = convert_labels(animals / "data/train-00000-of-00001.parquet", tmp_path / "out", "yolo")
    texts = sorted(p.read_text() for p in made.written.folder.rglob("labels/**/*.txt"))
    assert len(texts) == 2
    assert texts[1].count("\n") == 2


def test_classes_of_whole_images_are_read_by_name(tmp_path, settings):
    features = {"img": {"_type": "Image"}, "label": {"names": CLASSES, "_type": "ClassLabel"}}
    write(tmp_path / "set/all.parquet", {"img": images(0, 1, 2, kind="JPEG"), "label": [1, 0, -1]}, features)
    found = read(labelled_folder(tmp_path / "set", settings), classify=True)
    assert {name: image.label for name, image in found.items()} == {
        "train/photo_0.jpg": "dog", "train/photo_1.jpg": "cat",
    }  # fmt: skip


def test_columns_without_a_word_on_what_they_are(tmp_path, settings):
    """Plain bytes, boxes and classes in columns of their own, images without names, one twice."""
    columns = {
        "picture": [pixels(0), pixels(1), pixels(1)],
        "bboxes": [o["bbox"] for o in OBJECTS],
        "label": [["dog", "cat"], [], ["dog"]],
    }
    write(tmp_path / "plain.parquet", columns)
    found = read(labelled_folder(tmp_path / "plain.parquet", settings))
    assert [[i.class_name for i in image.instances] for _, image in sorted(found.items())] == [
        ["dog", "cat"], [], ["dog"],
    ]  # fmt: skip


def test_images_of_one_name_keep_their_own_labels(tmp_path, settings):
    write(tmp_path / "s/a.parquet", {"image": images(0, path="../../x{}/photo.png"), "objects": OBJECTS[:1]}, FEATURES)
    write(tmp_path / "s/b.parquet", {"image": images(1, path="/photo.png{}"), "objects": OBJECTS[2:]}, FEATURES)
    folder = labelled_folder(tmp_path / "s", settings)
    assert sorted(len(image.instances) for image in read(folder).values()) == [1, 2]
    assert all(p.is_relative_to(folder) for p in folder.rglob("*"))


@pytest.mark.parametrize("fault", ["broken", "no pictures", "too many"])
def test_what_cannot_be_read_is_named_and_leaves_nothing(tmp_path, settings, fault):
    path = tmp_path / "set.parquet"
    if fault == "broken":
        path.write_bytes(b"PAR1 and then nothing")
    elif fault == "no pictures":
        write(path, {"text": ["a", "b"], "label": [0, 1]})
    else:
        write(path, {"image": images(0, 1, 2), "objects": OBJECTS}, FEATURES)
        settings = Settings(runs_dir=tmp_path / "runs", ui_unpacked_files=2)
    said = {"broken": "no parquet file that can be read", "no pictures": "no column of it holds pictures",
            "too many": "more than 2 pictures"}[fault]  # fmt: skip
    with pytest.raises(FixArguments, match=said) as caught:
        labelled_folder(path, settings)
    assert str(path) in str(caught.value)
    assert not list((tmp_path / "runs").rglob("*.png"))


def test_a_folder_of_images_is_not_taken_for_one(tmp_path, settings):
    folder = tmp_path / "photos"
    write(folder / "extra.parquet", {"text": ["a"]})
    (folder / "photo.png").write_bytes(pixels(0))
    assert labelled_folder(folder, settings) == folder


def test_photos_to_be_labelled_are_unpacked_once(animals, tmp_path, settings):
    photos, plain = tmp_path / "plain", tmp_path / "one.png"
    photos.mkdir()
    places = unpacked([animals, photos, plain], tmp_path / "out", settings)
    assert places == [tmp_path / "out" / "animals", photos, plain]
    assert len(list(places[0].rglob("*.png"))) == 3
    assert unpacked([animals], tmp_path / "out", settings) == places[:1]
