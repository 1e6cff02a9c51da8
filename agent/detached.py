"""A run in a process of its own: started, answered and stopped from outside, alive whoever started it dies.

What passes between is the run's folder: the worker writes `run.json` and `events.jsonl`, and ends when it needs an
answer; the answer starts the next worker. Keys go through the environment of the worker and nowhere else; to an
endpoint that a visitor names go the visitor's alone.
"""

import os
import shutil
import signal
import subprocess
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import psutil

from agent.run_folder import is_locked, list_runs, show_photos, start_run
from tools.core.answers import SHOWN
from tools.core.errors import FixArguments, StepFailed
from tools.core.files import explain_os_error
from tools.core.processes import environment, module_command
from tools.core.settings import Settings
from tools.runs.runtime import RunRecord, read_record, write_json

if TYPE_CHECKING:
    from agent.followup import Reply

LOG = "process.log"  # what a worker said that died before it could write its record
_STARTED = "started"  # beside its number in `.worker`: it has yet to take its run's lock
_LOG_CHARS = 4000
# Signs that the last line of what a worker wrote is what it died of.
_DYING = ("Traceback", "Fatal Python error", "sightsmith:", "Killed", "MemoryError")
# Workers that this process started: how they ended is asked of them.
_children: dict[Path, "subprocess.Popen[bytes]"] = {}


def start(
    request: str,
    settings: Settings,
    secrets: Mapping[str, str],
    *,
    real: Path | None = None,
    assets: Path | None = None,
    few: Path | None = None,
    unlabelled: Path | None = None,
    options: dict[str, Any] | None = None,
    visitor: bool = False,
) -> str:
    """Make a run and set a worker on it; returns the run's name.

    Args:
        request: what the person wrote.
        settings: kept in the run's record, without the key.
        secrets: environment of the worker alone, such as OPENAI_API_KEY.
        real: folder of labelled photos.
        assets: folder of models.
        few: folder of some photos of the thing to learn from.
        unlabelled: folder of photos without labels.
        options: images, rounds, minutes, money, effort.
        visitor: the request is not by the owner of this machine, whose folders it may then not name.

    Raises:
        FixArguments: the request is empty or a folder is missing.
        StepFailed: the runs folder cannot be written, or a photo of `few` is also in `real`.
    """
    if not request.strip():
        raise FixArguments("the request is empty; name a thing, such as: segment apples in an orchard")
    run = start_run(request, settings, real=real, assets=assets, few=few, unlabelled=unlabelled, options=options)
    if visitor:
        run.record.visitor = True
        run.save()
    run.dataset.close()
    _spawn(run.folder, ["resume", run.record.name], secrets)
    return run.record.name


def go_on(
    folder: Path,
    secrets: Mapping[str, str],
    *,
    answer: str | None = None,
    more_rounds: int = 0,
    llm: str | None = None,
    few: Path | None = None,
    unlabelled: Path | None = None,
    visitor: bool = False,
) -> None:
    """Set a worker on a run that waits, was stopped, or has come to its end.

    Args:
        folder: of the run.
        secrets: environment of the worker alone.
        answer: to its question.
        more_rounds: rounds to add.
        llm: another chat model.
        few: photos of the thing, shown as the answer to a question.
        unlabelled: more photos beside these, without labels.
        visitor: the word is not by the owner of this machine; from then on the run is as a visitor's.

    Raises:
        FixArguments: somebody works on it already, or the answer is empty.
        StepFailed: the run's folder cannot be written.
    """
    if is_alive(folder):
        raise FixArguments(f"run {folder.name} is being worked on by another process")
    arguments = ["resume", folder.name]
    if answer is not None:
        if not answer.strip():
            raise FixArguments("the answer is empty")
        arguments.append(f"--answer={answer}")
    if more_rounds:
        arguments.append(f"--more-rounds={more_rounds}")
    if llm:
        arguments.append(f"--llm={llm}")
    if few is not None:
        show_photos(folder, few, unlabelled)
        arguments.append(f"--answer={SHOWN}")
    if visitor and not (record := read_record(folder)).visitor:
        record.visitor = True
        write_json(folder / "run.json", record.model_dump(mode="json"))
    _spawn(folder, arguments, secrets)


def say(
    folder: Path, said: str, secrets: Mapping[str, str], *, photos: Sequence[Path] = (), visitor: bool = False
) -> "Reply | None":
    """A person's word about a run: answered at once where its record or its mailbox is enough, else by a worker.

    Args:
        folder: of the run.
        said: what the person says.
        secrets: environment of the worker alone.
        photos: that come with it, already on this machine.
        visitor: the word is not by the owner of this machine; from then on the run is as a visitor's.

    Returns:
        The reply, or None where a worker was set on it: its plan or its last words come as those of any worker, in the
        run's record and events; those of a fork in the fork's, whose name is then in the record's `forks`.

    Raises:
        FixArguments: there is no such run, or the word is empty or too long.
        StepFailed: the run's folder cannot be written.
    """
    from agent.followup import at_once

    if visitor and not (record := read_record(folder)).visitor and not is_alive(folder):
        record.visitor = True
        write_json(folder / "run.json", record.model_dump(mode="json"))
    reply = at_once(folder, said, photos=photos, language_model=bool(secrets))
    if reply is None:
        named = [f"--photo={p}" for p in photos]
        _spawn(folder, ["ask", folder.name, *named, "--json", "--", said], secrets)
    return reply


