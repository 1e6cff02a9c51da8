"""Settling a task: what draws each class, flags and budgets, estimate, approval, real photos, asking."""

import json
import math
from pathlib import Path
from typing import Any

import pytest

import tools.steps.task as task_module
from tests.agent.objects import THINGS, SmallLibrary, thing
from tests.tools.generators.cutout_files import labelled_photos
from tools.core.answers import approves
from tools.core.errors import Code, FixArguments, StepFailed
from tools.core.settings import Settings
from tools.core.task import TaskSpec
from tools.drawable.classes import ClassArgument, nearest, resolve_classes
from tools.runs.pace import Pace
from tools.runs.runtime import Round, RunContext, RunRecord
from tools.steps.plan_text import plan_for_person
from tools.steps.task import Wanted, ask, define

ZORB = {
    "name": "zorb",
    "size_m": 0.2,
    "materials": {"skin": {"colours": ["#3366ff"]}},
    "parts": [{"shape": "ellipsoid", "material": "skin"}],
    "appearances": [{"name": "blue"}],
}


@pytest.fixture(autouse=True)
def _small_world(monkeypatch):
    monkeypatch.setattr(task_module, "_objects", lambda run: SmallLibrary.of_run(run.folder))
    monkeypatch.setattr(task_module, "_how_to_teach", lambda: "An object_spec looks so: {...}")


def make_run(tmp_path: Path, *, yes: bool = True, options: dict[str, Any] | None = None, **settings: Any) -> RunContext:
    record = RunRecord(name="t", request="segment apples", created="", options=options or {})
    return RunContext(tmp_path, record, Settings(workers=2, **settings), auto_approve=yes)


def wanted(*names: str, kind: str = "segment", **rest: Any) -> Wanted:
    return Wanted(kind=kind, classes=[ClassArgument(name=n) for n in names or ("apple",)], **rest)


def answering(monkeypatch, *answers: str) -> list[dict[str, Any]]:
    """Stand where LangGraph stands: give these answers, keep what was asked."""
    asked: list[dict[str, Any]] = []
    queue = list(answers)

    def interrupt(value: dict[str, Any]) -> str:
        asked.append(value)
        return queue.pop(0)

    monkeypatch.setattr(task_module, "interrupt", interrupt)
    return asked


def spec(run: RunContext) -> TaskSpec:
    return run.task


# Classes --------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("names", "expected"),
    [
        (["apple"], [("apple", "apple", [])]),
        (["ripe tomato", "raw tomato"], [("ripe tomato", "tomato", ["ripe"]), ("raw tomato", "tomato", ["unripe"])]),
        (["苹果"], [("苹果", "apple", [])]),
        (["未成熟番茄"], [("未成熟番茄", "tomato", ["unripe"])]),
        (["soda can"], [("soda can", "tin can", [])]),
        # What is left over when a sibling takes an appearance
        (["good apple", "rotten apple"], [("good apple", "apple", ["red", "green"]),
                                         ("rotten apple", "apple", ["rotten"])]),
        (["好苹果", "烂苹果"], [("好苹果", "apple", ["red", "green"]), ("烂苹果", "apple", ["rotten"])]),
        (["apple", "green apple"], [("apple", "apple", ["red", "rotten"]), ("green apple", "apple", ["green"])]),
    ],
)  # fmt: skip
def test_classes_are_drawn_by_what_they_are(tmp_path, names, expected):
    classes = resolve_classes([ClassArgument(name=n) for n in names], SmallLibrary(folder=tmp_path))
    assert [(c.name, c.drawn_as, c.appearances) for c in classes] == expected


def test_a_detector_hears_english():
    [one] = resolve_classes([ClassArgument(name="未成熟番茄")], SmallLibrary())
    assert one.phrase == "unripe tomato"


