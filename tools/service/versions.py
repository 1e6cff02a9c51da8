"""Versions side by side: who answers which image, and when a newer one takes over."""

import hashlib
from collections.abc import Sequence
from pathlib import Path
from typing import Literal

from pydantic import BaseModel, Field, TypeAdapter

from tools.core.errors import FixArguments
from tools.core.files import set_aside, write_json

Mode = Literal["main", "share", "shadow", "off"]
_BUCKETS = 2**32


class Version(BaseModel):
    """A model that is served: `share` answers for a part of the images, `shadow` looks at all and answers none."""

    name: str
    weights: str
    threshold: float
    classes: list[str]
    kind: str
    mode: Mode = "off"
    share: float = Field(0.0, ge=0, le=1)
    asks: int = Field(0, description="how often its promotion was asked for with new feedback")
    asked_with: int = Field(-1, description="reviewed photos when it was asked for last")


class Versions:
    """The served versions and their part of the traffic, kept in a file.

    Args:
        path: of the file; what it says of versions that are still served holds.
        served: as they were started, the first answers everything unless the file says otherwise.
    """

    def __init__(self, path: Path, served: Sequence[Version]) -> None:
        self._path = path
        kept = _kept(path)
        self._versions = {v.name: v for v in served}
        for version in served:
            if version.name in kept:
                old = kept[version.name]
                version.asks, version.asked_with = old.asks, old.asked_with
        promoted = next((n for n, v in kept.items() if v.mode == "main" and n in self._versions), served[0].name)
        if promoted != served[0].name and served[0].name in kept:  # it was replaced while serving, and stays so
            self._swap(served[0], self._versions[promoted])
        self._save()

    @property
    def names(self) -> list[str]:
        """Of all versions."""
        return list(self._versions)

    @property
    def main(self) -> Version:
        """The one that answers what no other is given."""
        return next(v for v in self._versions.values() if v.mode == "main")

    @property
    def shadows(self) -> list[Version]:
        """Those that look along."""
        return [v for v in self._versions.values() if v.mode == "shadow"]

    def all(self) -> list[Version]:
        """Every version."""
        return list(self._versions.values())

    def get(self, name: str) -> Version:
        """A version by name.

        Raises:
            FixArguments: there is none.
        """
        if name not in self._versions:
            raise FixArguments(f"there is no version {name[:80]!r}; served are {', '.join(self._versions)}")
        return self._versions[name]

    def choose(self, content: bytes) -> Version:
        """Who answers for an image: by its hash, so that the same image always meets the same version."""
        point = int.from_bytes(hashlib.sha256(content).digest()[:4], "big") / _BUCKETS
        for version in self._versions.values():
            if version.mode == "share":
                point -= version.share
                if point < 0:
                    return version
        return self.main

    def route(self, name: str, mode: Mode, share: float = 0.0) -> Version:
        """Give a version another part of the traffic.

        Raises:
            FixArguments: it is the main one, or the shares would be more than everything.
        """
        version = self.get(name)
        if version.mode == "main" or mode == "main":
            raise FixArguments(f"{name}: the main version changes by promotion alone")
        others = sum(v.share for v in self._versions.values() if v.mode == "share" and v.name != name)
        if mode == "share" and not 0 < share <= 1 - others:
            raise FixArguments(f"a share lies above 0 and, with the others' {others:g}, at most at 1; got {share:g}")
        version.mode, version.share = mode, share if mode == "share" else 0.0
        self._save()
        return version

    def asked(self, name: str, photos: int) -> int:
        """Count a question for promotion; the same feedback asked about again is the same question."""
        version = self.get(name)
        if version.asked_with != photos:
            version.asks, version.asked_with = version.asks + 1, photos
            self._save()
        return version.asks

    def promote(self, name: str) -> None:
        """Make a version the main one; the one before looks along from now on, ready to be taken back."""
        self._swap(self.main, self.get(name))
        self._save()

    @staticmethod
    def _swap(old: Version, new: Version) -> None:
        old.mode, old.share = "shadow", 0.0
        new.mode, new.share = "main", 0.0

    def _save(self) -> None:
        write_json(self._path, [v.model_dump() for v in self._versions.values()])


def _kept(path: Path) -> dict[str, Version]:
    """What was decided while serving before; nothing where the file is damaged: as it was started, then."""
    if not path.exists():
        return {}
    try:
        return {v.name: v for v in TypeAdapter(list[Version]).validate_json(path.read_bytes())}
    except ValueError as error:
        set_aside(path, str(error))
        return {}
