"""The agent's tool for poor photos."""

from typing import Literal

from langchain_core.tools import tool
from langgraph.prebuilt import ToolRuntime

from tools.errors import FixArguments
from tools.label.places import allowed_photos
from tools.repair.improve import Repair, improve_photos
from tools.runtime import RunContext, report

STAGE = "label"
_FOLDER = "improved"


def improve(run: RunContext, photos: list[str], steps: list[str]) -> str:
    """Improve photos that the person named into the run's folder; see `improve_photos_in`."""
    if not [p for p in photos if p.strip()]:
        raise FixArguments("photos is empty: name the folders or files that the user named, or ask for them")
    places = allowed_photos(run, photos)

    def told(done: int, total: int) -> None:
        run.progress(STAGE, done, total)
        run.check_stop()

    with run.stage(STAGE):
        outcome = improve_photos(places, run.folder / _FOLDER, Repair(steps or ("denoise", "deblur")), told=told)
    return report(
        done=f"photos: {outcome['photos']}, changed: {outcome['changed']}",
        left_as_they_are=outcome["left_as_they_are"],
        unreadable=len(outcome["broken"]),
        written_to=_FOLDER,
        note="the photos themselves were only read; no model is judged on improved ones",
    )


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