@pytest.mark.parametrize(
    ("names", "words"),
    [
        ([], "at least one class"),
        (["zorb"], 'Nothing can draw ["zorb"]'),
        (["apple pie"], 'Nothing can draw ["apple pie"]'),
        (["wooden apple"], 'Nothing can draw ["wooden apple"]'),
        (["good apple"], 'Nothing can draw ["good apple"]'),  # as against what?
        (["aple"], '{"aple": ["apple"]}'),
        (["pear", "zorb", "bork"], 'Nothing can draw ["zorb", "bork"]'),
        (["../../etc/passwd; rm -rf /"], "Nothing can draw"),
        (["x" * 300], "Nothing can draw"),
        (["🍎"], "Nothing can draw"),
        (['a "quoted" \\ name'], "Nothing can draw"),
        (["\n\t "], "cannot be used"),
        (["apple", "Apple"], "named twice"),
        (["soda can", "tin can"], "told them apart"),
        (["ripe tomato", "red tomato"], "tell them apart"),
        (["ripe tomato", "raw tomato", "tomato"], "tell them apart"),
    ],
)  # fmt: skip
def test_classes_that_cannot_be_drawn_are_refused(tmp_path, names, words):
    with pytest.raises(FixArguments) as refusal:
        resolve_classes([ClassArgument(name=n) for n in names], SmallLibrary(folder=tmp_path), lambda: "HOW TO")
    assert words.replace("told them", "tell them") in str(refusal.value)
    if "Nothing" in words:
        assert "HOW TO" in str(refusal.value)
        assert "never drawn as something else" in str(refusal.value)


def test_nearest_names_are_offered_in_both_languages():
    library = SmallLibrary()
    assert nearest("tomatoe", library) == ["tomato"]
    assert nearest("winter apple", library) == ["apple"]
    assert nearest("青苹果树", library) == ["apple"]
    assert nearest("qqqq", library) == []


def test_an_object_that_was_taught_draws_its_class(tmp_path):
    run = make_run(tmp_path)
    taught = Wanted(kind="segment", classes=[ClassArgument(name="zorb", object_spec=ZORB)])
    define(run, taught)
    assert spec(run).classes[0].drawn_as == "zorb"
    assert [p.name for p in (tmp_path / "objects").iterdir()] == ["zorb.json"]
    assert define(run, taught) == define(run, taught)


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"parts": []}, "needs at least one part"),
        ({"size_m": -1}, "size_m"),
        ({"colour": "red"}, "colour"),
        ({"name": "bork"}, "name it 'zorb'"),
        ({"aliases": ["apple"]}, "already means"),
        ({"asset": "/etc/passwd"}, "asset"),
    ],
)
def test_a_bad_object_spec_is_refused_with_the_reason(tmp_path, change, words):
    argument = ClassArgument(name="zorb", object_spec=ZORB | change)
    with pytest.raises(FixArguments, match=words):
        define(make_run(tmp_path), Wanted(kind="segment", classes=[argument]))
    assert not (tmp_path / "objects").exists()


@pytest.mark.parametrize(
    ("argument", "expected"),
    [
        (ClassArgument(name="apple", appearances=["green"]), ["green"]),
        (ClassArgument(name="apple", appearances=["red", "green", "rotten"]), []),
        (ClassArgument(name="apple", appearances=["purple"]), FixArguments),
        (ClassArgument(name="rotten apple", appearances=["green"]), FixArguments),
    ],
)
def test_appearances_can_be_narrowed(argument, expected):
    if expected is FixArguments:
        with pytest.raises(FixArguments):
            resolve_classes([argument], SmallLibrary())
    else:
        assert resolve_classes([argument], SmallLibrary())[0].appearances == expected


def test_the_users_models_count_and_a_broken_one_stops_the_run(tmp_path, monkeypatch):
    monkeypatch.undo()
    assets = tmp_path / "assets"
    assets.mkdir()
    (assets / "Zorb Wheel.obj").write_text("v 0 0 0\nv 1 0 0\nv 0 1 0\nf 1 2 3\n")
    (tmp_path / "run").mkdir()
    run = make_run(tmp_path / "run")
    run.record.assets = str(assets)
    define(run, wanted("zorb wheel"))
    assert spec(run).classes[0].drawn_as == "Zorb Wheel.obj"
    (assets / "bad.glb").write_text("no model")
    (tmp_path / "two").mkdir()
    other = make_run(tmp_path / "two")
    other.record.assets = str(assets)
    with pytest.raises(StepFailed, match=r"bad\.glb"):
        define(other, wanted("zorb wheel"))


