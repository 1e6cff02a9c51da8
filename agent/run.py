"""The life of a run: worked on, asked about, ended."""

import logging
import sqlite3
from collections.abc import Callable, Sequence
from contextlib import closing, suppress
from enum import IntEnum
from pathlib import Path
from typing import TYPE_CHECKING, Any

from agent.faults import keep_traceback
from agent.run_folder import lock
from tools.core.database import connect, damaged
from tools.core.errors import SightsmithError, StepFailed, Stopped
from tools.core.files import trouble
from tools.runs.runtime import RunContext

if TYPE_CHECKING:
    from langchain_core.language_models import BaseChatModel
    from langchain_core.tools import BaseTool

log = logging.getLogger(__name__)
# Shown to the person; returns the answer, or None when nobody is there to answer.
Ask = Callable[[dict[str, Any]], str | None]
_STEPS = {"tools", "remember", "report"}  # nodes that do the same again when they run again
_SUMMARY_CHARS = 4000  # of a model's last words
RECURSION_LIMIT = 1000  # LangGraph's stop against loops; ours (agent.limits.guard) speaks plainly and comes first


class ExitCode(IntEnum):
    """What the shell sees."""

    FINISHED = 0
    USAGE = 2
    NEEDS_ANSWER = 3
    FAILED = 4
    STOPPED = 130


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
        run.record.error_code, run.record.error_data = None, {}
        run.save()
        try:
            code = _drive(run, ask, model, tools, answer, more_rounds, failed_by, said)
        except (Stopped, KeyboardInterrupt) as stop:
            code = _end(run, "stopped", str(stop) or "stopped by the user", ExitCode.STOPPED)
        except SightsmithError as error:
            code = _end(run, "failed", str(error), ExitCode.FAILED, error)
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

    from agent.more import ask_for_more, go_on

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

    from agent.more import FOLLOWUP

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


def _end(
    run: RunContext, status: Any, error: str | None, code: ExitCode, cause: SightsmithError | None = None
) -> ExitCode:
    run.record.status, run.record.error = status, error
    coded = cause is not None and cause.code is not None
    run.record.error_code = str(cause.code) if cause is not None and coded else None
    run.record.error_data = cause.data if cause is not None and coded else {}
    try:
        with suppress(sqlite3.DatabaseError):  # damaged, or on a full disk: what ended the run is told, not this
            run.record.totals |= {
                "generated": float(run.dataset.count()),
                "kept": float(run.dataset.count(verdict="kept")),
            }
        run.save()
        run.emit("end", status=status, error=error, code=run.record.error_code, data=run.record.error_data)
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


def ask_nobody(_question: dict[str, Any]) -> str | None:
    """For runs without a person: the question ends the run with its exit code."""
    return None
