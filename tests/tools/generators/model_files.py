"""Tiny model libraries, written as Sweet Home 3D and people write them."""

import json
import zipfile
from pathlib import Path
from typing import Any

# A box 2 wide, 1 deep and 3 high, y up, red.
BOX = "mtllib box.mtl\n" + "\n".join(
    [f"v {x} {y} {z}" for x in (0, 2) for y in (0, 3) for z in (0, 1)]
    + ["usemtl red", "f 1 2 4 3", "f 5 7 8 6", "f 1 5 6 2", "f 3 4 8 7", "f 1 3 7 5", "f 2 6 8 4", ""]
)
RED = "newmtl red\nKd 0.8 0.1 0.1\n"
CC_BY = "Creative Commons Attribution 3.0"


def properties(models: list[dict[str, Any]], **head: str) -> str:
    """A catalogue; values of a model are written under its number, escaped as Java does."""
    lines = [f"{k}={v}" for k, v in head.items()]
    for number, model in enumerate(models, start=1):
        values = {"width": "60", "depth": "30", "height": "90", "creator": "Ann"} | model
        lines += [f"{k}#{number}={v}" for k, v in values.items()]
    return "\n".join(lines).encode("unicode_escape").decode().replace("\\n", "\n").replace("\\xa9", "\u00a9")


def sh3f(
    path: Path,
    models: list[dict[str, Any]],
    *,
    chinese: dict[int, str] | None = None,
    files: dict[str, str] | None = None,
    **head: str,
) -> Path:
    """A furniture library in which every model is the red box, unless `files` says otherwise."""
    models = [
        {"id": f"Lib#{i}", "name": f"Thing {i}", "model": f"/lib/m{i}/box.obj"} | m
        for i, m in enumerate(models, start=1)
    ]
    head = {"name": "Lib", "license": CC_BY} | head
    written = {"PluginFurnitureCatalog.properties": properties(models, **head)}
    if chinese:
        told = "\n".join(f"name#{n}={text}" for n, text in chinese.items())
        written["PluginFurnitureCatalog_zh_CN.properties"] = told.encode("unicode_escape").decode().replace("\\n", "\n")
    for model in models:
        written.setdefault(str(model["model"]).lstrip("/"), BOX)
        written.setdefault(str(Path(str(model["model"]).lstrip("/")).with_name("box.mtl")), RED)
    path.parent.mkdir(parents=True, exist_ok=True)
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as packed:
        for name, text in (written | (files or {})).items():
            packed.writestr(name, text.encode("latin-1"))
    return path


def folder(path: Path, *models: dict[str, Any], **head: Any) -> Path:
    """A folder of boxes with a catalogue beside them."""
    path.mkdir(parents=True, exist_ok=True)
    entries = [{"file": f"m{i}.obj", "name": f"thing {i}", "size_m": 0.5} | m for i, m in enumerate(models, start=1)]
    for entry in entries:
        if ".." not in entry["file"]:
            (path / entry["file"]).parent.mkdir(parents=True, exist_ok=True)
            (path / entry["file"]).write_text(BOX)
    (path / "box.mtl").write_text(RED)
    catalogue = {"name": "Mine", "licence": CC_BY, "author": "Bo", "models": entries} | head
    (path / "catalogue.json").write_text(json.dumps(catalogue, ensure_ascii=False), encoding="utf-8")
    return path
