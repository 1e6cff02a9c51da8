"""Which model libraries this machine has, and what they add to what can be drawn.

A library is read once: what its catalogue says is kept in the user's cache, until the file changes.
"""

import hashlib
import json
import logging
import os
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property, lru_cache
from pathlib import Path
from typing import Any

import platformdirs

from tools.core.errors import FixArguments, StepFailed
from tools.core.files import write_json
from tools.core.settings import Settings
from tools.generators.blender.catalogue import catalogue
from tools.generators.blender.models import folder as folders
from tools.generators.blender.models.model import Model
from tools.generators.blender.models.sh3f import read_sh3f
from tools.generators.blender.models.things import ModelThings

log = logging.getLogger(__name__)

INDEX_FORMAT = 1  # of the kept indexes: another one, and they are made anew
SHIPPED = Path(__file__).parent / "shipped"
HOW_TO_GET = (
    "Debian and Ubuntu: apt-get install sweethome3d-furniture (about 800 models, 120 MB); or put .sh3f libraries of "
    "sweethome3d.com, or folders of .glb and .obj with a catalogue.json, into {folder}, or name them in "
    "SIGHTSMITH_MODEL_LIBRARIES; see docs/models.md"
)


@dataclass(frozen=True)
class InstalledLibrary:
    """A library on this machine."""

    path: Path
    models: tuple[Model, ...] = ()
    problem: str = ""  # why it cannot be used


class ModelLibraries:
    """Libraries by their paths; what is in them is read at the first question.

    Args:
        paths: .sh3f files and folders; the first library to have a model or a name keeps it.
        cache: where indexes and opened models are kept.
        named: of the paths, those that a person named: they are refused when they cannot be read, not left out.
    """

    def __init__(self, paths: Sequence[Path], cache: Path, named: Sequence[Path] = ()) -> None:
        self.paths, self.cache = tuple(paths), cache
        self._named = frozenset(named)

    @classmethod
    def of(cls, settings: Settings) -> "ModelLibraries":
        """Those that come with Sightsmith, those that the settings name, and those that are installed."""
        named = [Path(p).expanduser() for p in settings.models.libraries.split(os.pathsep) if p.strip()]
        for path in named:
            if not path.exists():
                raise FixArguments(f"SIGHTSMITH_MODEL_LIBRARIES names {path}, which does not exist")
            if not _libraries_in(path):
                raise FixArguments(
                    f"SIGHTSMITH_MODEL_LIBRARIES names {path}, which is no .sh3f file, holds none, and has no "
                    f"{folders.CATALOGUE}"
                )
        everywhere = [*named, SHIPPED, settings.models.dir, *_installed()]
        paths = list(dict.fromkeys(p.resolve() for place in everywhere for p in _libraries_in(place)))
        return cls(paths, settings.models.cache, [p.resolve() for n in named for p in _libraries_in(n)])

    @classmethod
    def load(cls, dumped: dict[str, Any]) -> "ModelLibraries":
        """The libraries that `dump` gave, in a worker."""
        return cls([Path(p) for p in dumped["paths"]], Path(dumped["cache"]))

    def dump(self) -> dict[str, Any]:
        """Plain JSON values for a worker process, which reads the kept indexes itself."""
        return {"paths": [str(p) for p in self.paths], "cache": str(self.cache)}

    @cached_property
    def things(self) -> ModelThings:
        """What can be drawn.

        Raises:
            FixArguments: a library that a person named cannot be read.
        """
        for found in self.found():
            if found.problem and found.path in self._named:
                raise FixArguments(found.problem)
        return _things(tuple((p, _stamp(p)) for p in self.paths), self.cache)

    def found(self) -> list[InstalledLibrary]:
        """Every library with its models, or why it cannot be used."""
        return [_read(path, _stamp(path), self.cache) for path in self.paths]

    def model(self, identity: str) -> Model:
        """The model of an id.

        Raises:
            StepFailed: no library of this machine has it.
        """
        try:
            return self.things.models[identity]
        except KeyError:
            raise StepFailed(
                f"the model {identity!r} is in no model library of this machine; install the library that it came "
                "from again"
            ) from None


def about_libraries(libraries: ModelLibraries) -> list[dict[str, Any]]:
    """Of each library: models, things that it adds to the catalogue and those before it, licences, what is wrong."""
    known = set(catalogue())
    rows = []
    for found in libraries.found():
        things = set(ModelThings(found.models, {}).specs)
        licences = sorted({m.licence.split(" ©")[0].split(" Copyright")[0] for m in found.models})
        rows.append(
            {
                "path": str(found.path), "models": len(found.models), "adds": len(things - known),
                "licences": ", ".join(licences[:3]), "problem": found.problem,
            }
        )  # fmt: skip
        known |= things
    return rows


def _installed() -> list[Path]:
    """Where packages and Sweet Home 3D itself put furniture libraries."""
    shared = platformdirs.site_data_dir("sweethome3d", multipath=True).split(os.pathsep)
    own = Path.home() / ".eteks" / "sweethome3d"
    return [place / "furniture" for place in (*map(Path, shared), own)]


def _libraries_in(place: Path) -> list[Path]:
    """A .sh3f file, a folder with a catalogue, or those that lie in a folder."""
    if place.suffix.lower() == ".sh3f" and place.is_file():
        return [place]
    if (place / folders.CATALOGUE).is_file():
        return [place]
    try:
        inside = sorted(place.iterdir())
    except OSError:
        return []
    return [p for p in inside if (p.suffix.lower() == ".sh3f" and p.is_file()) or (p / folders.CATALOGUE).is_file()]


def _stamp(path: Path) -> str:
    """Changes whenever the library does."""
    file = path / folders.CATALOGUE if path.is_dir() else path
    try:
        stat = file.stat()
    except OSError:
        return "gone"
    return hashlib.sha256(f"{INDEX_FORMAT}|{path}|{stat.st_size}|{stat.st_mtime_ns}".encode()).hexdigest()[:24]


@lru_cache(maxsize=64)
def _read(path: Path, stamp: str, cache: Path) -> InstalledLibrary:
    """A library's models: as kept, else from its catalogue, which is then kept."""
    kept = cache / "index" / f"{stamp}.json"
    try:
        values = json.loads(kept.read_text(encoding="utf-8"))
        return InstalledLibrary(path, tuple(Model.of_json(v) for v in values))
    except (OSError, ValueError, TypeError):
        pass  # not kept yet, or damaged
    try:
        models = read_library(path)
    except FixArguments as error:
        log.warning("a model library is left out: %s", error)
        return InstalledLibrary(path, problem=str(error))
    try:
        write_json(kept, [m.as_json() for m in models])
    except OSError as error:
        log.info("the index of %s is not kept: %s", path, error)
    return InstalledLibrary(path, tuple(models))


def read_library(path: Path) -> list[Model]:
    """The models of a .sh3f file or of a folder.

    Raises:
        FixArguments: it cannot be read; see `read_sh3f` and `read_folder`.
    """
    return folders.read_folder(path) if path.is_dir() else read_sh3f(path)


@lru_cache(maxsize=8)
def _things(stamped: tuple[tuple[Path, str], ...], cache: Path) -> ModelThings:
    models = [model for path, stamp in stamped for model in _read(path, stamp, cache).models]
    return ModelThings(models, catalogue())
