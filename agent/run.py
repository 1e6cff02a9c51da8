"""The life of a run: start, go on, stop, list. A run is a folder; nothing of it lives anywhere else."""

import errno
import logging
import os
import re
import shlex
import shutil
import sqlite3
import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import closing, contextmanager, suppress
from datetime import UTC, datetime
from enum import IntEnum
from pathlib import Path
from typing import TYPE_CHECKING, Any

from agent.faults import keep_traceback
from agent.requests.questions import ask_for_less
from agent.requests.understand import MAX_REQUEST_CHARS
from tools.core.database import connect, damaged
from tools.core.errors import FixArguments, SightsmithError, StepFailed, Stopped
from tools.core.files import clear_leftovers, explain_os_error, trouble
from tools.core.locks import locked
from tools.core.secrecy import secret_fields
from tools.core.settings import Settings
from tools.core.task import slug
from tools.data.photo_files import find_photos
from tools.runs.pace import machine_name
from tools.runs.photo_sets import labelled_folder
from tools.runs.profile import auto_settings
from tools.runs.runtime import Listener, RunContext, RunRecord, write_json

if TYPE_CHECKING:
    from langchain_core.language_models import BaseChatModel
    from langchain_core.tools import BaseTool

log = logging.getLogger(__name__)
_TAKEN = (errno.EEXIST, errno.ENOTEMPTY, errno.ENOTDIR)  # another process has just put something there
# Shown to the person; returns the answer, or None when nobody is there to answer.
Ask = Callable[[dict[str, Any]], str | None]
# Who only looks whether a run is held (`is_locked`) holds it for a moment; a worker that starts just then waits.
LOCK_PATIENCE_S = 0.5
_STEPS = {"tools", "remember", "report"}  # nodes that do the same again when they run again
_SUMMARY_CHARS = 4000  # of a model's last words
RECURSION_LIMIT = 1000  # LangGraph's stop against loops; ours (agent.graph.guard) speaks plainly and comes first


class ExitCode(IntEnum):
    """What the shell sees."""

    FINISHED = 0
    USAGE = 2
    NEEDS_ANSWER = 3
    FAILED = 4
    STOPPED = 130


def start_run(
    request: str,
    settings: Settings,
    *,
    name: str | None = None,
    real: Path | None = None,
    assets: Path | None = None,
    few: Path | None = None,
    unlabelled: Path | None = None,
    options: dict[str, Any] | None = None,
    listener: Listener | None = None,
    auto_approve: bool = False,
) -> RunContext:
    """Make the folder of a new run.

    Raises:
        FixArguments: the request is too long, the name is taken or not usable, or a given folder does not exist or has
            no photo.
        StepFailed: the runs folder cannot be written, or all photos of `few` are of photos in `real`, too.
    """
    if len(request) > MAX_REQUEST_CHARS:
        raise FixArguments(ask_for_less(len(request), MAX_REQUEST_CHARS, "en"))
    real, few = (None if given is None else labelled_folder(given, settings) for given in (real, few))
    folders = {"--real": real, "--assets": assets, "--few": few, "--unlabelled": unlabelled}
    for flag, given in folders.items():
        if given is not None and not given.is_dir():
            raise FixArguments(f"{flag} {given}: there is no such folder")
        if given is not None and not _is_text(str(given.resolve())):
            raise FixArguments(f"{flag} {str(given)!a}: the name is no UTF-8 text, so no record can hold it; rename it")
    if unlabelled is not None and next(find_photos([unlabelled]), None) is None:
        raise FixArguments(f"--unlabelled {unlabelled}: there is no picture in it")
    if name is not None and not re.fullmatch(r"[A-Za-z0-9][A-Za-z0-9._-]{0,63}", name):
        raise FixArguments(f"--run {name!r}: use letters, digits, '.', '_' and '-', at most 64")
    if few is not None:
        from tools.data.apart import check_apart

        if real is not None:
            check_apart(few, real)
    settings, chosen = auto_settings(settings)
    record = RunRecord(
        name="",
        request=request,
        machine=machine_name(),
        created=datetime.now(UTC).isoformat(timespec="seconds"),
        settings=settings.written(),
        chosen=chosen,
        options={k: v for k, v in (options or {}).items() if v is not None},
        real=None if real is None else str(real.resolve()),
        assets=None if assets is None else str(assets.resolve()),
        few=None if few is None else str(few.resolve()),
        unlabelled=None if unlabelled is None else str(unlabelled.resolve()),
    )
    folder = _claim(record, settings, name)
    return RunContext(folder, record, settings, listener=listener, auto_approve=auto_approve)


