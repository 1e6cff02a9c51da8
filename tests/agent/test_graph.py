"""How the agent bears a model, a tool or a person that misbehaves."""

import json
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from langchain_core.messages import AIMessage, ToolMessage
from langchain_core.tools import tool
from langgraph.prebuilt import ToolRuntime
from langgraph.types import interrupt

from agent.cli.console import Console
from agent.cli.ways import with_way
from agent.planner import OfflinePlanner
from agent.run import ExitCode, execute
from agent.run_folder import lock, open_run, start_run
from tests.agent.objects import known
from tests.scripted import ScriptedModel, call
from tools.core.answers import as_wish
from tools.core.errors import Code, FixArguments, NeedsUser, StepFailed, Stopped
from tools.core.settings import Settings
from tools.runs.runtime import Best, RunContext, read_record


@tool
def add_numbers(a: int, b: int) -> str:
    """Add."""
    return str(a + b)


@tool
def train_model(runtime: ToolRuntime[RunContext], how: str = "well") -> str:
    """Pretend to train: what the loop needs is a best model."""
    run = runtime.context
    with run.stage("train"):
        run.record.best = Best(round=1, weights="rounds/01/weights.safetensors", threshold=0.3)
    return '{"done": "trained"}'


@tool
def misbehave(runtime: ToolRuntime[RunContext], how: str) -> str:
    """Raise what is asked for."""
    raise {
        "fix": FixArguments("say it better"),
        "step": StepFailed("the disk is on fire"),
        "user": NeedsUser("Which apple?", ["red", "green"]),
        "stop": Stopped("stopped by the user"),
        "bug": ZeroDivisionError("oops"),
    }[how]


@tool
def approve(runtime: ToolRuntime[RunContext]) -> str:
    """Ask for approval."""
    return f"answered: {interrupt({'kind': 'approve', 'plan': {'images': 3}})}"


TOOLS = [add_numbers, train_model, misbehave, approve]
DONE = AIMessage("All done: a model is trained.")
MINUTE = {"minutes": 1}


def drive(
    tmp_path: Path, script: list[Any], *, answers: tuple[str, ...] = (), **options: Any
) -> tuple[ExitCode, RunContext, ScriptedModel]:
    settings = Settings(runs_dir=tmp_path / "runs", memory_dir=tmp_path / "memory")
    run = start_run("build me an apple segmenter", settings)
    model = ScriptedModel(script=script, **options)
    replies = list(answers)
    code = execute(run, lambda _q: replies.pop(0) if replies else None, model=model, tools=TOOLS)
    return code, run, model


def results(model: ScriptedModel) -> list[ToolMessage]:
    return [m for m in model.received[-1] if isinstance(m, ToolMessage)]


def test_the_good_path_ends_finished(tmp_path):
    code, run, model = drive(tmp_path, [call("add_numbers", a=2, b=3), call("train_model"), DONE])
    assert code is ExitCode.FINISHED
    assert run.record.status == "finished"
    assert results(model)[0].text == "5"
    assert model.received[0][0].type == "system"
    assert [s.name for s in run.record.stages] == ["train", "report"]
    assert (run.folder / "report.html").exists()


@pytest.mark.parametrize(
    ("bad", "sentence"),
    [
        (call("fly_to_moon"), "fly_to_moon is not a valid tool"),
        (call("add_numbers", a="two", b=3), "a: Input should be a valid integer"),
        (call("add_numbers", a=2), "b: Field required"),
        (call("misbehave", how="fix"), "FixArguments: say it better"),
        (call("misbehave", how="step"), "StepFailed: the disk is on fire"),
    ],
)
def test_a_wrong_call_is_answered_and_the_model_may_correct_itself(tmp_path, bad, sentence):
    code, _, model = drive(tmp_path, [bad, call("train_model"), DONE], check_bound=False)
    assert code is ExitCode.FINISHED
    first = results(model)[0]
    assert sentence in first.text
    assert first.status == "error"


def test_half_written_arguments_are_shown_to_the_model(tmp_path):
    broken = AIMessage("", invalid_tool_calls=[{"name": "add_numbers", "args": '{"a": 2,', "id": "x", "error": "cut"}])
    code, _, model = drive(tmp_path, [broken, call("train_model"), DONE])
    assert code is ExitCode.FINISHED
    assert "Field required" in results(model)[0].text


