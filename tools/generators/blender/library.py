"""What one run can draw: the catalogue, model libraries, the objects it was taught, and model files the user gave."""

import json
import logging
import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from pydantic import ValidationError

from tools.core.errors import FixArguments, StepFailed
from tools.core.files import write_text
from tools.core.settings import Settings
from tools.core.task import slug
from tools.data.mesh_files import COMPANIONS, MODEL_SUFFIXES, model_problem
from tools.generators.blender.catalogue import catalogue
from tools.generators.blender.models.libraries import ModelLibraries
from tools.generators.blender.models.model import Model
from tools.generators.blender.models.words import Paint
from tools.generators.blender.naming import find_in, is_chinese
from tools.generators.blender.object_spec import ObjectSpec, refusal

log = logging.getLogger(__name__)


class Library:
    """Objects by key. Keys of assets are their file names, so that they never hide an object of the catalogue."""

    def __init__(
        self,
        taught: dict[str, ObjectSpec] | None = None,
        assets: dict[str, ObjectSpec] | None = None,
        folder: Path | None = None,
        models: ModelLibraries | None = None,
    ) -> None:
        """See `of_run`.

        Args:
            taught: objects learned in this run.
            assets: objects drawn by model files.
            folder: where `add_taught` writes.
            models: the model libraries of this machine; None: none.
        """
        self._taught = dict(taught or {})
        self._assets = dict(assets or {})
        self._folder = folder
        self._models = models

    @classmethod
    def of_run(cls, folder: Path, assets: Path | None = None, settings: Settings | None = None) -> "Library":
        """The library of a run.

        Args:
            folder: the run's folder; taught objects are in its `objects/`.
            assets: a folder of models named after what they show ("Gear Wheel.glb").
            settings: name model libraries; None: as the environment says.

        Raises:
            StepFailed: a taught object's file is broken.
            FixArguments: the assets folder is missing, holds no model or holds a file that is not one; or a named
                model library cannot be read.
        """
        own = _read_assets(assets) if assets else {}
        libraries = ModelLibraries.of(settings or Settings())
        return cls(_read_taught(folder / "objects"), own, folder / "objects", libraries)

    def find(self, phrase: str) -> tuple[str, list[str]] | None:
        """Key and appearance names a phrase means (none: all); the user's own models first. None when unknown."""
        for specs in (self._assets, self._taught):
            if found := find_in(specs, phrase):
                return found
        found, model = catalogue().find(phrase), self._models.things.find(phrase) if self._models else None
        if found is None or (model is not None and model[0] == found[0] and model[1] and not found[1]):
            return model  # of a thing that both have, a model may be just the kind that is meant
        return found

    def names(self) -> dict[str, tuple[str, ...]]:
        """Every name of every key; nothing is built for it."""
        others = {**self._of_models(), **self._taught, **self._assets}
        return catalogue().names() | {k: (s.name, *s.aliases, *s.chinese) for k, s in others.items()}

    def relative_of(self, key: str, phrase: str) -> str | None:
        """The name in a phrase that is only related to what draws it ("puppy" of dog); None where it is the thing."""
        return catalogue().relative_of(key, phrase)

    def keys(self) -> list[str]:
        """Every key: catalogue, model libraries, taught, assets."""
        return list(dict.fromkeys([*catalogue(), *self._of_models(), *self._taught, *self._assets]))

    def _of_models(self) -> Mapping[str, ObjectSpec]:
        """Things of model libraries by key, those of the catalogue that have models among them."""
        return self._models.things.specs if self._models else {}

    def spec(self, key: str) -> ObjectSpec:
        """The object of a key; an asset's has names and size but no parts.

        Raises:
            FixArguments: nothing has that key.
        """
        for specs in (self._assets, self._taught, self._of_models(), catalogue()):
            if key in specs:
                return specs[key]
        raise FixArguments(f"no object is called {key!r}; objects are looked up with find(phrase)")

    def model(self, identity: str) -> tuple[Model, Paint, Path]:
        """A model of a library, how its copies differ in colour, and the folder that keeps it when it is opened.

        Raises:
            StepFailed: no library of this machine has it.
        """
        if self._models is None:
            raise StepFailed(f"the model {identity!r} is in no model library of this machine")
        return self._models.model(identity), self._models.things.paints[identity], self._models.cache

    def asset_path(self, key: str) -> Path | None:
        """The model file that draws a key; None when it is built from parts."""
        spec = self._assets.get(key)
        return Path(spec.asset) if spec and spec.asset else None

    def add_taught(self, spec: ObjectSpec) -> str:
        """Keep an object that was taught, on disk at once; teaching it again replaces it.

        Returns:
            Its key.

        Raises:
            FixArguments: one of its names already means something else, or it names a file.
        """
        if spec.asset is not None or any(a.models for a in spec.appearances):
            raise FixArguments(
                "`asset` and `models` are for model files given with --assets and model libraries; describe the object "
                "by its `parts`"
            )
        for name in (spec.name, *spec.aliases, *spec.chinese):
            found = self.find(name)
            if found and found[0] != spec.name:
                raise FixArguments(f"{name!r} already means the object {found[0]!r}; leave that name out or use it")
        if spec.name in catalogue() or spec.name in self._of_models() or spec.name in self._assets:
            raise FixArguments(f"{spec.name!r} is already an object; use it")
        if self._folder is not None:
            _write(self._folder / f"{_file_stem(spec.name)}.json", spec.model_dump_json(indent=1))
        self._taught[spec.name] = spec
        return spec.name

    def dump(self) -> dict[str, Any]:
        """Plain JSON values for a worker process; the catalogue is not in it, every worker has its own."""
        return {
            "taught": [s.model_dump(mode="json") for s in self._taught.values()],
            "assets": {key: s.model_dump(mode="json") for key, s in self._assets.items()},
            "models": self._models.dump() if self._models else None,
        }

    @classmethod
    def load(cls, dumped: dict[str, Any]) -> "Library":
        """The library that `dump` gave; it cannot write to the run."""
        taught = [ObjectSpec.model_validate(s) for s in dumped["taught"]]
        assets = {key: ObjectSpec.model_validate(s) for key, s in dumped["assets"].items()}
        models = ModelLibraries.load(dumped["models"]) if dumped["models"] else None
        return cls({s.name: s for s in taught}, assets, models=models)


