"""Tiles of one photo stay together, and both sides get some."""

import cv2
import numpy as np
import pytest

from tools.data.photos import group_pictures, look_hash, photo_of, split_photos


@pytest.mark.parametrize(
    ("path", "photo"),
    [
        ("images/DSC_1042_17kv1r20k_3.jpg", "DSC_1042"),
        ("cherry_IMGP9359_1.jpg", "cherry_IMGP9359"),
        ("train/IMG_2033_jpg.rf.0a1b2c.jpg", "IMG_2033"),
        ("valid/IMG_2033_jpg.rf.ffeedd.jpg", "IMG_2033"),
        ("photo-7_jpeg.rf.0a1b2c.jpeg", "photo-7"),
        ("IMG_20240503_101500_2.jpg", "IMG_20240503_101500"),
        ("20240503_101500.jpg", "20240503_101500"),
        ("IMG-20240503-WA0003.jpg", "IMG-20240503-WA0003"),
        ("DJI_20230101123456_0001_V.JPG", "DJI_20230101123456_0001"),
        ("img_0002_1.png", "img_0002"),
        ("DSC01234_crop2.jpg", "DSC01234"),
        ("field_tile_3.png", "field"),
        ("field_x0_y640.png", "field"),
        ("field_0_640_320_320.png", "field"),
        ("photo12_3.jpg", "photo12"),
        ("apple_12.jpg", "apple_12"),
        ("apple_13.jpg", "apple_13"),
        ("0001.jpg", "0001"),
        ("apples/001.jpg", "apples/001"),
        ("pears/001.jpg", "pears/001"),
        ("苹果_12.jpg", "苹果_12"),
    ],
)
def test_the_photo_of_a_name(path, photo):
    assert photo_of(path) == photo


def scene(seed, size=200):
    noise = np.random.default_rng(seed).random((12, 12, 3)).astype(np.float32)
    return (cv2.resize(noise, (size, size), interpolation=cv2.INTER_CUBIC).clip(0, 1) * 255).astype(np.uint8)


def saved_again(picture, quality=60, scale=0.7):
    small = cv2.resize(picture, None, fx=scale, fy=scale, interpolation=cv2.INTER_AREA)
    return cv2.imdecode(cv2.imencode(".jpg", small, [cv2.IMWRITE_JPEG_QUALITY, quality])[1], cv2.IMREAD_COLOR)


def test_a_copy_looks_the_same_and_another_photo_does_not():
    hashes = [look_hash(scene(i)) for i in range(20)]
    copies = [look_hash(saved_again(scene(i))) for i in range(20)]
    assert all((a ^ b).bit_count() <= 12 for a, b in zip(hashes, copies, strict=True))
    assert min((a ^ b).bit_count() for i, a in enumerate(hashes) for b in hashes[:i]) > 60
    assert look_hash(np.full((50, 50, 3), 90, np.uint8)) is None


def grouped(names, looks=None, digests=None):
    return group_pictures(names, looks or [None] * len(names), digests or [str(i) for i in range(len(names))])


def test_groups_by_name_look_and_file():
    assert grouped(["DSC_1_0.jpg", "DSC_1042_0.jpg", "DSC_1042_1.jpg"])[0][1:] == ["DSC_1042"] * 2
    # c is almost a; d is the very file of b
    a, b, e = (look_hash(scene(i)) for i in range(3))
    names, looks = ["a.jpg", "b.jpg", "c.jpg", "d.jpg", "e.jpg"], [a, b, a ^ 0b1011, None, e]
    photos, joined = grouped(names, looks, ["1", "2", "3", "2", "5"])
    assert photos[0] == photos[2] and photos[1] == photos[3] and joined == 2
    assert len(set(photos)) == 3


def test_names_that_tell_nothing_fall_back_to_pictures():
    assert grouped(["shot1_1.jpg", "shot1_2.jpg"])[0] == ["shot1_1", "shot1_2"]


def test_frames_of_a_fixed_camera_are_not_one_photo():
    photos, joined = grouped([f"f{i}.jpg" for i in range(8)], [1 << i for i in range(8)])
    assert len(set(photos)) == 8 and joined == 0


@pytest.mark.parametrize("share", [0.0, 0.3, 0.5, 1.0])
@pytest.mark.parametrize("count", [2, 3, 12, 40])
def test_both_sides_get_some_and_every_kind_is_shared_out(count, share):
    strata = {f"p{i}": "empty" if i % 4 == 3 else "labelled" for i in range(count)}
    pictures = {photo: 1 + i % 5 for i, photo in enumerate(strata)}
    val = split_photos(strata, pictures, share)
    assert 0 < len(val) < count
    labelled = {p for p, s in strata.items() if s == "labelled"}
    assert val & labelled and labelled - val
    assert val == split_photos(dict(reversed(strata.items())), pictures, share)  # no order of files decides
    if count == 40 and share == 0.5:
        assert abs(sum(pictures[p] for p in val) / sum(pictures.values()) - share) < 0.08
