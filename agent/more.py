"""A person's word to go on, as a message: with a run that failed, or with more rounds and a larger budget."""

import json
import math
from typing import TYPE_CHECKING

from tools.core.errors import FixArguments
from tools.runs.runtime import RunContext

if TYPE_CHECKING:
    from langchain_core.messages import HumanMessage

MORE = "more_rounds"  # name of the message
RESUMED = "resumed"  # name of the message
FOLLOWUP = "followup"  # name of a message that begins a new turn of a run that had come to its end
LETTER = "letter"  # name of a message that a person left while the run worked
_REASON_CHARS = 500  # of what a run ended with
MAX_MORE = 20  # as many rounds as a task may ask for


def images_of_a_round(run: RunContext) -> int:
    """So many images as the rounds so far had each."""
    return math.ceil(run.dataset.count_scenes() / max(1, len(run.record.rounds)))


def ask_for_more(run: RunContext, rounds: int, images: int | None = None) -> "HumanMessage":
    """Raise the run's budget and say so to the model.

    Counted from the rounds that there are, so that a run killed just afterwards can be asked again.

    Args:
        run: with a task, at the end of its graph.
        rounds: how many.
        images: to add in all; as many a round as the rounds before had when None.

    Raises:
        FixArguments: too many rounds, or no round was made yet.
    """
    from langchain_core.messages import HumanMessage

    task = run.record.task
    if task is None or not run.record.rounds:
        raise FixArguments(f"run {run.record.name} has not made a round yet; start it again instead")
    most = min(MAX_MORE, MAX_MORE - len(run.record.rounds))
    if not 1 <= rounds <= most:
        raise FixArguments(f"between 1 and {most} more rounds can be added to this run, not {rounds}")
    made = run.dataset.count_scenes()
    images = rounds * images_of_a_round(run) if images is None else images
    task.budget.rounds = len(run.record.rounds) + rounds
    task.budget.images = made + images
    task.budget.minutes = None  # the old limit was for the old rounds; the person sees how long it takes and can stop
    run.save()
    corrected = len(run.dataset.corrected())
    asked = {
        "more_rounds": rounds,
        "more_pictures": images,
        "pictures_corrected_by_hand": corrected,
        "say": "The person wants to go on. Design scenes again and go round the loop, then export again. Labels "
        "corrected by hand are kept as they are and are trained on.",
    }
    return HumanMessage(json.dumps(asked), name=MORE)


def go_on(reason: str) -> "HumanMessage":
    """The word to try again what a run failed by; the world may have changed since.

    Args:
        reason: what the run ended with.
    """
    from langchain_core.messages import HumanMessage

    asked = {
        "failed_by": reason[:_REASON_CHARS],
        "say": "The person has looked into it and wants to go on. Whatever failed may work now: make the call that "
        "failed once more, or take another way if it fails again.",
    }
    return HumanMessage(json.dumps(asked, ensure_ascii=False), name=RESUMED)


def rounds_in(text: str) -> int:
    """The number of rounds that a message of `ask_for_more` asks for; 0 where it is none."""
    try:
        return int(json.loads(text)["more_rounds"])
    except (ValueError, KeyError, TypeError):
        return 0
