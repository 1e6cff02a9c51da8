"""Requests as strangers write them: what is understood, and that what is not is said instead of dropped or misread."""

import sys

import pytest

from agent.requests import understand as module
from agent.requests.asides import find_path
from agent.requests.label_request import read_label_request
from agent.requests.questions import ask_for_less
from agent.requests.understand import MAX_REQUEST_CHARS, merge, understand
from agent.run_folder import start_run
from tests.agent.objects import known
from tools.core.errors import FixArguments
from tools.core.settings import Settings
from tools.generators.blender import naming
from tools.generators.blender.library import Library

PLATES, RATE, TRACK = "text is not read", "no frame rate is promised", "then follows and counts them in a video"
ROTATED, POSE, SIZE = "rotated boxes are not made", "keypoints and poses are not found", "measured in millimetres"
WEB, CODE, VIDEO = "nothing is fetched from the web", "pasted code was not read", "live streams are not read"
DEPTH, MADE, APP = "depth and distance are not estimated", "the tools are settled", "no app is built"
# request, kind, classes, what else was understood, parts of the notes (each of them in some note, none besides)
REQUESTS = [
    # Numbers
    ("segment apples, 1,000 images", "segment", ["apple"], {"images": 1000}, []),
    ("detect apples with 1 000 pictures", "detect", ["apple"], {"images": 1000}, []),
    ("detect apples with 12,500 images, 3 rounds", "detect", ["apple"], {"images": 12500, "rounds": 3}, []),
    ("segment apples with 2k images", "segment", ["apple"], {"images": 2000}, []),
    ("segment apples, one thousand images", "segment", ["apple"], {"images": 1000}, []),
    ("1,000张图片，分割苹果", "segment", ["苹果"], {"images": 1000}, []),
    ("1.000 images of apples, segment them", "segment", ["apple"], {"images": 1000}, []),
    ("segment apples; recall at least 0.8 map", "segment", ["apple"], {"target": 0.8}, []),
    ("一千张图，分割苹果", "segment", ["苹果"], {"images": 1000}, []),
    ("检测苹果 1,500 张图 3 轮", "detect", ["苹果"], {"images": 1500, "rounds": 3}, []),
    # Ruled out
    ("segment apples. I do not want pears.", "segment", ["apple"], {}, ["not looked for: pears"]),
    ("I do not want pears, just apples", "segment", ["apple"], {}, ["not looked for: pears"]),
    ("apples but no pears", "segment", ["apple"], {}, ["not looked for: pears"]),
    ("detect apples, not pears", "detect", ["apple"], {}, ["not looked for: pears"]),
    ("find apples, ignore the leaves", "detect", ["apple"], {}, ["not looked for: leaves"]),
    ("detect bottles and cups without counting cans", "detect", ["bottle", "cup"], {}, ["not looked for: cans"]),
    ("detect cardboard boxes on the floor and don't count bottles", "detect", ["cardboard box"], {},
     ["not looked for: bottles"]),
    ("we do not care about cans. detect bottles", "detect", ["bottle"], {}, ["not looked for: cans"]),
    ("I don't need masks, just boxes around bottles", "detect", ["bottle"], {}, []),
    ("detect apples except rotten ones", "detect", ["apple"], {}, ["not looked for: rotten ones"]),
    ("忽略叶子，检测苹果", "detect", ["苹果"], {}, ["不找：叶子"]),
    ("不要梨，只要苹果", "segment", ["苹果"], {}, ["不找：梨"]),
    ("检测苹果，不要检测梨", "detect", ["苹果"], {}, ["不找：梨"]),
    ("识别苹果，除了梨", "segment", ["苹果"], {}, ["不找：梨"]),
    ("检测苹果和梨，不包括橙子", "detect", ["苹果", "梨"], {}, ["不找：橙子"]),
    # Promises and places to run
    ("detect apples at least 30 fps", "detect", ["apple"], {}, [RATE]),
    ("detect apples at 30 fps", "detect", ["apple"], {}, [RATE]),
    ("classify apples and pears in real time", "classify", ["apple", "pear"], {}, [RATE]),
    ("apple detector, it must run at 30 frames per second on a phone", "detect", ["apple"], {"model": "yolo11n"},
     [RATE, "to run there"]),
    ("a small model for apples that runs on a phone", "segment", ["apple"], {"model": "yolo11n"}, ["to run there"]),
    ("检测苹果，至少30帧每秒", "detect", ["苹果"], {}, ["不保证帧率"]),
    ("检测苹果，能在手机上运行", "detect", ["苹果"], {"model": "yolo11n"}, ["在设备上运行"]),
    ("I need a web app that detects apples", "detect", ["apple"], {}, [APP]),
    # Networks
    ("segment apples with yolo11m", "segment", ["apple"], {"model": "yolo11m"}, []),
    ("train yolo11s to detect cups", "detect", ["cup"], {"model": "yolo11s"}, []),
    ("detect cups, yolo 11 m", "detect", ["cup"], {"model": "yolo11m"}, []),
    ("yolo26s for cups", "segment", ["cup"], {"model": "yolo26s"}, []),
    ("detect cups with yolov8n", "detect", ["cup"], {"model": "yolo11n"}, ["yolov8n is not built here"]),
    ("a large model for cups", "segment", ["cup"], {}, ["a larger network: name it"]),
    ("detect apples with opencv and tensorflow", "detect", ["apple"], {}, [MADE]),
    ("find lemons with u-net", "detect", ["lemon"], {}, [MADE]),
    ("用yolo11m检测苹果", "detect", ["苹果"], {"model": "yolo11m"}, []),
    ("轻量级模型，检测螺丝", "detect", ["螺丝"], {"model": "yolo11n"}, []),
    # Not done here
    ("detect cars with rotated boxes", "detect", ["car"], {}, [ROTATED]),
    ("oriented bounding boxes for cars", "detect", ["car"], {}, [ROTATED]),
    ("检测汽车，用旋转框", "detect", ["汽车"], {}, ["不支持旋转框"]),
    ("keypoints on a bottle", "detect", ["bottle"], {}, [POSE]),
    ("detect the pose of cups", "detect", ["cup"], {}, [POSE]),
    ("track cars on the road", "detect", ["car"], {}, [TRACK]),
    ("track and count apples", "detect", ["apple"], {}, [TRACK]),
    ("跟踪路上的汽车", "detect", ["汽车"], {}, ["在视频里跟踪和计数"]),
    ("recognize text on bottles", "detect", ["bottle"], {}, [PLATES]),
    ("识别瓶子上的文字", "detect", ["瓶子"], {}, ["不支持读取文字"]),
    ("measure apples in mm", "detect", ["apple"], {}, [SIZE]),
    ("measure the diameter of apples in millimetres", "detect", ["apple"], {}, [SIZE]),
    ("测量苹果的直径", "detect", ["苹果"], {}, ["不测量毫米"]),
    ("how far away are the cars?", "detect", ["car"], {}, [DEPTH]),
    ("detect apples in a video", "detect", ["apple"], {}, [VIDEO]),
    ("count apples in a live stream from my webcam", "detect", ["apple"], {}, [VIDEO]),
    ("检测视频里的汽车", "detect", ["汽车"], {}, ["不读取直播流"]),
    # What is no word of it
    ("segment apples from https://github.com/foo/bar", "segment", ["apple"], {}, [WEB]),
    ("detect apples like in https://example.com/a.zip", "detect", ["apple"], {}, [WEB]),
    ("请从 https://example.com 下载图片，检测苹果", "detect", ["苹果"], {}, ["不从网络下载"]),
    ("detect cups\n```python\nimport torch\nfor x in range(3): print(x)\n```", "detect", ["cup"], {}, [CODE]),
    ('import cv2; img = cv2.imread("a.png"); detect apples', "detect", ["apple"], {}, [CODE]),
    ("build an apple detector from my photos in /data/my photos/", "detect", ["apple"], {}, ["my photos/ was not"]),
    ('build an apple detector from "/data/my photos"', "detect", ["apple"], {}, ["/data/my photos was not read"]),
    ("用 /data/我的照片 训练苹果检测器", "detect", ["苹果"], {}, ["没有读取 /data/我的照片"]),
    # Not understood
    ("segment apples, make it shiny for my boss", "segment", ["apple"], {}, ['not understood: "shiny for my boss"']),
    ("I run a juice factory and would like to detect apples", "detect", ["apple"], {}, ['"juice factory"']),
    ("apple segmenter, blorptastic quality gizmo", "segment", ["apple"], {}, ["not understood: "]),
    ("detect apples so that my robot can pick them", "detect", ["apple"], {}, ["not understood: "]),
    ("帮我做一个苹果分割模型，老板说要漂亮一点", "segment", ["苹果"], {}, ["没有听懂：", ]),
]  # fmt: skip


