"""A model's files in a folder of their own, with nothing in them that points outside it."""

import json
import re
import shutil
import struct
from pathlib import Path, PurePosixPath
from typing import Any

from tools.core.errors import FixArguments, StepFailed
from tools.generators.blender.models.model import Model

COMPANIONS = (".obj", ".mtl", ".png", ".jpg", ".jpeg", ".bmp", ".tga")
MAX_MODEL_BYTES = 200 << 20
MAX_MATERIALS_BYTES = 4 << 20
MAX_JSON_BYTES = 64 << 20
_TEXTURE = re.compile(r"^\s*(map_\S+|bump|disp|refl|norm)\s+(.*?)\s*$", re.IGNORECASE)


def unpacked(model: Model, into: Path) -> Path:
    """The model's file, ready to be imported.

    Args:
        model: of an archive or a folder.
        into: a folder that does not exist yet, for what has to be unpacked.

    Raises:
        StepFailed: the library is gone or damaged, or the model is refused; the message says why.
    """
    source = Path(model.source)
    try:
        if source.is_dir():
            file = source / model.file
            if not file.resolve().is_relative_to(source.resolve()) or file.stat().st_size > MAX_MODEL_BYTES:
                raise FixArguments("it lies outside its library, or is too large")
            if file.suffix.lower() != ".obj":
                _check_gltf(file)
                return file
            _copy_obj(file, into)
            return into / file.name
        _unpack(source, model.file, into)
        found = into / model.file
        if found.stat().st_size > MAX_MODEL_BYTES:
            raise FixArguments(f"it is larger than {MAX_MODEL_BYTES >> 20} MB")
    except (OSError, FixArguments, ValueError) as error:
        raise StepFailed(f"the model {model.name!r} of {source.name} cannot be opened: {error}") from error
    for materials in found.parent.glob("*.mtl"):
        _keep_inside(materials)
    return found


def _unpack(archive: Path, file: str, into: Path) -> None:
    """The folder of a model alone, of an archive that was checked when it was read and is again now."""
    from tools.core.settings import Settings
    from tools.data.uploads import Limits, unpack

    with archive.open("rb") as packed:
        unpack(packed, into, frozenset(COMPANIONS), Limits(Settings()), {}, under=str(PurePosixPath(file).parent))


def _copy_obj(file: Path, into: Path) -> None:
    """An OBJ with the materials and textures that lie beside it."""
    into.mkdir(parents=True)
    for path in sorted(file.parent.iterdir()):
        wanted = path == file or path.suffix.lower() in COMPANIONS[1:]
        if wanted and path.is_file() and not path.is_symlink() and path.stat().st_size <= MAX_MODEL_BYTES:
            shutil.copyfile(path, into / path.name)
    for materials in into.glob("*.mtl"):
        _keep_inside(materials)


def _keep_inside(materials: Path) -> None:
    """Rewrite an MTL so that its textures are files beside it; what is not there is shown by its plain colour."""
    if materials.stat().st_size > MAX_MATERIALS_BYTES:
        materials.unlink()
        return
    beside = {p.name.casefold(): p.name for p in materials.parent.iterdir()}
    lines = []
    for line in materials.read_text(encoding="utf-8", errors="replace").splitlines():
        if texture := _TEXTURE.match(line):
            name = beside.get(re.split(r"[\\/]", texture[2])[-1].casefold()) or beside.get(
                texture[2].split()[-1].casefold() if texture[2] else ""
            )
            line = f"{texture[1]} {name}" if name else ""
        lines.append(line)
    materials.write_text("\n".join(lines) + "\n", encoding="utf-8")


def _check_gltf(file: Path) -> None:
    """Refuse a glTF that names files outside its folder."""
    for kind in ("buffers", "images"):
        entries = _gltf_json(file).get(kind, [])
        for entry in entries if isinstance(entries, list) else []:
            uri = str(entry.get("uri", "")) if isinstance(entry, dict) else ""
            if not uri or uri.startswith("data:"):
                continue
            if not (file.parent / uri).resolve().is_relative_to(file.parent.resolve()) or "://" in uri:
                raise FixArguments(f"it names {uri[:80]!r}, which lies outside its folder")


def _gltf_json(file: Path) -> dict[str, Any]:
    with file.open("rb") as stream:
        if file.suffix.lower() == ".glb":
            head = stream.read(20)
            if len(head) < 20 or head[:4] != b"glTF":
                raise FixArguments("it is no binary glTF")
            size = struct.unpack("<I", head[12:16])[0]
        else:
            size = MAX_JSON_BYTES
        text = stream.read(min(size, MAX_JSON_BYTES) + 1)[:size]
    values = json.loads(text)
    if not isinstance(values, dict):
        raise FixArguments("it is no glTF")
    return values
