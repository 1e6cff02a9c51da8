"""Command lines that cannot work: each ends with a code of ours and a sentence that names the thing, no traceback."""

import json
import os
import shutil
import sqlite3
from pathlib import Path

import pytest
from typer.testing import CliRunner

from agent import cli
from tests.runs import make_run
from tools.files import json_text

LONG = "r" * 300
NO_UTF8 = os.fsdecode(b"\xff\xfe apples")


@pytest.fixture(scope="module")
def finished(tmp_path_factory):
    """A run with pictures and scores; its weights are not there."""
    run = make_run(tmp_path_factory.mktemp("made") / "good", rounds=1, images=6)
    run.record.status = "finished"
    run.save()
    run.dataset.close()
    return run.folder


@pytest.fixture
def place(finished, tmp_path, monkeypatch):
    """A folder with a run, a file, an empty folder, somebody's folder and a link that leads to itself."""
    monkeypatch.chdir(tmp_path)
    shutil.copytree(finished, tmp_path / "runs" / "good")
    (tmp_path / "file").write_text("a file")
    (tmp_path / "empty").mkdir()
    (tmp_path / "theirs").mkdir()
    (tmp_path / "theirs" / "notes.txt").write_text("mine")
    (tmp_path / "loop").symlink_to("loop")
    (tmp_path / NO_UTF8).mkdir()
    return tmp_path


def run_json(text):
    return lambda run: (run / "run.json").write_text(text)


def unfinished(run):
    record = json.loads((run / "run.json").read_text()) | {"status": "stopped", "best": None}
    (run / "run.json").write_text(json.dumps(record))


def instead_of(name):
    """A folder where a file should be."""

    def spoil(run):
        unfinished(run)
        (run / name).unlink(missing_ok=True)
        (run / name).mkdir()

    return spoil


def garbage(name):
    def spoil(run):
        unfinished(run)
        (run / name).write_bytes(b"no database at all, " * 400)

    return spoil


