"""What people say to a run that exists, and what happens: without a language model, and with a scripted one."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from langchain_core.messages import AIMessage

from agent.followup import Reply, follow_up
from agent.requests.followup_words import read_word
from tests.agent.objects import known
from tests.agent.talking import copied, finished
from tests.scripted import ScriptedModel, call
from tools.core.errors import Code, FixArguments
from tools.data.images import write_image
from tools.runs.runtime import RunRecord, read_record

# What is said -> what it is taken for, what happens, and something of the answer or the plan.
TABLE: list[tuple[str, str, str, str]] = [
    ("why is the score low?", "why", "answered", "not found at all"),
    ("Why so bad?", "why", "answered", "Weak: distance far"),
    ("为什么分数这么低？", "why", "answered", "薄弱"),
    ("how good is it?", "score", "answered", "Of 10 things it finds about 7"),
    ("how accurate is the model", "score", "answered", "not known"),
    ("准确吗？", "score", "answered", "10 个物体大约找到 7 个"),
    ("what does it confuse?", "confusions", "answered", "pear taken for apple (4 times)"),
    ("what is taken for apples?", "confusions", "answered", "tomato, which is no target (3 of 9)"),
    ("它会混淆什么？", "confusions", "answered", "pear 被认成 apple"),
    ("where is it weak?", "weak", "answered", "distance far (0.25"),
    ("哪里比较弱？", "weak", "answered", "薄弱"),
    ("how do I use it in Python?", "use", "answered", "from ultralytics import YOLO"),
    ("how do I use it on a phone?", "use", "answered", "onnxruntime-android"),
    ("can it run on a Raspberry Pi?", "use", "answered", "pip install onnxruntime"),
    ("how do I call it over HTTP?", "use", "answered", "/predict"),
    ("how do I use it?", "use", "answered", "sightsmith predict"),
    ("怎么在 Python 里用？", "use", "answered", "from ultralytics"),
    ("手机上怎么用？", "use", "answered", "ONNX Runtime Mobile"),
    ("how long would 1,000 pictures take?", "speed", "answered", "About 20 seconds for 1,000"),
    ("how fast is it?", "speed", "answered", "20 ms a picture"),
    ("1000 张图要多久？", "speed", "answered", "20 秒"),
    ("how many pictures did you make?", "pictures", "answered", "30 pictures were made, 26 of them kept"),
    ("一共多少张图？", "pictures", "answered", "生成了 30 张"),
    ("what did it cost?", "cost", "answered", "$0.00"),
    ("how long did it take?", "cost", "answered", "of work"),
    ("花了多少钱？", "cost", "answered", "$0.00"),
    ("where are the files?", "files", "answered", "run.json"),
    ("文件在哪里？", "files", "answered", "run.json"),
    ("is it done yet?", "status", "answered", "finished"),
    ("what is this?", "about", "answered", "outlines apple, pear"),
    ("what can I ask?", "help", "answered", "why is the score low"),
    ("你能做什么？", "help", "answered", "为什么分数低"),
    ("can it read the labels?", "cannot", "answered", "text is not read"),
    ("also track them", "cannot", "answered", "single pictures"),
    ("I want rotated boxes", "cannot", "answered", "rotated boxes are not made"),
    ("can it find the pose?", "cannot", "answered", "keypoints and poses are not found"),
    ("measure their diameter", "cannot", "answered", "nothing is measured"),
    ("how far away are they?", "cannot", "answered", "distance are not estimated"),
    ("can it do face recognition?", "cannot", "answered", "one person is not told from another"),
    ("能读车牌上的文字吗？", "cannot", "answered", "不支持读取文字"),
    ("it misses green ones", "aim", "waits", "appearance=green"),
    ("it misses green apples, make it better", "aim", "waits", "appearance=green"),
    ("it does not find apples in the shade", "aim", "waits", "light=deep shade"),
    ("the small ones are missed", "aim", "waits", "distance=far"),
    ("it misses pears", "aim", "waits", "class=pear"),
    ("it takes pears for apples", "aim", "waits", "confused=pear/apple"),
    ("two more rounds in backlight", "aim", "waits", "2 more rounds"),
    ("it finds apples where there are none", "aim", "waits", "crowding=none"),
    ("it detects leaves as apples", "aim", "waits", "lookalike=leaf"),
    ("what about the dark?", "aim", "waits", "light=deep shade"),
    ("漏掉了青苹果", "aim", "waits", "appearance=green"),
    ("在阴影里找不到", "aim", "waits", "light=deep shade"),
    ("it misses blue ones", "aim", "refused", "nothing draws it blue"),
    ("another round", "rounds", "waits", "1 more round of"),
    ("make it better", "rounds", "waits", "what the last round was weak at"),
    ("再来一轮", "rounds", "waits", "1 more round of"),
    ("two more rounds please", "rounds", "waits", "2 more rounds of"),
    ("100 more pictures", "pictures_more", "waits", "100 more, beside"),
    ("more pictures", "pictures_more", "waits", "15 more, beside"),
    ("再加 100 张图", "pictures_more", "waits", "100 more, beside"),
    ("also find lemons", "classes", "waits", "lemon"),
    ("now also find lemons and oranges", "classes", "waits", "orange"),
    ("还要找柠檬", "classes", "waits", "柠檬"),
    ("drop the pears", "classes", "waits", "apple"),
    ("boxes are enough", "kind", "waits", "detect"),
    ("框就够了", "kind", "waits", "detect"),
    ("I need the outlines", "kind", "answered", "outlines already"),
    ("smaller and faster", "smaller", "refused", "smallest network already"),
    ("更小更快一点", "smaller", "refused", "已经是最小的网络"),
    ("label the photos in {photos} with it", "label", "waits", "photos: 1"),
    ("用它标注 {photos} 里的照片", "label", "waits", "photos: 1"),
    ("label these photos with it", "label", "refused", "Name the folder"),
    ("try it on {photos}/gone.jpg", "try", "refused", "no such photo"),
    ("try it on this photo", "try", "refused", "Bring a photo"),
    ("forget that", "forget", "done", "nothing of this run was remembered"),
    ("忘了刚才的", "forget", "done", "没有等待批准的计划"),
    ("stop after this round", "stop", "answered", "Nothing is running"),
    ("what is the meaning of life", "unclear", "unclear", "Not understood"),
    ("asdf qwer", "unclear", "unclear", "You can ask"),
    ("build me a car detector", "unclear", "unclear", "Not understood"),
    ("谢谢，再见", "unclear", "unclear", "没有听懂"),
]  # fmt: skip


@pytest.fixture(scope="module")
def template(tmp_path_factory: pytest.TempPathFactory) -> Path:
    run = finished(tmp_path_factory.mktemp("template") / "fruit", ("apple", "pear"))
    run.dataset.close()
    return run.folder


@pytest.fixture
def folder(template: Path, tmp_path: Path) -> Iterator[Path]:
    yield copied(template, tmp_path)


def photos(tmp_path: Path) -> Path:
    import numpy as np

    place = tmp_path / "photos"
    place.mkdir()
    write_image(place / "a.png", np.full((40, 60, 3), 120, np.uint8))
    return place


def runs_in(runs_dir: Path) -> dict[str, RunRecord]:
    return {p.parent.name: read_record(p.parent) for p in runs_dir.glob("*/run.json")}


def said_of(reply: Reply) -> str:
    return f"{reply.text}\n{reply.plan}"


def assert_no_other_run(reply: Reply, folder: Path) -> None:
    """No run but this one, or a fork of it, whatever was said."""
    others = {n: r for n, r in runs_in(folder.parent).items() if n != folder.name}
    assert all(r.parent == folder.name for r in others.values())
    assert set(others) == ({reply.run} if reply.forked else set())


def test_the_table_is_long_enough():
    assert len(TABLE) >= 60 and len({said for said, *_ in TABLE}) == len(TABLE)
    assert sum(any("\u3400" <= c <= "\u9fff" for c in said) for said, *_ in TABLE) >= 18


@pytest.mark.parametrize(("said", "kind", "outcome", "words"), TABLE)
def test_a_word_without_a_language_model(folder: Path, tmp_path: Path, said: str, kind: str, outcome: str, words: str):
    before = (folder / "run.json").read_bytes()
    reply = follow_up(folder, said.format(photos=photos(tmp_path) if "{photos}" in said else ""))
    assert (reply.kind, reply.outcome) == (kind, outcome), said_of(reply)
    assert words in said_of(reply)
    assert reply.text, "nothing is swallowed"
    assert_no_other_run(reply, folder)
    record = read_record(folder)
    assert len(record.rounds) == 2 and record.best is not None, "nothing was spent"
    if outcome == "waits":
        assert read_record(folder.parent / reply.run).question["kind"] == "approve"
    elif kind != "forget":
        assert record.status == "finished" and RunRecord.model_validate_json(before).rounds == record.rounds


# What a model calls for the kinds that are not an answer in words.
def script(kind: str, place: str) -> list[AIMessage]:
    calls = {
        "aim": [call("extend_run", focus=["appearance=green"])],
        "rounds": [call("extend_run", rounds=1)],
        "pictures_more": [call("extend_run", pictures=100)],
        "classes": [call("fork_run", classes=["apple", "pear", "lemon"]), AIMessage("Its plan waits."),
                    call("define_task", kind="segment", classes=[{"name": n} for n in ("apple", "pear", "lemon")])],
        "kind": [call("fork_run", classes=["apple", "pear"], kind="detect"), AIMessage("Its plan waits."),
                 call("define_task", kind="detect", classes=[{"name": n} for n in ("apple", "pear")])],
        "label": [call("label_photos", photos=[place], classes=["apple"])],
        "forget": [call("forget_run"), AIMessage("It is forgotten.")],
        "try": [call("try_photos", photos=[place + "/gone.jpg"]), AIMessage("That photo is not there.")],
    }  # fmt: skip
    topics = {"why", "score", "confusions", "weak", "use", "speed", "pictures", "cost", "files", "status", "about"}
    if kind in topics:
        return [call("about_run", topic=kind), AIMessage(f"In my words: {kind}.")]
    return calls.get(kind, [AIMessage(f"About {kind}: this is what I can do.")])


# Of each kind and outcome one in each script: what a model does then is the same whatever the words were.
ONE_OF_A_KIND = list({(kind, how, said.isascii()): (said, kind, how) for said, kind, how, _ in TABLE}.values())


@pytest.mark.parametrize(("said", "kind", "outcome"), ONE_OF_A_KIND)
def test_a_word_with_a_language_model(folder: Path, tmp_path: Path, said: str, kind: str, outcome: str):
    place = str(photos(tmp_path))
    said = said.format(photos=place)
    wanted = kind if outcome in ("waits", "answered", "done") and not said.startswith("I need the out") else "words"
    model = ScriptedModel(script=script(wanted, place))
    reply = follow_up(folder, said, model=model)
    assert model.script == [], "the model was asked to its end"
    assert model.received[0][-1].text == said and model.received[0][0].type == "system"
    assert reply.outcome == ("waits" if outcome == "waits" else "answered"), said_of(reply)
    assert reply.text
    assert (reply.plan is not None) == (outcome == "waits")
    assert_no_other_run(reply, folder)
    assert len(read_record(folder).rounds) == 2


def test_a_model_that_fails_leaves_a_finished_run_finished(folder: Path):
    reply = follow_up(folder, "why is it low?", model=ScriptedModel(script=[RuntimeError("the line is cut")]))
    assert reply.outcome == "refused" and "the line is cut" in reply.text
    assert read_record(folder).status == "finished"
    again = follow_up(folder, "why is it low?", model=ScriptedModel(script=[AIMessage("Few pictures.")]))
    assert (again.outcome, again.text) == ("answered", "Few pictures.")


def test_a_plan_that_is_refused_changes_nothing_and_can_be_wished_otherwise(folder: Path):
    assert follow_up(folder, "it misses green ones").plan["pictures"].startswith("15 more")
    changed = follow_up(folder, "only 8 pictures")
    assert changed.outcome == "waits" and changed.plan["pictures"].startswith("8 more")
    assert changed.plan["aimed at"] == ["appearance=green"]
    asked = follow_up(folder, "what does the round cost?")
    assert asked.outcome == "waits" or asked.outcome == "answered"
    refused = follow_up(folder, "no")
    assert "refused" in refused.text and read_record(folder).status == "finished"
    task = read_record(folder).task
    assert (task.budget.rounds, task.budget.images) == (2, 30)
    assert follow_up(folder, "another round").outcome == "waits"
    assert "refused" in follow_up(folder, "forget that").text  # what waits is what is forgotten


def test_a_fork_goes_on_from_weights_and_images_once_it_is_approved(folder: Path):
    reply = follow_up(folder, "also find tomatoes")
    assert reply.forked and "goes on from fruit" in reply.text and reply.plan["goes on from"].startswith("fruit")
    assert [c.split(":")[0] for c in reply.plan["classes"]] == ["apple", "pear", "tomato"]
    fork = folder.parent / reply.run
    assert not (fork / "parent").exists(), "nothing is copied before the plan is approved"
    assert follow_up(folder, "also find tomatoes").run == reply.run  # asked twice: the same
    assert runs_in(folder.parent).keys() == {"fruit", reply.run}


def test_forgetting_takes_the_lesson_out_of_the_memory_for_good(tmp_path: Path):
    from agent.memory import remember_run
    from agent.run_folder import open_run
    from tools.memory.store import RunMemory

    run = finished(tmp_path / "fruit")
    run.settings.memory.dir = tmp_path / ".memory"
    remember_run(run)
    assert RunMemory(tmp_path / ".memory").search("apple", max_distance=2.0)
    assert "forgotten" in follow_up(run.folder, "forget that").text
    assert not RunMemory(tmp_path / ".memory").search("apple", max_distance=2.0)
    remember_run(open_run(run.folder))
    assert not RunMemory(tmp_path / ".memory").search("apple", max_distance=2.0)


@pytest.mark.parametrize("said", ["", "   ", "x" * 2001])
def test_an_empty_or_endless_word_is_refused(folder: Path, said: str):
    with pytest.raises(FixArguments):
        follow_up(folder, said)


def test_a_smaller_network_is_a_fork_with_its_plan(tmp_path: Path):
    run = finished(tmp_path / "fruit")
    run.record.settings["training"] = {"model": "yolo11m"}
    run.save()
    reply = follow_up(run.folder, "smaller and faster")
    assert reply.forked and reply.plan["network"] == "yolo11n" and reply.outcome == "waits"


@pytest.mark.parametrize(("said", "outcome"), [("another round", "refused"), ("why is it low?", "answered")])
def test_a_run_that_was_broken_off_is_finished_first(tmp_path: Path, said: str, outcome: str):
    run = finished(tmp_path / "fruit")
    run.record.status = "stopped"
    run.save()
    reply = follow_up(run.folder, said, model=ScriptedModel(script=[]))
    assert reply.outcome == outcome
    assert outcome == "answered" or (reply.code == Code.UNFINISHED and "sightsmith" not in reply.text)


def test_the_command_line_asks_and_says_how_to_approve(folder: Path):
    from typer.testing import CliRunner

    from agent.cli.app import app

    def run(*words: str) -> tuple[int, str]:
        result = CliRunner().invoke(app, ["ask", "fruit", *words, "--runs-dir", str(folder.parent)])
        return result.exit_code, result.stdout

    assert run("why is the score low?")[0] == 0 and "Weak" in run("why is the score low?")[1]
    code, text = run("it misses green ones")
    assert code == 3 and "appearance=green" in text and "sightsmith resume fruit --answer yes" in text
    assert run("no")[0] == 0
    assert run("asdf")[0] == 2
    code, text = run("what does it confuse?", "--json")
    assert code == 0 and '"outcome": "answered"' in text


@pytest.mark.parametrize(
    ("said", "number"),
    [
        ("make 500 more pictures", 500), ("两千张更多的图", 2000), ("再来三百张", 300), 
        ("two more rounds", 2), ("再做两轮", 2),
        ("two hundred more images", 200), ("a few more pictures", None), ("another round", None),
        ("how long would a thousand pictures take?", 1000),
    ],
)  # fmt: skip
def test_amounts_of_a_follow_up_are_read_as_those_of_a_request(said, number):
    assert read_word(said, ["apple"], known).number == number
