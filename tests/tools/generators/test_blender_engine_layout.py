import math
import random

import cv2
import numpy as np
import pytest

from tools.generators.blender.camera import FOCUS, choose_camera, look
from tools.generators.blender.foliage import blob, box
from tools.generators.blender.labels import Labelled, find_instances, outline_of
from tools.generators.blender.layout import (
    Cover,
    Shape,
    depths,
    footprints_meet,
    hang,
    lie_along,
    pose,
    projected_box,
    rest,
    settle,
    silhouette,
    spread,
)
from tools.scenes.scene import VIEWPOINTS


def ball() -> Shape:
    part = blob(np.random.default_rng(0), 0.0, 17)
    return Shape(part.vertices / 2, part.triangles)


def brick() -> Shape:
    part = box((1.0, 0.5, 0.4))
    return Shape(part.vertices - [0, 0, 0.2], part.triangles)


def disc(size: int, cx: float, cy: float, r: float) -> np.ndarray:
    y, x = np.mgrid[0.5:size, 0.5:size]
    return (x - cx) ** 2 + (y - cy) ** 2 <= r * r


def test_long_flat_things_lie_along_the_image_or_across_it_all_the_same_way():
    ways = set()
    for seed in range(12):
        rng = random.Random(seed)
        shapes = [Shape(brick().vertices * (4, 1, 0.01), brick().triangles) for _ in range(3)]
        for shape in shapes:
            shape.rotation = pose(rng, ["flat"], np.ptp(shape.vertices, axis=0).tolist(), resting=True)
        lie_along(rng, shapes)
        sides = [np.ptp(s.vertices @ s.rotation.T, axis=0) for s in shapes]
        across = {bool(side[0] > 2 * side[1]) for side in sides}
        assert len(across) == 1 and all(max(side[:2]) > 2 * min(side[:2]) for side in sides)
        ways |= across
    assert ways == {True, False}


@pytest.mark.parametrize(("pitch", "roll"), [(0, 0), (35, 3), (90, -4), (-40, 2)])
def test_camera_sees_where_its_rays_go(pitch, roll):
    camera = look(pitch, roll, 40)
    for u, v, depth in ((0.1, 0.2, 4.0), (0.5, 0.5, 10.0), (0.9, 0.7, 25.0)):
        seen, far = camera.project(camera.at(u, v, depth)[None])
        assert np.allclose(seen[0], (u, v)) and far[0] == pytest.approx(depth)
    assert camera.project(np.zeros((1, 3)))[1][0] == pytest.approx(FOCUS)


def test_straight_down_looks_straight_down():
    for seed in range(20):
        camera = choose_camera(random.Random(seed), "straight down", [0.3], resting=True, fov=(24, 36))
        assert camera.forward[2] < -0.999


@pytest.mark.parametrize("viewpoint", VIEWPOINTS)
def test_the_camera_looks_down_enough_for_what_stands_high(viewpoint):
    for seed in range(20):
        camera = choose_camera(random.Random(seed), viewpoint, [0.15, 0.8], resting=True, fov=(24, 36))
        ray = camera.ray(0.5, 0.15)
        assert ray[2] / np.linalg.norm(ray) < -0.05


@pytest.mark.parametrize("make", [ball, brick])
@pytest.mark.parametrize("wanted", [(0.5, 0.5, 0.3, 0.3), (0.1, 0.2, 0.06, 0.06), (0.8, 0.7, 0.55, 0.55)])
@pytest.mark.parametrize("pitch", [-30, 0, 50, 90])
def test_hanging_things_fill_their_box(make, wanted, pitch):
    camera, shape = look(pitch, 1, 40), make()
    shape.rotation = pose(random.Random(1), ["upright"], (1, 1, 1), resting=False)
    hang(shape, camera, wanted, 12.0)
    cx, cy, w, _ = projected_box(shape, camera)
    assert (cx, cy, w) == pytest.approx((wanted[0], wanted[1], wanted[2]), abs=0.01)


@pytest.mark.parametrize("make", [ball, brick])
@pytest.mark.parametrize("wanted", [(0.5, 0.6, 0.2, 0.2), (0.2, 0.4, 0.06, 0.06), (0.7, 0.7, 0.5, 0.45)])
@pytest.mark.parametrize("viewpoint", ["eye level", "slightly above", "from above", "straight down"])
def test_resting_things_fill_their_box_and_stand_on_the_ground(make, wanted, viewpoint):
    camera = choose_camera(random.Random(3), viewpoint, [wanted[1] + wanted[3] / 2], resting=True, fov=(24, 34))
    shape = make()
    rest(shape, camera, wanted)
    cx, cy, w, _ = projected_box(shape, camera)
    assert (cx, cy, w) == pytest.approx((wanted[0], wanted[1], wanted[2]), abs=0.03)
    assert shape.world[:, 2].min() == pytest.approx(0, abs=1e-6)