def show_photos(folder: Path, few: Path) -> None:
    """Give a run photos of its thing, to be learnt from in place of drawn ones.

    Args:
        folder: of a run whose work has not begun.
        few: photos of the thing, with labels or without.

    Raises:
        FixArguments: there is no such folder of photos, or the run has begun its first round.
        StepFailed: all photos are of photos that judge.
    """
    record = read_record(folder)
    few = labelled_folder(few, Settings(runs_dir=folder.parent))
    if next(find_photos([few]), None) is None:
        raise FixArguments(f"--few {few}: there is no picture in it")
    if record.rounds:
        raise FixArguments(
            f"{record.name} has begun with what it had; start a new run: "
            f"sightsmith build {shlex.quote(record.request)} --few {shlex.quote(str(few))}"
        )
    if record.real is not None:
        from tools.data.apart import check_apart

        check_apart(few, Path(record.real))
    record.few, record.approved = str(few.resolve()), False
    write_json(folder / "run.json", record.model_dump(mode="json"))


def open_run(
    folder: Path,
    *,
    listener: Listener | None = None,
    auto_approve: bool = False,
    llm: str | None = None,
    changes: dict[str, Any] | None = None,
) -> RunContext:
    """An existing run, with the settings it was started with, but for the chat model and `changes`.

    Raises:
        FixArguments: there is no run in that folder, or its record is damaged.
    """
    record = read_record(folder)
    for name in secret_fields(Settings):  # a record of before may hold an address
        record.settings.pop(name, None)
    settings = Settings(
        **{**record.settings, "runs_dir": folder.parent, **({"llm": llm} if llm else {}), **(changes or {})}
    )
    return RunContext(folder, record, settings, listener=listener, auto_approve=auto_approve)


