"""Make the models that come with Sightsmith, from a Sweet Home 3D library whose licence asks for nothing.

    python benchmarks/pack_models.py /usr/share/sweethome3d/furniture/BlendSwap-CC-0.sh3f

Writes `tools/generators/blender/models/shipped/blendswap-cc0.sh3f`, cut down to what an image of 320 px shows, and
`sources.json` beside it. A model is taken when the library's catalogue and the model's own licence file, where it has
one, both say CC0 or the public domain, and when it is not in `LEFT_OUT`. Each was looked at.
"""

import io
import json
import re
import sys
import zipfile
from pathlib import Path
from typing import Any

import bpy
import numpy as np
from PIL import Image

from tools.generators.blender.models.libraries import SHIPPED
from tools.generators.blender.models.mesh import open_model
from tools.generators.blender.models.model import Model
from tools.generators.blender.models.sh3f import CATALOGUE, CHINESE, read_sh3f

TRIANGLES, TEXTURE_PX, JPEG_QUALITY = 4000, 192, 82
NAME = "Sightsmith CC0"
ORIGIN = "Blend Swap CC-0, version 1.8, a furniture library of Sweet Home 3D (www.sweethome3d.com)"
# Brands; parts of walls; kitchen units that differ by an inch; what nobody would know from its image, or cut down so.
LEFT_OUT = {
    "iphone", "shower", "showerDoor", "spiralStaircase", "highCabinet", "islandExtension", "lowerCornerCabinet",
    "smallUpperCabinet", "upperCabinet", "upperCornerCabinet", "upperShelves", "technicalTable1", "verticalShelves",
    "tatami", "numberLock", "decorativePlant",
}  # fmt: skip


def obj_of(data: Any, stem: str) -> tuple[str, str, dict[str, bytes]]:
    """OBJ, MTL and textures of a mesh, short: four decimals, no normals."""
    textures: dict[str, bytes] = {}
    materials = [f"newmtl m{i}\n{_material(m, f'{stem}-{i}.jpg', textures)}" for i, m in enumerate(data.materials)]
    lines = [f"mtllib {stem}.mtl"]
    lines += [f"v {v.co[0]:.4f} {v.co[2]:.4f} {-v.co[1]:.4f}" for v in data.vertices]
    corners = np.zeros((len(data.loops), 2), np.float32)
    textured = bool(textures) and len(data.uv_layers) > 0
    if textured:
        data.uv_layers[0].uv.foreach_get("vector", corners.ravel())
    texts = [f"{u:.4f} {v:.4f}" for u, v in corners]
    number = {text: i for i, text in enumerate(dict.fromkeys(texts), start=1)}
    if textured:
        lines += [f"vt {text}" for text in number]
    for index in range(max(1, len(data.materials))):
        lines.append(f"usemtl m{index}")
        for face in data.polygons:
            if face.material_index == index:
                spots = [(data.loops[k].vertex_index + 1, number[texts[k]]) for k in face.loop_indices]
                lines.append("f " + " ".join(f"{v}/{t}" if textured else str(v) for v, t in spots))
    return "\n".join(lines) + "\n", "\n".join(materials) + "\n", textures


def _material(material: Any, name: str, textures: dict[str, bytes]) -> str:
    shader = next(n for n in material.node_tree.nodes if n.type == "BSDF_PRINCIPLED")
    base = shader.inputs["Base Color"]
    colour = " ".join(f"{c:.4f}" for c in base.default_value[:3])
    lines = [
        f"Kd {colour}", f"d {shader.inputs['Alpha'].default_value:.3f}",
        f"Pr {shader.inputs['Roughness'].default_value:.3f}", f"Pm {shader.inputs['Metallic'].default_value:.3f}",
    ]  # fmt: skip
    image = getattr(base.links[0].from_node, "image", None) if base.links else None
    if image is not None and image.size[0]:
        pixels = np.zeros(image.size[0] * image.size[1] * image.channels, np.float32)
        image.pixels.foreach_get(pixels)
        rows = pixels.reshape(image.size[1], image.size[0], image.channels)[::-1, :, :3]
        packed = io.BytesIO()
        Image.fromarray((rows.clip(0, 1) * 255).round().astype(np.uint8)).save(packed, "JPEG", quality=JPEG_QUALITY)
        textures[name] = packed.getvalue()
        lines.append(f"map_Kd {name}")
    return "\n".join(lines)


