"""Photos in, labels out: what is found, what is refused, what survives a kill."""

import json
import os
import shutil

import numpy as np
import pytest
from PIL import Image

from tests.tools.label.colour_engine import ColourEngine, photo, settings, write
from tools.core.errors import FixArguments, StepFailed
from tools.data.images import read_image
from tools.data.photo_files import find_photos, read_ahead
from tools.data.real import read_photos
from tools.label.command import entries
from tools.label.confidence import Confidence
from tools.label.export import ORIGINAL_NAMES, write_export
from tools.label.folder import LabelFolder
from tools.label.labeler import AutoLabeler, label_task
from tools.label.queue import write_queue
from tools.label.report import write_report
from tools.page.browse import Browser, Filter
from tools.page.review import next_samples

TASK = label_task("apple, lemon")


@pytest.fixture
def photos(tmp_path):
    folder = tmp_path / "photos"
    for k in range(6):
        write(folder, f"a{k}.png", ("apple", 10, 10), *([("lemon", 50, 30)] if k % 2 else []), number=k)
    return folder


def run(tmp_path, photos, engine=None, **changes):
    own = settings(tmp_path, label_batch=2, **changes)
    kept = LabelFolder.open(own.runs_dir, [photos], TASK, [])
    labeler = AutoLabeler(TASK, own, engine=engine or ColourEngine(TASK))
    try:
        return labeler.run([photos], kept), kept
    except BaseException:
        kept.close()
        raise


def test_predict_streams_labels(tmp_path, photos):
    (photos / "broken.jpg").write_bytes(b"\xff\xd8\xff no picture")
    found = {p.path.name: p for p in AutoLabeler(TASK, settings(tmp_path), engine=ColourEngine(TASK)).predict(photos)}
    assert [i.class_name for i in found["a1.png"].instances] == ["apple", "lemon"]
    assert found["a1.png"].instances[0].box == (10, 10, 30, 30)
    assert found["a1.png"].instances[0].mask(60, 80).sum() == 400
    assert found["broken.jpg"].problem and not found["broken.jpg"].instances


def test_a_whole_image_gets_a_class(tmp_path, photos):
    task = label_task("apple,lemon", "classify")
    labels = [p.label for p in AutoLabeler(task, settings(tmp_path), engine=ColourEngine(task)).predict(photos)]
    assert labels[0] == "apple"


@pytest.mark.parametrize(
    ("classes", "raises"), [("", "name at least"), ("apple,apple", "named twice"), ("a\u0007", "")]
)
def test_class_names(classes, raises):
    if raises:
        with pytest.raises(FixArguments, match=raises):
            label_task(classes)
    else:
        assert label_task(classes).class_names == ["a"]
    assert label_task("苹果、梨，lemon").class_names == ["苹果", "梨", "lemon"]


# Bad photos -----------------------------------------------------------------------------------------------------------


def _exif(orientation, text="secret owner"):
    exif = Image.Exif()
    exif[0x0112], exif[0x013B] = orientation, text
    exif.get_ifd(0x8825)[1] = "N"  # GPS
    return exif


def test_every_bad_photo_is_named_and_the_rest_goes_on(tmp_path, photos):
    image = Image.fromarray(photo(99, ("apple", 10, 10)))
    (photos / "zero.jpg").touch()
    (photos / "text.png").write_text("hello")
    (photos / "cut.jpg").write_bytes((photos / "a1.png").read_bytes()[:200])
    image.convert("CMYK").save(photos / "print.jpg")
    image.save(photos / "turned.jpg", exif=_exif(6), quality=95)
    Image.fromarray((np.arange(4800).reshape(60, 80) * 13).astype(np.uint16)).save(photos / "deep.png")
    image.save(photos / "moves.gif", save_all=True, append_images=[image.rotate(90), image.rotate(180)])
    shutil.copy(photos / "a0.png", photos / "twin.png")
    write(photos, "苹果 фото.png", ("apple", 30, 30), number=50)
    (photos / "link.png").symlink_to(photos / "nowhere.png")
    (photos / "notes.txt").write_text("no photo")
    (photos / ".hidden.png").touch()
    (photos / os.fsdecode(b"bytes\xff.png")).write_bytes((photos / "a1.png").read_bytes() + b" ")
    Image.new("1", (13_000, 13_000)).save(photos / "bomb.png")
    summary, kept = run(tmp_path, photos)
    problems = dict(kept.problems())
    assert set(problems) == {"zero.jpg", "text.png", "cut.jpg", "twin.png", "link.png", "bomb.png"}
    assert "empty" in problems["zero.jpg"] and "no such" in problems["link.png"] and "bomb" in problems["bomb.png"]
    assert problems["twin.png"] == "the same file as a0.png, which is labelled"
    assert summary.photos == 6 + 6 and sum(summary.problems.values()) == 6
    assert set(summary.notes) == {
        "print colours: labelled as RGB", "turned upright by EXIF", "16 bits: labelled as 8",
        "several frames: the first is labelled",
    }  # fmt: skip
    kept.close()


