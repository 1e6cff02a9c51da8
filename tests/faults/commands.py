"""Command lines that cannot work: a table of what a run may look like, and every option of every command with nonsense.

Each is given to the command line in this process; what would do real work is stopped where it begins.
"""

import contextlib
import inspect
import json
import os
import shutil
import sqlite3
from collections.abc import Iterator
from pathlib import Path
from typing import Any, NamedTuple, get_args, get_origin, get_type_hints
from unittest import mock

import typer
from typer.models import OptionInfo
from typer.testing import CliRunner

from agent.cli import app as cli
from tests.runs import make_run
from tools.core.settings import Settings, places

LONG = "r" * 300
NO_UTF8 = os.fsdecode(b"\xff\xfe apples")
CODES = (0, 2, 3, 4, 130)  # with which a command may end


class Reached(Exception):
    """A command went to work with arguments that it should have refused."""


class Line(NamedTuple):
    """A command line, and words of which one has to be in what is said of it."""

    command: str
    arguments: list[str]
    names: tuple[str, ...]
    variable: tuple[str, str] | None = None


def make_finished(folder: Path) -> Path:
    """A run with images and scores; its weights are not there."""
    run = make_run(folder, rounds=1, images=6)
    run.record.status = "finished"
    run.save()
    run.dataset.close()
    return run.folder


def furnish(folder: Path, finished: Path) -> Path:
    """A folder with a run, a file, an empty folder, somebody's folder and a link that leads to itself."""
    shutil.copytree(finished, folder / "runs" / "good")
    (folder / "file").write_text("a file")
    (folder / "empty").mkdir()
    (folder / "theirs").mkdir()
    (folder / "theirs" / "notes.txt").write_text("mine")
    (folder / "loop").symlink_to("loop")
    (folder / NO_UTF8).mkdir()
    return folder


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
    ([*BUILD, "--real", "file"], 2, "--real file: a file; name the folder that it is in", fine),
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
    ([*BUILD, "--runs-dir", "file"], 2, "file is a file, not a folder", fine),
    ([*BUILD, "--runs-dir", "file/below"], 2, "file is a file, not a folder", fine),
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
    (["runs", "--runs-dir", "file"], 2, "file is a file, not a folder", fine),
    (["predict", "nobody", "x.jpg"], 2, "there is no run 'nobody'", fine),
    (["predict", "good"], 2, "images", fine),
    (["predict", "good", "x.jpg", "--confidence", "2"], 2, "--confidence", fine),
    (["predict", "good", "x.jpg"], 4, "weights.safetensors: there is no such weights file", fine),
    (["predict", "good", "x.jpg"], 2, "good has no trained model yet", unfinished),
    (["predict", "good", "x.jpg", "--out", "file"], 2, "--out file cannot be a folder", fine),
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
    (["label", "empty", "--classes", "apple", "--to", "file"], 2, "--to file cannot be a folder", fine),
    (["label", "empty", "--classes", "apple", "--to", "theirs"], 2, "--to theirs holds other files", fine),
    (["label", "empty", "--classes", "apple", "--runs-dir", "file"], 2, "file is a file, not a folder", fine),
    (["convert", "nowhere", "out"], 4, "nowhere", fine),
    (["convert", "empty", "file"], 2, "OUT file cannot be a folder", fine),
    (["convert", "empty", "theirs"], 2, "OUT theirs holds other files", fine),
    (["serve", "nobody"], 2, "there is no run 'nobody'", fine),
    (["serve", "good", "--port", "0"], 2, "--port", fine),
    (["serve", "good", "--share", "2"], 2, "--share", fine),
    (["keys"], 2, "add", fine),
    (["keys", "add", "a/b", "--keys", "keys.json"], 2, "'a/b' cannot name a key", fine),
    (["keys", "remove", "nobody", "--keys", "keys.json"], 2, "there is no key 'nobody'", fine),
    (["keys", "list", "--keys", "file"], 4, "file: the keys cannot be read", fine),
    (["keys", "list", "--keys", "empty"], 4, "empty: the keys cannot be read", fine),
    (["mcp", "--photos", "nowhere"], 2, "'--photos': nowhere: No such file", fine),
    (["mcp", "--http", "--host", "0.0.0.0", "--keys", "keys.json"], 2, "sightsmith keys add", fine),
    (["mcp", "--money", "inf"], 2, "no limit", fine),
    (["mcp", "--runs-dir", "file"], 2, "file is a file", fine),
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