@pytest.mark.parametrize(
    ("script", "options", "sentence"),
    [
        ([call("add_numbers", a=1, b=1)], {"repeat": True}, "same call 3 times in a row"),
        ([call("misbehave", how="fix"), call("nothing"), call("misbehave", how="step"), call("add_numbers"),
          call("misbehave", how="fix"), call("misbehave", how="step"), DONE], {"check_bound": False},
         "6 calls in a row were refused"),
        ([AIMessage("")], {"repeat": True}, "gives empty answers: 3 answers in a row called no tool."),
        ([AIMessage("I cannot help with that.")], {"repeat": True}, "only talks, and nothing is trained"),
        ([AIMessage('<tool_call>{"name": "train_mod')], {"repeat": True}, "writes its calls as text that cannot be"),
        ([TimeoutError("timed out")], {}, "did not answer in time"),
    ],
)  # fmt: skip
def test_a_hopeless_model_ends_the_run_with_a_way_out(tmp_path, script, options, sentence):
    code, run, _ = drive(tmp_path, script, **options)
    assert code is ExitCode.FAILED
    assert run.record.status == "failed"
    assert sentence in run.record.error and "--llm" not in run.record.error
    assert run.record.error_code == Code.WITHOUT_MODEL and run.record.error_data["check"] in ("model", "time")
    assert (run.folder / "report.html").exists()


def test_an_endless_model_is_stopped_by_the_number_of_calls(tmp_path, monkeypatch):
    monkeypatch.setenv("SIGHTSMITH_LLM_MAX_CALLS", "9")
    script = [call("add_numbers", a=n, b=n) for n in range(20)]
    code, run, model = drive(tmp_path, script)
    assert code is ExitCode.FAILED
    assert "9 calls without an end" in run.record.error
    assert len(model.received) == 9


def test_a_step_that_cannot_work_may_end_the_run_with_its_reason(tmp_path):
    code, run, _ = drive(tmp_path, [call("misbehave", how="step"), AIMessage("The disk is on fire, so I stop here.")])
    assert code is ExitCode.FAILED
    assert "disk is on fire" in run.record.error


def test_a_bug_ends_the_run_cleanly_and_leaves_its_traceback(tmp_path, caplog):
    code, run, _ = drive(tmp_path, [call("misbehave", how="bug")])
    assert code is ExitCode.FAILED
    assert "ZeroDivisionError: oops" in run.record.error
    assert "in misbehave" in (run.folder / "events.jsonl").read_text()


@tool
def label_nothing() -> str:
    """Raise what a path that the system does not take raises."""
    raise OSError(36, "File name too long", "x" * 3)


def resume(run: RunContext, script: list[Any], **options: Any) -> tuple[ExitCode, RunContext, ScriptedModel]:
    again, model = open_run(run.folder), ScriptedModel(script=script, **options)
    return execute(again, lambda _q: None, model=model, tools=[*TOOLS, label_nothing]), again, model


@pytest.mark.parametrize(
    ("script", "options"),
    [
        ([call("add_numbers", a=1, b=1)], {"repeat": True}),
        ([call("misbehave", how="fix"), call("misbehave", how="step")] * 3, {}),
        ([AIMessage("")], {"repeat": True}),
        ([AIMessage("I cannot help with that.")], {"repeat": True}),
        ([TimeoutError("timed out")], {}),
        ([call("add_numbers", a=n, b=n) for n in range(9)], {}),
        ([call("misbehave", how="bug")], {}),
        ([AIMessage("", tool_calls=[call("misbehave", how="bug").tool_calls[0], call("train_model").tool_calls[0]])],
         {}),
    ],
)  # fmt: skip
def test_every_stop_is_followed_by_a_resume_that_goes_on(tmp_path, monkeypatch, script, options):
    monkeypatch.setenv("SIGHTSMITH_LLM_MAX_CALLS", "9")
    code, run, _ = drive(tmp_path, script, **options)
    assert code is ExitCode.FAILED
    sentence = run.record.error
    code, again, model = resume(run, [call("add_numbers", a=1, b=1), call("train_model"), DONE])
    assert (code, again.record.error) == (ExitCode.FINISHED, None)
    told = next(m for m in reversed(model.received[0]) if m.name == "resumed")
    assert sentence.startswith(json.loads(told.text)["failed_by"])


def test_a_resumed_run_may_nudge_as_often_as_a_new_one(tmp_path):
    _, run, _ = drive(tmp_path, [AIMessage("")], repeat=True)
    script = [AIMessage(""), call("add_numbers", a=1, b=1), AIMessage(""), AIMessage(""), call("train_model"), DONE]
    assert resume(run, script)[0] is ExitCode.FINISHED


