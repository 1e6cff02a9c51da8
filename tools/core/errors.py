"""The three ways in which a step can refuse; any other exception is a bug."""

from collections.abc import Mapping
from enum import StrEnum
from typing import Any


class Code(StrEnum):
    """What a refusal is about, for code that acts on it; its sentence is for people and for models alone.

    Command line, page and MCP word the way out of each by themselves: `agent.cli.ways`, `ui.plain_words`, `agent.mcp`.
    """

    UNCOVERED = "uncovered"  # nothing draws a class; data: names, nearest (known names by name; not of a question)
    ALIKE = "alike"  # classes that would look the same; data: classes, drawn_as, appearances
    LEAVE_OUT = "leave_out"  # an argument is not possible, the call without it is; data: argument
    SAME_AGAIN = "same_again"  # a person settled something beside the call, which can now be made as it was
    WISH = "wish"  # what a person said to a plan; data: said
    WITHOUT_MODEL = "without_model"  # the language model is at fault: without it the run can go on; data: check
    WITHOUT_CLUSTER = "without_cluster"  # the cluster is: on this machine the run can go on
    UNFINISHED = (
        "unfinished"  # what was asked for needs a run that has come to its end; data: folder, where it is another's
    )
    NO_RUN = "no_run"  # there is no run of the name that was given
    BEGUN = "begun"  # the run has begun, and learns from what it was given; data: request, few


def with_way_out(said: str, way: str, full_stop: str = ".") -> str:
    """A sentence, and the way out behind it where there is one.

    Args:
        said: what went wrong, with a stop at its end or without.
        way: what can be done, in the words of where it is read.
        full_stop: of the language.
    """
    if not way:
        return said
    return f"{said}{'' if said.endswith(('.', '。', '?', '？')) else full_stop} {way}"


class SightsmithError(Exception):
    """Base of every error whose message is written for the person or the model that reads it."""

    def __init__(self, message: str = "", code: Code | None = None, data: Mapping[str, Any] | None = None) -> None:
        """A sentence, and what it is about where code acts on it.

        Args:
            message: for people and models; free to be reworded.
            code: None where nobody needs to tell it from others.
            data: what the code says that it holds; plain JSON values, for it is kept with the conversation.
        """
        super().__init__(message)
        self.code = code
        self.data = dict(data or {})


class FixArguments(SightsmithError):
    """The call was wrong and can be made again; the message says how."""


class StepFailed(SightsmithError):
    """The step cannot work now; the message says why and what else there is. Never retried blindly."""


class NeedsUser(SightsmithError):
    """Only the person can answer; the message is the question."""

    def __init__(self, question: str, options: list[str] | None = None) -> None:
        super().__init__(question)
        self.question = question
        self.options = options or []


class Stopped(SightsmithError):
    """The person asked the run to stop; everything done so far is on disk."""
