"""What people upload, and what others may dress up as an upload: archives, photos, models."""

import errno
import json
import os
import pickle
import stat
import struct
import zipfile
from io import BytesIO
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from tests.tools.video.moving import Way, film
from tools.core.errors import FixArguments, StepFailed
from tools.core.settings import Settings
from tools.core.task import Budget, ClassSpec, TaskSpec
from tools.data.dataset import Dataset
from tools.data.photos import photo_of
from tools.data.real import load_real
from tools.data.sample import Instance
from tools.data.uploads import OF_A_VIDEO, PHOTO_KINDS, Limits, save_assets, save_photos, unpack
from tools.page import review
from tools.runs import photo_sets
from tools.shown.photos import read_shown


class Payload:
    def __reduce__(self):
        return (os.system, ("touch /tmp/sightsmith-was-run",))


def png(colour=(200, 30, 30), size=(40, 30)):
    rng = np.random.default_rng(sum(colour))
    noise = rng.integers(0, 30, (size[1], size[0], 3), dtype=np.uint8)
    buffer = BytesIO()
    Image.fromarray((np.array(colour, np.uint8) // 2 + noise).astype(np.uint8)).save(buffer, "PNG")
    return buffer.getvalue()


def packed(*files, kind=zipfile.ZIP_DEFLATED):
    buffer = BytesIO()
    with zipfile.ZipFile(buffer, "w", kind) as archive:
        for name, content in files:
            archive.writestr(name, content)
    buffer.seek(0)
    return buffer


def link(name, target):
    info = zipfile.ZipInfo(name)
    info.create_system = 3
    info.external_attr = (stat.S_IFLNK | 0o777) << 16
    return info, target


def locked():
    content = bytearray(packed(("a.png", png())).getvalue())
    for signature, at in ((b"PK\x01\x02", 8), (b"PK\x03\x04", 6)):
        place = content.index(signature) + at
        flags = struct.unpack_from("<H", content, place)[0]
        struct.pack_into("<H", content, place, flags | 1)
    return BytesIO(bytes(content))


def understated():
    """An archive that says its entry is small, and is not."""
    content = bytearray(packed(("a.txt", b"\0" * 3_000_000)).getvalue())
    for signature, at in ((b"PK\x01\x02", 24), (b"PK\x03\x04", 22)):
        struct.pack_into("<I", content, content.index(signature) + at, 1000)
    return BytesIO(bytes(content))


def many(count):
    return packed(*((f"{n}.txt", b"") for n in range(count)))


HOSTILE = {
    "not a zip": (lambda: BytesIO(b"<html>"), "not a zip"),
    "empty file": (lambda: BytesIO(b""), "not a zip"),
    "cut off": (lambda: BytesIO(packed(("a.png", png())).getvalue()[:-30]), "not a zip"),
    "no files": (lambda: packed(), "holds no files"),
    "parent folder": (lambda: packed(("../../etc/evil.png", png())), "outside its folder"),
    "hidden parent": (lambda: packed(("a/../../evil.png", png())), "outside its folder"),
    "backslashes": (lambda: packed(("..\\..\\evil.png", png())), "outside its folder"),
    "absolute": (lambda: packed(("/etc/evil.png", png())), "outside its folder"),
    "drive": (lambda: packed(("C:\\evil.png", png())), "outside its folder"),
    "link": (lambda: packed(link("a.png", "/etc/passwd")), "link"),
    "password": (locked, "password"),
    "bomb": (lambda: packed(("a.txt", b"\0" * 60_000_000)), "out of nearly nothing"),
    "bomb that lies": (understated, "not a zip|more than|out of nearly nothing"),
    "many files": (lambda: many(60), "60 files"),
    "too much": (lambda: packed(("a.txt", os.urandom(5_000_000)), kind=zipfile.ZIP_STORED), "at most 4 MB"),
    "twice": (lambda: packed(("A.png", png()), ("a.png", png())), "twice"),
    "pickle": (lambda: packed(("model.pt", pickle.dumps(Payload()))), "accepted are"),
    "script": (lambda: packed(("setup.py", b"import os")), "accepted are"),
    "program": (lambda: packed(("run", b"\x7fELF")), "nameless"),
    "zip in a zip": (lambda: packed(("inner.zip", packed(("a.png", png())).getvalue())), "accepted are"),
    "unprintable name": (lambda: packed(("a\u202egnp.png", png())), "name that cannot be used"),
    "long name": (lambda: packed(("x" * 300 + ".png", png())), "name that cannot be used"),
    "deep": (lambda: packed(("a/" * 20 + "b.png", png())), "name that cannot be used"),
}  # fmt: skip


@pytest.fixture
def limits():
    return Limits(Settings(ui_unpacked_mb=4, ui_unpacked_files=50))


@pytest.mark.filterwarnings("ignore:Duplicate name")
@pytest.mark.parametrize("name", HOSTILE)
def test_a_hostile_archive_is_refused_and_leaves_nothing(tmp_path, limits, name):
    make, sentence = HOSTILE[name]
    with pytest.raises(FixArguments, match=sentence):
        unpack(make(), tmp_path / "set", PHOTO_KINDS, limits)
    assert list(tmp_path.iterdir()) == []
    assert not Path("/tmp/sightsmith-was-run").exists()


def test_a_plain_archive_is_unpacked_without_what_systems_add(tmp_path, limits):
    archive = packed(
        ("a/b.png", png()), ("a/b.txt", b"0 .5 .5 .2 .2"), ("__MACOSX/a/._b.png", b"x"), (".DS_Store", b"x")
    )
    assert unpack(archive, tmp_path / "set", PHOTO_KINDS, limits) == 2
    assert sorted(p.name for p in (tmp_path / "set").rglob("*") if p.is_file()) == ["b.png", "b.txt"]


def test_a_full_disk_keeps_nothing_and_says_so(tmp_path, limits, monkeypatch):
    opened = Path.open

    class Full:
        """A file on a disk without space."""

        def __init__(self, file):
            self.file = file

        def __enter__(self):
            return self

        def __exit__(self, *_error):
            self.file.close()

        def write(self, _data):
            raise OSError(errno.ENOSPC, "No space left on device")

    def open_full(path, mode="r", *arguments, **options):
        file = opened(path, mode, *arguments, **options)
        return Full(file) if mode == "xb" else file

    monkeypatch.setattr(Path, "open", open_full)
    with pytest.raises(StepFailed, match="disk is full"):
        unpack(packed(("a.png", png())), tmp_path / "set", PHOTO_KINDS, limits)
    assert list(tmp_path.iterdir()) == []


# Photos ---------------------------------------------------------------------------------------------------------------


def yolo_set():
    files = [("data.yaml", "names: [apple]\npath: .\ntrain: images\n")]
    for n in range(4):
        files += [(f"images/{n}.png", png((50 * n, 30, 90))), (f"labels/{n}.txt", "0 0.5 0.5 0.4 0.4\n")]
    return packed(*files)


def test_labelled_photos_become_a_set_that_a_run_can_be_measured_on(tmp_path):
    about = photo_sets.bring_labelled(yolo_set(), tmp_path, "My <b>set</b>", False, Settings())
    assert about.about.startswith("4 pictures, 4 labels")
    ((folder, listed),) = photo_sets.list_sets(tmp_path)
    assert listed == about
    assert folder.parent == photo_sets.photos_folder(tmp_path)
    task = TaskSpec(kind="detect", classes=[ClassSpec(name="apple")], budget=Budget(images=10, rounds=1))
    photos = load_real(folder, task, 0.5)
    assert len(photos.val) + len(photos.test) == 4


def test_what_was_guessed_or_passed_over_is_said_to_who_uploads(tmp_path):
    labels = {
        "images": [{"id": 1, "file_name": "my%20photo.png", "width": 40, "height": 30}],
        "annotations": [{"id": 1, "image_id": 1, "category_id": 1, "bbox": [4, 4, 9, 9]}],
        "categories": [{"id": 1, "name": "apple"}],
    }
    archive = packed(("my photo.png", png()), ("other.png", png((9, 9, 9))), ("l.json", json.dumps(labels)))
    said = photo_sets.bring_labelled(archive, tmp_path, "set", False, Settings()).about
    assert said.startswith("1 pictures, 1 labels")
    assert "found by URL encoding: my%20photo.png -> my photo.png" in said
    assert "have no labels and are left out" in said and "other.png" in said
    assert str(tmp_path) not in said


@pytest.mark.parametrize(
    ("archive", "sentence"),
    [
        (lambda: packed(("a.png", png())), "label"),
        (lambda: packed(("labels.json", b"{}")), "no picture"),
        (lambda: packed(("a.png", b"not a picture"), ("a.txt", b"0 .5 .5 .1 .1")), "a.png"),
    ],
)
def test_a_set_that_cannot_be_used_is_refused_and_leaves_nothing(tmp_path, archive, sentence):
    with pytest.raises(FixArguments, match=sentence) as told:
        photo_sets.bring_labelled(archive(), tmp_path, "set", False, Settings())
    assert str(tmp_path) not in str(told.value)
    assert not [p for p in tmp_path.rglob("*") if p.is_file()]


def test_bare_photos_are_labelled_here_and_then_measured_on(tmp_path):
    files = [(f"{n}.png", BytesIO(png((40 * n, 90, 30)))) for n in range(3)] + [
        ("more.zip", packed(("x/4.png", png())))
    ]
    about = photo_sets.bring_bare(files, tmp_path, "garden", "apple, leaf，apple", Settings())
    assert (about.classes, about.bare, about.about) == (["apple", "leaf"], True, "4 pictures")
    folder = photo_sets.photos_folder(tmp_path) / about.name
    with pytest.raises(FixArguments, match="at least one picture"):
        photo_sets.write_labels(folder)
    dataset = Dataset(folder)
    for sample in review.next_samples(folder, 3):
        mask = np.zeros((sample.height, sample.width), bool)
        mask[5:20, 5:25] = True
        mask[5:9, 5:9] = False  # no rectangle: those are taken for boxes
        review.add(dataset, sample, mask, "apple")
        review.accept(dataset, dataset.sample(sample.id))
    dataset.close()
    assert photo_sets.write_labels(folder) == 3
    task = TaskSpec(kind="segment", classes=[ClassSpec(name="apple")], budget=Budget(images=10, rounds=1))
    photos = load_real(folder, task, 0.5)
    assert photos.has_masks
    assert len(photos.val) + len(photos.test) == 3


@pytest.mark.parametrize("classes", ["", " , ", ",".join(map(str, range(200)))])
def test_photos_to_label_need_names(tmp_path, classes):
    with pytest.raises(FixArguments, match="name 1 to 100"):
        photo_sets.bring_bare([("a.png", BytesIO(png()))], tmp_path, "x", classes, Settings())


@pytest.mark.parametrize("name", ["a.exe", "a.svg", "../../a.py", ".png", "a"])
def test_a_photo_of_another_kind_is_refused(tmp_path, name):
    with pytest.raises(FixArguments, match="accepted are"):
        save_photos([(name, BytesIO(png()))], tmp_path / "set", Settings(), {})
    assert list(tmp_path.iterdir()) == []


def jpeg_cut_off():
    buffer = BytesIO()
    noise = np.random.default_rng(0).integers(0, 255, (60, 80, 3), dtype=np.uint8)
    Image.fromarray(noise).save(buffer, "JPEG")
    return buffer.getvalue()[:-900]


BAD = {
    "cut.jpg": (jpeg_cut_off, "cut off"),
    "page.jpg": (lambda: b"<html>not a picture</html>", "not a readable picture"),
    "empty.png": (lambda: b"", "not a readable picture"),
    "notes.docx": (lambda: b"PK", "accepted are"),
    "torn.zip": (lambda: b"PK\x03\x04torn", "not a zip"),
    "evil.zip": (lambda: packed(("../../evil.png", png())).getvalue(), "outside its folder"),
}


@pytest.mark.parametrize("bad", BAD)
def test_one_bad_file_costs_the_upload_nothing_but_itself(tmp_path, bad):
    make, reason = BAD[bad]
    files = [("a.png", BytesIO(png())), (bad, BytesIO(make())), ("b.zip", packed(("c.png", png((0, 9, 99)))))]
    about = photo_sets.bring_bare(files, tmp_path, "garden", "apple", Settings())
    assert about.about == "2 pictures"
    assert list(about.left_out) == [bad] and reason in about.left_out[bad]
    folder = photo_sets.photos_folder(tmp_path) / about.name
    assert str(tmp_path) not in about.left_out[bad]
    assert sum(p.suffix == ".png" for p in (folder / "images").iterdir()) == 2
    with pytest.raises(FixArguments, match=r"no picture in the upload|not a zip|outside"):
        photo_sets.bring_bare([(bad, BytesIO(make()))], tmp_path, "alone", "apple", Settings())
    assert [p.name for p, _ in photo_sets.list_sets(tmp_path)] == [about.name]


def test_a_video_becomes_frames_that_stay_one_photo(tmp_path):
    way = [Way("apple", 0, 59, (40, 120), (280, 120), 60), Way("plum", 0, 59, (300, 40), (20, 200), 40)]
    clip = film(tmp_path / "clip.mp4", way, 60).read_bytes()
    files = [("clip.mp4", BytesIO(clip)), ("a.png", BytesIO(png())), ("cut.mp4", BytesIO(clip[:3000]))]
    about = photo_sets.bring_bare(files, tmp_path, "gadget", "gadget", Settings())
    assert list(about.left_out) == ["cut.mp4"] and "not a readable video" in about.left_out["cut.mp4"]
    folder = photo_sets.photos_folder(tmp_path) / about.name
    assert not list(folder.rglob("*.mp4"))
    dataset = Dataset(folder)
    samples = list(dataset.samples())
    assert 3 <= len(samples) - 1 <= OF_A_VIDEO
    for sample in samples:
        box = Instance(class_name="gadget", box=(0, 0, sample.width / 2, sample.height / 2), source="person")
        dataset.correct(sample.id, "point", sample.model_copy(update={"instances": [box], "verdict": "kept"}))
    dataset.close()
    photo_sets.write_labels(folder)
    task = TaskSpec(kind="detect", classes=[ClassSpec(name="gadget")], budget=Budget(images=10, rounds=1))
    shown = read_shown(folder, task, {}, None)
    assert len(shown.samples) == len(samples)
    assert len({s.family for s in shown.samples}) == 2, "the video and the photo"


def test_tiles_of_one_photo_stay_one_photo(tmp_path):
    noise = np.random.default_rng(3).integers(0, 255, (3, 60, 80, 3), dtype=np.uint8)
    files = [(name, BytesIO()) for name in ("field_tile_1.png", "field_tile_2.png", "other.png")]
    for (_, buffer), image in zip(files, noise, strict=True):
        Image.fromarray(image).save(buffer, "PNG")
        buffer.seek(0)
    about = photo_sets.bring_bare(files, tmp_path, "x", "thing", Settings())
    dataset = Dataset(photo_sets.photos_folder(tmp_path) / about.name)
    names = sorted(s.image for s in dataset.samples())
    dataset.close()
    assert len({photo_of(name) for name in names}) == 2


def films(folder, *names):
    ways = [Way("apple", 0, 59, (40, 120), (280, 120), 60), Way("plum", 0, 59, (300, 40), (20, 200), 40)]
    return [film(folder / name, ways, 60) for name in names]


def test_a_folder_with_videos_is_seen_as_photos_and_stays_as_it_is(tmp_path):
    films(tmp_path / "mine", "mug/clip.mp4")
    (tmp_path / "mine" / "mug" / "notes.txt").write_text("seen from all sides")  # no label: there is no photo beside it
    assert photo_sets.photos_of(tmp_path / "mine", Settings(runs_dir=tmp_path / "other")) != tmp_path / "mine"
    (tmp_path / "mine" / "mug" / "notes.txt").unlink()
    (tmp_path / "mine" / "cup").mkdir()
    (tmp_path / "mine" / "cup" / "a.png").write_bytes(png())
    before = sorted(p for p in tmp_path.rglob("*") if tmp_path / "other" not in (p, *p.parents))
    settings = Settings(runs_dir=tmp_path / "runs")
    folder = photo_sets.photos_of(tmp_path / "mine", settings)
    assert folder.parent == photo_sets.photos_folder(tmp_path / "runs")
    assert (folder / "cup" / "a.png").read_bytes() == png()
    assert len(list((folder / "mug").glob("clip_part_*.jpg"))) >= 3
    assert [
        p for p in sorted(tmp_path.rglob("*")) if not {tmp_path / "runs", tmp_path / "other"} & {p, *p.parents}
    ] == before
    assert photo_sets.photos_of(tmp_path / "mine", settings) == folder, "made once"
    alone = photo_sets.photos_of(tmp_path / "mine" / "mug" / "clip.mp4", settings)
    assert len(list(alone.iterdir())) >= 3


def test_videos_beside_labels_are_left_and_said_and_a_torn_one_alone_is_refused(tmp_path):
    films(tmp_path / "mine", "clip.mp4")
    settings = Settings(runs_dir=tmp_path / "runs")
    (tmp_path / "torn.mp4").write_bytes((tmp_path / "mine" / "clip.mp4").read_bytes()[:3000])
    with pytest.raises(FixArguments, match=r"torn\.mp4: no video of it can be read"):
        photo_sets.photos_of(tmp_path / "torn.mp4", settings)
    assert not photo_sets.photos_folder(tmp_path / "runs").exists() or not list(
        photo_sets.photos_folder(tmp_path / "runs").iterdir()
    )
    (tmp_path / "mine" / "a.png").write_bytes(png())
    (tmp_path / "mine" / "a.txt").write_text("0 0.5 0.5 0.4 0.4\n")
    assert photo_sets.photos_of(tmp_path / "mine", settings) == tmp_path / "mine"
    task = TaskSpec(kind="detect", classes=[ClassSpec(name="thing")], budget=Budget(images=10, rounds=1))
    shown = read_shown(tmp_path / "mine", task, {"0": "thing"}, None)
    assert any("1 videos beside" in note for note in shown.notes)


def test_bad_files_in_an_archive_are_named_and_the_others_labelled(tmp_path):
    files = [("data.yaml", b"names: [apple]\npath: .\ntrain: images\n"), ("read me.pdf", b"%PDF")]
    for n in range(20):
        content = jpeg_cut_off() if n == 7 else png((9 * n, 30, 90))
        files += [(f"images/{n}.{'jpg' if n == 7 else 'png'}", content), (f"labels/{n}.txt", "0 0.5 0.5 0.4 0.4\n")]
    about = photo_sets.bring_labelled(packed(*files), tmp_path, "set", False, Settings())
    assert about.about.startswith("19 pictures, 19 labels")
    assert set(about.left_out) == {"read me.pdf", "images/7.jpg"}


def test_two_photos_of_one_name_are_both_kept(tmp_path):
    files = [("a.png", BytesIO(png((200, 0, 0)))), ("../a.png", BytesIO(png((0, 200, 0))))]
    assert save_photos(files, tmp_path / "set", Settings(), {}) == 2


# Models ---------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("name", "content", "sentence"),
    [
        ("gear.glb", b"glTF\x02\0\0\0" + b"\0" * 20, None),
        ("gear.obj", b"v 0 0 0\nv 1 0 0\nv 0 1 0\nf 1 2 3\n", None),
        ("gear.glb", pickle.dumps(Payload()), "not a model"),
        ("gear.blend", b"#!/bin/sh\nrm -rf /\n", "not a model"),
        ("gear.pt", b"x", "accepted are"),
        ("wood.png", png(), "no model"),
        ("gear.zip", packed(("gear.py", b"import os")).getvalue(), "accepted are"),
        ("gear.zip", packed(("Gear Wheel.obj", b"v 0 0 0\nv 1 0 0\nv 0 1 0\nf 1 2 3\n")).getvalue(), None),
    ],
)
def test_models_are_taken_by_what_they_are(tmp_path, name, content, sentence):
    parent = photo_sets.assets_folder(tmp_path)
    if sentence is None:
        folder, said = save_assets([(name, BytesIO(content))], parent, "gears", Settings())
        assert "ear" in said
        assert photo_sets.list_assets(tmp_path) == [folder]
        return
    with pytest.raises(FixArguments, match=sentence):
        save_assets([(name, BytesIO(content))], parent, "gears", Settings())
    assert photo_sets.list_assets(tmp_path) == []


def test_a_damaged_set_is_not_listed(tmp_path):
    place = photo_sets.photos_folder(tmp_path) / "x"
    place.mkdir(parents=True)
    (place / photo_sets.ABOUT).write_text("{")
    (photo_sets.photos_folder(tmp_path) / "y").mkdir()
    assert photo_sets.list_sets(tmp_path) == []
    (place / photo_sets.ABOUT).write_text(json.dumps({"name": "x"}))
    assert [about.name for _, about in photo_sets.list_sets(tmp_path)] == ["x"]