def test_a_call_that_the_system_refuses_is_answered_and_not_repeated_for_ever(tmp_path):
    _, run, _ = drive(tmp_path, [TimeoutError("x")])
    code, again, _ = resume(run, [call("label_nothing")])
    assert code is ExitCode.FAILED
    assert "xxx: File name too long" in again.record.error
    code, _, model = resume(again, [call("train_model"), DONE])
    assert code is ExitCode.FINISHED
    assert "StepFailed: xxx: File name too long" in results(model)[0].text


@pytest.mark.parametrize("runs", ["runs", "my runs"])
def test_the_way_out_of_the_command_line_names_the_folder_of_runs(tmp_path, monkeypatch, runs, capsys):
    monkeypatch.chdir(tmp_path)
    settings = Settings(runs_dir=Path(runs), memory_dir=tmp_path / "memory")
    run = start_run("apples", settings, name="r")
    execute(run, lambda _q: None, model=ScriptedModel(script=[AIMessage("")], repeat=True), tools=TOOLS)
    where = "" if runs == "runs" else " --runs-dir 'my runs'"
    Console().print_end(read_record(run.folder), run.folder)
    assert f"sightsmith resume r --llm offline{where}" in capsys.readouterr().out


def test_what_a_model_said_instead_is_shown(tmp_path):
    code, run, _ = drive(tmp_path, [AIMessage("I cannot help with that.")], repeat=True)
    assert code is ExitCode.FAILED
    assert "It said: “I cannot help with that”." in run.record.error


@pytest.mark.parametrize(
    "script",
    [
        [AIMessage("Sure! " * 400)],
        [AIMessage("")],
        [AIMessage("", response_metadata={"finish_reason": "length"})],
        [AIMessage('<tool_call>{"name": "train_mod')],
        [AIMessage("", invalid_tool_calls=[{"name": "train_model", "args": '{"how": w', "id": "x", "error": "cut"}])],
        [call("misbehave", how="fix")],
    ],
)
def test_what_a_run_ends_with_is_said_to_the_person_and_not_to_the_model(tmp_path, script):
    """A person hears what the model does, briefly, and one way out; "call the next tool" is for the model."""
    _, run, _ = drive(tmp_path, script, repeat=True)
    said = run.record.error
    assert not re.search(r'Call the|Your last|\[\["|unreadable', said), said
    assert len(said.replace(str(run.folder.parent), "")) < 500
    assert "sightsmith" not in said
    assert with_way(said, run.record.error_code, run.record.error_data, run.folder).count("sightsmith resume") == 1


@pytest.mark.parametrize(("before", "doubted"), [([], True), ([call("add_numbers", a=1, b=1)], False)])
def test_only_of_a_model_that_never_called_a_tool_it_is_said_that_it_may_not_be_able_to(tmp_path, before, doubted):
    script = [*before, AIMessage("I stop here."), AIMessage("I stop here."), AIMessage("I stop here.")]
    _, run, _ = drive(tmp_path, script)
    assert ("cannot call tools" in run.record.error) is doubted


@pytest.mark.parametrize(("offline", "ends"), [(False, True), (True, False)])
def test_the_minutes_are_over_also_where_a_model_settles_nothing_in_them(tmp_path, monkeypatch, offline, ends):
    run = start_run("apples", Settings(runs_dir=tmp_path / "runs", memory_dir=tmp_path / "memory"), options=MINUTE)
    clock = iter(range(0, 3600, 50))  # a minute is over at the second look
    monkeypatch.setattr(run, "elapsed_s", lambda: next(clock))
    script = [call("add_numbers", a=n, b=n) for n in range(30)]
    model = OfflinePlanner(known=known) if offline else ScriptedModel(script=script)
    execute(run, lambda _q: None, model=model, tools=offline_tools([]) if offline else TOOLS)
    assert ("the 1 minutes are over" in (run.record.error or "")) is ends
    assert offline or len(model.received) < 6


def test_a_call_without_an_id_and_one_with_no_object_do_not_end_the_run(tmp_path):
    odd = AIMessage("", tool_calls=[{"name": "functions.train_model", "args": {}, "id": None, "type": "tool_call"}])
    bare = AIMessage("", invalid_tool_calls=[{"name": "add_numbers", "args": "7", "id": "x", "error": "no object"}])
    code, _, model = drive(tmp_path, [bare, odd, DONE], check_bound=False)
    assert code is ExitCode.FINISHED
    assert "one JSON object, not '7'" in results(model)[0].text
    assert "trained" in results(model)[1].text


