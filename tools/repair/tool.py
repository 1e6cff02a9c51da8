"""The agent's tool for poor photos."""

from collections.abc import Sequence
from pathlib import Path
from typing import Literal

from langchain_core.tools import tool
from langgraph.prebuilt import ToolRuntime
from langgraph.types import interrupt

from tools.core.answers import NO, approves, as_wish, plain
from tools.core.errors import FixArguments, StepFailed
from tools.data.photo_files import find_photos
from tools.repair.improve import Repair, improve_photos
from tools.runs.allowed_photos import allowed_photos
from tools.runs.runtime import RunContext, report

STAGE = "label"
_FOLDER = "improved"
_USUAL = ("denoise", "deblur")


def improve(run: RunContext, photos: list[str], steps: list[str]) -> str:
    """Improve photos that the person named into the run's folder, once he has approved; see `improve_photos_in`.

    Raises:
        FixArguments: a place that the person neither named nor brought, or a wish about the plan.
        StepFailed: the plan was refused, or no photo can be read.
    """
    if not [p for p in photos if p.strip()]:
        raise FixArguments("photos is empty: name the folders or files that the user named, or ask for them")
    places = allowed_photos(run, photos)
    if not run.auto_approve:
        _approve(run, places, steps or _USUAL)

    def told(done: int, total: int) -> None:
        run.progress(STAGE, done, total)
        run.check_stop()

    with run.stage(STAGE):
        outcome = improve_photos(places, run.folder / _FOLDER, Repair(steps or _USUAL), told=told)
    return report(
        done=f"photos: {outcome['photos']}, changed: {outcome['changed']}",
        left_as_they_are=outcome["left_as_they_are"],
        unreadable=len(outcome["broken"]),
        written_to=_FOLDER,
        note="the photos themselves were only read; no model is judged on improved ones",
    )


def _approve(run: RunContext, places: Sequence[Path], steps: Sequence[str]) -> None:
    """Wait for the person's word on which photos are read and copied."""
    plan = {
        "task": "write better copies of photos; the photos are only read",
        "photos": [f"{place.resolve()}: photos: {sum(1 for _ in find_photos([place]))}" for place in places],
        "steps": ", ".join(steps),
        "written to": str(run.folder / _FOLDER),
    }
    answer = str(interrupt({"kind": "approve", "plan": plan})).strip()
    if plain(answer) in NO:
        raise StepFailed("the plan was refused; no photo was read. Start again with other words")
    if not approves(answer):
        raise as_wish(answer)


@tool("improve_photos")
def improve_photos_in(
    runtime: ToolRuntime[RunContext],
    photos: list[str],
    steps: list[Literal["denoise", "deblur", "enlarge"]] | None = None,
) -> str:
    """Write better copies of poor photos (noisy, blurred, small); only when the user asks for that.

    Args:
        runtime: given by the agent.
        photos: folders or files exactly as the user wrote them, or names of sets uploaded on the page; no others.
        steps: what to do; a photo that does not need it is copied as it is. Left out: denoise and deblur.
    """
    return improve(runtime.context, photos, list(steps or []))
