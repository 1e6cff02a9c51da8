"""Engines that turn a SceneSpec into a picture with exact or wanted labels; one file (or folder) an engine."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Protocol

from tools.data.sample import Instance
from tools.scenes.scene import SceneSpec


@dataclass(frozen=True)
class Generated:
    """A finished picture in the engine's temporary folder."""

    scene: SceneSpec
    picture: Path
    width: int
    height: int
    instances: list[Instance]  # of the targets, in picture pixels; empty for engines that draw without labels
    seconds: float
    provenance: dict[str, Any] = field(default_factory=dict)
    lookalikes: list[Instance] = field(default_factory=list)  # those of the scene that are seen, by what draws them


@dataclass(frozen=True)
class Failed:
    """A scene that gave no picture, and why."""

    scene: SceneSpec
    reason: str
    declined: bool = False  # what should be shown was refused; the engine itself works


class Generator(Protocol):
    """One engine."""

    name: str

    @property
    def licence(self) -> str:
        """Of the engine and its weights, as far as it is known."""

    @property
    def version(self) -> str:
        """Of the engine; a change may change every picture."""

    def unavailable(self) -> str | None:
        """One sentence on what is missing when it cannot run here, else None."""

    def generate(self, scenes: Sequence[SceneSpec], folder: Path) -> Iterator[Generated | Failed]:
        """Yield a result for each scene as it is finished, in any order; files go into `folder`."""

    def close(self) -> None:
        """Release processes and memory."""
