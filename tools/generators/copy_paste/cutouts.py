"""Cut-outs: RGBA images of single things in a folder, found by what they show, ready to be pasted at any size."""

import json
import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from functools import lru_cache
from pathlib import Path
from typing import Any, Literal

import cv2
import numpy as np
import numpy.typing as npt
from PIL import Image, UnidentifiedImageError

from tools.core.errors import FixArguments, StepFailed
from tools.data.class_names import words as words_of
from tools.scenes.places import SPECIAL_PLACES
from tools.scenes.scene import CONTEXTS

Rgba = npt.NDArray[np.uint8]

CUTOUT_SUFFIXES = frozenset({".png", ".webp"})  # the common formats that keep an alpha channel
INDEX = "index.json"
# A cut-out is a thing on nothing: at least this share of the image is clear, or it is a photo that was put here.
CLEAR_SHARE = 0.01
_STOP = frozenset({"a", "an", "the", "of", "and", "with", "on", "in", "your", "also", "called", "or"})


@dataclass(frozen=True)
class Cutout:
    """One thing."""

    path: Path
    name: str  # what it shows, in plain words
    words: frozenset[str]  # of its name and file name, singular
    folders: tuple[str, ...]  # that it lies in, outermost first, singular words
    class_name: str | None = None  # where the index says it outright
    licence: str | None = None


@dataclass(frozen=True)
class Kind:
    """What a key draws; has the attributes that a vocabulary asks of a thing (`tools.scenes.vocabulary.Thing`)."""

    name: str
    lookalikes: list[str] = field(default_factory=list)
    contexts: list[str] = field(default_factory=lambda: [c for c in CONTEXTS if c not in SPECIAL_PLACES])
    size_m: float = 0.2  # nothing says how large it is: a hand's width is met in most places
    aliases: tuple[str, ...] = ()
    chinese: tuple[str, ...] = ()
    family: str | None = None
    labels: Literal["whole", "pieces"] = "whole"

    @property
    def appearances(self) -> Sequence["CutoutLook"]:
        """One: as it was photographed."""
        return (CutoutLook(),)


@dataclass(frozen=True)
class CutoutLook:
    """The one appearance of a cut-out."""

    name: str = "plain"  # nothing to say of it: a caption leaves it out
    weight: float = 1.0
    damaged: bool = False  # not known


class CutoutFolder:
    """The cut-outs of a folder, by what they show.

    Names come from `index.json` (a list of {"file", "class" or "name", "licence"}, or {file: class}), else from the
    file's name ("red_apple-2.png") and its folders ("apples/").

    Args:
        folder: searched with its subfolders.

    Raises:
        FixArguments: the folder is missing or holds no RGBA image, or its index is broken.
    """

    def __init__(self, folder: Path) -> None:
        if not folder.is_dir():
            raise FixArguments(f"the folder of cut-outs {folder} does not exist")
        self.folder = folder
        self.cutouts = list(_read_folder(folder))
        if not self.cutouts:
            raise FixArguments(f"{folder} holds no cut-out: put PNG or WebP pictures with an alpha channel there")

    def find(self, phrase: str) -> tuple[str, list[str]] | None:
        """Key and appearances (always none) of a phrase, or None when no cut-out shows it."""
        key = " ".join(sorted(singular_words(phrase)))
        return (phrase.strip().casefold(), []) if key and self.of(phrase) else None

    def of(self, key: str) -> list[Cutout]:
        """The cut-outs that show what a key says, in a stable order; empty when none does.

        A class named by the index comes first, then a folder of that name, then a name that has all its words.
        """
        wanted = singular_words(key)
        named = [c for c in self.cutouts if c.class_name is not None and singular_words(c.class_name) == wanted]
        if named or not wanted:
            return named
        unnamed = [c for c in self.cutouts if c.class_name is None]
        inside = [c for c in unnamed if any(set(f.split()) == wanted for f in c.folders)]
        return inside or [c for c in unnamed if wanted <= c.words]

    def keys(self) -> list[str]:
        """What the cut-outs show, each once."""
        return list(dict.fromkeys(c.class_name or c.name for c in self.cutouts))

    def names(self) -> dict[str, tuple[str, ...]]:
        """What the cut-outs show, by key."""
        return {key: (key,) for key in self.keys()}

    def spec(self, key: str) -> Kind:
        """What is known of a key; its look-alikes are the other things of its folders, or the index's other classes.

        Raises:
            FixArguments: no cut-out shows it.
        """
        mine = self.of(key)
        if not mine:
            raise FixArguments(f"no cut-out in {self.folder} shows {key!r}; there are {', '.join(self.keys()[:30])}")
        words = singular_words(key)
        homes = {c.folders for c in mine if c.folders}
        others = [
            c.class_name or c.name
            for c in self.cutouts
            if c not in mine
            and not (c.words & words)
            and (c.class_name is not None if mine[0].class_name else c.folders in homes)
        ]
        return Kind(name=key, lookalikes=list(dict.fromkeys(others)))

    def add_taught(self, spec: Any) -> str:
        """Cut-outs cannot be described.

        Raises:
            FixArguments: always.
        """
        raise FixArguments(f"cut-outs are photos: put pictures of {spec.name!r} into {self.folder}")

    def others(self, avoid: Iterable[str]) -> list[Cutout]:
        """Cut-outs that show none of these names nor lie in a folder with one that does: clutter, never a target."""
        phrases = [p for p in avoid if p]
        targets = {c for p in phrases for c in self.of(p)}
        words = frozenset(w for p in phrases for w in singular_words(p))
        homes = {c.folders for c in targets if c.folders}
        return [c for c in self.cutouts if c not in targets and not (c.words & words) and c.folders not in homes]