# Arguments and budgets ------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("call", "words"),
    [
        (wanted("apple", kind="classify"), "at least two classes"),
        (wanted(contexts=["moon"]), "Unknown context 'moon'"),
        (wanted(target=90), "between 0 and 1"),
        (wanted(images=0), "images must be between"),
        (wanted(images=10**9), "images must be between"),
        (wanted(rounds=21), "rounds must be between"),
        (wanted(minutes=-1), "minutes must be"),
        (wanted(minutes=math.inf), "minutes must be a number above 0, not inf"),
        (wanted(minutes=math.nan), "minutes must be"),
        (wanted(money=math.inf), "money must be"),
        (wanted(money=math.nan), "money must be"),
        (wanted(money=-1), "money must be"),
    ],
)
def test_wrong_arguments_are_refused(tmp_path, call, words):
    run = make_run(tmp_path)
    with pytest.raises(FixArguments, match=words):
        define(run, call)
    assert run.record.task is None


def test_a_plan_says_what_candidates_leave(tmp_path):
    drawn = {"generator": "openai_images", "image_price": 0.0, "candidates": 4, "epoch_pictures": 1}
    run, alone = make_run(tmp_path, **drawn), make_run(tmp_path / "alone", **drawn | {"candidates": 1})
    for one in (run, alone):
        define(one, wanted(images=200, rounds=1))
    said = "4 pictures are drawn of each layout and the best is kept: about 50 of 200 stay"
    assert said in run.record.estimate["notes"]
    minutes, minutes_alone = (one.record.estimate["stages"] for one in (run, alone))
    assert minutes["train"] == pytest.approx(minutes_alone["train"] / 4, abs=0.02)
    assert minutes["generate"] == minutes_alone["generate"]
    with pytest.raises(FixArguments, match=r"80 pictures leave 20.*at least 96 images"):
        define(make_run(tmp_path / "few", **drawn), wanted(images=80))
    define(renders := make_run(tmp_path / "renders", candidates=4), wanted(images=80))
    assert not any("candidates" in n or "layout" in n for n in renders.record.estimate["notes"])


@pytest.mark.parametrize(
    ("options", "settings", "call", "expected"),
    [
        ({}, {}, wanted(), (900, 3, None, "standard")),
        ({}, {"effort": "quick"}, wanted(), (360, 2, None, "quick")),
        ({}, {}, wanted(effort="quick"), (360, 2, None, "quick")),
        ({}, {"effort": "quick"}, wanted(effort="thorough"), (360, 2, None, "quick")),
        ({"effort": "standard"}, {}, wanted(effort="quick"), (900, 3, None, "standard")),
        ({"images": 100}, {}, wanted(), (100, 3, None, "standard")),
        ({"images": 100}, {}, wanted(images=50), (100, 3, None, "standard")),
        ({"images": 100, "wish": "50"}, {}, wanted(images=50), (50, 3, None, "standard")),
        ({"images": 100, "wish": "500"}, {}, wanted(images=500), (500, 3, None, "standard")),
        ({"rounds": 1, "minutes": 600}, {}, wanted(), (900, 1, 600, "standard")),
        ({}, {}, wanted(images=200, rounds=2, minutes=500), (200, 2, 500, "standard")),
    ],
)
def test_flags_come_before_wishes_before_defaults(tmp_path, options, settings, call, expected):
    run = make_run(tmp_path, options=options, **settings)
    define(run, call)
    budget = spec(run).budget
    assert (budget.images, budget.rounds, budget.minutes, run.settings.effort) == expected
    assert run.record.settings["effort"] == expected[-1]


@pytest.mark.parametrize("name", ["images", "rounds", "minutes"])
def test_more_than_a_flag_allows_is_refused(tmp_path, name):
    run = make_run(tmp_path, options={name: 2})
    with pytest.raises(FixArguments, match=f"at most 2 {name}") as refusal:
        define(run, wanted(**{name: 3}))
    assert (refusal.value.code, refusal.value.data) == (Code.LEAVE_OUT, {"argument": name})


def test_a_plan_is_cut_to_the_minutes_and_says_so(tmp_path):
    run = make_run(tmp_path)
    report = json.loads(define(run, wanted(minutes=5)))
    assert report["images"] < 200
    assert report["estimated_minutes"] <= 5
    assert any("to fit into 5 minutes" in note for note in report["notes"])
    assert run.settings.effort == "quick"


def test_too_few_minutes_are_a_question_and_the_answer_goes_to_the_model(tmp_path, monkeypatch):
    asked = answering(monkeypatch, "take 30 minutes")
    run = make_run(tmp_path, options={"minutes": 0.5})
    with pytest.raises(FixArguments, match="The user wants: take 30 minutes"):
        define(run, wanted())
    assert "0.5 minutes are not enough" in asked[0]["question"]
    define(run, wanted(minutes=30))
    assert spec(run).budget.minutes == 30


