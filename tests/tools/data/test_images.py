"""ImageArray files: what is read is what is shown; what cannot be read is refused by name."""

import struct
import zlib

import numpy as np
import pytest
from PIL import Image
from pillow_heif import register_heif_opener

from tools.core.errors import StepFailed
from tools.data.images import (
    MAX_PIXELS,
    check_image,
    decode_image,
    is_image,
    is_unread_image,
    read_image,
    read_size,
    walk_files,
    write_image,
)


def _gradient(height=6, width=10):
    image = np.zeros((height, width, 3), np.uint8)
    image[..., 0] = np.arange(width, dtype=np.uint8) * 20
    image[..., 1] = np.arange(height, dtype=np.uint8)[:, None] * 30
    return image


def test_png_round_trip_leaves_no_other_file(tmp_path):
    write_image(tmp_path / "a" / "b.png", _gradient())
    assert np.array_equal(read_image(tmp_path / "a" / "b.png"), _gradient())
    assert [p.name for p in (tmp_path / "a").iterdir()] == ["b.png"]


@pytest.mark.parametrize(("orientation", "turn"), [(1, 0), (3, 2), (6, 3), (8, 1)])
def test_exif_rotation_is_applied(tmp_path, orientation, turn):
    path = tmp_path / "turned.png"
    exif = Image.Exif()
    exif[0x0112] = orientation
    Image.fromarray(_gradient()).save(path, exif=exif)
    expected = np.rot90(_gradient(), turn)
    assert np.array_equal(read_image(path), expected)
    assert read_size(path) == (expected.shape[1], expected.shape[0])


@pytest.mark.parametrize(
    ("image", "pixel"),
    [
        (Image.new("L", (4, 4), 90), (90, 90, 90)),
        (Image.new("RGBA", (4, 4), (10, 20, 30, 0)), (255, 255, 255)),  # see-through shows the paper
        (Image.new("P", (4, 4), 0), (0, 0, 0)),
        (Image.fromarray(np.full((4, 4), 65535, np.uint16)), (255, 255, 255)),  # 16 bits are scaled, not clipped
        (Image.fromarray(np.full((4, 4), 32768, np.uint16)), (127, 127, 127)),
    ],
)
def test_every_mode_becomes_rgb(tmp_path, image, pixel):
    image.save(tmp_path / "a.png")
    read = read_image(tmp_path / "a.png")
    assert read.shape == (4, 4, 3)
    assert tuple(read[0, 0]) == pixel


def _bomb_png(width, height):
    """The header of a huge PNG with next to no data behind it."""

    def chunk(kind, data):
        return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))

    header = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    return (
        b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + chunk(b"IDAT", zlib.compress(b"0" * 100)) + chunk(b"IEND", b"")
    )


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"", "not a readable picture"),
        (b"<html>not a picture</html>", "not a readable picture.*a web page"),
        (b"version https://git-lfs.github.com/spec/v1", "Git LFS"),
        (b"\0\0\0\x18ftypheic" + bytes(200), "HEIC or AVIF photo that is damaged"),
        (_bomb_png(20_000, MAX_PIXELS // 20_000 + 1), "bomb"),
        (_bomb_png(60_000, 60_000), "bomb"),
        (None, "no such picture"),
    ],
)
def test_refused_with_the_name_of_the_file(tmp_path, content, message):
    path = tmp_path / "holiday.png"
    if content is not None:
        path.write_bytes(content)
    for reader in (read_image, read_size):
        with pytest.raises(StepFailed, match=message) as caught:
            reader(path)
        assert "holiday.png" in str(caught.value)


def test_cut_off_image_is_refused(tmp_path):
    path = tmp_path / "half.jpg"
    write_image(path, np.random.default_rng(0).integers(0, 255, (64, 64, 3), dtype=np.uint8))
    path.write_bytes(path.read_bytes()[:1500])
    for reader in (read_image, check_image):
        with pytest.raises(StepFailed, match=r"half\.jpg.*cut off"):
            reader(path)