def export(folder: Path) -> None:
    """Set a worker on writing a run's model and data set.

    Raises:
        FixArguments: somebody works on the run.
        StepFailed: the run's folder cannot be written.
    """
    if is_alive(folder):
        raise FixArguments(f"run {folder.name} is being worked on by another process")
    _spawn(folder, ["export", folder.name], {})


def stop(folder: Path) -> bool:
    """Ask the worker to stop after the step in hand; asked again it stops at once. False when nobody works there."""
    pid = worker(folder)
    if pid is None:
        return False
    try:
        os.kill(pid, signal.SIGTERM)
    except ProcessLookupError:
        return False
    return True


def worker(folder: Path) -> int | None:
    """The process that works on a run, or was started for it and still loads; None when there is none."""
    note = folder / ".worker"
    try:
        words, written = note.read_text(encoding="ascii").split(), note.stat().st_mtime
        pid = int(words[0])
        process = psutil.Process(pid)
        gone = process.status() == psutil.STATUS_ZOMBIE or process.create_time() > written + 1  # the number came round
    except (OSError, ValueError, IndexError, psutil.Error):
        return None
    if gone or not (is_locked(folder) or words[1:] == [_STARTED]):
        return None
    return pid


def is_alive(folder: Path) -> bool:
    """Whether a process works on a run, or has just been started to."""
    return worker(folder) is not None or is_locked(folder)


def current(folder: Path) -> RunRecord:
    """A run's record with the truth about its process: marked running without one, it is stopped.

    Raises:
        FixArguments: there is no such run, or its record is damaged.
    """
    alive = is_alive(folder)  # looked at first: a worker that ends in between has written its last word
    record = read_record(folder)
    if alive and record.status != "running":
        record.status, record.question, record.error = "running", None, None  # a worker that has yet to say so
        record.error_code, record.error_data = None, {}
    elif not alive and record.status == "running":
        record.status, record.error = "stopped", why_gone(folder)
        record.error_code, record.error_data = None, {}
    return record


def all_runs(runs_dir: Path) -> list[RunRecord]:
    """Every readable run, newest first, with the truth about its process."""
    found = []
    for record in list_runs(runs_dir):
        if record.status in ("stopped", "running"):
            try:
                record = current(runs_dir / record.name)
            except FixArguments:  # deleted meanwhile
                continue
        found.append(record)
    return found


def why_gone(folder: Path) -> str:
    """Why a run's process is gone that wrote no last word into the record, as far as that can be known."""
    if words := last_words(folder):
        return words
    code = child.poll() if (child := _children.get(folder.resolve())) is not None else None
    if code is not None and code < 0:
        by = f"its process was ended by signal {-code} ({signal.Signals(-code).name})"
    else:
        by = "the machine was restarted" if _restarted(folder) else "its process ended without a word"
    memory = "" if by.startswith("the machine") else "; too little memory is the usual cause"
    return f"{by}{memory}. Everything done so far is kept: it goes on where it was"


def last_words(folder: Path) -> str:
    """The last line that a worker wrote of what it died of, if any."""
    try:
        text = (folder / LOG).read_text(encoding="utf-8", errors="replace")[-_LOG_CHARS:]
    except OSError:
        return ""
    if not any(sign in text for sign in _DYING):  # what it said while it worked is no reason
        return ""
    return last_line(text)


def last_line(text: str) -> str:
    """The last line of a text that is not blank."""
    return next((line.strip() for line in reversed(text.splitlines()) if line.strip()), "")


def brings_endpoint(own: Mapping[str, str]) -> bool:
    """Whether variables name an address of a service: then no key of this process may be sent to it."""
    known = Settings.secret_variables()
    return any(known.get(name.upper(), "").endswith("_base_url") for name in own)


def _restarted(folder: Path) -> bool:
    """Whether the machine was started after the run's worker was."""
    try:
        return (folder / ".worker").stat().st_mtime < psutil.boot_time()
    except OSError:
        return False


def _spawn(folder: Path, arguments: Sequence[str], secrets: Mapping[str, str]) -> None:
    """Start a worker in a session of its own, so that nothing that ends its starter ends it."""
    name, *others = arguments  # options come first: what a person says may begin with a dash
    flags = ["--runs-dir", str(folder.resolve().parent), *(["--json"] if name == "resume" else [])]
    command = module_command("agent.cli.app", name, *flags, *others)
    try:
        with (folder / LOG).open("wb") as log:
            process = subprocess.Popen(
                command, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=log, start_new_session=True,
                env=environment(secrets, keys=not brings_endpoint(secrets)), cwd=folder.parent,
            )  # fmt: skip
        (folder / ".worker").write_text(f"{process.pid} {_STARTED}", encoding="ascii")
        _children[folder.resolve()] = process
    except OSError as error:
        raise StepFailed(explain_os_error(error, folder)) from error


def delete(folder: Path) -> None:
    """Delete a run and everything in it; what is not a run is left alone.

    Raises:
        FixArguments: there is no such run, or somebody works on it.
        StepFailed: it cannot be removed.
    """
    if folder.is_symlink() or not (folder / "run.json").is_file():
        raise FixArguments(f"there is no run {folder.name!r}")
    if is_alive(folder):
        raise FixArguments(f"run {folder.name} is being worked on; stop it first")
    doomed = folder.with_name(f".{folder.name}.deleted")  # gone from every list at once, whatever happens on the way
    try:
        shutil.rmtree(doomed, ignore_errors=True)
        folder.replace(doomed)
        shutil.rmtree(doomed)
    except OSError as error:
        raise StepFailed(explain_os_error(error, folder)) from error
