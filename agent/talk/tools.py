"""What a language model is given for talking about a run: answers from the record, photos to try, forgetting."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal

from langchain_core.tools import tool
from langgraph.prebuilt import ToolRuntime
from pydantic import Field

from agent.extend import extend_run
from agent.talk.answers import answer
from agent.talk.fork import fork_run
from tools.core.errors import FixArguments
from tools.memory.store import RunMemory
from tools.runs.allowed_photos import allowed_photos
from tools.runs.runtime import RunContext, report, without_model

if TYPE_CHECKING:
    from langchain_core.tools import BaseTool

Topic = Literal["why", "score", "confusions", "weak", "use", "speed", "pictures", "cost", "files", "status", "about"]


def talk_tools() -> "list[BaseTool]":
    """The tools for a conversation about a run, beside those of a round."""
    return [about_run, extend_run, fork_run, try_photos, forget_run]


@tool
def about_run(
    runtime: ToolRuntime[RunContext],
    topic: Topic,
    number: Annotated[int | None, Field(description="pictures that a question about speed names")] = None,
    device: Annotated[str, Field(description="for use: python, phone, pi, http or shell")] = "",
) -> str:
    """Facts of this run for a question of the user: answer in your own words. Reads only, costs nothing.

    why (is the score low), score, confusions, weak, use (in Python, on a phone...), speed, images, cost, files,
    status, about.
    """
    run = runtime.context
    return report(topic=topic, facts=answer(topic, run.folder, run.record, "en", number, device))


@tool
def try_photos(runtime: ToolRuntime[RunContext], photos: list[str]) -> str:
    """Try this run's model on photos that the user named or brought: images with what was found, drawn in.

    Args:
        runtime: given by the agent.
        photos: files or folders exactly as the user wrote them; no others.
    """
    run = runtime.context
    done = try_on(run, allowed_photos(run, photos))
    return report(**done)


@tool
def forget_run(runtime: ToolRuntime[RunContext]) -> str:
    """Forget what this run taught, so that no later run starts from it. For "forget that"; its files stay."""
    return report(done="forgotten" if forget(runtime.context) else "nothing of this run was remembered")


def try_on(run: RunContext, photos: list[Path]) -> dict[str, object]:
    """Ask a run's best model about photos, and draw what it finds into `predictions/` of the run.

    Raises:
        FixArguments: there is no model yet, or a photo is not there.
        StepFailed: none can be read.
    """
    best = run.record.best
    if best is None:
        raise without_model(run.folder)
    if missing := [p for p in photos if not p.exists()]:
        raise FixArguments(f"{missing[0]}: there is no such photo or folder")
    from tools.models.predict_files import predict_files

    result = predict_files(run.path(best.weights), photos, run.folder / "predictions", best.threshold)
    return {"done": f"looked at {result['pictures']} photos, found {result['instances']} things"} | result


def forget(run: RunContext) -> bool:
    """Take this run's lesson out of the memory, and keep it out. Whether there was one."""
    run.record.options["forgotten"] = True
    run.save()
    return RunMemory.of(run.settings).remove(run.record.name, run.record.created)