def test_what_is_too_tall_for_the_image_becomes_smaller():
    pole = Shape(np.array([[-0.05, 0, -0.5], [0.05, 0, -0.5], [0, 0, 0.5]]), np.array([[0, 1, 2]]))
    camera = look(0, 0, 40)
    hang(pole, camera, (0.5, 0.5, 0.4, 0.4))
    assert projected_box(pole, camera)[3] <= 0.93


def pole() -> Shape:
    part = box((0.3, 0.3, 1.0))
    return Shape(part.vertices - [0, 0, 0.5], part.triangles)


@pytest.mark.parametrize("viewpoint", ["eye level", "slightly above", "from above"])
def test_what_finds_no_room_is_cut_at_its_foot(viewpoint):
    """A worker whose head is out of the image has no hard hat to be found by."""
    camera = choose_camera(random.Random(1), viewpoint, [0.6], resting=True, fov=(30, 30))
    shape = pole()
    rest(shape, camera, (0.5, 0.35, 0.5, 0.5))
    _, cy, _, high = projected_box(shape, camera)
    assert high > 0.75 and cy - high / 2 > -0.06


def test_a_portrait_is_as_wide_as_asked_for_and_shows_the_head():
    camera = choose_camera(random.Random(1), "eye level", [0.6], resting=True, fov=(30, 30))
    whole, shape = pole(), pole()
    shape.portrait = True
    for one in (whole, shape):
        rest(one, camera, (0.5, 0.5, 0.7, 0.7))
    _, _, wide, _ = projected_box(whole, camera)
    _, cy, portrait, high = projected_box(shape, camera)
    assert portrait > 1.5 * wide and cy + high / 2 > 1.2 and cy - high / 2 > -0.05


def test_things_wanted_in_one_place_do_not_stand_in_each_other():
    camera = look(30, 0, 30)
    shapes = [ball(), ball(), ball()]
    boxes = [(0.5, 0.5, 0.2, 0.2), (0.52, 0.5, 0.2, 0.2), (0.8, 0.6, 0.1, 0.1)]
    out = settle(shapes, camera, boxes, [0.0] * 3)
    left = [s for i, s in enumerate(shapes) if i not in out]
    assert 2 not in out
    assert not any(footprints_meet(a, b, 0.1) for i, a in enumerate(left) for b in left[:i])


def test_hanging_things_are_pushed_apart_in_depth_and_keep_their_boxes():
    camera = look(0, 0, 40)
    shapes, boxes = [ball(), ball()], [(0.5, 0.5, 0.3, 0.3), (0.55, 0.5, 0.3, 0.3)]
    found = depths(boxes, [0, 1], [0, 0])
    for shape, wanted, depth in zip(shapes, boxes, found, strict=True):
        hang(shape, camera, wanted, depth)
    spread(shapes, camera, boxes, found)
    assert np.linalg.norm(shapes[0].position - shapes[1].position) >= 0.85 * (shapes[0].radius + shapes[1].radius)
    assert projected_box(shapes[1], camera)[:3] == pytest.approx(boxes[1][:3], abs=0.02)


@pytest.mark.parametrize("rests", [["upright"], ["side"], ["any"], ["flat", "hangs"], ["hangs"]])
def test_poses_are_rotations(rests):
    for resting in (True, False):
        turn = pose(random.Random(2), rests, (1.0, 0.4, 0.2), resting=resting)
        assert np.allclose(turn @ turn.T, np.eye(3)) and np.linalg.det(turn) == pytest.approx(1)


@pytest.mark.parametrize(
    ("rests", "extent", "height"),
    [
        (["upright"], (0.3, 0.3, 1.0), 1.0),
        (["side"], (0.3, 0.3, 1.0), 0.3),
        (["side"], (0.1, 0.5, 1.0), 0.1),
        (["side"], (0.5, 0.1, 1.0), 0.1),
        (["flat"], (1.0, 0.1, 0.5), 0.1),
        (["flat"], (0.1, 0.5, 1.0), 0.1),
        (["any"], (1.0, 0.5, 0.1), 0.1),
        (["hangs"], (0.2, 0.2, 1.0), 0.2),
    ],
)
def test_resting_things_lie_as_they_would(rests, extent, height):
    corners = np.array([[x, y, z] for x in (-0.5, 0.5) for y in (-0.5, 0.5) for z in (-0.5, 0.5)]) * extent
    if height == 0.3:  # round in section: any roll is fine
        corners = np.array([[0, 0, -0.5], [0, 0, 0.5]])
        height = 0.0
    for seed in range(5):
        turned = corners @ pose(random.Random(seed), rests, extent, resting=True).T
        if rests != ["hangs"]:
            assert np.ptp(turned[:, 2]) == pytest.approx(height, abs=1e-6)


def test_a_silhouette_covers_the_pixels_whose_centres_lie_inside():
    camera, shape, size = look(0, 0, 40), ball(), 96
    hang(shape, camera, (0.5, 0.5, 0.4, 0.4))
    mask = silhouette(camera, shape.world, shape.triangles, size)
    _, _, w, _ = projected_box(shape, camera)
    assert mask.sum() == pytest.approx(np.pi / 4 * (w * size) ** 2, rel=0.03)
    assert not mask[:, :20].any()