@pytest.mark.parametrize(
    ("suffix", "turned"),
    [(s, t) for s in ("heic", "avif", "jfif", "jpe", "tif", "webp") for t in (False, True) if (s, t) != ("heic", True)],
)  # HEIC has its turn outside EXIF, where the encoder of this test cannot write it
def test_photos_of_telephones_and_browsers_are_read_upright(tmp_path, suffix, turned):
    register_heif_opener()
    shown = np.zeros((40, 60, 3), np.uint8)
    shown[:20] = 220
    stored = np.rot90(shown, 1) if turned else shown
    exif = Image.Exif()
    exif[0x0112] = 6 if turned else 1
    path = tmp_path / f"photo.{suffix}"
    form = {"heic": "HEIF", "jfif": "JPEG", "jpe": "JPEG", "tif": "TIFF"}.get(suffix, suffix.upper())
    Image.fromarray(stored).save(path, format=form, exif=exif)
    read = read_image(path)
    assert read_size(path) == (60, 40) and read.shape == (40, 60, 3)
    assert read[:16].mean() > 200 and read[24:].mean() < 20
    assert np.array_equal(decode_image(path.read_bytes(), path.name), read)
    check_image(path)


def test_a_file_that_is_no_image_installs_nothing(tmp_path, monkeypatch):
    """Ultralytics puts an `open` in Pillow's place that fetches a HEIF package when it does not know a file."""
    from ultralytics.utils import checks

    monkeypatch.setattr(checks, "check_requirements", lambda *a, **k: pytest.fail("a package was asked for"))
    with pytest.raises(StepFailed, match="a web page"):
        decode_image(b"<html></html>", "html.jpg")


def test_linked_folders_are_walked_once(tmp_path):
    (tmp_path / "set" / "b").mkdir(parents=True)
    (tmp_path / "elsewhere").mkdir()
    for name in ("set/a.png", "set/b/c.png", "elsewhere/d.png"):
        Image.fromarray(_gradient()).save(tmp_path / name)
    for link, to in (("set/0inside", "set/b"), ("set/out", "elsewhere"), ("elsewhere/back", "set")):
        (tmp_path / link).symlink_to(tmp_path / to)
    (tmp_path / "set" / "gone.png").symlink_to(tmp_path / "nowhere")
    links = []
    found = [p.relative_to(tmp_path / "set").as_posix() for p in walk_files(tmp_path / "set", links)]
    assert found == ["a.png", "gone.png", "b/c.png", "out/d.png"]
    assert [p.name for p in links] == ["out"]


def test_a_run_among_photos_is_none_of_them(tmp_path):
    (tmp_path / "runs" / "mine" / "shown").mkdir(parents=True)
    for name in ("a.png", "runs/mine/shown/01.png", "runs/b.png"):
        Image.fromarray(_gradient()).save(tmp_path / name)
    (tmp_path / "runs" / "mine" / "run.json").write_text("{}")
    assert [p.name for p in walk_files(tmp_path)] == ["a.png", "b.png"]
    assert {p.name for p in walk_files(tmp_path / "runs" / "mine")} == {"run.json", "01.png"}  # asked for by name


@pytest.mark.parametrize(
    ("name", "image"),
    [
        ("a.png", np.zeros((4, 4, 3), np.float32)),
        ("a.png", np.zeros((0, 4, 3), np.uint8)),
        ("a.txt", np.zeros((4, 4, 3), np.uint8)),
    ],
)
def test_write_refuses_what_is_no_image(tmp_path, name, image):
    with pytest.raises(ValueError, match="picture"):
        write_image(tmp_path / name, image)
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    ("name", "expected"),
    [("a.JPG", True), ("a.png", True), (".a.png", False), ("a.json", False), ("a.HEIC", True), ("a.dng", False)],
)
def test_is_image(tmp_path, name, expected):
    assert is_image(tmp_path / name) is expected
    assert is_unread_image(tmp_path / name) is name.endswith(".dng")
