"""What the conversation says so far: the steps that were called, what came of them, and what the person said."""

import json
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any, Literal

from tools.core.answers import ANSWERS, WANTS
from tools.core.errors import Code, StepFailed

if TYPE_CHECKING:
    from langchain_core.messages import ToolMessage

Refusal = Literal["FixArguments", "StepFailed"]

ROUND = (
    "design_scenes", "generate_images", "score_images", "curate_dataset", "annotate_images", "train_model",
    "evaluate_model", "diagnose_model",
)  # fmt: skip


EXAMPLES = "learn_from_examples"  # in place of the rounds, where the person shows photos of the thing
_REFUSAL = "refusal"  # key of what a tool message carries beside its text


@dataclass(frozen=True)
class AnsweredCall:
    """A call that was answered."""

    name: str
    args: dict[str, Any]
    text: str
    refusal: Refusal | None = None
    code: Code | None = None  # what a refusal is about, where something acts on it
    data: dict[str, Any] = field(default_factory=dict)  # of the code

    @property
    def refused(self) -> bool:
        """The call can be made again, corrected."""
        return self.refusal == "FixArguments"

    @property
    def failed(self) -> bool:
        """The step cannot work now."""
        return self.refusal == "StepFailed"

    @property
    def wish(self) -> str | None:
        """What the person said to the plan that the step showed."""
        return str(self.data.get("said", "")).strip() if self.code is Code.WISH else None

    @property
    def answer(self) -> str | None:
        """What the person answered to the step's question."""
        return self.text[len(ANSWERS) :].strip() if self.text.startswith(ANSWERS) else None

    @property
    def done(self) -> bool:
        """It did what it is for."""
        return self.refusal is None and self.answer is None

    @property
    def reason(self) -> str:
        """Why it was refused or failed, or what was answered."""
        return self.answer or self.text.removeprefix(f"{self.refusal}:").strip()

    @property
    def report(self) -> dict[str, Any]:
        """The tool's report; empty when it is none."""
        try:
            value = json.loads(self.text)
        except ValueError:
            return {}
        return value if isinstance(value, dict) else {}


def artifact_of(error: Exception) -> dict[str, Any]:
    """What the tool message of a refusal carries beside its sentence: plain values, kept with the conversation."""
    kind: Refusal = "StepFailed" if isinstance(error, StepFailed) else "FixArguments"
    code, data = getattr(error, "code", None), getattr(error, "data", {})
    return {_REFUSAL: {"kind": kind, "code": None if code is None else str(code), "data": data}}


def step_of(message: "ToolMessage", name: str, args: dict[str, Any]) -> AnsweredCall:
    """The answer to a call; what a refusal is about is read from what it carries, never from its sentence."""
    text, carried = message.text.strip(), message.artifact
    told = carried.get(_REFUSAL) if isinstance(carried, Mapping) else None
    if isinstance(told, Mapping):
        code = told["code"] if told["code"] in set(Code) else None  # one that a later version knows is none here
        return AnsweredCall(name, args, text, told["kind"], None if code is None else Code(code), dict(told["data"]))
    return _told_by_text(AnsweredCall(name, args, text), message.status == "error")


def _told_by_text(step: AnsweredCall, error: bool) -> AnsweredCall:
    """A step of a conversation that was kept before refusals carried anything, or that the graph refused by itself.

    Its kind, and a person's wish, stand in words that are no prose: `answer_for_error` put them in front.
    """
    if step.text.startswith("StepFailed:"):
        return replace(step, refusal="StepFailed")
    wish = f"FixArguments: {WANTS}"
    if step.text.startswith(wish):
        return replace(step, refusal="FixArguments", code=Code.WISH, data={"said": step.text.removeprefix(wish)})
    if step.answer is None and (error or step.text.startswith(("FixArguments:", "Error"))):
        return replace(step, refusal="FixArguments")
    return step


@dataclass
class Conversation:
    """What the conversation says so far."""

    request: str
    steps: list[AnsweredCall] = field(default_factory=list)
    lessons: list[str] = field(default_factory=list)
    more_rounds: int = 0  # asked for after the run had come to its end
    before_more: int = 0  # steps that were made before that
    turn: str | None = None  # what the person said to a run that had come to its end
    letters: list[tuple[int, str]] = field(default_factory=list)  # what was said while it worked, after so many steps
    resumed: int = 0  # steps that still count of those made before the person's word to try again

    def last(self, name: str) -> AnsweredCall | None:
        """The latest step of that name."""
        return next((s for s in reversed(self.steps) if s.name == name), None)

    @property
    def defined(self) -> bool:
        """A task is settled and approved."""
        return any(s.name == "define_task" and s.done for s in self.steps)

    @property
    def rounds(self) -> list[list[AnsweredCall]]:
        """The steps of each round, in order; a round begins with a design_scenes that worked."""
        rounds: list[list[AnsweredCall]] = []
        for step in self.steps:
            if step.name == "design_scenes" and step.done:
                rounds.append([])
            if rounds and step.name in ROUND:
                rounds[-1].append(step)
        return rounds

    @property
    def latest(self) -> list[AnsweredCall]:
        """The steps since the person asked for more rounds; all where nobody did."""
        return self.steps[self.before_more :]

    def try_again(self) -> None:
        """Forget what failed, and what was refused but for what it says of the task: the person has seen to it."""
        told = ("define_task", "ask_user")
        kept = [s for s in self.latest if not s.failed and (s.name in told or not s.refused)]
        self.steps[self.before_more :] = kept
        self.resumed = len(self.steps)

    @property
    def measured(self) -> bool:
        """Some round's model was trained and measured."""
        return any(s.name in ("evaluate_model", EXAMPLES) and s.done for s in self.steps)

    @property
    def shown(self) -> bool:
        """The person shows photos of the thing, which are learnt from in place of drawn ones."""
        return bool(self.task.get("shown"))

    @property
    def task(self) -> dict[str, Any]:
        """What define_task reported of the task that is settled; empty before one is."""
        return next((s.report for s in reversed(self.steps) if s.name == "define_task" and s.done), {})