# Every option of every command ----------------------------------------------------------------------------------------

# What goes before the option, so that nothing else is wrong.
BASES = {
    "build": ["apples"], "resume": ["good"], "runs": [], "show": ["good"], "doctor": [], "audit": ["good"],
    "predict": ["good", "file"], "export": ["good"], "ui": [], "label": ["empty", "--classes", "apple"],
    "convert": ["empty", "new"], "learn": ["good"], "serve": ["good"], "keys add": ["me"], "keys list": [],
    "keys remove": ["me"], "improve": ["empty", "--out", "new"], "compare": ["good"], "mcp": [], "describe": ["empty"],
    "anonymise": ["empty", "--out", "new"], "erase": ["empty"], "ask": ["good", "why"], "chat": ["good"],
    "settings": [], "cvat fetch": ["7", "new"], "cvat send": ["empty", "--name", "fruit"],
}  # fmt: skip
# Places that are written to: a folder that is not there yet is none of the faults.
WRITTEN = {"--runs-dir", "--to", "--out", "--keys", "to"}
# Names of runs, and what of them has to be told.
NO_RUNS = {
    "nobody": ("no run 'nobody'",), "../up": ("up",), "a/b": ("'b'", "a/b"), "..": ("no run",), ".": ("no run",),
    "": ("no run", "--run"), LONG: ("File name too long", "at most 64"), NO_UTF8: ("no run", "no UTF-8"),
    "a\nb": ("no run",), " good": ("no run",), "GOOD": ("no run",),
}  # fmt: skip


class Parameter(NamedTuple):
    """One of a command's."""

    name: str
    flag: str  # empty: an argument
    takes: set[Any]  # types, and for a choice its words
    least: float | None
    most: float | None
    many: bool
    optional: bool


def option_lines() -> Iterator[Line]:
    """Every option of every command with values that it cannot have, and every argument left out."""
    for words, function in _commands(cli.app):
        command = " ".join(words)
        for arguments, names in _lines_of(function, BASES[command]):
            yield Line(command, [*words, *arguments], names)


def _lines_of(function: Any, base: list[str]) -> Iterator[tuple[list[str], tuple[str, ...]]]:
    parameters = list(_parameters(function))
    arguments = [p for p in parameters if not p.flag]
    yield [*base, "--nonsense"], ("--nonsense",)
    yield [*base, "--nonsense=1"], ("--nonsense",)
    if not any(p.many for p in arguments):
        yield [*base, "one-too-many"], ("one-too-many",)
    for number, argument in enumerate(arguments):
        if not argument.optional:
            yield base[:number], (argument.name,)
        if argument.name == "run":
            for run, told in NO_RUNS.items():
                yield [run, *base[1:]], (*told, f"{run!r}")
    for option in parameters:
        if option.flag:
            yield from _of_option(base, option)


def _commands(app: typer.Typer, above: tuple[str, ...] = ()) -> Iterator[tuple[tuple[str, ...], Any]]:
    for command in app.registered_commands:
        name = command.name or command.callback.__name__
        yield (*above, name), command.callback
    for group in app.registered_groups:
        yield from _commands(group.typer_instance, (*above, group.name))