def understood(request):
    u = understand(request, known)
    rest = {
        n: v for n in ("images", "rounds", "minutes", "money", "target", "model") if (v := getattr(u, n)) is not None
    }
    return u, (u.kind, [c.name for c in u.classes], rest)


def test_the_table_is_long_enough():
    assert len(REQUESTS) >= 60
    assert sum(any("\u4e00" <= c <= "\u9fff" for c in r[0]) for r in REQUESTS) >= 15


@pytest.mark.parametrize(("request_", "kind", "classes", "rest", "notes"), REQUESTS, ids=[r[0][:40] for r in REQUESTS])
def test_nothing_is_misread_or_dropped_in_silence(request_, kind, classes, rest, notes):
    u, found = understood(request_)
    assert found == (kind, classes, rest)
    assert u.question is None
    assert len(u.notes) == len(notes), u.notes
    assert all(any(part in note for note in u.notes) for part in notes), u.notes


@pytest.mark.parametrize(
    ("request_", "words"),
    [
        ("read the text", PLATES), ("ocr", PLATES), ("人脸识别", None), ("detect everything except cars", None),
        ("track", TRACK), ("https://example.com/photos.zip", WEB), ("/data/photos", "/data/photos was not read"),
    ],
)  # fmt: skip
def test_a_question_says_why_nothing_is_left_to_find(request_, words):
    u, _ = understood(request_)
    if words is None:
        assert u.question or u.classes
        return
    assert u.question is not None
    assert words in u.question
    assert "Which thing" in u.question


