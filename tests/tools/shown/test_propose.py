"""Photos without labels: numbered proposals, and what an answer or a click makes of them."""

import json

import cv2
import numpy as np
import pytest

from tests.tools.generators.cutout_files import ground
from tools.core.errors import FixArguments
from tools.core.task import Budget, ClassSpec, TaskSpec
from tools.data.images import read_image, write_image
from tools.data.photo_files import find_photos, read_photo
from tools.data.real import read_photos
from tools.data.sample import Instance, encode_mask
from tools.shown.propose import (
    MOST,
    ask_about,
    at_point,
    is_unlabelled,
    numbered,
    proposals_in,
    read_numbers,
    write_set,
)

TASK = TaskSpec(kind="detect", classes=[ClassSpec(name="gadget")], budget=Budget(images=1, rounds=1))


def scene(seed=1):
    image = ground(200, seed)
    cv2.circle(image, (60, 100), 28, (210, 40, 40), -1)
    cv2.rectangle(image, (120, 60), (180, 130), (30, 60, 220), -1)
    return image


class Finder:
    """Stands for the starter: the red disc, the blue block, and a part of the block."""

    def predict(self, image, confidence):
        h, w = image.shape[:2]
        red, blue = np.zeros((h, w), bool), np.zeros((h, w), bool)
        red[72:129, 32:89] = image[72:129, 32:89, 0] > 150
        blue[60:131, 120:181] = True
        part = np.zeros((h, w), bool)
        part[70:100, 130:160] = True
        found = [(red, (32, 72, 89, 129), 0.4), (part, (130, 70, 160, 100), 0.6), (blue, (120, 60, 181, 131), 0.8)]
        return [Instance(class_name="object", box=b, counts=encode_mask(m), score=s) for m, b, s in found]


def test_wholes_come_before_parts_and_the_middle_of_the_photo_is_always_asked_about():
    found = proposals_in(scene(), Finder())
    assert [i.box for i in found[:3]] == [(120, 60, 181, 131), (32, 72, 89, 129), (130, 70, 160, 100)]
    assert found[-1].source == "middle"
    assert len(found) <= MOST
    assert proposals_in(scene(), None)[0].source == "middle"


def test_a_click_means_the_surest_outline_that_holds_it():
    image = scene()
    found = proposals_in(image, Finder())
    assert at_point(image, [(60, 100)], found) == (32, 72, 89, 129)
    assert at_point(image, [(140, 80)], found) == (120, 60, 181, 131)


def test_a_click_that_no_proposal_holds_is_cut_out():
    x1, y1, x2, y2 = at_point(scene(), [(60, 100)], [])
    assert abs(x1 - 32) < 4
    assert abs(y1 - 72) < 4
    assert abs(x2 - 89) < 4
    assert abs(y2 - 129) < 4
    with pytest.raises(FixArguments, match="inside the picture"):
        at_point(scene(), [(900, 3)], [])


@pytest.mark.parametrize(
    ("answer", "asked", "expected"),
    [
        ("2, 1+3, none", [3, 3, 3], [[2], [1, 3], []]),
        ("2", [4], [[2]]),
        ("1 2", [4], [[1, 2]]),
        ("3: 1; 1: 2", [2, 2, 2], [[2], [], [1]]),
        ("photo 2: 1", [2, 2], [[], [1]]),
        ("1，2，无", [3, 3, 3], [[1], [2], []]),
        ("2:1", [2, 2], [[], [1]]),
    ],
)
def test_answers_are_read(answer, asked, expected):
    assert read_numbers(answer, asked) == expected


@pytest.mark.parametrize(
    ("answer", "asked", "says"),
    [
        ("9", [3], "photo 1 has proposals 1 to 3, no 9"),
        ("the red one", [3], "name the numbers on photo 1"),
        ("", [3], "name a number for each photo"),
        ("2", [3, 3], "there are 2 photos"),
        ("7: 1", [3, 3], "there are photos 1 to 2"),
        ("1, 1, 1", [3, 3], "there are photos 1 to 2"),
    ],
)
def test_answers_that_name_nothing_are_said(answer, asked, says):
    with pytest.raises(FixArguments, match=says):
        read_numbers(answer, asked)


def test_the_answer_becomes_a_set_that_any_reader_of_labels_takes(tmp_path):
    photos = tmp_path / "photos"
    for number in range(3):
        write_image(photos / f"{number}.png", scene(number))
    assert is_unlabelled(photos)
    asked = ask_about(photos, tmp_path / "out", Finder())
    assert [a.drawn.name for a in asked] == ["01.jpg", "02.jpg", "03.jpg"]
    red = [
        (a.photo, [i.model_copy(update={"class_name": "gadget"}) for i in a.proposals if i.box == (32, 72, 89, 129)])
        for a in asked[:2]
    ]
    made = write_set(tmp_path / "set", [*red, (asked[2].photo, [])], TASK)
    assert not is_unlabelled(made)
    samples, _ = read_photos(made, TASK)
    assert [[tuple(round(v) for v in i.box) for i in s.instances] for s in samples] == [[(32, 72, 89, 129)]] * 2
    with pytest.raises(FixArguments, match="in none of the photos"):
        write_set(tmp_path / "nothing", [(asked[2].photo, [])], TASK)


def test_a_folder_with_labels_or_without_photos_is_not_asked_about(tmp_path):
    assert not is_unlabelled(tmp_path)
    write_image(tmp_path / "a.png", scene())
    (tmp_path / "labels.json").write_text(json.dumps({}))
    assert not is_unlabelled(tmp_path)


def test_numbered_images_show_every_proposal(tmp_path):
    image = scene()
    found = proposals_in(image, Finder())
    shown = numbered(image, found, "photo 1")
    assert max(shown.shape[:2]) == 640
    plain = numbered(image, [], "photo 1")
    for instance in found:
        x1, y1, x2, y2 = (round(v * 3.2) for v in instance.box)
        around = np.s_[max(0, y1 - 3) : y2 + 3, max(0, x1 - 3) : x2 + 3]
        assert (shown[around] != plain[around]).any()
    write_image(tmp_path / "p.png", image)
    assert read_photo(next(iter(find_photos([tmp_path])))).image.shape == read_image(tmp_path / "p.png").shape
