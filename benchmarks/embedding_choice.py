"""Which embedding without a hub tells a perturbed copy from another image of the same kind?

    python benchmarks/embedding_choice.py FOLDER_OF_IMAGES

For each candidate: AUC of copy pairs against different pairs, and the share of copies found at the highest cosine of
two different images (no false alarm).
"""

import io
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import cv2
import numpy as np
from PIL import Image

from tools.data.images import is_image, read_image
from tools.steps.curate import embed


def copies(image: np.ndarray) -> Iterator[np.ndarray]:
    """What becomes of an image on its way through the world."""
    h, w = image.shape[:2]
    for quality in (30, 60):
        buffer = io.BytesIO()
        Image.fromarray(image).save(buffer, "JPEG", quality=quality)
        yield np.asarray(Image.open(buffer))
    for cut in (0.02, 0.05):
        yield image[int(cut * h) : h - int(cut * h), int(cut * w) : w - int(cut * w)]
    for gain in (0.8, 1.2):
        yield np.clip(image * gain, 0, 255).astype(np.uint8)
    yield cv2.GaussianBlur(image, (0, 0), 1.2)


def unit(vector: np.ndarray) -> np.ndarray:
    """The vector at length one."""
    return vector / max(float(np.linalg.norm(vector)), 1e-9)


def cosine_transform(image: np.ndarray) -> np.ndarray:
    """The low frequencies of a small grey image, as perceptual hashes use them."""
    grey = cv2.resize(cv2.cvtColor(image, cv2.COLOR_RGB2GRAY), (32, 32), interpolation=cv2.INTER_AREA)
    low = cv2.dct(grey.astype(np.float32))[:12, :12].ravel()[1:]
    return unit(low)


CANDIDATES: dict[str, Callable[[np.ndarray], np.ndarray]] = {
    "gradients (HOG)": lambda p: unit(embed(p)[: -8 * 8 * 3]),
    "colour layout": lambda p: unit(embed(p)[-8 * 8 * 3 :]),
    "both (chosen)": embed,
    "cosine transform": cosine_transform,
}


def main() -> None:
    """Print a line a candidate."""
    paths = sorted(p for p in Path(sys.argv[1]).rglob("*") if is_image(p))[:200]
    images = [read_image(p) for p in paths]
    print(f"{len(images)} pictures, {len(list(copies(images[0])))} copies each")
    for name, embedding in CANDIDATES.items():
        base = np.stack([embedding(p) for p in images])
        same = np.array([float(embedding(c) @ base[i]) for i, p in enumerate(images) for c in copies(p)])
        different = (base @ base.T)[np.triu_indices(len(base), 1)]
        auc = float((same[:, None] > np.sort(different)[None, -20000:]).mean()) if len(different) else 1.0
        found = (same > different.max()).mean()
        print(
            f"{name:18s} AUC {auc:.4f}  copies: 5 % below {np.quantile(same, 0.05):.3f}, "
            f"different: highest {different.max():.3f}, found without a false alarm {found:.3f}"
        )


if __name__ == "__main__":
    main()
