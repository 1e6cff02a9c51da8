"""Cut-outs, grounds and labelled photos drawn for tests: every mask is known."""

import json
from pathlib import Path

import cv2
import numpy as np

from tools.data.images import write_image


def disc(colour, side=80, fill=0.9):
    """An RGBA disc; clear pixels are white, as many programs leave them."""
    rgba = np.zeros((side, side, 4), np.uint8)
    rgba[..., :3] = 255
    inside = np.zeros((side, side), np.uint8)
    cv2.circle(inside, (side // 2, side // 2), int(fill * side / 2), 1, -1)
    rgba[inside > 0] = (*colour, 255)
    return rgba


def write_rgba(path: Path, rgba) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    cv2.imwrite(str(path), cv2.cvtColor(rgba, cv2.COLOR_RGBA2BGRA))
    return path


def cutout_folder(folder: Path) -> Path:
    """Two apples, a pear beside them, and a hammer elsewhere."""
    write_rgba(folder / "fruit" / "Red_Apple-1.png", disc((200, 30, 30)))
    write_rgba(folder / "fruit" / "apple.png", disc((30, 180, 40)))
    write_rgba(folder / "fruit" / "pear.png", disc((210, 200, 60)))
    write_rgba(folder / "tools" / "hammer.png", disc((60, 60, 200)))
    return folder


def ground(size=160, seed=0, colour=(120, 110, 100)):
    rng = np.random.default_rng(seed)
    noise = cv2.resize(rng.normal(0, 25, (size // 8, size // 8, 3)).astype(np.float32), (size, size))
    return np.clip(np.array(colour) + noise, 0, 255).astype(np.uint8)


def labelled_photos(folder: Path, count=6, *, masks=True, size=160, names=("apple",), colour=(210, 40, 40)) -> Path:
    """Photos with one to three discs on noise, in COCO; the labels are exact."""
    rng = np.random.default_rng(5)
    images, annotations = [], []
    for number in range(count):
        image = ground(size, 100 + number)
        images.append({"id": number + 1, "file_name": f"p{number}.png", "width": size, "height": size})
        for place in range(1 + number % 3):
            radius = int(rng.integers(18, 24))
            cx, cy = 30 + 50 * place, int(rng.integers(40, size - 40))
            cv2.circle(image, (cx, cy), radius, colour, -1)
            ring = [[cx + radius * np.cos(a), cy + radius * np.sin(a)] for a in np.linspace(0, 2 * np.pi, 40)]
            label = {
                "id": len(annotations) + 1, "image_id": number + 1, "category_id": 1 + place % len(names),
                "bbox": [cx - radius, cy - radius, 2 * radius, 2 * radius], "area": 3 * radius**2, "iscrowd": 0,
            }  # fmt: skip
            if masks:
                label["segmentation"] = [[round(float(v), 1) for point in ring for v in point]]
            annotations.append(label)
        write_image(folder / f"p{number}.png", image)
    categories = [{"id": i + 1, "name": n} for i, n in enumerate(names)]
    data = {"images": images, "annotations": annotations, "categories": categories}
    (folder / "labels.json").write_text(json.dumps(data))
    return folder
