"""Files of 3D models: which there are, and whether one can be what its ending says."""

import json
import re
from pathlib import Path

MODEL_SUFFIXES = (".glb", ".gltf", ".obj", ".blend")


# What lies beside models and is read by their importers, or describes them.
COMPANIONS = (
    ".mtl",
    ".bin",
    ".png",
    ".jpg",
    ".jpeg",
    ".tga",
    ".bmp",
    ".webp",
    ".exr",
    ".hdr",
    ".txt",
    ".md",
    ".blend1",
)


# First bytes of a .blend: plain, gzip (before 3.0) or Zstandard.
BLEND_STARTS = (b"BLENDER", b"\x1f\x8b", b"\x28\xb5\x2f\xfd")


def model_problem(path: Path) -> str | None:
    """Why a file cannot be the model its ending says, by its first bytes; None when it may be one."""
    try:
        with path.open("rb") as file:
            start = file.read(65536)
    except OSError as error:
        return error.strerror or str(error)
    if not start:
        return "it is empty"
    suffix = path.suffix.lower()
    if suffix == ".glb" and not start.startswith(b"glTF"):
        return "it does not begin like a binary glTF file"
    if suffix == ".blend" and not start.startswith(BLEND_STARTS):
        return "it does not begin like a Blender file"
    if suffix == ".obj" and not re.search(rb"(^|\n)\s*v\s+-?[\d.]", start):
        return "it has no vertex in its first lines"
    if suffix == ".gltf":
        try:
            if "asset" not in json.loads(path.read_text(encoding="utf-8")):
                return "it has no `asset` entry"
        except (ValueError, AttributeError, TypeError):
            return "it is not JSON"
    return None