def offline_tools(fault: list[Exception]) -> list[Any]:
    """What the offline planner needs for a round; define_task raises the faults, one a call."""

    @tool
    def define_task(kind: str, classes: list[dict[str, str]]) -> str:
        """Define."""
        if fault:
            raise fault.pop(0)
        return '{"done": "settled", "rounds": 1, "classes": ["apple"]}'

    @tool
    def design_scenes() -> str:
        """Design."""
        return '{"done": "designed"}'

    @tool
    def evaluate_model() -> str:
        """Measure."""
        return '{"done": "measured", "scores": {"synthetic_test": {"mask_map50": 0.6, "pictures": 9}}}'

    return [define_task, design_scenes, train_model, evaluate_model]


def test_the_planners_own_refusal_is_what_the_run_ends_with(tmp_path):
    run = start_run("segment apples", Settings(runs_dir=tmp_path / "runs", memory_dir=tmp_path / "memory"))
    refusals: list[Exception] = [FixArguments("images must be between 1 and 9, not 1e+20.")] * 9
    code = execute(run, lambda _q: None, model=OfflinePlanner(known=known), tools=offline_tools(refusals))
    assert code is ExitCode.FAILED
    assert run.record.error.startswith("images must be between 1 and 9, not 1e+20.")
    assert run.record.error_code is None


@pytest.mark.parametrize(
    "fault", [StepFailed("my photos are empty"), OSError(28, "No space left on device"), ValueError("x")]
)
def test_a_failed_step_works_once_the_world_is_mended(tmp_path, fault):
    run = start_run("segment apples", Settings(runs_dir=tmp_path / "runs", memory_dir=tmp_path / "memory"))
    tools = offline_tools([fault])
    assert execute(run, lambda _q: None, model=OfflinePlanner(known=known), tools=tools) is ExitCode.FAILED
    again = open_run(run.folder)
    assert execute(again, lambda _q: None, model=OfflinePlanner(known=known), tools=tools) is ExitCode.FINISHED


@tool
def wish(runtime: ToolRuntime[RunContext]) -> str:
    """Show a plan; what is no yes is a wish."""
    answer = interrupt({"kind": "approve", "plan": {}})
    if answer != "yes":
        raise as_wish(answer)
    return "approved"


def test_a_person_may_wish_as_often_as_they_like(tmp_path):
    run = start_run("apples", Settings(runs_dir=tmp_path / "runs", memory_dir=tmp_path / "memory"))
    replies = [*["hmm"] * 8, "yes"]
    script = [*[call("wish")] * 9, call("train_model"), DONE]
    code = execute(run, lambda _q: replies.pop(0), model=ScriptedModel(script=script), tools=[wish, train_model])
    assert (code, run.record.error) == (ExitCode.FINISHED, None)


def test_stop_and_resume_go_on_where_the_run_was(tmp_path):
    code, run, _ = drive(tmp_path, [call("add_numbers", a=2, b=3), call("misbehave", how="stop")])
    assert code is ExitCode.STOPPED
    assert run.record.status == "stopped"
    again = open_run(run.folder)
    with pytest.raises(AssertionError, match="script has ended"):
        raise_bug(again)


def raise_bug(run: RunContext) -> None:
    """The stopped tool runs again first; with an empty script the model is then asked, which is the proof."""
    calm = [add_numbers, train_model, calm_misbehave, approve]
    model = ScriptedModel(script=[])
    code = execute(run, lambda _q: None, model=model, tools=calm)
    assert code is ExitCode.FAILED
    assert [m.text for m in model.received[0] if isinstance(m, ToolMessage)] == ["5", "calm now"]
    raise AssertionError(run.record.error)


@tool("misbehave")
def calm_misbehave(how: str) -> str:
    """Behave."""
    return "calm now"


@pytest.mark.parametrize(
    ("asking", "kind", "sentence"),
    [
        (call("misbehave", how="user"), "question", "The user answers: green"),
        (call("approve"), "approve", "answered: green"),
    ],
)
def test_a_question_waits_and_its_answer_goes_on(tmp_path, asking, kind, sentence):
    code, run, _ = drive(tmp_path, [asking])
    assert code is ExitCode.NEEDS_ANSWER
    assert run.record.status == "needs_answer"
    assert run.record.question["kind"] == kind
    again, model = open_run(run.folder), ScriptedModel(script=[call("train_model"), DONE])
    assert execute(again, lambda _q: None, model=model, tools=TOOLS, answer="green") is ExitCode.FINISHED
    assert sentence in results(model)[0].text
    assert again.record.question is None


def test_a_person_at_hand_is_asked_at_once(tmp_path):
    code, _, model = drive(tmp_path, [call("misbehave", how="user"), call("train_model"), DONE], answers=("red",))
    assert code is ExitCode.FINISHED
    assert "The user answers: red" in results(model)[0].text


