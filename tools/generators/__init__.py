"""Engines that turn a SceneSpec into an image with exact or wanted labels; one file (or folder) an engine."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Protocol, runtime_checkable

from tools.data.sample import Instance
from tools.scenes.scene import SceneSpec


@dataclass(frozen=True)
class Generated:
    """A finished image in the engine's temporary folder."""

    scene: SceneSpec
    image: Path
    width: int
    height: int
    instances: list[Instance]  # of the targets, in image pixels; empty for engines that draw without labels
    seconds: float
    provenance: dict[str, Any] = field(default_factory=dict)
    lookalikes: list[Instance] = field(default_factory=list)  # those of the scene that are seen, by what draws them


@dataclass(frozen=True)
class Failed:
    """A scene that gave no image, and why."""

    scene: SceneSpec
    reason: str
    declined: bool = False  # what should be shown was refused; the engine itself works


@runtime_checkable
class Generator(Protocol):
    """One engine. It inherits this class, and with it what does not concern it."""

    name: str
    why: str = "named in the settings"  # that it draws
    stopped: str | None = None  # why images are still missing, where it ended early
    digital_source_type: str | None = None  # of all its images, a term of IPTC; None: as `tools.data.origin` has it

    @property
    def licence(self) -> str:
        """Of the engine and its weights, as far as it is known."""

    @property
    def version(self) -> str:
        """Of the engine; a change may change every image."""

    def unavailable(self) -> str | None:
        """One sentence on what is missing when it cannot run here, else None."""

    def generate(self, scenes: Sequence[SceneSpec], folder: Path) -> Iterator[Generated | Failed]:
        """Yield a result for each scene as it is finished, in any order; files go into `folder`."""

    @property
    def spent_usd(self) -> float | None:
        """US dollars spent so far by the run; None: it costs nothing."""
        return None

    def stop_by(self, check: Callable[[], None]) -> None:
        """Call this several times a second where one image takes long; what it raises ends the making at once."""
        return None

    def close(self) -> None:
        """Release processes and memory."""
