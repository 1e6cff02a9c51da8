"""Tiles of one photo stay together, and both sides get some."""

import cv2
import numpy as np
import pytest

from tools.data.photos import Fingerprint, find_twins, group_images, look_hash, photo_of, split_photos


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


def saved_again(image, quality=60, scale=0.7):
    small = cv2.resize(image, None, fx=scale, fy=scale, interpolation=cv2.INTER_AREA)
    return cv2.imdecode(cv2.imencode(".jpg", small, [cv2.IMWRITE_JPEG_QUALITY, quality])[1], cv2.IMREAD_COLOR)


def test_a_copy_looks_the_same_and_another_photo_does_not():
    hashes = [look_hash(scene(i)) for i in range(20)]
    copies = [look_hash(saved_again(scene(i))) for i in range(20)]
    assert all((a ^ b).bit_count() <= 12 for a, b in zip(hashes, copies, strict=True))
    assert min((a ^ b).bit_count() for i, a in enumerate(hashes) for b in hashes[:i]) > 60
    assert look_hash(np.full((50, 50, 3), 90, np.uint8)) is None


def grouped(names, looks=None, digests=None):
    return group_images(names, looks or [None] * len(names), digests or [str(i) for i in range(len(names))])


def test_groups_by_name_look_and_file():
    assert grouped(["DSC_1_0.jpg", "DSC_1042_0.jpg", "DSC_1042_1.jpg"])[0][1:] == ["DSC_1042"] * 2
    # c is almost a; d is the very file of b
    a, b, e = (look_hash(scene(i)) for i in range(3))
    names, looks = ["a.jpg", "b.jpg", "c.jpg", "d.jpg", "e.jpg"], [a, b, a ^ 0b1011, None, e]
    photos, joined = grouped(names, looks, ["1", "2", "3", "2", "5"])
    assert photos[0] == photos[2] and photos[1] == photos[3] and joined == 2
    assert len(set(photos)) == 3


def test_names_that_tell_nothing_fall_back_to_images():
    assert grouped(["shot1_1.jpg", "shot1_2.jpg"])[0] == ["shot1_1", "shot1_2"]


def test_frames_of_a_fixed_camera_are_not_one_photo():
    photos, joined = grouped([f"f{i}.jpg" for i in range(8)], [1 << i for i in range(8)])
    assert len(set(photos)) == 8 and joined == 0


@pytest.mark.parametrize("share", [0.0, 0.3, 0.5, 1.0])
@pytest.mark.parametrize("count", [2, 3, 12, 40])
def test_both_sides_get_some_and_every_kind_is_shared_out(count, share):
    strata = {f"p{i}": "empty" if i % 4 == 3 else "labelled" for i in range(count)}
    images = {photo: 1 + i % 5 for i, photo in enumerate(strata)}
    val = split_photos(strata, images, share)
    assert 0 < len(val) < count
    labelled = {p for p, s in strata.items() if s == "labelled"}
    assert val & labelled and labelled - val
    assert val == split_photos(dict(reversed(strata.items())), images, share)  # no order of files decides
    if count == 40 and share == 0.5:
        assert abs(sum(images[p] for p in val) / sum(images.values()) - share) < 0.08


# Learnt from and judged by ------------------------------------------------------------------------------------------

A, B, C = (look_hash(scene(seed)) for seed in range(100, 103))
NEAR_A = A ^ (2**40 - 1)  # 40 bits: not the same look, but alike


def twin(learnt, judging, look=A, other=B):
    found = find_twins(
        [Fingerprint(learnt, "1", look)], [Fingerprint("x.jpg", "0", C), Fingerprint(judging, "2", other)]
    )
    return {True: "same", False: "doubt", None: None}[found[0].sure if found else None]