def test_cover_lets_through_what_was_asked_and_no_more():
    cover = Cover(64)
    cover.watch(disc(64, 32, 32, 15), 10.0, 0.3)
    half = np.zeros((64, 64), bool)
    half[:, :32] = True
    assert not cover.allows(half, 9.0)
    assert cover.allows(half, 11.0), "it stands behind"
    strip = np.zeros((64, 64), bool)
    strip[:, :26] = True
    assert cover.allows(strip, 9.0)
    cover.add(strip, 9.0)
    assert 0.2 < cover.share(0) < 0.36
    cover.watch(disc(64, 40, 32, 15), 8.0, 0.0)
    assert cover.share(0) > 0.6, "a wanted thing hides another by depth"


@pytest.mark.parametrize(
    ("hidden_rows", "minimum", "share"), [(0, 12, 1.0), (32, 12, 0.5), (64, 12, None), (46, 400, None)]
)
def test_instances_tell_how_much_of_them_is_seen(hidden_rows, minimum, share):
    whole = disc(64, 32, 32, 16)
    numbers = np.where(whole, 1, 0)
    numbers[:hidden_rows] = 0
    points = np.array([[16, 16], [48, 48]]) / 64
    found = find_instances(
        numbers, [Labelled(1, "apple", points, whole, 9.5)], minimum, np.full((64, 64), 9.5, np.float32)
    )
    if share is None:
        assert found == []
        return
    (one,) = found
    assert one.visible_share == pytest.approx(share, abs=0.02)
    assert one.full_box == pytest.approx((16, 16, 48, 48))
    assert one.box[1] == max(16, hidden_rows) and one.box[3] == 48
    assert one.mask(64, 64).sum() == (numbers == 1).sum()


def test_a_wheel_is_labelled_with_what_lies_between_its_spokes():
    """What stands in front of it, or is labelled itself, is not its own; what is seen through it is."""
    wheel = np.zeros((96, 96), np.uint8)
    cv2.circle(wheel, (48, 48), 40, 1, 2)
    for angle in np.linspace(0, 2 * np.pi, 48, endpoint=False):
        rim = (round(48 + 40 * np.cos(angle)), round(48 + 40 * np.sin(angle)))
        cv2.line(wheel, (48, 48), rim, 1, 1)
    whole = wheel.astype(bool)
    outlined = outline_of(whole)
    assert outlined.sum() == pytest.approx(np.pi * 41**2, rel=0.03)
    seen = whole.copy()
    seen[::3, ::3] = False  # a pixel's centre misses the thinnest of what its corners touch
    distance = np.full((96, 96), 20.0, np.float32)
    distance[:10] = 0.0  # the sky
    distance[seen] = 9.0
    hidden, other = np.zeros_like(whole), np.zeros_like(whole)
    hidden[:, 60:], other[:, 20:30] = True, True
    numbers = np.where(seen, 1, np.where(other, 2, 0))
    numbers[hidden], distance[hidden] = 0, 5.0
    distance[:, 85:] = 30.0  # far behind, and yet not seen through the wheel: none of it is seen there
    (one,) = find_instances(
        numbers, [Labelled(1, "wheel", np.array([[0.1, 0.1], [0.9, 0.9]]), whole, 9.0, outlined)], 12, distance
    )
    mask = one.mask(96, 96)
    assert not mask[hidden].any() and not mask[other & ~seen].any()
    assert (mask == (outlined & ~hidden & ~(other & ~seen))).all()


def test_handles_stay_open_and_the_solid_stays_as_it_is():
    assert outline_of(np.zeros((64, 64), bool)) is None
    assert outline_of(disc(64, 32, 32, 16)) is None
    mug = disc(96, 40, 48, 24) | (disc(96, 66, 48, 16) & ~disc(96, 66, 48, 11))
    assert outline_of(mug) is None


def test_who_faces_the_camera_has_his_front_towards_it():
    """A front is along x and the camera looks along y, so a face is turned to -y."""

    def seen(facing):
        rng = random.Random(3)
        turns = [pose(rng, ["upright"], (0.3, 0.5, 1.0), resting=True, facing=facing) for _ in range(300)]
        return np.mean([(turn @ [1, 0, 0])[1] < -0.5 for turn in turns])

    assert seen(0.0) == pytest.approx(1 / 3, abs=0.07)
    assert seen(1.0) > 0.75
    assert seen(0.0) < seen(0.5) < seen(1.0)


def test_what_has_its_front_elsewhere_turns_that_towards_the_camera():
    rng = random.Random(2)
    turns = [pose(rng, ["upright"], (0.5, 0.1, 1.0), resting=True, facing=1.0, front=math.pi / 2) for _ in range(200)]
    fronts = np.array([turn @ (0, 1, 0) for turn in turns])
    assert (fronts[:, 1] < 0).mean() > 0.9  # the camera is at negative y