def test_exports_hold_no_exif_and_stand_upright(tmp_path):
    folder = tmp_path / "photos"
    folder.mkdir()
    Image.fromarray(photo(0, ("apple", 10, 10))).save(folder / "t.jpg", exif=_exif(6), quality=95, comment=b"me")
    before = (folder / "t.jpg").read_bytes()
    _, kept = run(tmp_path, folder)
    write_export(entries(kept), tmp_path / "out", "coco", TASK)
    kept.close()
    written = tmp_path / "out" / "images" / "train" / "t.jpg"
    with Image.open(written) as image:
        assert image.size == (60, 80) and not image.getexif() and not image.info.get("comment")
    assert b"secret" not in written.read_bytes() and (folder / "t.jpg").read_bytes() == before
    said = json.loads((tmp_path / "out" / "annotations" / "instances_train.json").read_text())
    x, y, w, h = said["annotations"][0]["bbox"]
    assert abs(x - 30) <= 2 and abs(y - 10) <= 2 and abs(w - 20) <= 2 and abs(h - 20) <= 2


def test_a_vanished_share_is_one_error_and_loses_nothing(tmp_path, photos, monkeypatch):
    monkeypatch.setattr("tools.data.photo_files.READ_AHEAD_PX", 1)  # else all six are in memory before the share goes
    away = tmp_path / "away"

    def vanish(seen):
        if seen == 2:
            photos.rename(away)

    with pytest.raises(StepFailed, match="not there any more"):
        run(tmp_path, photos, ColourEngine(TASK, after=vanish), seed=1)
    away.rename(photos)
    engine = ColourEngine(TASK)
    summary, kept = run(tmp_path, photos, engine)
    assert summary.photos == 6 and 0 < engine.seen < 6 and not list(kept.problems())
    kept.close()


def test_no_photo_is_an_error(tmp_path):
    (tmp_path / "photos").mkdir()
    with pytest.raises(StepFailed, match="no photo in"):
        run(tmp_path, tmp_path / "photos")


def test_names_of_a_large_folder_are_listed_in_order(tmp_path):
    for k in range(40):
        (tmp_path / f"{k:03d}.jpg").touch()
    assert [f.name for f in find_photos([tmp_path])] == [f"{k:03d}.jpg" for k in range(40)]
    with pytest.raises(FixArguments, match="no such photo"):
        list(find_photos([tmp_path / "nothing"]))


def test_photos_are_read_ahead_within_bounds(tmp_path, monkeypatch):
    for k in range(12):
        write(tmp_path, f"{k}.png", number=k)
    monkeypatch.setattr("tools.data.photo_files.READ_AHEAD_PX", 2 * 80 * 60)
    asked = []

    def files():
        for file in find_photos([tmp_path]):
            asked.append(file)
            yield file

    for number, photo_read in enumerate(read_ahead(files())):
        assert photo_read.image is not None
        assert len(asked) <= number + 4  # two in memory, one looked at, one handed out


# Going on -------------------------------------------------------------------------------------------------------------


class Killed(BaseException):
    pass


@pytest.mark.parametrize("where", ["_begin", "dataset.add_sample", "dataset.set_embeddings", "_end"])
def test_a_kill_anywhere_doubles_and_loses_nothing(tmp_path, photos, monkeypatch, where):
    own = settings(tmp_path, label_batch=2)
    kept = LabelFolder.open(own.runs_dir, [photos], TASK, [])
    *way, name = where.split(".")
    owner = kept.dataset if way else kept
    whole, calls = getattr(owner, name), []

    def dies(*given, **named):
        calls.append(1)
        if len(calls) == 4:
            raise Killed
        return whole(*given, **named)

    monkeypatch.setattr(owner, name, dies)
    with pytest.raises(Killed):
        AutoLabeler(TASK, own, engine=ColourEngine(TASK)).run([photos], kept)
    kept.close()
    engine = ColourEngine(TASK)
    summary, kept = run(tmp_path, photos, engine)
    assert summary.photos == 6 and summary.labels == {"apple": 6, "lemon": 3} and engine.seen <= 3 + 2
    assert [s.provenance["file"] for s in kept.samples()] == [f"a{k}.png" for k in range(6)]
    kept.close()