@pytest.mark.parametrize(
    ("learnt", "judging", "expected"),
    [
        ("DSC_1042_0_640.jpg", "DSC_1042_640_0.jpg", "same"),  # tiles of one photo
        ("mine/DSC_1042_17kv1r20k_3.jpg", "others/DSC_1042_17kv1r20k_7.jpg", "same"),
        ("IMG_0012 (1).jpg", "IMG_0012.jpg", "same"),
        ("IMG_0012-crop.jpg", "IMG_0012.jpg", "same"),
        ("IMG_2033_jpg.rf.0a1b2c.jpg", "IMG_2033_jpg.rf.ffeedd.jpg", "same"),
        ("IMG_20240503_101500.jpg", "img/IMG_20240503_101500.jpg", "same"),
        ("field_tile_3.png", "field_tile_5.png", "same"),
        ("north/field_tile_3.png", "south/field_tile_5.png", "doubt"),  # a folder says otherwise
        ("IMG_0012.jpg", "IMG_0012.jpg", "doubt"),  # of two cameras
        ("IMG-20240503-WA0003.jpg", "IMG-20240503-WA0003.jpg", "doubt"),  # of two phones
        ("apples/0001.jpg", "pears/0001.jpg", "doubt"),
        ("frame_0001.jpg", "frame_0001.jpg", "doubt"),
        ("frame_0001_x0_y640.jpg", "frame_0001_x640_y0.jpg", "doubt"),  # of two films, as far as the name says
        ("a.jpg", "a.jpg", "doubt"),
        ("20240503_1.jpg", "20240503_2.jpg", "doubt"),  # numbered within a day
        ("holiday_20240503_1.jpg", "holiday_20240503_2.jpg", "doubt"),
        ("frame_0001.jpg", "frame_0002.jpg", None),
        ("a.jpg", "b.jpg", None),
        ("apple_12.jpg", "apple_13.jpg", None),
        ("", "", None),
    ],
)
def test_names_of_two_folders(learnt, judging, expected):
    assert twin(learnt, judging) == expected
    assert twin(judging, learnt) == expected


@pytest.mark.parametrize("name", ["0001.jpg", "frame_0001.jpg", "IMG_0012.jpg", "a.jpg"])
def test_what_has_one_name_and_looks_alike_is_one_photo(name):
    assert twin(name, name, A, NEAR_A) == "same" and twin(name, "other.jpg", A, NEAR_A) is None
    assert twin(name, name, None, None) == "same" and twin(name, name, A, None) == "doubt"


@pytest.mark.parametrize(
    "change",
    [saved_again, lambda p: p[:, ::-1], lambda p: p[::-1], np.rot90, lambda p: np.rot90(saved_again(p), 3),
     lambda p: cv2.GaussianBlur(p, (0, 0), 2), lambda p: (p * 0.8).astype(np.uint8), lambda p: cv2.resize(p, (90, 60))],
)  # fmt: skip
def test_a_changed_copy_is_the_same_photo_and_another_is_not(change):
    images = [scene(seed) for seed in range(12)]
    changed = [look_hash(np.ascontiguousarray(change(p))) for p in images]
    learnt = [Fingerprint(f"l{i}.jpg", f"l{i}", look) for i, look in enumerate(changed)]
    judging = [Fingerprint(f"j{i}.jpg", f"j{i}", look_hash(p)) for i, p in enumerate(images)]
    found = find_twins(learnt, judging[:6])
    assert {i: (t.judge, t.by, t.sure) for i, t in found.items()} == {i: (i, "look", True) for i in range(6)}
    looks = [changed[0], *(print_.look for print_ in judging[:5])]
    photos, joined = group_images([f"{letter}.png" for letter in "abcdef"], looks, "123456")
    assert photos[0] == photos[1] and len(set(photos)) == 5 and joined == 1


def thing_on_white(seed):
    """A small thing in the middle of a plain ground."""
    image = np.full((240, 320, 3), 250, np.uint8)
    image[80:160, 110:210] = scene(seed)[:80, :100]
    return image


def test_different_things_on_a_plain_ground_are_different_photos():
    looks = [look_hash(thing_on_white(seed)) for seed in range(20)]
    photos, joined = group_images([f"{i}.jpg" for i in range(20)], looks, [str(i) for i in range(20)])
    assert joined == 0 and len(set(photos)) == 20
    learnt = [Fingerprint(f"l{i}.jpg", f"l{i}", look) for i, look in enumerate(looks[:5])]
    assert not find_twins(learnt, [Fingerprint(f"j{i}.jpg", f"j{i}", look) for i, look in enumerate(looks[5:])])


def test_frames_of_a_fixed_camera_are_only_doubted():
    judging = [Fingerprint(f"j{i}.jpg", f"j{i}", A ^ (1 << i)) for i in range(10)]
    learnt = [Fingerprint("l.jpg", "l", A), Fingerprint("m.jpg", "j3", A)]
    found = find_twins(learnt, judging)
    assert not found[0].sure and (found[1].by, found[1].judge, found[1].sure) == ("file", 3, True)
    assert find_twins(learnt, judging[:4])[0].sure  # four are copies as well
