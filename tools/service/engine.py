"""What the service asks of whatever computes: an image's bytes in, what a model sees out."""

from dataclasses import dataclass, field
from typing import Any, Protocol

from tools.core.errors import SightsmithError


@dataclass(frozen=True)
class Look:
    """What a model sees in one image, or why it sees nothing.

    `batch` is how many images were computed together; `leads` marks one image of each batch, to count batches.
    """

    height: int = 0
    width: int = 0
    objects: list[dict[str, Any]] = field(default_factory=list)  # as tools.models.predict_files.listed
    probabilities: dict[str, float] = field(default_factory=dict)  # of a classifier, class -> share
    batch: int = 1
    leads: bool = True
    broken: str = ""

    def confidences(self) -> list[tuple[str, float]]:
        """Class and score of each object; of a classifier its best class."""
        if self.probabilities:
            return [max(self.probabilities.items(), key=lambda item: item[1])]
        return [(o["class"], o["score"]) for o in self.objects]


class Unavailable(SightsmithError):
    """Nobody computes at the moment; the same request may work later."""


class Deadly(SightsmithError):
    """Replica after replica died over the same image: it is not asked for again."""


class ServingEngine(Protocol):
    """Replicas of every version."""

    async def look(self, version: str, content: bytes, confidence: float) -> Look:
        """What a version sees in the bytes of an image file. Asked again by itself when a replica dies over it.

        Raises:
            Unavailable: no replica answered in time.
            Deadly: replicas die over this image.
        """
        ...

    async def problem(self) -> str | None:
        """Why no image can be answered now; None when it can."""
        ...
