"""Command lines that cannot work: each ends with a code of ours and a sentence that names the thing, no traceback."""

import json
import os
import shutil
from itertools import groupby
from pathlib import Path

import pytest
from typer.testing import CliRunner

from agent.cli import app as cli
from tests.faults.commands import (
    BASES,
    CASES,
    CODES,
    fault_of,
    furnish,
    make_finished,
    option_lines,
    plain,
    unfinished,
    variable_lines,
)
from tools.core.files import json_text

LINES = {command: list(lines) for command, lines in groupby(option_lines(), lambda line: line.command)}


@pytest.fixture(scope="module")
def finished(tmp_path_factory):
    return make_finished(tmp_path_factory.mktemp("made") / "good")


@pytest.fixture
def place(finished, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    return furnish(tmp_path, finished)


@pytest.mark.parametrize(("arguments", "code", "named", "spoil"), CASES)
def test_a_bad_command_line_ends_with_a_sentence(place, arguments, code, named, spoil):
    spoil(place / "runs" / "good")
    result = CliRunner().invoke(cli.app, arguments)
    assert result.exception is None or isinstance(result.exception, SystemExit), result.exception
    assert result.exit_code == code, result.output
    assert "Traceback" not in result.output
    assert plain(named) in plain(result.output)
    assert (place / "theirs" / "notes.txt").read_text() == "mine"


@pytest.mark.parametrize("command", BASES)
def test_every_option_of_every_command_refuses_what_it_cannot_have(place, command):
    assert [fault for line in LINES[command] if (fault := fault_of(line))] == []
    assert (place / "theirs" / "notes.txt").read_text() == "mine"
    assert not (place / "new").exists() and [p.name for p in (place / "runs").iterdir()] == ["good"]


@pytest.mark.slow
def test_every_setting_refuses_nonsense_from_the_environment(place):
    lines = list(variable_lines())
    assert len(lines) > 200
    assert [fault for line in lines if (fault := fault_of(line))] == []


@pytest.mark.parametrize("command", BASES)
def test_a_folder_that_is_gone_ends_with_a_sentence(tmp_path, monkeypatch, command):
    (tmp_path / "gone").mkdir()
    monkeypatch.chdir(tmp_path / "gone")
    (tmp_path / "gone").rmdir()
    result = CliRunner().invoke(cli.app, [*command.split(), *BASES[command]])
    assert result.exception is None or isinstance(result.exception, SystemExit), result.exception
    assert result.exit_code in CODES and "a fault of Sightsmith" not in result.output


def test_there_are_many():
    assert len(CASES) + sum(map(len, LINES.values())) > 400


def test_the_way_out_names_the_run_that_is_unfinished(place):
    """Not the one that the command is about first."""
    shutil.copytree(place / "runs" / "good", place / "runs" / "other")
    unfinished(place / "runs" / "other")
    result = CliRunner().invoke(cli.app, ["serve", "good", "--candidate", "other", "--shadow"])
    assert plain("other has no trained model yet. Go on with it: sightsmith resume other") in plain(result.output)


def test_a_threshold_that_hides_what_is_seen_is_told_with_the_way_out(place, monkeypatch):
    result = {"pictures": 4, "instances": 0, "unsure": {"empty": 3, "surest": 0.1276}}
    monkeypatch.setattr("tools.models.predict_files.predict_files", lambda *_: result)
    said = CliRunner().invoke(cli.app, ["predict", "good", "x.jpg"]).stderr
    assert "In 3 of 4 pictures nothing is as sure as" in said
    assert "right or wrong: --confidence 0.12 shows it." in said
    assert "chosen on rendered pictures" in said
    said = CliRunner().invoke(cli.app, ["predict", "good", "x.jpg", "--confidence", "0.4"]).stderr
    assert "as sure as 0.40" in said and "rendered" not in said
    result["unsure"] = None
    assert CliRunner().invoke(cli.app, ["predict", "good", "x.jpg"]).stderr == ""


def test_a_fault_of_our_own_is_kept_in_the_log_of_its_run(place, monkeypatch):
    def fault(*_arguments):
        raise KeyError("nobody foresaw this")

    monkeypatch.setattr("agent.cli.console.print_record", fault)
    monkeypatch.setattr("agent.cli.console.print_runs", fault)
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

    monkeypatch.setattr("agent.cli.console.print_runs", ends)
    result = CliRunner().invoke(cli.app, ["runs"])
    assert result.exit_code == (130 if problem is KeyboardInterrupt else 0)


@pytest.mark.parametrize(
    ("ends", "code"), [(KeyboardInterrupt(), 130), (SystemExit(1), 130), (SystemExit(4), 4), (SystemExit(0), 0)]
)
def test_what_is_stopped_before_a_command_began_has_the_code_of_what_is_stopped(monkeypatch, ends, code):
    def app():
        raise ends

    monkeypatch.setattr(cli, "app", app)
    monkeypatch.setattr("signal.signal", lambda *_: None)
    monkeypatch.setattr(cli, "_log_quietly", lambda: None)
    with pytest.raises(SystemExit) as ended:
        cli.main()
    assert ended.value.code == code


def test_a_name_that_is_no_utf8_is_printed_by_its_escapes():
    name = os.fsdecode(b"r\xe9sum\xe9.jpg")
    text = json_text({"file": name, "class": "苹果"})
    text.encode()
    assert json.loads(text) == {"file": name, "class": "苹果"}