def _line(key: str, number: int, value: str) -> str:
    escaped = "".join(c if " " <= c <= "~" else f"\\u{ord(c):04x}" for c in value.replace("\\", ""))
    return f"{key}#{number}={escaped}"


def _own_licence(library: Path, model: Model) -> str:
    """Address of the model's page that its own licence file names; empty where it has none."""
    folder = str(Path(model.file).parent)
    with zipfile.ZipFile(library) as packed:
        for name in packed.namelist():
            if name.startswith(folder + "/") and re.search("licen[cs]e", Path(name).name, re.IGNORECASE):
                found = re.search(
                    r"https?://(?:www\.)?blendswap\.com/[\w/]*view/\d+", packed.read(name).decode("latin-1")
                )
                return found[0] if found else "its own licence file in the library"
    return ""


def main() -> None:
    """See the module."""
    library = Path(sys.argv[1])
    catalogue = [f"name={NAME}", "version=1", "license=Public domain (CC0 1.0)", "provider=sightsmith"]
    chinese, sources, files = [], [], dict[str, bytes]()
    models = [m for m in read_sh3f(library) if m.free and Path(m.file).stem not in LEFT_OUT]
    for number, model in enumerate(models, start=1):
        stem = re.sub(r"\W+", "-", Path(model.file).stem.casefold())
        bpy.ops.wm.read_factory_settings(use_empty=True)
        obj, mtl, textures = obj_of(open_model(model, TRIANGLES, TEXTURE_PX), stem)
        files |= {f"{stem}/{stem}.obj": obj.encode(), f"{stem}/{stem}.mtl": mtl.encode()}
        files |= {f"{stem}/{name}": content for name, content in textures.items()}
        width, depth, height = model.size_m or (0, 0, 0)
        values = {
            "id": model.id, "name": model.name, "tags": ", ".join(model.tags), "model": f"/{stem}/{stem}.obj",
            "width": f"{100 * width:.2f}", "depth": f"{100 * depth:.2f}", "height": f"{100 * height:.2f}",
            "creator": model.author,
        }  # fmt: skip
        catalogue += ["", *(_line(key, number, value) for key, value in values.items())]
        chinese += [_line("name", number, c) for c in model.chinese[:1]]
        sources.append(
            {
                "id": model.id, "name": model.name, "author": model.author, "licence": "CC0-1.0", "origin": ORIGIN,
                "catalogue_says": model.licence, "page": _own_licence(library, model), "files": f"{stem}/",
            }
        )  # fmt: skip
        print(f"{number}/{len(models)} {model.name}", flush=True)
    files |= {CATALOGUE: "\n".join(catalogue).encode("latin-1"), CHINESE[0]: "\n".join(chinese).encode("latin-1")}
    SHIPPED.mkdir(exist_ok=True)
    with zipfile.ZipFile(SHIPPED / "blendswap-cc0.sh3f", "w", zipfile.ZIP_DEFLATED, compresslevel=9) as packed:
        for name in sorted(files):
            entry = zipfile.ZipInfo(name)  # the same bytes whenever it is made
            entry.compress_type, entry.external_attr = zipfile.ZIP_DEFLATED, 0o644 << 16
            packed.writestr(entry, files[name], compresslevel=9)
    text = json.dumps(sources, ensure_ascii=False, indent=1)
    (SHIPPED / "sources.json").write_text(text + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
