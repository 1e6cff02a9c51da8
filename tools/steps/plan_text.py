"""The plan in words, as a person reads it before approving."""

from typing import Any

from tools.core.task import TaskSpec
from tools.runs.expected import Judged, keeps_little, said
from tools.runs.runtime import RunContext


def plan_for_person(run: RunContext) -> dict[str, Any]:
    """The plan as it is shown before approval."""
    task, cost = run.record.task, run.record.estimate or {}
    assert task is not None
    kinds = {"segment": "segment: the outline of every one", "detect": "detect: a box around every one",
             "classify": "classify: one class for the whole picture"}  # fmt: skip
    paid = "" if run.settings.llm.name == "offline" else "; a paid language model costs extra, at its provider's price"
    stages = [f"{name} {minutes:g}" for name, minutes in cost["stages"].items()]
    return (
        {
            "task": kinds[task.kind],
            "classes": [class_line(c.name, c.drawn_as, c.appearances) for c in task.classes],
            "network": cost.get("model") or run.settings.training.model,
            "places": task.contexts or "everywhere it may be met",
            "pictures": _images_line(run, task),
            "minutes": f"about {cost['minutes']:g} ({', '.join(stages)}), {_measured_in(cost)}"
            + (f", at most {task.budget.minutes:g}" if task.budget.minutes else ""),
            "money": _money_line(run, cost["money"]) + paid,
            "stops early at": f"a score of {task.target:g}" if task.target else "no target",
            "measured on": _measured_line(run),
        }
        | ({} if run.record.expected is None else {"on photos": _expected_line(run.record.expected)})
        | ({"goes on from": f"{run.record.parent}: its weights and its pictures"} if run.record.parent else {})
        | ({"learns from": f"the photos in {run.record.few} themselves"} if run.record.few else {})
        | ({"photos without labels": _unlabelled_line(run)} if run.record.unlabelled else {})
        | ({"notes": cost["notes"]} if cost.get("notes") else {})
    )


def _images_line(run: RunContext, task: TaskSpec) -> str:
    if run.record.few is not None:
        return f"none are made: {task.budget.images} photos that you show are learnt from"
    return f"{task.budget.images} of {run.settings.size_px} px, rounds: at most {task.budget.rounds}"


def _expected_line(judged: list[Judged]) -> str:
    show = " Photos of yours teach more: --few DIR." if keeps_little(judged) else ""
    return said(judged) + show


def _measured_line(run: RunContext) -> str:
    others = f"real photos in {run.record.real}" if run.record.real else ""
    if run.record.few is not None:
        own = "the photos that you show, each by a model that has not seen it (cross-validation)"
        return f"{others}, and {own}" if others else own
    return (
        f"{others} and rendered pictures" if others else "rendered pictures only: no real photo was given (--real DIR)"
    )


def _measured_in(cost: dict[str, Any]) -> str:
    runs = cost.get("measured_in")
    return f"at the pace of {', '.join(runs)} on this machine" if runs else "as measured on another machine"


def _money_line(run: RunContext, money: float) -> str:
    task = run.record.task
    if not money or task is None:
        return f"${money:.2f}: everything is made on this machine"
    return f"about ${money:.2f} for pictures of {run.settings.image.model}; never more than ${task.budget.money:.2f}"


def _unlabelled_line(run: RunContext) -> str:
    where, real, task = run.record.unlabelled, run.record.real, run.record.task
    assert task is not None
    if run.record.few is not None:
        where = "the others of the same folder" if where == run.record.few else where
        return f"{where}: what the model is sure of on them is learnt from too, if the cross-validation gains by it"
    places = "" if task.contexts or task.budget.rounds < 2 else "later pictures are made at places like theirs"
    learnt = "what the model is sure of on them is learnt at the end" if real else ""
    use = ", and ".join(part for part in (places, learnt) if part)
    return (
        f"{where}: {use}"
        if use
        else f"{where}: of no use here, for places are named or one round is planned; add --real DIR"
    )


def class_line(name: str, key: str, appearances: list[str]) -> str:
    """What a class is called, and what draws it where that has another name or only some of its looks."""
    looks = f" ({', '.join(appearances)})" if appearances else ""
    return name if name == key and not looks else f"{name}: drawn as {key}{looks}"