def test_a_wish_may_name_another_network():
    first = understand("segment apples", known)
    assert merge(first, understand("with yolo11s please", known)).model == "yolo11s"
    assert merge(understand("segment apples with yolo11m", known), understand("200 images", known)).model == "yolo11m"


@pytest.mark.parametrize(
    ("text", "path"),
    [
        ("label apples in {} please", "my photos"), ("label apples in {}, please", "my photos"),
        ("label apples in {}", "photos of 2024 in spring"), ("label apples in {} and pears", "plain"),
    ],
)  # fmt: skip
def test_a_path_with_spaces_is_read_whole(tmp_path, text, path):
    (tmp_path / path).mkdir()
    text = text.format(tmp_path / path)
    assert find_path(text).path == str(tmp_path / path)
    assert read_label_request(text, known).photos == str(tmp_path / path)


# Length ---------------------------------------------------------------------------------------------------------------

WORDS = [
    "apples",
    "and",
    "zorbs",
    "at",
    "the",
    "orchard",
    "with",
    "a",
    "red",
    "machine",
    "200",
    "苹果和梨，果园里的",
    "tell",
    "one",
    "from",
    "-a-a",
    "at",
    "least",
    "of",
    "two",
]


def calls_of(words, find):
    """Calls of any function, Python's own included, while so many words are read: the work, whatever the machine."""
    text = " ".join((WORDS * (words // len(WORDS) + 1))[:words])
    understand(text, find)  # what is kept from one reading to the next
    count = 0

    def profile(_frame, event, _argument):
        nonlocal count
        count += event in ("call", "c_call")

    sys.setprofile(profile)
    try:
        understand(text, find)
    finally:
        sys.setprofile(None)
    return count


def test_the_work_of_reading_grows_with_the_length_and_not_faster(monkeypatch, tmp_path):
    monkeypatch.setattr(module, "MAX_REQUEST_CHARS", 10**9)
    find = Library.of_run(tmp_path).find
    short, long = calls_of(150, find), calls_of(600, find)
    assert long < 5 * short


def test_what_has_names_is_indexed_once(monkeypatch, tmp_path):
    """Of what was taught and of the catalogue in turn: an index of one was made anew at each look-up."""
    made = []
    monkeypatch.setattr(naming, "forms", lambda name: made.append(name) or [name])
    naming._english_names.cache_clear()
    find = Library.of_run(tmp_path).find
    find("zorb")
    first = len(made)
    for word in ("apple", "zorb", "pear", "苹果", "quux"):
        find(word)
    naming._english_names.cache_clear()
    assert first == len(made) > 0


@pytest.mark.parametrize(("word", "words"), [("apples ", "at most 4000 are read"), ("苹果，", "最多读 4000 个")])
def test_a_request_that_is_too_long_is_asked_for_in_short(word, words, tmp_path):
    text = word * 5000
    u = understand(text, known)
    assert (u.classes, u.question) == ([], ask_for_less(len(text), MAX_REQUEST_CHARS, u.language))
    assert words in u.question
    with pytest.raises(FixArguments, match="at most 4000 are read"):
        start_run(text, Settings(runs_dir=tmp_path))
    assert not list(tmp_path.iterdir())