def parse_spec(text: str) -> ObjectSpec:
    """An ObjectSpec from a language model's answer: JSON, with or without a code fence around it.

    Raises:
        FixArguments: it is not JSON or not a valid spec; the message says where and why.
    """
    inside = re.search(r"\{.*\}", text, re.DOTALL)
    try:
        values = json.loads(inside.group(0) if inside else text)
    except (json.JSONDecodeError, RecursionError) as error:
        raise FixArguments(f"the object's description is not JSON: {error}") from error
    try:
        return ObjectSpec.model_validate(values)
    except ValidationError as error:
        raise FixArguments(f"the object's description is refused: {refusal(error)}") from error


def _file_stem(name: str) -> str:
    """A safe file name that differs for names that differ (slugs of Chinese names are empty)."""
    code = name.encode().hex()
    plain = slug(name)
    return plain if plain == name.casefold().replace(" ", "-") else f"{plain[:40] or 'object'}-{code[:80]}"


def _write(path: Path, text: str) -> None:
    try:
        write_text(path, text)
    except OSError as error:
        raise StepFailed(f"cannot write {path}: {error.strerror or error}") from error


def _read_taught(folder: Path) -> dict[str, ObjectSpec]:
    taught: dict[str, ObjectSpec] = {}
    for path in sorted(folder.glob("*.json")) if folder.is_dir() else []:
        try:
            spec = ObjectSpec.model_validate_json(path.read_text(encoding="utf-8"))
        except (ValidationError, UnicodeDecodeError, OSError) as error:
            reason = refusal(error) if isinstance(error, ValidationError) else str(error)
            raise StepFailed(f"{path} is not an object description ({reason}); mend or delete it") from error
        taught[spec.name] = spec
    return taught


def _read_assets(folder: Path) -> dict[str, ObjectSpec]:
    if not folder.is_dir():
        raise FixArguments(f"the assets folder {folder} does not exist")
    assets: dict[str, ObjectSpec] = {}
    for path in sorted(p for p in folder.rglob("*") if p.is_file() and not p.name.startswith(".")):
        if path.suffix.lower() in MODEL_SUFFIXES:
            if problem := model_problem(path):
                raise FixArguments(f"{path} is not a model: {problem}; mend it or take it out of the assets folder")
            key = path.relative_to(folder).as_posix()
            assets[key] = asset_spec(path)
        elif path.suffix.lower() not in COMPANIONS and "license" not in path.name.lower():
            raise FixArguments(f"{path} is not a model this can load ({', '.join(MODEL_SUFFIXES)})")
    if not assets:
        raise FixArguments(f"the assets folder {folder} holds no model ({', '.join(MODEL_SUFFIXES)})")
    return assets


def asset_spec(path: Path) -> ObjectSpec:
    """What a model file's name says: "Gear_Wheel-01.glb" is a gear wheel."""
    name = re.sub(r"[\s_\-.]+", " ", path.stem)
    name = re.sub(r"(\s|(?<=[a-z]))\d+$", "", name.strip()).strip().casefold() or path.stem
    chinese = [name] if is_chinese(name) else []
    # Nothing says how large the thing is: a hand's width is met in most places.
    return ObjectSpec(name=name, chinese=chinese, size_m=0.2, rests=["upright"], asset=str(path.resolve()))
