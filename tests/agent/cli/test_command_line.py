"""The command line as a person or a script meets it."""

import json
import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from pydantic import ValidationError
from typer.testing import CliRunner

from agent.cli import app as cli
from agent.run_folder import show_photos, start_run
from tests.tools.steps.test_export_model import exportable
from tests.tools.video.moving import Way, film
from tests.waiting import LONG_S
from tools.core.errors import FixArguments
from tools.core.settings import Settings, flat
from tools.data.images import write_image
from tools.runs.runtime import read_record


def sightsmith(*arguments: str, cwd: Path, **environment: str) -> subprocess.CompletedProcess[str]:
    repository = str(Path(__file__).parents[3])
    return subprocess.run(
        [sys.executable, "-m", "agent.cli.app", *arguments], cwd=cwd, text=True, capture_output=True, timeout=LONG_S,
        stdin=subprocess.DEVNULL, env=os.environ | {"PYTHONPATH": repository} | environment, check=False,
    )  # fmt: skip


def test_help_imports_hardly_anything(tmp_path):
    """What makes a command line slow to answer is what it imports."""
    result = sightsmith("--help", cwd=tmp_path, PYTHONPROFILEIMPORTTIME="1")
    assert result.returncode == 0
    assert all(name in result.stdout for name in ("build", "resume", "runs", "show", "predict", "export"))
    modules = [line.split("|")[-1].strip() for line in result.stderr.splitlines() if line.startswith("import time:")]
    packages = {name.split(".")[0] for name in modules} - sys.stdlib_module_names
    heavy = {"torch", "numpy", "cv2", "PIL", "scipy", "bpy", "transformers", "diffusers", "ultralytics", "onnxruntime",
             "streamlit", "chromadb", "langchain_core", "langgraph", "openai", "ray", "pandas", "pyarrow"}  # fmt: skip
    assert "typer" in packages
    assert not packages & heavy
    assert len(modules) < 700  # 350 today


@pytest.mark.parametrize(
    ("arguments", "code", "sentence"),
    [
        (["build"], 2, "Missing argument"),
        (["build", "apples", "--effort", "heroic"], 2, "heroic"),
        (["build", "apples", "--size", "100"], 2, "size_px"),
        (["build", "apples", "--real", "nowhere"], 2, "--real nowhere: there is no such folder"),
        (["build", "apples", "--unlabelled", "nowhere"], 2, "--unlabelled nowhere: there is no such folder"),
        (["build", "apples", "--unlabelled", "."], 2, "--unlabelled .: there is no picture in it"),
        (["build", "apples", "--run", "../up"], 2, "use letters"),
        (["build", "apples", "--cutouts", "nowhere"], 2, "--cutouts nowhere: there is no such folder"),
        (["build", "apples", "--backgrounds", "."], 2, "add --cutouts DIR or --few DIR"),
        (["build", "apples", "--cutouts", ".", "--few", "."], 2, "leave --cutouts out"),
        (["build", "apples", "--engine", "local", "--address", "h:1"], 2, "--address goes with --engine ray"),
        (["build", "apples", "--engine", "cloud"], 2, "cloud"),
        (["build", "apples", "--address", "nonsense"], 2, "--address 'nonsense': write host:port or ray://host:port"),
        (["build", "apples", "--address", "ray://"], 2, "write host:port"),
        (["build", "apples", "--engine", "ray", "--address", "head:99999"], 2, "write host:port"),
        (["resume", "nobody", "--address", "http://head:1"], 2, "there is no run 'nobody'"),
        (["build", "apples", "--minutes", "inf"], 2, "inf is no limit"),
        (["build", "apples", "--minutes", "nan"], 2, "--minutes"),
        (["build", "apples", "--money", "inf"], 2, "inf is no limit"),
        (["build", "apples", "--money", "nan"], 2, "--money"),
        (["predict", "nobody", "x.jpg", "--confidence", "nan"], 2, "--confidence"),
        (["label", ".", "--classes", "apple", "--precision", "nan"], 2, "--precision"),
        (["serve", "nobody", "--share", "nan"], 2, "--share"),
        (["serve", "nobody", "--max-wait-ms", "inf"], 2, "inf is no limit"),
        (["resume", "nobody"], 2, "there is no run 'nobody'"),
        (["show", "nobody"], 2, "there is no run 'nobody' in runs. `sightsmith runs` lists those that are there."),
        (["predict", "nobody", "x.jpg"], 2, "there is no run 'nobody'"),
        (["fly"], 2, "No such command"),
    ],
)
def test_wrong_usage(tmp_path, monkeypatch, arguments, code, sentence):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr("sys.argv", ["sightsmith", *arguments])
    result = CliRunner().invoke(cli.app, arguments)
    message = result.output + str(result.exception)
    assert sentence in message
    if not isinstance(result.exception, Exception):
        assert result.exit_code == code


