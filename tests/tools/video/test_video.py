"""Videos: counted right against exact truth, read as far as they can be, and taken apart into photos."""

import csv
import json
from types import SimpleNamespace

import numpy as np
import pytest

import tools.label.learn
from agent.cli.predict import _sorted_out
from tests.tools.steps.test_train import make_run
from tests.tools.video.moving import FPS, HEIGHT, WIDTH, ColourFinder, Way, film
from tools.core.errors import FixArguments, StepFailed
from tools.core.settings import Settings
from tools.data.sample import Instance
from tools.data.videos import Video
from tools.label.command import Labelling, label_photos
from tools.label.labeler import label_task
from tools.runs.runtime import Best
from tools.video.counting import CountingLine, line_of, zone_of
from tools.video.tracks import Tracked, Tracker
from tools.video.watch import Watching, watch, watch_files

# Eight things in 300 frames. Across x = 160: four apples and a plum to the right, two apples to the left.
WAYS = [
    Way("apple", 0, 120, (20, 40), (300, 40)),
    Way("apple", 30, 160, (20, 75), (300, 75)),
    Way("apple", 150, 290, (20, 40), (300, 60)),
    Way("apple", 170, 299, (20, 200), (300, 200)),
    Way("apple", 10, 140, (300, 110), (20, 110)),
    Way("apple", 180, 295, (300, 150), (20, 150)),
    Way("plum", 60, 200, (20, 180), (300, 180)),
    Way("plum", 0, 299, (250, 226), (262, 226)),  # never crosses; stands in the zone all the time
]
LINE, ZONE = "160,0,160,240", "230,190,310,239"


@pytest.fixture(scope="module")
def whole(tmp_path_factory):
    return film(tmp_path_factory.mktemp("film") / "belt.mp4", WAYS, 300)


@pytest.mark.slow
@pytest.mark.parametrize("tracker", ["bytetrack", "botsort"])
def test_300_frames_are_counted_right_though_some_things_are_overlooked(whole, tmp_path, tracker):
    how = Watching(0.3, lines=[LINE, "0,20,320,20"], zones=[ZONE], tracker=tracker)
    seen = watch(ColourFinder(overlooks=17), whole, tmp_path / "out" / "belt", how)
    assert seen["frames"] == 300
    assert seen["tracks"] == {"apple": 6, "plum": 2}
    first, far = seen["lines"]
    # Down a line from its upper end, who goes to larger x goes to the left of the walker.
    assert (first["to_left"], first["to_right"]) == ({"apple": 4, "plum": 1}, {"apple": 2})
    assert far["crossed"] == 0
    zone = seen["zones"][0]
    assert zone["entered"] == {"plum": 1, "apple": 1}
    assert zone["most_at_once"] == 2
    assert not seen["problem"]

    rows = list(csv.DictReader((tmp_path / "out" / "belt.csv").open()))
    assert {int(r["track"]) for r in rows} == set(range(1, 9))
    told = json.loads((tmp_path / "out" / "belt.json").read_text())
    assert [c["name"] for c in told["categories"]] == ["apple", "plum"]
    assert len(told["images"]) == 300
    assert len(told["annotations"]) == len(rows)
    assert told["annotations"][0].keys() >= {"image_id", "category_id", "bbox", "track_id", "score"}
    assert told["info"]["lines"][0]["crossed"] == 7
    drawn = Video(tmp_path / "out" / "belt.mp4")
    assert (drawn.width, drawn.height, len(list(drawn))) == (WIDTH, HEIGHT, 300)
    assert sorted(p.name for p in (tmp_path / "out").iterdir()) == ["belt.csv", "belt.json", "belt.mp4"]


@pytest.mark.slow
def test_each_third_frame_counts_the_same(whole, tmp_path):
    seen = watch(ColourFinder(), whole, tmp_path / "belt", Watching(0.3, every=3, lines=["0.5,0,0.5,1"]))
    assert (seen["frames"], seen["lines"][0]["crossed"]) == (100, 7)