def _parameters(function: Any) -> Iterator[Parameter]:
    for name, hint in get_type_hints(function, include_extras=True).items():
        if name == "return":
            continue
        kind, info = get_args(hint)
        takes = {a for part in (kind, *get_args(kind)) for a in (part, *get_args(part))}
        said = [d for d in info.param_decls or () if d.startswith("--")]
        flag = (said[0] if said else f"--{name.replace('_', '-')}") if isinstance(info, OptionInfo) else ""
        optional = inspect.signature(function).parameters[name].default is not inspect.Parameter.empty
        yield Parameter(name, flag.partition("/")[0], takes, info.min, info.max, get_origin(kind) is list, optional)


def _of_option(base: list[str], option: Parameter) -> Iterator[tuple[list[str], tuple[str, ...]]]:
    flag = option.flag
    if bool in option.takes:
        yield [*base, f"{flag}=5"], (flag,)
        return
    yield [*base, flag], (flag,)
    for value in _bad_values(option):
        yield [*base, flag, value], (flag, value or flag, repr(value), f"{value.split('/')[0]}:")


def _bad_values(option: Parameter) -> list[str]:
    if words := sorted(w for w in option.takes if isinstance(w, str)):
        return ["nonsense", "", words[0].upper(), f"{words[0]} "]
    if number := option.takes & {int, float}:
        ends = [str(option.least - 1)] if option.least is not None else []
        ends += [str(option.most + 1)] if option.most is not None else []
        return [*ends, "x", "", "1,5", *(["0.5", "1e3"] if int in number else ["nan", "inf", "-inf"])]
    if Path in option.takes:
        new = option.flag in WRITTEN
        return ["file/below", f"{LONG}/{LONG}"] if new else ["nowhere", "file/below", LONG, "loop/below"]
    return [NO_UTF8] if option.flag in ("--answer", "--classes") else []


def variable_lines() -> Iterator[Line]:
    """Every setting that takes no text, with nonsense from the environment."""
    settings = Settings()
    for name, place in places().items():
        kind = str(type(settings.holder(place)).model_fields[place.field].annotation)
        if any(text in kind for text in ("<class 'str'>", "str | None", "Annotated[str", "Path", "Secret")):
            continue
        for value in ("nonsense", "nan", "-1e400", "{"):
            yield Line("doctor", ["doctor"], (place.variable, name), (place.variable, value))


# Trying ---------------------------------------------------------------------------------------------------------------


@contextlib.contextmanager
def no_work() -> Iterator[None]:
    """Where a command would begin to work, it is stopped."""
    reached = mock.Mock(side_effect=Reached)
    work = ("agent.run.execute", "agent.cli.serve.serve", "tools.label.command._label", 
            "tools.steps.annotate.audit_run", "mcp.server.fastmcp.FastMCP.run")  # fmt: skip
    with contextlib.ExitStack() as stack:
        for name in work:
            stack.enter_context(mock.patch(name, reached))
        yield


def fault_of(line: Line) -> str | None:
    """What is wrong with how a bad command line ends; None where it ends as it should."""
    with mock.patch.dict(os.environ, [line.variable] if line.variable else []), no_work():
        result = CliRunner().invoke(cli.app, line.arguments)
    shown = f"{'='.join(line.variable or ())} {' '.join(a[:30] for a in line.arguments)!a}"
    if isinstance(result.exception, Reached) or "Reached" in result.output:
        return f"{shown}: it went to work"
    if result.exception is not None and not isinstance(result.exception, SystemExit):
        return f"{shown}: {type(result.exception).__name__}: {result.exception}"
    said = plain(result.output)
    if result.exit_code not in CODES or result.exit_code == 0:
        return f"{shown}: code {result.exit_code}: {said[:200]}"
    if "Traceback" in said or "faultofSightsmith" in said:
        return f"{shown}: {said[:300]}"
    if not any(plain(name) in said for name in line.names):
        return f"{shown}: names none of {[n[:60] for n in line.names]}: {said[:300]}"
    return None


def plain(output: str) -> str:
    """Without the boxes and line breaks that the terminal draws."""
    return "".join(c for c in output if not c.isspace() and c not in "│╭╮╰╯─")