def test_a_number_that_no_store_holds_does_not_end_the_run(tmp_path):
    code, run, model = drive(tmp_path, [call("add_numbers", a=10**40, b=-(10**30)), call("train_model"), DONE])
    assert (code, run.record.error) == (ExitCode.FINISHED, None)
    assert results(model)[0].text == str(10**40 - 10**30)


def test_calls_of_one_message_run_in_order(tmp_path):
    both = AIMessage("", tool_calls=[call("train_model").tool_calls[0], call("add_numbers", a=1, b=2).tool_calls[0]])
    code, _, model = drive(tmp_path, [both, DONE])
    assert code is ExitCode.FINISHED
    assert [m.name for m in results(model)] == ["train_model", "add_numbers"]


def test_two_processes_do_not_share_a_run(tmp_path):

    code, run, _ = drive(tmp_path, [call("misbehave", how="stop")])
    assert code is ExitCode.STOPPED
    with lock(run.folder), pytest.raises(FixArguments, match="another process"):
        execute(open_run(run.folder), lambda _q: None, model=ScriptedModel(script=[]), tools=TOOLS)


@pytest.mark.parametrize(
    ("name", "sentence"),
    [("../escape", "use letters"), ("a b", "use letters"), ("", "use letters"), ("x" * 65, "at most 64")],
)
def test_a_run_name_is_never_a_path(tmp_path, name, sentence):
    with pytest.raises(FixArguments, match=sentence):
        start_run("apples", Settings(runs_dir=tmp_path), name=name)


def test_a_taken_name_is_refused_and_an_unnamed_run_gets_its_own_folder(tmp_path):
    settings = Settings(runs_dir=tmp_path)
    first = start_run("帮我做一个苹果分割模型", settings)
    second = start_run("帮我做一个苹果分割模型", settings)
    assert first.folder != second.folder
    with pytest.raises(FixArguments, match="exists"):
        start_run("apples", settings, name=first.record.name)


def test_a_folder_that_holds_no_run_is_taken_when_it_is_empty_and_named_when_it_is_not(tmp_path):
    settings = Settings(runs_dir=tmp_path)
    (tmp_path / "left").mkdir()  # as a kill at the first moment left it once: neither built in nor resumed
    assert open_run(start_run("apples", settings, name="left").folder).record.request == "apples"
    (tmp_path / "mine").mkdir()
    (tmp_path / "mine" / "notes.txt").write_text("mine")
    with pytest.raises(FixArguments, match=r"run 'mine' exists; choose another --run$"):
        start_run("apples", settings, name="mine")
    assert sorted(p.name for p in tmp_path.iterdir()) == ["left", "mine"]


def test_a_run_that_is_killed_before_its_record_is_written_leaves_no_run(tmp_path, monkeypatch):
    def killed(_run):
        raise KeyboardInterrupt

    settings = Settings(runs_dir=tmp_path)
    with monkeypatch.context() as patched, pytest.raises(KeyboardInterrupt):
        patched.setattr(RunContext, "save", killed)
        start_run("apples", settings, name="a")
    assert not list(tmp_path.iterdir())
    start_run("apples", settings, name="a")


def test_what_a_kill_left_is_cleared_when_a_run_begins_and_when_it_goes_on(tmp_path):
    gone = subprocess.Popen([sys.executable, "-c", ""])
    gone.wait()
    half = tmp_path / f".{gone.pid}-1.new"
    half.mkdir()
    (half / "run.json").write_text("{")
    run = start_run("apples", Settings(runs_dir=tmp_path), name="a")
    assert [p.name for p in tmp_path.iterdir()] == ["a"]
    (run.folder / "rounds").mkdir()
    left = run.folder / "rounds" / f".{gone.pid}-1.tmp"
    left.write_text("half")
    with lock(run.folder):
        assert not left.exists()


def test_a_runs_folder_that_cannot_be_written_is_named(tmp_path):
    (tmp_path / "file").write_text("in the way")
    with pytest.raises(StepFailed, match="file"):
        start_run("apples", Settings(runs_dir=tmp_path / "file" / "runs"))


def test_no_key_reaches_the_record(tmp_path, monkeypatch):
    monkeypatch.setenv("OPENAI_API_KEY", "sk-secret-123")
    monkeypatch.setenv("OPENAI_BASE_URL", "http://user:hunter2@localhost:1/v1")
    run = start_run("apples", Settings(runs_dir=tmp_path))
    text = (run.folder / "run.json").read_text()
    assert "sk-secret" not in text
    assert "hunter2" not in text
