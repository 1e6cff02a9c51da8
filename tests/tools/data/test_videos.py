"""Frames of videos: one at a time, a few from all over, none like another, and all of one video one photo."""

import cv2
import numpy as np
import pytest

from tests.tools.video.moving import FPS, HEIGHT, WIDTH, Way, film
from tools.core.errors import StepFailed
from tools.data.images import read_image
from tools.data.photos import group_images, look_hash, photo_of
from tools.data.videos import Video, apart_frames, spread_frames, take_apart, with_frames

PANS = [Way("apple", 0, 99, (40, 120), (280, 120), 60), Way("plum", 0, 99, (300, 40), (20, 200), 40)]


@pytest.fixture(scope="module")
def whole(tmp_path_factory):
    return film(tmp_path_factory.mktemp("film") / "belt.mp4", PANS, 100)


def test_frames_are_read_one_at_a_time(whole):
    video = Video(whole, 2)
    frames = iter(video)
    assert [next(frames).number for _ in range(3)] == [0, 2, 4]
    assert video.read == 5


def test_a_playlist_that_is_called_a_video_opens_nothing_else(whole, tmp_path):
    (tmp_path / "list.mp4").write_text(f"#EXTM3U\n#EXTINF:10,\nfile://{whole}\n#EXT-X-ENDLIST\n")
    with pytest.raises(StepFailed, match="a list of other files"):
        Video(tmp_path / "list.mp4")


def test_frames_without_near_copies_are_photos_of_one_video(tmp_path):
    rng = np.random.default_rng(2)
    places = [tuple(rng.integers(0, side) for side in (WIDTH, HEIGHT)) for _ in range(24)]
    still = [Way(("apple", "plum")[k % 2], 0, 60, place, place, 10 + k) for k, place in enumerate(places)]
    film(tmp_path / "in" / "clip.mp4", still, 50)
    places, problems = with_frames([tmp_path / "in"], tmp_path / "frames", every=5, seconds=1, copies=False)
    assert not problems
    assert places[0] == tmp_path / "in"
    assert len(list(places[1].iterdir())) == 1, "all frames look the same"
    moving = [Way("apple", 0, 49, (50, 60), (270, 180), 45)]
    film(tmp_path / "other.mp4", moving, 50)
    [folder], _ = with_frames([tmp_path / "other.mp4"], tmp_path / "frames", every=5, seconds=1, copies=True)
    names = sorted(p.name for p in folder.iterdir())
    assert len(names) == 10
    assert {photo_of(n) for n in names} == {"other"}
    assert with_frames([tmp_path / "other.mp4"], tmp_path / "frames", every=5, seconds=1, copies=True)[0] == [folder]


def test_frames_are_few_and_from_all_over(tmp_path):
    path = tmp_path / "film.avi"
    video = cv2.VideoWriter(str(path), cv2.VideoWriter.fourcc(*"MJPG"), 10, (64, 48))
    for n in range(50):
        video.write(np.full((48, 64, 3), 5 * n, np.uint8))
    video.release()
    found = list(spread_frames(path, 5))
    assert len(found) == 5
    assert [round(f.time_s) for f in found] == [0, 1, 2, 3, 4]
    levels = [float(f.image.mean()) for f in found]
    assert levels == sorted(levels)
    assert levels[-1] > 150
    assert list(apart_frames(path, 5)) == [], "nothing is to be seen in frames of one colour"


@pytest.mark.parametrize("content", [b"", b"no video at all" * 50])
def test_what_is_no_video_is_said_by_its_name(tmp_path, content):
    path = tmp_path / "upload-7.mp4"
    path.write_bytes(content)
    with pytest.raises(StepFailed, match=r"^film\.mp4: not a readable video"):
        list(spread_frames(path, 5, "film.mp4"))


def test_frames_that_are_kept_look_apart_and_come_from_all_over(whole):
    found = list(apart_frames(whole, 6))
    looks = [look_hash(f.image) for f in found]
    assert 3 <= len(found) <= 6
    assert all((a ^ b).bit_count() > 16 for i, a in enumerate(looks) for b in looks[:i])
    assert found[0].number < 10 and found[-1].number > 60
    assert found[-1].time_s == pytest.approx(found[-1].number / FPS)


def test_videos_of_a_folder_of_ours_become_frames_of_one_photo_each(tmp_path, whole):
    for name in ("a/one.mp4", "a/two.mov"):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_bytes(whole.read_bytes())
    (tmp_path / "torn.avi").write_bytes(whole.read_bytes()[:3000])
    unread = take_apart(tmp_path, 4)
    assert list(unread) == ["torn.avi"] and unread["torn.avi"].startswith("not a readable video")
    frames = sorted(p.relative_to(tmp_path).as_posix() for p in tmp_path.rglob("*") if p.is_file())
    assert len(frames) in range(4, 9) and all(f.endswith(".jpg") for f in frames)
    assert read_image(tmp_path / frames[0]).shape == (HEIGHT, WIDTH, 3)
    own = [f for f in frames if "/one" in f]
    groups, _ = group_images(own, [None] * len(own), own)
    assert len(own) > 1 and len(set(groups)) == 1, "one video is one photo, also alone"
