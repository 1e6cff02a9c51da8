"""The one rule for labels that cannot be used, in every format: left out, counted, named; too many refuse the set.

A label that is left out takes its image with it where nothing else is labelled in it: such an image is not empty.
"""

from dataclasses import dataclass, field
from pathlib import Path

from tools.core.errors import StepFailed

MOST = 0.1  # of a set's labels; more says that the set, or how it is read, is wrong
LEAST = 1  # this many are left out of the smallest set, of which they are more than that share
_SHOWN = 3


@dataclass
class LeftOut:
    """Labels of a set: how many were met, and why some are left out."""

    labels: int = 0  # those left out included
    reasons: list[str] = field(default_factory=list)  # one for each; names its file

    def check(self, folder: Path) -> None:
        """Refuse a set of which too much is left out.

        Raises:
            StepFailed: names the first labels and the way out.
        """
        if len(self.reasons) > max(LEAST, MOST * self.labels):
            raise StepFailed(
                f"{folder}: {len(self.reasons)} of {self.labels} labels cannot be used, more than a tenth: "
                f"{self._first()} Repair or remove them."
            )

    def notes(self) -> list[str]:
        """What a person should know."""
        if not self.reasons:
            return []
        what = "label that cannot be used is" if len(self.reasons) == 1 else "labels that cannot be used are"
        return [f"{len(self.reasons)} {what} left out: {self._first()}"]

    def _first(self) -> str:
        more = " ..." if len(self.reasons) > _SHOWN else ""
        return "; ".join(self.reasons[:_SHOWN]) + (more or ".")