def test_what_is_labelled_is_not_labelled_again_unless_it_changed(tmp_path, photos):
    run(tmp_path, photos)[1].close()
    write(photos, "a0.png", ("lemon", 10, 10), number=70)
    write(photos, "new.png", ("lemon", 10, 10), number=71)
    engine = ColourEngine(TASK)
    summary, kept = run(tmp_path, photos, engine)
    assert engine.seen == 2 and summary.photos == 7 and summary.labels == {"apple": 5, "lemon": 5}
    kept.close()


# The queue ------------------------------------------------------------------------------------------------------------


def test_uncertain_contested_and_strange_photos_are_queued(tmp_path, photos):
    for k in range(20):
        write(photos, f"b{k}.png", ("apple", 12, 12), number=100 + k)
    write(photos, "dull.png", ("apple", 10, 10), number=90, dull=27)  # just over the threshold
    strange = np.random.default_rng(0).integers(0, 255, (60, 80, 3)).astype(np.uint8)
    Image.fromarray(strange).save(photos / "noise.png")
    own = settings(tmp_path)
    kept = LabelFolder.open(own.runs_dir, [photos], TASK, [])
    labeler = AutoLabeler(TASK, own, engine=ColourEngine(TASK))
    labeler.second = ColourEngine(label_task("apple"))  # it knows no lemons
    labeler.run([photos], kept)
    queue = {q.photo: q.reasons for q in write_queue(kept, own)}
    assert any(r.startswith("uncertain") for r in queue["dull.png"])
    assert any(r.startswith("unlike the rest") for r in queue["noise.png"])
    assert "contested by colours: 1" in queue["a1.png"] and "b0.png" not in queue
    assert json.loads((kept.folder / "review.json").read_text())["photos"][0]["photo"] in queue
    assert (
        kept.dataset.sample(next(s.id for s in kept.samples() if s.provenance["file"] == "dull.png")).verdict == "new"
    )
    assert next_samples(kept.folder)[0].provenance["file"] == "dull.png"  # the review page begins with it
    assert Browser(kept.folder).count(Filter(reason="contested")) == 3
    kept.close()


def test_a_persons_corrections_are_exported(tmp_path, photos):
    from tools.page import review

    _, kept = run(tmp_path, photos)
    first, second, *_ = kept.samples()
    review.delete(kept.dataset, first, 0)
    review.reject(kept.dataset, second)
    written = write_export(entries(kept), tmp_path / "out", "coco", TASK)
    assert written.photos == 5 and written.labels == 9 - 1 - 2
    assert read_image(tmp_path / "out" / "images" / "train" / "a0.png").shape == (60, 80, 3)
    kept.close()


# Odd names and shapes -------------------------------------------------------------------------------------------------


def test_strips_odd_names_and_kinds_end_no_labelling(tmp_path):
    folder = tmp_path / "photos"
    deep = folder.joinpath(*(c * 100 for c in "def"))
    write(folder, "strip.png", number=1)
    Image.fromarray(np.full((2, 3000, 3), 90, np.uint8)).save(folder / "strip.png")
    write(deep, "x.png", ("apple", 10, 10), number=2)
    write(folder, "ctl.png", ("apple", 10, 10), number=3).rename(folder / "c\x07t\nl.png")
    (folder / "raw.dng").write_bytes(b"II*\0")
    (folder / "page.jpg").write_text("<html></html>")
    summary, kept = run(tmp_path, folder)
    try:
        assert summary.photos == 3
        assert dict(kept.problems()) == {
            "page.jpg": "not a readable picture (it is a web page). Replace or remove it.",
            "raw.dng": "raw camera files are not read; save it as JPEG or PNG",
        }
        for form in ("coco", "yolo", "voc", "cvat"):
            written = write_export(entries(kept), tmp_path / form, form, TASK)
            assert (written.photos, written.labels, written.renamed) == (3, 2, 2)
            originals = json.loads((tmp_path / form / ORIGINAL_NAMES).read_text(encoding="utf-8"))
            assert sorted(originals.values()) == sorted(["c\x07t\nl.png", f"{'/'.join(c * 100 for c in 'def')}/x.png"])
            assert all((any(p.name == n for p in (tmp_path / form).rglob("*"))) for n in originals)
            samples, _ = read_photos(tmp_path / form, TASK)
            assert sum(len(s.instances) for s in samples) == 2
        write_report(tmp_path / "labels.html", kept, summary, Confidence(), [], None, "by colour")
        assert "strip.png" in (tmp_path / "labels.html").read_text(encoding="utf-8")
    finally:
        kept.close()
