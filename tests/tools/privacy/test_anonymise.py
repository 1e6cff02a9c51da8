"""Faces and plates become unreadable in copies; originals stay; what may be missed is said."""

import json

import cv2
import numpy as np
import pytest
from PIL import Image
from typer.testing import CliRunner

from agent.cli.app import app
from tools.core.errors import FixArguments, StepFailed
from tools.data.images import read_image, write_image
from tools.privacy.anonymise import Cascade, anonymise, blurred


def face():
    """A drawn face on grey, (240, 240, 3); its middle is the image's."""
    image = np.full((240, 240, 3), 90, np.uint8)

    def spot(x, y, wide, high, colour):
        cv2.ellipse(image, (120 + x, 120 + y), (wide, high), 0, 0, 360, colour, -1)

    spot(0, 0, 42, 56, (200, 180, 170))
    cv2.ellipse(image, (120, 80), (44, 26), 0, 180, 360, (60, 45, 40), -1)
    for x in (-18, 18):
        spot(x, -14, 11, 4, (95, 75, 70))
        spot(x, -6, 9, 5, (120, 100, 95))
        spot(x, -6, 4, 4, (30, 25, 25))
        spot(x, 12, 12, 8, (215, 190, 182))
    spot(0, 8, 6, 14, (225, 205, 198))
    spot(0, 20, 8, 3, (130, 105, 100))
    spot(0, 34, 16, 4, (120, 70, 70))
    return cv2.GaussianBlur(image, (0, 0), 2)


def plate():
    image = np.full((200, 400, 3), 70, np.uint8)
    cv2.rectangle(image, (100, 80), (300, 124), (235, 235, 235), -1)
    cv2.rectangle(image, (100, 80), (300, 124), (20, 20, 20), 2)
    cv2.putText(image, "A 123 BC", (112, 114), cv2.FONT_HERSHEY_SIMPLEX, 1.1, (20, 20, 20), 3)
    return image


def detail(image, box):
    x1, y1, x2, y2 = box
    return float(cv2.Laplacian(cv2.cvtColor(image[y1:y2, x1:x2], cv2.COLOR_RGB2GRAY), cv2.CV_64F).var())


@pytest.fixture
def photos(tmp_path):
    folder = tmp_path / "photos"
    (folder / "street").mkdir(parents=True)
    exif = Image.Exif()
    exif.get_ifd(0x8825).update({1: "N", 2: (52.0, 31.0, 12.0)})
    Image.fromarray(face()).save(folder / "me.jpg", quality=95, exif=exif)
    write_image(folder / "street" / "car.png", plate())
    write_image(folder / "wall.png", np.full((80, 80, 3), 128, np.uint8))
    (folder / "broken.jpg").write_bytes(b"\xff\xd8\xffnothing")
    return folder


def test_faces_and_plates_are_blurred_in_copies_without_a_place(photos, tmp_path):
    before = {p: p.read_bytes() for p in photos.rglob("*") if p.is_file()}
    done = anonymise([photos], tmp_path / "out", [Cascade("faces"), Cascade("plates")])
    me, car = read_image(tmp_path / "out/me.jpg"), read_image(tmp_path / "out/street/car.png")
    assert detail(me, (90, 90, 150, 150)) < 0.2 * detail(face(), (90, 90, 150, 150))
    assert detail(car, (112, 86, 290, 120)) < 0.05 * detail(plate(), (112, 86, 290, 120))
    assert (me.shape, car.shape) == (face().shape, plate().shape)
    with Image.open(tmp_path / "out/me.jpg") as image:
        assert not image.getexif()
    assert done.photos == 3 and done.found["faces"] >= 1 and done.found["plates"] >= 1
    assert done.nothing == ["wall.png"] and list(done.problems) == ["broken.jpg"]
    assert {p: p.read_bytes() for p in photos.rglob("*") if p.is_file()} == before
    said = json.loads((tmp_path / "out/anonymised.json").read_text())
    assert "misses" in said["what_it_can_and_cannot_find"]["faces"]


def test_what_is_outside_a_box_stays_and_what_is_inside_cannot_be_told_apart():
    rng = np.random.default_rng(0)
    image = rng.integers(0, 256, (100, 100, 3), np.uint8)
    seen = blurred(image, [(30, 30, 60, 60), (-5, -5, 4, 4), (200, 200, 210, 210)])
    assert (seen[70:, :] == image[70:, :]).all() and (seen[:, 70:] == image[:, 70:]).all()
    assert seen[30:60, 30:60].std() < 0.4 * image[30:60, 30:60].std()
    assert (blurred(image, []) == image).all()


def test_a_second_call_writes_again_and_a_persons_folder_is_left_alone(photos, tmp_path):
    out = tmp_path / "out"
    for _ in range(2):
        assert anonymise([photos], out, [Cascade("plates")]).out == out
    (out / "mine.txt").write_text("keep")
    assert anonymise([photos], out, [Cascade("plates")]).out == tmp_path / "out-2"
    (tmp_path / "other").mkdir()
    (tmp_path / "other/file").write_text("x")
    with pytest.raises(FixArguments, match="other files"):
        anonymise([photos], tmp_path / "other", [Cascade("plates")])
    with pytest.raises(FixArguments, match="within the photos"):
        anonymise([photos], photos / "out", [Cascade("plates")])


def test_nothing_to_do_is_no_success(photos, tmp_path):
    with pytest.raises(FixArguments, match="say what to blur"):
        anonymise([photos], tmp_path / "out", [])
    with pytest.raises(StepFailed, match="none of the photos"):
        anonymise([photos / "broken.jpg"], tmp_path / "out", [Cascade("faces")])


def test_an_opencv_without_cascades_says_so(monkeypatch, tmp_path):
    monkeypatch.setattr(cv2.data, "haarcascades", str(tmp_path))
    with pytest.raises(StepFailed, match="--model"):
        Cascade("faces")


@pytest.mark.parametrize(
    ("flags", "said"),
    [(["--find", "tattoos"], "faces, plates"), (["--model", "x"], "--classes"),
     (["--model", "nowhere", "--classes", "person"], "no such run")],
)  # fmt: skip
def test_wrong_flags_are_named(photos, tmp_path, flags, said):
    result = CliRunner().invoke(app, ["anonymise", str(photos), "--out", str(tmp_path / "out"), *flags])
    assert result.exit_code == 2 and said in result.output


def test_the_command_says_what_it_did_and_may_miss(photos, tmp_path):
    result = CliRunner().invoke(app, ["anonymise", str(photos), "--out", str(tmp_path / "out"), "--json"])
    assert result.exit_code == 0, result.output
    said = json.loads(result.stdout)
    assert said["photos"] == 3 and set(said["what_it_can_and_cannot_find"]) == {"faces", "plates"}