def test_errors_become_one_sentence_and_an_exit_code(tmp_path):
    result = sightsmith("resume", "nobody", cwd=tmp_path)
    assert result.returncode == 2
    assert "there is no run 'nobody'" in result.stderr
    assert "Traceback" not in result.stderr


@pytest.mark.parametrize("command", [["build", "apples"], ["label", ".", "--classes", "apple"], ["doctor"]])
def test_a_setting_that_does_not_fit_is_named_by_every_command(tmp_path, command):
    result = sightsmith(*command, cwd=tmp_path, SIGHTSMITH_LABEL_VIEWS="3", SIGHTSMITH_SEED="x")
    assert result.returncode == 2
    assert "seed (SIGHTSMITH_SEED): Input should be a valid integer" in result.stderr
    assert "label_views (SIGHTSMITH_LABEL_VIEWS): Input should be 1, 2 or 6" in result.stderr
    assert "Traceback" not in result.stderr


def test_a_number_of_looks_is_read_from_the_environment(monkeypatch):
    monkeypatch.setenv("SIGHTSMITH_LABEL_VIEWS", "6")
    assert Settings().label.views == 6


def test_more_photos_join_those_that_are_shown_later_and_none_else(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    write_image(tmp_path / "mine" / "a.png", np.zeros((40, 40, 3), np.uint8))
    run = start_run("find my zorbling", Settings(runs_dir=tmp_path / "runs", llm="offline"), name="a")
    alone = CliRunner().invoke(cli.app, ["resume", "a", "--unlabelled", "mine"])
    assert alone.exit_code == 2 and "--unlabelled goes with --few here" in alone.output
    with pytest.raises(FixArguments, match="there is no such photo or folder"):
        show_photos(run.folder, tmp_path / "mine", tmp_path / "none")
    assert read_record(run.folder).few is None
    show_photos(run.folder, tmp_path / "mine", tmp_path / "mine")
    record = read_record(run.folder)
    assert record.few == record.unlabelled == str(tmp_path / "mine")


def test_a_video_shows_a_thing_whether_it_is_given_at_once_or_later(tmp_path):
    ways = [Way("apple", 0, 59, (40, 120), (280, 120), 60), Way("plum", 0, 59, (300, 40), (20, 200), 40)]
    clip, settings = film(tmp_path / "clip.mp4", ways, 60), Settings(runs_dir=tmp_path / "runs", llm="offline")
    at_once = start_run("find my zorbling", settings, name="a", few=clip, unlabelled=clip).record
    frames = sorted(p.name for p in Path(at_once.few).iterdir())
    assert at_once.few == at_once.unlabelled
    assert len(frames) >= 3 and all(name.startswith("clip_part_") for name in frames)
    later = start_run("find my zorbling", settings, name="b")
    show_photos(later.folder, clip)
    assert read_record(later.folder).few == at_once.few
    with pytest.raises(FixArguments, match=r"--few .*a\.jpg: a file; name the folder"):
        (tmp_path / "a.jpg").write_bytes(b"?")
        start_run("find my zorbling", settings, name="c", few=tmp_path / "a.jpg")
    with pytest.raises(FixArguments, match=r"--real .*clip\.mp4: a file; name the folder"):
        start_run("find apples", settings, name="c", real=clip)


@pytest.mark.slow
def test_a_plan_that_nobody_approves_waits(tmp_path):
    result = sightsmith("build", "build me an apple segmenter", "--llm", "offline", "--run", "a", cwd=tmp_path)
    assert result.returncode == 3, result.stderr
    assert "sightsmith resume a --yes" in result.stdout
    record = json.loads((tmp_path / "runs" / "a" / "run.json").read_text())
    assert record["status"] == "needs_answer"
    assert record["question"]["kind"] == "approve"
    assert record["totals"]["generated"] == 0


@pytest.mark.parametrize("request_text", ["", "   ", "hello", "🍎💥", "what is the meaning of life?"])
def test_a_request_that_names_nothing_gets_a_question(tmp_path, monkeypatch, request_text):
    monkeypatch.chdir(tmp_path)
    result = CliRunner().invoke(cli.app, ["build", request_text, "--llm", "offline", "--yes", "--json"])
    assert result.exit_code == 3, result.output
    record = json.loads(result.stdout)
    assert record["question"]["kind"] == "question"
    assert "?" in record["question"]["question"] or "？" in record["question"]["question"]


@pytest.mark.slow
def test_an_unreachable_model_says_how_to_go_on(tmp_path):
    result = sightsmith(
        "build", "build me an apple segmenter", "--llm", "some-model", "--yes", "--run", "a", cwd=tmp_path,
        OPENAI_BASE_URL="http://127.0.0.1:9/v1", SIGHTSMITH_LLM_RETRIES="0", OPENAI_API_KEY="sk-very-secret",
    )  # fmt: skip
    assert result.returncode == 4
    assert "--llm offline" in result.stdout
    everything = result.stdout + result.stderr + "".join(
        p.read_text(errors="replace") for p in (tmp_path / "runs" / "a").iterdir() if p.is_file()
    )  # fmt: skip
    assert "sk-very-secret" not in everything


def test_runs_lists_what_is_there(tmp_path):
    start_run("build me an apple segmenter", Settings(runs_dir=tmp_path / "runs"), name="first")
    (tmp_path / "runs" / "broken").mkdir()
    (tmp_path / "runs" / "broken" / "run.json").write_text("{")
    result = sightsmith("runs", cwd=tmp_path)
    assert result.returncode == 0
    assert "first" in result.stdout
    assert "stopped" in result.stdout  # marked running, but nobody works on it


def test_a_read_only_runs_folder_is_named(tmp_path):
    (tmp_path / "runs").write_text("a file in the way")
    result = sightsmith("build", "apples", "--yes", cwd=tmp_path)
    assert result.returncode == 2
    assert "runs is a file" in result.stderr
    assert "Traceback" not in result.stderr


def test_folders_and_the_cluster_are_kept_in_the_record(tmp_path, monkeypatch):
    """A plan waits for a yes, with the engine that its flags ask for; a resume may change where it works."""
    from tests.tools.generators.cutout_files import cutout_folder

    cutout_folder(tmp_path / "cut")
    (tmp_path / "grounds").mkdir()
    flags = ["--cutouts", str(tmp_path / "cut"), "--backgrounds", str(tmp_path / "grounds"), "--engine", "ray",
             "--address", "head:6379", "--llm", "offline", "--run", "a", "--json", "--runs-dir",
             str(tmp_path / "runs")]  # fmt: skip
    monkeypatch.setattr(cli, "_work", lambda context, *_more: seen.append(context))
    seen: list = []
    assert CliRunner().invoke(cli.app, ["build", "segment apples", *flags]).exception is None
    kept = flat(json.loads((tmp_path / "runs" / "a" / "run.json").read_text())["settings"])
    assert (kept["generator"], kept["cutouts_dir"]) == ("copy_paste", str(tmp_path / "cut"))
    assert (kept["backgrounds_dir"], kept["engine"], kept["ray_address"]) == (
        str(tmp_path / "grounds"), "ray", "head:6379",
    )  # fmt: skip
    back = ["resume", "a", "--engine", "local", "--runs-dir", str(tmp_path / "runs")]
    assert CliRunner().invoke(cli.app, back).exception is None
    assert [c.settings.cluster.engine for c in seen] == ["ray", "local"]


@pytest.mark.slow
def test_learning_from_photos_ends_with_the_model_that_is_kept(tmp_path, monkeypatch):
    run = exportable(tmp_path / "runs" / "one", "segment")
    run.record.status = "finished"
    run.save()
    run.dataset.close()
    rounds = [
        {"scores_alone": True, "examples": {"disc": {}}, "round": 2, "kept": False, "real_val": 0.4},
        {"photos": 3, "labels": 9, "round": 3, "kept": True, "real_val": 0.7},
        {"photos": 5, "labels": 0, "round": 4, "kept": False, "real_val": None},  # of a classifier
        {"round": 5, "kept": False, "failed": "no photo has a label"},
    ]

    def learns(run, *_):
        run.record.best = run.record.best.model_copy(update={"round": 3})
        return json.dumps({"rounds": rounds})

    monkeypatch.setattr("tools.label.learn.learn", learns)
    asked = ["learn", "one", "--unlabelled", str(tmp_path), "--runs-dir", str(tmp_path / "runs")]
    said = CliRunner().invoke(cli.app, asked).stdout
    assert "round 2, scores corrected by the photos: 0.40 on the photos that decide, not better" in said
    assert "round 3, trained on 3 photos with 9 labels too: 0.70 on the photos that decide, kept" in said
    assert "round 4, trained on 5 photos too: not better" in said
    assert "round 5 could not be done: no photo has a label" in said
    assert "Report:" in said
    assert {p.name for p in (tmp_path / "runs" / "one" / "export").iterdir()} >= {"model.pt", "model.onnx"}
    assert (tmp_path / "runs" / "one" / "report.html").is_file()
    assert json.loads(CliRunner().invoke(cli.app, [*asked, "--json"]).stdout)["rounds"] == rounds


@pytest.mark.parametrize(
    ("name", "value", "words"),
    [("RENDER_TIMEOUT_S", "inf", "finite"), ("IMAGE_PRICE", "nan", "finite"), ("RAY_ADDRESS", "nonsense", "host:port")],
)
def test_a_setting_without_an_end_or_an_address_that_is_none_is_refused(monkeypatch, name, value, words):
    monkeypatch.setenv(f"SIGHTSMITH_{name}", value)
    with pytest.raises(ValidationError, match=words):
        Settings()


@pytest.mark.parametrize("address", ["h:1", "10.0.0.5:6379", "ray://head-node.local:10001", "[::1]:6379"])
def test_an_address_of_a_cluster_is_taken_as_it_is(address):
    assert Settings(ray_address=address).cluster.ray_address == address


@pytest.mark.parametrize(("given", "network"), [([], "yolo11n"), (["--model", "s"], "yolo11s")])
def test_the_size_of_the_network_is_said_in_one_letter(tmp_path, monkeypatch, given, network):
    settings = []
    monkeypatch.setattr("agent.run_folder.start_run", lambda _request, made, **_: settings.append(made))
    monkeypatch.setattr(cli, "_work", lambda *_: None)
    monkeypatch.delenv("SIGHTSMITH_MODEL", raising=False)
    result = CliRunner().invoke(cli.app, ["build", "find apples", "--runs-dir", str(tmp_path), *given])
    assert result.exit_code == 0, result.output
    assert settings[0].training.model == network