def singular_words(text: str) -> frozenset[str]:
    """Words of a name without case, numbers and plural: "Red_Cherries-2" gives red, cherry."""
    return frozenset(words_of(re.sub(r"\d+", " ", text))) - _STOP


def _spaced(text: str) -> str:
    """Spell redApple as two words."""
    return re.sub(r"(?<=[a-z])(?=[A-Z])", " ", text)


def _read_folder(folder: Path) -> Iterator[Cutout]:
    index = _read_index(folder / INDEX)
    for path in sorted(p for p in folder.rglob("*") if p.suffix.lower() in CUTOUT_SUFFIXES and p.is_file()):
        if path.name.startswith(".") or not _has_alpha(path):
            continue
        relative = path.relative_to(folder)
        entry = index.get(relative.as_posix(), {})
        given = str(entry.get("class") or "") or None
        plain = " ".join(re.findall(r"[^\W\d_]+", _spaced(path.stem))).casefold()
        said = str(entry.get("name") or "").split(",")[0].strip(" .!").casefold()
        name = next((n for n in (given, plain, said) if n and singular_words(n)), None)
        if name is None:  # "747.png": nothing says what it shows
            continue
        yield Cutout(
            path=path, name=name, words=singular_words(f"{path.stem} {given or said}"),
            folders=tuple(" ".join(sorted(singular_words(p))) for p in relative.parts[:-1]),
            class_name=given, licence=entry.get("licence") or entry.get("license"),
        )  # fmt: skip


def _read_index(path: Path) -> dict[str, dict[str, Any]]:
    if not path.is_file():
        return {}
    try:
        data = json.loads(path.read_text(encoding="utf-8"))
        if isinstance(data, dict):
            return {str(file): {"class": str(name)} for file, name in data.items()}
        return {str(entry["file"]): dict(entry) for entry in data}
    except (ValueError, TypeError, KeyError) as error:
        raise FixArguments(f'{path} is not an index (a list of {{"file", "class"}}): {error}') from None


def _has_alpha(path: Path) -> bool:
    try:
        with Image.open(path) as image:
            return image.mode in ("RGBA", "LA", "PA") or "transparency" in image.info
    except (OSError, UnidentifiedImageError, ValueError):
        return False


@lru_cache(maxsize=192)
def pyramid(path: Path, most_px: int) -> tuple[Rgba, ...]:
    """A cut-out trimmed to what is opaque, its colours carried past its edge, and its halvings down to 24 px.

    Carried colours keep a blurred or scaled edge free of the dark or white fringe that clear pixels hide.

    Args:
        path: an RGBA image.
        most_px: longest side kept.

    Raises:
        StepFailed: it cannot be read, or it has no clear or no opaque part.
    """
    try:
        with Image.open(path) as image:
            rgba = np.asarray(image.convert("RGBA"))
    except (OSError, ValueError, SyntaxError) as error:
        raise StepFailed(f"{path}: not a readable cut-out ({error}). Replace or remove it.") from error
    solid = rgba[..., 3] >= 128
    if not solid.any() or float((rgba[..., 3] < 128).mean()) < CLEAR_SHARE:
        raise StepFailed(f"{path}: a cut-out needs an opaque thing on a clear ground. Replace or remove it.")
    rows, columns = np.flatnonzero(solid.any(axis=1)), np.flatnonzero(solid.any(axis=0))
    rgba = rgba[rows[0] : rows[-1] + 1, columns[0] : columns[-1] + 1]
    scale = min(1.0, most_px / max(rgba.shape[:2]))
    level = _scaled(_carried(rgba), scale)
    levels = [level]
    while max(level.shape[:2]) >= 48:
        level = _scaled(level, 0.5)
        levels.append(level)
    return tuple(levels)


def _carried(rgba: Rgba) -> Rgba:
    """The colours of the opaque part carried into the clear one: means of growing neighbourhoods."""
    colours, known = rgba[..., :3].astype(np.float32), (rgba[..., 3] >= 128).astype(np.float32)
    filled = colours * known[..., None]
    for side in (5, 21, 61):
        near, share = (cv2.boxFilter(f, -1, (side, side)) for f in (filled, known))
        reached = (known == 0) & (share > 1e-4)
        filled[reached] = near[reached] / share[reached][:, None]
        known[reached] = 1
    return np.dstack([np.clip(filled, 0, 255).astype(np.uint8), rgba[..., 3]])


def _scaled(rgba: Rgba, scale: float) -> Rgba:
    if scale >= 1.0:
        return np.ascontiguousarray(rgba)
    size = max(1, round(rgba.shape[1] * scale)), max(1, round(rgba.shape[0] * scale))
    return np.asarray(cv2.resize(rgba, size, interpolation=cv2.INTER_AREA), np.uint8)
