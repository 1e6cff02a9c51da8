"""The tool that adds rounds to a run that has come to its end, aimed at what the person says, once approved."""

import json
from collections.abc import Sequence
from typing import Annotated, Any

from langchain_core.tools import tool
from langgraph.prebuilt import ToolRuntime
from langgraph.types import interrupt
from pydantic import Field

from agent.more import MAX_MORE, ask_for_more, images_of_a_round
from agent.spending import APPROVED, MONEY
from tools.core.answers import NO, approves, as_wish, plain
from tools.core.errors import FixArguments, StepFailed
from tools.drawable.drawing import merged, things_of, wishes_of
from tools.runs.estimate import Plan, estimate
from tools.runs.pace import at_pace, latest_paces
from tools.runs.runtime import RunContext, RunRecord, report
from tools.scenes.focus import parse_focus
from tools.scenes.vocabulary import Vocabulary, build_vocabulary

EXTEND = "extend_run"
_MAX_NOTES, _NOTE_CHARS, _REPLY_CHARS = 6, 320, 1000
REFUSED = "the plan was refused; nothing was spent and nothing was changed"


@tool
def extend_run(
    runtime: ToolRuntime[RunContext],
    rounds: Annotated[int, Field(description="rounds to add")] = 1,
    pictures: Annotated[int | None, Field(description="pictures to add; as in the rounds before when left out")] = None,
    focus: Annotated[list[str] | None, Field(description="what they aim at, 'axis=value', 'class=name'...")] = None,
    notes: Annotated[list[str] | None, Field(description="what of the wish cannot be done, one sentence each")] = None,
    reply: Annotated[str | None, Field(description="your answer to what the user asked about the last plan")] = None,
) -> str:  # fmt: skip
    """Add rounds to this run, which has come to its end: what a wish such as "it misses green ones" needs first.

    The user sees the plan and approves it; nothing is spent before. Then call design_scenes with the focus, go round
    the loop, and export again. `focus`: as for design_scenes; leave it out to aim at what the last diagnosis found.
    """
    return extend(runtime.context, rounds, pictures, focus or [], notes or [], reply)


def extend(
    run: RunContext, rounds: int, pictures: int | None, focus: Sequence[str], notes: Sequence[str], reply: str | None
) -> str:  # fmt: skip
    """Plan, have approved, raise the budget; see `extend_run`. The same call after a kill does the same.

    Raises:
        FixArguments: a number out of range, nothing of the focus can be shown, or a wish about the plan.
        StepFailed: the plan was refused.
    """
    record = run.record
    if record.task is None or not record.rounds:
        raise FixArguments("No round was made yet. Call define_task first, and go round the loop.")
    most = MAX_MORE - len(record.rounds)
    if not 1 <= rounds <= most:
        raise FixArguments(f"between 1 and {most} rounds can be added to this run, not {rounds}")
    added = rounds * images_of_a_round(run) if pictures is None else pictures
    if not 1 <= added <= run.settings.plan.max_images:
        raise FixArguments(f"pictures must be between 1 and {run.settings.plan.max_images}, not {added}")
    aims, cannot = possible_aims(run, focus)
    if focus and not aims:
        raise FixArguments(f"No scene can show {', '.join(cannot)}. {_what_there_is(run)}")
    told = [n[:_NOTE_CHARS] for n in notes[:_MAX_NOTES]] + [f"cannot be shown, so left out: {name}" for name in cannot]
    plan = _plan(run, rounds, added, aims, told)
    _approve(run, plan, reply)
    ask_for_more(run, rounds, added)
    more_money(record, plan["cost"])
    run.save()
    return report(
        done=f"approved: {rounds} more round{'s' * (rounds > 1)}, {added} more pictures",
        more_rounds=rounds, pictures=added, focus=aims, notes=told,
        next=f"design_scenes with focus {aims}, then round the loop, then export again" if aims else "design_scenes",
    )  # fmt: skip


