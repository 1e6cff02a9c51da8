"""Requests about photos that are there already, in both languages, and what the planner does with them."""

import json

import pytest
from langchain_core.messages import AIMessage, HumanMessage

from agent.planner import OfflinePlanner
from agent.requests.label_request import read_label_request
from agent.run import ExitCode, execute
from agent.run_folder import start_run
from tests.agent.objects import known
from tests.agent.test_planner import TOOLS, make_tool, tool_message
from tests.tools.label.colour_engine import ColourEngine, settings, write
from tools.core.answers import as_wish
from tools.core.errors import FixArguments, StepFailed

LABEL = make_tool("label_photos", "photos", "classes", "kind", "form", "model", "reply")


@pytest.mark.parametrize(
    ("request_text", "photos", "kind", "classes", "form"),
    [
        ("label my orchard photos in /data/orchard", "/data/orchard", "segment", [], "coco"),
        ("label the apples in my orchard photos in ~/orchard", "~/orchard", "segment", ["apple"], "coco"),
        (
            "here are 300 photos in /data/tiles, find the cracked tiles",
            "/data/tiles",
            "detect",
            ["cracked tile"],
            "coco",
        ),
        ("Label all apples and pears in ./photos as yolo", "./photos", "segment", ["apple", "pear"], "yolo"),
        ("annotate my photos in /d/x with boxes: apple, pear", "/d/x", "detect", ["apple", "pear"], "coco"),
        ('mark every screw in "/data/my photos/"', "/data/my photos/", "segment", ["screw"], "coco"),
        ("find the apples in /data/x.", "/data/x", "detect", ["apple"], "coco"),
        ("把 /data/果园 里的苹果标注出来", "/data/果园", "segment", ["苹果"], "coco"),
        ("这里有300张照片在 /data/tiles，找出有裂纹的瓷砖", "/data/tiles", "detect", ["有裂纹瓷砖"], "coco"),
        ("给我的果园照片 /data/orchard 标注苹果和梨", "/data/orchard", "segment", ["苹果", "梨"], "coco"),
    ],
)
def test_what_is_to_be_labelled(request_text, photos, kind, classes, form):
    wish = read_label_request(request_text, known)
    assert (wish.photos, wish.kind, [c.name for c in wish.said.classes], wish.form) == (photos, kind, classes, form)


@pytest.mark.parametrize(
    "request_text",
    [
        "build me an apple segmenter from photos in /data/x", "label apples", "I want to tell ripe/raw tomatoes apart",
        "train a model on /data/x to find apples", "count the bottles and/or cans on a table",
        "用 /data/x 训练苹果检测器", "",
    ],
)  # fmt: skip
def test_what_is_no_labelling(request_text):
    assert read_label_request(request_text, known) is None


def talk(request_text, *replies):
    planner = OfflinePlanner(known=known).bind_tools([*TOOLS, LABEL])
    messages, calls = [HumanMessage(request_text)], []
    for reply in [*replies, None]:
        answer = planner.invoke(messages)
        messages.append(answer)
        if not answer.tool_calls:
            return calls, answer.text
        [call] = answer.tool_calls
        calls.append((call["name"], call["args"]))
        messages.append(tool_message(reply, call["id"], call["name"]))
    assert isinstance(messages[-1], AIMessage)
    return calls, ""


REPORT = json.dumps({
    "done": "9 labels on 3 photos", "by": "labels by colour", "to_review": "1 photos", "left_out": {"empty": 2},
    "written_to": "export/labels_coco", "report": "labels.html", "trust": "not measured",
})  # fmt: skip


def test_photos_are_labelled_and_nothing_is_trained():
    calls, text = talk("label the apples in ./photos", REPORT)
    assert calls == [
        ("label_photos", {"photos": ["./photos"], "classes": ["apple"], "kind": "segment", "form": "coco"})
    ]
    assert "9 labels on 3 photos" in text and "Left out 2" in text and "not measured" in text


def test_a_thing_that_is_not_named_is_asked_for():
    calls, text = talk("label my orchard photos in /d", "The user answers: apples", REPORT)
    assert [c[0] for c in calls] == ["ask_user", "label_photos"] and calls[1][1]["classes"] == ["apple"]
    assert text.startswith("Done")


@pytest.mark.parametrize("refusal", [StepFailed("nothing can tell them apart."), FixArguments("/d: no such folder")])
def test_a_refusal_is_told_and_not_repeated(refusal):
    calls, text = talk("把 /d 里的苹果标注出来", refusal)
    assert len(calls) == 1 and text.startswith("没有标注") and str(refusal) in text


@pytest.mark.parametrize(
    ("wishes", "changed", "replied"),
    [
        (["boxes, please"], {"kind": "detect"}, [False]),
        (["as yolo"], {"form": "yolo"}, [False]),
        (["also pears", "as voc"], {"classes": ["apple", "pear"], "form": "voc"}, [False, False]),
        (["hm"], {}, [True]),  # changes nothing: said so, and the plan is shown again
        (["why masks?", "boxes then"], {"kind": "detect"}, [True, False]),
    ],
)
def test_a_wish_about_the_plan_shows_it_again(wishes, changed, replied):
    calls, text = talk("label the apples in ./photos", *map(as_wish, wishes), REPORT)
    assert [c[0] for c in calls] == ["label_photos"] * (len(wishes) + 1)
    first = {"photos": ["./photos"], "classes": ["apple"], "kind": "segment", "form": "coco"}
    last = {k: v for k, v in calls[-1][1].items() if k != "reply"}
    assert (calls[0][1], last) == (first, first | changed)
    assert [bool(c[1].get("reply")) for c in calls[1:]] == replied
    assert "9 labels on 3 photos" in text


def test_a_whole_run_that_only_labels(tmp_path, monkeypatch):
    """Planner, graph, tool, files and report are real; only the engine looks for colours."""
    photos = tmp_path / "photos"
    for k in range(4):
        write(photos, f"p{k}.png", ("apple", 10, 10), number=k)
    (photos / "bad.jpg").touch()

    def colours(task, _settings, _choice):
        return ColourEngine(task)

    monkeypatch.setattr("tools.label.labeler.make_engine", colours)
    run = start_run(f"label the apples in my photos in {photos}", settings(tmp_path, llm="offline"), auto_approve=True)
    assert execute(run, lambda question: None) == ExitCode.FINISHED
    assert run.record.labelled["labels"] == {"apple": 4} and sum(run.record.labelled["left_out"].values()) == 1
    assert (run.folder / "export" / "labels_coco" / "annotations" / "instances_train.json").is_file()
    assert (run.folder / "report.html").is_file() and run.record.best is None


@pytest.mark.parametrize(
    ("said", "form"),
    [
        ("label the apples in {} as labelme", "labelme"), ("label the apples in {} for Label Studio", "label-studio"),
        ("label the apples in {} in Pascal VOC", "voc"), ("outline the apples in {} as hugging face", "hugging-face"),
        ("label the apples in {} as png masks", "masks"), ("label the apples in {} with masks", "coco"),
        ("把 {} 里的苹果标注成 labelme 格式", "labelme"), ("把 {} 里的苹果标注成 Label Studio 格式", "label-studio"),
    ],
)  # fmt: skip
def test_every_format_can_be_asked_for_in_a_sentence(tmp_path, said, form):
    from tools.label.export import FORMATS

    wish = read_label_request(said.format(tmp_path), known)
    assert wish is not None and wish.form == form and form in FORMATS
    assert [c.drawn_as for c in wish.said.classes] == ["apple"] and not wish.said.notes