# Approval -------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("answer", ["yes", "Y", " ok. ", "go ahead", "好的", "可以！"])
def test_a_yes_approves_the_plan_that_was_shown(tmp_path, monkeypatch, answer):
    asked = answering(monkeypatch, answer)
    run = make_run(tmp_path, yes=False)
    report = json.loads(define(run, wanted(contexts=["orchard"], assumptions=["you did not say how"])))
    plan = asked[0]["plan"]
    assert asked[0]["kind"] == "approve"
    assert plan["classes"] == ["apple"]
    assert plan["places"] == ["orchard"]
    assert plan["notes"] == ["you did not say how"]
    assert "900 of 320 px" in plan["pictures"]
    assert plan["money"].startswith("$0.00")
    assert "no real photo" in plan["measured on"]
    assert "not known" in plan["on photos"]  # of this engine
    assert run.record.approved
    assert report["images"] == 900
    json.dumps(plan)


@pytest.mark.parametrize("answer", ["no", "N", "cancel", "不要", "算了。"])
def test_a_no_ends_it(tmp_path, monkeypatch, answer):
    answering(monkeypatch, answer)
    run = make_run(tmp_path, yes=False)
    with pytest.raises(StepFailed, match="refused; nothing was spent"):
        define(run, wanted())
    with pytest.raises(FixArguments, match="No task"):
        run.task  # noqa: B018


def test_a_wish_goes_to_the_model_and_the_new_plan_is_shown_again(tmp_path, monkeypatch):
    asked = answering(monkeypatch, "only 60 pictures, and pears too", "yes")
    run = make_run(tmp_path, yes=False, options={"images": 100})
    with pytest.raises(FixArguments, match=r"^The user wants: only 60 pictures, and pears too$"):
        define(run, wanted())
    define(run, wanted("apple", "pear", images=60))
    assert spec(run).class_names == ["apple", "pear"]
    assert spec(run).budget.images == 60
    assert len(asked) == 2
    assert asked[1]["plan"]["classes"] == ["apple", "pear"]


def test_a_call_that_runs_again_after_its_answer_shows_the_same_plan(tmp_path, monkeypatch):
    plans = []

    def paused(value: dict[str, Any]) -> str:
        plans.append(value)
        raise KeyboardInterrupt

    monkeypatch.setattr(task_module, "interrupt", paused)
    run = make_run(tmp_path, yes=False)
    for _ in range(2):
        with pytest.raises(KeyboardInterrupt):
            define(run, wanted(minutes=20))
    asked = answering(monkeypatch, "yes")
    again = RunContext(tmp_path, RunRecord.model_validate_json((tmp_path / "run.json").read_text()), run.settings)
    define(again, wanted(minutes=20))
    assert plans[0] == plans[1] == asked[0]
    assert sum(s.name == "define" for s in again.record.stages) == 1


def test_defining_again_changes_nothing_and_a_begun_run_is_not_redefined(tmp_path):
    run = make_run(tmp_path)
    first = define(run, wanted())
    before = run.record.model_dump()
    assert define(run, wanted()) == first
    assert run.record.model_dump() == before
    define(run, wanted("pear"))
    assert spec(run).class_names == ["pear"]
    run.record.rounds.append(Round(number=1))
    assert json.loads(define(run, wanted("pear")))["classes"] == ["pear"]
    with pytest.raises(FixArguments, match="cannot be changed"):
        define(run, wanted("apple"))


def test_the_plan_says_what_draws_a_class(tmp_path):
    run = make_run(tmp_path)
    define(run, wanted("raw tomato", "red tomato", kind="classify"))
    assert plan_for_person(run)["classes"] == [
        "raw tomato: drawn as tomato (unripe)", "red tomato: drawn as tomato (ripe)"
    ]  # fmt: skip


# Questions ------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("question", "answer", "expected"),
    [
        ("Which thing?", " apples ", "apples"),
        ("Which thing?", "no", "no"),
        ("Which thing?", "stop", StepFailed),
        ("Which thing?", "取消", StepFailed),
        ("Which thing?", "  ", FixArguments),
        (" ", "apples", FixArguments),
    ],
)
def test_asking(monkeypatch, question, answer, expected):
    asked = answering(monkeypatch, answer)
    if isinstance(expected, str):
        assert ask(question, ["a", "b"]) == expected
        assert asked == [{"kind": "question", "question": "Which thing?", "options": ["a", "b"]}]
    else:
        with pytest.raises(expected):
            ask(question)