def more_money(record: RunRecord, cost: float) -> None:
    """Raise what may be spent by what was approved: what images and language model have cost is not taken from it.

    Args:
        record: of the run, with a task.
        cost: US dollars that the plan named.
    """
    assert record.task is not None
    if not cost:
        return
    spent = record.totals.get("money", 0.0) + cost
    record.task.budget.money = max(record.task.budget.money, spent)
    in_all = round(spent + record.totals.get(MONEY, 0.0), 8)
    record.totals[APPROVED] = max(record.totals.get(APPROVED, 0.0), in_all)


def possible_aims(run: RunContext, focus: Sequence[str]) -> tuple[list[str], list[str]]:
    """Which of some aims scenes of this run can show, and which they cannot."""
    task = run.task
    words = _vocabulary(run)
    kinds = list(dict.fromkeys(k.drawn_as for c in task.class_names for k in words.lookalikes.get(c, ())))
    possible, cannot = [], []
    for name in dict.fromkeys(focus):
        try:
            parse_focus([name], words, task, kinds)
            possible.append(name)
        except FixArguments:
            cannot.append(name)
    return possible, cannot


def _vocabulary(run: RunContext) -> Vocabulary:
    return build_vocabulary(
        run.task, things_of(run), run.settings.scenes.named_context_share, merged(wishes_of(run), None)
    )


def _what_there_is(run: RunContext) -> str:
    looks = list(dict.fromkeys(look for _, look in _vocabulary(run).looks))
    return (
        f"Looks that can be drawn: {', '.join(looks[:12])}. Photos of what is missed can be brought: --unlabelled DIR."
    )


def _plan(run: RunContext, rounds: int, pictures: int, aims: Sequence[str], notes: Sequence[str]) -> dict[str, Any]:
    """What is shown before approval; `cost` is its money as a number."""
    record, settings = run.record, run.settings
    made, done = max(1, run.dataset.count_scenes()), len(record.rounds)
    paces = latest_paces(run.folder.parent, record.machine, settings, [c.drawn_as for c in run.task.classes])
    own = at_pace(settings, paces)
    # Each round trains on all images so far: what it takes is the whole with it less the whole without.
    now = Plan(images=made, rounds=done, effort=settings.effort, photos=int((record.estimate or {}).get("photos", 0)))
    whole = estimate(now.model_copy(update={"images": made + pictures, "rounds": done + rounds}), own)
    before = estimate(now, own)
    minutes = max(0.1, round(whole.minutes - before.minutes, 1))
    money = round(max(0.0, whole.money - before.money), 4)
    stay = "the model so far stays the one to use unless the new round is better beyond noise"
    return {
        "task": f"{rounds} more round{'s' * (rounds > 1)} of {record.name}",
        "aimed at": list(aims) or "what the last round was weak at",
        "pictures": f"{pictures} more, beside the {made} there are",
        "minutes": f"about {minutes:g}",
        "money": f"about ${money:.2f}" if money else "$0.00: everything is made on this machine",
        "kept": stay,
        **({"notes": list(notes)} if notes else {}),
        "cost": money,
    }  # fmt: skip


def _approve(run: RunContext, plan: dict[str, Any], reply: str | None) -> None:
    """Wait for the person's word.

    Raises:
        FixArguments: a wish about the plan, for the model to change it.
        StepFailed: the plan was refused.
    """
    if run.auto_approve:
        return
    shown = {k: v for k, v in plan.items() if k != "cost"}
    asked = {"kind": "approve", "plan": shown} | ({"reply": reply[:_REPLY_CHARS]} if reply else {})
    answer = str(interrupt(asked)).strip()
    if plain(answer) in NO:
        raise StepFailed(REFUSED)
    if not approves(answer):
        raise as_wish(answer)


def extension_in(text: str) -> dict[str, Any]:
    """What a report of `extend_run` says was approved; empty where it is none."""
    try:
        value = json.loads(text)
        return value if isinstance(value, dict) and isinstance(value.get("more_rounds"), int) else {}
    except ValueError:
        return {}