@pytest.mark.slow
def test_a_cut_video_gives_what_can_be_read_and_a_sentence(tmp_path):
    path = film(tmp_path / "cut.avi", WAYS, 100, "MJPG")
    content = path.read_bytes()
    path.write_bytes(content[: len(content) * 6 // 10])
    seen = watch(ColourFinder(), path, tmp_path / "out" / "cut", Watching(0.3))
    assert 40 < seen["frames"] < 80
    assert seen["problem"].startswith(f"cut.avi is damaged or cut off: {seen['frames']} of ")


def test_what_is_no_video_is_said_and_the_others_go_on(whole, tmp_path):
    (tmp_path / "text.mp4").write_text("no film")
    half = tmp_path / "half.mp4"
    half.write_bytes(whole.read_bytes()[:9000])  # an MP4's index is at its end
    given = [tmp_path / "text.mp4", half, whole]
    said = watch_files(ColourFinder(), given, tmp_path / "out", Watching(0.3, every=10))
    assert ["not a readable video" in s.get("error", "") for s in said] == [True, True, False]
    assert sorted(p.name for p in (tmp_path / "out").iterdir()) == ["belt.csv", "belt.json", "belt.mp4"]
    with pytest.raises(StepFailed, match=r"text\.mp4"):
        watch_files(ColourFinder(), given[:1], tmp_path / "out", Watching(0.3))
    again = watch_files(ColourFinder(), [whole], tmp_path / "out", Watching(0.3, every=10))
    assert again[0]["csv"] == str(tmp_path / "out" / "belt-2.csv")


def test_a_stopped_watch_leaves_nothing(whole, tmp_path):
    def stop(done, total):
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        watch(ColourFinder(), whole, tmp_path / "belt", Watching(0.3), stop)
    assert not list(tmp_path.iterdir())


def at(x, y, name="apple", size=20):
    half = size / 2
    return Tracked(1, Instance(class_name=name, box=(x - half, y - half, x + half, y + half), score=0.9))


def test_what_trembles_on_a_line_or_passes_beside_it_is_not_counted():
    line = CountingLine((100, 0), (100, 100))
    for number, x in enumerate([80, 95, 99.5, 100.5, 99, 101, 99.5, 120, 140]):
        line.see([at(x, 50)], number / FPS)
    assert line.plain()["crossed"] == 1
    for number, x in enumerate([140, 100.2, 80]):
        line.see([at(x, 150)], number / FPS)
    assert line.plain()["crossed"] == 1, "beside the end of the line"


@pytest.mark.parametrize(
    ("text", "parse", "message"),
    [
        ("1,2,3", line_of, "even number"),
        ("1,2,1,2", line_of, "two different points"),
        ("a,2,1,2", line_of, "numbers with commas"),
        ("1,2,nan,2", line_of, "even number"),
        ("1,2,1,9", zone_of, "opposite corners"),
        ("1,1,2,2,3,3", zone_of, "opposite corners"),
    ],
)
def test_what_is_no_line_or_zone_is_refused(text, parse, message):
    with pytest.raises(FixArguments, match=message):
        parse(text, WIDTH, HEIGHT)


def test_shares_of_the_frame_are_a_place_too():
    assert zone_of("0.5,0,1,1", WIDTH, HEIGHT).corners[0] == (160, 0)
    assert line_of("0,0.5,1,0.5", WIDTH, HEIGHT).end == (320, 120)


def test_a_thing_of_one_class_never_becomes_one_of_another():
    tracker = Tracker("bytetrack", 0.3, 25)
    image = np.zeros((64, 64, 3), np.uint8)
    seen = [tracker.update([at(30, 30, name).instance], image) for name in ("apple", "apple", "plum", "plum")]
    assert [[(t.track, t.instance.class_name) for t in frame] for frame in seen] == [
        [(1, "apple")], [(1, "apple")], [(2, "plum")], [(2, "plum")],
    ]  # fmt: skip


def test_images_and_videos_of_a_folder_are_told_apart(tmp_path):
    for name in ("a.jpg", "b.MP4", "c.txt"):
        (tmp_path / name).write_bytes(b"x")
    assert _sorted_out([tmp_path, tmp_path / "b.MP4"]) == ([tmp_path], [tmp_path / "b.MP4", tmp_path / "b.MP4"])


class Eyes(ColourFinder):
    """The same as an engine that labels photos."""

    name, about, threshold = "eyes", "labels by colour", 0.5

    def find(self, images, least):
        return [self.predict(image, least) for image in images]

    def close(self):
        pass


def test_label_takes_frames_of_a_video_as_photos(tmp_path, monkeypatch):
    path = film(tmp_path / "walk.mp4", WAYS, 60)
    monkeypatch.setattr("tools.label.labeler.make_engine", lambda *_: Eyes())
    wanted = Labelling([path], label_task("apple,plum", "detect"), to=tmp_path / "labels", model="starter", every=20)
    outcome = label_photos(wanted, Settings(runs_dir=tmp_path / "runs", profile="offline"))
    assert outcome.summary.photos == 3
    names = sorted(p.name for p in (tmp_path / "labels").rglob("*.jpg"))
    assert names == ["walk_part_000000.jpg", "walk_part_000020.jpg", "walk_part_000040.jpg"]
    assert outcome.summary.labels["apple"] >= 5


def test_learn_takes_frames_of_a_video_without_near_copies(tmp_path, monkeypatch):
    class Enough(Exception):
        pass

    given = []

    def seen(photos, judges):
        given.extend(photos)
        raise Enough

    monkeypatch.setattr(tools.label.learn, "load_real", lambda *_: SimpleNamespace(val=[], test=[]))
    monkeypatch.setattr(tools.label.learn, "apart_from", seen)
    (tmp_path / "run").mkdir()
    run = make_run(tmp_path / "run", kind="detect")
    run.record.best, run.record.real = Best(round=1, weights="w", threshold=0.3), "real"
    with pytest.raises(Enough):
        tools.label.learn.learn(run, [film(tmp_path / "walk.mp4", WAYS, 60)])
    [folder] = given
    assert folder.is_relative_to(run.folder)
    assert 1 <= len(list(folder.iterdir())) <= 5