def test_labels_that_do_not_match_are_asked_about_before_anything_is_spent(tmp_path, monkeypatch):
    import numpy as np

    from tools.data.images import write_image

    photos = tmp_path / "real"
    for n in range(6):
        write_image(photos / "images" / f"{n}.png", np.full((32, 32, 3), 20 * n, np.uint8))
    boxes = [
        {"id": n + 1, "image_id": n, "category_id": 1, "bbox": [2, 2, 9, 9], "area": 81, "iscrowd": 0} for n in range(6)
    ]
    images = [{"id": n, "file_name": f"{n}.png", "width": 32, "height": 32} for n in range(6)]
    (photos / "annotations.json").write_text(
        json.dumps({"images": images, "annotations": boxes, "categories": [{"id": 1, "name": "frucht"}]})
    )
    (tmp_path / "run").mkdir()
    run = make_run(tmp_path / "run")
    run.record.real = str(photos)
    asked = answering(monkeypatch, "frucht=apple")
    with pytest.raises(FixArguments, match="pairs are noted") as refusal:
        define(run, wanted("apple", "pear"))
    assert refusal.value.code is Code.SAME_AGAIN
    assert "'frucht'" in asked[0]["question"]
    define(run, wanted("apple", "pear"))
    assert run.record.settings["evaluation"]["class_map"] == {"frucht": "apple"}
    assert any("frucht" in note for note in plan_for_person(run)["notes"])


@pytest.mark.parametrize(
    ("real", "contexts", "rounds", "use"),
    [
        (None, [], 2, "later pictures are made at places like theirs"),
        ("/real", [], 2, "at places like theirs, and what the model is sure of on them is learnt"),
        ("/real", ["orchard"], 2, "/mine: what the model is sure of on them is learnt"),
        (None, ["orchard"], 2, "of no use here"),
        (None, [], 1, "of no use here"),
    ],
)
def test_the_plan_says_what_photos_without_labels_are_for(tmp_path, monkeypatch, real, contexts, rounds, use):
    run = make_run(tmp_path)
    run.record.unlabelled, run.record.real = "/mine", real
    monkeypatch.setattr(task_module, "_check_photos", lambda *_: [])
    answer = json.loads(define(run, wanted(contexts=contexts, images=100, rounds=rounds)))
    assert use in plan_for_person(run)["photos without labels"]
    assert answer.get("unlabelled") == (real and "/mine")  # the agent learns from them only where something decides


@pytest.mark.parametrize(("minutes", "said"), [(6, True), (None, False)])
def test_a_plan_of_few_minutes_says_how_many_of_many_photos_judge(tmp_path, monkeypatch, minutes, said):
    run = make_run(tmp_path)
    run.record.real = "/real"
    monkeypatch.setattr(task_module, "count_images", lambda _: 500)
    monkeypatch.setattr(task_module, "_check_photos", lambda *_: [])
    define(run, wanted(minutes=minutes))
    judging = run.record.estimate["photos"]
    assert (judging < 500) is said
    assert (f"{judging} of the 500 photos judge" in " ".join(plan_for_person(run).get("notes", []))) is said


def test_the_plan_says_where_its_minutes_were_measured(tmp_path, monkeypatch):
    run = make_run(tmp_path / "new")
    define(run, wanted())
    assert "as measured on another machine" in plan_for_person(run)["minutes"]
    slow = [Pace("old-run", 9.0, 2.0)]
    monkeypatch.setattr(task_module, "latest_paces", lambda *_: slow)
    again = make_run(tmp_path / "again")
    define(again, wanted())
    assert "at the pace of old-run on this machine" in plan_for_person(again)["minutes"]
    assert again.record.estimate["minutes"] > 5 * run.record.estimate["minutes"]


def test_the_tools_hide_the_run_from_the_model():
    arguments = task_module.define_task.tool_call_schema.model_json_schema()["properties"]
    assert "runtime" not in arguments
    assert set(arguments) >= {"kind", "classes", "contexts", "images", "rounds", "minutes", "assumptions"}
    assert "runtime" not in task_module.ask_user.tool_call_schema.model_json_schema()["properties"]


def test_the_small_world_is_in_order():
    assert thing("x").appearances[0].name == "plain"
    assert THINGS["tomato"].appearance("ripe").name == "ripe"


