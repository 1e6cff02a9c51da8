"""Predictions on files: what is written, what is left alone, and what cannot be read."""

import json
import os
from pathlib import Path

import numpy as np
import pytest

from tests.tools.full import full_after
from tests.tools.models.seeing import SeesPartsOfWhatIsLarge, noise
from tools.core.errors import FixArguments, StepFailed
from tools.core.files import trouble
from tools.data.images import read_image, write_image
from tools.models.predict import Predictor
from tools.models.predict_files import predict_files


@pytest.mark.parametrize("kind", ["segment", "detect", "classify"])
def test_files_and_folders_are_predicted_and_broken_ones_recorded(weights, tmp_path, kind):
    for folder in ("a", "b"):
        write_image(tmp_path / folder / "same.png", noise(60, 80))
    (tmp_path / "a" / "broken.jpg").write_bytes(b"not a picture")
    (tmp_path / "a" / "notes.txt").write_text("no picture")
    images = [tmp_path / "a", tmp_path / "b" / "same.png", tmp_path / "gone.png"]
    result = predict_files(weights[kind], images, tmp_path / "out", 0.4)

    assert result["pictures"] == 2
    assert set(result["broken"]) == {str(tmp_path / "a" / "broken.jpg"), str(tmp_path / "gone.png")}
    written = json.loads((tmp_path / "out" / "predictions.json").read_text())
    assert len(written["pictures"]) == 4
    good = [p for p in written["pictures"] if "error" not in p]
    assert [p["drawn"] for p in good] == ["same.jpg", "same-2.jpg"]
    for entry in good:
        assert read_image(tmp_path / "out" / entry["drawn"]).shape == (60, 80, 3)
        if kind == "classify":
            assert entry["class"] in ("apple", "pear")
        else:
            assert entry["instances"]
            assert ("mask" in entry["instances"][0]) == (kind == "segment")


@pytest.mark.parametrize(
    ("doubted", "sure", "nothing", "unsure"),
    [
        (3, 1, 0, {"empty": 3, "surest": 0.1}),
        (2, 1, 1, {"empty": 3, "surest": 0.1}),
        (1, 3, 0, None),  # mostly it is sure
        (1, 0, 3, None),  # mostly there is nothing
        (0, 2, 2, None),
    ],
)
def test_what_is_seen_and_not_sure_enough_is_told(tmp_path, monkeypatch, doubted, sure, nothing, unsure):
    model = Predictor(SeesPartsOfWhatIsLarge(), "detect", ["blob"], 320, closer=False)
    monkeypatch.setattr(Predictor, "load", lambda *_a, **_k: model)
    for number, side in enumerate([200] * doubted + [60] * sure + [0] * nothing):
        image = np.full((320, 320, 3), 60, np.uint8)
        image[10 : 10 + side, 10 : 10 + side] = 250
        write_image(tmp_path / "photos" / f"{number}.png", image)
    result = predict_files(Path("none.safetensors"), [tmp_path / "photos"], tmp_path / "out", 0.3)
    assert result["instances"] == sure
    assert result["unsure"] == unsure
    told = [e.get("surest") for e in json.loads((tmp_path / "out" / "predictions.json").read_text())["pictures"]]
    assert told == [0.1] * doubted + [None] * (sure + nothing)


def test_nothing_to_predict_is_an_error(weights, tmp_path):
    (tmp_path / "empty").mkdir()
    with pytest.raises(FixArguments, match="no pictures in"):
        predict_files(weights["detect"], [tmp_path / "empty"], tmp_path / "out", 0.5)
    with pytest.raises(StepFailed, match="none of the 1 pictures"):
        predict_files(weights["detect"], [tmp_path / "gone.png"], tmp_path / "out", 0.5)


class Blank:
    """Finds nothing, at once."""

    kind, names = "detect", ["apple"]

    def predict(self, _image, _confidence):
        return []


@pytest.fixture
def blank(monkeypatch):
    monkeypatch.setattr(Predictor, "load", lambda *_a, **_k: Blank())
    return Path("none.safetensors")


def test_an_image_of_the_person_is_never_drawn_over(tmp_path, blank):
    """The place of the results may be the very folder of the photos."""
    photo = tmp_path / "photo.jpg"
    write_image(photo, noise(40, 60))
    before = photo.read_bytes()
    for _ in range(2):
        predict_files(blank, [photo], tmp_path, 0.5)
        assert photo.read_bytes() == before
        names = sorted(p.name for p in tmp_path.iterdir() if not p.name.startswith("."))
        assert names == ["photo-2.jpg", "photo.jpg", "predictions.json"]
    (tmp_path / "photo-2.jpg").write_text("mine")
    predict_files(blank, [photo], tmp_path, 0.5)
    assert (tmp_path / "photo-2.jpg").read_text() == "mine" and (tmp_path / "photo-3.jpg").is_file()
    (tmp_path / "predictions.json").write_text("{}")
    with pytest.raises(FixArguments, match=r"predictions\.json in it"):
        predict_files(blank, [photo], tmp_path, 0.5)


def test_photos_of_kinds_that_are_not_read_are_named(tmp_path, blank):
    for name in ("a.png", "b.png"):
        write_image(tmp_path / "photos" / name, noise(20, 20))
    for name in ("raw.DNG", "drawing.svg", ".hidden.dng", "notes.txt"):
        (tmp_path / "photos" / name).write_bytes(b"?")
    result = predict_files(blank, [tmp_path / "photos"], tmp_path / "out", 0.5)
    assert result["pictures"] == 2
    assert {Path(name).name: why.split(": ")[-1] for name, why in result["broken"].items()} == {
        "raw.DNG": "raw camera files are not read; save it as JPEG or PNG",
        "drawing.svg": ".svg files are not read; save it as JPEG or PNG",
    }


def test_names_that_are_no_text_or_too_long_lose_nothing(tmp_path, blank):
    folder = tmp_path / "photos"
    for name in (b"r\xe9colte.png", b"x" * 250 + b".png", b"plain.png"):
        write_image(tmp_path / "one.png", noise(20, 20))
        folder.mkdir(exist_ok=True)
        (tmp_path / "one.png").rename(folder / os.fsdecode(name))
    result = predict_files(blank, [folder], tmp_path / "out", 0.5)
    assert result["pictures"] == 3
    told = json.loads((tmp_path / "out" / "predictions.json").read_text(encoding="utf-8"))["pictures"]
    assert {os.fsencode(Path(e["file"]).name)[:3] for e in told} == {b"r\xe9c", b"xxx", b"pla"}
    assert all((tmp_path / "out" / e["drawn"]).is_file() for e in told)


def test_a_full_disk_at_any_write_is_said_and_the_same_call_goes_on(tmp_path, blank, monkeypatch):
    for k in range(2):
        write_image(tmp_path / "photos" / f"{k}.png", noise(20, 20, seed=k))

    def predict(name):
        return predict_files(blank, [tmp_path / "photos"], tmp_path / name, 0.5)

    with full_after(monkeypatch, 1000) as writes:
        wanted = predict("calm")
    assert len(writes) >= 3
    for number in range(len(writes)):
        with full_after(monkeypatch, number), pytest.raises(OSError) as told:
            predict(f"out{number}")
        assert "is full" in trouble(told.value, tmp_path)
        assert predict(f"out{number}")["pictures"] == wanted["pictures"]
        names = [sorted(p.name for p in (tmp_path / n).iterdir()) for n in ("calm", f"out{number}")]
        assert names[0] == names[1]
