"""A folder of .glb, .gltf and .obj models with a `catalogue.json` beside them that says what they are.

    {"name": "My models", "licence": "CC0-1.0", "author": "Ann",
     "models": [{"file": "dogs/spaniel.glb", "name": "spaniel", "chinese": ["猎犬"], "size_m": 0.6}]}

`licence` and `author` may stand at each model; `size_m` is the longest side, or width, depth and height. Optional:
`aliases`, `tags`.
"""

from pathlib import Path
from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from tools.core.errors import FixArguments
from tools.generators.blender.models.model import MAX_SIDE_M, MAX_TEXT, NO_TURN, Model

CATALOGUE = "catalogue.json"
SUFFIXES = (".glb", ".gltf", ".obj")
MAX_CATALOGUE_BYTES = 8 << 20
MAX_MODEL_BYTES = 200 << 20
MAX_MODELS = 20_000

Text = Annotated[str, Field(min_length=1, max_length=MAX_TEXT)]
Side = Annotated[float, Field(ge=1e-6, le=MAX_SIDE_M, allow_inf_nan=False)]


class _Entry(BaseModel):
    """One model of a catalogue; a misspelt field is refused, not lost."""

    model_config = ConfigDict(extra="forbid")

    file: Text
    name: Text
    aliases: list[Text] = Field(default_factory=list, max_length=24)
    chinese: list[Text] = Field(default_factory=list, max_length=12)
    tags: list[Text] = Field(default_factory=list, max_length=24)
    size_m: Side | tuple[Side, Side, Side]
    author: str = Field("", max_length=MAX_TEXT)
    licence: str = Field("", max_length=MAX_TEXT)


class _Catalogue(BaseModel):
    model_config = ConfigDict(extra="forbid")

    name: Text
    author: str = Field("", max_length=MAX_TEXT)
    licence: str = Field("", max_length=MAX_TEXT)
    models: list[_Entry] = Field(max_length=MAX_MODELS)


def read_folder(folder: Path) -> list[Model]:
    """The models that a folder's catalogue lists.

    Raises:
        FixArguments: there is no catalogue, it is not one, or a file that it lists is missing, lies outside the folder
            or is no model; the message says which.
    """
    path = folder / CATALOGUE
    try:
        if path.stat().st_size > MAX_CATALOGUE_BYTES:
            raise FixArguments(f"{path} is larger than {MAX_CATALOGUE_BYTES >> 20} MB")
        catalogue = _Catalogue.model_validate_json(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise FixArguments(f"{path} cannot be read ({error.strerror or error})") from None
    except UnicodeDecodeError:
        raise FixArguments(f"{path} is not UTF-8 text") from None
    except ValidationError as error:
        problem = error.errors()[0]
        where = ".".join(str(p) for p in problem["loc"]) or "the file"
        raise FixArguments(f"{path}: {where}: {problem['msg']}") from None
    return [_model(folder, catalogue, entry) for entry in catalogue.models]


def _model(folder: Path, catalogue: _Catalogue, entry: _Entry) -> Model:
    from tools.data.mesh_files import model_problem

    file = folder / entry.file
    said = f"{folder / CATALOGUE}: {entry.file!r}"
    if not file.resolve().is_relative_to(folder.resolve()):
        raise FixArguments(f"{said} lies outside the folder")
    if file.suffix.lower() not in SUFFIXES:
        raise FixArguments(f"{said} is no model ({', '.join(SUFFIXES)})")
    if problem := model_problem(file):
        raise FixArguments(f"{said} is not a model: {problem}")
    if file.stat().st_size > MAX_MODEL_BYTES:
        raise FixArguments(f"{said} is larger than {MAX_MODEL_BYTES >> 20} MB")
    sides = entry.size_m if isinstance(entry.size_m, tuple) else None
    return Model(
        id=f"{catalogue.name}#{entry.file}", name=entry.name, aliases=tuple(entry.aliases),
        chinese=tuple(entry.chinese), tags=tuple(t.casefold() for t in entry.tags), source=str(folder.resolve()),
        file=entry.file, size_m=sides, longest_m=max(sides) if sides else float(entry.size_m),  # type: ignore[arg-type]
        turn=NO_TURN, author=entry.author or catalogue.author or "unknown",
        licence=entry.licence or catalogue.licence or "not stated", library=catalogue.name,
    )  # fmt: skip