def read_record(folder: Path) -> RunRecord:
    """`run.json` of a run.

    Raises:
        FixArguments: there is none, it cannot be read or is damaged.
    """
    path = folder / "run.json"
    try:
        return RunRecord.model_validate_json(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        raise FixArguments(f"there is no run {folder.name!r} in {folder.parent}; see `sightsmith runs`") from None
    except NotADirectoryError:
        raise FixArguments(f"{folder} is no run's folder: a file is in its place or above it; see --runs-dir") from None
    except OSError as error:
        place = str(folder.parent)[:200]
        raise FixArguments(
            f"there is no run {folder.name[:80]!r} that can be read in {place} ({error.strerror}); see --runs-dir"
        ) from None
    except ValueError as error:
        raise FixArguments(f"{path} is damaged: {str(error).splitlines()[0]}") from None


def list_runs(runs_dir: Path) -> list[RunRecord]:
    """Readable runs, newest first; a run marked running whose process is gone is called stopped.

    Raises:
        FixArguments: the runs folder is a file.
    """
    if runs_dir.exists() and not runs_dir.is_dir():
        raise FixArguments(f"--runs-dir {runs_dir}: is a file, not a folder")
    records = []
    for path in runs_dir.glob("*/run.json"):
        if path.parent.name.startswith("."):  # being deleted
            continue
        try:
            record = read_record(path.parent)
        except FixArguments as error:
            log.warning("%s", error)
            continue
        if record.status == "running" and not is_locked(path.parent):
            record.status = "stopped"
        records.append(record)
    return sorted(records, key=lambda r: (r.created, r.name), reverse=True)


def execute(
    run: RunContext,
    ask: Ask,
    *,
    model: "BaseChatModel | None" = None,
    tools: "Sequence[BaseTool] | None" = None,
    answer: str | None = None,
    more_rounds: int = 0,
    said: str | None = None,
) -> ExitCode:
    """Run the graph from where it is to its end, a question nobody answers, a failure or a stop.

    Args:
        run: new or reopened.
        ask: called with a question or a plan.
        model: the chat model; None takes the one in the settings.
        tools: what the model may call; None takes all.
        answer: answers the question that the run stopped with.
        more_rounds: rounds to add to a run that had come to its end.
        said: a person's word to a run that had come to its end: a new turn of the same conversation.
    """
    with lock(run.folder):
        failed_by = run.record.error if run.record.status == "failed" else None
        run.record.status, run.record.error, run.record.question = "running", None, None
        run.save()
        try:
            code = _drive(run, ask, model, tools, answer, more_rounds, failed_by, said)
        except (Stopped, KeyboardInterrupt) as stop:
            code = _end(run, "stopped", str(stop) or "stopped by the user", ExitCode.STOPPED)
        except SightsmithError as error:
            code = _end(run, "failed", str(error), ExitCode.FAILED)
        except Exception as error:
            said = trouble(error, run.folder)
            if said is None:
                said = f"{type(error).__name__}: {error} (a bug; {keep_traceback(error, run.folder)})"
            code = _end(run, "failed", said, ExitCode.FAILED)
        return code


def _drive(
    run: RunContext, ask: Ask, model: "BaseChatModel | None", tools: "Sequence[BaseTool] | None", answer: str | None,
    more_rounds: int, failed_by: str | None, said: str | None,
) -> ExitCode:  # fmt: skip
    from langgraph.checkpoint.sqlite import SqliteSaver
    from langgraph.types import Command

    from agent.graph import build_graph
    from agent.llm import chat_model, choose
    from agent.talk.tools import talk_tools
    from tools import all_tools

    if model is None:
        for why in (choose(run.settings).why, *run.record.chosen.values()):
            run.emit("note", text=why)
        model = chat_model(
            run.settings, folder=run.folder, assets=run.record.assets, told=lambda text: run.emit("note", text=text)
        )
    with closing(connect(run.folder / "checkpoints.sqlite")) as kept:
        graph = build_graph(model, tools or [*all_tools(), *talk_tools()]).compile(checkpointer=SqliteSaver(kept))
        config: Any = {
            "configurable": {"thread_id": run.record.name},
            "recursion_limit": RECURSION_LIMIT,
            "max_concurrency": 1,  # tools of one message work on the same folder: one after the other, in order
        }
        snapshot = _readable(lambda: graph.get_state(config), run.folder / "checkpoints.sqlite")
        start: Any = _beginning(run, snapshot, more_rounds, failed_by) if said is None else _new_turn(run, said)
        question = _pending_question(snapshot)
        while True:
            if question is not None:
                reply = answer if answer is not None else _ask_person(run, ask, question)
                answer = None
                if reply is None:
                    run.record.question = question
                    return _end(run, "needs_answer", None, ExitCode.NEEDS_ANSWER)
                run.emit("answer", text=reply)
                start = Command(resume=reply)
            for _ in graph.stream(start, config, context=run, stream_mode="updates", durability="sync"):
                run.check_stop()
            snapshot = graph.get_state(config)
            question = _pending_question(snapshot)
            if question is None:
                break
        final = snapshot.values["messages"][-1].text[:_SUMMARY_CHARS] if snapshot.values.get("messages") else ""
    if run.record.best is None and run.record.labelled is None:
        return _end(run, "failed", final or "no model was trained", ExitCode.FAILED)
    run.emit("summary", text=final)
    return _end(run, "finished", None, ExitCode.FINISHED)


def _beginning(run: RunContext, snapshot: Any, more_rounds: int, failed_by: str | None) -> dict[str, Any] | None:
    """What the graph is started with: the request, a word to go on, or nothing where a step was broken off."""
    from langchain_core.messages import HumanMessage

    from agent.talk.more import ask_for_more, go_on

    if not snapshot.values:
        return {"messages": [HumanMessage(run.record.request, id="request")]}
    ended, made = not snapshot.next, run.record.best is not None or run.record.labelled is not None
    words = []
    # A step that was broken off runs again as it is; where the model's turn had come, it is told to try anew.
    if (failed_by and not set(snapshot.next) & _STEPS) or (ended and not made):
        words.append(go_on(failed_by or "the run was killed"))
    if more_rounds and ended:
        words.append(ask_for_more(run, more_rounds))
    return {"messages": words, "model_calls": 0, "nudges": 0} if words else None


def _new_turn(run: RunContext, said: str) -> dict[str, Any]:
    """A person's word as the beginning of a new turn on the run's thread; it may name places, as an answer may."""
    from langchain_core.messages import HumanMessage

    from agent.talk.more import FOLLOWUP

    run.emit("answer", text=said)
    return {"messages": [HumanMessage(said, name=FOLLOWUP)], "model_calls": 0, "nudges": 0}


def _pending_question(snapshot: Any) -> dict[str, Any] | None:
    return next((dict(i.value) for task in snapshot.tasks for i in task.interrupts), None)


def _ask_person(run: RunContext, ask: Ask, question: dict[str, Any]) -> str | None:
    if run.auto_approve and question.get("kind") == "approve":  # a plan that waited, resumed with --yes
        return "yes"
    run.emit("question", asked=question)
    with run.waiting():
        return ask(question)


def _end(run: RunContext, status: Any, error: str | None, code: ExitCode) -> ExitCode:
    run.record.status, run.record.error = status, error
    try:
        with suppress(sqlite3.DatabaseError):  # damaged, or on a full disk: what ended the run is told, not this
            run.record.totals |= {
                "generated": float(run.dataset.count()),
                "kept": float(run.dataset.count(verdict="kept")),
            }
        run.save()
        run.emit("end", status=status, error=error)
        if status in ("failed", "stopped"):
            from agent.memory import remember_run
            from agent.report.write import write_report

            if status == "failed":  # a measured round taught something, however the run ended
                remember_run(run)
            write_report(run)
    except Exception as problem:  # a full or vanished disk, say: the sentence still reaches the person
        why = trouble(problem, run.folder) or f"{problem}; {keep_traceback(problem, run.folder)}"
        log.error("the report of a run that did not finish could not be written: %s", why)
    return code


def _readable(read: Callable[[], Any], path: Path) -> Any:
    """What a database of the agent holds; who wrote it packs it, so that only he knows what may be wrong with a row.

    Raises:
        StepFailed: a row is damaged.
    """
    try:
        return read()
    except (sqlite3.DatabaseError, OSError, SightsmithError):
        raise
    except Exception as error:
        raise StepFailed(damaged(path, f"{type(error).__name__}: {error}")) from error


@contextmanager
def lock(folder: Path) -> Iterator[None]:
    """One process at a time works on a run.

    Raises:
        FixArguments: another process does.
    """
    refusal = FixArguments(f"run {folder.name} is being worked on by another process")
    with locked(folder / ".lock", LOCK_PATIENCE_S, refusal):
        (folder / ".worker").write_text(str(os.getpid()), encoding="ascii")  # whom a stop is sent to
        clear_leftovers(folder)
        yield


def is_locked(folder: Path) -> bool:
    """Whether a process works on the run now."""
    try:
        with locked(folder / ".lock", 0.0, BlockingIOError()):
            return False
    except OSError:
        return True


def _is_text(name: str) -> bool:
    """Whether a path's name is UTF-8; bytes that are not come as lone surrogates."""
    return not any("\ud800" <= c <= "\udfff" for c in name)


def _claim(record: RunRecord, settings: Settings, name: str | None) -> Path:
    """Put a new run's record in a folder of its own, both at once: a kill leaves a run that can be resumed, or none."""
    runs_dir = settings.runs_dir
    stem = name or slug(record.request)[:40].strip("-") or "run"
    new = runs_dir / f".{os.getpid()}-{threading.get_native_id()}.new"
    try:
        new.mkdir(parents=True, exist_ok=True)
        for number in range(1, 10_000):
            folder = runs_dir / (stem if number == 1 else f"{stem}-{number}")
            if not os.path.lexists(folder) or _is_empty(folder):
                record.name = folder.name
                RunContext(new, record, settings).save()
                try:
                    new.rename(folder)
                    return folder
                except OSError as error:
                    if error.errno not in _TAKEN:
                        raise
            if name is not None:
                way_on = f"`sightsmith resume {name}` goes on with it, or " if (folder / "run.json").exists() else ""
                raise FixArguments(f"run {name!r} exists; {way_on}choose another --run")
    except OSError as error:
        raise StepFailed(explain_os_error(error, runs_dir)) from error
    finally:
        shutil.rmtree(new, ignore_errors=True)
    raise FixArguments(f"{runs_dir} holds 10,000 runs named {stem}; name this one with --run")


def _is_empty(folder: Path) -> bool:
    return folder.is_dir() and not folder.is_symlink() and not any(folder.iterdir())
