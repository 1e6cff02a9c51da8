"""The three ways in which a step can refuse; any other exception is a bug."""


class SightsmithError(Exception):
    """Base of every error whose message is written for the person or the model that reads it."""


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
