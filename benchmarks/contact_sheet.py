"""Contact sheets to look at: `python benchmarks/contact_sheet.py contexts|objects|viewpoints OUT.png [SIZE_PX]`.

`contexts`: every place in every light; `viewpoints`: every place from every viewpoint; `objects`: the whole catalogue.
"""

import sys
import tempfile
from pathlib import Path

import cv2
import numpy as np

from tools.generators import Generated
from tools.generators.blender.engine import BlenderGenerator
from tools.generators.blender.library import Library
from tools.scenes.scene import CONTEXTS, LIGHTS, VIEWPOINTS, WEATHERS, SceneObject, SceneSpec

# Something at home in each place; an apple elsewhere.
AT_HOME = {
    "road": "car",
    "sky": "airplane",
    "conveyor": "bottle",
    "slide": "red blood cell",
    "workbench": "hammer",
    "inspection": "hex nut",
    "dashcam": "car",
    "aerial": "car",
}


def one(context: str, seed: int, key: str, count: int = 3, width: float = 0.22, **values: object) -> SceneSpec:
    """A scene with a few things side by side."""
    places = [(0.5, 0.55)] if count == 1 else [(0.25, 0.5), (0.58, 0.66), (0.78, 0.42)][:count]
    objects = [
        SceneObject(class_name=key, drawn_as=key, box=(x, y, width, width), depth=i, occlusion=0.25 if i == 2 else 0.0)
        for i, (x, y) in enumerate(places)
    ]
    scene = {"light": "overcast", "viewpoint": "slightly above", "clutter": 0.4} | values
    return SceneSpec.model_validate({**scene, "context": context, "objects": objects, "family": "sheet", "seed": seed})


def scenes_of(kind: str, library: Library) -> tuple[list[SceneSpec], list[str], int]:
    """Scenes, their captions, and how many stand in a row."""
    if kind == "objects":
        keys = library.keys()
        scenes = []
        for i, key in enumerate(keys):
            spec = library.spec(key)
            place = next((c for c in spec.contexts if c not in ("orchard", "bush", "hand")), "studio")
            scenes.append(
                one(place, 50 + i, key, 1, 0.5, light=("sun", "overcast", "studio light")[i % 3], clutter=0.0)
            )
        return scenes, keys, 8
    axis, values = ("light", LIGHTS) if kind == "contexts" else ("viewpoint", VIEWPOINTS)
    scenes, captions = [], []
    for row, context in enumerate(CONTEXTS):
        key = AT_HOME.get(context, "apple")
        key = key if key in library.keys() else "apple"  # noqa: SIM118 a Library is no dict
        for column, value in enumerate(values):
            weather = WEATHERS[(row + column) % 7] if (row + column) % 7 < 3 else "clear"
            scenes.append(one(context, 1000 * row + column, key, **{axis: value, "weather": weather}))
            captions.append(f"{context}, {value}")
    return scenes, captions, len(values)


def main(kind: str, out: Path, size_px: int) -> None:
    """Render, caption and tile."""
    library = Library()
    scenes, captions, columns = scenes_of(kind, library)
    engine = BlenderGenerator(library=library, size_px=size_px)
    tiles = {s.id: np.zeros((size_px, size_px, 3), np.uint8) for s in scenes}
    with tempfile.TemporaryDirectory() as folder:
        for made in engine.generate(scenes, Path(folder)):
            if isinstance(made, Generated):
                tiles[made.scene.id] = cv2.imread(str(made.image))
            else:
                print(f"{made.scene.context}: {made.reason}")
    engine.close()
    for scene, caption in zip(scenes, captions, strict=True):
        for colour, thick in ((0, 3), (255, 1)):
            where = (4, size_px - 6)
            cv2.putText(
                tiles[scene.id], caption, where, cv2.FONT_HERSHEY_SIMPLEX, 0.4, (colour,) * 3, thick, cv2.LINE_AA
            )
    images = [tiles[s.id] for s in scenes]
    images += [np.zeros_like(images[0])] * (-len(images) % columns)
    rows = [np.hstack(images[i : i + columns]) for i in range(0, len(images), columns)]
    cv2.imwrite(str(out), np.vstack(rows))


if __name__ == "__main__":
    main(sys.argv[1], Path(sys.argv[2]), int(sys.argv[3]) if len(sys.argv) > 3 else 192)