def cut(name):
    """Half of a database, as a full disk or a copy that was broken off leaves it."""

    def spoil(run):
        unfinished(run)
        path = run / name
        if not path.exists():
            with sqlite3.connect(path) as db:
                db.execute("CREATE TABLE checkpoints (thread_id TEXT, x TEXT)")
                db.executemany("INSERT INTO checkpoints VALUES (?, ?)", [("t", "x" * 900)] * 60)
        with sqlite3.connect(path) as db:
            db.execute("PRAGMA journal_mode=DELETE")
        db.close()
        content = path.read_bytes()
        path.write_bytes(content[: len(content) // 2])

    return spoil


def bad_row(run):
    with sqlite3.connect(run / "dataset.sqlite") as db:
        db.execute("UPDATE samples SET axes = '{half' WHERE verdict = 'kept'")


def fine(_run):
    """Nothing is wrong with the run."""


BUILD = ["build", "apples"]
CASES = [
    # arguments, exit code, what the message names, what is done to the run before
    ([], 2, "build", fine),
    (["fly"], 2, "fly", fine),
    (["build"], 2, "request", fine),
    ([*BUILD, "pears"], 2, "pears", fine),
    ([*BUILD, "--nonsense"], 2, "--nonsense", fine),
    ([*BUILD, "--effort", "heroic"], 2, "heroic", fine),
    ([*BUILD, "--profile", "cloud"], 2, "cloud", fine),
    ([*BUILD, "--size", "100"], 2, "size_px", fine),
    ([*BUILD, "--size", "10"], 2, "--size", fine),
    ([*BUILD, "--images", "1"], 2, "--images", fine),
    ([*BUILD, "--rounds", "0"], 2, "--rounds", fine),
    ([*BUILD, "--rounds", "99"], 2, "--rounds", fine),
    ([*BUILD, "--minutes", "0"], 2, "--minutes", fine),
    ([*BUILD, "--minutes", "soon"], 2, "--minutes", fine),
    ([*BUILD, "--money", "-1"], 2, "--money", fine),
    ([*BUILD, "--seed", "-1"], 2, "--seed", fine),
    ([*BUILD, "--seed", "x"], 2, "--seed", fine),
    ([*BUILD, "--real", "nowhere"], 2, "--real nowhere: there is no such folder", fine),
    ([*BUILD, "--real", "file"], 2, "--real file: there is no such folder", fine),
    ([*BUILD, "--real", "loop"], 2, "--real loop: there is no such folder", fine),
    ([*BUILD, "--real", NO_UTF8], 2, "no UTF-8", fine),
    ([*BUILD, "--assets", "nowhere"], 2, "--assets nowhere", fine),
    ([*BUILD, "--few", "nowhere"], 2, "--few nowhere", fine),
    ([*BUILD, "--unlabelled", "empty"], 2, "--unlabelled empty: there is no picture", fine),
    ([*BUILD, "--cutouts", "nowhere"], 2, "--cutouts nowhere", fine),
    ([*BUILD, "--backgrounds", "nowhere"], 2, "--backgrounds nowhere", fine),
    ([*BUILD, "--backgrounds", "empty"], 2, "--cutouts DIR", fine),
    ([*BUILD, "--engine", "cloud"], 2, "cloud", fine),
    ([*BUILD, "--engine", "local", "--address", "h:1"], 2, "--address", fine),
    ([*BUILD, "--run", "../up"], 2, "../up", fine),
    ([*BUILD, "--run", ""], 2, "--run", fine),
    ([*BUILD, "--run", LONG], 2, "at most 64", fine),
    ([*BUILD, "--run", "good"], 2, "run 'good' exists", fine),
    ([*BUILD, "--runs-dir", "file"], 4, "file: File exists", fine),
    ([*BUILD, "--runs-dir", "file/below"], 4, "file", fine),
    ([*BUILD, "--runs-dir", "loop"], 4, "loop", fine),
    ([*BUILD, "--runs-dir", "/proc/nowhere"], 4, "/proc/nowhere", fine),
    (["build", NO_UTF8], 2, "no UTF-8 text", fine),
    (["resume", "nobody"], 2, "there is no run 'nobody'", fine),
    (["resume", LONG], 2, "File name too long", fine),
    (["resume", "good", "--answer", NO_UTF8], 2, "no UTF-8 text", fine),
    (["resume", "good", "--more-rounds", "99"], 2, "--more-rounds", fine),
    (["resume", "good", "--runs-dir", "file"], 2, "--runs-dir", fine),
    (["resume", "good"], 2, "run.json is damaged", run_json("{")),
    (["resume", "good"], 2, "run.json is damaged", run_json("")),
    (["resume", "good"], 2, "run.json is damaged", run_json("[1, 2]")),
    (["resume", "good"], 2, "Is a directory", instead_of("run.json")),
    (["resume", "good"], 4, "dataset.sqlite is damaged", garbage("dataset.sqlite")),
    (["resume", "good"], 4, "dataset.sqlite", instead_of("dataset.sqlite")),
    (["resume", "good"], 4, "delete it, then resume", garbage("checkpoints.sqlite")),
    (["resume", "good"], 4, "delete it, then resume", cut("checkpoints.sqlite")),
    (["resume", "good"], 4, "events.jsonl: Is a directory", instead_of("events.jsonl")),
    (["show", "nobody"], 2, "there is no run 'nobody'", fine),
    (["show", LONG], 2, "File name too long", fine),
    (["show", "run.json", "--runs-dir", "runs/good"], 2, "run.json is no run's folder", fine),
    (["show", "good"], 2, "run.json is damaged", run_json("nonsense")),
    (["show", "loop", "--runs-dir", "."], 2, "symbolic links", fine),
    (["runs", "--runs-dir", "file"], 2, "--runs-dir file: is a file", fine),
    (["predict", "nobody", "x.jpg"], 2, "there is no run 'nobody'", fine),
    (["predict", "good"], 2, "images", fine),
    (["predict", "good", "x.jpg", "--confidence", "2"], 2, "--confidence", fine),
    (["predict", "good", "x.jpg"], 4, "weights.safetensors: there is no such weights file", fine),
    (["predict", "good", "x.jpg"], 2, "good has no trained model yet", unfinished),
    (["predict", "good", "x.jpg", "--out", "file"], 2, "--out file is a file", fine),
    (["predict", "good", "x.jpg", "--out", "runs/good/export"], 2, "--out runs/good/export holds an export",
     lambda run: json_export(run / "export")),
    (["predict", "good", "empty"], 2, "no pictures in empty", fine),
    (["export", "nobody"], 2, "there is no run 'nobody'", fine),
    (["export", "good", "--format", "tfrecord"], 2, "Unknown format tfrecord", fine),
    (["export", "good"], 4, "dataset.sqlite is damaged", garbage("dataset.sqlite")),
    (["export", "good"], 4, "dataset.sqlite is damaged", cut("dataset.sqlite")),
    (["export", "good"], 4, "row of picture", bad_row),
    (["export", "good"], 4, "events.jsonl: Is a directory", instead_of("events.jsonl")),
    (["export", "good"], 4, "export", lambda run: (run / "export").write_text("a file")),
    (["audit", "good"], 4, "dataset.sqlite is damaged", garbage("dataset.sqlite")),
    (["learn", "nobody"], 2, "there is no run 'nobody'", fine),
    (["learn", "good"], 2, "--unlabelled DIR", fine),
    (["learn", "good", "--unlabelled", "empty"], 2, "--real DIR", fine),
    (["label", "nowhere", "--classes", "apple"], 2, "nowhere: there is no such photo", fine),
    (["label", "loop", "--classes", "apple"], 2, "loop", fine),
    (["label", "empty"], 2, "--classes", fine),
    (["label", "empty", "--classes", NO_UTF8], 2, "no UTF-8 text", fine),
    (["label", "empty", "--classes", "apple", "--out", "tfrecord"], 2, "tfrecord", fine),
    (["label", "empty", "--classes", "apple", "--to", "file"], 2, "--to file is a file", fine),
    (["label", "empty", "--classes", "apple", "--to", "theirs"], 2, "--to theirs holds other files", fine),
    (["label", "empty", "--classes", "apple", "--runs-dir", "file"], 4, "file", fine),
    (["convert", "nowhere", "out"], 4, "nowhere", fine),
    (["convert", "empty", "file"], 2, "OUT file is a file", fine),
    (["convert", "empty", "theirs"], 2, "OUT theirs holds other files", fine),
    (["serve", "nobody"], 2, "there is no run 'nobody'", fine),
    (["serve", "good", "--port", "0"], 2, "--port", fine),
    (["serve", "good", "--share", "2"], 2, "--share", fine),
    (["keys"], 2, "add", fine),
    (["keys", "add", "a/b", "--keys", "keys.json"], 2, "'a/b' cannot name a key", fine),
    (["keys", "remove", "nobody", "--keys", "keys.json"], 2, "there is no key 'nobody'", fine),
    (["keys", "list", "--keys", "file"], 4, "file: the keys cannot be read", fine),
    (["keys", "list", "--keys", "empty"], 4, "empty: the keys cannot be read", fine),
    (["mcp", "--photos", "nowhere"], 2, "--photos nowhere: there is no such folder", fine),
    (["mcp", "--http", "--host", "0.0.0.0", "--keys", "keys.json"], 2, "sightsmith keys add", fine),
    (["mcp", "--money", "inf"], 2, "no limit", fine),
    (["mcp", "--runs-dir", "file"], 4, "file", fine),
    (["anonymise", "nowhere", "--out", "out"], 2, "nowhere: there is no such photo", fine),
    (["anonymise", "empty", "--out", "theirs"], 2, "--out theirs holds other files", fine),
    (["anonymise", "empty", "--out", "out"], 4, "there is no photo", fine),
    (["anonymise", "empty", "--out", "out", "--find", "tattoos"], 2, "known are faces, plates", fine),
    (["erase"], 2, "name the photos", fine),
    (["erase", "nowhere"], 2, "nowhere: there is no such photo", fine),
    (["erase", "--digest", "abc"], 2, "'abc' is no SHA-256", fine),
    (["describe", "nowhere"], 2, "nowhere: there is no such photo", fine),
    (["describe", "empty"], 2, "there is no photo in it", fine),
    (["export", "good", "--format", "llava-next"], 2, "Unknown format llava-next", fine),
    (["ui", "--port", "99999"], 2, "--port", fine),
    (["doctor", "--profile", "cloud"], 2, "cloud", fine),
]  # fmt: skip


def json_export(folder):
    folder.mkdir(exist_ok=True)
    (folder / ".sightsmith.json").write_text(json.dumps({"by": "export", "files": {}}))


def plain(output):
    """Without the boxes and line breaks that the terminal draws."""
    return "".join(c for c in output if not c.isspace() and c not in "│╭╮╰╯─")


@pytest.mark.parametrize(("arguments", "code", "named", "spoil"), CASES)
def test_a_bad_command_line_ends_with_a_sentence(place, arguments, code, named, spoil):
    spoil(place / "runs" / "good")
    result = CliRunner().invoke(cli.app, arguments)
    assert result.exception is None or isinstance(result.exception, SystemExit), result.exception
    assert result.exit_code == code, result.output
    assert "Traceback" not in result.output
    assert plain(named) in plain(result.output)
    assert (place / "theirs" / "notes.txt").read_text() == "mine"


def test_there_are_many():
    assert len(CASES) >= 60


def test_a_fault_of_our_own_is_kept_in_the_log_of_its_run(place, monkeypatch):
    def fault(*_arguments):
        raise KeyError("nobody foresaw this")

    monkeypatch.setattr("agent.console.print_record", fault)
    monkeypatch.setattr("agent.console.print_runs", fault)
    result = CliRunner().invoke(cli.app, ["show", "good"])
    assert result.exit_code == 4
    assert "Traceback" not in result.output
    log = place / "runs" / "good" / "events.jsonl"
    assert str(Path("runs") / "good" / "events.jsonl") in result.output
    kept = json.loads(log.read_text().splitlines()[-1])
    assert kept["kind"] == "traceback" and "nobody foresaw this" in kept["text"] and "Traceback" in kept["text"]

    monkeypatch.setattr("tempfile.tempdir", str(place))
    result = CliRunner().invoke(cli.app, ["runs"])  # belongs to no run
    assert result.exit_code == 4
    (log,) = place.glob("sightsmith-fault-*.log")
    assert log.name in plain(result.output) and "nobody foresaw this" in log.read_text()


def test_a_fault_in_a_run_is_told_without_its_traceback(place, monkeypatch, capfd):
    unfinished(place / "runs" / "good")

    def fault(*_arguments, **_options):
        raise KeyError("nobody foresaw this")

    monkeypatch.setattr("agent.graph.build_graph", fault)
    result = CliRunner().invoke(cli.app, ["resume", "good"])
    assert result.exit_code == 4
    assert "Traceback" not in result.output + "".join(capfd.readouterr())
    assert "events.jsonl" in result.output
    lines = [json.loads(line) for line in (place / "runs" / "good" / "events.jsonl").read_text().splitlines()]
    assert ["nobody foresaw this" in e["text"] for e in lines if e["kind"] == "traceback"] == [True]


@pytest.mark.parametrize("problem", [KeyboardInterrupt, BrokenPipeError])
def test_stopped_and_unread_have_codes_of_their_own(place, monkeypatch, problem):
    def ends(*_arguments):
        raise problem

    monkeypatch.setattr("agent.console.print_runs", ends)
    result = CliRunner().invoke(cli.app, ["runs"])
    assert result.exit_code == (130 if problem is KeyboardInterrupt else 0)


def test_a_name_that_is_no_utf8_is_printed_by_its_escapes():
    name = os.fsdecode(b"r\xe9sum\xe9.jpg")
    text = json_text({"file": name, "class": "苹果"})
    text.encode()
    assert json.loads(text) == {"file": name, "class": "苹果"}