# The network ----------------------------------------------------------------------------------------------------------


def test_a_network_that_was_asked_for_is_in_the_plan_and_trained(tmp_path):
    for name in ("a", "b"):
        (tmp_path / name).mkdir()
    plain, run = make_run(tmp_path / "a"), make_run(tmp_path / "b")
    define(plain, wanted())
    report = json.loads(define(run, wanted(model="yolo11m")))
    assert (plain.settings.training.model, plan_for_person(plain)["network"]) == ("yolo11n", "yolo11n")
    assert (run.settings.training.model, run.record.settings["training"]["model"], report["model"]) == ("yolo11m",) * 3
    assert plan_for_person(run)["network"] == "yolo11m"
    note = plan_for_person(run)["notes"][0]
    assert "yolo11m was asked for" in note
    assert "the starter weights are of yolo11n, so it begins with what of them fits" in note
    assert run.record.estimate["stages"]["train"] > 10 * plain.record.estimate["stages"]["train"]


@pytest.mark.parametrize("model", ["yolov8n", "resnet", "../yolo11n", "yolo11n-seg"])
def test_a_network_that_is_not_built_here_is_refused(tmp_path, model):
    with pytest.raises(FixArguments, match="model must be one of yolo11n"):
        define(make_run(tmp_path), wanted(model=model))


def test_a_trainer_of_the_users_own_chooses_its_network(tmp_path):
    run = make_run(tmp_path, trainer="my.module:trainer")
    define(run, wanted(model="yolo11m"))
    assert run.settings.training.model == "yolo11n"
    assert "chooses its own network" in plan_for_person(run)["notes"][0]


def test_all_that_was_not_understood_reaches_the_plan(tmp_path):
    said = [f'not understood: "{n}"' for n in range(8)]
    run = make_run(tmp_path)
    define(run, wanted(assumptions=said))
    assert plan_for_person(run)["notes"][:8] == said


@pytest.mark.parametrize(
    ("answer", "meant"),
    [
        ("yes", True), ("OK", True), ("go", True), ("好", True), ("好的，开始吧", True), ("可以了。", True),
        ("Yes, go ahead!", True),
        ("ok, looks good, please start", True), ("sure, do it now", True), ("no problem", True), ("同意；开始", True),
        ("yes but with boxes", False), ("ok, 50 pictures", False), ("please", False), ("", False), ("why?", False),
        ("好，但是只要50张", False), ("is that good", False),
    ],
)  # fmt: skip
def test_what_approves_a_plan(answer, meant):
    assert approves(answer) is meant


def test_a_reply_is_shown_with_the_same_plan(tmp_path, monkeypatch):
    asked = answering(monkeypatch, "why so many pictures?", "ok")
    run = make_run(tmp_path, yes=False)
    with pytest.raises(FixArguments, match="The user wants: why so many"):
        define(run, wanted("apple"))
    define(run, wanted("apple", reply="To show many places."))
    assert [a.get("reply") for a in asked] == [None, "To show many places."]
    assert asked[0]["plan"] == asked[1]["plan"]
    assert run.record.approved


@pytest.mark.parametrize("rounds", [1, 2])
def test_photos_without_labels_are_in_the_plan_before_it_is_approved(tmp_path, monkeypatch, rounds):
    asked = answering(monkeypatch, "yes")
    run = make_run(tmp_path, yes=False)
    run.record.unlabelled = "/my/photos"
    define(run, wanted("apple", rounds=rounds))
    assert "/my/photos" in asked[0]["plan"]["photos without labels"]


@pytest.mark.parametrize(("folder", "words"), [("few", "the others of the same folder: what"), ("more", "more: what")])
def test_photos_beside_those_that_are_shown_are_in_the_plan(tmp_path, monkeypatch, folder, words):
    asked = answering(monkeypatch, "yes")
    run = make_run(tmp_path, yes=False)
    run.record.few = str(labelled_photos(tmp_path / "few", 3, names=("apple",), size=96))
    run.record.unlabelled = str(tmp_path / folder)
    define(run, wanted("apple"))
    assert f"{words} the model is sure of on them is learnt from too" in asked[0]["plan"]["photos without labels"]


def test_a_class_may_be_its_name_alone():
    assert Wanted(kind="segment", classes=["apple"]).classes == [ClassArgument(name="apple")]  # type: ignore[list-item]
